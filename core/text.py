"""One way to make chat text uniform, keeping for every character where it stood in the raw text."""

from __future__ import annotations

import re
import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.late import late
from core.messages import Quote
from core.signs import FACES, FOLDED, GOODS
from core.text_tables import kept_tables, simplified

_DROP = "\uffff"  # stands for a character without meaning until offsets are known; never part of a result
_GROW = "\ufffe"  # stands for a character that becomes several
_AFTER_MENTION = "\u2005"
_MEMORY = 30_000  # code points remembered by the table; the rest is worked out again, so that nobody can fill memory

FOLDS = 0x20000
"""Code points that are folded one by one: everything members type but the rarest characters."""
_GAPS = f" \n{_AFTER_MENTION}"

_SIGNS = re.compile(
    r"(?P<url>https?://[!-~]*|www\.[!-~]+)"
    r"|(?<![a-z0-9._])@(?P<name>[^@\n\u2005]{1,24}(?=\u2005)|[^\s@,!?:;、。]+)\u2005?"
    rf"|\[(?:(?P<face>{'|'.join(sorted(map(re.escape, FACES), key=len, reverse=True))})"
    rf"|(?P<goods>{'|'.join(sorted(GOODS, key=len, reverse=True))}))\]"
)
_FACE = re.compile(rf"\[(?:{'|'.join(sorted(map(re.escape, FACES), key=len, reverse=True))})\]")
_SIGN_GATE = re.compile(r"[@\[]|://|www\.")
_SPACES = re.compile(r"[ \n\u2005]{2,}|\A[ \n\u2005]|[ \n\u2005]\Z|\u2005")
_DASHES = re.compile(r"」[^\S\n]*+\n[^\S\n]*+(?:[-—–─－][^\S\n]*+){4,}(?:\n|\Z)")
_QUOTE_HEAD = re.compile(r"[\s\u200b\ufeff]*+「([^：:\n」]{1,64})[：:]")
_MARKS = re.compile("[\uffff\ufffe]")
_FIXED = {
    **FOLDED,
    **{chr(code): chr(code).lower() for code in range(0x20, 0x7F)},
    **dict.fromkeys("\n\r\v\f\x85\u2028\u2029", "\n"),
    "\t": " ",
    _AFTER_MENTION: _AFTER_MENTION,
}

Edit = tuple[int, int, str]
"""Replace text[start:end] by the string."""


@dataclass(frozen=True, slots=True)
class Mention:
    """``@name`` in a message; the span in the raw text covers the sign, the name and the mark behind it."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class NormalText:
    """A message made uniform.

    ``text`` is the body only: no quotation, no mentions, simplified characters, half-width signs, single spaces and
    line feeds. ``starts[i]`` and ``ends[i]`` are the raw span that character i came from; both never decrease.
    ``emoji`` holds (start, end, name) in ``text`` for each emoji that was written out.
    """

    raw: str
    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    mentions: tuple[Mention, ...] = ()
    quote: Quote | None = None
    emoji: tuple[tuple[int, int, str], ...] = ()

    def raw_span(self, start: int, end: int) -> tuple[int, int]:
        """Return the raw span of ``text[start:end]``; an empty span gives an empty span."""
        if start < end:
            return self.starts[start], self.ends[end - 1]
        point = self.starts[start] if start < len(self.text) else self.ends[-1] if self.text else len(self.raw)
        return point, point


def strip_quote(raw: str) -> tuple[Quote | None, int]:
    """Read the text form of a reply: ``「name：quoted」``, a line of dashes, the body; tell where the body starts.

    In a quotation of a quotation the last line of dashes counts: everything above it was said before.
    """
    head = _QUOTE_HEAD.match(raw)
    if head is None:
        return None, 0
    dashes = list(_DASHES.finditer(raw, head.end()))
    if not dashes:
        return None, 0
    last = dashes[-1]
    return Quote(head[1].strip(), raw[head.end() : last.start()].strip()), last.end()


class _Uniform(dict[int, str]):
    """Character by character: what ``str.translate`` asks for, worked out at first sight."""

    def __missing__(self, code: int) -> str:
        result = self.worked_out(code)
        if len(self) < _MEMORY:
            self[code] = result
        return result

    def worked_out(self, code: int) -> str:
        """Return one character, or the mark for several or for none, without remembering it."""
        result = self._fold(chr(code))
        return result if len(result) == 1 else _GROW if result else _DROP

    def grown(self, char: str) -> str:
        """Return the several characters that ``char`` becomes."""
        return self._fold(char)

    def _fold(self, char: str) -> str:
        if char in _FIXED:
            return _FIXED[char]
        category = unicodedata.category(char)
        if category == "Zs":
            return " "
        if category in {"Cc", "Cf", "Cs", "Co", "Cn", "Mn", "Me"}:
            return ""
        plain = unicodedata.normalize("NFKC", char)
        if plain == char or len(plain) > 4:  # longer ones are calligraphy
            return char
        return "".join(part if part == char else self._fold(part) for part in plain)


class Normaliser:
    """Makes messages uniform; build it once, its tables take some tens of milliseconds.

    ``emoji_words`` names emoji as the catalogue does (🍓 is 草莓) and goes before the emoji library's Chinese
    names. Emoji of mood become a space. Linear in the length of the text; never raises for any string.
    """

    def __init__(self, emoji_words: Mapping[str, str] | None = None) -> None:
        self._table = _Uniform()
        tables = kept_tables(emoji_words or {}, self._word, __name__)
        self._traditional, self._emoji = late(tables.traditional), late(tables.emoji)
        self._plain = re.compile(tables.plain).match
        self._names = tables.names
        self._quick = _Uniform({ord(sign): " " if self._name(sign) == " " else _DROP for sign in tables.pictures})

    def __call__(self, raw: str) -> NormalText:
        """Return the uniform text of one message.

        Most lines are uniform already; most others become so when each character is replaced by one other (full width,
        capitals, a space for a mood) and spaces at the ends are cut off: what passes the gate then has no sign, no run
        of spaces and nothing traditional left to look at.
        """
        if self._plain(raw):
            return NormalText(raw, raw, range(len(raw)), range(1, len(raw) + 1))
        wide = raw.translate(self._quick)
        if "[" in wide:
            wide = _FACE.sub(lambda face: " " * len(face[0]), wide)
        text = wide.strip(_GAPS)
        if not self._plain(text):
            return self._long_way(raw)
        start = len(wide) - len(wide.lstrip(_GAPS)) if text else 0
        return NormalText(raw, text, range(start, start + len(text)), range(start + 1, start + len(text) + 1))

    def folds(self) -> array[int]:
        """Return for each code point below ``FOLDS`` what the quick way makes of it, 0 where only the long way will do.

        On the quick way spaces and line feeds at the ends are cut off; another space stands alone between two
        characters, and a point before a digit and not behind a w, where an address may begin.
        """
        return array("I", map(self._folded, range(FOLDS)))

    def _folded(self, code: int) -> int:
        char = self._quick[code] if code in self._quick else self._quick.worked_out(code)
        return ord(char) if char in " .\n" or self._plain(char) else 0

    def _long_way(self, raw: str) -> NormalText:
        quote, body = strip_quote(raw)
        draft = _Draft(raw, body)
        pictures = self._pictures(raw, body)
        draft.uniform(self._table, pictures)
        mentions = draft.read_signs() if _SIGN_GATE.search(draft.text) else []
        draft.collapse()
        if self._traditional.search(draft.text):
            draft.text = self._simple(draft.text)
        draft.settle()
        places = [(start, end, name) for start, end, name in pictures if name.strip() and not name.isdigit()]
        return NormalText(
            raw, draft.text, draft.starts, draft.ends, tuple(mentions), quote, draft.find(places + draft.goods)
        )

    def _word(self, text: str) -> str:
        """Make the name of an emoji uniform, so that a second reading changes nothing."""
        draft = _Draft(text, 0)
        draft.uniform(self._table, [])
        return self._simple("".join(re.findall(r"\w+", draft.text)).replace("_", ""))

    def _simple(self, text: str) -> str:
        whole = simplified(text)
        return whole if len(whole) == len(text) else "".join(map(self._simple_char, text))

    def _simple_char(self, char: str) -> str:
        simple = simplified(char)
        return simple if len(simple) == 1 else char

    def _pictures(self, raw: str, body: int) -> list[Edit]:
        """Find emoji with their modifiers: a name, nothing for the same one again, or a space."""
        edits: list[Edit] = []
        before = ("", -1)
        for match in self._emoji.finditer(raw, body):
            sign = match[0]
            name = self._name(sign)
            start, end = match.span()
            edits.append((start, end, "" if before == (name, start) and name.strip() else name))
            before = (name, end)
        return edits

    def _name(self, sign: str) -> str:
        if sign[0] in "0123456789#*":
            return sign[0]  # a keycap
        bare = re.sub("[\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]", "", sign)
        return self._names.get(bare) or self._names.get(bare.split("\u200d")[0]) or " "


class _Draft:
    """A text on its way to uniformity, with the raw span of each of its characters."""

    def __init__(self, raw: str, body: int) -> None:
        self.raw = raw
        self.text = raw[body:]
        self.offset = body
        self.starts: Sequence[int] = range(body, len(raw))
        self.ends: Sequence[int] = range(body + 1, len(raw) + 1)
        self.goods: list[Edit] = []

    def edit(self, edits: Sequence[Edit]) -> None:
        """Apply replacements that are in order and do not overlap."""
        if not edits:
            return
        pieces: list[str] = []
        starts: array[int] = array("I")
        ends: array[int] = array("I")
        position = 0
        for start, end, new in edits:
            pieces += (self.text[position:start], new)
            starts.extend(self.starts[position:start])
            ends.extend(self.ends[position:start])
            if new:
                starts.extend([self.starts[start]] * len(new))
                ends.extend([self.ends[end - 1]] * len(new))
            position = end
        pieces.append(self.text[position:])
        starts.extend(self.starts[position:])
        ends.extend(self.ends[position:])
        self.text, self.starts, self.ends = "".join(pieces), starts, ends

    def uniform(self, table: _Uniform, pictures: Sequence[Edit]) -> None:
        """Translate character by character; write emoji out."""
        edits = [(start - self.offset, end - self.offset, name) for start, end, name in pictures]
        covered = [(start, end) for start, end, _ in edits]
        original = self.text
        self.text = original.translate(table)
        marks = _MARKS.finditer(self.text)
        inside = 0
        for mark in marks:
            at = mark.start()
            while inside < len(covered) and covered[inside][1] <= at:
                inside += 1
            if inside == len(covered) or at < covered[inside][0]:
                edits.append((at, at + 1, table.grown(original[at]) if mark[0] == _GROW else ""))
        edits.sort()
        self.edit(edits)

    def read_signs(self) -> list[Mention]:
        """Take out addresses of web pages, mentions and bracket faces; return the mentions."""
        mentions: list[Mention] = []
        edits: list[Edit] = []
        for match in _SIGNS.finditer(self.text):
            new = " "
            raw_start, raw_end = self.starts[match.start()], self.ends[match.end() - 1]
            if match["name"] is not None:
                start, end = match.span("name")
                name = self.raw[self.starts[start] : self.ends[end - 1]]
                mentions.append(Mention(name.strip(), raw_start, raw_end))
            elif match["goods"] is not None:
                new = match["goods"]
                self.goods.append((raw_start, raw_end, new))
            edits.append((match.start(), match.end(), new))
        self.edit(edits)
        return mentions

    def collapse(self) -> None:
        """One space or one line feed for each run of them, none at the ends."""
        length = len(self.text)
        self.edit(
            [
                (match.start(), match.end(), "" if match.start() == 0 or match.end() == length else _gap(match[0]))
                for match in _SPACES.finditer(self.text)
            ]
        )

    def settle(self) -> None:
        """Break what looks like a sign only because its inside was taken out: rereading must change nothing."""
        broken = _SIGN_GATE.search(self.text) is not None and _SIGNS.search(self.text) is not None
        if broken or (self.text.startswith("「") and strip_quote(self.text)[0] is not None):
            self.edit([(match.start(), match.end(), " ") for match in re.finditer(r"[@\[「]|://|www\.", self.text)])
            self.collapse()

    def find(self, written: Sequence[Edit]) -> tuple[tuple[int, int, str], ...]:
        """Return where in the text the words stand that were written out for raw spans."""
        found: list[tuple[int, int, str]] = []
        for start, end, name in sorted(written):
            at = bisect_left(self.starts, start)
            if self.text.startswith(name, at) and self.ends[at] == end:
                found.append((at, at + len(name), name))
        return tuple(found)


def _gap(run: str) -> str:
    return "\n" if "\n" in run else " "
