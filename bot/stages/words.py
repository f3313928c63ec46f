"""The stage of words: what a leader or member says to the bot rather than to the room."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from bot.stages.needs import push_draft
from bot.stages.turn import Handled, Turn
from core.outcomes import Outcome, Reason
from core.templates import render
from groups import repository as group_store
from groups.service import WordResult
from groups.state import GroupKey, GroupState, MemberKey, Role
from groups.words import UnknownWord, Word, WordKind
from orders.pushes import agree
from recommender import repository as need_store
from recommender.models import Push
from recommender.policy import Level

_LOOK_BACK = timedelta(days=7)
_ANSWERS = frozenset({WordKind.AGREE, WordKind.DECLINE})


async def command(turn: Turn) -> Handled | None:
    """Carry out a word; None for talk."""
    private = not turn.message.room_id
    word = turn.groups.parse(turn.text.text, addressed=turn.mentioned or private)
    if word is None or await _is_talk(turn, word):
        return None
    result = await _private(turn, word) if private else _in_group(turn, word)
    if result is None:
        return None
    await turn.desk.apply(result.changes)
    if result.passed_on is not None:
        await _carry_out(turn, result.passed_on, result)
    elif result.answer:
        turn.answer(result.answer + await _order_help(turn, word), private=result.private)
    ignored = {Reason.MEMBER_UNSUBSCRIBED, Reason.GROUP_OFF}
    return turn.end(Outcome.IGNORED if result.reason in ignored else Outcome.COMMAND, result.reason)


async def _order_help(turn: Turn, word: Word | UnknownWord) -> str:
    """Return what 帮助 says about orders besides, for a leader or for a member."""
    if not isinstance(word, Word) or word.kind is not WordKind.HELP:
        return ""
    message = turn.message
    if turn.known is not None:
        leads = turn.groups.role(turn.known.group, message.sender_id) is not Role.MEMBER
    else:
        who = (message.key.channel, message.key.account, message.sender_id)
        leads = bool(await group_store.owned_by(turn.desk.session, *who))
    return "\n" + render("orders", "help_leader" if leads else "help_member")


async def _is_talk(turn: Turn, word: Word | UnknownWord) -> bool:
    """Tell whether 同意 or 不用 only answers somebody in the room: nothing waits for it, nobody addressed the bot."""
    if turn.known is None or turn.mentioned or not isinstance(word, Word):
        return False
    return word.kind in _ANSWERS and await _suggestion(turn, turn.known.group) is None


def _in_group(turn: Turn, word: Word | UnknownWord) -> WordResult | None:
    if turn.known is None:
        return None
    return turn.groups.speak(turn.known.group, turn.message.sender_id, word, turn.message.key.message_id)


async def _private(turn: Turn, word: Word | UnknownWord) -> WordResult | None:
    message, desk = turn.message, turn.desk
    who = (message.key.channel, message.key.account, message.sender_id)
    await desk.flush()
    owned = await _states(turn, await group_store.owned_by(desk.session, *who))
    joined = await _states(turn, await group_store.joined_by(desk.session, *who))
    return turn.groups.speak_private(owned, joined, MemberKey(*who), word, message.key.message_id)


async def _states(turn: Turn, keys: list[GroupKey]) -> list[GroupState]:
    await turn.desk.fetch(keys)
    return [turn.desk.known[key].group for key in keys if key in turn.desk.known]


async def _carry_out(turn: Turn, word: Word, result: WordResult) -> None:
    """Carry out a word about needs and pushes, which ``groups`` allowed and passed on."""
    await turn.desk.flush()  # what this batch decided so far must be readable
    group = turn.desk.known[result.group].group if result.group in turn.desk.known else None
    if word.kind in _ANSWERS and group is not None:
        text = await _settle(turn, group, agreed=word.kind is WordKind.AGREE)
    elif word.kind is WordKind.NEEDS and group is not None:
        text = await _unmet(turn, group)
    else:
        text = await _why(turn, group)
    turn.answer(text, private=result.private or word.kind is WordKind.WHY)


async def _settle(turn: Turn, group: GroupState, *, agreed: bool) -> str:
    session, now = turn.desk.session, turn.desk.now
    push = await _suggestion(turn, group)
    state = need_store.QUEUED if agreed else need_store.DISMISSED
    if push is None or not await need_store.settle_suggestion(session, push.id or 0, state, now):
        return render("recommender", "no_suggestion")
    if not agreed:
        return render("recommender", "declined")
    products = tuple(int(entry["product"]) for entry in push.products)
    await agree(turn.desk.orders, group.id or 0, products)
    draft = push_draft(
        turn,
        group,
        push.inbox_id,
        text=push.text,
        member=push.member,
        products=products,
        least_level=Level.SUGGEST,
    )
    turn.say(draft)
    return render("recommender", "agreed", topic=group.topic)


async def _suggestion(turn: Turn, group: GroupState) -> Push | None:
    """Return the suggestion that waits for this group's leader."""
    await turn.desk.flush()  # it may have been made by a message of this batch
    since = turn.desk.now - timedelta(hours=turn.recommender.settings.suggestion_lifetime_hours)
    return await need_store.waiting_suggestion(turn.desk.session, [group.id or 0], since)


async def _unmet(turn: Turn, group: GroupState) -> str:
    now = turn.desk.now
    records = await need_store.open_needs(turn.desk.session, now - _LOOK_BACK, now + timedelta(seconds=1))
    counts = Counter("、".join(record.terms) for record in records if record.group_id == group.id and record.terms)
    needs = [{"wanted": wanted, "count": count} for wanted, count in counts.most_common(15)]
    return render("recommender", "unmet", needs=needs, days=_LOOK_BACK.days)


async def _why(turn: Turn, group: GroupState | None) -> str:
    push = await need_store.latest_push(turn.desk.session, group.id if group else None, turn.message.sender_id)
    if push is None:
        return render("recommender", "why_nothing")
    return render("recommender", "why", terms=push.terms, reasons=push.reasons)
