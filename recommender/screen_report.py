"""What the screen keeps from the reader, and what it takes for a need, held against the reader on the same lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.outcomes import Outcome
from recommender.evaluation import span
from recommender.intervals import wilson
from recommender.readings import NeedClass, Reading
from recommender.screening import Glance, Screen


@dataclass(frozen=True, slots=True)
class Both:
    """What the reader and the screen say of one line."""

    reading: Reading
    glance: Glance


def heard(reading: Reading) -> bool:
    """Tell whether the reader hears a need that may be answered."""
    return reading.need is not None and reading.need.need_class is not NeedClass.IMPLICIT


_KINDS: dict[str, Callable[[Reading], bool]] = {
    "needs": heard,
    "opinions": lambda reading: reading.outcome is Outcome.OPINION,
    "hints": lambda reading: reading.need is not None and reading.need.need_class is NeedClass.IMPLICIT,
    "half a need (two messages)": lambda reading: reading.loose is not None or bool(reading.mentions),
    "joining, taking back": lambda reading: reading.joins or reading.withdraws,
    "narrowing down": lambda reading: reading.refines,
}
"""What a reading can be besides talk."""
_ANSWERS = frozenset({"joining, taking back", "narrowing down"})
"""Kinds that mean something only while a need waits."""


def screen_table(both: Sequence[Both], screen: Screen) -> str:
    """Return shares and losses as a plain text table, with Wilson's 95 % intervals."""
    alone = sum(not one.glance.talk(others=False, own=False) for one in both)
    waiting = sum(not one.glance.talk(others=True, own=True) for one in both)
    rows = [f"screen on {len(both)} lines", f"{'':<34}{'lines':>7}{'share':>8}{'95 %':>14}"]
    rows += [
        _row("read in full", alone, len(both)),
        _row("read in full while a need waits", waiting, len(both)),
    ]
    for name, kind in _KINDS.items():
        there = [one for one in both if kind(one.reading)]
        answers = name in _ANSWERS
        lost = sum(one.glance.talk(others=answers, own=answers) for one in there)
        rows.append(_row(f"lost: {name}", lost, len(there)))
    needs = [one.glance.certainty for one in both if heard(one.reading)]
    taken = [one for one in both if one.glance.certainty >= screen.need]
    right = sum(heard(one.reading) for one in taken)
    below = sum(one.glance.certainty < screen.sure_talk for one in both)
    rows += [
        _row(f"certainty below {screen.sure_talk} (sure talk)", below, len(both)),
        _row("of the needs", sum(certainty < screen.sure_talk for certainty in needs), len(needs)),
        _row(f"certainty from {screen.need} on: precision", right, len(taken)),
        _row("recall", right, len(needs)),
    ]
    return "\n".join(rows)


def _row(name: str, part: int, whole: int) -> str:
    if not whole:
        return f"{name:<34}{'0 of 0':>7}"
    return f"{name:<34}{f'{part}/{whole}':>12}{part / whole:>8.4f}{span(wilson(part, whole)):>14}"
