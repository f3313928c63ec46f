"""The stages of orders: words about offers, and what members type to order."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

from bot.stages import profiling, proposals
from bot.stages.turn import Handled, Turn
from core.messages import MessageKind
from core.outbox import PRIORITY_ANSWER, Draft
from groups import repository as group_store
from groups.segments.settings import Packing
from groups.state import GroupKey, GroupState, Role
from groups.talk.words import Word, WordKind
from orders.serving import Heard, Say, Served
from orders.words import OrderWord, OrderWordKind
from scheduler import repository as due_work
from scheduler.jobs import OFFER_TURN

_HELPERS = frozenset({Role.LEADER, Role.ASSISTANT, Role.ADMIN})
_LEADERS = frozenset({Role.LEADER, Role.ADMIN})
_LIFETIME = timedelta(days=1)
"""A receipt still matters after a night without connection."""


def may_be_word(turn: Turn) -> bool:
    """Tell whether a message can be a word about offers, or the answer to a question about an order."""
    return turn.addressed or turn.orders.may_be_word(turn.message.text) or _may_agree(turn)


async def word(turn: Turn) -> Handled | None:
    """Carry out a word about offers: a leader's in the group or in private, a member's 我的订单."""
    said = turn.orders.parse(turn.message.text, addressed=turn.addressed)
    agreed = _agreement(turn) if said is None else None
    if said is None and agreed is None:
        return None
    group = await _group(turn)
    if group is None or _deaf(turn, group):
        return None
    if agreed is not None and await _answers_something_newer(turn, group):
        return None
    heard = replace(heard_of(turn, group), led=await _led(turn))
    if agreed is not None:
        served = await turn.orders.answer(turn.desk.orders, heard, agreed=agreed)
    else:
        assert said is not None  # noqa: S101 - one of the two is there
        if isinstance(said, OrderWord) and said.kind is OrderWordKind.EXPORT:
            heard = replace(heard, packings=_packings(turn, group, heard.led))
        served = await turn.orders.word(turn.desk.orders, heard, said)
    return None if served is None else await _carry(turn, group, served)


def may_reply(turn: Turn) -> bool:
    """Tell whether a message in a group can be about orders: beside no offer none is, and of talk hardly any."""
    if turn.known is None:
        return False
    if turn.message.kind is MessageKind.RECALL:
        return True
    group_id, member = turn.known.group.id or 0, turn.message.sender_id
    return turn.orders.may_concern(turn.desk.orders, group_id, member, turn.text)


async def reply(turn: Turn) -> Handled | None:
    """Take a 接龙 or a reply for an order; a recalled one is asked about."""
    if turn.known is None:
        return None
    group = turn.known.group
    if _deaf(turn, group) or group.retired:
        return None
    served: Served | None
    if turn.message.kind is MessageKind.RECALL:
        row_id = await turn.desk.row_of(turn.message)
        served = await turn.orders.recalled(turn.desk.orders, heard_of(turn, group), row_id)
    else:
        seen = await _seen(turn, group)
        if not seen and not _may_mean(turn, group):
            return None  # a number in passing, beside pushes of yesterday
        served = await turn.orders.reply(turn.desk.orders, heard_of(turn, group), seen)
    return None if served is None else await _carry(turn, group, served)


def _may_mean(turn: Turn, group: GroupState) -> bool:
    """Tell whether a message can be an order where no push was shown just now; what is quoted may always be meant."""
    message, desk = turn.message, turn.desk.orders
    if message.quote or turn.text.quote:
        return True
    return turn.orders.may_mean(desk, group.id or 0, message.sender_id, turn.text, message.at)


def heard_of(turn: Turn, group: GroupState) -> Heard:
    """Return the message as orders see it."""
    message = turn.message
    member = group.members.get(message.sender_id)
    role = turn.groups.role(group, message.sender_id)
    return Heard(
        group_id=group.id or 0,
        channel=group.channel,
        account=group.account,
        topic=group.topic,
        member=message.sender_id,
        name=(member.shown_name if member else "") or message.shown_name,
        text=turn.text,
        at=message.at,
        handled_at=turn.desk.now,
        inbox_id=turn.row_id,
        quote=message.quote or turn.text.quote,
        helper=role in _HELPERS,
        leads=role in _LEADERS,
        leader=group.leader_id or group.owner_id,
        private=not message.room_id,
        members=turn.desk.called(group),
    )


def _deaf(turn: Turn, group: GroupState) -> bool:
    """Tell whether this group is switched off for this speaker: level 0 and a retired group hear only who leads it."""
    helper = turn.groups.role(group, turn.message.sender_id) in _HELPERS
    return not group.active or ((group.level == 0 or group.retired) and not helper)


def _may_agree(turn: Turn) -> bool:
    """Tell whether a question about an order waits for the speaker; of a private chat that is not known yet."""
    known = turn.known
    return known is None or (known.group.id or 0, turn.message.sender_id) in turn.desk.orders.asked


def _agreement(turn: Turn) -> bool | None:
    """Return what 同意 or 不用 says where it can answer a question; one about an order goes before a suggestion."""
    if not _may_agree(turn):
        return None
    parsed = turn.groups.parse(turn.text.text, addressed=turn.addressed)
    if not isinstance(parsed, Word) or parsed.kind not in {WordKind.AGREE, WordKind.DECLINE} or parsed.object:
        return None
    return parsed.kind is WordKind.AGREE


async def _answers_something_newer(turn: Turn, group: GroupState) -> bool:
    """Tell whether something was proposed to the speaker after the order's question: the newest is meant."""
    question = turn.desk.orders.asked.get((group.id or 0, turn.message.sender_id))
    if question is None or question.asked_at is None:
        return False
    return await proposals.asked_after(turn, question.asked_at)


async def _group(turn: Turn) -> GroupState | None:
    """Return the group that a word is about: this one, or in private the one that the speaker leads."""
    if turn.known is not None:
        return turn.known.group
    key, desk = turn.message.key, turn.desk
    await desk.flush()
    who = (key.channel, key.account, turn.message.sender_id)
    keys = await group_store.owned_by(desk.session, *who) or await group_store.joined_by(desk.session, *who)
    await desk.fetch(keys)
    groups = [desk.known[one].group for one in keys if one in desk.known]
    groups = [group for group in groups if not group.retired] or groups
    await desk.orders.look([group.id for group in groups if group.id is not None])
    named = [group for group in groups if group.topic and group.topic in turn.message.text]
    waiting = [group for group in groups if (group.id or 0, turn.message.sender_id) in desk.orders.asked]
    running = [group for group in groups if desk.orders.in_group(group.id or 0)]
    return next(iter([*named, *waiting, *running, *groups]), None)


async def _led(turn: Turn) -> dict[int, str]:
    """Return the groups that the speaker runs, with their topics."""
    key, desk = turn.message.key, turn.desk
    keys = await group_store.owned_by(desk.session, key.channel, key.account, turn.message.sender_id)
    await desk.fetch(keys)
    groups = [desk.known[one].group for one in keys if one in desk.known]
    await desk.orders.look([group.id for group in groups if group.id is not None])
    return {group.id or 0: group.topic for group in groups}


def _packings(turn: Turn, group: GroupState, led: Collection[int]) -> dict[int, Packing]:
    """Return what the packing sheets of this group and of those that the speaker runs are ordered by."""
    groups = [known.group for known in turn.desk.known.values() if known.group.id in led]
    return {one.id or 0: turn.groups.effects(one).packing for one in (*groups, group)}


async def _seen(turn: Turn, group: GroupState) -> Collection[int]:
    """Return the products of pushes that this group has seen in the last minutes."""
    listed = turn.desk.orders.listed(group.id or 0)
    if listed is None or not listed.pushed:
        return ()
    since = turn.message.at - timedelta(minutes=turn.orders.settings.reply_minutes)
    others = (one for known in turn.desk.known.values() if turn.desk.orders.in_group(one := known.group.id or 0))
    return await turn.desk.ahead.shown(group.id or 0, since, turn.message.at, groups=others)


async def _carry(turn: Turn, group: GroupState, served: Served) -> Handled:
    """Lay the texts on the desk and note what is due by the clock; end the message's way."""
    elsewhere = {say.group_id for say in served.says if say.group_id not in {None, group.id}}
    rooms = await group_store.rooms(turn.desk.session, [one for one in elsewhere if one])
    for place, spoken in enumerate(served.says):
        whispered = not turn.message.room_id and spoken.group_id is None and not spoken.to
        say = replace(spoken, to=turn.message.sender_id) if whispered else spoken  # a pick-up code is not the group's
        key = rooms.get(say.group_id or 0, group.key)
        own = say.group_id in {None, group.id}
        turn.say(draft_of(say, f"order:{turn.row_id}:{place}", key, group.id if own else say.group_id))
    for offer_id, at in served.closings:
        await due_work.add(turn.desk.session, OFFER_TURN, str(offer_id), at)
    profiling.ordered(turn, group, served)
    return turn.end(served.outcome, served.reason, effects=served.effects)


def draft_of(say: Say, dedupe_key: str, room: GroupKey, group_id: int | None) -> Draft:
    """Return a text of orders as the outbox takes it; what goes to one person does not go to the room."""
    return Draft(
        dedupe_key=dedupe_key,
        channel=room.channel,
        account=room.account,
        kind=say.kind,
        text=say.text,
        priority=PRIORITY_ANSWER,
        group_id=group_id,
        room_id="" if say.to else room.room_id,
        contact_id=say.to,
        mentions=say.mentions,
        merge_key=say.merge_key,
        footer=say.footer,
        file=say.file,
        lifetime=_LIFETIME,
    )
