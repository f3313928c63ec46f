"""Personal data as the person is given them: one workbook with a sheet for each kind, JSON, or a short text."""

from __future__ import annotations

import io
import json
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from core.personal import Cell, Sheet

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LONGEST_CELL = 32_000
"""Characters; Excel holds 32,767."""
_BREADTH = 24
_FORMULA = tuple("=+-@＝＋－＠")


def workbook(sheets: Sequence[Sheet], zone: ZoneInfo) -> bytes:
    """Return the data as a workbook; texts come from strangers, so that no cell is ever a formula."""
    from openpyxl import Workbook  # noqa: PLC0415 - half a second, only when somebody asks
    from openpyxl.styles import Font  # noqa: PLC0415
    from openpyxl.utils import get_column_letter  # noqa: PLC0415

    book = Workbook()
    book.remove(book.active)
    for sheet in sheets:
        page = book.create_sheet(sheet.title)
        for row, cells in enumerate((sheet.header, *sheet.rows), start=1):
            for column, value in enumerate(cells, start=1):
                cell = page.cell(row, column)
                shown = _shown(value, zone)
                if isinstance(shown, str):
                    cell.value = _plain(shown)
                    cell.data_type = "s"  # openpyxl takes a leading = for a formula
                    cell.quotePrefix = cell.value.startswith(_FORMULA)
                else:
                    cell.value = shown
                cell.font = Font(bold=row == 1)
        for column in range(1, len(sheet.header) + 1):
            page.column_dimensions[get_column_letter(column)].width = _BREADTH
        page.freeze_panes = "A2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_json(sheets: Sequence[Sheet]) -> str:
    """Return the data as JSON: by sheet, a list of rows by column; times in UTC."""
    document = {
        sheet.title: [dict(zip(sheet.header, map(_value, row), strict=True)) for row in sheet.rows] for sheet in sheets
    }
    return json.dumps(document, ensure_ascii=False, indent=1)


def summary(sheets: Sequence[Sheet], zone: ZoneInfo, longest: int) -> list[str]:
    """Return the data in lines, the newest of each kind, as far as ``longest`` characters hold them."""
    lines: list[str] = []
    left = longest
    for sheet in sheets:
        if not sheet.rows:
            continue
        share = max(1, left // 4)
        block = [f"【{sheet.title}】{len(sheet.rows)} 条"]
        for row in reversed(sheet.rows):
            line = "，".join(text for value in row if (text := str(_shown(value, zone) or "")))
            if sum(map(len, block)) + len(line) > share:
                break
            block.append(_plain(line))
        lines += block
        left -= sum(map(len, block))
    return lines


def _shown(value: Cell, zone: ZoneInfo) -> str | int | float | Decimal | None:
    return f"{value.astimezone(zone):%Y-%m-%d %H:%M}" if isinstance(value, datetime) else value


def _value(value: Cell) -> str | int | float | None:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _plain(text: str) -> str:
    """Return a text without the characters that a workbook may not hold or that turn its reading around."""
    kept = (" " if char.isspace() else char for char in text if char.isspace() or _printable(char))
    return "".join(kept).strip()[:_LONGEST_CELL]


def _printable(char: str) -> bool:
    return unicodedata.category(char) not in {"Cc", "Cs", "Cn", "Co"} and char not in "\u202a\u202b\u202c\u202d\u202e"
