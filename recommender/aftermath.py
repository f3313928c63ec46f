"""What happened in groups after their pushes, read from rows that are stored anyway: orders, refusals, words.

Nothing is decided here; ``results`` does that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.database import execute
from core.inbox import InboxMessage
from core.outbox import OutboxMessage
from core.outcomes import SendState
from groups.models import Group, GroupProductRule, Membership
from orders.models import OfferGroup, OfferItem, OrderEdit
from recommender.gain import Result
from recommender.lexicon import packaged_list
from recommender.models import Push

_pushes = Push.__table__  # type: ignore[attr-defined]
_groups = Group.__table__  # type: ignore[attr-defined]
_rules = GroupProductRule.__table__  # type: ignore[attr-defined]
_memberships = Membership.__table__  # type: ignore[attr-defined]
_edits = OrderEdit.__table__  # type: ignore[attr-defined]
_running = OfferGroup.__table__  # type: ignore[attr-defined]
_items = OfferItem.__table__  # type: ignore[attr-defined]
_outbox = OutboxMessage.__table__  # type: ignore[attr-defined]
_inbox = InboxMessage.__table__  # type: ignore[attr-defined]

_AT_ONCE = 200
"""Pushes that are looked at together."""
ECHO = timedelta(minutes=30)
"""How long after a push what people say or do is meant for it."""
_MOST_LINES = 500
"""Lines of a room that are read for echoes."""
WAITING = frozenset({SendState.QUEUED.value, SendState.SENDING.value})
SEEN = frozenset({SendState.SENT.value, SendState.UNKNOWN.value, SendState.MERGED.value})


@dataclass(frozen=True, slots=True)
class Shown:
    """A push whose result is open. ``at`` is when it could be seen at the earliest, ``room`` (channel, account, id).

    Until ``until`` what disturbs is meant for it: half an hour, or up to the group's next push.
    """

    id: int
    group_id: int
    member: str
    terms: Sequence[str]
    products: Sequence[Mapping[str, Any]]
    text: str
    state: str
    at: datetime
    until: datetime
    sent: str | None
    room: tuple[str, str, str] | None
    paused_at: datetime | None

    @property
    def product_ids(self) -> set[int]:
        """Return the products that it showed."""
        return {int(entry["product"]) for entry in self.products}

    def soon(self, instant: datetime | None) -> bool:
        """Tell whether something happened soon enough after it to be meant for it."""
        return instant is not None and self.at <= instant <= self.until


@dataclass(slots=True)
class Evidence:
    """What happened in the groups of some pushes since the first of them, by group."""

    orders: dict[int, list[Any]] = field(default_factory=lambda: defaultdict(list))
    opted_out: dict[int, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    excluded: dict[int, list[Any]] = field(default_factory=lambda: defaultdict(list))


async def open_pushes(session: AsyncSession, after: int) -> list[Shown]:
    """Return some pushes whose result is open, those with an id above ``after``, in the order of their ids."""
    query = (
        select(_pushes, _groups.c.channel, _groups.c.account, _groups.c.room_id, _groups.c.paused_at)
        .outerjoin(_groups, _groups.c.id == _pushes.c.group_id)
        .where(_pushes.c.result == Result.OPEN, _pushes.c.id > after)
        .order_by(_pushes.c.id)
        .limit(_AT_ONCE)
    )
    rows = list(await execute(session, query))
    keys = [f"push:{row.inbox_id}" for row in rows]  # also of what was only suggested at first
    states = select(_outbox.c.dedupe_key, _outbox.c.state).where(_outbox.c.dedupe_key.in_(keys))
    sent = dict([tuple(row) for row in await execute(session, states)])
    shown = [
        Shown(
            id=row.id,
            group_id=row.group_id,
            member=row.member,
            terms=row.terms,
            products=row.products,
            text=row.text,
            state=row.state,
            at=(at := row.decided_at or row.at),
            until=at + ECHO,
            sent=sent.get(f"push:{row.inbox_id}"),
            room=(row.channel, row.account, row.room_id) if row.room_id is not None else None,
            paused_at=row.paused_at,
        )
        for row in rows
    ]
    return _apart(shown)


def _apart(shown: Sequence[Shown]) -> list[Shown]:
    """Let each push's time end where the next one of its group is seen: one refusal is not several."""
    found: list[Shown] = []
    following: dict[int, datetime] = {}
    for push in sorted(shown, key=lambda one: one.at, reverse=True):
        found.append(replace(push, until=min(push.until, following.get(push.group_id, push.until))))
        if push.sent in SEEN:
            following[push.group_id] = push.at
    return sorted(found, key=lambda one: one.id)


async def evidence_of(session: AsyncSession, shown: Sequence[Shown]) -> Evidence:
    """Return what was ordered and refused in the groups of these pushes; ``shown`` is not empty."""
    ids, since = {push.group_id for push in shown}, min(push.at for push in shown)
    found = Evidence()
    for row in await _orders(session, shown, since):
        found.orders[row.group_id].append(row)
    refusals = select(_memberships.c.group_id, _memberships.c.unsubscribed_at).where(
        _memberships.c.group_id.in_(ids), _memberships.c.unsubscribed_at >= since
    )
    for row in await execute(session, refusals):
        found.opted_out[row.group_id].append(row.unsubscribed_at)
    rules = select(_rules.c.group_id, _rules.c.product_id, _rules.c.text, _rules.c.at).where(
        _rules.c.group_id.in_(ids), _rules.c.at >= since, _rules.c.kind == "excluded"
    )
    for row in await execute(session, rules):
        found.excluded[row.group_id].append(row)
    return found


async def _orders(session: AsyncSession, shown: Sequence[Shown], since: datetime) -> list[Any]:
    """Return the order edits of what was shown, and those of who had asked; two queries, each along an index."""
    every = (
        select(_edits.c.id, _edits.c.group_id, _edits.c.member, _edits.c.item_id, _edits.c.delta, _edits.c.at)
        .add_columns(_items.c.product_id, _items.c.title)
        .join(_items, _items.c.id == _edits.c.item_id)
        .where(_edits.c.group_id.in_({push.group_id for push in shown}), _edits.c.at >= since)
    )
    running = (_running.c.offer_id == _items.c.offer_id) & (_running.c.group_id == _edits.c.group_id)
    of_products = (
        every.join(_running, running)
        .where(_edits.c.offer_id == _items.c.offer_id)
        .where(_items.c.product_id.in_(set().union(*(push.product_ids for push in shown))))
    )
    of_members = every.where(_edits.c.member.in_({push.member for push in shown}))
    found = {row.id: row for query in (of_products, of_members) for row in await execute(session, query)}
    return [found[key] for key in sorted(found)]


async def heard_after(session: AsyncSession, push: Shown) -> Result:
    """Read the room's lines soon after a push for words that are meant for it."""
    if push.room is None:
        return Result.IGNORED
    channel, account, room_id = push.room
    query = (
        select(_inbox.c.sender_id, _inbox.c.text, _inbox.c.at)
        .where(_inbox.c.channel == channel, _inbox.c.account == account, _inbox.c.room_id == room_id)
        .where(_inbox.c.at > push.at, _inbox.c.at <= push.at + ECHO, _inbox.c.sender_id != account)
        .order_by(_inbox.c.at)
        .limit(_MOST_LINES)
    )
    lines = list(await execute(session, query))
    if any(push.soon(line.at) and word in line.text for line in lines for word in _words("refusals.txt")):
        return Result.REFUSED
    thanks = (line.text for line in lines if line.sender_id == push.member)
    return Result.THANKED if any(word in text for text in thanks for word in _words("thanks.txt")) else Result.IGNORED


@cache
def _words(name: str) -> tuple[str, ...]:
    return packaged_list(name)
