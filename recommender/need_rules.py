"""The rules of needs, made of ``data/need_rules.toml``; the file explains its notation."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import Any

from core.late import late
from core.outcomes import Reason
from recommender.gates import Gate
from recommender.kept_necessities import recall_necessities

NOUN = "(?:[ABP][的嘅]?|G的?(?=[ABPG]))*G"
"""An object phrase of the mask: what narrows it down, then goods."""
_SHORT_GAP = "[^,?]{0,8}?"
_LONG_GAP = ".{0,12}?"
_UNKNOWN = "(?P<x{}>[一-龥a-zABP0-9]{{2,8}}?)"
_OPEN_LISTS = frozenset({"ask", "end"})
"""Lists that match at the end of every message."""
_NAME = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Trigger:
    """A way of saying that something is wanted.

    ``inside`` tells that the pattern contains the object; otherwise the object is looked for around the match, and a
    trigger that finds none may wait for the member's next message. ``consumed`` rules are about things that run
    out, so they say nothing about furniture. ``takes_unknown`` rules name an object of no list by their only kind of
    group.
    """

    need_class: str
    name: str
    strength: float
    pattern: re.Pattern[str]
    inside: bool
    consumed: bool
    takes_unknown: bool


@dataclass(frozen=True, slots=True)
class Blocker:
    """What makes a trigger no need; ``kept`` cancels the blocker again.

    ``scope`` is where it is looked for: ``clause`` (the trigger's own), ``before`` (that and the clause in front),
    ``around`` (one more behind) or ``message``. ``spares`` are need classes it says nothing about, ``times`` how
    many different signs it takes. What a ``final`` one applies to is not rescued by the model either.
    """

    name: str
    reason: Reason
    scope: str
    pattern: re.Pattern[str]
    kept: re.Pattern[str] | None
    spares: frozenset[str] = frozenset()
    times: int = 1
    final: bool = False

    def applies(self, stretch: str) -> bool:
        """Tell whether this stretch of a message is blocked."""
        if self.times == 1:
            found = self.pattern.search(stretch) is not None
        else:
            found = len({match[0] for match in self.pattern.finditer(stretch)}) >= self.times
        return found and not (self.kept and self.kept.search(stretch))


@dataclass(frozen=True, slots=True)
class OpinionRule:
    """Praise or complaint; ``unless`` tells questions and talk apart."""

    reason: Reason
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None


class Side(Enum):
    """What a judgement says of goods: for them, against them, that nothing was judged, or only who judges."""

    PRAISING = "praising"
    BLAMING = "blaming"
    SPOILING = "spoiling"
    TELLING = "telling"


@dataclass(frozen=True, slots=True)
class JudgementRule:
    """A way of judging goods, or of only seeming to; the model weighs which of them a message has."""

    name: str
    side: Side
    pattern: re.Pattern[str]


class Remark(Enum):
    """What single patterns find in a mask; a hint is any of the ``implicit`` ones."""

    CUE = "cue"
    HINT = "hint"
    JOINING = "joining"
    WITHDRAWAL = "withdrawal"


@dataclass(frozen=True, slots=True)
class PossibleRules:
    """The rules that may match a mask (of opinions: a mask that is spelt out), in their order."""

    triggers: Callable[[str], Sequence[Trigger]]
    unknown: Callable[[str], Sequence[Trigger]]
    loose: Callable[[str], Sequence[Trigger]]
    blockers: Callable[[str], Sequence[Blocker]]
    opinions: Callable[[str], Sequence[OpinionRule]]
    purpose: Callable[[str], Sequence[re.Pattern[str]]]


@dataclass(frozen=True, slots=True)
class FoundRules:
    """What does match a mask: blockers that apply to it, lists by name, and what else is said by single patterns.

    Judgements are asked of a mask that is spelt out.
    """

    blockers: Callable[[str], Sequence[Blocker]]
    lists: Callable[[str], Sequence[str]]
    judgements: Callable[[str], Sequence[JudgementRule]]
    remarks: Callable[[str], Sequence[Remark]]


@dataclass(frozen=True, slots=True)
class NeedRules:
    """All rules, in the order they are tried. ``order`` ranks need classes, the more telling first.

    ``unknown`` are the triggers that need no known goods, ``loose`` those whose object may be elsewhere; ``cue`` is in
    every message without goods that any rule could mean. ``holds`` tells by vessel what has run out where it is empty;
    ``lists`` are the word lists and signs of the file by name, ``judgements`` what only the model's questions about
    opinions see;
    ``never_slips`` characters that nobody types for another in the name of goods; ``possible`` and ``found`` tell which
    rules a mask can match at all and which it does, both from one look of the ``gate``.
    """

    order: Mapping[str, int]
    triggers: tuple[Trigger, ...]
    unknown: tuple[Trigger, ...]
    loose: tuple[Trigger, ...]
    blockers: tuple[Blocker, ...]
    implicit: tuple[re.Pattern[str], ...]
    opinions: tuple[OpinionRule, ...]
    cue: re.Pattern[str]
    joining: re.Pattern[str]
    no_hint: re.Pattern[str]
    stated: re.Pattern[str]
    stated_time: re.Pattern[str]
    wanted_by: re.Pattern[str]
    beside: re.Pattern[str]
    withdrawal: re.Pattern[str]
    not_a_name: re.Pattern[str]
    purpose: re.Pattern[str]
    durable: tuple[str, ...]
    holds: Mapping[str, str]
    never_slips: frozenset[str]
    lists: Mapping[str, re.Pattern[str]]
    judgements: tuple[JudgementRule, ...]
    gate: Gate
    possible: PossibleRules
    found: FoundRules


@cache
def packaged_rules() -> NeedRules:
    """Return the rules that come with the program."""
    text = files("recommender").joinpath("data", "need_rules.toml").read_text(encoding="utf-8")
    document = tomllib.loads(text)
    book = _Book(document["words"])
    triggers = tuple(book.trigger(entry) for entry in document["trigger"])
    single = {name: book.compile(pattern) for name, pattern in document["single"].items()}
    unknown = tuple(trigger for trigger in triggers if trigger.takes_unknown)
    loose = tuple(trigger for trigger in triggers if not trigger.inside)
    blockers = tuple(book.blocker(entry) for entry in document["blocker"])
    lists = {name: book.compile(f"{{{name}}}") for name in document["words"] if name not in _OPEN_LISTS}
    lists |= {name: book.compile(pattern) for name, pattern in document["signs"].items()}
    judgements = tuple(
        JudgementRule(name, side, book.compile(pattern))
        for side in Side
        for name, pattern in document["judgements"][side.value].items()
    )
    implicit = tuple(book.compile(entry["pattern"]) for entry in document["implicit"])
    opinions = tuple(
        OpinionRule(Reason(entry["reason"]), book.compile(entry["pattern"]), book.optional(entry.get("not")))
        for entry in document["opinion"]
    )
    recall_necessities(book.written, closely=True)
    gate = Gate()
    return NeedRules(
        order={name: place for place, name in enumerate(document["order"])},
        triggers=triggers,
        unknown=unknown,
        loose=loose,
        blockers=blockers,
        implicit=implicit,
        opinions=opinions,
        durable=tuple(document["durable"]),
        holds=document["holds"],
        never_slips=frozenset(document["never_slips"]),
        lists=lists,
        judgements=judgements,
        gate=gate,
        possible=PossibleRules(
            triggers=gate.guard(triggers, lambda rule: rule.pattern),
            unknown=gate.guard(unknown, lambda rule: rule.pattern),
            loose=gate.guard(loose, lambda rule: rule.pattern),
            blockers=gate.guard(blockers, lambda rule: rule.pattern),
            opinions=gate.guard(opinions, lambda rule: rule.pattern),
            purpose=gate.guard((single["purpose"],), lambda pattern: pattern),
        ),
        found=FoundRules(
            blockers=gate.finder(blockers, (rule.pattern for rule in blockers), Blocker.applies),
            lists=gate.finder(lists, lists.values()),
            judgements=gate.finder(judgements, (rule.pattern for rule in judgements)),
            remarks=gate.finder(
                (Remark.CUE, Remark.JOINING, Remark.WITHDRAWAL, *[Remark.HINT] * len(implicit)),
                (single["cue"], single["joining"], single["withdrawal"], *implicit),
            ),
        ),
        **single,
    )


class _Book:
    """Reads the notation: word lists by name, gaps, objects; white space in patterns is for the reader's eye."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self.written: list[str] = []
        """Every pattern so far."""
        self._words = {"noun": NOUN}
        for name, alternatives in words.items():
            self._words[name] = f"(?:{self._expand(alternatives)})"

    def trigger(self, entry: Mapping[str, Any]) -> Trigger:
        pattern = entry["pattern"]
        return Trigger(
            need_class=entry["class"],
            name=entry["name"],
            strength=entry.get("strength", 0.85),
            pattern=self.compile(pattern),
            inside="{noun}" in pattern or "{x}" in pattern,
            consumed=entry.get("consumed", False),
            takes_unknown="{x}" in pattern,
        )

    def blocker(self, entry: Mapping[str, Any]) -> Blocker:
        return Blocker(
            name=entry["name"],
            reason=Reason(entry["reason"]),
            scope=entry.get("scope", "around"),
            pattern=self.compile(entry["pattern"]),
            kept=self.optional(entry.get("kept")),
            spares=frozenset(entry.get("spares", ())),
            times=entry.get("times", 1),
            final=entry.get("final", False),
        )

    def optional(self, pattern: str | None) -> re.Pattern[str] | None:
        return self.compile(pattern) if pattern else None

    def compile(self, pattern: str) -> re.Pattern[str]:
        self.written.append(self._expand(pattern))
        return late(self.written[-1])

    def _expand(self, pattern: str) -> str:
        text = "".join(pattern.split())
        for number in range(text.count("{x}")):
            text = text.replace("{x}", _UNKNOWN.format(number), 1)
        text = _NAME.sub(lambda match: self._words[match[1]], text)
        return text.replace("…", _SHORT_GAP).replace("〜", _LONG_GAP)
