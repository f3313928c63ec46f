"""The outbox: every text that is to be sent, stored in the transaction that decided it.

It knows no rules. Rows move queued → sending → sent | failed | unknown; a guard composed by the program
reads the database at the moment a row is claimed and may hold it back.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Protocol

from sqlalchemy import JSON, Column, Index, LargeBinary, bindparam, delete, false, func, insert, or_, update
from sqlalchemy import select as core_select
from sqlmodel import Field, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.database import dialect_of, execute, insert_in
from core.messages import OutgoingFile, OutgoingMessage
from core.outcomes import SendState
from core.types import BigId, Table, UtcDateTime

PRIORITY_ANSWER = 0
"""Answers to a leader's or member's word, and later order receipts: before everything else."""
PRIORITY_PUSH = 1
"""Answers to a stated need."""
PRIORITY_UNASKED = 2
"""Digests, introductions, proposals: whenever there is room."""


_FILE_KEPT = timedelta(days=1)
"""How long a file is kept for a draft that has no lifetime of its own."""


class OutboxFile(Table, table=True):
    """A file that is to be sent, kept until it has gone or expired: it may name members and what they ordered."""

    __tablename__ = "outbox_file"
    __table_args__ = (Index("ix_outbox_file_end", "expires_at"),)

    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    name: str = Field(max_length=255)
    content_type: str = Field(max_length=128)
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    expires_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class OutboxMessage(Table, table=True):
    """One text or one file to one room or one contact. ``dedupe_key`` makes enqueueing it twice harmless.

    A ``fleeting`` row forgets its text and its reader as soon as it is settled or expired.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_turn", "state", "channel", "account", "priority", "id"),
        Index("ix_outbox_account_time", "channel", "account", "claimed_at"),
        Index("ix_outbox_group_time", "group_id", "claimed_at"),
        Index("ix_outbox_created", "channel", "account", "kind", "created_at"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    dedupe_key: str = Field(max_length=160, unique=True)
    channel: str = Field(max_length=32)
    account: str = Field(max_length=128)
    group_id: int | None = Field(default=None, sa_column=Column(BigId))
    room_id: str = Field(default="", max_length=128)
    contact_id: str = Field(default="", max_length=128)
    kind: str = Field(max_length=24)
    asked: bool = True
    priority: int
    least_level: int = 0
    text: str
    merge_key: str = Field(default="", max_length=64)
    footer: str = ""
    merged_into: int | None = Field(default=None, sa_column=Column(BigId))
    file_id: int | None = Field(default=None, sa_column=Column(BigId))
    mentions: list[Any] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    about_members: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    about_products: list[int] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    fleeting: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    state: str = Field(default=SendState.QUEUED, max_length=16)
    reason: str | None = Field(default=None, max_length=32)
    error: str | None = None
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    expires_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    claimed_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    finished_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    message_id: str | None = Field(default=None, max_length=128)


_table = OutboxMessage.__table__  # type: ignore[attr-defined]
_files = OutboxFile.__table__  # type: ignore[attr-defined]
_shown_products = core_select(_table.c.group_id, _table.c.claimed_at, _table.c.about_products).where(
    _table.c.group_id.in_(bindparam("groups", expanding=True)),
    _table.c.room_id != "",
    _table.c.claimed_at >= bindparam("since"),
    _table.c.state.in_([SendState.SENT, SendState.UNKNOWN]),
)
_FORGOTTEN: dict[str, Any] = {"text": "", "footer": "", "contact_id": "", "mentions": [], "about_members": []}
"""What a fleeting row holds once nobody needs it any more."""


@cache
def _new(dialect: str) -> Any:
    """Return an INSERT of drafts that leaves alone what is stored already."""
    return insert_in(dialect, _table).on_conflict_do_nothing(index_elements=["dedupe_key"])


@dataclass(frozen=True, slots=True)
class Draft:
    """A text somebody wants sent.

    ``asked`` is false for what nobody asked for; ``about_members`` are the contact ids the text names, so that
    the guard can stop it when one of them opts out; ``about_products`` likewise for products that go, ``least_level``
    for a group whose permission level falls below it.

    A text with a ``merge_key`` may become one message with others of its room that have one, see
    ``core.gathering``; ``footer`` is a last line said once per key, the newest wins. ``text`` holds the line alone.
    A ``file`` goes alone and is never gathered; ``text`` then only names it in the outbox. A ``fleeting`` text is for
    somebody who is to be forgotten: the row keeps neither it nor its reader once it has gone.
    """

    dedupe_key: str
    channel: str
    account: str
    kind: str
    text: str
    priority: int
    group_id: int | None = None
    room_id: str = ""
    contact_id: str = ""
    asked: bool = True
    mentions: tuple[tuple[str, str], ...] = ()
    about_members: tuple[str, ...] = ()
    about_products: tuple[int, ...] = ()
    least_level: int = 0
    lifetime: timedelta | None = field(default=None)
    merge_key: str = ""
    footer: str = ""
    file: OutgoingFile | None = None
    fleeting: bool = False


class SendGuard(Protocol):
    """Decides, from the database, whether a claimed row may still go out."""

    async def check(self, session: AsyncSession, row: OutboxMessage, now: datetime) -> str | None:
        """Return the reason code that stops the row, or None when it may go."""
        ...


async def enqueue(session: AsyncSession, drafts: Sequence[Draft], now: datetime) -> None:
    """Store drafts as queued rows; a draft whose key exists already is left alone."""
    if not drafts:
        return
    insert_new = _new(dialect_of(session))
    if all(draft.file is None for draft in drafts):
        await execute(session, insert_new, [_row(draft, now) for draft in drafts])
        return
    for draft in drafts:  # one by one: the rows keep the order of the drafts, and only a new row gets its file
        row = await execute(session, insert_new.values(_row(draft, now)).returning(_table.c.id))
        row_id = row.scalar_one_or_none()
        if draft.file is not None and row_id is not None:
            file_id = await _store_file(session, draft.file, now, now + (draft.lifetime or _FILE_KEPT))
            await execute(session, update(_table).where(_table.c.id == row_id).values(file_id=file_id))


async def _store_file(session: AsyncSession, file: OutgoingFile, now: datetime, expires_at: datetime) -> int:
    values = {
        "name": file.name,
        "content_type": file.content_type,
        "content": file.content,
        "created_at": now,
        "expires_at": expires_at,
    }
    return int((await execute(session, insert(_files).values(values).returning(_files.c.id))).scalar_one())


async def file_of(session: AsyncSession, row: OutboxMessage) -> OutgoingFile | None:
    """Return the file that goes with a row; None when it has none, or when the file has expired."""
    if row.file_id is None:
        return None
    file = await session.get(OutboxFile, row.file_id)
    return None if file is None else OutgoingFile(file.name, file.content_type, file.content)


def _row(draft: Draft, now: datetime) -> dict[str, Any]:
    return {
        "dedupe_key": draft.dedupe_key,
        "channel": draft.channel,
        "account": draft.account,
        "group_id": draft.group_id,
        "room_id": draft.room_id,
        "contact_id": draft.contact_id,
        "kind": draft.kind,
        "asked": draft.asked,
        "priority": draft.priority,
        "least_level": draft.least_level,
        "text": draft.text if draft.merge_key or not draft.footer else f"{draft.text}\n{draft.footer}",
        "merge_key": "" if draft.file else draft.merge_key,
        "footer": draft.footer,
        "mentions": [list(pair) for pair in draft.mentions],
        "about_members": list(draft.about_members),
        "about_products": list(draft.about_products),
        "fleeting": draft.fleeting,
        "state": SendState.QUEUED,
        "created_at": now,
        "expires_at": now + draft.lifetime if draft.lifetime else None,
    }


async def waiting(session: AsyncSession, channel: str, account: str, now: datetime, limit: int) -> list[OutboxMessage]:
    """Return the queued rows of an account in the order they should go out."""
    query = (
        select(OutboxMessage)
        .where(*_of(channel, account), col(OutboxMessage.state) == SendState.QUEUED)
        .where(or_(col(OutboxMessage.expires_at).is_(None), col(OutboxMessage.expires_at) > now))
        .order_by(col(OutboxMessage.priority), col(OutboxMessage.id))
        .limit(limit)
    )
    return list((await session.exec(query)).all())


async def claim(session: AsyncSession, row: OutboxMessage, guard: SendGuard, now: datetime) -> str | None:
    """Move a row queued → sending, or to held when the guard says so.

    Returns None when the caller now owns the row and must send it, else why not (``taken`` when another
    process was faster). Commit before sending.
    """
    if (reason := await guard.check(session, row, now)) is not None:
        await _move(session, row, SendState.QUEUED, state=SendState.HELD, reason=reason, finished_at=now)
        return reason
    moved = await _move(session, row, SendState.QUEUED, state=SendState.SENDING, claimed_at=now)
    return None if moved else "taken"


async def settle(
    session: AsyncSession, row: OutboxMessage, state: SendState, now: datetime, *, message_id: str = "", error: str = ""
) -> None:
    """Record what became of a row that was being sent, and of those whose texts went out in it."""
    values = {"finished_at": now, "message_id": message_id or None, "error": error[:500] or None}
    await _move(session, row, SendState.SENDING, state=state, **values)
    if row.file_id is not None:
        await execute(session, delete(_files).where(_files.c.id == row.file_id))
    if row.fleeting:
        await execute(session, update(_table).where(_table.c.id == row.id).values(_FORGOTTEN))
    if row.merge_key:
        inside = (_table.c.merged_into == row.id, _table.c.state == SendState.SENDING)
        merged = SendState.MERGED if state is SendState.SENT else state
        await execute(session, update(_table).where(*inside).values(state=merged, **values))


async def _move(session: AsyncSession, row: OutboxMessage, expected: SendState, **values: Any) -> bool:
    statement = update(_table).where(_table.c.id == row.id, _table.c.state == expected).values(**values)
    return bool((await execute(session, statement)).rowcount)


async def abandon(session: AsyncSession, before: datetime, now: datetime) -> int:
    """Mark rows that have been ``sending`` since before an instant as unknown; they are never sent again blindly."""
    stuck = (_table.c.state == SendState.SENDING, _table.c.claimed_at < before)
    await execute(session, update(_table).where(*stuck, _table.c.fleeting).values(_FORGOTTEN))
    values = {"state": SendState.UNKNOWN, "finished_at": now, "error": "no answer before the process ended"}
    return int((await execute(session, update(_table).where(*stuck).values(values))).rowcount)


async def expire(session: AsyncSession, now: datetime) -> int:
    """Mark queued rows whose time has passed, and delete the files whose time has."""
    await execute(session, delete(_files).where(_files.c.expires_at <= now))
    late = (_table.c.state == SendState.QUEUED, _table.c.expires_at <= now)
    await execute(session, update(_table).where(*late, _table.c.fleeting).values(_FORGOTTEN))
    expired = update(_table).where(*late).values(state=SendState.EXPIRED, finished_at=now)
    return int((await execute(session, expired)).rowcount)


async def forget(session: AsyncSession, before: datetime) -> int:
    """Delete rows that were finished, and files that were made, before an instant."""
    await execute(session, delete(_files).where(_files.c.created_at < before))
    return int((await execute(session, delete(_table).where(_table.c.finished_at < before))).rowcount)


async def claimed_since(
    session: AsyncSession,
    since: datetime,
    *,
    channel: str,
    account: str,
    group_id: int | None = None,
    kinds: Sequence[str] = (),
    asked: bool | None = None,
) -> list[datetime]:
    """Return when rows went out (or may have gone out) since an instant, oldest first, for pacing and caps."""
    query = select(OutboxMessage.claimed_at).where(
        *_of(channel, account),
        col(OutboxMessage.claimed_at) >= since,
        col(OutboxMessage.state).in_([SendState.SENDING, SendState.SENT, SendState.UNKNOWN]),
        col(OutboxMessage.merged_into).is_(None),
    )
    if group_id is not None:
        query = query.where(col(OutboxMessage.group_id) == group_id)
    if kinds:
        query = query.where(col(OutboxMessage.kind).in_(kinds))
    if asked is not None:
        query = query.where(col(OutboxMessage.asked) == asked)
    return [at for at in (await session.exec(query.order_by(col(OutboxMessage.claimed_at)))).all() if at]


async def shown_products(
    session: AsyncSession, group_ids: Collection[int], since: datetime
) -> dict[int, list[tuple[datetime, list[int]]]]:
    """Return by group when texts went out to its room since an instant, and the products that they showed."""
    shown: dict[int, list[tuple[datetime, list[int]]]] = {}
    asked = {"groups": list(group_ids), "since": since}
    for group_id, at, products in (await execute(session, _shown_products, asked)).all():
        shown.setdefault(group_id, []).append((at, products))
    return shown


async def first_claim(session: AsyncSession, channel: str, account: str) -> datetime | None:
    """Return when this account sent its first message, for the warm-up of a new account."""
    query = select(func.min(OutboxMessage.claimed_at)).where(*_of(channel, account))
    return (await session.exec(query)).one()


async def count_created(session: AsyncSession, channel: str, account: str, kind: str, since: datetime) -> int:
    """Return how many rows of a kind were enqueued for an account since an instant."""
    query = _table.select().where(*_of(channel, account), _table.c.kind == kind, _table.c.created_at >= since)
    return int((await execute(session, query.with_only_columns(func.count()))).scalar_one())


async def count_by_state(session: AsyncSession) -> dict[str, int]:
    """Return how many rows stand in each state."""
    query = select(OutboxMessage.state, func.count()).group_by(OutboxMessage.state)
    return dict((await session.exec(query)).all())


def outgoing(row: OutboxMessage, file: OutgoingFile | None = None) -> OutgoingMessage:
    """Return the row, with its file if it has one, as a channel takes it."""
    return OutgoingMessage(
        text=row.text,
        room_id=row.room_id,
        contact_id=row.contact_id,
        mentions=tuple((str(member), str(name)) for member, name in row.mentions),
        file=file,
    )


def _of(channel: str, account: str) -> tuple[Any, Any]:
    return (_table.c.channel == channel, _table.c.account == account)
