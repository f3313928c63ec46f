"""A native chain as people see it: header, title, menu, example, notes, entries. Pure; linear in its length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.late import late
from core.text import strip_quote
from orders.chains.chain import Chain, Entry, Left, LeftOut, Slot
from orders.chains.preamble import Preamble, is_example, is_note
from orders.chains.rows import Row, Run, counted, entry_run, rows_of
from orders.edits import Span

__all__ = ["Chain", "Header", "assemble", "find_header", "read_chain"]

_SIGN = r"[#＃][ ]?(?:接[龙龍]|[Gg]roup[ ]?[Nn]ote)"
_AT_START = late(rf"\s*(?P<sign>{_SIGN})(?P<rest>.*)")
_AT_END = late(rf"(?P<sign>{_SIGN})\s*\Z")
_NAMED = late(r"\s*(?P<sign>【(?P<title>[^】\n]{1,60})】\s?接[龙龍])(?P<rest>.*)")
_MENTION = late(r"\s*@[^\s\u2005]{1,64}[\s\u2005]*")
_SENDER = late(r"[ \t]*[\w@.-]{3,64}:[ \t]*\r?\n")


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a chain. ``below`` counts the lines up to and with it; ``spare`` is a title for want of another."""

    sign: str
    title: str
    below: int
    indent: int
    spare: str = ""


def read_chain(text: str) -> Chain | None:
    """Read a chain from what people see of it; None when it is none, or when it is only quoted or forwarded.

    Nothing is lost: each line is header, title, part of an entry, or in ``left_out``.
    """
    _, begin = strip_quote(text)
    sender = _SENDER.match(text, begin)
    begin = sender.end() if sender else begin
    rows = [row for row in rows_of(text) if row.start >= begin]
    header = find_header(rows)
    if header is None:
        return None
    run, _ = entry_run(rows[header.below :], header.indent)
    slots = _slots(run, rows) if run else []
    chain = assemble(text, rows, header, slots)
    taken = chain.entries or chain.menu or any(left.reason is Left.EMPTY for left in chain.left_out)
    return chain if taken else None


def assemble(text: str, rows: Sequence[Row], header: Header, slots: Sequence[Slot], creator: str = "") -> Chain:
    """Put a chain together from the places of its entries; what stands above them and between is read here."""
    first = slots[0].start if slots else len(text) + 1
    above = [row for row in rows[header.below :] if row.end < first and not row.start <= first <= row.end]
    preamble = Preamble(header.title, header.spare)
    preamble.read(above, header.indent, entries_follow=bool(slots))
    entries: list[Entry] = []
    left_out = preamble.left_out
    place = header.below + len(above)
    for slot in slots:
        between = place
        while place < len(rows) and rows[place].end < slot.start:
            place += 1
        left_out += _notes(rows[between:place])
        said = text[slot.start : slot.end]
        body = said.strip()
        own = place
        while place < len(rows) and rows[place].start <= max(slot.end, slot.start):
            place += 1
        if body and not is_example(body):
            begin = slot.start + len(said) - len(said.lstrip())
            entries.append(Entry(slot.index, body, Span(begin, begin + len(body)), slot.author, slot.at))
        else:  # every line of it is left out
            reason = Left.EXAMPLE if body else Left.EMPTY
            left_out += [LeftOut(row.number, row.text.strip(), reason) for row in rows[own:place] if not row.blank]
    left_out += _notes(rows[place:])
    return Chain(header.sign, preamble.title, text, tuple(preamble.menu), tuple(entries), tuple(left_out), creator)


def _notes(rows: Sequence[Row]) -> list[LeftOut]:
    """Leave out the lines between or below the entries."""
    return [
        LeftOut(row.number, row.text.strip(), Left.EXAMPLE if is_example(row.text) else Left.NOTE)
        for row in rows
        if not row.blank
    ]


def find_header(rows: Sequence[Row]) -> Header | None:
    """Find the header: on the first line with content, or on the second when the first calls somebody."""
    written = [place for place, row in enumerate(rows[:20]) if not row.blank][:2]
    if not written:
        return None
    top = rows[written[0]]
    if match := _AT_START.match(top.text):
        return Header(match["sign"], match["rest"].strip(" \u3000:：\t"), written[0] + 1, top.indent)
    if match := _NAMED.match(top.text):
        return Header(match["sign"], match["rest"].strip(), written[0] + 1, top.indent, match["title"].strip())
    return _calling(rows, written) if top.text.lstrip().startswith("@") else None


def _calling(rows: Sequence[Row], written: Sequence[int]) -> Header | None:
    """Find the header of a chain that calls somebody first: ``@某人 …#接龙``."""
    top = rows[written[0]]
    if match := _AT_END.search(top.text.rstrip()[-20:]):
        spare = _MENTION.sub("", top.text.rstrip()[: -len(match[0].rstrip())], count=1).strip()
        return Header(match["sign"], "", written[0] + 1, top.indent, spare)
    if len(written) > 1 and (match := _AT_START.match(rows[written[1]].text)):
        return Header(match["sign"], match["rest"].strip(), written[1] + 1, rows[written[1]].indent)
    return None


def _slots(run: Run, rows: Sequence[Row]) -> list[Slot]:
    """Return where the entries of a run stand: from behind the mark to the last line before a gap or a note."""
    marked = {row.number: index for index, row in counted(run)}
    slots: list[Slot] = []
    nested: set[str] = set()
    reading = False
    for row in rows:
        follows = bool(slots) and row.index == slots[-1].index + 1 and row.style not in nested
        if row.number in marked or (
            follows and row.indent <= run.indent
        ):  # the second: somebody typed "2、" below "1."
            slots.append(Slot(marked.get(row.number, row.index), row.body, max(row.end, row.body)))
            nested.clear()
            reading = True
        elif row.blank or is_note(row.text):
            reading = False
        elif reading:
            slots[-1] = replace(slots[-1], end=row.end)
            nested.add(row.style)
    return slots
