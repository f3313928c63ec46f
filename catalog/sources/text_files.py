"""CSV, JSON Lines and JSON files as chunks of raw rows; the first two of any size, row by row."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

from catalog.feed import FeedChunk, RawRow, RowFault, SourceError, look_up
from catalog.settings import CsvSource, JsonLinesSource, JsonSource
from catalog.sources.encodings import detect_encoding

_LINE_LIMIT = 1024 * 1024
_QUOTE_HINT = "check for a quotation mark that is opened and never closed"


@contextmanager
def open_steady(path: Path) -> Iterator[BinaryIO]:
    """Open a regular file; fail at the end if somebody wrote to it meanwhile, for then it was not one feed."""
    try:
        if not path.is_file():
            state = "is not a file" if path.exists() else "does not exist"
            raise SourceError(f"{path} {state}; correct source.path")
        stream = path.open("rb")
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}; give this user read permission") from None
    with stream:
        before = path.stat()
        try:
            yield stream
        except OSError as error:
            raise SourceError(f"{path} cannot be read to its end: {error.strerror}") from None
        try:
            after = path.stat()
        except OSError:
            raise SourceError(f"{path} was taken away while it was read; sync again") from None
        if (before.st_size, before.st_mtime_ns, before.st_ino) != (after.st_size, after.st_mtime_ns, after.st_ino):
            raise SourceError(f"{path} was written to while it was read; sync again when it is complete")


@contextmanager
def _open_text(path: Path, encoding: str, *, newline: str | None) -> Iterator[tuple[io.TextIOWrapper, BinaryIO, int]]:
    """Open a text file in its encoding; stray bytes become U+FFFD, which the mapping reports by row and field."""
    with open_steady(path) as stream:
        total = path.stat().st_size
        text = io.TextIOWrapper(
            stream, encoding=detect_encoding(stream, encoding, path), errors="replace", newline=newline
        )
        yield text, stream, max(total, 1)


def read_csv(source: CsvSource, size: int) -> Iterator[FeedChunk]:
    """Yield the rows of a CSV file under its header."""
    with _open_text(source.path, source.encoding, newline="") as (text, stream, total):
        reader = csv.reader(text, delimiter=source.delimiter, strict=True)
        columns, number = _header(reader, source)
        chunk = FeedChunk(columns=columns)
        while True:
            number += 1
            try:
                cells = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                chunk.unreadable.append(RowFault(number, "", "", f"is not CSV: {error}; {_QUOTE_HINT}"))
                continue
            _add_cells(chunk, number, columns, cells)
            if len(chunk.rows) >= size:
                chunk.share = stream.tell() / total
                yield chunk
                chunk = FeedChunk(columns=columns)
        chunk.share = 1.0
        yield chunk


def _header(reader: Iterator[list[str]], source: CsvSource) -> tuple[tuple[str, ...], int]:
    try:
        for number, cells in enumerate(reader, start=1):
            if number == source.header_row:
                columns = tuple(cell.strip() for cell in cells)
                if any(columns):
                    return columns, number
                break
    except csv.Error as error:
        raise SourceError(f"{source.path}: the header is not CSV: {error}; {_QUOTE_HINT}") from None
    raise SourceError(f"{source.path} has no column names in row {source.header_row}; the header belongs there")


def _add_cells(chunk: FeedChunk, number: int, columns: tuple[str, ...], cells: list[str]) -> None:
    if not any(cells):
        return
    fault = ""
    if any(cell.strip() for cell in cells[len(columns) :]):
        # An unquoted comma moves every later cell: a price would be read from the wrong column.
        fault = f"has {len(cells)} cells under {len(columns)} columns; put cells that contain the delimiter in quotes"
    chunk.rows.append(RawRow(number, dict(zip(columns, cells, strict=False)), fault))


def read_json_lines(source: JsonLinesSource, size: int) -> Iterator[FeedChunk]:
    """Yield the objects of a JSON Lines file; empty lines are skipped."""
    with _open_text(source.path, source.encoding, newline="\n") as (text, stream, total):
        chunk, number = FeedChunk(), 0
        while line := text.readline(_LINE_LIMIT):
            number += 1
            if len(line) == _LINE_LIMIT and not line.endswith("\n"):
                raise SourceError(f"{source.path}, line {number} is longer than {_LINE_LIMIT}; write one object a line")
            if not line.strip():
                continue
            try:
                add_item(chunk, number, parse_json(line))
            except ValueError as error:
                chunk.unreadable.append(RowFault(number, "", "", f"is not JSON: {error}; repair or remove the line"))
            if len(chunk.rows) >= size:
                chunk.share = stream.tell() / total
                yield chunk
                chunk = FeedChunk()
        chunk.share = 1.0
        yield chunk


def read_json(source: JsonSource, size: int) -> Iterator[FeedChunk]:
    """Yield the items of a JSON document."""
    with open_steady(source.path) as stream:
        content = stream.read(source.max_bytes + 1)
        if len(content) > source.max_bytes:
            raise SourceError(
                f"{source.path} is larger than {source.max_bytes} bytes; raise max_bytes or write JSON Lines"
            )
        encoding = detect_encoding(io.BytesIO(content), source.encoding, source.path)
    try:
        document = parse_json(content.decode(encoding, errors="replace"))
    except ValueError as error:
        raise SourceError(f"{source.path} is not JSON: {error}") from None
    yield from slices(find_items(document, source.items, str(source.path)), size)


def parse_json(text: str) -> Any:
    """Parse JSON with exact decimals; raise ``ValueError`` also for NaN and for nesting that is too deep."""
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON value")


def find_items(document: Any, path: str, place: str) -> list[Any]:
    """Return the list that ``path`` leads to in a document; raise ``SourceError`` telling what is there instead."""
    found = look_up(document, tuple(path.split("."))) if path else document
    if isinstance(found, list):
        return found
    keys = ", ".join(list(map(str, document))[:10]) if isinstance(document, dict) else type(document).__name__
    what = f"no list at {path!r}" if path else "not a list of items"
    raise SourceError(f"{place}: {what} (top level: {keys}); correct source.items")


def slices(items: list[Any], size: int, first: int = 1) -> Iterator[FeedChunk]:
    """Cut a list into chunks; rows are numbered from ``first``."""
    for start in range(0, max(len(items), 1), size):
        chunk = FeedChunk(share=min(1.0, (start + size) / max(len(items), 1)))
        for number, item in enumerate(items[start : start + size], start=first + start):
            add_item(chunk, number, item)
        yield chunk


def add_item(chunk: FeedChunk, number: int, item: Any) -> None:
    """Put one parsed item into the chunk; what is not an object is a fault."""
    if isinstance(item, dict):
        chunk.rows.append(RawRow(number, item))
    else:
        chunk.unreadable.append(RowFault(number, "", "", "is not a JSON object; every item needs named fields"))
