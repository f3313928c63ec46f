"""A glance at a message, before it is read: can it be more than talk, and how likely is it a need? Pure.

Reading a message takes a hundred regular expressions; nine of ten messages are talk. A glance looks up every run of
one to three characters of the mask (``想买G``: goods and other known words are letters) in a table of two columns::

    run    weight   signs
    想买     1.204   a trigger could hit
    G?      0.411   -
    天       -      a hint could hit, if 冷 or 热 … is there too

**Signs** are certain: strings without which none of the rules can match (``necessities``). A message without any is
talk for the reader too, whatever came before; nothing is lost. **Weights** are learned (``screen_training``): their
sum says how likely the reader hears a need, and decides only where nobody reads: in the compiled path by itself.

``recommender.compiled.screening`` does the same for a batch in machine code; this is what it is held against.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntFlag
from functools import cache
from importlib.resources import files
from itertools import chain
from typing import Any, NamedTuple

import structlog

from recommender.constraints import STATED
from recommender.kept_necessities import recall_necessities
from recommender.masking import PAUSES
from recommender.necessities import LONGEST, Alternative, necessities
from recommender.need_model import NeedModelError, squashed
from recommender.need_rules import NeedRules, packaged_rules

_log = structlog.get_logger(__name__)

FORMAT = 1
FEATURES = 1
"""Raised whenever a feature comes to mean something else: weights made for other features are not used."""
PACKAGED = "screen_model.json"
LENGTHS = (4, 8, 12, 16, 24, 36, 60, 240)
"""Characters of the mask up to which a message counts as of one length; the last one is the longest that is read."""
SHORT = 20
"""Characters of a mask that can narrow a need down, as the reader has it."""
MOST_BITS = 128


class Sign(IntFlag):
    """What a message could be. Without a sign it cannot."""

    GOODS = 1
    """It names something sold."""
    WORDING = 2
    """Without known goods: a need of unknown ones, a trigger whose object comes later, praise or complaint."""
    HINT = 4
    """It hints at a need to come (guests, school, seasons)."""
    JOINING = 8
    """It joins somebody else's need (我也要)."""
    NARROWING = 16
    """It narrows one's own need down (要大的): short, and it states a price, an amount, a time, an attribute, …"""
    APART = 32
    """It quotes something, or is too long to be read: no matter of its words."""
    WITHDRAWAL = 64
    """It takes back one's own need (不用了, 买到了)."""


ALONE = Sign.GOODS | Sign.WORDING | Sign.HINT | Sign.APART
"""Signs of what a message can be by itself."""
_ALONE, _TO_OTHERS, _TO_ONESELF = int(ALONE), int(Sign.JOINING), int(Sign.NARROWING | Sign.WITHDRAWAL)
"""Signs as plain numbers: sets of signs are made, not looked up, and take a microsecond each."""


class Glance(NamedTuple):
    """What a glance saw: how likely the reader hears a need, 0 to 1, and what the message could be."""

    certainty: float
    signs: Sign

    @property
    def bare(self) -> bool:
        """Tell whether nothing was seen at all: talk, whatever waits."""
        return not int(self.signs)

    def talk(self, *, others: bool, own: bool) -> bool:
        """Tell whether the message is nothing but talk.

        ``others``: somebody else said a need lately, which may be joined; ``own``: its author did, and nobody else
        narrows it down or takes it back.
        """
        told = _ALONE | (_TO_OTHERS if others else 0) | (_TO_ONESELF if own else 0)
        return not int(self.signs) & told


@dataclass(frozen=True, slots=True)
class SignTable:
    """``bits`` are by string; a demand (sign, bits) is met by a message that shows all of its bits."""

    bits: Mapping[str, int]
    demands: Sequence[tuple[Sign, int]]

    def of(self, shown: int) -> Sign:
        """Return the signs of a message that shows these bits."""
        found = Sign(0)
        for sign, bits in self.demands:
            if shown & bits == bits:
                found |= sign
        return found


@dataclass(frozen=True, slots=True)
class Screen:
    """``weights`` are by run of characters, ``lengths`` by step of ``LENGTHS``; ``slope`` and ``offset`` calibrate.

    From ``need`` on a message is a need where nobody reads it (best F1 against the reader); below ``sure_talk`` the
    reader hears hardly one in two hundred of all its needs.
    """

    bias: float
    weights: Mapping[str, float]
    lengths: Sequence[float]
    slope: float
    offset: float
    sure_talk: float
    need: float
    signs: SignTable
    made: Mapping[str, Any]

    def glance(self, mask: str) -> Glance:
        """Look at the mask of a message."""
        shown = 0
        score = self.bias + self.lengths[length_step(len(mask))]
        for run in runs(mask):
            score += self.weights.get(run, 0.0)
            shown |= self.signs.bits.get(run, 0)
        signs = self.signs.of(shown)
        if Sign.GOODS in signs:
            signs &= ~Sign.WORDING
        if len(mask) > SHORT:
            signs &= ~Sign.NARROWING
        return Glance(squashed(self.slope * score + self.offset), signs)


def runs(mask: str) -> Iterator[str]:
    """Yield every run of one to three characters, ``^`` and ``$`` at the ends, as often as it occurs."""
    marked = f"^{mask}$"
    for start in range(len(marked)):
        for end in range(start + 1, min(start + LONGEST, len(marked)) + 1):
            yield marked[start:end]


def length_step(length: int) -> int:
    """Return the place in ``LENGTHS`` of a mask's length."""
    return next((place for place, most in enumerate(LENGTHS) if length <= most), len(LENGTHS) - 1)


def sign_table(rules: NeedRules) -> SignTable:
    """Return the strings without which no rule can hit.

    Triggers, cue and opinions are asked for only where no goods are known: with goods a message is always read. An
    opinion sees attributes in their own words, so an attribute beside a cue is a sign by itself. Constraints are read
    from the message and not from the mask, so whatever hides behind a letter may state one.
    """
    words = frozenset().union(*chain.from_iterable(necessities(rules.cue.pattern)))
    worded: list[Alternative] = [(frozenset("A"),)]
    for pattern in (
        *(trigger.pattern for trigger in (*rules.unknown, *rules.loose)),
        *(opinion.pattern for opinion in rules.opinions),
    ):
        worded += _without_goods(necessities(pattern.pattern))
    hinting = [one for pattern in rules.implicit for one in _without_goods(necessities(pattern.pattern))]
    narrowing = [one for pattern in STATED for one in necessities(pattern.pattern)]
    book = _Bits()
    book.demand(Sign.GOODS, [(frozenset("G"),)], 0)
    book.demand(Sign.HINT, hinting, 0)
    book.demand(Sign.JOINING, necessities(rules.joining.pattern), 0)
    book.demand(Sign.WITHDRAWAL, necessities(rules.withdrawal.pattern), 0)
    book.demand(Sign.NARROWING, [(frozenset("ABNP"),), *map(_as_masked, narrowing)], 0)
    book.demand(Sign.WORDING, worded, book.bit(words))
    return SignTable(book.bits, tuple(book.demands))


def _asked_for(rules: NeedRules) -> Iterator[re.Pattern[str]]:
    """Yield the patterns that ``sign_table`` asks about."""
    yield from (rules.cue, rules.joining, rules.withdrawal, *rules.implicit, *STATED)
    yield from (rule.pattern for rule in (*rules.unknown, *rules.loose))
    yield from (rule.pattern for rule in rules.opinions)


def _as_masked(alternative: Alternative) -> Alternative:
    """Return what is looked for in the message as it stands in the mask, where a lone sign is a pause."""
    return tuple(
        strings | {"".join("," if character in PAUSES else character for character in text) for text in strings}
        for strings in alternative
    )


def _without_goods(alternatives: Sequence[Alternative]) -> Iterator[Alternative]:
    """Yield the alternatives that hold for a message without goods, the rest of their strings."""
    for alternative in alternatives:
        sets = tuple(frozenset(text for text in strings if "G" not in text) for strings in alternative)
        if all(sets):
            yield sets


class _Bits:
    """Gives out bits to sets of strings; when they run out, an alternative asks for its rarest set alone."""

    def __init__(self) -> None:
        self.bits: dict[str, int] = {}
        self.demands: list[tuple[Sign, int]] = []
        self._of: dict[frozenset[str], int] = {}
        self._next = 0

    def bit(self, strings: frozenset[str]) -> int:
        """Return the bit that any of the strings shows."""
        if strings not in self._of:
            self._of[strings] = 1 << self._next
            self._next += 1
            for text in strings:
                self.bits[text] = self.bits.get(text, 0) | self._of[strings]
        return self._of[strings]

    def demand(self, sign: Sign, alternatives: Sequence[Alternative], also: int) -> None:
        """Note what shows a sign; ``also`` are bits that every alternative needs besides."""
        single: frozenset[str] = frozenset()
        for alternative in alternatives:
            if not alternative:
                self.demands.append((sign, also))
            elif (
                len(alternative) == 1 or self._next + len(alternative) > MOST_BITS - 2
            ):  # the single ones' and the cue's
                single |= alternative[0]
            else:
                bits = also
                for strings in alternative:
                    bits |= self.bit(strings)
                self.demands.append((sign, bits))
        if single:
            self.demands.append((sign, also | self.bit(single)))


def read_screen(text: str, path: str, rules: NeedRules) -> Screen:
    """Make a screen of the text of its file; raise ``NeedModelError`` where it is damaged or outdated."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise NeedModelError(path, "", f"is no JSON ({error}); {_AGAIN}") from error
    if not isinstance(document, dict):
        raise NeedModelError(path, "", f"is no JSON object; {_AGAIN}")
    for name, expected in (("format", FORMAT), ("features", FEATURES)):
        if document.get(name) != expected:
            raise NeedModelError(path, name, f"is {document.get(name)!r}, this program reads {expected}; {_AGAIN}")
    thresholds, made = _table(document, "thresholds", path), _table(document, "made", path)
    weights, lengths = _table(document, "weights", path), _table(document, "lengths", path)
    for run in weights:
        if not 1 <= len(run) <= LONGEST:
            raise NeedModelError(path, f"weights.{run}", f"is no run of one to {LONGEST} characters; {_AGAIN}")
    return Screen(
        bias=_number(document, "", "bias", path),
        weights=_numbers(weights, "weights.", path),
        lengths=tuple(_number(lengths, "lengths.", str(most), path) for most in LENGTHS),
        slope=_number(document, "", "slope", path),
        offset=_number(document, "", "offset", path),
        sure_talk=_number(thresholds, "thresholds.", "sure_talk", path),
        need=_number(thresholds, "thresholds.", "need", path),
        signs=sign_table(rules),
        made=made,
    )


@cache
def packaged_screen() -> Screen | None:
    """Return the screen that comes with the program.

    One that cannot be used is said once, as an error in the log; every message is then read in full.
    """
    try:
        text = files("recommender").joinpath("data", PACKAGED).read_text(encoding="utf-8")
        rules = packaged_rules()
        recall_necessities(pattern.pattern for pattern in _asked_for(rules))
        return read_screen(text, PACKAGED, rules)
    except (OSError, UnicodeDecodeError) as error:
        _log.error("screen_model_unusable", error=f"{PACKAGED}: cannot be read: {error}", consequence=_CONSEQUENCE)
    except NeedModelError as error:
        _log.error("screen_model_unusable", error=str(error), consequence=_CONSEQUENCE)
    return None


_AGAIN = "make it again with `qianqun train needs --screen`"
_CONSEQUENCE = "every message is read in full"


def _table(document: Mapping[str, Any], name: str, path: str) -> Mapping[str, Any]:
    value = document.get(name)
    if not isinstance(value, dict):
        raise NeedModelError(path, name, f"is missing; {_AGAIN}")
    return value


def _numbers(part: Mapping[str, Any], place: str, path: str) -> dict[str, float]:
    if set(map(type, part.values())) <= {int, float} and all(map(math.isfinite, part.values())):
        return dict(zip(part, map(float, part.values()), strict=True))  # ten thousand one by one take long
    return {name: _number(part, place, name, path) for name in part}


def _number(part: Mapping[str, Any], place: str, name: str, path: str) -> float:
    value = part.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise NeedModelError(path, f"{place}{name}", f"is {value!r}, not a finite number; {_AGAIN}")
    return float(value)
