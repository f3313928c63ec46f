"""What the recommender keeps of a person: needs, opinions, and pushes that answered them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.database import execute
from core.personal import Column, Found, Person, Sheet, Traces, Treatment, chunks, columns, scrub
from recommender.models import NeedRecord, Opinion, Push

_needs = NeedRecord.__table__  # type: ignore[attr-defined]
_opinions = Opinion.__table__  # type: ignore[attr-defined]
_pushes = Push.__table__  # type: ignore[attr-defined]


class RecommenderData:
    """Implements ``core.personal.PersonalData`` for the recommender."""

    name = "recommender"
    columns: Mapping[str, Column] = {
        **columns("need", Treatment.ERASED, "member", "need_class", "terms", "category", "detail", "state", "hold"),
        **columns("opinion", Treatment.ERASED, "member", "kind", "about"),
        **columns("push", Treatment.ERASED, "member", "terms", "products", "reasons", "text", "state", "dedupe_key"),
        **columns("push", Treatment.ERASED, "result"),
    }

    async def find(self, session: AsyncSession, person: Person) -> Found:
        """Return nothing: only ids are kept here."""
        return Found()

    async def export(self, session: AsyncSession, person: Person) -> list[Sheet]:
        """Return what was understood of the person's messages, and what they were shown."""
        needs = [
            (row.at, "、".join(row.terms), row.category, row.need_class, row.detail.get("for_whom", ""), row.state)
            for row in await _theirs(session, _needs, person)
        ]
        opinions = [(row.at, row.kind, "、".join(row.about)) for row in await _theirs(session, _opinions, person)]
        pushes = [
            (row.at, "、".join(row.terms), row.text, "；".join(row.reasons), row.state)
            for row in await _theirs(session, _pushes, person)
        ]
        return [
            Sheet("需求", ("时间", "想要", "品类", "类别", "给谁", "结果"), tuple(needs)),
            Sheet("评价", ("时间", "好评或抱怨", "关于"), tuple(opinions)),
            Sheet("推荐", ("时间", "想要", "推荐内容", "理由", "状态"), tuple(pushes)),
        ]

    async def erase(self, session: AsyncSession, person: Person, traces: Traces, now: datetime) -> Mapping[str, int]:
        """Delete what was concluded from the person's messages; take their name out of what others wanted."""
        counts: dict[str, int] = {}
        for name, table in (("needs", _needs), ("opinions", _opinions), ("pushes", _pushes)):
            counts[name] = 0
            for ids in chunks(person.group_ids):
                theirs = (table.c.group_id.in_(ids), table.c.member == person.contact_id)
                counts[name] += int((await execute(session, delete(table).where(*theirs))).rowcount)
        for ids in chunks(person.group_ids):
            await scrub(session, _needs, [_needs.c.group_id.in_(ids)], ("terms", "detail"), traces)
            await scrub(session, _opinions, [_opinions.c.group_id.in_(ids)], ("about",), traces)
            await scrub(session, _pushes, [_pushes.c.group_id.in_(ids)], ("terms", "reasons", "text"), traces)
        return counts


async def _theirs(session: AsyncSession, table: Any, person: Person) -> list[Any]:
    rows: list[Any] = []
    for ids in chunks(person.group_ids):
        query = select(table).where(table.c.group_id.in_(ids), table.c.member == person.contact_id)
        rows += (await execute(session, query.order_by(table.c.id))).all()
    return rows
