"""Which group goes on for which, and what goes along."""

from __future__ import annotations

from core.clock import ManualClock
from core.database import Database
from groups import changes as happened
from groups.life.lineage import heirs, line, lines
from groups.life.succession import merge, move, refusals
from groups.repository import load, save
from groups.state import GroupKey, GroupState, LabelKind, LabelSource, LabelState, MemberState, ProductRule, RuleKind

KEYS = [GroupKey("local", "bot", name) for name in "甲乙丙丁"]


async def _groups(database: Database, clock: ManualClock, *changes: happened.Change) -> dict[GroupKey, int]:
    async with database.transaction() as session:
        made = [happened.GroupCreated(key, topic=f"{key.room_id}群") for key in KEYS]
        saved = await save(session, [*made, *changes], clock.now())
    return {key: saved.ids[key] for key in KEYS}


async def _retire(database: Database, clock: ManualClock, key: GroupKey, heir: int | None) -> None:
    async with database.transaction() as session:
        await save(session, [happened.RetiredSet(key, retired=True, successor_id=heir)], clock.now())


async def test_history_is_followed_through_several_successors(database: Database, clock: ManualClock) -> None:
    ids = list((await _groups(database, clock)).values())
    await _retire(database, clock, KEYS[0], ids[1])
    await _retire(database, clock, KEYS[1], ids[2])
    await _retire(database, clock, KEYS[3], None)
    async with database.reading() as session:
        assert await heirs(session) == {ids[0]: ids[2], ids[1]: ids[2]}
        assert await line(session, ids[2]) == set(ids[:3])
        assert await line(session, ids[3]) == {ids[3]}


async def test_a_circle_ends(database: Database, clock: ManualClock) -> None:
    ids = list((await _groups(database, clock)).values())
    await _retire(database, clock, KEYS[0], ids[1])
    await _retire(database, clock, KEYS[1], ids[0])
    async with database.reading() as session:
        assert set((await heirs(session)).values()) <= set(ids[:2])


async def test_a_group_taken_into_use_again_has_no_heir(database: Database, clock: ManualClock) -> None:
    ids = list((await _groups(database, clock)).values())
    await _retire(database, clock, KEYS[0], ids[1])
    async with database.transaction() as session:
        await save(session, [happened.RetiredSet(KEYS[0], retired=False)], clock.now())
        assert await heirs(session) == {}
        assert not (await load(session, KEYS[:1]))[KEYS[0]].retired


def test_lines_of_groups_without_history_are_themselves() -> None:
    assert lines({1: 3, 2: 3}, [3, 4]) == {3: {1, 2, 3}, 4: {4}}


def _state(key: GroupKey, number: int) -> GroupState:
    return GroupState(key, id=number)


def _after(state: GroupState, changes: list[happened.Change]) -> GroupState:
    twin = state.copy()
    for change in changes:
        if change.group == state.key:
            change.apply(twin)
    return twin


def test_refusals_go_along_with_people_who_are_not_there_yet() -> None:
    source, target = _state(KEYS[0], 1), _state(KEYS[1], 2)
    source.members = {
        "here": MemberState("小美", unsubscribed=True),
        "absent": MemberState("老周", unsubscribed=True),
        "left": MemberState(unsubscribed=True, present=False),
        "happy": MemberState("陈姨"),
    }
    target.members = {"here": MemberState("小美"), "happy": MemberState("陈姨")}
    after = _after(target, refusals(source, target))
    assert {who: member.present for who, member in after.members.items() if member.unsubscribed} == {
        "here": True,
        "absent": False,
        "left": False,
    }
    assert refusals(source, after) == [], "carried once"


def test_a_merger_leaves_the_other_group_as_it_is_but_for_refusals() -> None:
    source, target = _state(KEYS[0], 1), _state(KEYS[1], 2)
    source.level, target.level = 4, 2
    assert merge(source, target) == [happened.RetiredSet(KEYS[0], retired=True, successor_id=2)]
    assert _after(source, merge(source, target)).retired


def test_a_move_takes_what_was_set_along_and_leaves_learned_categories_behind() -> None:
    source, target = _state(KEYS[0], 1), _state(KEYS[1], 2)
    source.level, source.paused, source.threshold, source.leader_id = 3, True, 0.7, "lin"
    source.relabel(
        (
            LabelState(LabelKind.CATEGORY, "水果", LabelSource.CONFIGURATION, 1.0),
            LabelState(LabelKind.CATEGORY, "水产", LabelSource.LEADER, 0.0),
            LabelState(LabelKind.NEIGHBOURHOOD, "阳光小区", LabelSource.TOPIC, 0.95),
            LabelState(LabelKind.PERSON, "养猫", LabelSource.TOPIC, 0.9),
            LabelState(LabelKind.FREE, "周三", LabelSource.LEADER, 1.0, "到货"),
        )
    )
    source.rerule((ProductRule(RuleKind.EXCLUDED, LabelSource.CONFIGURATION, text="榴莲"),))
    after = _after(target, move(source, target))
    assert (after.level, after.paused, after.threshold, after.leader_id) == (3, True, 0.7, "lin")
    assert (after.neighbourhoods, after.categories, after.persons) == (("阳光小区",), ("水果",), ("养猫",))
    assert {label.source for label in after.labels} == {LabelSource.LEADER}
    assert {(label.value, label.confidence) for label in after.labels} >= {("水产", 0.0), ("周三", 1.0)}
    assert after.excluded_texts == {"榴莲"}
    learned = _state(KEYS[2], 3)
    learned.relabel((LabelState(LabelKind.CATEGORY, "水果", LabelSource.TOPIC, 0.9),))
    assert _after(target, move(learned, target)).categories == ()
