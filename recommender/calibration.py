"""How far the score of a push can be trusted, from stored results: by score, what became of needs and pushes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.database import execute
from recommender.gain import THANKED_WORTH, Result
from recommender.models import NeedRecord, Push

_needs = NeedRecord.__table__  # type: ignore[attr-defined]
_pushes = Push.__table__  # type: ignore[attr-defined]
_EDGES = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Where the bins of scores begin."""


@dataclass(frozen=True, slots=True)
class Decided:
    """One need, what was decided about it, and what came of the push if there was one (None: there was none).

    ``gain`` is the number and its parts as stored (``gain.Gain.kept``), empty when no product fitted.
    """

    at: datetime
    terms: tuple[str, ...]
    state: str
    hold: str
    gain: dict[str, Any]
    result: Result | None


@dataclass(slots=True)
class Bin:
    """The needs whose best product's score lay between ``low`` and ``high``; ``results`` counts their pushes."""

    low: float
    high: float
    needs: int = 0
    pushes: int = 0
    results: Counter[Result] = field(default_factory=Counter)

    @property
    def settled(self) -> int:
        """Return how many pushes taught something."""
        return sum(self.results[one] for one in (Result.ORDERED, Result.THANKED, Result.IGNORED, Result.REFUSED))

    @property
    def wanted(self) -> float:
        """Return the share of wanted pushes among those that taught something; 0 without any."""
        wanted = self.results[Result.ORDERED] + THANKED_WORTH * self.results[Result.THANKED]
        return wanted / self.settled if self.settled else 0.0


async def decided(session: AsyncSession, group_ids: Collection[int] | None, limit: int) -> list[Decided]:
    """Return the newest ``limit`` decided needs, newest first, of some groups or of all."""
    query = (
        select(_needs.c.at, _needs.c.terms, _needs.c.state, _needs.c.hold, _needs.c.detail, _pushes.c.result)
        .outerjoin(_pushes, _pushes.c.inbox_id == _needs.c.inbox_id)
        .order_by(_needs.c.id.desc())
        .limit(limit)
    )
    if group_ids is not None:
        query = query.where(_needs.c.group_id.in_(group_ids))
    return [
        Decided(
            row.at,
            tuple(row.terms),
            row.state,
            row.hold or "",
            dict(row.detail.get("gain", {})),
            None if row.result is None else Result(row.result),
        )
        for row in await execute(session, query)
    ]


def by_score(needs: Iterable[Decided]) -> list[Bin]:
    """Return the bins of scores with their counts; needs that nothing fitted are in none."""
    bins = [Bin(low, high) for low, high in zip(_EDGES, (*_EDGES[1:], 1.0), strict=True)]
    for need in needs:
        if not need.gain:
            continue
        score = float(need.gain["score"])
        place = next(one for one in reversed(bins) if score >= one.low)
        place.needs += 1
        if need.result is not None:
            place.pushes += 1
            place.results[need.result] += 1
    return bins
