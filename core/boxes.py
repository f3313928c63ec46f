"""What inbox and outbox keep of a person: their messages, what others wrote of them, and texts to or about them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, or_, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from core.database import execute
from core.inbox import ANNOUNCED, DONE, PENDING, InboxMessage
from core.outbox import OutboxFile, OutboxMessage
from core.outcomes import Hold, Outcome, Reason, SendState
from core.personal import REDACTED, Column, Found, Person, Sheet, Traces, Treatment, chunks, columns

_inbox = InboxMessage.__table__  # type: ignore[attr-defined]
_outbox = OutboxMessage.__table__  # type: ignore[attr-defined]
_files = OutboxFile.__table__  # type: ignore[attr-defined]

_WRITTEN = (
    *("text", "footer", "contact_id", "mentions", "about_members", "error", "dedupe_key"),
    *("state", "reason", "finished_at"),
)
_EXPORT = "export"
"""The kind of outbox row whose file lists everybody who ordered."""


class Boxes:
    """Implements ``core.personal.PersonalData`` for inbox, outbox and the kill switch."""

    name = "core"
    columns: Mapping[str, Column] = {
        **columns("inbox", Treatment.ERASED, "sender_id", "text", "message"),
        **columns(
            "inbox",
            Treatment.NOT_PERSONAL,
            *("channel", "account", "message_id", "room_id", "state", "outcome", "reason"),
            reason="the channel's key of a message, without whose it was, and how it ended: a redelivery must be known",
        ),
        **columns(
            "outbox",
            Treatment.ERASED,
            *("dedupe_key", "contact_id", "text", "footer", "mentions", "about_members", "error"),
        ),
        **columns(
            "outbox",
            Treatment.NOT_PERSONAL,
            *("channel", "account", "room_id", "kind", "merge_key", "about_products", "state", "reason", "message_id"),
            reason="where, which kind, and what became of it",
        ),
        **columns("outbox_file", Treatment.ERASED, "name", "content_type", "content"),
        **columns("switch", Treatment.NOT_PERSONAL, "name", "reason", reason="an account and an operator's words"),
    }

    async def find(self, session: AsyncSession, person: Person) -> Found:
        """Return every name the person wrote under, and what they wrote."""
        names: set[str] = set()
        words: set[str] = set()
        for mine in _own(person):
            for row in await execute(session, select(_inbox.c.text, _inbox.c.message).where(*mine)):
                words.add(row.text.strip())
                names |= {str(row.message.get(key) or "") for key in ("sender_name", "room_name")}
        return Found(frozenset(names - {""}), frozenset(words - {""}))

    async def export(self, session: AsyncSession, person: Person) -> list[Sheet]:
        """Return the person's messages, and what the bot sent to them or about them."""
        said: list[tuple[Any, ...]] = []
        for mine in _own(person):
            rows = await execute(session, select(_inbox).where(*mine))
            for row in rows:
                quote = (row.message.get("quote") or {}).get("text", "")
                ended = "·".join(filter(None, [row.outcome, row.reason]))
                said.append((row.id, row.at, row.message.get("room_topic") or "", row.text, quote, ended))
        sent = [
            (row.created_at, row.kind, row.text, row.state)
            for row in await self._about(session, person)
            if not row.fleeting
        ]
        return [
            Sheet("消息", ("时间", "群", "内容", "引用", "处理结果"), tuple(row[1:] for row in sorted(said))),
            Sheet("发给您或提到您的消息", ("时间", "种类", "内容", "状态"), tuple(sent)),
        ]

    async def _about(self, session: AsyncSession, person: Person) -> list[Any]:
        ours = (_outbox.c.channel == person.channel, _outbox.c.account == person.account)
        named = Traces(person).mentioned_in(_outbox.c.about_members)
        query = select(_outbox).where(*ours, or_(_outbox.c.contact_id == person.contact_id, named))
        rows = (await execute(session, query.order_by(_outbox.c.id))).all()
        return [row for row in rows if person.contact_id in {row.contact_id, *row.about_members}]

    async def erase(self, session: AsyncSession, person: Person, traces: Traces, now: datetime) -> Mapping[str, int]:
        """Empty the person's messages, keeping their keys; take them out of others' messages and of the outbox.

        The person's own rows come first: a lane that holds them is waited for, and what it decided is seen after that.
        """
        own = 0
        for mine in _own(person):
            waiting = () if person.until is not None else await self._waiting(session, mine)
            emptied = update(_inbox).where(*mine).values(sender_id="", text="", message={})
            own += int((await execute(session, emptied)).rowcount)
            ended = {"state": DONE, "outcome": Outcome.IGNORED, "reason": Reason.MEMBER_UNSUBSCRIBED, "handled_at": now}
            for ids in chunks(waiting):
                await execute(session, update(_inbox).where(_inbox.c.id.in_(ids)).values(ended))
        others = await self._others(session, person, traces)
        sent = await self._outbox(session, person, traces, now)
        return {"messages": own, "messages of others": others, "outbox": sent}

    async def _waiting(self, session: AsyncSession, mine: tuple[Any, ...]) -> list[int]:
        query = select(_inbox.c.id).where(*mine, _inbox.c.state.in_([PENDING, ANNOUNCED]))
        return list((await execute(session, query)).scalars())

    async def _others(self, session: AsyncSession, person: Person, traces: Traces) -> int:
        changed: list[dict[str, Any]] = []
        for rooms in chunks(person.rooms):
            query = select(_inbox.c.id, _inbox.c.text, _inbox.c.message).where(
                *_account(person), _inbox.c.room_id.in_(rooms), traces.mentioned_in(_inbox.c.text, _inbox.c.message)
            )
            for row in (await execute(session, query)).all():
                text = traces.clean(row.text)
                message = _without(row.message, traces, touched=text != row.text)
                if (text, message) != (row.text, row.message):
                    changed.append({"row": row.id, "new_text": text, "new_message": message})
        if changed:
            values = {"text": bindparam("new_text"), "message": bindparam("new_message", type_=_inbox.c.message.type)}
            await execute(session, update(_inbox).where(_inbox.c.id == bindparam("row")).values(values), changed)
        return len(changed)

    async def _outbox(self, session: AsyncSession, person: Person, traces: Traces, now: datetime) -> int:
        """Stop what waits for or about the person, and take them out of every text that was made."""
        found = [_outbox.c[name] for name in ("text", "footer", "mentions", "about_members", "dedupe_key", "error")]
        rows: dict[int, Any] = {}
        private = or_(_outbox.c.contact_id == person.contact_id, traces.mentioned_in(*found))
        ours = (_outbox.c.channel == person.channel, _outbox.c.account == person.account)
        for where in (
            (*ours, _outbox.c.contact_id != "", private),
            *((here, traces.mentioned_in(*found)) for here in _in_groups(person)),
        ):
            rows |= {row.id: row for row in (await execute(session, select(_outbox).where(*where))).all()}
        files = {row.file_id for row in rows.values() if row.contact_id == person.contact_id}
        for here in _in_groups(person):
            exports = select(_outbox.c.file_id).where(here, _outbox.c.kind == _EXPORT, _outbox.c.file_id.is_not(None))
            files |= set((await execute(session, exports)).scalars())
        for ids in chunks(files - {None}):
            await execute(session, delete(_files).where(_files.c.id.in_(ids)))
        changed: list[dict[str, Any]] = []
        for row in rows.values():
            old = {name: getattr(row, name) for name in _WRITTEN}
            values = {**old, **_changed(row, traces, now)}
            if values != old:
                changed.append({"row": row.id, **{f"new_{name}": value for name, value in values.items()}})
        if changed:
            new = {name: bindparam(f"new_{name}", type_=_outbox.c[name].type) for name in _WRITTEN}
            await execute(session, update(_outbox).where(_outbox.c.id == bindparam("row")).values(new), changed)
        return len(changed)


def _account(person: Person) -> tuple[Any, Any]:
    return _inbox.c.channel == person.channel, _inbox.c.account == person.account


def _own(person: Person) -> list[tuple[Any, ...]]:
    """Return the conditions of the person's own messages, room by room: the index knows rooms, not senders."""
    up_to = () if person.until is None else (_inbox.c.id <= person.until,)
    sender = (_inbox.c.sender_id == person.contact_id, *up_to)
    return [(*_account(person), _inbox.c.room_id.in_(rooms), *sender) for rooms in chunks(["", *person.rooms])]


def _in_groups(person: Person) -> list[Any]:
    return [_outbox.c.group_id.in_(ids) for ids in chunks(person.group_ids)]


def _without(message: dict[str, Any], traces: Traces, *, touched: bool) -> dict[str, Any]:
    """Return what is kept of somebody else's message beside its text, without the person.

    The raw event goes whole when the text or anything else of the message was ``touched``.
    """
    kept = dict(message)
    quote = kept.get("quote")
    if quote and (traces.is_own(quote["member"], quote["text"]) or traces.touches(quote["text"])):
        kept["quote"] = {"member": REDACTED, "text": REDACTED}
    person = traces.person
    if person.contact_id in (kept.get("mentions") or ()):
        kept["mentions"] = [one for one in kept["mentions"] if one != person.contact_id]
    raw = kept.get("raw")
    if raw and (touched or kept != message or traces.touches(json.dumps(raw, ensure_ascii=False))):
        kept["raw"] = {}
    return kept


def _changed(row: Any, traces: Traces, now: datetime) -> dict[str, Any]:
    """Return an outbox row without the person; one that was for them or about them says nothing and never goes out."""
    person = traces.person
    own = person.contact_id in {row.contact_id, *row.about_members}
    text = "" if own else traces.clean_lines(row.text)
    values: dict[str, Any] = {
        "text": text,
        "footer": "" if own else traces.clean_lines(row.footer),
        "contact_id": "" if row.contact_id == person.contact_id else row.contact_id,
        "mentions": [] if own else [pair for pair in row.mentions if pair[0] != person.contact_id],
        "about_members": [one for one in row.about_members if one != person.contact_id],
        "error": None if row.error is None else traces.clean(row.error),
        "dedupe_key": f"{person.pseudonym()}:{row.id}" if traces.touches(row.dedupe_key) else row.dedupe_key,
    }
    empty = own or not text.replace(REDACTED, "").strip()
    if row.state == SendState.QUEUED and empty:
        values |= {"state": SendState.HELD, "reason": Hold.UNSUBSCRIBED, "finished_at": now}
    return values
