"""The rules of needs, compiled from ``data/need_rules.toml``; the file explains its notation."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from core.outcomes import Reason

NOUN = "(?:[ABP的]|G的?(?=[ABPG]))*G"
_UNKNOWN = "(?P<x>[一-龥a-zABP]{2,8}?)(?=的?(?:吗|么|嘛|没|不|呢|吧|啊|呀|哦|哈|捏|了|,|\\?|$))"
_QUESTION = "(吗|么|嘛|没|没有|不|呢|呀|啊|\\?|,|$)"
_SHORT_GAP = "[^,?]{0,8}?"
_LONG_GAP = ".{0,12}?"


@dataclass(frozen=True, slots=True)
class Trigger:
    """A way of saying that something is wanted."""

    need_class: str
    name: str
    strength: float
    pattern: re.Pattern[str]

    @property
    def takes_unknown(self) -> bool:
        """Tell whether the rule names its object by the group ``x``, known word or not."""
        return "x" in self.pattern.groupindex


@dataclass(frozen=True, slots=True)
class Blocker:
    """What makes a trigger no need; ``kept`` cancels the blocker again."""

    name: str
    reason: Reason
    pattern: re.Pattern[str]
    kept: re.Pattern[str] | None

    def applies(self, mask: str) -> bool:
        """Tell whether this stretch of a message is blocked."""
        return self.pattern.search(mask) is not None and not (self.kept and self.kept.search(mask))


@dataclass(frozen=True, slots=True)
class OpinionRule:
    """Praise or complaint about goods; ``unless`` tells questions apart."""

    reason: Reason
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class NeedRules:
    """All rules, in the order they are tried."""

    triggers: tuple[Trigger, ...]
    blockers: tuple[Blocker, ...]
    implicit: tuple[re.Pattern[str], ...]
    opinions: tuple[OpinionRule, ...]
    loose: tuple[Trigger, ...]
    joining: re.Pattern[str]
    refinement: re.Pattern[str]
    withdrawal: re.Pattern[str]


@cache
def packaged_rules() -> NeedRules:
    """Return the rules that come with the program."""
    text = files("recommender").joinpath("data", "need_rules.toml").read_text(encoding="utf-8")
    document = tomllib.loads(text)
    return NeedRules(
        triggers=tuple(_trigger(entry) for entry in document["trigger"]),
        blockers=tuple(
            Blocker(entry["name"], Reason(entry["reason"]), _compile(entry["pattern"]), _optional(entry.get("kept")))
            for entry in document["blocker"]
        ),
        implicit=tuple(_compile(entry["pattern"]) for entry in document["implicit"]),
        opinions=tuple(
            OpinionRule(Reason(entry["reason"]), _compile(entry["pattern"]), _optional(entry.get("not")))
            for entry in document["opinion"]
        ),
        loose=tuple(_trigger(entry) for entry in document["loose"]),
        joining=_compile(document["joining"][0]["pattern"]),
        refinement=_compile(document["refinement"][0]["pattern"]),
        withdrawal=_compile(document["withdrawal"][0]["pattern"]),
    )


def _trigger(entry: dict[str, Any]) -> Trigger:
    return Trigger(entry["class"], entry["name"], entry.get("strength", 0.85), _compile(entry["pattern"]))


def _optional(pattern: str | None) -> re.Pattern[str] | None:
    return _compile(pattern) if pattern else None


def _compile(pattern: str) -> re.Pattern[str]:
    for sign, meaning in (
        ("{noun}", NOUN),
        ("{x}", _UNKNOWN),
        ("{q}", _QUESTION),
        ("…", _SHORT_GAP),
        ("〜", _LONG_GAP),
    ):
        pattern = pattern.replace(sign, meaning)
    return re.compile(pattern)
