"""Training the screen on what the reader hears in labelled lines. Imports scikit-learn (ADR 6), never at run time.

The screen learns from the reader and not from the labels: it is asked what the reader would say, more quickly. An L2
logistic regression over counts of runs, weak weights dropped and the rest fitted again and rounded, as for the model
of needs; thresholds and calibration come from folds that were held out, cut between templates.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sklearn
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from recommender.necessities import LONGEST
from recommender.need_training import TrainingError
from recommender.screening import FEATURES, FORMAT, LENGTHS, length_step, runs

_STRENGTH = 0.3
"""Inverse of the regularisation (C)."""
_LEAST_LINES = 2
_LEAST_WEIGHT = 0.05
_DECIMALS = 3
_FOLDS = 5
_SEED = 20
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
    """The content of the screen's file, and scikit-learn's model of the rounded weights for those who check it."""

    document: dict[str, Any]
    features: Sequence[str]
    estimator: LogisticRegression

    @property
    def text(self) -> str:
        """Return the file, one weight a line."""
        return json.dumps(self.document, ensure_ascii=False, indent=1) + "\n"

    def scores(self, masks: Sequence[str]) -> np.ndarray:
        """Return scikit-learn's scores."""
        found: np.ndarray = self.estimator.decision_function(_matrix([_counts(mask) for mask in masks], self.features))
        return found


def train_screen(lines: Sequence[Seen], made: Mapping[str, Any]) -> ScreenTraining:
    """Learn the weights, the calibration and both thresholds; ``made`` goes into the file's header."""
    truth = np.array([line.need for line in lines])
    if min(int(truth.sum()), int((~truth).sum())) < 2 * _FOLDS:
        raise TrainingError(f"the screen needs {2 * _FOLDS} lines in which a need is heard and as many others")
    counts = [_counts(line.mask) for line in lines]
    groups = np.array([line.template for line in lines])
    held_out = np.zeros(len(lines))
    folds = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=_SEED)
    for learn, judge in folds.split(np.zeros(len(lines)), truth, groups):
        features, estimator = _fit([counts[i] for i in learn], truth[learn])
        held_out[judge] = estimator.decision_function(_matrix([counts[i] for i in judge], features))
    features, estimator = _fit(counts, truth)
    curve = LogisticRegression(C=1e6, solver="lbfgs").fit(held_out.reshape(-1, 1), truth)
    slope, offset = round(float(curve.coef_[0, 0]), _DECIMALS), round(float(curve.intercept_[0]), _DECIMALS)
    certainty = 1 / (1 + np.exp(-(slope * held_out + offset)))
    sure_talk, need, expected = _thresholds(certainty, truth)
    weights = dict(zip(features, estimator.coef_[0].tolist(), strict=True))
    document = {
        "format": FORMAT,
        "features": FEATURES,
        "made": {
            **made,
            "by": f"scikit-learn {sklearn.__version__}, LogisticRegression, L2, C={_STRENGTH}, liblinear",
            "lines": len(lines),
            "needs": int(truth.sum()),
            "expected": expected,
        },
        "thresholds": {"sure_talk": sure_talk, "need": need},
        "bias": float(estimator.intercept_[0]),
        "slope": slope,
        "offset": offset,
        "lengths": {str(most): weights.get(_length_name(place), 0.0) for place, most in enumerate(LENGTHS)},
        "weights": {name: weight for name, weight in weights.items() if weight and len(name) <= LONGEST},
    }
    return ScreenTraining(document, features, estimator)


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


def _fit(counts: Sequence[Counter[str]], truth: np.ndarray) -> tuple[list[str], LogisticRegression]:
    """Fit on all features, drop the weak ones, fit again on the rest, round."""
    lines = Counter(name for line in counts for name in line)
    features = sorted(name for name, count in lines.items() if count >= _LEAST_LINES)
    first = _regression().fit(_matrix(counts, features), truth)
    strong = [name for name, weight in zip(features, first.coef_[0], strict=True) if abs(weight) >= _LEAST_WEIGHT]
    second = _regression().fit(_matrix(counts, strong), truth)
    second.coef_ = np.round(second.coef_, _DECIMALS)
    second.intercept_ = np.round(second.intercept_, _DECIMALS)
    return strong, second


def _regression() -> LogisticRegression:
    return LogisticRegression(C=_STRENGTH, solver="liblinear", max_iter=1000)


def _matrix(counts: Sequence[Counter[str]], features: Sequence[str]) -> csr_matrix:
    number = {name: place for place, name in enumerate(features)}
    kept = [sorted((number[name], count) for name, count in line.items() if name in number) for line in counts]
    ends = np.cumsum([0, *map(len, kept)])
    columns = [column for line in kept for column, _ in line]
    values = [float(count) for line in kept for _, count in line]
    return csr_matrix((values, columns, ends), shape=(len(counts), len(features)))
