"""Words about what becomes of a group: 拆群, 并入, 搬到, 停用本群, 启用本群. Each only asks; 同意 does it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from bot.stages.proposals import speaker
from bot.stages.turn import Turn
from core.templates import render
from groups import changes as happened
from groups import repository as group_store
from groups.changes import Change
from groups.life import lineage, proposing, succession
from groups.life.proposals import ProposalKind, ProposalState, is_sensitive, new_topic
from groups.life.proposing import NewProposal
from groups.rules import clean_name, label_said
from groups.service import WordResult
from groups.state import GroupState, LabelKind
from groups.talk.naming import named, only
from groups.talk.speech import title
from recommender import repository as need_store

LEAST_SPLIT = 3
"""Fewer people make no group; and a list of two tells too much about both."""
_LOOK_BACK = timedelta(days=90)


async def split(turn: Turn, result: WordResult) -> None:
    """Ask whether those who want some goods, or are known for something, should get a group of their own."""
    group = _group(turn, result)
    name = clean_name(result.passed_on.object if result.passed_on else "")
    shown = title(group, private=result.private)
    category = turn.recommender.category_of(name)
    if not name:
        return _reply(turn, result, "split_help")
    if is_sensitive(name, category):
        return _reply(turn, result, "split_sensitive", name=name)
    people = await _wanting(turn, group, name)
    if len(people) < LEAST_SPLIT:
        return _reply(turn, result, "split_few", group=shown, name=name, people=len(people), least=LEAST_SPLIT)
    kind, value = (LabelKind.CATEGORY, category) if category else label_said(turn.groups.settings, name)
    topic = new_topic(group.topic.removesuffix("群") + "·", name)
    about = {"name": name, "label": [kind.value, "", value]}
    new = _new(turn, group, ProposalKind.SPLIT, about, topic=topic, members=people)
    return await _ask(turn, result, new, "proposal_split", group=shown, people=len(people), name=name, topic=topic)


async def merge(turn: Turn, result: WordResult) -> None:
    """Ask whether another group should take this one over."""
    await _into(turn, result, ProposalKind.MERGE)


async def move(turn: Turn, result: WordResult) -> None:
    """Ask whether this group should go on in another room."""
    await _into(turn, result, ProposalKind.MOVE)


async def retire(turn: Turn, result: WordResult) -> None:
    """Ask whether the group should be given up."""
    await _switch(turn, result, revive=False)


async def revive(turn: Turn, result: WordResult) -> None:
    """Ask whether a group that was given up should be taken into use again."""
    await _switch(turn, result, revive=True)


async def carry_refusals(turn: Turn, changes: Iterable[Change]) -> None:
    """Let an opt-out that is said in a group that was given up hold in its successor as well."""
    for change in list(changes):
        known = turn.desk.known.get(change.group) if isinstance(change, happened.Unsubscribed) else None
        if known is None or known.group.successor_id is None:
            continue
        heir_id = (await lineage.heirs(turn.desk.session)).get(known.group.id or 0, known.group.successor_id)
        key = (await group_store.rooms(turn.desk.session, [heir_id])).get(heir_id)
        heir = None if key is None else await turn.desk.group(key)
        if heir is not None:
            await turn.desk.apply(succession.refusals(known.group, heir.group))


async def _into(turn: Turn, result: WordResult, kind: ProposalKind) -> None:
    source = _group(turn, result)
    wanted = clean_name(result.passed_on.object if result.passed_on else "")
    others = await _others(turn, source)
    target = only(named(others, wanted))
    problem = _problem(source, target, wanted)
    if target is None or problem:
        groups = [one.topic for one in others if one.topic and not one.retired]
        shown = target.topic if target is not None else wanted
        return _reply(turn, result, "merge_target", problem=problem, target=shown, groups=groups)
    new = _new(turn, source, kind, {"name": target.topic}, target_id=target.id)
    values = {"group": title(source, private=result.private), "target": target.topic}
    return await _ask(turn, result, new, f"proposal_{kind.value}", **values)


def _problem(source: GroupState, target: GroupState | None, wanted: str) -> str:
    if source.retired:
        return "self_retired"
    if target is None:
        return "same" if wanted and only(named([source], wanted)) else "unknown"
    return "retired" if target.retired else ""


async def _switch(turn: Turn, result: WordResult, *, revive: bool) -> None:
    group = _group(turn, result)
    shown = title(group, private=result.private)
    if group.retired is not revive:
        return turn.answer(
            render("groups", "retire_already", group=shown, retired=group.retired), private=result.private
        )
    new = _new(turn, group, ProposalKind.RETIRE, {"revive": revive})
    successor = ""
    if revive and group.successor_id is not None:
        successor = (await group_store.topics(turn.desk.session, [group.successor_id])).get(group.successor_id, "")
    template = "proposal_revive" if revive else "proposal_retire"
    return await _ask(turn, result, new, template, group=shown, successor=successor)


async def _ask(turn: Turn, result: WordResult, new: NewProposal, template: str, **values: Any) -> None:
    """Store the question in place of an older one about the same group, and put it to the leader."""
    session, now = turn.desk.session, turn.desk.now
    for older in await proposing.waiting(session, new.leader, now):
        if older.kind != ProposalKind.OPEN and older.group_ids == list(new.group_ids):
            await proposing.decide(session, older.id or 0, ProposalState.VOID, now)
    stored = await proposing.add(session, new, now)
    number = stored.about["number"] if stored is not None else 1
    _reply(turn, result, template, **values, number=number)


def _reply(turn: Turn, result: WordResult, template: str, **values: Any) -> None:
    turn.answer(render("groups", template, **values), private=result.private)


def _new(
    turn: Turn,
    group: GroupState,
    kind: ProposalKind,
    about: dict[str, Any],
    *,
    topic: str = "",
    members: Sequence[str] = (),
    target_id: int | None = None,
) -> NewProposal:
    return NewProposal(
        dedupe_key=f"word:{turn.row_id}",
        leader=speaker(turn),
        kind=kind,
        topic=topic,
        about={**about, "asked_in": turn.message.room_id},
        group_ids=[group.id or 0],
        members=members,
        target_id=target_id,
    )


def _group(turn: Turn, result: WordResult) -> GroupState:
    group = turn.group_of(result)
    if group is None:
        raise LookupError("a word about a group was passed on without the group")
    return group


async def _others(turn: Turn, source: GroupState) -> list[GroupState]:
    """Return the other groups of whoever speaks, and of who leads this one when an admin speaks for them."""
    session, who = turn.desk.session, speaker(turn)
    leaders = dict.fromkeys([who.contact_id, *sorted(source.leader_ids)])
    keys = [key for one in leaders for key in await group_store.owned_by(session, who.channel, who.account, one)]
    await turn.desk.fetch(keys)
    found = {key: turn.desk.known[key].group for key in keys if key in turn.desk.known and key != source.key}
    return list(found.values())


async def _wanting(turn: Turn, group: GroupState, name: str) -> list[str]:
    """Return who of the group asked for these goods lately or is known for them, and may be invited."""
    session, now = turn.desk.session, turn.desk.now
    line = await lineage.line(session, group.id or 0)
    needs = await need_store.stated_needs(session, now - _LOOK_BACK, now + timedelta(seconds=1), line)
    asked = [
        need.member
        for need in needs
        if (name in need.terms or name in need.category.split("/") or name == need.category)
        and not is_sensitive(need.category, *need.terms, str(need.detail.get("for_whom", "")))
    ]
    known_for = await proposing.tagged(session, [group.id or 0], name)
    found = await proposing.invitees(session, speaker(turn), [group.id or 0], [*asked, *known_for])
    return [one.contact_id for one in found]
