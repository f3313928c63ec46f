"""One batch at work: copies of what it touches, and everything it will store in its one commit."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.ahead import Ahead
from core import inbox, outbox
from core.messages import IncomingMessage
from core.outbox import Draft
from core.outcomes import Reason
from groups import repository as group_store
from groups.changes import Change, PersonalisationSet
from groups.people import personal as group_data
from groups.people import tagging
from groups.people.forgetting import Forgotten
from groups.people.profiles import Evidence
from groups.settings import ProfileSettings
from groups.state import GroupKey, GroupState, MemberKey
from orders.desk import OfferMemory, OrderDesk
from recommender import repository as need_store
from recommender import results
from recommender.gain import NO_RESULTS, Record
from recommender.memory import GroupMemory
from recommender.settings import RecommenderSettings

_KEPT_GROUPS = 5_000
"""Groups that stay in memory; an idle one costs only its row once others push it out."""


@dataclass(slots=True)
class Known:
    """What a lane knows of a group; only what the database has committed."""

    group: GroupState
    memory: GroupMemory


class Office:
    """The lane's memory of groups. A batch works at a ``Desk`` on copies; ``keep`` takes them over after its commit."""

    def __init__(self, settings: RecommenderSettings, zone: ZoneInfo, profiles: ProfileSettings) -> None:
        self.profiles = profiles
        self.recommender = settings
        self._zone = zone
        self._known: OrderedDict[GroupKey, Known] = OrderedDict()
        self._answers: dict[tuple[str, str], tuple[datetime, int]] = {}
        self._offers = OfferMemory()
        self._forgotten: dict[tuple[str, str], Forgotten] = {}

    def __len__(self) -> int:
        return len(self._known)

    def desk(self, session: AsyncSession, now: datetime) -> Desk:
        """Return a desk for one batch in one transaction."""
        return Desk(self, session, now, self.order_desk(session, now), Ahead(session, now))

    def order_desk(self, session: AsyncSession, now: datetime) -> OrderDesk:
        """Return the part of a desk where offers lie."""
        return self._offers.desk(session, now)

    def keep(self, desk: Desk) -> None:
        """Take over what a batch has committed."""
        for key, known in desk.known.items():
            self._known[key] = known
            self._known.move_to_end(key)
        self._answers.update(desk.answers)
        self._offers.keep(desk.orders)
        while len(self._known) > _KEPT_GROUPS:
            self._known.popitem(last=False)

    def forget(self) -> None:
        """Drop everything, to read it from the database again: a batch failed and nobody knows how far."""
        self._known.clear()
        self._answers.clear()
        self._offers.forget()
        self._forgotten.clear()

    def cached(self, key: GroupKey) -> Known | None:
        """Return what is known of a group without asking the database."""
        return self._known.get(key)

    def holding(self, contact_id: str, channel: str, account: str) -> list[GroupKey]:
        """Return the groups in memory that this person is a member of."""
        return [
            key
            for key, known in self._known.items()
            if key.channel == channel and key.account == account and contact_id in known.group.members
        ]

    async def load(self, session: AsyncSession, keys: Collection[GroupKey], now: datetime) -> dict[GroupKey, Known]:
        """Read groups and what was going on in them from the database; groups that do not exist are left out."""
        states = await group_store.load(session, keys)
        ids = [state.id for state in states.values() if state.id is not None]
        memories = await need_store.load_memories(session, ids, now, self.recommender)
        for key, state in states.items():
            state.forgotten = await self.forgotten(session, key.channel, key.account)
        return {key: Known(state, memories.get(state.id or 0, GroupMemory())) for key, state in states.items()}

    async def forgotten(self, session: AsyncSession, channel: str, account: str) -> Forgotten:
        """Return the deleted people of an account."""
        if (channel, account) not in self._forgotten:
            self._forgotten[channel, account] = await group_data.forgotten(session, channel, account)
        return self._forgotten[channel, account]

    async def answers_today(
        self, session: AsyncSession, channel: str, account: str, now: datetime
    ) -> tuple[datetime, int]:
        """Return the last local midnight and how many needs this account has answered since."""
        midnight = now.astimezone(self._zone).replace(hour=0, minute=0, second=0, microsecond=0)
        known = self._answers.get((channel, account))
        if known is None or known[0] != midnight:
            count = await outbox.count_created(session, channel, account, "push", midnight)
            self._answers[channel, account] = known = (midnight, count)
        return known


@dataclass(slots=True)
class Desk:
    """The working copies of one batch and the rows it will store."""

    office: Office
    session: AsyncSession
    now: datetime
    orders: OrderDesk
    ahead: Ahead
    known: dict[GroupKey, Known] = field(default_factory=dict)
    answers: dict[tuple[str, str], tuple[datetime, int]] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    needs: list[dict[str, Any]] = field(default_factory=list)
    pushes: list[dict[str, Any]] = field(default_factory=list)
    opinions: list[dict[str, Any]] = field(default_factory=list)
    records: dict[int, Record] = field(default_factory=dict)
    """What came of earlier pushes, of the groups it was asked of."""
    evidence: list[tuple[MemberKey, Evidence]] = field(default_factory=list)
    outcomes: list[dict[str, Any]] = field(default_factory=list)
    unkept: list[int] = field(default_factory=list)
    """Messages of deleted people: they are kept by their keys alone."""
    _called: dict[GroupKey, dict[str, frozenset[str]]] = field(default_factory=dict)

    async def fetch(self, keys: Iterable[GroupKey]) -> None:
        """Lay copies of these groups on the desk, from memory or from the database."""
        missing = []
        for key in dict.fromkeys(keys):
            if key in self.known:
                continue
            cached = self.office.cached(key)
            if cached is None:
                missing.append(key)
            else:
                self.known[key] = Known(cached.group.copy(), cached.memory.copy())
        if missing:
            self.known.update(await self.office.load(self.session, missing, self.now))

    async def group(self, key: GroupKey) -> Known | None:
        """Return one group's working copy, or None if the group does not exist."""
        if key not in self.known:
            await self.fetch([key])
        return self.known.get(key)

    def called(self, group: GroupState) -> Mapping[str, frozenset[str]]:
        """Return what each member who is present is called, the bot left out; worked out once until it changes."""
        if group.key not in self._called:
            self._called[group.key] = {
                key: frozenset({one.name, one.room_name} - {""})
                for key, one in group.members.items()
                if one.present and key != group.account
            }
        return self._called[group.key]

    async def take(self, key: GroupKey, changes: Sequence[Change]) -> None:
        """Apply what was seen of a group; one that is not known comes into being, with its id from the next flush."""
        if changes and key not in self.known:
            forgotten = await self.office.forgotten(self.session, key.channel, key.account)
            self.known[key] = Known(GroupState(key, forgotten=forgotten), GroupMemory())
        await self.apply(changes)

    async def apply(self, changes: Iterable[Change]) -> None:
        """Make changes true on the desk and store them with the batch."""
        for change in changes:
            self.changes.append(change)
            await self._apply(change)

    async def _apply(self, change: Change) -> None:
        keys = {change.group} if change.group is not None else set()
        if isinstance(change, PersonalisationSet):
            person = change.member
            keys.update(self.office.holding(person.contact_id, person.channel, person.account))
            keys.update(key for key, known in self.known.items() if person.contact_id in known.group.members)
        await self.fetch(keys)
        for key in keys:
            if key in self.known:
                change.apply(self.known[key].group)
                self._called.pop(key, None)

    async def begin_again(self) -> None:
        """Write what is waiting and read everything anew: somebody was deleted, or came back, in this transaction."""
        await self.flush()
        self.office.forget()
        keys, self.known = list(self.known), {}
        self._called.clear()
        self.orders = self.office.order_desk(self.session, self.now)
        await self.fetch(keys)
        await self.orders.look([known.group.id for known in self.known.values() if known.group.id is not None])

    async def answers_today(self, channel: str, account: str) -> int:
        """Return how many needs this account has answered today, this batch included."""
        if (channel, account) not in self.answers:
            self.answers[channel, account] = await self.office.answers_today(self.session, channel, account, self.now)
        return self.answers[channel, account][1]

    async def record(self, group_id: int) -> Record:
        """Return what came of a group's pushes so far; asked about a need only, once for all groups on the desk."""
        if group_id not in self.records:
            ids = {known.group.id for known in self.known.values() if known.group.id is not None} | {group_id}
            settings = self.office.recommender
            found = await results.records(self.session, ids, self.now, settings) if settings.results.enabled else {}
            self.records = {one: found.get(one, NO_RESULTS) for one in ids}
        return self.records[group_id]

    def count_answer(self, channel: str, account: str) -> None:
        """Count one more answered need."""
        day, count = self.answers[channel, account]
        self.answers[channel, account] = (day, count + 1)

    async def row_of(self, recall: IncomingMessage) -> int | None:
        """Return the inbox row of the message that a recall takes back, if it is still kept."""
        return await inbox.row_id(self.session, recall.key._replace(message_id=recall.recalls))

    async def flush(self) -> None:
        """Write what is waiting into the transaction; the commit is the caller's."""
        changes, self.changes = self.changes, []
        saved = await group_store.save(self.session, changes, self.now)
        for key, group_id in saved.ids.items():
            if key in self.known:
                self.known[key].group.id = group_id
        for change in saved.known:
            await self._apply(change)
        await self.orders.flush()
        await tagging.record(self.session, self.evidence, self.office.profiles, self.now)
        await need_store.save_needs(self.session, self.needs)
        await need_store.save_pushes(self.session, self.pushes)
        await need_store.save_opinions(self.session, self.opinions)
        await outbox.enqueue(self.session, self.drafts, self.now)
        await inbox.finish(self.session, self.outcomes, self.now)
        unheard = [row["row_id"] for row in self.outcomes if row["reason"] is Reason.MEMBER_UNSUBSCRIBED]
        await inbox.empty(self.session, unheard)  # who opted out is not read, and what they say is not kept
        await inbox.disown(self.session, self.unkept)
        for rows in (self.needs, self.pushes, self.opinions, self.evidence, self.drafts, self.outcomes, self.unkept):
            rows.clear()
