"""One number for one push: what it is expected to gain against the disturbance, corrected by a group's results. Pure.

::

    score (certainty × fit) ──► log-odds ──► + the group's correction ──► P, how likely the push is wanted
    gain = P × 1 − (1 − P) × cost            cost = threshold / (1 − threshold)

A wanted push is worth 1, so the threshold says what an unwanted one costs: at 0.5 as much as a wanted one is worth, at
0.8 four times that. Without results P is the score and the gain is 0 exactly where the score is the threshold.

The correction compares the group's share of wanted pushes with the usual one, both as log-odds. The usual share weighs
as much as ``trust`` pushes (a beta prior), so that few results move little. It never moves the score that is needed
(the bar) out of ``lowest`` to ``highest``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from recommender.settings import ResultSettings

THANKED_WORTH = 0.5
"""Of a wanted push: thanks are kind and cheap, an order is neither."""
_REFUSED = 5.0
"""Pushes without an echo that one refusal weighs: most people who mind say nothing."""
_EDGE = 1e-6
"""Certainties are kept this far from 0 and 1, where log-odds end."""


class Result(StrEnum):
    """What became of a push; the empty one is not known yet."""

    OPEN = ""
    ORDERED = "ordered"  # somebody ordered what was shown, or what the need was about
    THANKED = "thanked"  # who had asked was pleased, and nobody ordered
    IGNORED = "ignored"  # no echo
    REFUSED = "refused"  # 别推了, an opt-out, a pause, 不推, the leader's 不用
    UNSEEN = "unseen"  # it never reached the group; it teaches nothing


@dataclass(frozen=True, slots=True)
class Record:
    """A group's results as of ``at``: how many pushes came to what, old ones counting less (see ``later``)."""

    ordered: float = 0.0
    thanked: float = 0.0
    ignored: float = 0.0
    refused: float = 0.0
    at: datetime | None = None

    @property
    def pushes(self) -> float:
        """Return how many pushes it rests on."""
        return self.ordered + self.thanked + self.ignored + self.refused

    def later(self, now: datetime, half_life_days: float) -> Record:
        """Return what the record still weighs at ``now``: half after ``half_life_days``."""
        if self.at is None or now <= self.at:
            return self
        kept: float = 0.5 ** ((now - self.at) / timedelta(days=half_life_days))
        return Record(self.ordered * kept, self.thanked * kept, self.ignored * kept, self.refused * kept, now)

    def plus(self, counts: Mapping[Result, int]) -> Record:
        """Return the record with further results of its own instant."""
        return Record(
            self.ordered + counts.get(Result.ORDERED, 0),
            self.thanked + counts.get(Result.THANKED, 0),
            self.ignored + counts.get(Result.IGNORED, 0),
            self.refused + counts.get(Result.REFUSED, 0),
            self.at,
        )


NO_RESULTS = Record()


@dataclass(frozen=True, slots=True)
class Gain:
    """The number that decides, and its parts.

    ``value`` is in wanted pushes; a push goes out from 0 on. ``score`` is ``certainty`` (of the need) times ``fit`` (of
    the product), ``wanted`` is P, ``correction`` is in log-odds, ``bar`` is the score from which the gain is not
    negative.
    """

    value: float
    score: float
    certainty: float
    fit: float
    wanted: float
    correction: float
    cost: float
    threshold: float
    bar: float
    record: Record = NO_RESULTS

    def kept(self) -> dict[str, Any]:
        """Return everything as JSON, to be stored with the need."""
        one = self.record
        numbers = {
            "value": self.value,
            "score": self.score,
            "certainty": self.certainty,
            "fit": self.fit,
            "wanted": self.wanted,
            "correction": self.correction,
            "cost": self.cost,
            "threshold": self.threshold,
            "bar": self.bar,
        }
        results = {"ordered": one.ordered, "thanked": one.thanked, "ignored": one.ignored, "refused": one.refused}
        counted = {"results": {name: round(count, 2) for name, count in results.items()}} if one.pushes else {}
        return {name: round(number, 4) for name, number in numbers.items()} | counted


def expected_gain(
    score: float,
    certainty: float,
    threshold: float,
    record: Record,
    settings: ResultSettings,
    *,
    asked: bool = False,
) -> Gain:
    """Return the expected gain of a push whose best product has ``score``, 0 to 1.

    ``record`` is as of now. Whoever ``asked`` the bot by its name wants an answer: no results hold that back.
    """
    correction = _correction(threshold, record, settings) if settings.enabled else 0.0
    if asked:
        correction = max(correction, 0.0)
    exact = (
        correction == 0.0
    )  # no way there and back through log-odds, so that day one is the threshold to the last bit
    wanted = score if exact else _certainty(_odds(score) + correction)
    bar = threshold if exact else _certainty(_odds(threshold) - correction)
    left = max(1 - threshold, _EDGE)
    return Gain(
        value=(wanted - threshold) / left,  # = wanted − (1 − wanted) × threshold ÷ (1 − threshold)
        score=score,
        certainty=certainty,
        fit=score / certainty if certainty > 0 else 0.0,
        wanted=wanted,
        correction=correction,
        cost=threshold / left,
        threshold=threshold,
        bar=bar,
        record=record,
    )


def share_wanted(record: Record, settings: ResultSettings) -> float:
    """Return the share of a group's pushes that are wanted, the usual share counting as ``trust`` pushes."""
    wanted = record.ordered + THANKED_WORTH * record.thanked + settings.trust * settings.usual
    return wanted / (record.ordered + record.thanked + record.ignored + _REFUSED * record.refused + settings.trust)


def _correction(threshold: float, record: Record, settings: ResultSettings) -> float:
    """Return what a group's results add to the log-odds, such that the bar stays between its bounds."""
    if not record.pushes:
        return 0.0
    found = _odds(share_wanted(record, settings)) - _odds(settings.usual)
    up = _odds(max(settings.highest, threshold)) - _odds(threshold)
    down = _odds(threshold) - _odds(min(settings.lowest, threshold))
    return min(max(found, -up), down)


def _odds(certainty: float) -> float:
    kept = min(max(certainty, _EDGE), 1 - _EDGE)
    return math.log(kept / (1 - kept))


def _certainty(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))
