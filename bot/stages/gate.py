"""The stages that end a message's way early: what cannot be read, and who does not want to be heard."""

from __future__ import annotations

from datetime import timedelta

from bot.stages.turn import Handled, Turn
from core.inbox import CONTROL
from core.messages import IncomingMessage, MessageKind
from core.outbox import PRIORITY_UNASKED, Draft
from core.outcomes import Outcome, Reason
from groups.state import GroupState

LONGEST_MESSAGE = 65_536
"""Characters; a 接龙 of a large group, as raw XML with an author for each entry, stays below."""
LONGEST_TALK = 8_000
"""Characters; nobody types a need as long as that."""
_READ_KINDS = frozenset({MessageKind.TEXT, MessageKind.UNKNOWN})


def may_be_unreadable(turn: Turn) -> bool:
    """Tell whether a message is not plain text of somebody else; one that was glanced at is."""
    return turn.glance is None and unreadable(turn.message) is not None


async def readable(turn: Turn) -> Handled | None:
    """Pass only what somebody else wrote as text; an unknown kind counts when it has text."""
    if turn.message.kind is MessageKind.RECALL and not turn.message.is_self:
        return None  # the author of an order is asked
    reason = unreadable(turn.message)
    return None if reason is None else turn.end(Outcome.IGNORED, reason)


def unreadable(message: IncomingMessage) -> Reason | None:
    """Return why there is nothing to read in a message, None when there is."""
    if message.key.channel == CONTROL:
        return Reason.CONTROL
    if message.is_self:
        return Reason.OWN_MESSAGE
    if message.kind not in _READ_KINDS or not message.text.strip():
        return Reason.UNKNOWN_TYPE
    return Reason.TOO_LONG if len(message.text) > LONGEST_MESSAGE else None


def may_be_unheard(turn: Turn) -> bool:
    """Tell whether nobody listens to a message."""
    return turn.known is None or unheard(turn.known.group, turn.message) is not None


async def heard(turn: Turn) -> Handled | None:
    """Stop at members who opted out, at groups that are switched off, and at private small talk."""
    if turn.known is None:
        return turn.end(Outcome.IGNORED, Reason.TALK)
    reason = unheard(turn.known.group, turn.message)
    return None if reason is None else turn.end(Outcome.IGNORED, reason)


def unheard(group: GroupState, message: IncomingMessage) -> Reason | None:
    """Return why this group does not listen to a message, None when it does."""
    if len(message.text) > LONGEST_TALK:
        return Reason.TOO_LONG
    if group.unsubscribed(message.sender_id):
        return Reason.MEMBER_UNSUBSCRIBED
    return Reason.GROUP_OFF if group.level == 0 or not group.active or group.retired else None


def introduction(group: GroupState, text: str) -> Draft:
    """Return the one message by which the bot introduces itself to a new group."""
    return Draft(
        dedupe_key=f"introduction:{group.id}",
        channel=group.channel,
        account=group.account,
        kind="introduction",
        text=text,
        priority=PRIORITY_UNASKED,
        group_id=group.id,
        room_id=group.room_id,
        asked=False,
        lifetime=timedelta(days=2),
    )
