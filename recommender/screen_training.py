"""Training the screen on what the reader hears in labelled lines. Imports scikit-learn (ADR 6), never at run time.

The screen learns from the reader and not from the labels: it is asked what the reader would say, more quickly. A
linear model over counts of runs (``regression.py``); the thresholds come from folds that were held out.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recommender.necessities import LONGEST
from recommender.need_training import TrainingError
from recommender.regression import FOLDS, MADE_BY, Fitted, learn
from recommender.screening import FEATURES, FORMAT, LENGTHS, length_step, runs

_MOST_LOST = 0.005
"""The share of the reader's needs that may lie below ``sure_talk``."""
_STEPS = 200


@dataclass(frozen=True, slots=True)
class Seen:
    """A labelled line as the screen sees it: its mask, its template, and whether the reader hears a need in it."""

    mask: str
    template: str
    need: bool


@dataclass(frozen=True, slots=True)
class ScreenTraining:
    """The content of the screen's file, and the model itself for those who check it."""

    document: dict[str, Any]
    fitted: Fitted

    @property
    def text(self) -> str:
        """Return the file, one weight a line."""
        return json.dumps(self.document, ensure_ascii=False, indent=1) + "\n"

    def scores(self, masks: Sequence[str]) -> np.ndarray:
        """Return scikit-learn's scores."""
        return self.fitted.scores([_counts(mask) for mask in masks])


def train_screen(lines: Sequence[Seen], made: Mapping[str, Any]) -> ScreenTraining:
    """Learn the weights, the calibration and both thresholds; ``made`` goes into the file's header."""
    truth = np.array([line.need for line in lines])
    if min(int(truth.sum()), int((~truth).sum())) < 2 * FOLDS:
        raise TrainingError(f"the screen needs {2 * FOLDS} lines in which a need is heard and as many others")
    fitted, held_out = learn([_counts(line.mask) for line in lines], truth, [line.template for line in lines])
    certainty = fitted.certainty(held_out)
    sure_talk, need, expected = _thresholds(certainty, truth)
    weights = dict(zip(fitted.features, fitted.estimator.coef_[0].tolist(), strict=True))
    document = {
        "format": FORMAT,
        "features": FEATURES,
        "made": {
            **made,
            "by": MADE_BY,
            "lines": len(lines),
            "needs": int(truth.sum()),
            "expected": expected,
        },
        "thresholds": {"sure_talk": sure_talk, "need": need},
        "bias": float(fitted.estimator.intercept_[0]),
        "slope": fitted.slope,
        "offset": fitted.offset,
        "lengths": {str(most): weights.get(_length_name(place), 0.0) for place, most in enumerate(LENGTHS)},
        "weights": {name: weight for name, weight in weights.items() if weight and len(name) <= LONGEST},
    }
    return ScreenTraining(document, fitted)


def _thresholds(certainty: np.ndarray, truth: np.ndarray) -> tuple[float, float, dict[str, float]]:
    """Return ``sure_talk`` and ``need``, and what the held-out folds promise of both."""
    sure_talk = float(np.floor(np.quantile(certainty[truth], _MOST_LOST) * 1e4) / 1e4)
    best = (0.0, 0.5, 0.0, 0.0)
    for step in range(1, _STEPS):
        level = step / _STEPS
        heard = certainty >= level
        right = int((heard & truth).sum())
        score = 2 * right / max(1, int(heard.sum() + truth.sum()))
        best = max(best, (score, level, right / max(1, int(heard.sum())), right / int(truth.sum())))
    _, need, precision, recall = best
    expected = {
        "precision": round(precision, 3),
        "recall": round(recall, 3),
        "needs_above_sure_talk": round(float((certainty[truth] >= sure_talk).mean()), 4),
        "others_below_sure_talk": round(float((certainty[~truth] < sure_talk).mean()), 3),
    }
    return sure_talk, need, expected


def _counts(mask: str) -> Counter[str]:
    return Counter((*runs(mask), _length_name(length_step(len(mask)))))


def _length_name(place: int) -> str:
    """Return the name of a step of length; longer than any run, so that it is none."""
    return f"length:{LENGTHS[place]}"
