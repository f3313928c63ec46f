"""JSON feeds over HTTP(S): pages, unchanged feeds, retries, and limits on time and size.

Secrets travel in headers; neither they nor query strings ever appear in a text made here.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from hashlib import blake2b
from typing import Any

import aiohttp
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter
from yarl import URL

from catalog.feed import FeedChunk, SourceError
from catalog.settings import HttpSource
from catalog.sources.body import BodyError, read_body
from catalog.sources.paging import Page, first_address, next_address, place, redirected
from catalog.sources.text_files import find_items, parse_json, slices
from core.clock import Clock

_REDIRECTS = 3
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_LONGEST_WAIT_S = 30.0
_ETAG_LENGTH = 512  # as the table keeps it; a longer one is not used
_REFUSED = {
    401: "check the secrets in headers",
    403: "check the secrets in headers and that this address may read the feed",
    404: "check the url",
}


class _TransientError(Exception):
    """A failure that another attempt may not meet; the text is the fault if no attempt succeeds."""


async def read_http(source: HttpSource, clock: Clock, *, size: int, etag: str) -> AsyncGenerator[FeedChunk]:
    """Yield the feed's items; raise ``SourceError`` when it cannot be read to its end.

    The ETag is used for feeds in one piece only: that page 1 is unchanged says nothing of page 2.
    """
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=source.timeout_s, sock_read=source.timeout_s)
    headers = {name: secret.get_secret_value() for name, secret in source.headers.items()}
    headers = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate", "User-Agent": "qianqun"} | headers
    session = aiohttp.ClientSession(
        timeout=timeout, headers=headers, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
    )
    async with session:
        reader = _Reader(source, clock, session)
        if source.paging is None:
            page = await reader.fetch(URL(source.url), etag=etag)
            if page.not_modified:
                yield FeedChunk(etag=etag, not_modified=True, share=1.0)
                return
            for chunk in slices(find_items(page.document, source.items, place(source.url)), size):
                chunk.etag = page.etag
                yield chunk
            return
        async with aclosing(_pages(reader, source, size)) as pages:
            async for chunk in pages:
                yield chunk


async def _pages(reader: _Reader, source: HttpSource, size: int) -> AsyncGenerator[FeedChunk]:
    address: URL | None = first_address(source)
    first_row, seen, position = 1, set[bytes](), 0
    while address is not None:
        if position >= source.max_pages:
            raise SourceError(f"{place(source.url)} has more than {source.max_pages} pages; raise max_pages")
        page = await reader.fetch(address)
        where = f"{place(address)}, page {position + 1}"
        items = find_items(page.document, source.items, where)
        digest = blake2b(json.dumps(items, sort_keys=True, default=str).encode()).digest()
        if items and digest in seen:
            raise SourceError(f"{where} repeats an earlier page; correct source.paging")
        seen.add(digest)
        for chunk in slices(items, size, first_row):
            chunk.share = None
            yield chunk
        first_row += len(items)
        address = next_address(source, page, address, position=position, items=len(items))
        position += 1


class _Reader:
    """Fetches pages within one allowance of time for all of them."""

    def __init__(self, source: HttpSource, clock: Clock, session: aiohttp.ClientSession) -> None:
        self._source = source
        self._clock = clock
        self._session = session
        self._left_s = source.total_timeout_s

    async def fetch(self, url: URL, etag: str = "") -> Page:
        """Return one page, after as many attempts as the settings allow; raise ``SourceError``."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        attempts = AsyncRetrying(
            stop=stop_after_attempt(self._source.retries + 1),
            wait=wait_exponential_jitter(max=_LONGEST_WAIT_S),
            retry=retry_if_exception_type(_TransientError),
            sleep=self._clock.sleep,
            reraise=True,
        )
        try:
            async with asyncio.timeout(max(0.0, self._left_s)):
                return await attempts(self._attempt, url, etag)
        except _TransientError as error:
            tries = self._source.retries + 1
            raise SourceError(f"{place(url)} {error} ({tries} attempt{'s' if tries > 1 else ''})") from None
        except TimeoutError:
            limit = self._source.total_timeout_s
            raise SourceError(f"{place(url)} was not read within {limit:g} s; raise total_timeout_s") from None
        finally:
            self._left_s -= loop.time() - started

    async def _attempt(self, url: URL, etag: str) -> Page:
        headers = {"If-None-Match": etag} if etag else {}
        try:
            for _ in range(_REDIRECTS + 1):
                async with self._session.get(url, headers=headers, allow_redirects=False) as answer:
                    if answer.status in {301, 302, 303, 307, 308}:
                        url = redirected(url, answer.headers.get("Location", ""))
                        continue
                    return await self._page(url, answer, etag)
        except aiohttp.ServerTimeoutError:
            limit = self._source.timeout_s
            raise _TransientError(f"gave no answer within {limit:g} s; check the server, or raise timeout_s") from None
        except aiohttp.ClientConnectorCertificateError:
            raise SourceError(f"{place(url)} shows a certificate that is not trusted; check the url") from None
        except aiohttp.ClientConnectorError as error:
            raise _TransientError(
                f"cannot be reached: {error.os_error.strerror or 'no connection'}; check the url"
            ) from None
        except (aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
            raise _TransientError("broke off its answer; try again later") from None
        except aiohttp.ClientError as error:
            raise SourceError(
                f"{place(url)} does not speak proper HTTP ({type(error).__name__}); check the url"
            ) from None
        raise SourceError(f"{place(url)} redirects more than {_REDIRECTS} times; put the final address into url")

    async def _page(self, url: URL, answer: aiohttp.ClientResponse, etag: str) -> Page:
        if answer.status == 304 and etag:
            return Page(None, etag, "", not_modified=True)
        if answer.status in _TRANSIENT:
            await self._wait_as_asked(answer.headers.get("Retry-After", ""))
            raise _TransientError(f"answers {answer.status}; ask the supplier")
        if answer.status != 200:
            raise SourceError(
                f"{place(url)} answers {answer.status}; {_REFUSED.get(answer.status, 'ask the supplier')}"
            )
        try:
            body = await read_body(answer, self._source.max_bytes)
        except BodyError as error:
            raise SourceError(f"{place(url)} {error}") from None
        kind = answer.headers.get("Content-Type", "no content type").split(";")[0]
        try:
            document = await asyncio.to_thread(_parse, body, answer.charset or "utf-8-sig")
        except (ValueError, LookupError) as error:
            raise SourceError(f"{place(url)} does not answer JSON but {kind}: {error}; check the url") from None
        following = answer.links.get("next")
        link = str(following["url"]) if following is not None and "url" in following else ""
        tag = answer.headers.get("ETag", "")
        return Page(document, tag if len(tag) <= _ETAG_LENGTH else "", link)

    async def _wait_as_asked(self, seconds: str) -> None:
        if seconds.isdecimal():
            await self._clock.sleep(min(float(seconds[:6]), _LONGEST_WAIT_S))


def _parse(body: bytes, charset: str) -> Any:
    return parse_json(body.decode("utf-8-sig" if charset.lower() in {"utf-8", "utf8"} else charset))
