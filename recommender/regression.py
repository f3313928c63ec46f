"""How the project's linear models are fitted: on all features, again on the strong ones, rounded, then calibrated.

A line is a mapping of its features' names to how often each occurs. For a yes-or-no question an L2 logistic regression
is fitted, weak weights are dropped, the rest fitted again and rounded: what is written down is the model, not an
approximation of it. How sure a score makes us is learned by Platt's method (1999) on the scores of held-out folds, cut
between templates. Imports scikit-learn (ADR 6), never at run time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import sklearn
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

FOLDS = 5
_STRENGTH = 0.3
"""Inverse of the regularisation (C). 0.1 and 1 do as well within the spread of the folds."""
_LEAST_LINES = 2
"""A feature of a single line says more about the line than about people."""
LEAST_WEIGHT = 0.05
_DECIMALS = 3
_SEED = 20

MADE_BY = f"scikit-learn {sklearn.__version__}, LogisticRegression, L2, C={_STRENGTH}, liblinear"


@dataclass(slots=True)
class Fitted:
    """One question after training. ``estimator`` holds the rounded weights of ``features``, in this order."""

    features: list[str]
    estimator: LogisticRegression
    slope: float
    offset: float

    def scores(self, lines: Sequence[Mapping[str, int]]) -> np.ndarray:
        """Return the score of each line."""
        return _scores(self.estimator, lines, self.features)

    def certainty(self, scores: np.ndarray) -> np.ndarray:
        """Return the probabilities that scores stand for."""
        return 1 / (1 + np.exp(-(self.slope * scores + self.offset)))


def learn(
    lines: Sequence[Mapping[str, int]],
    truth: np.ndarray,
    templates: Sequence[str],
    least_weight: float = LEAST_WEIGHT,
    calibrated_on: np.ndarray | None = None,
) -> tuple[Fitted, np.ndarray]:
    """Fit one question; return it with the scores that each line gets from folds without its template.

    ``truth`` is bool[lines], and so is ``calibrated_on``: the lines whose held-out scores tell how sure a score makes
    us (all when none are given). Features whose weight stays below ``least_weight`` are dropped.
    """
    held_out = np.zeros(len(lines))
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=_SEED)
    for learned, judged in folds.split(np.zeros(len(lines)), truth, np.array(templates)):
        features, estimator = _fit([lines[i] for i in learned], truth[learned], least_weight)
        held_out[judged] = _scores(estimator, [lines[i] for i in judged], features)
    features, estimator = _fit(lines, truth, least_weight)
    telling = np.ones(len(lines), dtype=bool) if calibrated_on is None else calibrated_on
    slope, offset = _platt(held_out[telling], truth[telling])
    return Fitted(features, estimator, slope, offset), held_out


def _scores(estimator: LogisticRegression, lines: Sequence[Mapping[str, int]], features: Sequence[str]) -> np.ndarray:
    found: np.ndarray = estimator.decision_function(_matrix(lines, features)) if lines else np.zeros(0)
    return found


def _fit(
    lines: Sequence[Mapping[str, int]], truth: np.ndarray, least_weight: float
) -> tuple[list[str], LogisticRegression]:
    """Fit on all features, drop the weak ones, fit again on the rest, round."""
    counts = Counter(name for line in lines for name in line)
    features = sorted(name for name, count in counts.items() if count >= _LEAST_LINES)
    first = _regression().fit(_matrix(lines, features), truth)
    strong = [name for name, weight in zip(features, first.coef_[0], strict=True) if abs(weight) >= least_weight]
    second = _regression().fit(_matrix(lines, strong), truth)
    second.coef_ = np.round(second.coef_, _DECIMALS)
    second.intercept_ = np.round(second.intercept_, _DECIMALS)
    return strong, second


def _regression() -> LogisticRegression:
    return LogisticRegression(C=_STRENGTH, solver="liblinear", max_iter=1000)


def _matrix(lines: Sequence[Mapping[str, int]], features: Sequence[str]) -> csr_matrix:
    """Return float[lines, features]: how often each line has each feature."""
    number = {name: place for place, name in enumerate(features)}
    kept = [sorted((number[name], count) for name, count in line.items() if name in number) for line in lines]
    ends = np.cumsum([0, *map(len, kept)])
    columns = [column for line in kept for column, _ in line]
    values = [float(count) for line in kept for _, count in line]
    return csr_matrix((values, columns, ends), shape=(len(lines), len(features)))


def _platt(scores: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Return slope and offset of the logistic curve through the held-out scores."""
    curve = LogisticRegression(C=1e6, solver="lbfgs").fit(scores.reshape(-1, 1), truth)
    return round(float(curve.coef_[0, 0]), _DECIMALS), round(float(curve.intercept_[0]), _DECIMALS)
