"""Judging rankings against grades: nDCG@10, P@1 and MRR with their confidence, and two ways pairwise. Pure.

Sources: Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", 2002 (with gains of 2^grade - 1);
Sakai, "Evaluating evaluation metrics based on the bootstrap", 2006.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

DEPTH = 10
_RESAMPLES = 2000
_SEED = 7
_RELEVANT = 2

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one ranking is worth for one query, each 0..1."""

    ndcg: float
    first: float
    reciprocal: float


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over queries with the ends of its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One way against another over the same queries: the difference of nDCG, and where each was better."""

    difference: Mean
    better: int
    worse: int
    level: int

    @property
    def certain(self) -> bool:
        """Tell whether the interval leaves zero out."""
        return self.difference.low > 0 or self.difference.high < 0


def ndcg(found: Sequence[str], grades: Mapping[str, int]) -> float:
    """Return the normalised discounted gain of the first ten; ``grades`` hold at least one above zero."""
    gain: float = sum((2 ** grades.get(one, 0) - 1) / math.log2(place + 2) for place, one in enumerate(found[:DEPTH]))
    best = sorted(grades.values(), reverse=True)[:DEPTH]
    ideal: float = sum((2**grade - 1) / math.log2(place + 2) for place, grade in enumerate(best))
    return gain / ideal


def judge(found: Sequence[str], grades: Mapping[str, int]) -> Judgement:
    """Judge one ranking. Relevant is what fits (grade 2), or the best there is where nothing does."""
    least = min(_RELEVANT, max(grades.values()))
    hits = [place for place, one in enumerate(found[:DEPTH]) if grades.get(one, 0) >= least]
    return Judgement(ndcg(found, grades), float(0 in hits), 1 / (hits[0] + 1) if hits else 0.0)


def mean(values: Sequence[float]) -> Mean:
    """Return the mean with its bootstrap interval over queries; the same values give the same interval."""
    numbers = np.array(values, float)
    if not len(numbers):
        return Mean(0.0, 0.0, 0.0)
    low, high = np.percentile(_resampled(numbers), [2.5, 97.5])
    return Mean(float(numbers.mean()), float(low), float(high))


def compare(ours: Sequence[Judgement], theirs: Sequence[Judgement]) -> Comparison:
    """Compare two ways query by query; both lists are in the order of the queries."""
    differences = [one.ndcg - other.ndcg for one, other in zip(ours, theirs, strict=True)]
    better = sum(difference > 1e-9 for difference in differences)
    worse = sum(difference < -1e-9 for difference in differences)
    return Comparison(mean(differences), better, worse, len(differences) - better - worse)


def _resampled(values: Floats) -> Floats:
    """Return the means of samples drawn with replacement; drawn one by one, since there may be many queries."""
    chance = np.random.default_rng(_SEED)
    size = len(values)
    return np.array([values[chance.integers(0, size, size)].mean() for _ in range(_RESAMPLES)])
