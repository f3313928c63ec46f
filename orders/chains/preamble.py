"""What stands above the entries of a chain: title, menu, example, notes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.late import late
from orders.chains.chain import Left, LeftOut
from orders.chains.menu import MenuItem, add_details, is_detail, is_offered, menu_item
from orders.chains.rows import Row, Run, is_menu, runs_of

_EXAMPLE = late(
    r"\s*(?:[(（【\[]\s?)?(?:例(?:如|子|句)?|(?:接龙)?(?:格式|示例)|举例|样例|范例|示范)\d?\s?"
    r"(?:[】\])）:：.,，、;； \u3000]|$)"
)
_NOTE = late(
    r"(?:取消|退|改).{0,8}(?:请|提前|说|联系|私)|截[单止团]|请(?:在|大家|各位|注明|备注|写)|大家|各位|群主|团长"
    r"|(?:点|时|号|日)(?:前|之前|截)|统一(?:送|发|取|配)|^\s*(?:注意|温馨|提示|说明|[PpＰ][SsＳ]|[※★☆⚠❗‼*＊])|不接|通知|谢谢"
)
_HEADING = late(r"[^\d:：]{1,12}[:：]\s*\Z|\s*【[^】]{1,12}】\s*\Z|\s*(?:早|午|中|晚)餐\s*\Z")
_LONGEST_NAME = 20


def is_example(text: str) -> bool:
    """Tell whether a line shows how to write: 例 小美 2份."""
    return _EXAMPLE.match(text[:40]) is not None


def is_note(text: str) -> bool:
    """Tell whether a line says something to everybody: how, where, until when."""
    return _NOTE.search(text[:200]) is not None


class Preamble:
    """Reads the lines between the header and the first entry."""

    def __init__(self, title: str, spare: str) -> None:
        self.title = title
        self.menu: list[MenuItem] = []
        self.left_out: list[LeftOut] = []
        self._spare = spare
        self._section = ""
        self._in_example = False
        self._last_was_menu = False

    def read(self, rows: Sequence[Row], indent: int, *, entries_follow: bool) -> None:
        """Read all lines; ``indent`` is how deep the header stands."""
        listed = {
            row.number
            for run in runs_of(rows)
            if is_menu(run, indent) or not entries_follow or _names_goods(run)
            for row in run.rows
        }
        for row in rows:
            if row.blank:
                self._in_example = False
            else:
                self._last_was_menu = self._read(row, listed)
        self.title = self.title or self._spare

    def _read(self, row: Row, listed: set[int]) -> bool:
        """Read one line; tell whether it belongs to the menu."""
        if is_example(row.text) or (row.style and is_example(row.said)):
            self._in_example = True
        if self._in_example:
            return self._leave(row, Left.EXAMPLE)
        if row.number in listed and row.said:
            self.menu.append(menu_item(row, self._section))
            self._leave(row, Left.MENU)
            return True
        if self._last_was_menu and self.menu and is_detail(row):
            self.menu[-1] = add_details(self.menu[-1], row)
            self._leave(row, Left.MENU)
            return True
        if not self.title and not self.menu and not row.style:
            self.title = row.text.strip()
            return False
        if not row.style and is_offered(row):
            self.menu.append(menu_item(replace(row, code=""), self._section))
            self._leave(row, Left.MENU)
            return True
        if _HEADING.match(row.text[:40]):
            self._section = row.text.strip().strip("【】:： ")
        return self._leave(row, Left.NOTE)

    def _leave(self, row: Row, reason: Left) -> bool:
        self.left_out.append(LeftOut(row.number, row.text.strip(), reason))
        return False


def _names_goods(run: Run) -> bool:
    """Tell whether numbered lines without prices are short names of goods and no numbered notes."""
    return all(len(row.said) <= _LONGEST_NAME and not is_note(row.said) for row in run.rows)
