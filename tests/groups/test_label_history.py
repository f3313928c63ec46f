"""Labels, their history and members' tags in the database."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import insert
from sqlmodel import col, select

from core.clock import ManualClock
from core.database import Database, execute
from groups import changes as happened
from groups.labels import evidence, history
from groups.models import Label, LabelChange, Member, MemberTag
from groups.repository import load, save
from groups.state import GroupKey, GroupState, LabelCause, LabelKind, LabelSource, LabelState, MemberKey, Slot
from tests.groups.conversation import KEY, Room

PLACE = Slot(LabelKind.NEIGHBOURHOOD)


def label(value: str, source: LabelSource = LabelSource.ROOM_NAMES, confidence: float = 0.5) -> LabelState:
    return LabelState(LabelKind.NEIGHBOURHOOD, value, source, confidence)


async def _save(database: Database, now: datetime, *changes: happened.Change) -> None:
    async with database.transaction() as session:
        await save(session, changes, now)


async def _load(database: Database) -> GroupState:
    async with database.reading() as session:
        return (await load(session, [KEY]))[KEY]


async def _history(database: Database) -> list[LabelChange]:
    async with database.reading() as session:
        return list((await session.exec(select(LabelChange).order_by(col(LabelChange.id)))).all())


async def test_a_new_group_begins_its_history_with_what_it_was_called(database: Database, clock: ManualClock) -> None:
    await _save(database, clock.now(), *Room().changes)
    assert {(row.kind, row.value, row.source, row.what, row.cause) for row in await _history(database)} == {
        ("neighbourhood", "阳光小区", "topic", "added", "new"),
        ("category", "水果", "topic", "added", "new"),
    }


async def test_the_leaders_words_are_kept_with_their_cause(database: Database, clock: ManualClock) -> None:
    room = Room()
    await _save(database, clock.now(), *room.changes)
    for text in ("标签 加 宠物=猫", "标签 删 水果", "标签 删 宠物=猫"):
        room.says("lin", text)
        await _save(database, clock.now(), *room.changes)
    assert [(row.key, row.value, row.what, row.cause) for row in (await _history(database))[2:]] == [
        ("宠物", "猫", "added", "leader"),
        ("", "水果", "removed", "leader"),
        ("宠物", "猫", "removed", "leader"),
    ]
    assert (await _load(database)).categories == ()


async def test_a_label_keeps_the_time_since_when_it_holds(database: Database, clock: ManualClock) -> None:
    first = clock.now()
    await _save(database, first, happened.GroupCreated(KEY), happened.LabelSet(KEY, label("星河湾"), LabelCause.NEW))
    later = first + timedelta(days=3)
    await _save(database, later, happened.LabelSet(KEY, label("星河湾", confidence=0.9)))
    async with database.reading() as session:
        (row,) = (await session.exec(select(Label))).all()
    assert (row.at, row.confidence) == (first, 0.9)
    assert len(await _history(database)) == 1
    denied = label("星河湾", LabelSource.LEADER, 0.0)
    await _save(database, later, happened.LabelSet(KEY, denied._replace(confidence=1.0), LabelCause.LEADER))
    latest = later + timedelta(days=1)
    await _save(database, latest, happened.LabelSet(KEY, denied, LabelCause.LEADER))
    async with database.reading() as session:
        rows = {row.source: row for row in (await session.exec(select(Label))).all()}
    assert rows["leader"].at == latest, "a word that was turned round holds from then on"


async def test_memory_and_database_agree_on_when_labels_last_drifted(database: Database, clock: ManualClock) -> None:
    memory, now = GroupState(KEY), clock.now()
    changes: list[happened.Change] = [
        happened.GroupCreated(KEY),
        happened.LabelSet(KEY, label("甲"), LabelCause.DRIFT, now - timedelta(days=40)),
        happened.LabelRemoved(KEY, label("甲"), LabelCause.DRIFT, now - timedelta(days=2)),
        happened.LabelSet(KEY, label("乙"), LabelCause.DRIFT, now - timedelta(days=2)),
        happened.LabelSet(KEY, label("丙"), LabelCause.TOPIC, now - timedelta(days=1)),
    ]
    for change in changes:
        change.apply(memory)
    await _save(database, now, *changes)
    loaded = await _load(database)
    assert loaded.drifted == memory.drifted == {PLACE: now - timedelta(days=2)}
    assert loaded.labels == memory.labels


async def test_the_history_is_read_between_two_instants(database: Database, clock: ManualClock) -> None:
    now = clock.now()
    hours = [
        happened.LabelSet(KEY, label(f"{hour}苑"), LabelCause.DRIFT, now - timedelta(hours=hour)) for hour in (0, 5, 24)
    ]
    await _save(database, now, happened.GroupCreated(KEY), *hours)
    async with database.reading() as session:
        ((group_id, found),) = (await history.between(session, now - timedelta(hours=24), now)).items()
    assert group_id == (await _load(database)).id
    assert [(past.label.value, past.added, past.cause) for past in found] == [
        ("0苑", True, LabelCause.DRIFT),
        ("5苑", True, LabelCause.DRIFT),
    ]


async def test_which_labels_rules_gave_lately(database: Database, clock: ManualClock) -> None:
    start = clock.now()
    gone = label("甲", LabelSource.TOPIC)
    await _save(database, start, happened.GroupCreated(KEY), happened.LabelSet(KEY, gone, LabelCause.NEW))
    await _save(database, start, happened.LabelSet(KEY, label("乙", LabelSource.TOPIC), LabelCause.NEW))
    await _save(database, start, happened.LabelSet(KEY, label("丙", LabelSource.NEEDS), LabelCause.DRIFT))
    await _save(database, start, happened.LabelRemoved(KEY, gone, LabelCause.TOPIC))
    async with database.reading() as session:
        assert await history.matched_since(session, start - timedelta(days=1)) is None, "no group is that old"
        now = await history.matched_since(session, start)
        later = await history.matched_since(session, start + timedelta(days=30))
    assert now == {("neighbourhood", "", "乙")}, "what was given before is not lately"
    assert later == {("neighbourhood", "", "乙")}


async def _tagged(database: Database, now: datetime, **weights: tuple[float, float]) -> dict[Slot, dict[str, int]]:
    """Give members a tag each, of a weight and an age in days, and count them."""
    async with database.transaction() as session:
        ids = {row.contact_id: row.id for row in (await session.exec(select(Member))).all()}
        rows = [
            {
                "member_id": ids[who],
                "kind": "free",
                "key": "宠物",
                "value": "猫",
                "weight": weight,
                "said": 1,
                "ordered": 0,
                "first_at": now - timedelta(days=days),
                "at": now - timedelta(days=days),
            }
            for who, (weight, days) in weights.items()
        ]
        await execute(session, insert(MemberTag), rows)
    group_id = (await _load(database)).id
    assert group_id is not None
    async with database.reading() as session:
        return (await evidence.members_tagged(session, [group_id], now)).get(group_id, {})


async def _people(database: Database, clock: ManualClock, *extra: happened.Change) -> None:
    seen = [happened.MemberSeen(KEY, who) for who in "abcdef"]
    await _save(database, clock.now(), happened.GroupCreated(KEY), *seen, *extra)


async def test_a_tag_counts_until_it_weighs_less_than_half(database: Database, clock: ManualClock) -> None:
    await _people(database, clock)
    counted = await _tagged(
        database, clock.now(), a=(1.0, 0), b=(1.0, 60), c=(1.0, 61), d=(4.0, 180), e=(4.0, 181), f=(0.4, 0)
    )
    assert counted == {Slot(LabelKind.FREE, "宠物"): {"猫": 3}}


async def test_tags_of_who_left_or_refused_do_not_count(database: Database, clock: ManualClock) -> None:
    await _people(
        database,
        clock,
        happened.MemberGone(KEY, "a"),
        happened.Unsubscribed(KEY, "b"),
        happened.PersonalisationSet(MemberKey(*KEY[:2], "c"), off=True),
    )
    counted = await _tagged(database, clock.now(), a=(1.0, 0), b=(1.0, 0), c=(1.0, 0), d=(1.0, 0))
    assert counted == {Slot(LabelKind.FREE, "宠物"): {"猫": 1}}


async def test_labels_of_another_group_are_its_own(database: Database, clock: ManualClock) -> None:
    other = GroupKey("local", "bot", "other")
    drift = happened.LabelSet(other, label("甲"), LabelCause.DRIFT, clock.now())
    await _save(database, clock.now(), happened.GroupCreated(KEY), happened.GroupCreated(other), drift)
    assert (await _load(database)).drifted == {}
