"""A native chain as the client sends it: an app message of type 53, which knows who wrote which entry. Pure.

Facts about the form, seen in messages of the clients: ranges count in UTF-16 units; a range is where the entry's text
is found first, so that two entries with the same text carry the same range; ``<c>`` may hold the text instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from core.late import late
from orders.chains.chain import Chain, Slot
from orders.chains.rows import rows_of
from orders.chains.text import Header, assemble, find_header, read_chain

CHAIN_TYPE = "53"
_LONGEST = 512_000
_HEAD = late(r"\ufeff?\s*(?:[\w@.-]{3,64}:\s*)?(?=<(?:\?xml|msg|appmsg)\b)")
_DECLARED = late(r"(?i)<!(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)")
_NOT_XML = late("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_RANGE = late(r"\s*(\d{1,6})-(\d{1,6})\s*\Z")
_WIDEST_MARK = 10


def read_message(text: str) -> Chain | None:
    """Read a chain from a message, whatever form it has: what people see, or XML. None when it is none; never raises.

    The entries of XML are credited to their authors; ``Chain.text`` is then the visible text inside.
    """
    head = _HEAD.match(text)
    return read_chain(text) if head is None else read_xml(text[head.end() :])


def read_xml(text: str) -> Chain | None:
    """Read a chain from the XML of an app message; None for any other message, for broken XML and for a hostile one."""
    message = _tree(text)
    app = None if message is None else message if message.tag == "appmsg" else message.find("appmsg")
    if app is None or (app.findtext("type") or "").strip() != CHAIN_TYPE:
        return None
    visible = app.findtext("title") or ""
    known = app.find("extinfo/solitaire_info")
    info = None
    if known is not None:
        info = known.find("solitaire") if len(known) else _tree((known.text or "").strip())
        if info is not None and info.tag != "solitaire":
            info = info.find("solitaire")
    chain = None if info is None else _credited(visible, info)
    return chain or read_chain(visible)


def _tree(text: str) -> ET.Element | None:
    if len(text) > _LONGEST or _DECLARED.search(text):
        return None
    # the text is decoded already, whatever the declaration says it was
    text = re.sub(r"\A\s*<\?xml[^>]{0,200}\?>", "", _NOT_XML.sub("", text))
    try:
        return ET.fromstring(text)  # noqa: S314 - no declaration, hence no entity, comes this far
    except (ET.ParseError, ValueError, RecursionError):
        return None


@dataclass(frozen=True, slots=True)
class _Credit:
    author: str
    at: int
    place: tuple[int, int] | None
    content: str


def _credited(visible: str, info: ET.Element) -> Chain | None:
    """Read the visible text with the entries where the XML has them; None when the two do not fit together."""
    credits_ = [_credit(node) for node in info.iterfind("content/i")]
    if not credits_:
        return None
    rows = rows_of(visible)
    bodies = {row.body for row in rows if row.style}
    for offset in (_utf16(visible), lambda unit: unit if unit <= len(visible) else None):
        slots = _placed(visible, bodies, credits_, offset)
        if slots is not None:
            break
    else:
        return None
    header = find_header(rows) or Header("", "", 0, 0)
    return assemble(visible, rows, header, slots, (info.findtext("au") or "").strip())


def _credit(node: ET.Element) -> _Credit:
    at = (node.findtext("t") or "").strip()
    place = _RANGE.match(node.findtext("r") or "")
    return _Credit(
        author=(node.findtext("u") or "").strip(),
        at=int(at) if at.isascii() and at.isdigit() and len(at) < 12 else 0,
        place=(int(place[1]), int(place[2])) if place else None,
        content=node.findtext("c") or "",
    )


def _utf16(text: str) -> Callable[[int], int | None]:
    """Return what turns an offset in UTF-16 units into one in characters; None inside a character or outside."""
    if all(ord(char) < 0x10000 for char in text):
        return lambda unit: unit if unit <= len(text) else None
    table: dict[int, int] = {}
    unit = 0
    for place, char in enumerate(text):
        table[unit] = place
        unit += 2 if ord(char) >= 0x10000 else 1
    table[unit] = len(text)
    return table.get


def _placed(
    visible: str, bodies: set[int], found: Sequence[_Credit], offset: Callable[[int], int | None]
) -> list[Slot] | None:
    """Return where the entries stand, each behind a mark and behind the one before; None if one does not fit."""
    slots: list[Slot] = []
    position = 0
    for index, credit in enumerate(found, start=1):
        content, start = credit.content, None
        if credit.place is not None:
            start, end = offset(credit.place[0]), offset(sum(credit.place))
            if start is None or end is None:
                return None
            content = visible[start:end]
        if start is None or start < position:  # the first of several with the same text: this one stands further on
            window = position + len(content) + 4 * _WIDEST_MARK
            start = visible.find(content, position, window) if content else -1
        if start < 0 or start + len(content) - len(content.lstrip()) not in bodies:
            return None
        slots.append(Slot(index, start, start + len(content), credit.author, credit.at))
        position = start + len(content)
    return slots
