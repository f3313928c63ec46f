"""The inbox: every message a channel saw, once, with the outcome it came to."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import MISSING, asdict, fields, replace
from datetime import UTC, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import JSON, Column, Index, Integer, UniqueConstraint, and_, bindparam, delete, or_, update
from sqlalchemy import select as core_select
from sqlmodel import Field, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.database import execute
from core.many_rows import EachRow, NewRows
from core.messages import IncomingMessage, MessageKey, MessageKind, Quote
from core.types import BigId, Table, UtcDateTime

ANNOUNCED = "announced"
"""The channel named the message; its content is still to be fetched."""
PENDING = "pending"
"""Stored whole, waiting for its lane."""
DONE = "done"
"""Handled; outcome and reason are final."""
CONTROL = "control"
"""The channel of rows that are no messages: another process changed the database, and lanes must read it again."""


class InboxMessage(Table, table=True):
    """One message of one account. The triple (channel, account, message_id) makes redelivery harmless."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("channel", "account", "message_id", name="uq_inbox_key"),
        Index("ix_inbox_state_id", "state", "id"),
        Index("ix_inbox_room", "channel", "account", "room_id", "at"),
        # Ledger, needs and pushes point at these ids for longer than the rows are kept: SQLite must give none twice.
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    channel: str = Field(max_length=32)
    account: str = Field(max_length=128)
    message_id: str = Field(max_length=128)
    state: str = Field(max_length=16)
    room_id: str = Field(default="", max_length=128)
    sender_id: str = Field(default="", max_length=128)
    text: str = ""
    message: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    received_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    handled_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    outcome: str | None = Field(default=None, max_length=16)
    reason: str | None = Field(default=None, max_length=32)


class InboxRow(NamedTuple):
    """The columns of a message that is stored: what has no column of its own is in ``message``."""

    channel: str
    account: str
    message_id: str
    state: str
    room_id: str
    sender_id: str
    text: str
    message: dict[str, Any]
    at: datetime
    received_at: datetime


class Ended(NamedTuple):
    """What a message came to."""

    outcome: str
    reason: str


class Waiting(NamedTuple):
    """A stored message as a lane takes it, with the id of its row."""

    id: int
    message: IncomingMessage


_APART = frozenset({"key", "room_id", "sender_id", "text", "at"})
_REST = {
    field.name: field.default if field.default_factory is MISSING else field.default_factory()
    for field in fields(IncomingMessage)
    if field.name not in _APART
}
"""What a message has beside its columns, and what each is when nothing is said of it: that is not stored."""
_rest_of = attrgetter(*_REST)
_NAMES = ("room_topic", "sender_name", "room_name")
_names_of = attrgetter(*_NAMES)
_beside_names = attrgetter(*(name for name in _REST if name not in _NAMES))
_NAMES_ALONE = tuple(value for name, value in _REST.items() if name not in _NAMES)
_KEPT_NAMES = 4_096
"""Members whose names are kept as they are stored: most lines say nothing else beside their columns."""
_AT_ONCE = 1_000
"""Ids in one question."""
_table = InboxMessage.__table__  # type: ignore[attr-defined]
_KEY = ("channel", "account", "message_id")
_new = NewRows(_table, columns=InboxRow._fields, key=_KEY, returning=("id",), ready=("message",))
_new_ended = NewRows(
    _table,
    columns=(*InboxRow._fields, "outcome", "reason", "handled_at"),
    key=_KEY,
    returning=("id",),
    ready=("message",),
)
_TEXT = InboxRow._fields.index("text")
_keys = core_select(_table.c.id, *(_table.c[name] for name in _KEY)).where(
    _table.c.id.in_(bindparam("row_ids", expanding=True))
)
_read = [
    _table.c[name]
    for name in ("id", "channel", "account", "message_id", "room_id", "sender_id", "text", "at", "message")
]
_is_pending = _table.c.state == PENDING
# made once: every batch asks for these
_waiting = core_select(*_read).where(_is_pending).order_by(_table.c.id).limit(bindparam("most", type_=Integer))
_waiting_ids = core_select(_table.c.id).where(_is_pending).order_by(_table.c.id).limit(bindparam("most", type_=Integer))
_of_these = (
    core_select(*_read)
    .where(_is_pending, _table.c.id.in_(bindparam("row_ids", expanding=True)))
    .order_by(_table.c.id)
    .with_for_update()
)
_note = core_select(_table.c.id).where(_table.c.channel == CONTROL, _is_pending).limit(1)
_finishing = EachRow(
    update(_table)
    .where(_table.c.id == bindparam("row_id"))
    .values(state=bindparam("done"), outcome=bindparam("how"), reason=bindparam("why"), handled_at=bindparam("now")),
    names=("row_id", "done", "how", "why", "now"),
)


def row_of(message: IncomingMessage, received_at: datetime) -> InboxRow:
    """Return the column values of a whole message; what nobody said is left out of ``message``."""
    said = zip(_REST, _rest_of(message), _REST.values(), strict=True)
    rest = {name: value for name, value, default in said if value is not default and value != default}
    if message.quote is not None:
        rest["quote"] = asdict(message.quote)
    text, key = _storable(message.text), message.key
    return InboxRow(*key, PENDING, message.room_id, message.sender_id, text, rest, message.at, received_at)


def _new_row(message: IncomingMessage, state: str, received_at: datetime) -> tuple[Any, ...]:
    """Return the values of ``row_of`` as they are stored: ``message`` is the text of its JSON."""
    names_alone = _beside_names(message) == _NAMES_ALONE
    rest = names_stored(*_names_of(message)) if names_alone else json.dumps(row_of(message, received_at).message)
    text, key = _storable(message.text), message.key
    return (*key, state, message.room_id, message.sender_id, text, rest, message.at, received_at)


@lru_cache(maxsize=_KEPT_NAMES)
def names_stored(*names: str) -> str:
    """Return what ``message`` holds of who says nothing but a line; kept until a lane forgets what it remembers."""
    return json.dumps({name: value for name, value in zip(_NAMES, names, strict=True) if value})


def _storable(text: str) -> str:
    """Replace what PostgreSQL (NUL) or UTF-8 (half a surrogate pair) cannot hold; nobody typed it."""
    if "\x00" not in text and text.isprintable():
        return text
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def message_of(row: InboxRow | InboxMessage) -> IncomingMessage:
    """Return the message that ``row_of`` stored."""
    key = MessageKey(row.channel, row.account, row.message_id)
    return _message(key, row.room_id, row.sender_id, row.text, row.at, row.message)


def _message(
    key: MessageKey, room_id: str, sender_id: str, text: str, at: datetime, rest: dict[str, Any]
) -> IncomingMessage:
    if "kind" in rest or "mentions" in rest or "quote" in rest:
        quote = rest.get("quote")
        rest = rest | {
            "kind": MessageKind(rest.get("kind", MessageKind.TEXT)),
            "mentions": tuple(rest.get("mentions", ())),
            "quote": Quote(**quote) if quote else None,
        }
    return IncomingMessage(key, room_id, sender_id, text, at, **rest)


def _as_kept(message: IncomingMessage, text: str) -> IncomingMessage:
    """Return a message that was just stored, its text as ``text``, as it would be read back."""
    if message.at.tzinfo is UTC and not message.raw and text == message.text:
        return message
    raw = json.loads(json.dumps(message.raw)) if message.raw else {}
    return replace(message, text=text, at=message.at.astimezone(UTC), raw=raw)


async def announce(session: AsyncSession, key: MessageKey, raw: dict[str, Any], now: datetime) -> bool:
    """Note that a message exists; return false when its content is already stored."""
    if await _new.insert(session, [(*key, ANNOUNCED, "", "", "", json.dumps({"raw": raw}), now, now)]):
        return True
    state = (await session.exec(select(InboxMessage.state).where(*_same_key(key)))).one()
    return state == ANNOUNCED


async def store(
    session: AsyncSession, messages: Sequence[IncomingMessage], now: datetime, expected: Ended | None = None
) -> list[Waiting | None]:
    """Store whole messages; return each as a lane takes it, or None where the key was already complete.

    One statement for all of them; only keys that exist already are looked at one by one, to fill an announced row.
    Who handles messages in the transaction that stores them may say what most will come to: they are stored as if they
    had come to it, and only the others need to be finished.
    """
    state = PENDING if expected is None else DONE
    rows = [_new_row(message, state, now) for message in messages]
    if expected is None:
        ids = sorted(row_id for (row_id,) in await _new.insert(session, rows))
    else:
        end = (*expected, now)
        ids = sorted(row_id for (row_id,) in await _new_ended.insert(session, [row + end for row in rows]))
    if len(ids) == len(rows):
        kept = zip(ids, messages, rows, strict=True)
        return [Waiting(row_id, _as_kept(message, row[_TEXT])) for row_id, message, row in kept]
    by_key: dict[tuple[str, ...], int] = {}
    for start in range(0, len(ids), _AT_ONCE):
        found = await execute(session, _keys, {"row_ids": ids[start : start + _AT_ONCE]})
        by_key.update({tuple(key): row_id for row_id, *key in found})
    stored: list[Waiting | None] = []
    for message, row in zip(messages, rows, strict=True):
        row_id = by_key.pop(message.key, None)  # a key twice in one call counts once
        if row_id is None:
            row_id = await _fill(session, message, now, expected)
        stored.append(None if row_id is None else Waiting(row_id, _as_kept(message, row[_TEXT])))
    return stored


async def _fill(session: AsyncSession, message: IncomingMessage, now: datetime, expected: Ended | None) -> int | None:
    """Give an announced message its content; None when it has one."""
    values = row_of(message, now)._asdict()
    if expected is not None:
        values |= {"state": DONE, "handled_at": now} | expected._asdict()
    filled = update(_table).where(*_same_key(message.key), _table.c.state == ANNOUNCED).values(values)
    found: int | None = (await execute(session, filled.returning(_table.c.id))).scalar_one_or_none()
    return found


async def row_id(session: AsyncSession, key: MessageKey) -> int | None:
    """Return the id of a message's row, None when it is not kept."""
    return (await session.exec(select(InboxMessage.id).where(*_same_key(key)))).one_or_none()


async def unfetched(session: AsyncSession, channel: str, account: str) -> list[MessageKey]:
    """Return the keys that were announced and never filled, oldest first."""
    query = (
        select(InboxMessage.message_id)
        .where(
            col(InboxMessage.channel) == channel,
            col(InboxMessage.account) == account,
            col(InboxMessage.state) == ANNOUNCED,
        )
        .order_by(col(InboxMessage.id))
    )
    return [MessageKey(channel, account, message_id) for message_id in (await session.exec(query)).all()]


async def pending(session: AsyncSession, limit: int, *, hold: bool = False) -> list[Waiting]:
    """Return stored messages that no lane has handled, in the order they came.

    ``hold`` keeps others off them until the commit; what somebody else holds is waited for, and read as they leave it.
    """
    query = _waiting.with_for_update() if hold else _waiting
    return _read_messages(await execute(session, query, {"most": limit}))


async def pending_ids(session: AsyncSession, limit: int) -> list[int]:
    """Return the ids of the same rows, whatever is in them."""
    return list((await execute(session, _waiting_ids, {"most": limit})).scalars())


async def hold(session: AsyncSession, row_ids: Sequence[int]) -> list[Waiting]:
    """Return those of these messages that nobody has handled or deleted, and keep others off them until the commit."""
    return _read_messages(await execute(session, _of_these, {"row_ids": row_ids}))


def _read_messages(found: Iterable[Sequence[Any]]) -> list[Waiting]:
    return [
        Waiting(row_id, _message(MessageKey(channel, account, message_id), *said))
        for row_id, channel, account, message_id, *said in found
    ]


async def tell_lanes(session: AsyncSession, now: datetime) -> None:
    """Note, in the transaction of a change made outside the lanes, that they must drop what they remember."""
    note = IncomingMessage(MessageKey(CONTROL, "", uuid4().hex), "", "", "", now)
    await _new.insert(session, [_new_row(note, PENDING, now)])


async def finish(session: AsyncSession, outcomes: Sequence[dict[str, Any]], now: datetime) -> None:
    """Write outcomes: each a dict with ``row_id``, ``outcome`` and ``reason``; part of the lane's one commit."""
    rows = [(row["row_id"], DONE, row["outcome"], row["reason"], now) for row in outcomes]
    await _finishing.carry_out(session, rows)


async def forget(session: AsyncSession, before: datetime) -> int:
    """Delete messages that were handled, or announced and never fetched, before an instant; return how many."""
    handled = and_(_table.c.state == DONE, _table.c.handled_at < before)
    never_fetched = and_(_table.c.state == ANNOUNCED, _table.c.received_at < before)
    return int((await execute(session, delete(_table).where(or_(handled, never_fetched)))).rowcount)


async def empty(session: AsyncSession, row_ids: Sequence[int]) -> None:
    """Erase what messages said and the channels' raw events, keeping their keys and outcomes."""
    if row_ids:
        erased = update(_table).where(_table.c.id.in_(row_ids)).values(text="", message={})
        await execute(session, erased)


async def disown(session: AsyncSession, row_ids: Sequence[int]) -> None:
    """Erase what messages said and who wrote them; the keys stay, so that a redelivery is known."""
    if row_ids:
        erased = update(_table).where(_table.c.id.in_(row_ids)).values(sender_id="", text="", message={})
        await execute(session, erased)


async def told(session: AsyncSession) -> bool:
    """Tell whether another process has changed the database since lanes read it: a note of ``tell_lanes`` waits."""
    return (await execute(session, _note)).first() is not None


async def texts_of(
    session: AsyncSession,
    channel: str,
    account: str,
    sender_id: str,
    rooms: Sequence[str],
    since: datetime,
    before: int,
) -> list[str]:
    """Return what somebody wrote in these rooms ("" is the private chat) since an instant, below an inbox id."""
    query = (
        select(InboxMessage.text)
        .where(col(InboxMessage.channel) == channel, col(InboxMessage.account) == account)
        .where(col(InboxMessage.room_id).in_(rooms), col(InboxMessage.at) >= since)
        .where(col(InboxMessage.sender_id) == sender_id, col(InboxMessage.id) < before)
        .order_by(col(InboxMessage.id))
    )
    return list((await session.exec(query)).all())


def _same_key(key: MessageKey) -> tuple[Any, Any, Any]:
    return (
        _table.c.channel == key.channel,
        _table.c.account == key.account,
        _table.c.message_id == key.message_id,
    )
