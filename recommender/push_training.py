"""What pushes and orders teach the second look: of the shown products, those that were ordered stand above the others.

A need stands in for the query: its words, its price bound. Who orders the second of three has passed the first one by;
what stood below may not have been read, so it counts half.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.database import execute
from recommender.gain import Result
from recommender.match_training import Pairs
from recommender.models import NeedRecord, Push
from recommender.retrieval import Retrieval
from recommender.second_look import FEATURES

FEWEST = 30
"""Pushes that teach something, below which nothing is learned from them: single orders are chance."""
_BELOW = 0.5
_FIRST_STEP = 200
_POPULARITY = FEATURES.index("popularity")

_needs = NeedRecord.__table__  # type: ignore[attr-defined]
_pushes = Push.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class OrderedFrom:
    """One push that led to orders: the need as a query, and what was shown, in order: (product id, ordered)."""

    query: str
    shown: tuple[tuple[int, bool], ...]

    @property
    def teaches(self) -> bool:
        """Tell whether something was ordered and something was not."""
        return len({ordered for _, ordered in self.shown}) == 2


async def ordered_from(session: AsyncSession) -> list[OrderedFrom]:
    """Return the stored pushes that led to an order of what they showed beside something else, oldest first."""
    query = (
        select(_pushes.c.products, _needs.c.terms, _needs.c.detail)
        .join(_needs, _needs.c.inbox_id == _pushes.c.inbox_id)
        .where(_pushes.c.result == Result.ORDERED)
        .order_by(_pushes.c.id)
    )
    found = (
        OrderedFrom(
            need_query(row.terms, row.detail),
            tuple((int(entry["product"]), bool(entry.get("ordered"))) for entry in row.products),
        )
        for row in await execute(session, query)
    )
    return [one for one in found if one.teaches]


def need_query(terms: Sequence[str], detail: Mapping[str, Any]) -> str:
    """Return a stored need as somebody would search for it."""
    words = [*detail.get("attributes", ()), detail.get("brand", ""), *detail.get("modifiers", ()), *terms]
    cheap = "便宜的" if detail.get("cheap") else ""
    bound = f"{detail['price_max']:g}元以内" if detail.get("price_max") else ""
    return cheap + "".join(dict.fromkeys(words)) + bound


def push_pairs(retrieval: Retrieval, places: Mapping[int, int], pushes: Iterable[OrderedFrom]) -> Iterator[Pairs]:
    """Yield for each push its pairs: differences of features (ordered minus not), and each pair's share of its loss.

    ``places`` are those of products by id in the retrieval; a product that is gone is left out. Popularity is taken out
    of the pairs: the orders that they were made of are counted in it.
    """
    for push in pushes:
        shown = [(places[product], ordered) for product, ordered in push.shown if product in places]
        if len({ordered for _, ordered in shown}) < 2:
            continue
        query, top = retrieval.first_step(push.query, _FIRST_STEP)
        seen = {one.place for one in top}
        found = [*top, *(retrieval.found(place, 0.0) for place, _ in shown if place not in seen)]
        at = {one.place: number for number, one in enumerate(found)}
        features = np.array(retrieval.second.features(query, found, retrieval.index))
        features[:, _POPULARITY] = 0.0
        pairs = [
            (features[at[better]] - features[at[worse]], 1.0 if below < above else _BELOW)
            for above, (better, ordered) in enumerate(shown)
            for below, (worse, passed_by) in enumerate(shown)
            if ordered and not passed_by
        ]
        share = np.array([weight for _, weight in pairs])
        yield np.array([difference for difference, _ in pairs]), share / share.sum()
