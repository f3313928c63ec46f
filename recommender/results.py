"""What came of pushes: read from what is stored anyway, noted on the push, and counted in its group's record.

::

    push ──► in the outbox it was sent? ──no──► unseen
                     │ yes
                     ├─ an order of what it showed, by anybody; of what the need named, by who had asked ──► ordered
                     ├─ soon after: 不推 of what it showed, an opt-out, a pause, 别推了; the leader's 不用 ──► refused
                     └─ after ``results.hours`` without either: 谢谢 from who had asked ──► thanked, else ignored

Each push is settled once: its ``result`` and the count in ``push_record`` are written in one transaction.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from core.database import execute, insert_into
from core.inbox import InboxMessage
from core.outbox import OutboxMessage
from core.outcomes import SendState
from core.personal import chunks
from groups.models import ConsentEntry, Group, GroupProductRule
from orders.models import OfferItem, OrderEdit
from recommender.gain import Record, Result
from recommender.lexicon import packaged_list
from recommender.models import Push, PushRecord
from recommender.repository import DISMISSED, SUGGESTED
from recommender.settings import RecommenderSettings

_pushes = Push.__table__  # type: ignore[attr-defined]
_records = PushRecord.__table__  # type: ignore[attr-defined]
_groups = Group.__table__  # type: ignore[attr-defined]
_rules = GroupProductRule.__table__  # type: ignore[attr-defined]
_consents = ConsentEntry.__table__  # type: ignore[attr-defined]
_edits = OrderEdit.__table__  # type: ignore[attr-defined]
_items = OfferItem.__table__  # type: ignore[attr-defined]
_outbox = OutboxMessage.__table__  # type: ignore[attr-defined]
_inbox = InboxMessage.__table__  # type: ignore[attr-defined]

_AT_ONCE = 200
"""Pushes that are looked at together."""
_ECHO = timedelta(minutes=30)
"""How long after a push what people say or do is meant for it."""
_MOST_LINES = 500
"""Lines of a room that are read for echoes."""
_WAITING = frozenset({SendState.QUEUED.value, SendState.SENDING.value})
_SEEN = frozenset({SendState.SENT.value, SendState.UNKNOWN.value, SendState.MERGED.value})


@dataclass(frozen=True, slots=True)
class _Shown:
    """A push whose result is open. ``at`` is when it could be seen at the earliest, ``room`` (channel, account, id)."""

    id: int
    group_id: int
    member: str
    terms: Sequence[str]
    products: Sequence[Mapping[str, Any]]
    text: str
    state: str
    at: datetime
    sent: str | None
    room: tuple[str, str, str] | None
    paused_at: datetime | None

    @property
    def product_ids(self) -> set[int]:
        return {int(entry["product"]) for entry in self.products}

    def soon(self, instant: datetime | None) -> bool:
        """Tell whether something happened soon enough after it to be meant for it."""
        return instant is not None and self.at <= instant <= self.at + _ECHO


@dataclass(slots=True)
class _Evidence:
    """What happened in the groups of some pushes since the first of them, by group."""

    orders: dict[int, list[Any]] = field(default_factory=lambda: defaultdict(list))
    opted_out: dict[int, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    excluded: dict[int, list[Any]] = field(default_factory=lambda: defaultdict(list))


async def settle(session: AsyncSession, now: datetime, settings: RecommenderSettings) -> Counter[Result]:
    """Look at every push whose result is open; write down what is certain by now and return how many came to what."""
    settled: Counter[Result] = Counter()
    after = 0
    while shown := await _open(session, after):
        after = shown[-1].id
        evidence = await _evidence(session, shown)
        counts: dict[int, Counter[Result]] = defaultdict(Counter)
        for push in shown:
            bought = _bought(push, evidence.orders[push.group_id], timedelta(hours=settings.results.hours))
            result = await _result(session, push, evidence, bought, now, settings)
            if result is not Result.OPEN and await _note(session, push, result, bought or set()):
                counts[push.group_id][result] += 1
                settled[result] += 1
        await _count(session, counts, now, settings)
    return settled


async def records(
    session: AsyncSession, group_ids: Collection[int], now: datetime, settings: RecommenderSettings
) -> dict[int, Record]:
    """Return what groups' records weigh at ``now``; groups without results are left out."""
    found: dict[int, Record] = {}
    for ids in chunks(group_ids):
        for row in await execute(session, select(_records).where(_records.c.group_id.in_(ids))):
            kept = Record(*(getattr(row, one.name) for one in fields(Record)))
            found[row.group_id] = kept.later(now, settings.results.half_life_days)
    return found


async def _open(session: AsyncSession, after: int) -> list[_Shown]:
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
    return [
        _Shown(
            id=row.id,
            group_id=row.group_id,
            member=row.member,
            terms=row.terms,
            products=row.products,
            text=row.text,
            state=row.state,
            at=row.decided_at or row.at,
            sent=sent.get(f"push:{row.inbox_id}"),
            room=(row.channel, row.account, row.room_id) if row.room_id is not None else None,
            paused_at=row.paused_at,
        )
        for row in rows
    ]


async def _evidence(session: AsyncSession, shown: Sequence[_Shown]) -> _Evidence:
    ids, since = {push.group_id for push in shown}, min(push.at for push in shown)
    found = _Evidence()
    orders = (
        select(_edits.c.group_id, _edits.c.member, _edits.c.item_id, _edits.c.delta, _edits.c.at)
        .add_columns(_items.c.product_id, _items.c.title)
        .join(_items, _items.c.id == _edits.c.item_id)
        .where(_edits.c.group_id.in_(ids), _edits.c.at >= since)
    )
    for row in await execute(session, orders):
        found.orders[row.group_id].append(row)
    refusals = select(_consents.c.group_id, _consents.c.at).where(
        _consents.c.group_id.in_(ids), _consents.c.at >= since, _consents.c.change == "unsubscribed"
    )
    for row in await execute(session, refusals):
        found.opted_out[row.group_id].append(row.at)
    rules = select(_rules.c.group_id, _rules.c.product_id, _rules.c.text, _rules.c.at).where(
        _rules.c.group_id.in_(ids), _rules.c.at >= since, _rules.c.kind == "excluded"
    )
    for row in await execute(session, rules):
        found.excluded[row.group_id].append(row)
    return found


def _bought(push: _Shown, orders: Sequence[Any], within: timedelta) -> set[int] | None:
    """Return which of the shown products were ordered and not taken back, None when nothing came of the need at all."""
    pieces: Counter[tuple[int | None, bool]] = Counter()
    for edit in orders:
        if not push.at <= edit.at <= push.at + within:
            continue
        named = edit.member == push.member and any(term in edit.title for term in push.terms)
        if edit.product_id in push.product_ids:
            pieces[edit.product_id, True] += edit.delta
        elif named:
            pieces[edit.item_id, False] += edit.delta
    kept = [key for key, total in pieces.items() if total > Decimal(0)]
    return {int(key) for key, shown in kept if shown and key is not None} if kept else None


async def _result(
    session: AsyncSession,
    push: _Shown,
    evidence: _Evidence,
    bought: set[int] | None,
    now: datetime,
    settings: RecommenderSettings,
) -> Result:
    unshown = _unshown(push, now, settings)
    if unshown is not None:
        return unshown
    if bought is not None:
        return Result.ORDERED
    if _refused(push, evidence):
        return Result.REFUSED
    over = now - push.at > timedelta(hours=settings.results.hours)
    if not over and now - push.at > 2 * _ECHO:  # what was said soon has been read; an order may still come
        return Result.OPEN
    heard = await _heard(session, push)
    return heard if over or heard is Result.REFUSED else Result.OPEN


def _unshown(push: _Shown, now: datetime, settings: RecommenderSettings) -> Result | None:
    """Return the result of a push that the group has not seen, None of one that it has."""
    if push.state == DISMISSED:
        return Result.REFUSED
    if push.state == SUGGESTED:  # a leader who does not answer has said nothing
        waited = timedelta(hours=settings.suggestion_lifetime_hours)
        return Result.UNSEEN if now - push.at > waited else Result.OPEN
    if push.sent in _SEEN:
        return None
    return Result.OPEN if push.sent in _WAITING else Result.UNSEEN


def _refused(push: _Shown, evidence: _Evidence) -> bool:
    if push.soon(push.paused_at) or any(map(push.soon, evidence.opted_out[push.group_id])):
        return True
    return any(
        push.soon(rule.at) and (rule.product_id in push.product_ids or (rule.text and rule.text in push.text))
        for rule in evidence.excluded[push.group_id]
    )


async def _heard(session: AsyncSession, push: _Shown) -> Result:
    """Read the room's lines soon after a push for words that are meant for it."""
    if push.room is None:
        return Result.IGNORED
    channel, account, room_id = push.room
    query = (
        select(_inbox.c.sender_id, _inbox.c.text)
        .where(_inbox.c.channel == channel, _inbox.c.account == account, _inbox.c.room_id == room_id)
        .where(_inbox.c.at > push.at, _inbox.c.at <= push.at + _ECHO, _inbox.c.sender_id != account)
        .order_by(_inbox.c.at)
        .limit(_MOST_LINES)
    )
    lines = list(await execute(session, query))
    if any(word in line.text for line in lines for word in _words("refusals.txt")):
        return Result.REFUSED
    thanks = (line.text for line in lines if line.sender_id == push.member)
    return Result.THANKED if any(word in text for text in thanks for word in _words("thanks.txt")) else Result.IGNORED


@cache
def _words(name: str) -> tuple[str, ...]:
    return packaged_list(name)


async def _note(session: AsyncSession, push: _Shown, result: Result, bought: set[int]) -> bool:
    """Write a result down; false when somebody was faster, or the push is gone."""
    products = [
        {**entry, "ordered": True} if int(entry["product"]) in bought else dict(entry) for entry in push.products
    ]
    changed = update(_pushes).where(_pushes.c.id == push.id, _pushes.c.result == Result.OPEN)
    return bool((await execute(session, changed.values(result=result, products=products))).rowcount)


async def _count(
    session: AsyncSession, counts: Mapping[int, Counter[Result]], now: datetime, settings: RecommenderSettings
) -> None:
    rows = list(_counted(counts, await records(session, counts, now, settings), now))
    if not rows:
        return
    statement = insert_into(session, _records)
    new = {name: statement.excluded[name] for name in rows[0] if name != "group_id"}
    await execute(session, statement.on_conflict_do_update(index_elements=["group_id"], set_=new), rows)


def _counted(
    counts: Mapping[int, Counter[Result]], known: Mapping[int, Record], now: datetime
) -> Iterator[dict[str, Any]]:
    for group_id, results in counts.items():
        if results.total() > results[Result.UNSEEN]:
            record = known.get(group_id, Record(at=now)).plus(results)
            yield {"group_id": group_id, **{one.name: getattr(record, one.name) for one in fields(Record)}}
