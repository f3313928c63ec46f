"""Opens the feed that a supplier's settings name, whatever its kind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

from catalog.feed import FeedChunk
from catalog.settings import CsvSource, HttpSource, JsonLinesSource, JsonSource, Source
from catalog.sources import text_files, workbook
from core.clock import Clock


async def read_feed(source: Source, clock: Clock, *, size: int, etag: str = "") -> AsyncGenerator[FeedChunk]:
    """Yield the feed in chunks of at most ``size`` rows; raise ``SourceError``.

    ``etag`` is what the feed carried when it was last stored whole; only HTTP uses it. The last chunk's ``etag`` is
    valid for the feed just read.
    """
    if isinstance(source, HttpSource):
        from catalog.sources import http  # noqa: PLC0415 - aiohttp takes 0.1 s to import; file feeds need none of it

        feed = http.read_http(source, clock, size=size, etag=etag)
    else:
        feed = _in_thread(_file_chunks(source, size))
    async with aclosing(feed):
        async for chunk in feed:
            yield chunk


def _file_chunks(source: Source, size: int) -> Iterator[FeedChunk]:
    if isinstance(source, CsvSource):
        return text_files.read_csv(source, size)
    if isinstance(source, JsonLinesSource):
        return text_files.read_json_lines(source, size)
    if isinstance(source, JsonSource):
        return text_files.read_json(source, size)
    assert not isinstance(source, HttpSource)  # noqa: S101 - narrows the union for the type checker
    return workbook.read_xlsx(source, size)


async def _in_thread(chunks: Iterator[FeedChunk]) -> AsyncGenerator[FeedChunk]:
    """Run a blocking iterator in worker threads, one step at a time, and close it in the end."""
    loop = asyncio.get_running_loop()
    try:
        while True:
            step = loop.run_in_executor(None, next, chunks, None)
            try:
                chunk = await asyncio.shield(step)
            except asyncio.CancelledError:
                await asyncio.wait([step])  # a generator that still runs cannot be closed
                raise
            if chunk is None:
                return
            yield chunk
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
