"""Ways of doing the same, measured turn by turn in one process, so that whatever slows the machine slows all of them.

Each round gives every way one turn, forwards and backwards by turns. Speeds are medians over the rounds; a ratio is
taken inside each round, and its median and extremes are what a table shows.
"""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from benchmarks.report import Row, Spread, spread
from core.clock import monotonic

ROUNDS, QUICK_ROUNDS = 7, 3
TURN = 0.15
"""Seconds that a turn takes at least, so that the clock's grain and a stray interrupt do not show."""

Work = Callable[[], int]
"""Does a turn and returns how many pieces it did."""
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Turns:
    """Pieces a second of each way, round by round."""

    speeds: Mapping[str, Sequence[float]]

    def speed(self, way: str) -> Spread:
        """Return the speed of one way."""
        return spread(self.speeds[way])

    def ratio(self, way: str, other: str) -> Spread:
        """Return how many times as fast as another a way is, taken round by round."""
        return spread([mine / its for mine, its in zip(self.speeds[way], self.speeds[other], strict=True)])

    def row(self, way: str, unit: str) -> Row:
        """Return the columns for the speed of one way."""
        speed = self.speed(way)
        return {unit: rounded(speed.median), "spread": speed.percent}

    def against(self, ours: str, peer: str, goal: float | None = None) -> Row:
        """Return the columns that set us against a peer; with a goal also whether the median reaches it."""
        ratio = self.ratio(ours, peer)
        found: Row = {"ours is ×": rounded(ratio.median), "× spread": ratio.percent}
        return found if goal is None else found | {"goal ×": goal, "met": ratio.median >= goal}


def in_turns(ways: Mapping[str, Work], rounds: int = ROUNDS) -> Turns:
    """Warm every way up with one turn, then measure; no rubbish is collected while the clock runs."""
    speeds: dict[str, list[float]] = {way: [] for way in ways}
    for work in ways.values():
        work()
    for way in _order(ways, rounds):
        speeds[way].append(_turn(ways[way]))
    return Turns(speeds)


async def in_turns_awaited(ways: Mapping[str, Callable[[], Awaitable[int]]], rounds: int = ROUNDS) -> Turns:
    """Do the same with ways that are awaited."""
    speeds: dict[str, list[float]] = {way: [] for way in ways}
    for work in ways.values():
        await work()
    for way in _order(ways, rounds):
        with _no_collection():
            began = monotonic()
            done = await ways[way]()
            speeds[way].append(done / (monotonic() - began))
    return Turns(speeds)


def over(call: Callable[[_Item], Any], items: Sequence[_Item], *, pieces: int = 1, seconds: float = TURN) -> Work:
    """Return the turn that calls a way for each item, as many times over as ``seconds`` hold, at least once.

    ``pieces`` is how many are in an item. The first run over the items warms up, the second tells how long one takes.
    """

    def through() -> int:
        for item in items:
            call(item)
        return len(items)

    through()
    passes = max(1, round(seconds * _turn(through) / len(items)))
    return lambda: pieces * sum(through() for _ in range(passes))


def for_a_while(call: Callable[[], object], seconds: float = TURN) -> Work:
    """Return the turn that makes calls until ``seconds`` are over, at least one; for calls that take a millisecond."""

    def work() -> int:
        done, end = 0, monotonic() + seconds
        while not done or monotonic() < end:
            call()
            done += 1
        return done

    return work


def rounded(value: float) -> float:
    """Return a figure with as many digits as it is worth: three, and no fractions above a hundred."""
    return round(value) if abs(value) >= 100 else float(f"{value:.3g}")


def _order(ways: Iterable[str], rounds: int) -> Iterator[str]:
    """Yield whose turn it is: forwards in one round, backwards in the next."""
    order = list(ways)
    for _ in range(rounds):
        yield from order
        order.reverse()


def _turn(work: Work) -> float:
    """Return pieces a second of one turn."""
    with _no_collection():
        began = monotonic()
        done = work()
        return done / (monotonic() - began)


@contextmanager
def _no_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
