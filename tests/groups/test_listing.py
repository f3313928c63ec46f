"""Finding groups by name, with everything about their labels, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import insert

from core.database import Database, execute
from groups import listing, repository
from groups.changes import Change, GroupCreated, LabelSet
from groups.models import LabelChange
from groups.state import GroupKey, LabelKind, LabelSource, LabelState

NOW = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
FRUIT, CATS, TWIN = (GroupKey("local", "bot", room) for room in ("room-fruit", "room-cats", "room-twin"))
LABEL = LabelState(LabelKind.FREE, "猫", LabelSource.LEADER, 1.0, "宠物")


async def fill(database: Database) -> dict[GroupKey, int]:
    changes: list[Change] = [GroupCreated(FRUIT, "水果_1 群"), GroupCreated(CATS, "猫群"), GroupCreated(TWIN, "猫群")]
    async with database.transaction() as session:
        ids = (await repository.save(session, [*changes, LabelSet(CATS, LABEL)], NOW)).ids
        row = {
            "group_id": ids[CATS],
            "kind": "free",
            "key": "宠物",
            "value": "猫",
            "source": "leader",
            "cause": "leader",
        }
        history = [{**row, "what": "removed", "at": NOW}, {**row, "what": "added", "at": LATER}]
        await execute(session, insert(LabelChange), history)
    return ids


async def test_a_group_is_found_by_its_id_its_room_or_its_topic(both_databases: Database) -> None:
    ids = await fill(both_databases)
    async with both_databases.reading() as session:
        for name in (str(ids[FRUIT]), "room-fruit", "水果_1 群"):
            found = await listing.called(session, name)
            assert (found.id, found.key, found.state, found.created_at) == (ids[FRUIT], FRUIT, "active", NOW)


@pytest.mark.parametrize(
    ("name", "said", "offered"),
    [
        ("猫群", "'猫群' means 2 groups", [CATS, TWIN]),
        ("猫", "there is no group '猫'", [CATS, TWIN]),
        ("_1", "there is no group '_1'", [FRUIT]),  # a sign, not any letter
        ("狗群", "there is no group '狗群'", [FRUIT, CATS, TWIN]),
        ("9" * 40, "there is no group", [FRUIT, CATS, TWIN]),
        ("x" * 65_536, "there is no group", [FRUIT, CATS, TWIN]),
    ],
)
async def test_a_name_that_is_not_clear_offers_the_choices(
    both_databases: Database, name: str, said: str, offered: list[GroupKey]
) -> None:
    await fill(both_databases)
    async with both_databases.reading() as session:
        with pytest.raises(listing.GroupChoiceError) as caught:
            await listing.called(session, name)
    head, *choices = str(caught.value).splitlines()
    assert said in head
    assert len(head) < 200
    assert [room for line in choices for room in (FRUIT, CATS, TWIN) if f"room {room.room_id} " in line] == offered


async def test_labels_come_with_their_times_and_their_history_newest_first(both_databases: Database) -> None:
    ids = await fill(both_databases)
    async with both_databases.reading() as session:
        assert await listing.labels(session, ids[CATS]) == [(LABEL, NOW)]
        history = await listing.label_history(session, ids[CATS], 20)
        assert [(one.what, one.at, one.key, one.value) for one in history] == [
            ("added", LATER, "宠物", "猫"),
            ("removed", NOW, "宠物", "猫"),
        ]
        assert len(await listing.label_history(session, ids[CATS], 1)) == 1
        assert await listing.label_history(session, ids[FRUIT], 20) == []


async def test_every_group_comes_once_however_many_there_are(database: Database) -> None:
    keys = [GroupKey("local", "bot", f"room-{number}") for number in range(450)]
    async with database.transaction() as session:
        await repository.save(session, [GroupCreated(key, key.room_id) for key in keys], NOW)
    async with database.reading() as session:
        assert [state.key async for state in listing.every_group(session)] == keys
