"""What came of pushes: concluded from what happened after them (``aftermath``) and counted for their groups.

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
from dataclasses import fields
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from core.database import execute, insert_into
from core.personal import chunks
from recommender.aftermath import ECHO, SEEN, WAITING, Evidence, Shown, evidence_of, heard_after, open_pushes
from recommender.gain import Record, Result
from recommender.models import Push, PushRecord
from recommender.repository import DISMISSED, SUGGESTED
from recommender.settings import RecommenderSettings

_pushes = Push.__table__  # type: ignore[attr-defined]
_records = PushRecord.__table__  # type: ignore[attr-defined]
_records_of = select(_records).where(_records.c.group_id.in_(bindparam("groups", expanding=True)))
_RECORD = tuple(one.name for one in fields(Record))


async def settle(session: AsyncSession, now: datetime, settings: RecommenderSettings) -> Counter[Result]:
    """Look at every push whose result is open; write down what is certain by now and return how many came to what."""
    settled: Counter[Result] = Counter()
    after = 0
    while shown := await open_pushes(session, after):
        after = shown[-1].id
        evidence = await evidence_of(session, shown)
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
        for row in await execute(session, _records_of, {"groups": list(ids)}):
            kept = Record(*(getattr(row, name) for name in _RECORD))
            found[row.group_id] = kept.later(now, settings.results.half_life_days)
    return found


def _bought(push: Shown, orders: Sequence[Any], within: timedelta) -> set[int] | None:
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
    push: Shown,
    evidence: Evidence,
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
    if not over and now - push.at > 2 * ECHO:  # what was said soon has been read; an order may still come
        return Result.OPEN
    heard = await heard_after(session, push)
    return heard if over or heard is Result.REFUSED else Result.OPEN


def _unshown(push: Shown, now: datetime, settings: RecommenderSettings) -> Result | None:
    """Return the result of a push that the group has not seen, None of one that it has."""
    if push.state == DISMISSED:
        return Result.REFUSED
    if push.state == SUGGESTED:  # a leader who does not answer has said nothing
        waited = timedelta(hours=settings.suggestion_lifetime_hours)
        return Result.UNSEEN if now - push.at > waited else Result.OPEN
    if push.sent in SEEN:
        return None
    return Result.OPEN if push.sent in WAITING else Result.UNSEEN


def _refused(push: Shown, evidence: Evidence) -> bool:
    if push.soon(push.paused_at) or any(map(push.soon, evidence.opted_out[push.group_id])):
        return True
    return any(
        push.soon(rule.at) and (rule.product_id in push.product_ids or (rule.text and rule.text in push.text))
        for rule in evidence.excluded[push.group_id]
    )


async def _note(session: AsyncSession, push: Shown, result: Result, bought: set[int]) -> bool:
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
