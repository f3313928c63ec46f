"""The order book as sheets for the leader: by person, by item, by building, and to pack by; XLSX and CSV.

These hold whole room names and phone numbers: they go to the leader alone. Every sheet sums to the same book. Names
come from strangers: no cell is ever a formula.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from groups.segments.settings import Packing
from orders import totals
from orders.masking import building_order
from orders.state import Offer, Payment
from orders.totals import Amount, BookLine, PersonTotal

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"

Cell = str | Decimal | int | None

_PAYMENTS = {Payment.UNPAID: "未付", Payment.CLAIMED: "自己说已付", Payment.PAID: "已付"}
_MONEY = frozenset({"单价", "金额"})
_STARTS_FORMULA = tuple("=+-@＝＋－＠")
_UNSAFE = re.compile(r"[^\w()（）-]+")
_NO_BUILDING = "没写楼栋"
_SUM = "合计"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One view of the book. ``total`` is its last row; ``packing`` marks the one that is printed to pack by."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...]
    packing: bool = False


def sheets(
    offer: Offer, zone: ZoneInfo, groups: Mapping[int, str] | None = None, packing: Packing = Packing.BUILDING
) -> list[Sheet]:
    """Return the views of a book. ``groups`` are names by group id, shown when the offer runs in several.

    ``packing`` is what the packing sheet is ordered by.
    """
    named = {group_id: (groups or {}).get(group_id) or str(group_id) for group_id in offer.group_ids}
    shown = named if len(named) > 1 else {}
    return [
        _packing(offer, shown, packing),
        _by_person(offer, shown, zone),
        _by_item(offer),
        _by_building(offer, shown),
    ]


def export_xlsx(
    offer: Offer,
    at: datetime,
    zone: ZoneInfo,
    groups: Mapping[int, str] | None = None,
    packing: Packing = Packing.BUILDING,
) -> bytes:
    """Return the book as one workbook, the packing sheet first. ``at`` is when the leader asked, for the print head."""
    from openpyxl import Workbook  # noqa: PLC0415 - half a second, only when somebody exports

    book = Workbook()
    book.remove(book.active)
    for sheet in sheets(offer, zone, groups, packing):
        page = book.create_sheet(sheet.title)
        _write(page, sheet)
        _print_setup(page, sheet, f"{_plain(offer.title)} {at.astimezone(zone):%Y-%m-%d %H:%M}")
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def export_csv(
    offer: Offer,
    at: datetime,
    zone: ZoneInfo,
    groups: Mapping[int, str] | None = None,
    packing: Packing = Packing.BUILDING,
) -> dict[str, bytes]:
    """Return one CSV file for each view, by file name; UTF-8 with the mark and the line ends that Excel wants."""
    files: dict[str, bytes] = {}
    for sheet in sheets(offer, zone, groups, packing):
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        for row in (sheet.header, *sheet.rows, sheet.total):
            writer.writerow([_csv_cell(name, cell) for name, cell in zip(sheet.header, row, strict=True)])
        files[f"{file_name(offer, at, zone)} {sheet.title}.csv"] = out.getvalue().encode("utf-8-sig")
    return files


def file_name(offer: Offer, at: datetime, zone: ZoneInfo) -> str:
    """Return a file name without its ending: title and local date, of characters that every system takes."""
    title = _UNSAFE.sub("_", unicodedata.normalize("NFKC", offer.title)).strip("_-")[:40]
    return f"{title or '订单'} {at.astimezone(zone):%Y-%m-%d}"


def _packing(offer: Offer, groups: Mapping[int, str], packing: Packing) -> Sheet:
    people = {person.member: person for person in totals.by_person(offer)}
    header = ("取", "楼栋", "房号", "谁订的", "给谁", "商品", "规格", "数量", "单位", "备注", "取货码", "付款")
    lines = sorted(totals.book_lines(offer), key=lambda one: _packing_place(one, people[one.key.member], packing))
    rows = [
        (
            "☑" if people[one.key.member].handed_over_at else "□",
            one.building,
            one.room,
            one.line.name,
            one.key.for_whom,
            one.item.title,
            one.item.specification,
            one.line.quantity,
            one.item.unit or "份",
            one.line.note,
            people[one.key.member].code,
            _PAYMENTS[people[one.key.member].payment],
            *_group(groups, one.line.group_id),
        )
        for one in lines
    ]
    sum_row = (_SUM, None, None, None, None, None, None, totals.total(lines).quantity, None, None, None, None)
    return _sheet("配货单", header, rows, sum_row, groups, packing=True)


def _packing_place(one: BookLine, person: PersonTotal, packing: Packing) -> tuple[Any, ...]:
    """Return where a line stands on the packing sheet.

    By building, one walk through the house hands everything out. By item, one thing after the other is taken from its
    crate, for all groups. By person, each bag is packed at once. By code, the bags stand as they are called for.
    """
    group_id, position = one.line.group_id, one.item.position
    buyer = (person.name, person.member, position)
    house = (group_id, building_order(one.building), one.room.rjust(8), *buyer)
    match packing:
        case Packing.BUILDING:
            return house
        case Packing.ITEM:
            return position, *house
        case Packing.PERSON:
            return group_id, *buyer
        case Packing.CODE:
            return person.code, group_id, *buyer


def _by_person(offer: Offer, groups: Mapping[int, str], zone: ZoneInfo) -> Sheet:
    header = ("序号", "谁订的", "订了什么", "数量", "金额", "付款", "取货码", "取货时间")
    people = totals.by_person(offer)
    rows = [
        (
            number,
            person.name,
            "；".join(_said(one) for one in person.lines),
            person.amount.quantity,
            _money(person.amount),
            _PAYMENTS[person.payment],
            person.code,
            f"{person.handed_over_at.astimezone(zone):%Y-%m-%d %H:%M}" if person.handed_over_at else "",
            *_group(groups, person.group_id),
        )
        for number, person in enumerate(people, start=1)
    ]
    whole = totals.whole(offer)
    sum_row = (_SUM, f"{len(people)} 人", None, whole.quantity, _money(whole), None, None, None)
    return _sheet("按人", header, rows, sum_row, groups)


def _by_item(offer: Offer) -> Sheet:
    header = ("编号", "商品", "规格", "单位", "单价", "数量", "人数", "金额")
    rows = [
        (
            one.item.code,
            one.item.title,
            one.item.specification,
            one.item.unit or "份",
            one.item.price,
            one.amount.quantity,
            one.people,
            _money(one.amount),
        )
        for one in totals.by_item(offer)
    ]
    whole = totals.whole(offer)
    people = totals.progress(offer).people
    sum_row = (_SUM, None, None, None, None, whole.quantity, people, _money(whole))
    return _sheet("按商品", header, rows, sum_row, {})


def _by_building(offer: Offer, groups: Mapping[int, str]) -> Sheet:
    header = ("楼栋", "商品", "数量", "单位", "金额")
    rows = [
        (
            one.building or _NO_BUILDING,
            item.title,
            amount.quantity,
            item.unit or "份",
            _money(amount),
            *_group(groups, one.group_id),
        )
        for one in totals.by_building(offer)
        for item, amount in one.items
    ]
    whole = totals.whole(offer)
    return _sheet("按楼栋", header, rows, (_SUM, None, whole.quantity, None, _money(whole)), groups)


def _sheet(
    title: str,
    header: tuple[str, ...],
    rows: Sequence[tuple[Cell, ...]],
    total: tuple[Cell, ...],
    groups: Mapping[int, str],
    *,
    packing: bool = False,
) -> Sheet:
    """Build a sheet; with several groups each row ends with the name of its group."""
    if groups:
        header, total = (*header, "群"), (*total, None)
    return Sheet(title, header, tuple(rows), total, packing)


def _group(groups: Mapping[int, str], group_id: int) -> tuple[str, ...]:
    return (groups.get(group_id, ""),) if groups else ()


def _said(one: BookLine) -> str:
    about = "，".join(word for word in (one.key.for_whom and f"给{one.key.for_whom}", one.line.note) if word)
    said = f"{one.item.title} ×{_number(one.line.quantity)} {one.item.unit or '份'}"
    return f"{said}（{about}）" if about else said


def _money(amount: Amount) -> Decimal | None:
    """Return the money of what has a price; nothing where nothing has."""
    return amount.money if amount.priced else None


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}" if value else "0"


def _plain(text: str) -> str:
    """Return a text as one line without control characters: a workbook may not hold them."""
    kept = (" " if char.isspace() else char for char in text if char.isspace() or _printable(char))
    return "".join(kept).strip()


def _printable(char: str) -> bool:
    return unicodedata.category(char) not in {"Cc", "Cs", "Cn", "Co"} and char not in "\u202a\u202b\u202c\u202d\u202e"


def _csv_cell(column: str, cell: Cell) -> str:
    """Return a cell as CSV has it; an apostrophe keeps a spreadsheet from reading a text as a formula."""
    if cell is None:
        return ""
    if isinstance(cell, Decimal):
        return f"{cell:.2f}" if column in _MONEY else _number(cell)
    if isinstance(cell, int):
        return str(cell)
    text = _plain(cell)
    return f"'{text}" if text.startswith(_STARTS_FORMULA) else text


def _write(page: Worksheet, sheet: Sheet) -> None:
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side  # noqa: PLC0415 - see export_xlsx
    from openpyxl.utils import get_column_letter  # noqa: PLC0415

    thin = Side(style="thin", color="BBBBBB")
    border = Border(left=thin, right=thin, top=thin, bottom=thin)
    last = len(sheet.rows) + 2
    for row, cells in enumerate((sheet.header, *sheet.rows, sheet.total), start=1):
        for column, value in enumerate(cells, start=1):
            cell = page.cell(row, column)
            if isinstance(value, str) and value:
                cell.value = _plain(value)
                cell.data_type = "s"  # openpyxl takes a leading = for a formula
                cell.quotePrefix = cell.value.startswith(_STARTS_FORMULA)
            elif value is not None and value != "":
                cell.value = value
            if sheet.header[column - 1] in _MONEY and row > 1:
                cell.number_format = "0.00"
            cell.font = Font(bold=row in {1, last})
            cell.border = border
            cell.alignment = Alignment(vertical="center", wrap_text=True)
            if row == 1:
                cell.fill = PatternFill("solid", fgColor="EEEEEE")
    for column, name in enumerate(sheet.header, start=1):
        texts = [name, *(str(row[column - 1]) for row in (*sheet.rows, sheet.total) if row[column - 1] is not None)]
        page.column_dimensions[get_column_letter(column)].width = min(40, max(5, 2 + max(map(_breadth, texts))))
    page.freeze_panes = "A2"


def _breadth(text: str) -> int:
    """Return how wide a text is in half-width characters."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _print_setup(page: Worksheet, sheet: Sheet, head: str) -> None:
    """Fit the width to A4, repeat the header row; the packing sheet lies across."""
    page.page_setup.paperSize = page.PAPERSIZE_A4
    page.page_setup.orientation = "landscape" if sheet.packing else "portrait"
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.print_title_rows = "1:1"
    page.oddHeader.center.text = f"{head} {sheet.title}".replace("&", "&&")  # & begins a code there
    page.oddFooter.center.text = "第 &P 页，共 &N 页"
