"""Several short texts of one room, sent as one message: order receipts that fall within a few seconds.

Rows with a ``merge_key`` are claimed together in one transaction and go out inside the first of them. A row that
went out inside another is ``sending`` and then ``merged``; it fails or stays unknown with the row that carried it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.outbox import OutboxMessage, SendGuard
from core.outcomes import SendState

_LINES = 15
"""Most lines of a gathered message; a phone shows about twenty."""
_CHARACTERS = 1_500
_LOOK_AHEAD = 60
"""Rows looked at, for the footers of what goes in the next message."""


async def claim_gathered(
    session: AsyncSession, first: OutboxMessage, guard: SendGuard, now: datetime
) -> OutboxMessage | None:
    """Claim ``first`` and every queued row of its room that may go with it, as far as one message holds.

    Returns the row that carries them, with the joined text, or None when nothing is left to send: another process
    was faster, or the guard held every row back. Commit before sending, then settle the returned row.
    """
    rows = await _queued_with(session, first, now)
    going: list[OutboxMessage] = []
    behind: list[OutboxMessage] = []
    for position, row in enumerate(rows):
        if going and not _fits(joined([*going, row], rows[position + 1 :])):
            behind = rows[position:]
            break
        if (reason := await guard.check(session, row, now)) is not None:
            row.state, row.reason, row.finished_at = SendState.HELD, reason, now
        else:
            going.append(row)
    if not going:
        return None
    carrier, *others = going
    carrier.text = joined(going, behind)
    carrier.mentions = list({tuple(pair): list(pair) for row in going for pair in row.mentions}.values())
    for row in going:
        row.state, row.claimed_at = SendState.SENDING, now
    for row in others:
        row.merged_into = carrier.id
    await session.flush()
    return carrier


def joined(going: Sequence[OutboxMessage], behind: Sequence[OutboxMessage] = ()) -> str:
    """Return the texts as one: each in turn, then the newest footer of each merge key.

    A key whose rows ``behind`` will say a newer footer in the next message has none in this one.
    """
    later = {row.merge_key for row in behind if row.footer}
    footers = {row.merge_key: row.footer for row in going if row.footer and row.merge_key not in later}
    return "\n".join([*(row.text for row in going), *footers.values()])


def _fits(text: str) -> bool:
    return len(text) <= _CHARACTERS and text.count("\n") < _LINES


async def _queued_with(session: AsyncSession, first: OutboxMessage, now: datetime) -> list[OutboxMessage]:
    """Return the rows that may go out together, in the order of the outbox, locked until the transaction ends."""
    query = (
        select(OutboxMessage)
        .where(
            col(OutboxMessage.state) == SendState.QUEUED,
            col(OutboxMessage.channel) == first.channel,
            col(OutboxMessage.account) == first.account,
            col(OutboxMessage.room_id) == first.room_id,
            col(OutboxMessage.contact_id) == first.contact_id,
            col(OutboxMessage.merge_key) != "",
        )
        .where(or_(col(OutboxMessage.expires_at).is_(None), col(OutboxMessage.expires_at) > now))
        .order_by(col(OutboxMessage.priority), col(OutboxMessage.id))
        .limit(_LOOK_AHEAD)
        .with_for_update()
    )
    return list((await session.exec(query)).all())
