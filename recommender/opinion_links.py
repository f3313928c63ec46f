"""What an opinion is about that names no goods: what its author ordered, where that can be only one thing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from orders import evidence
from orders.evidence import Bought
from recommender.models import Opinion

_JUDGED_WITHIN = timedelta(days=14)
"""Food is judged within days of the order; whoever ordered longer ago speaks of something else."""


async def subjects(
    session: AsyncSession, opinions: Sequence[Opinion], heirs: Mapping[int, int]
) -> list[tuple[str, ...]]:
    """Return for each opinion the goods or the title it is about; nothing where that is not known.

    ``heirs`` names the group that goes on in place of one that was given up.
    """
    silent = [opinion for opinion in opinions if not opinion.about]
    bought: list[Bought] = []
    if silent:
        since = min(opinion.at for opinion in silent) - _JUDGED_WITHIN
        bought = await evidence.bought(session, {opinion.member for opinion in silent}, since)
    return [tuple(opinion.about) or only_order(opinion, bought, heirs) for opinion in opinions]


def only_order(opinion: Opinion, bought: Sequence[Bought], heirs: Mapping[int, int]) -> tuple[str, ...]:
    """Return the title that an opinion must be about: of what came to its author here, or else of what was ordered."""
    here = heirs.get(opinion.group_id, opinion.group_id)
    own = [
        one
        for one in bought
        if one.member == opinion.member
        and heirs.get(one.group_id, one.group_id) == here
        and opinion.at - _JUDGED_WITHIN <= one.at < opinion.at
    ]
    titles = {one.title for one in own if one.arrived} or {one.title for one in own}
    return tuple(titles) if len(titles) == 1 else ()
