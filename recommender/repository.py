"""All SQL of the recommender."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from decimal import Decimal
from operator import attrgetter
from typing import Any

from sqlalchemy import Row, delete, insert, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.database import execute
from core.many_rows import EachRow
from core.outcomes import Reason
from recommender.constraints import NOTHING_STATED, Constraints
from recommender.gain import Gain
from recommender.memory import GroupMemory, Utterance
from recommender.models import NeedRecord, Opinion, Push, PushRecord
from recommender.needs import Need, NeedClass
from recommender.settings import RecommenderSettings

QUEUED = "queued"
SUGGESTED = "suggested"
DISMISSED = "dismissed"

_NEED_COLUMNS = (
    *("inbox_id", "group_id", "member", "need_class", "terms", "category", "detail"),
    *("state", "hold", "at"),
)
_new_needs = EachRow(insert(NeedRecord.__table__), _NEED_COLUMNS)  # type: ignore[attr-defined]  # SQLModel adds it
_new_pushes = insert(Push.__table__)  # type: ignore[attr-defined]
_new_opinions = insert(Opinion.__table__)  # type: ignore[attr-defined]
_needs = NeedRecord.__table__  # type: ignore[attr-defined]
_pushes = Push.__table__  # type: ignore[attr-defined]
"""What every message's path reads is asked of the tables: to ask for objects sets the ORM up for all 37 classes."""

_CONSTRAINTS = tuple(field.name for field in fields(Constraints))
_stated = attrgetter(*_CONSTRAINTS)
_ANSWERED = {Reason.PUSHED.value, Reason.SUGGESTED.value}


def need_row(
    need: Need,
    *,
    category: str,
    inbox_id: int,
    group_id: int,
    member: str,
    state: str,
    hold: str | None,
    at: datetime,
    gain: Gain | None = None,
) -> dict[str, Any]:
    """Return the column values of a need."""
    detail = need_detail(need)
    if gain is not None:
        detail["gain"] = gain.kept()
    return {
        "inbox_id": inbox_id,
        "group_id": group_id,
        "member": member,
        "need_class": need.need_class.value,
        "terms": list(need.terms),
        "category": category,
        "detail": detail,
        "state": state,
        "hold": hold,
        "at": at,
    }


def need_detail(need: Need) -> dict[str, Any]:
    """Return everything but class and terms, JSON-serialisable, without what was not said."""
    detail = {} if need.constraints is NOTHING_STATED else _said(need.constraints)
    if need.modifiers:
        detail["modifiers"] = list(need.modifiers)
    detail["known"] = need.known
    detail["strength"] = round(need.strength, 3)
    detail["rule"] = need.rule
    detail["evidence"] = list(need.evidence)
    return detail


def _said(constraints: Constraints) -> dict[str, Any]:
    said = {name: value for name, value in zip(_CONSTRAINTS, _stated(constraints), strict=True) if value}
    for name, value in said.items():
        if isinstance(value, tuple):
            said[name] = list(value)
        elif isinstance(value, Decimal):
            said[name] = float(value)
    return said


async def save_needs(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store needs."""
    await _new_needs.carry_out_named(session, rows)


async def save_pushes(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store decided pushes."""
    if rows:
        await execute(session, _new_pushes, rows)


async def save_opinions(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store opinions."""
    if rows:
        await execute(session, _new_opinions, rows)


async def load_memories(
    session: AsyncSession, group_ids: Sequence[int], now: datetime, settings: RecommenderSettings
) -> dict[int, GroupMemory]:
    """Rebuild what was remembered of groups from what was stored; used when a group is first touched."""
    memories = {group_id: GroupMemory() for group_id in group_ids}
    since = now - timedelta(hours=max(24.0, settings.shown_again_hours))
    pushes = _pushes.select().where(_pushes.c.group_id.in_(group_ids), _pushes.c.at >= since).order_by(_pushes.c.at)
    for push in await execute(session, pushes):
        if push.state in {QUEUED, SUGGESTED}:
            products = tuple(int(entry["product"]) for entry in push.products)
            memories[push.group_id].answered(push.member, tuple(push.terms), products, push.at)
    lately = now - timedelta(minutes=max(settings.refinement_minutes, settings.joining_minutes))
    needs = _needs.select().where(_needs.c.group_id.in_(group_ids), _needs.c.at >= lately)
    for record in await execute(session, needs.order_by(_needs.c.at, _needs.c.id)):
        if record.terms:
            memories[record.group_id].note(
                Utterance(record.member, record.at, _need_of(record), answered=record.state in _ANSWERED)
            )
    return memories


def _need_of(record: Row[Any]) -> Need:
    detail = record.detail
    constraints = Constraints(
        attributes=tuple(detail.get("attributes", ())),
        excluded=tuple(detail.get("excluded", ())),
        brand=detail.get("brand", ""),
        price_max=_decimal(detail.get("price_max")),
        price_min=_decimal(detail.get("price_min")),
        cheap=bool(detail.get("cheap", False)),
        quantity=detail.get("quantity"),
        unit=detail.get("unit", ""),
        when=detail.get("when", ""),
        for_whom=detail.get("for_whom", ""),
        place=detail.get("place", ""),
    )
    low, high = detail.get("evidence", (0, 0))
    return Need(
        NeedClass(record.need_class),
        tuple(record.terms),
        constraints,
        bool(detail.get("known", True)),
        float(detail.get("strength", 0.8)),
        str(detail.get("rule", "")),
        (int(low), int(high)),
        tuple(detail.get("modifiers", ())),
    )


def _decimal(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))


async def account_answers(session: AsyncSession, group_ids: Sequence[int], since: datetime) -> int:
    """Return how many needs of these groups were answered since an instant."""
    query = select(Push.id).where(col(Push.group_id).in_(group_ids), col(Push.at) >= since, col(Push.state) == QUEUED)
    return len((await session.exec(query)).all())


async def waiting_suggestion(session: AsyncSession, group_ids: Sequence[int], since: datetime) -> Push | None:
    """Return the newest suggestion in these groups that its leader has not answered."""
    query = (
        select(Push)
        .where(col(Push.group_id).in_(group_ids), col(Push.state) == SUGGESTED, col(Push.at) >= since)
        .order_by(col(Push.id).desc())
        .limit(1)
    )
    return (await session.exec(query)).first()


async def settle_suggestion(session: AsyncSession, push_id: int, state: str, now: datetime) -> bool:
    """Move a suggestion to ``queued`` or ``dismissed``; false when somebody was faster."""
    table = Push.__table__  # type: ignore[attr-defined]
    statement = (
        update(table).where(table.c.id == push_id, table.c.state == SUGGESTED).values(state=state, decided_at=now)
    )
    return bool((await execute(session, statement)).rowcount)


async def open_needs(session: AsyncSession, since: datetime, until: datetime) -> list[NeedRecord]:
    """Return the needs of a period that nothing answered, oldest first."""
    query = (
        select(NeedRecord)
        .where(col(NeedRecord.state) == Reason.UNMET, col(NeedRecord.at) >= since, col(NeedRecord.at) < until)
        .order_by(col(NeedRecord.id))
    )
    return list((await session.exec(query)).all())


async def stated_needs(
    session: AsyncSession, since: datetime, until: datetime, group_ids: Collection[int] | None = None
) -> list[NeedRecord]:
    """Return the needs of a period that were said outright, in some groups or in all, oldest first."""
    query = select(NeedRecord).where(
        col(NeedRecord.at) >= since, col(NeedRecord.at) < until, col(NeedRecord.state) != Reason.RECORDED
    )
    if group_ids is not None:
        query = query.where(col(NeedRecord.group_id).in_(group_ids))
    return list((await session.exec(query.order_by(col(NeedRecord.id)))).all())


async def opinions(session: AsyncSession, since: datetime, until: datetime) -> list[Opinion]:
    """Return the opinions of a period, oldest first."""
    query = select(Opinion).where(col(Opinion.at) >= since, col(Opinion.at) < until).order_by(col(Opinion.id))
    return list((await session.exec(query)).all())


async def latest_push(session: AsyncSession, group_id: int | None, member: str) -> Push | None:
    """Return the last push that answered this member, in one group or (None) in any, for the question why."""
    query = select(Push).where(col(Push.member) == member, col(Push.state) == QUEUED)
    if group_id is not None:
        query = query.where(col(Push.group_id) == group_id)
    return (await session.exec(query.order_by(col(Push.id).desc()).limit(1))).first()


async def kept_gain(session: AsyncSession, inbox_id: int) -> dict[str, Any]:
    """Return the number that decided about a message's need, with its parts; empty when none is stored."""
    query = select(NeedRecord.detail).where(col(NeedRecord.inbox_id) == inbox_id)
    detail = (await session.exec(query)).first() or {}
    return dict(detail.get("gain", {}))


async def forget(session: AsyncSession, before: datetime) -> int:
    """Delete needs, opinions, pushes and records of groups from before an instant; return how many rows went."""
    gone = 0
    for model in (NeedRecord, Opinion, Push, PushRecord):
        gone += int((await execute(session, delete(model).where(col(model.at) < before))).rowcount)
    return gone
