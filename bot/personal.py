"""Access and deletion over all packages: who somebody is, what is kept of them, and taking it away at once."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.channels.local.personal import ChatPageData
from catalog.personal import CatalogData
from core import near
from core.boxes import Boxes
from core.personal import Person, PersonalData, Sheet, Traces
from groups.people import audit, ledger
from groups.people import personal as group_data
from groups.people.audit import Look
from groups.people.personal import GroupData
from groups.state import MemberKey
from orders.chains.forgetting import without_lines
from orders.masking import mask_name
from orders.personal import OrderData
from recommender.personal import RecommenderData
from scheduler.personal import SchedulerData

PARTS: tuple[PersonalData, ...] = (
    Boxes(),
    RecommenderData(),
    OrderData(),
    ChatPageData(),
    SchedulerData(),
    CatalogData(),
    GroupData(),
)
"""In this order a deletion goes through them: the inbox first, whose rows a lane holds while it decides; the lists that
say where somebody is last."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What came of a deletion: the number on its receipt, and how many rows of each kind were touched."""

    receipt: str
    counts: Mapping[str, int]

    @property
    def rows(self) -> int:
        """Return how many rows were touched in all."""
        return sum(self.counts.values())


async def person_of(session: AsyncSession, key: MemberKey, *, until: int | None = None) -> Person:
    """Return somebody with every name and place that is known of them, whether or not there is any."""
    async with near.far(session):
        return await _person_of(session, key, until)


async def _person_of(session: AsyncSession, key: MemberKey, until: int | None) -> Person:
    secret = await ledger.key(session)
    person = Person(*key, secret=secret, until=until)
    places = await group_data.places(session, person)
    person = replace(person, group_ids=places.group_ids, rooms=places.rooms)
    person = replace(person, times=await group_data.times_erased(session, person))
    names: set[str] = set()
    words: set[str] = set()
    for part in PARTS:
        found = await part.find(session, person)
        names |= found.names
        words |= found.words
    names = _with_short(names) - {"", key.contact_id}
    others = _with_short(await group_data.names_of_others(session, person))
    return replace(
        person,
        names=frozenset(names),
        words=frozenset(words),
        shared=frozenset(names & others),
        longer=frozenset(other for other in others if any(name in other and name != other for name in names)),
    )


def _with_short(names: set[str]) -> set[str]:
    """Return names with what lists of the bot call their bearers: 小美, of 3栋502-小美."""
    return names | {short for name in names if "*" not in (short := mask_name(name))}


async def is_known(session: AsyncSession, person: Person) -> bool:
    """Tell whether anything is kept of somebody."""
    return bool(person.names or person.group_ids) or any(sheet.rows for sheet in await export(session, person))


async def export(session: AsyncSession, person: Person) -> list[Sheet]:
    """Return everything that is kept about a person, sheet by sheet."""
    async with near.far(session):
        return [sheet for part in PARTS for sheet in await part.export(session, person)]


async def erase(session: AsyncSession, person: Person, look: Look, now: datetime) -> Erased:
    """Take away what is kept of a person, in the caller's transaction, and note in the audit log that it was done.

    Whoever keeps groups or offers in memory must drop them with the commit.
    """
    traces = Traces(person, without_lines)
    counts: Counter[str] = Counter()
    async with near.far(session):
        for part in PARTS:
            counts.update(await part.erase(session, person, traces, now))
    receipt = f"{now:%Y%m%d}-{secrets.token_hex(4).upper()}"
    detail = {**look.detail, "receipt": receipt, "rows": sum(counts.values())}
    await audit.write(session, replace(look, detail=detail), now)
    return Erased(receipt, dict(counts))
