"""The leader's sheets: they open, add up to the book, and hold no formula, whatever people call themselves."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from orders import totals
from orders.exporting import export_csv, export_xlsx, file_name
from orders.state import Offer
from tests.orders.books import NOW, SHANGHAI, fruit, neighbours, order

HOSTILE = [
    '=HYPERLINK("http://example.invalid","点我")',
    "+86 1",
    "-1+1",
    "@SUM(A1)",
    "＝1+1",
    "\t=1",
    "a\r\nb",
    "\x00x",
    "&D",
]


def _workbook(offer: Offer, groups: dict[int, str] | None = None) -> Any:
    return load_workbook(io.BytesIO(export_xlsx(offer, NOW, SHANGHAI, groups)))


def _column(page: Any, name: str) -> list[Any]:
    place = [cell.value for cell in page[1]].index(name)
    return [row[place] for row in page.iter_rows(min_row=2, values_only=True)]


def _rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_the_packing_sheet_comes_first_and_goes_from_building_to_building() -> None:
    book = _workbook(neighbours())
    assert book.sheetnames == ["配货单", "按人", "按商品", "按楼栋"]
    page = book["配货单"]
    rows = [row[:10] for row in page.iter_rows(min_row=2, max_row=7, values_only=True)]
    assert rows == [
        ("□", "2栋", "801", "老赵 13800001234", None, "蓝莓", "125g*6盒", 5, "盒", "送到2-801"),
        ("□", "2号楼", "1203", "2号楼1单元1203李哥", None, "蓝莓", "125g*6盒", 4, "盒", None),
        ("□", "3栋", "502", "3栋502-小美", None, "丹东草莓", "3斤", 2, "盒", "要红一点的"),
        ("□", "3栋", "502", "3栋502-小美", None, "沃柑", "5斤", 3, "份", None),
        ("□", "10栋", "301", "3栋502-小美", "10栋301张奶奶", "沃柑", "5斤", 2, "份", "软的"),
        ("□", "11栋", None, "星河11栋 王姐", None, "丹东草莓", "3斤", 1, "盒", None),
    ]
    assert _column(page, "取货码")[0] == "1685"
    assert _column(page, "付款")[:2] == ["未付", "自己说已付"]


def test_the_sheets_can_be_read_and_printed() -> None:
    book = _workbook(neighbours())
    for page in book:
        assert page.freeze_panes == "A2"
        assert page.print_title_rows == "$1:$1"
        assert page.sheet_properties.pageSetUpPr.fitToPage
        assert all(5 <= column.width <= 40 for column in page.column_dimensions.values())
    assert book["配货单"].page_setup.orientation == "landscape"
    assert book["配货单"].oddHeader.center.text == "周末水果 2026-11-22 10:00 配货单"


def test_who_has_fetched_theirs_is_ticked() -> None:
    offer = neighbours()
    offer.buyers["wang"] = replace(offer.buyers["wang"], handed_over_at=datetime(2026, 11, 23, 10, 5, tzinfo=UTC))
    book = _workbook(offer)
    assert _column(book["配货单"], "取")[:-1] == ["□"] * 5 + ["☑"]
    assert _column(book["按人"], "取货时间")[1] == "2026-11-23 18:05"


def test_an_offer_in_several_groups_names_the_group_of_each_row() -> None:
    offer = replace(neighbours(), group_ids=(1, 2))
    order(offer, 1, "qian", "1", "3栋钱姐", group_id=2)
    book = _workbook(offer, {1: "阳光小区水果群", 2: "星河水果群"})
    assert _column(book["配货单"], "群") == ["阳光小区水果群"] * 6 + ["星河水果群", None]
    assert _column(book["按楼栋"], "群")[-2:] == ["星河水果群", None]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_is_a_formula(text: str) -> None:
    offer = replace(fruit(), title=text)
    order(offer, 1, "evil", "1", text, for_whom=text, note=text)
    offer.items[1].title = offer.items[1].specification = offer.items[1].unit = text
    for page in _workbook(offer):
        for row in page.iter_rows():
            assert all(cell.data_type in {"s", "n"} for cell in row)
    for content in export_csv(offer, NOW, SHANGHAI).values():
        for row in _rows(content):
            assert not any(cell.startswith(("=", "+", "-", "@", "＝", "\t")) for cell in row)
            assert not any(char in cell for cell in row for char in "\r\n\x00")


def test_a_hostile_name_is_kept_as_it_was_written() -> None:
    offer = fruit()
    order(offer, 1, "evil", "1", HOSTILE[0])
    page = _workbook(offer)["按人"]
    assert page["B2"].value == HOSTILE[0]
    assert page["B2"].quotePrefix


def test_csv_opens_in_a_spreadsheet() -> None:
    files = export_csv(neighbours(), NOW, SHANGHAI)
    assert list(files) == [f"周末水果 2026-11-22 {name}.csv" for name in ("配货单", "按人", "按商品", "按楼栋")]
    for content in files.values():
        assert content.startswith(b"\xef\xbb\xbf")
        assert content.endswith(b"\r\n")
        assert content.count(b"\n") == content.count(b"\r\n")
    assert _rows(files["周末水果 2026-11-22 按商品.csv"])[1:] == [
        ["1", "丹东草莓", "3斤", "盒", "59.90", "3", "2", "179.70"],
        ["2", "蓝莓", "125g*6盒", "盒", "45.00", "9", "2", "405.00"],
        ["3", "沃柑", "5斤", "份", "29.90", "5", "1", "139.90"],
        ["合计", "", "", "", "", "17", "4", "724.60"],
    ]


def test_an_empty_book_still_makes_sheets() -> None:
    for page in _workbook(fruit()):
        assert page.max_row == 2


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("周末水果", "周末水果 2026-11-22"),
        ("../../etc/passwd", "etc_passwd 2026-11-22"),
        ('周末:水果?"<>|\\*', "周末_水果 2026-11-22"),
        ("  \n\u202e", "订单 2026-11-22"),
        ("水" * 300, "水" * 40 + " 2026-11-22"),
    ],
)
def test_file_names_are_safe(title: str, name: str) -> None:
    assert file_name(replace(fruit(), title=title), NOW, SHANGHAI) == name


def test_the_date_is_the_leaders() -> None:
    assert file_name(fruit(), datetime(2026, 11, 22, 17, 0, tzinfo=UTC), SHANGHAI) == "周末水果 2026-11-23"


_LINES = st.lists(
    st.tuples(
        st.integers(1, 3), st.integers(1, 6), st.decimals("0", "20", places=1), st.sampled_from(["", "我妈", "5-201"])
    ),
    max_size=15,
)


@given(_LINES)
@settings(max_examples=25)
def test_every_sheet_adds_up_to_the_book(lines: list[tuple[int, int, Decimal, str]]) -> None:
    offer = fruit()
    for item, member, quantity, whom in lines:
        order(offer, item, f"m{member}", str(quantity), f"{member}栋{member}01-小美", for_whom=whom)
    whole = totals.whole(offer)
    for page in _workbook(offer):
        *quantities, last = (Decimal(str(value)) for value in _column(page, "数量"))
        assert sum(quantities) == last == whole.quantity == sum(line.quantity for line in offer.lines.values())
        if "金额" in [cell.value for cell in page[1]]:
            *amounts, sum_of_all = _column(page, "金额")
            assert sum(Decimal(str(value)) for value in amounts) == Decimal(str(sum_of_all or 0)) == whole.money
