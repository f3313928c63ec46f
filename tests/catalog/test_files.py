from __future__ import annotations

import json
import os
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from catalog.feed import RawRow, SourceError
from catalog.sources.reading import read_feed
from core.clock import ManualClock
from tests.catalog.feeds import product_rows, supplier, write_csv, write_lines


class Feed:
    """Everything a source gave."""

    def __init__(self) -> None:
        self.rows: list[RawRow] = []
        self.faults: list[tuple[int, str]] = []
        self.chunks: list[int] = []
        self.shares: list[float | None] = []


@pytest.fixture
def read(tmp_path: Path, clock: ManualClock) -> Any:
    async def run(kind: str, size: int = 1000, **values: Any) -> Feed:
        source = {"kind": kind, "path": f"feed.{kind}", **values}
        feed = Feed()
        async for chunk in read_feed(supplier(tmp_path, source=source).source, clock, size=size):
            feed.rows.extend(chunk.rows)
            feed.faults.extend((fault.row, fault.text) for fault in chunk.unreadable)
            feed.chunks.append(len(chunk.rows))
            feed.shares.append(chunk.share)
        return feed

    return run


async def test_csv_in_chunks_with_the_rows_of_the_sheet(read: Any, tmp_path: Path) -> None:
    write_csv(tmp_path / "feed.csv", product_rows(25))
    feed = await read("csv", size=10)
    assert feed.chunks == [10, 10, 5]
    assert feed.shares[-1] == 1.0
    assert feed.rows[0] == RawRow(2, {"id": "P0", "title": "苹果 0 号", "price": "9.9", "stock": "5"})
    assert feed.rows[-1].number == 26


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
async def test_the_encoding_is_found(read: Any, tmp_path: Path, encoding: str) -> None:
    write_csv(tmp_path / "feed.csv", product_rows(50), encoding=encoding)
    assert (await read("csv")).rows[49].values["title"] == "苹果 49 号"


async def test_chinese_that_begins_late_is_found_too(read: Any, tmp_path: Path) -> None:
    rows = [{"id": f"P{n}", "title": "x" * 500, "price": "1"} for n in range(4000)]
    rows.append({"id": "last", "title": "最后的苹果", "price": "1"})
    write_csv(tmp_path / "feed.csv", rows, encoding="gb18030")
    assert (await read("csv")).rows[-1].values["title"] == "最后的苹果"


async def test_one_damaged_byte_does_not_change_the_encoding(read: Any, tmp_path: Path) -> None:
    write_csv(tmp_path / "feed.csv", product_rows(100))
    content = (tmp_path / "feed.csv").read_bytes().replace("苹果 7 号".encode(), "苹果 7 ".encode() + b"\xe5\x8f", 1)
    (tmp_path / "feed.csv").write_bytes(content)
    feed = await read("csv")
    assert "\ufffd" in feed.rows[7].values["title"]
    assert feed.rows[8].values["title"] == "苹果 8 号"


async def test_a_wrong_encoding_says_what_to_set(read: Any, tmp_path: Path) -> None:
    write_csv(tmp_path / "feed.csv", product_rows(50), encoding="gb18030")
    with pytest.raises(SourceError, match=r"is not in utf-8; set source.encoding"):
        await read("csv", encoding="utf-8")


async def test_a_cell_too_many_breaks_only_its_row(read: Any, tmp_path: Path) -> None:
    (tmp_path / "feed.csv").write_text("id,title,price\nA,apple, big,5\nB,pear,6\n\nC\n", encoding="utf-8")
    feed = await read("csv")
    assert [(row.number, row.values["id"], bool(row.fault)) for row in feed.rows] == [
        (2, "A", True),
        (3, "B", False),
        (5, "C", False),
    ]
    assert "4 cells under 3 columns" in feed.rows[0].fault


async def test_a_quote_that_is_never_closed_is_named(read: Any, tmp_path: Path) -> None:
    lines = "\n".join(f"{n},pear,6" for n in range(50_000))
    (tmp_path / "feed.csv").write_text(f'id,title,price\nA,"apple,5\n{lines}\n', encoding="utf-8")
    feed = await read("csv")
    assert feed.faults[0][0] == 2
    assert "never closed" in feed.faults[0][1]
    assert len(feed.rows) > 30_000  # what follows the broken cell is read again


async def test_other_delimiters_and_a_title_above_the_header(read: Any, tmp_path: Path) -> None:
    (tmp_path / "feed.csv").write_text("Our list\nid\ttitle\tprice\nA\tapple\t5\n", encoding="utf-8")
    feed = await read("csv", delimiter="\t", header_row=2)
    assert feed.rows == [RawRow(3, {"id": "A", "title": "apple", "price": "5"})]


@pytest.mark.parametrize("kind", ["csv", "xlsx", "json", "jsonl"])
async def test_a_missing_file_and_a_folder_are_named(read: Any, tmp_path: Path, kind: str) -> None:
    with pytest.raises(SourceError, match=rf"feed.{kind} does not exist; correct source.path"):
        await read(kind)
    (tmp_path / f"feed.{kind}").mkdir()
    with pytest.raises(SourceError, match="is not a file"):
        await read(kind)


async def test_an_empty_file_has_no_header(read: Any, tmp_path: Path) -> None:
    (tmp_path / "feed.csv").touch()
    with pytest.raises(SourceError, match="no column names in row 1"):
        await read("csv")


async def test_a_file_that_is_written_while_it_is_read_is_not_one_feed(tmp_path: Path, clock: ManualClock) -> None:
    write_csv(tmp_path / "feed.csv", product_rows(30))
    seen = []

    async def read_while_written() -> None:
        async for chunk in read_feed(supplier(tmp_path).source, clock, size=10):
            seen.append(chunk)
            with (tmp_path / "feed.csv").open("a", encoding="utf-8") as stream:
                stream.write("P99,late,1,1\n")

    with pytest.raises(SourceError, match="written to while it was read"):
        await read_while_written()
    assert len(seen) >= 3


async def test_json_lines_name_broken_lines(read: Any, tmp_path: Path) -> None:
    write_lines(tmp_path / "feed.jsonl", product_rows(2))
    with (tmp_path / "feed.jsonl").open("a", encoding="utf-8") as stream:
        stream.write('\n{"id": "X", "tit\n[1]\n{"id": NaN}\n{"id": "Y", "price": 0.1}')
    feed = await read("jsonl")
    assert [row.number for row in feed.rows] == [1, 2, 7]
    assert str(feed.rows[-1].values["price"]) == "0.1"
    assert [row for row, _ in feed.faults] == [4, 5, 6]
    assert "is not JSON" in feed.faults[0][1]


async def test_a_line_without_end_is_refused(read: Any, tmp_path: Path) -> None:
    (tmp_path / "feed.jsonl").write_text("[" * 1_200_000, encoding="utf-8")
    with pytest.raises(SourceError, match="line 1 is longer than"):
        await read("jsonl")


async def test_json_items_by_path(read: Any, tmp_path: Path) -> None:
    document = {"data": {"items": [{"id": 1}, "oops", {"id": 2}]}}
    (tmp_path / "feed.json").write_text(json.dumps(document), encoding="utf-8")
    feed = await read("json", items="data.items")
    assert [(row.number, row.values["id"]) for row in feed.rows] == [(1, 1), (3, 2)]
    assert feed.faults == [(2, "is not a JSON object; every item needs named fields")]
    with pytest.raises(SourceError, match=r"no list at 'data.products' \(top level: data\); correct source.items"):
        await read("json", items="data.products")


@pytest.mark.parametrize("text", ["", "{", "[NaN]", "[" * 100_000, "[" + "9" * 5000 + "]"])
async def test_what_is_not_json_is_refused(read: Any, tmp_path: Path, text: str) -> None:
    (tmp_path / "feed.json").write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match="is not JSON"):
        await read("json")


async def test_json_has_a_size_limit(read: Any, tmp_path: Path) -> None:
    (tmp_path / "feed.json").write_text("[" + " " * 2000 + "]", encoding="utf-8")
    with pytest.raises(SourceError, match="larger than 1000 bytes; raise max_bytes"):
        await read("json", max_bytes=1000)


def write_workbook(path: Path, sheets: dict[str, list[list[Any]]]) -> None:
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(row)
    workbook.save(path)


async def test_xlsx_rows_by_sheet(read: Any, tmp_path: Path) -> None:
    goods: list[list[Any]] = [
        ["编号", "品名", "售价", "截止"],
        [1001, "草莓", 59.9, datetime(2026, 11, 22)],  # noqa: DTZ001 - workbooks hold local times
        [None] * 4,
        [1002, "梨", 5, None],
    ]
    write_workbook(tmp_path / "feed.xlsx", {"说明": [["hello"]], "商品": goods})
    feed = await read("xlsx", sheet="商品")
    assert [(row.number, row.values["品名"]) for row in feed.rows] == [(2, "草莓"), (4, "梨")]
    assert feed.rows[0].values["售价"] == 59.9
    with pytest.raises(SourceError, match="no sheet 'Goods'; it has 说明, 商品"):
        await read("xlsx", sheet="Goods")


async def test_what_is_not_a_workbook_is_refused(read: Any, tmp_path: Path) -> None:
    (tmp_path / "feed.xlsx").write_bytes(b"id,title\n")
    with pytest.raises(SourceError, match="not a readable workbook"):
        await read("xlsx")
    with zipfile.ZipFile(tmp_path / "feed.xlsx", "w") as archive:
        archive.writestr("hello.txt", "hello")
    with pytest.raises(SourceError, match="not a readable workbook"):
        await read("xlsx")


async def test_a_zip_bomb_is_refused_before_it_is_unpacked(read: Any, tmp_path: Path) -> None:
    write_workbook(tmp_path / "feed.xlsx", {"商品": [["id"], ["A"]]})
    with zipfile.ZipFile(tmp_path / "feed.xlsx", "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet9.xml", b"0" * 30_000_000)
    assert (tmp_path / "feed.xlsx").stat().st_size < 100_000
    with pytest.raises(SourceError, match="raise max_unpacked_bytes or send CSV"):
        await read("xlsx", max_unpacked_bytes=20_000_000)


async def test_a_workbook_with_entities_is_refused(read: Any, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "feed.xlsx", "w") as archive:
        archive.writestr("xl/sharedStrings.xml", '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>')
    with pytest.raises(SourceError, match="declares XML entities"):
        await read("xlsx")


async def test_a_pipe_is_not_waited_for(read: Any, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "feed.csv")
    with pytest.raises(SourceError, match="is not a file"):
        await read("csv")
