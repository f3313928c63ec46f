"""What is never an order, whatever words are in it: questions, hearsay, advertisements, what was or may be. Pure."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from core.outcomes import Reason


@dataclass(frozen=True, slots=True)
class Refusal:
    """One rule of ``data/refusals.toml``. ``elsewhere`` rules speak only about their own clause."""

    reason: Reason
    pattern: re.Pattern[str]
    elsewhere: bool


@cache
def refusals() -> tuple[Refusal, ...]:
    """Return the rules in the order they are tried."""
    document = tomllib.loads(files("orders").joinpath("data", "refusals.toml").read_text(encoding="utf-8"))
    return tuple(
        Refusal(Reason(rule["reason"]), re.compile("".join(rule["pattern"].split())), rule.get("elsewhere", False))
        for rule in document["rule"]
    )


def refusal_of(sketch: str) -> Reason | None:
    """Return why this sketch of a message is no order, None if it may be one.

    A question beside a clear order (草莓2份，几点自提？) leaves the order standing when its clause names no goods and
    no number, and another clause has both.
    """
    clauses = re.split(r"[,;。!\n~]|(?<=\?)", sketch)
    ordered = any(re.search(r"G.{0,6}N|N.{0,3}G", clause) and "?" not in clause for clause in clauses)
    for rule in refusals():
        if rule.elsewhere and ordered:
            found = any(rule.pattern.search(clause) and re.search("[GON]", clause) for clause in clauses)
        else:
            found = rule.pattern.search(sketch) is not None
        if found:
            return rule.reason
    return None
