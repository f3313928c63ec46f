"""Names as a group list shows them: without rooms and phone numbers; and the building that a room name tells. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.late import late
from core.numerals import read_numeral
from groups.rules import clean_name, place_of

_DIGITS = "零〇一二三四五六七八九"
_SIMPLE = str.maketrans("棟樓單號區層閣東門電話機系①②③④⑤⑥⑦⑧⑨⑩", "栋楼单号区层阁东门电话机系123456789零")
_ATOM = late(
    # A building, a unit, a floor, a zone: a number with its mark.
    r"(?P<mark>(?:(?<![A-Za-z])[A-Za-z])?\d{1,4}[A-Za-z]?\s?(?:栋|幢|座|号楼|号院|单元|楼|层|室|房|号|弄|期|#)"
    rf"|[{_DIGITS}十百]{{1,4}}\s?(?:栋|幢|号楼|号院|单元|楼|层|室|弄|[座号](?=[\d\W_]|$))"
    r"|(?<![A-Za-z])[A-Za-z]\s?(?:栋|幢|座|号楼)"
    r"|(?:(?<![A-Za-z])[A-Za-z]|[甲乙丙丁戊])(?:(?<![A-Za-z])[A-Za-z])?区"
    r"|(?<![A-Za-z])[A-Za-z]\d{1,2}(?![\dA-Za-z]))"
    # A number by itself, with the letter of a block or of a flat.
    r"|(?P<number>(?:(?<![A-Za-z])[A-Za-z])?\d+(?:[A-Za-z](?![A-Za-z]))?)"
    # A number in Chinese digits: read as a room or a phone number only by its length or beside a building.
    rf"|(?P<spelt>[{_DIGITS}]{{3,}})"
    # Words that go with the others and tell nothing by themselves.
    r"|(?P<word>联系电话|联系方式|电话|手机号?|尾号|[Tt][Ee][Ll](?![A-Za-z])|[东西南北]门)"
)
_JOINT = late(r"[-—–－~/\\|_.·,:;，、：；#*()（）\[\]【】+\s]{0,3}")
_DASH = late(r"\s?[-—–－/_#.·]\s?")
_EDGES = " \t-—–－~/\\|_.·,:;!，、。：；#*+&@="
_EMPTY = late(r"[(（\[【{][-—–_/.,:;，、：；·\s]*[)）\]】}]")
_BRACKETS = {")": "(", "）": "（", "]": "[", "】": "【", "}": "{"}
_GAPS = late(r"([-—–－~/\\|_.·,:;，、：；#\s])[-—–－~/\\|_.·,:;，、：；#\s]+")
_ROOM_LIKE = late(
    r"(?<!\d)(?P<building>[A-Za-z]?\d{1,3})\s?[-—–－/_#. ]\s?(?:\d{1,2}\s?[-—–－/_#. ]\s?)?(?P<room>\d{3,4})(?!\d)"
)
_LANE = late(r"(?<!\d)(?P<building>\d{1,4}号)(?!楼|院)-?(?P<room>\d{3,4})(?!\d)")
_LETTER_ROOM = late(r"(?<![A-Za-z])(?P<block>[A-Za-z])-?(?P<room>\d{3,4})(?!\d)")
_BLOCK = late(r"(?:^|(?<=[\s\-—_·]))(?P<block>[A-Za-z]\d{1,2})(?=[\s\-—_·]|$)")
_ROOM = late(r"(?P<room>\d{3,4}|[零〇一二三四五六七八九]{3,4})(?!\d)")
_PHONE = late(r"(?<!\d)(?:(?:86)?[- ]?1[3-9]\d[-. ]{0,3}\d{4}[-. ]{0,3}\d{4}|0\d{2,3}[- ]?\d{7,8}|\d{7,})(?!\d)")
_NOTHING = "***"


@dataclass(slots=True)
class _Run:
    """Neighbouring parts of an address or a phone number: ``text[start:end]``."""

    start: int
    end: int
    digits: int = 0
    telling: bool = False
    number_before: bool = False


def mask_name(name: str) -> str:
    """Return what a group list calls somebody: ``3栋502-小美`` is 小美, ``3栋502`` is ``3栋***``.

    Rather takes away too much than too little: any number of three digits or more goes.
    """
    shown = clean_name(name)
    text, places = _plain(shown)
    spans = [(run.start, run.end) for run in _runs(text) if _tells(run)]
    if not spans:
        return shown if text.strip() else _NOTHING
    rest = _without(shown, [(places[start], places[end - 1] + 1) for start, end in spans])
    estate = place_of(text).neighbourhood
    if estate and any(text[:start].endswith(estate) for start, _ in spans):
        shorter = _tidy(rest.replace(estate, "", 1))
        rest = shorter if _says_something(shorter) else rest
    if _says_something(rest):
        return rest
    return building_of(shown) + _NOTHING


def building_of(text: str) -> str:
    """Return the building that a room name tells, with its zone (3栋, 七号楼, A座, E区2栋); empty without one."""
    plain = _PHONE.sub(" ", _plain(clean_name(text))[0])
    place = place_of(plain)
    if place.building and not re.search(rf"[A-Za-z]{re.escape(place.building[0])}[#栋]", plain):
        return place.zone + place.building
    for pattern, mark in ((_LANE, ""), (_ROOM_LIKE, "栋"), (_LETTER_ROOM, "座"), (_BLOCK, "")):
        found = pattern.search(plain)
        if found:
            return place.zone + found[1] + mark
    return place.zone


def room_of(text: str) -> str:
    """Return the room of a room name that tells a building, for packing; empty when it tells none."""
    plain = _PHONE.sub(" ", _plain(clean_name(text))[0])
    for pattern in (_LANE, _ROOM_LIKE, _LETTER_ROOM):
        found = pattern.search(plain)
        if found:
            return found["room"]
    place = place_of(plain)
    if not place.building:
        return ""
    if place.room:
        return place.room
    mark = re.search(r"[栋幢座楼院#]", plain)
    found = _ROOM.search(plain, mark.end()) if mark else None
    return found["room"] if found else ""


def building_order(building: str) -> tuple[int, str, str, int]:
    """Return a key that sorts buildings by zone and number, the same for 3栋, 3号楼 and 三幢; no building is last."""
    zone, _, rest = building.rpartition("区")
    number = re.match(r"([A-Za-z]?)(\d+|[零〇一二三四五六七八九十百]+)?", rest)
    if not building or number is None:
        return 1, "", "", 0
    value = read_numeral(number[2] or "")
    return 0, zone, number[1].upper(), int(value or 0)


def _plain(name: str) -> tuple[str, Sequence[int]]:
    """Return a name in plain signs (half-width, simplified marks, nothing invisible), and where each character was."""
    chars: list[str] = []
    places: list[int] = []
    for place, char in enumerate(name):
        if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Mn", "Me"} and not char.isspace():
            continue
        for plain in unicodedata.normalize("NFKC", char.translate(_SIMPLE)):
            chars.append(" " if plain.isspace() else plain)
            places.append(place)
    return "".join(chars), places


def _runs(text: str) -> Iterator[_Run]:
    """Yield what may be an address or a phone number: parts with nothing but joints between them."""
    run: _Run | None = None
    for atom in _ATOM.finditer(text):
        gap = text[run.end : atom.start()] if run else ""
        if run is None or not _JOINT.fullmatch(gap):
            if run is not None:
                yield run
            run, gap = _Run(atom.start(), atom.start()), ""
        digits = sum(char.isdigit() or char in _DIGITS for char in atom[0])
        dashed = run.number_before and _DASH.fullmatch(gap) is not None
        run.telling |= bool(atom["mark"]) or (bool(atom["number"]) and (digits > 2 or dashed))
        run.telling |= bool(atom["spelt"]) and (digits > 6 or "零" in atom[0] or "〇" in atom[0])
        run.number_before = bool(atom["number"])
        run.digits += digits
        run.end = atom.end()
    if run is not None:
        yield run


def _tells(run: _Run) -> bool:
    """Tell whether a run must not be shown; six digits in a row are a phone number however they are spaced."""
    return run.telling or run.digits >= 6


def _without(raw: str, spans: Sequence[tuple[int, int]]) -> str:
    pieces: list[str] = []
    position = 0
    for start, end in spans:
        pieces.append(raw[position:start])
        position = max(position, end)
    return _tidy("-".join([*pieces, raw[position:]]))


def _tidy(text: str) -> str:
    """Take away what held the parts together."""
    text = clean_name(text)
    while (less := _EMPTY.sub("", _GAPS.sub(r"\1", text)).strip(_EDGES)) != text:
        text = less
    for close, opening in _BRACKETS.items():
        if text.count(close) != text.count(opening):
            text = text.replace(close, "").replace(opening, "")
    return text.strip(_EDGES)


def _says_something(text: str) -> bool:
    return any(char.isalnum() or unicodedata.category(char) == "So" for char in text)
