"""The body of an HTTP answer, unpacked here so that the limit holds for every byte, also of a packed bomb."""

from __future__ import annotations

import zlib

import aiohttp

_PIECE = 64 * 1024
_ANY_HEADER = zlib.MAX_WBITS | 32  # gzip or zlib, by what comes


class BodyError(Exception):
    """The body is too large or not unpackable; the text continues the address of the feed."""


async def read_body(answer: aiohttp.ClientResponse, limit: int) -> bytes:
    """Return the unpacked body; raise ``BodyError`` as soon as it is known to be above ``limit`` bytes."""
    if answer.content_length is not None and answer.content_length > limit:
        raise _too_large(f"announces {answer.content_length} bytes, more", limit)
    packing = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if packing not in {"identity", "", "gzip", "x-gzip", "deflate"}:
        raise BodyError(f"is packed with {packing!r}, which was not asked for; ask the supplier for gzip")
    body = bytearray()
    unpack = None if packing in {"identity", ""} else zlib.decompressobj(_ANY_HEADER)
    async for piece in answer.content.iter_chunked(_PIECE):
        if unpack is None:
            body += piece
        else:
            try:
                body += unpack.decompress(piece, limit + 1 - len(body))
            except zlib.error:
                raise BodyError("is damaged: it does not unpack; ask the supplier") from None
        if len(body) > limit:
            raise _too_large("answers more", limit)
    if unpack is not None and not unpack.eof:
        raise BodyError("is damaged: its packed answer ends early; try again later")
    return bytes(body)


def _too_large(what: str, limit: int) -> BodyError:
    return BodyError(f"{what} than the {limit} allowed; raise max_bytes, or use paging")
