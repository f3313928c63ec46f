"""The stage of words: what a leader or member says to the bot rather than to the room."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from bot.stages import group_life, labels, preferences, profiling, proposals, rights, showing, suggestions
from bot.stages.turn import Handled, Turn
from core.outcomes import Outcome, Reason
from core.templates import render
from groups import repository as group_store
from groups.service import WordResult
from groups.state import GroupKey, GroupState, MemberKey, Role
from groups.talk.words import UnknownWord, Word, WordKind

_ANSWERS = frozenset({WordKind.AGREE, WordKind.DECLINE})
_ABOUT_PEOPLE = frozenset({WordKind.APPOINT, WordKind.DISMISS})
_CARRIED_OUT: Mapping[WordKind, Callable[[Turn, WordResult], Awaitable[None]]] = {
    WordKind.AGREE: suggestions.settle,
    WordKind.DECLINE: suggestions.settle,
    WordKind.NEEDS: suggestions.unmet,
    WordKind.WHY: suggestions.why,
    WordKind.SPLIT: group_life.split,
    WordKind.MERGE: group_life.merge,
    WordKind.MOVE: group_life.move,
    WordKind.RETIRE: group_life.retire,
    WordKind.REVIVE: group_life.revive,
    WordKind.MY_TAGS: profiling.my_tags,
    WordKind.DELETE_TAG: profiling.delete_tag,
    WordKind.RECOMMEND: showing.recommend,
    WordKind.ALL_PRODUCTS: showing.all_products,
    WordKind.EXCLUDE: preferences.prefer,
    WordKind.INCLUDE: preferences.prefer,
    WordKind.PIN: preferences.prefer,
    WordKind.UNPIN: preferences.prefer,
    WordKind.RELABEL: labels.relabel,
    WordKind.MY_DATA: rights.my_data,
    WordKind.DELETE_DATA: rights.ask_to_delete,
    WordKind.CONFIRM_DELETE: rights.delete,
}
"""Who carries out the words that ``groups`` allows and passes on."""


def may_be_word(turn: Turn) -> bool:
    """Tell whether a message can be a word to the bot."""
    return turn.addressed or turn.groups.may_be_word(turn.text.text)


async def command(turn: Turn) -> Handled | None:
    """Carry out a word; None for talk."""
    private = not turn.message.room_id
    word = turn.groups.parse(turn.text.text, addressed=turn.addressed)
    if word is None or await _is_talk(turn, word):
        return None
    if turn.deleted:
        await rights.welcome_back(turn, word)
    word = _about_whom(turn, word)
    answered = await proposals.answered(turn, word)
    if answered is not None:
        return answered
    result = await _private(turn, word) if private else _in_group(turn, word)
    if result is None:
        return None
    await turn.desk.apply(result.changes)
    await group_life.carry_refusals(turn, result.changes)
    if result.passed_on is not None:
        await turn.desk.flush()  # what this batch decided so far must be readable
        await _CARRIED_OUT[result.passed_on.kind](turn, result)
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


def _about_whom(turn: Turn, word: Word | UnknownWord) -> Word | UnknownWord:
    """Let a word about a person mean the one person that the message mentions beside the bot."""
    if not isinstance(word, Word) or word.kind not in _ABOUT_PEOPLE:
        return word
    people = [one for one in turn.message.mentions if one != turn.message.key.account]
    names = [one.name for one in turn.text.mentions if one.name not in turn.groups.settings.bot_names]
    if len(people) == 1:
        return replace(word, member=people[0])
    return replace(word, object=names[0]) if len(names) == 1 and not people and not word.object else word


async def _is_talk(turn: Turn, word: Word | UnknownWord) -> bool:
    """Tell whether 同意 or 不用 only answers somebody in the room: nothing waits for it, nobody addressed the bot.

    Nothing here ever waits for a member, so of the many who say 不用 hardly anybody costs a question to the database.
    """
    if turn.known is None or turn.mentioned or not isinstance(word, Word) or word.kind not in _ANSWERS:
        return False
    group = turn.known.group
    if turn.groups.role(group, turn.message.sender_id) is Role.MEMBER:
        return True
    return await suggestions.waiting(turn, group) is None and not await proposals.waits_here(turn)


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
