"""同意 and 不用 to a proposal: a new group, or something that happens to a group."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.stages.turn import Handled, Turn
from core.outcomes import Outcome, Reason
from core.templates import render
from groups import changes as happened
from groups import repository as group_store
from groups.life import proposing, succession
from groups.life.proposals import MAKES_ROOM, ProposalKind, ProposalState
from groups.models import Proposal
from groups.state import GroupState, MemberKey
from groups.talk.words import UnknownWord, Word, WordKind
from orders.succession import run_on
from recommender import repository as need_store

_ANSWERS = frozenset({WordKind.AGREE, WordKind.DECLINE})


async def answered(turn: Turn, word: Word | UnknownWord) -> Handled | None:
    """Carry out a leader's word on what is proposed to them; None when it answers something else."""
    if not isinstance(word, Word) or word.kind not in _ANSWERS or word.group:
        return None
    waiting = await _waiting(turn)
    if not waiting:
        return None
    if word.object:
        numbered = [one for one in waiting if str(one.about.get("number")) == word.object]
        if not numbered:
            turn.answer(_no_such(word.object, waiting), private=not turn.message.room_id)
            return turn.end(Outcome.COMMAND, Reason.UNKNOWN_WORD)
        proposal = numbered[0]
    else:
        proposal = waiting[0]
        if await _newer_suggestion(turn, proposal):
            return None
    text = await (_agreed(turn, proposal) if word.kind is WordKind.AGREE else _declined(turn, proposal))
    turn.answer(text, private=not turn.message.room_id)
    return turn.end(Outcome.COMMAND, Reason.DONE)


async def waits_here(turn: Turn) -> bool:
    """Tell whether the speaker, who runs this room, was asked something, so that a bare 同意 in it is the answer."""
    return bool(await _waiting(turn))


async def asked_after(turn: Turn, since: datetime) -> bool:
    """Tell whether something waits for the speaker here that was proposed after an instant."""
    waiting = await _waiting(turn)
    return bool(waiting) and waiting[0].at > since


def speaker(turn: Turn) -> MemberKey:
    """Return who speaks."""
    return MemberKey(turn.message.key.channel, turn.message.key.account, turn.message.sender_id)


async def _waiting(turn: Turn) -> list[Proposal]:
    """Return what waits for the speaker, newest first; in a room only what was asked there, unless it is addressed."""
    await turn.desk.flush()  # it may have been asked by a message of this batch
    waiting = await proposing.waiting(turn.desk.session, speaker(turn), turn.desk.now)
    room_id = turn.message.room_id
    if not room_id or turn.mentioned:
        return waiting
    return [one for one in waiting if one.about.get("asked_in") == room_id]


async def _newer_suggestion(turn: Turn, proposal: Proposal) -> bool:
    """Tell whether a push waits for the speaker that was suggested after the proposal."""
    if turn.known is not None:
        ids = [turn.known.group.id or 0]
    else:
        owned = await group_store.owned_by(turn.desk.session, *speaker(turn))
        await turn.desk.fetch(owned)
        ids = [turn.desk.known[key].group.id or 0 for key in owned if key in turn.desk.known]
    since = turn.desk.now - timedelta(hours=turn.recommender.settings.suggestion_lifetime_hours)
    push = await need_store.waiting_suggestion(turn.desk.session, ids, since)
    return push is not None and push.at > proposal.at


def _no_such(number: str, waiting: Sequence[Proposal]) -> str:
    listed = [{"number": one.about.get("number"), "what": one.topic or _what(one)} for one in reversed(waiting)]
    return render("groups", "proposal_none", number=number, waiting=listed)


def _what(proposal: Proposal) -> str:
    names = {"merge": "并群", "move": "搬群", "retire": "启用" if proposal.about.get("revive") else "停用"}
    return names.get(proposal.kind, "开群")


async def _declined(turn: Turn, proposal: Proposal) -> str:
    await proposing.decide(turn.desk.session, proposal.id or 0, ProposalState.DECLINED, turn.desk.now)
    kind = "revive" if proposal.about.get("revive") else proposal.kind
    return render("groups", "proposal_declined", kind=kind)


async def _agreed(turn: Turn, proposal: Proposal) -> str:
    """Let the room be made, or do at once what needs none."""
    session, now = turn.desk.session, turn.desk.now
    kind = ProposalKind(proposal.kind)
    if kind in MAKES_ROOM:
        if not await proposing.standing_groups(session, proposal.group_ids):
            await proposing.decide(session, proposal.id or 0, ProposalState.VOID, now)
            return render("groups", "proposal_void", why="group_gone", topic=proposal.topic)
        await proposing.decide(session, proposal.id or 0, ProposalState.AGREED, now)
        return render("groups", "proposal_agreed", topic=proposal.topic)
    text = await _carried_out(turn, proposal, kind)
    done = text is not None
    await proposing.decide(session, proposal.id or 0, ProposalState.DONE if done else ProposalState.VOID, now)
    if text is not None:
        return text
    source = await _state(turn, proposal.group_ids[0])
    gone = source is None or not source.active or (source.retired and not proposal.about.get("revive"))
    return render("groups", "proposal_void", why="group_gone" if gone else "target_gone", topic="")


async def _carried_out(turn: Turn, proposal: Proposal, kind: ProposalKind) -> str | None:
    """Retire, revive, merge or move a group; None when a group is not there any more."""
    revive = bool(proposal.about.get("revive"))
    source = await _state(turn, proposal.group_ids[0])
    if source is None or not source.active or source.retired is not revive:
        return None
    if kind is ProposalKind.RETIRE:
        await turn.desk.apply([happened.RetiredSet(source.key, retired=not revive)])
        shown = "revive" if revive else "retire"
        return render(
            "groups", "proposal_applied", kind=shown, group=source.topic, target="", offers=0, level=source.level
        )
    target = None if proposal.target_id is None else await _state(turn, proposal.target_id)
    if target is None or not target.active or target.retired:
        return None
    changed = succession.merge(source, target) if kind is ProposalKind.MERGE else succession.move(source, target)
    await turn.desk.apply(changed)
    offers = await run_on(turn.desk.orders, source.id or 0, target.id or 0)
    return _applied(kind.value, source, target.topic, offers)


def _applied(kind: str, source: GroupState, target: str = "", offers: int = 0) -> str:
    values = {"group": source.topic, "target": target, "offers": offers, "level": source.level}
    return render("groups", "proposal_applied", kind=kind, **values)


async def _state(turn: Turn, group_id: int) -> GroupState | None:
    key = (await group_store.rooms(turn.desk.session, [group_id])).get(group_id)
    known = None if key is None else await turn.desk.group(key)
    return None if known is None else known.group
