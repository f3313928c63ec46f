from __future__ import annotations

from datetime import timedelta

from sqlmodel import select

from core.clock import ManualClock
from core.database import Database
from groups import changes as happened
from groups.models import ConsentEntry
from groups.people import ledger
from groups.repository import Standing, all_keys, joined_by, load, owned_by, save, standing, unsubscribed
from groups.state import GroupKey, GroupState, MemberKey
from tests.groups.conversation import KEY, Room

OTHER = GroupKey("local", "bot", "other")


async def _save(database: Database, clock: ManualClock, *changes: happened.Change) -> tuple[happened.Change, ...]:
    async with database.transaction() as session:
        return (await save(session, changes, clock.now())).known


async def _load(database: Database, key: GroupKey = KEY) -> GroupState:
    async with database.reading() as session:
        return (await load(session, [key]))[key]


async def test_a_group_seen_and_saved_is_loaded_as_it_was_in_memory(database: Database, clock: ManualClock) -> None:
    room = Room()
    async with database.transaction() as session:
        saved = await save(session, room.changes, clock.now())
    loaded = await _load(database)
    assert loaded.id == saved.ids[KEY]
    room.state.id = loaded.id
    assert loaded == room.state


async def test_an_unknown_room_is_not_loaded(database: Database) -> None:
    async with database.reading() as session:
        assert await load(session, [KEY]) == {}
        assert await load(session, []) == {}
        assert await standing(session, 1) is None


async def test_the_guard_reads_opt_outs_from_the_database(database: Database, clock: ManualClock) -> None:
    room = Room()
    await _save(database, clock, *room.changes)
    await _save(database, clock, happened.Unsubscribed(KEY, "xiaomei", "m7"))
    group_id = (await _load(database)).id
    assert group_id is not None
    async with database.reading() as session:
        assert await unsubscribed(session, group_id, ["xiaomei", "lin", "stranger"]) == {"xiaomei"}
        assert await unsubscribed(session, group_id, []) == set()
    await _save(database, clock, happened.Resubscribed(KEY, "xiaomei", "m8"))
    async with database.reading() as session:
        assert await unsubscribed(session, group_id, ["xiaomei"]) == set()


async def test_the_guard_reads_pause_and_level(database: Database, clock: ManualClock) -> None:
    await _save(database, clock, happened.GroupCreated(KEY), happened.LevelSet(KEY, 4), happened.PausedSet(KEY, True))
    group_id = (await _load(database)).id
    assert group_id is not None
    async with database.reading() as session:
        assert await standing(session, group_id) == Standing(active=True, paused=True, level=4)


async def test_consent_is_kept_in_a_ledger_without_ids_or_names(database: Database, clock: ManualClock) -> None:
    person = MemberKey("local", "bot", "xiaomei")
    await _save(database, clock, *Room().changes, happened.Unsubscribed(KEY, "xiaomei", "m7"))
    clock.advance(60)
    await _save(database, clock, happened.PersonalisationSet(person, True, None, "m8"))
    async with database.reading() as session:
        entries = (await session.exec(select(ConsentEntry).order_by("id"))).all()
        secret = await ledger.key(session)
    assert [(entry.change, entry.message_id) for entry in entries] == [
        ("unsubscribed", "m7"),
        ("personalisation_off", "m8"),
    ]
    assert {entry.person for entry in entries} == {ledger.person_hash(secret, person)}
    assert entries[1].at - entries[0].at == timedelta(seconds=60)
    assert "xiaomei" not in repr(entries)


async def test_a_refusal_of_personal_answers_follows_a_person_into_a_new_group(
    database: Database, clock: ManualClock
) -> None:
    await _save(database, clock, *Room().changes)
    await _save(database, clock, happened.PersonalisationSet(MemberKey("local", "bot", "xiaomei"), True, KEY))
    seen = happened.MemberSeen(OTHER, "xiaomei", "小美")
    known = await _save(database, clock, happened.GroupCreated(OTHER), seen)
    memory = GroupState(OTHER)
    for change in (seen, *known):
        change.apply(memory)
    assert memory.members["xiaomei"].personalisation_off
    assert (await _load(database, OTHER)).members == memory.members


async def test_groups_are_found_by_their_leader_and_by_their_members(database: Database, clock: ManualClock) -> None:
    await _save(
        database,
        clock,
        happened.GroupCreated(KEY, leader_id="lin", owner_id="bot"),
        happened.GroupCreated(OTHER, owner_id="lin"),
        happened.MemberSeen(KEY, "xiaomei"),
        happened.MemberSeen(OTHER, "xiaomei"),
        happened.MemberSeen(OTHER, "abu"),
        happened.MemberGone(OTHER, "abu"),
    )
    async with database.reading() as session:
        assert await owned_by(session, "local", "bot", "lin") == [KEY, OTHER]
        assert await owned_by(session, "local", "bot2", "lin") == []
        assert await joined_by(session, "local", "bot", "xiaomei") == [KEY, OTHER]
        assert await joined_by(session, "local", "bot", "abu") == []
        assert await all_keys(session) == [KEY, OTHER]
    await _save(database, clock, happened.ActiveSet(OTHER, False))
    async with database.reading() as session:
        assert await owned_by(session, "local", "bot", "lin") == [KEY]


async def test_making_a_group_twice_keeps_the_first(database: Database, clock: ManualClock) -> None:
    await _save(database, clock, happened.GroupCreated(KEY, topic="甲", level=4))
    await _save(database, clock, happened.GroupCreated(KEY, topic="乙", level=1))
    loaded = await _load(database)
    assert (loaded.topic, loaded.level) == ("甲", 4)


async def test_a_thousand_members_are_saved_and_loaded_whole(database: Database, clock: ManualClock) -> None:
    people = [happened.MemberSeen(KEY, f"m{number}", f"邻居{number}") for number in range(1_200)]
    await _save(database, clock, happened.GroupCreated(KEY), *people)
    assert len((await _load(database)).members) == 1_200
