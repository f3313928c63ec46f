"""The lines of a chain: where each begins, how it is marked, and which marked lines belong together. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from core.late import late

_LINE = late(r"[^\n\r\x0b\x0c\x85\u2028\u2029]*")
_SPACE = r" \t\u3000\u00a0\u2005"
# "6.8号" and "10:30" are a date and a time, no marks; "2.18栋小美" is entry 2.
_MARK = late(
    rf"(?P<indent>[{_SPACE}]*+)"
    r"(?:[(（][ ]?(?P<inside>\d{1,3})[ ]?[)）]"
    r"|(?P<number>\d{1,3})(?:\ufe0f?\u20e3)?[ ]?"
    r"(?:(?P<dot>[.．。](?!\d)|[.．](?=\d{1,4}[ ]?[栋幢#＃-]\D|\d{1,4}[ ]?号[楼院]))|(?P<sign>、|[:：](?!\d\d)|[)）]))"
    r"|(?P<keycap>(?:\d\ufe0f?\u20e3){1,3})"
    r"|(?P<circle>[①-⑳㉑-㉟❶-❿])"
    rf"|(?P<bullet>[-－–—・·•●](?![-－–—{_SPACE}]*+(?:[-－–—]|$))(?!\d))"
    r"|(?P<letter>[A-Za-zＡ-Ｚ])[:：.、)）](?!\d\d))"
    rf"[{_SPACE}]*+"
)
_ONE_SIGN = {"．": ".", "。": ".", "：": ":", "）": ")"}
_PRICE = late(r"[¥￥][ ]?\d|\d[ ]?(?:元|块钱|块(?![0-9a-zA-Z一-龥])|rmb|RMB)")
# What is ordered stands behind a price ("59元套餐1份"); what is offered ends in one ("3斤 59元", "30元／2份50元").
_ORDERED = late(
    r"(?:元|块钱|块|rmb)[^/／,，;；\d]{0,12}(?:\d{1,2}|[一二两三四五六七八九十])[ ]?"
    r"[份个只条件箱包瓶罐袋盒串桶提套杯碗](?!\d|[ ]?\d)[^\d]{0,12}$"
)
_SEVERAL = 2


@dataclass(frozen=True, slots=True)
class Row:
    """One line. ``number`` counts from 1; ``start`` and ``body`` are offsets in the text, ``body`` behind the mark.

    ``style`` names the kind of mark, empty for none; ``index`` what it says (0 for a bullet); ``indent`` its depth.
    """

    number: int
    start: int
    text: str
    body: int
    style: str = ""
    index: int = 0
    code: str = ""
    indent: int = 0

    @property
    def end(self) -> int:
        """Return the offset behind the line."""
        return self.start + len(self.text)

    @property
    def said(self) -> str:
        """Return the line without its mark."""
        return self.text[self.body - self.start :].strip()

    @property
    def blank(self) -> bool:
        """Tell whether there is nothing on it."""
        return not self.text.strip()


def rows_of(text: str) -> list[Row]:
    """Return the lines of a text."""
    rows: list[Row] = []
    position = 0
    while position <= len(text):
        match = _LINE.match(text, position)
        line = match[0] if match else ""
        rows.append(_row(len(rows) + 1, position, line))
        position += len(line)
        position += 2 if text.startswith("\r\n", position) else 1
    return rows


def _row(number: int, start: int, line: str) -> Row:
    match = _MARK.match(line)
    if match is None:
        return Row(number, start, line, start, indent=len(line) - len(line.lstrip()))
    body, indent = start + match.end(), len(match["indent"])
    if match["letter"]:
        return Row(number, start, line, body, "letter", 0, match["letter"].upper(), indent)
    if match["bullet"]:
        return Row(number, start, line, body, "bullet", 0, "", indent)
    digits = match["inside"] or match["number"]
    if match["circle"]:
        style, index = "circle", _circled(match["circle"])
    elif match["keycap"]:
        style, index = "keycap", int(re.sub(r"\D", "", match["keycap"]))
    else:
        sign = "(" if match["inside"] else match["dot"] or match["sign"]
        style, index = _ONE_SIGN.get(sign, sign), int(digits)
    return Row(number, start, line, body, style, index, str(index), indent)


def _circled(sign: str) -> int:
    for first, low in (("①", 1), ("㉑", 21), ("❶", 1)):
        if ord(first) <= ord(sign) < ord(first) + 20:
            return ord(sign) - ord(first) + low
    return 0


@dataclass(frozen=True, slots=True)
class Run:
    """Lines with one kind of mark, counted up from where they begin."""

    style: str
    rows: tuple[Row, ...]

    @property
    def first(self) -> int:
        """Return the number of its first line."""
        return self.rows[0].number

    @property
    def last(self) -> int:
        """Return the number of its last line."""
        return self.rows[-1].number

    @property
    def indent(self) -> int:
        """Return how deep all of it stands."""
        return min(row.indent for row in self.rows)

    @property
    def priced(self) -> bool:
        """Tell whether these lines offer goods: most of them end in a price, and none says how many it takes."""
        offered = sum(1 for row in self.rows if is_priced(row.text) and not _ORDERED.search(row.text.rstrip()[-40:]))
        written = sum(1 for row in self.rows if row.said)
        return offered > 0 and offered * 2 >= written


def is_priced(line: str) -> bool:
    """Tell whether a line names a price."""
    return _PRICE.search(line) is not None


def runs_of(rows: Sequence[Row]) -> list[Run]:
    """Return the runs of marked lines in the order of their beginnings; each kind of mark starts anew at 1."""
    latest: dict[str, list[Row]] = {}
    found: list[list[Row]] = []
    gap = False
    for row in rows:
        if row.style:
            current = latest.get(row.style)
            if current is None or _starts_anew(row, gap=gap):
                current = latest[row.style] = []
                found.append(current)
            current.append(row)
        gap = row.blank
    runs = [Run(marked[0].style, tuple(marked)) for marked in found]
    return [run for run in runs if run.rows[0].index <= 1 or len(run.rows) >= _SEVERAL]


def _starts_anew(row: Row, *, gap: bool) -> bool:
    if row.style == "letter":
        return row.code == "A"
    return gap if row.style == "bullet" else row.index == 1


def entry_run(rows: Sequence[Row], indent: int) -> tuple[Run | None, list[Run]]:
    """Return the run of entries, if there is one, and the runs before it: menus and numbered notes.

    Entries are the last run that is neither a menu nor inside another one. ``indent`` is how deep the header stands.
    """
    blocks = dict(zip((row.number for row in rows), accumulate(row.blank for row in rows), strict=True))
    outer: list[Run] = []
    for run in runs_of(rows):
        if not (outer and not is_menu(outer[-1], indent) and _holds(outer[-1], run, blocks)):
            outer.append(run)
    entries = next((run for run in reversed(outer) if not is_menu(run, indent)), None)
    if entries is None:
        return None, outer
    return entries, [run for run in outer if run.first < entries.first]


def is_menu(run: Run, indent: int) -> bool:
    """Tell whether a run is a menu wherever it stands; ``indent`` is how deep the header stands."""
    return run.style == "letter" or run.indent > indent or run.priced


def _holds(before: Run, run: Run, blocks: Mapping[int, int]) -> bool:
    """Tell whether a run stands inside the entries of another one: goods that are numbered below a name."""
    if before.last > run.first:
        return True
    joined = blocks[before.last] == blocks[run.first]
    return joined and before.style == "." and run.style != "."


def counted(run: Run) -> Iterator[tuple[int, Row]]:
    """Yield the entries of a run with their index; bullets are counted."""
    for place, row in enumerate(run.rows, start=1):
        yield row.index or place, row
