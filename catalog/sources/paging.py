"""Where the next page of a paged feed is. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from yarl import URL

from catalog.feed import SourceError, look_up
from catalog.settings import Cursor, HttpSource, NextLink, PageNumbers

Paging = PageNumbers | NextLink | Cursor


@dataclass(frozen=True, slots=True)
class Page:
    """One answer: its JSON, its ETag, its Link header's rel=next, and whether it is the one we know."""

    document: Any
    etag: str = ""
    next_link: str = ""
    not_modified: bool = False


def place(url: URL | str) -> str:
    """Return an address that may be shown: without its query, which may hold a key."""
    shown = URL(url) if isinstance(url, str) else url
    return str(shown.with_query(None).with_fragment(None))


def first_address(source: HttpSource) -> URL:
    """Return the address of the first page."""
    url, paging = URL(source.url), source.paging
    if not isinstance(paging, PageNumbers):
        return url
    if paging.size_parameter and paging.size:
        url = url.update_query({paging.size_parameter: str(paging.size)})
    return url.update_query({paging.parameter: str(paging.start)})


def next_address(source: HttpSource, page: Page, address: URL, *, position: int, items: int) -> URL | None:
    """Return the address after the page at ``position`` (from 0) with so many ``items``, None after the last one.

    Raises ``SourceError`` when the feed points somewhere that must not be followed.
    """
    paging = source.paging
    if isinstance(paging, PageNumbers):
        if items == 0 or items < paging.size:
            return None
        return address.update_query({paging.parameter: str(paging.start + position + 1)})
    if isinstance(paging, Cursor):
        mark = look_up(page.document, tuple(paging.path.split(".")))
        if mark in (None, "", False):
            return None
        if not isinstance(mark, (str, int)):
            raise SourceError(f"{place(address)}: {paging.path} is not a text or number; correct paging.path")
        return URL(source.url).update_query({paging.parameter: str(mark)})
    path = paging.path if paging is not None else ""
    link = look_up(page.document, tuple(path.split("."))) if path else page.next_link
    return _linked(source, address, str(link)) if link else None


def _linked(source: HttpSource, address: URL, link: str) -> URL:
    try:
        following = address.join(URL(link))
        origin = following.origin()
    except ValueError:
        raise SourceError(f"{place(address)}: the next page's address is not one; correct paging.path") from None
    if origin != URL(source.url).origin():
        raise SourceError(f"{place(address)} continues at another server, {following.host}; secrets do not go there")
    return following


def redirected(url: URL, location: str) -> URL:
    """Return where a redirect leads: within one server, or from http to https on the same host.

    Elsewhere the secrets in the headers would leak; raises ``SourceError``.
    """
    try:
        target = url.join(URL(location))
        origin = target.origin()
        if not location:
            raise ValueError(location)
    except ValueError:
        raise SourceError(f"{place(url)} redirects to nowhere; check the url") from None
    upgrade = (url.scheme, target.scheme) == ("http", "https") and url.host == target.host
    if origin != url.origin() and not upgrade:
        raise SourceError(f"{place(url)} redirects to another server, {target.host}; put that address into url")
    return target
