"""Learning the weights of the second look from labelled queries and from what a catalogue says of itself.

A catalogue yields queries by itself: a title's head with some of its other words is a query for that title, and a
title that lacks one of those words answers it less well. Pairs of a better and a worse title of one query are told
apart by logistic regression on the differences of their features, drawn to weights that are right without any data.
Source of the loss: Burges et al., "Learning to Rank using Gradient Descent", 2005, with a linear scorer.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from recommender.retrieval import LOOKED_AT, Retrieval
from recommender.second_look import FEATURES, FORMAT, PRIOR

_PULL = 0.02
"""How strongly weights are drawn to the prior, against the mean loss of a query."""
_SHARPNESS = 0.3
"""How soon a pair that is told apart stops teaching; the order itself does not depend on the weights' size."""
_MOST_FURTHER = 3
_IN_ORDER = 0.7
"""Share of a catalogue's own queries that keep the order of the title; in the others the head comes last."""
_MOST_PAIRS = 400
"""Pairs of one query; more teach the same again."""

Floats = npt.NDArray[np.float64]
Pairs = tuple[Floats, Floats]
"""Of one query: differences of features (better minus worse), a row a pair; and each pair's share of its loss."""


@dataclass(frozen=True, slots=True)
class GradedQuery:
    """A query with the grade (0..3) of titles by their place in the catalogue; titles without one are grade 0."""

    query: str
    grades: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Trained:
    """What training came to. ``loss`` is the mean loss of a query with the prior and with the trained weights."""

    weights: Mapping[str, float]
    queries: int
    pairs: int
    loss: tuple[float, float]

    def document(self, about: str) -> str:
        """Return the artefact's text; ``about`` says what it was trained from."""
        weights = {name: round(weight, 4) for name, weight in self.weights.items()}
        known = {"format": FORMAT, "trained_from": about, "queries": self.queries, "pairs": self.pairs}
        return json.dumps({**known, "weights": weights}, ensure_ascii=False, indent=2) + "\n"


def own_queries(retrieval: Retrieval, count: int, seed: int = 7) -> Iterator[GradedQuery]:
    """Yield queries that titles pose themselves; only what lacks a word of the query counts as worse."""
    chance = np.random.default_rng(seed)
    titles = retrieval.titles
    for place in chance.integers(0, len(titles), count) if titles else ():
        read = retrieval.reader.read(titles[place])
        names = list(dict.fromkeys(word.text for word in read.words if not word.text.isdigit()))
        if read.head < 0 or len(names) < 2:
            continue
        head = read.words[read.head].text
        others = [name for name in names if name != head]
        taken = list(chance.permutation(others)[: chance.integers(0, _MOST_FURTHER + 1)])
        in_order = [name for name in names if name in taken or name == head]
        words = in_order if chance.random() < _IN_ORDER else [*taken, head]
        same = {other: 3 for other, title in enumerate(titles) if all(word in title for word in words)}
        if len(same) < LOOKED_AT // 2:
            query = GradedQuery("".join(words), same)
            yield query
            if (price := retrieval.prices[place]) is not None:
                yield _bounded(query, price, retrieval.prices)


def _bounded(graded: GradedQuery, price: float, prices: Sequence[float | None]) -> GradedQuery:
    """Return a query that also states the price of its title as a bound: what is dearer answers it badly."""
    bound = math.ceil(price)
    within = {place: 3 if (prices[place] or 0) <= bound else 1 for place in graded.grades}
    return GradedQuery(f"{graded.query}{bound}元以内", within)


def train(
    sets: Iterable[tuple[Retrieval, Iterable[GradedQuery]]],
    pull: float = _PULL,
    *,
    prior: Mapping[str, float] = PRIOR,
    further: Iterable[Pairs] = (),
) -> Trained:
    """Return weights learned from queries over one or more catalogues.

    They are drawn to ``prior``; ``further`` are pairs from elsewhere, each query's as much as one of the catalogues'.
    """
    known = (_pairs(retrieval, graded) for retrieval, queries in sets for graded in queries)
    taught = [pairs for pairs in chain(known, further) if len(pairs[1])]
    start = np.array([prior[name] for name in FEATURES])
    if not taught:
        return Trained(dict(prior), 0, 0, (0.0, 0.0))
    every = np.concatenate([differences for differences, _ in taught]) * _SHARPNESS
    shares = np.concatenate([share for _, share in taught]) / len(taught)
    found, before, after = _fit(every, shares, start, pull)
    weights = dict(zip(FEATURES, map(float, found), strict=True))
    return Trained(weights, len(taught), len(shares), (before, after))


def _pairs(retrieval: Retrieval, graded: GradedQuery) -> Pairs:
    """Return the differences of features (better minus worse) of one query, and each pair's share of its loss."""
    query, found = retrieval.first_step(graded.query, LOOKED_AT)
    features = np.array(retrieval.second.features(query, found, retrieval.index)).reshape(len(found), len(FEATURES))
    gains = np.array([2.0 ** graded.grades.get(one.place, 0) - 1 for one in found])
    better, worse = np.nonzero(gains[:, None] > gains[None, :])
    if len(better) > _MOST_PAIRS:
        kept = np.random.default_rng(len(better)).choice(len(better), _MOST_PAIRS, replace=False)
        better, worse = better[kept], worse[kept]
    share = gains[better] - gains[worse]
    return features[better] - features[worse], share / share.sum() if len(share) else share


def _fit(differences: Floats, shares: Floats, prior: Floats, pull: float) -> tuple[Floats, float, float]:
    """Minimise the mean logistic loss of pairs plus the pull to the prior; return weights and losses."""
    from scipy.optimize import minimize  # noqa: PLC0415 - comes with scikit-learn; only training needs it

    def loss(weights: Floats) -> tuple[float, Floats]:
        margins = differences @ weights
        away = weights - prior
        value = float(shares @ np.logaddexp(0.0, -margins) + pull * (away @ away))
        slope = -(shares / (1 + np.exp(np.clip(margins, -30, 30)))) @ differences + 2 * pull * away
        return value, slope

    found = minimize(loss, prior, jac=True, method="L-BFGS-B")
    return found.x, loss(prior)[0], float(found.fun)


def graded_by_place(ids: Sequence[str], graded: Mapping[str, int]) -> dict[int, int]:
    """Turn grades by product id into grades by place in the catalogue; ids of no product are left out."""
    places = {product: place for place, product in enumerate(ids)}
    return {places[product]: grade for product, grade in graded.items() if product in places}
