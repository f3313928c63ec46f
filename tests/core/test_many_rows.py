"""Statements whose values go to the driver by columns store what SQLAlchemy would store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Table, bindparam, insert, select, update

from core.database import Database, execute
from core.inbox import InboxMessage
from core.many_rows import EachRow, NewRows
from core.outbox import OutboxMessage

_AT = datetime(2026, 11, 22, 11, tzinfo=UTC)
_inbox: Table = InboxMessage.__table__  # type: ignore[attr-defined]  # SQLModel adds it to table classes
_outbox: Table = OutboxMessage.__table__  # type: ignore[attr-defined]
_COLUMNS = ("channel", "account", "message_id", "state", "room_id", "sender_id", "text", "message", "at", "received_at")


def _rows(count: int) -> list[dict[str, Any]]:
    at = [_AT, _AT + timedelta(minutes=1)]
    return [
        {
            **{"channel": "local", "account": "bot", "message_id": f"m{number}", "state": "done", "room_id": "r1"},
            **{"sender_id": "mei", "text": "早 '? $1 %s", "message": {"草莓": [number % 2, None]}},
            **{"at": at[number % 2], "received_at": _AT},
        }
        for number in range(count)
    ]


async def _stored(database: Database) -> list[dict[str, Any]]:
    async with database.reading() as session:
        found = await execute(session, select(*(_inbox.c[name] for name in _COLUMNS)).order_by(_inbox.c.id))
    return [dict(row) for row in found.mappings()]


async def test_new_rows_are_stored_as_sqlalchemy_stores_them(both_databases: Database) -> None:
    rows = _rows(30)
    new = NewRows(_inbox, columns=_COLUMNS, returning=("id",))
    async with both_databases.transaction() as session:
        await new.insert(session, [tuple(row.values()) for row in rows[:15]])
        await execute(session, insert(_inbox), rows[15:])
    assert await _stored(both_databases) == rows


async def test_ids_grow_in_the_order_of_the_rows_also_where_some_are_there(both_databases: Database) -> None:
    rows = _rows(2_100)
    key = _COLUMNS[:3]
    new = NewRows(_inbox, columns=_COLUMNS, key=key, returning=("message_id", "id"))
    async with both_databases.transaction() as session:
        first = await new.insert(session, [tuple(row.values()) for row in rows[::3]])
        rest = await new.insert(session, [tuple(row.values()) for row in rows])
    for found, named in ((first, rows[::3]), (rest, [row for place, row in enumerate(rows) if place % 3])):
        by_id = sorted(found, key=lambda row: row.id)
        assert [row.message_id for row in by_id] == [row["message_id"] for row in named]


async def test_each_row_takes_parameters_by_place_or_name_and_values_of_the_statement(both_databases: Database) -> None:
    rows = _rows(6)
    new = EachRow(insert(_inbox), _COLUMNS)
    change = update(_inbox).where(_inbox.c.message_id == bindparam("which"))
    changed = EachRow(
        change.values(text=_inbox.c.text + "!", handled_at=_AT, message=bindparam("rest")), ("rest", "which")
    )
    async with both_databases.transaction() as session:
        await new.carry_out(session, [tuple(row.values()) for row in rows[:3]])
        await new.carry_out_named(session, [dict(reversed(row.items())) for row in rows[3:]])
        await new.carry_out(session, [])
        assert await _names(session) == [row["message_id"] for row in rows]
        await changed.carry_out_named(session, [{"which": row["message_id"], "rest": {"n": 1}} for row in rows[::2]])
    for row in rows[::2]:
        row.update(text=row["text"] + "!", message={"n": 1})
    assert await _stored(both_databases) == rows
    async with both_databases.reading() as session:
        handled = (await execute(session, select(_inbox.c.handled_at).order_by(_inbox.c.id))).scalars().all()
    assert handled == [_AT, None] * 3


async def _names(session: Any) -> list[str]:
    return list((await execute(session, select(_inbox.c.message_id).order_by(_inbox.c.id))).scalars())


def test_a_column_with_a_default_of_its_own_is_not_left_out() -> None:
    """SQLAlchemy would put the default in; here nobody does."""
    with pytest.raises(ValueError, match="asked"):
        NewRows(_outbox, columns=("dedupe_key",), returning=("id",))
    with pytest.raises(ValueError, match="asked"):
        EachRow(insert(_outbox), ("dedupe_key",))
