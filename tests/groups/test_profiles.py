"""Tags of members: what makes one, what never does, how they add up, fade, and go for good."""

from __future__ import annotations

import asyncio
import tomllib
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import pytest
from sqlalchemy import text
from sqlmodel import select

from core.database import Database, execute
from groups import repository
from groups.changes import GroupCreated, MemberSeen, PersonalisationSet
from groups.models import TagMark
from groups.people import profiles, tagging
from groups.people.profiles import Evidence, Source, Statement, Tag, TagKind
from groups.settings import GroupsSettings, ProfileSettings
from groups.state import GroupKey, MemberKey

NOW = datetime(2026, 11, 22, 11, tzinfo=UTC)
ROOM = GroupKey("local", "bot", "room")
MEI, ZHOU = MemberKey("local", "bot", "mei"), MemberKey("local", "bot", "zhou")
FRUIT, BERRIES = Tag(TagKind.CATEGORY, "水果"), Tag(TagKind.CATEGORY, "水果/浆果")
STRAWBERRY, ORGANIC = Tag(TagKind.GOODS, "草莓"), Tag(TagKind.ATTRIBUTE, "有机")
CATS = Tag(TagKind.FREE, "猫", "pet")
SETTINGS = ProfileSettings()


def _statement(word: str, category: str, **values: object) -> Statement:
    return Statement(goods=((word, category),), **values)  # type: ignore[arg-type]


# what makes a tag


def test_a_need_gives_its_category_in_two_levels_its_goods_its_attributes_and_its_brand() -> None:
    tags = profiles.tags_of(
        _statement("草莓", "水果/浆果/春草莓", attributes=("有机",), brand="岭上果园", heard=("有机草莓有吗",))
    )
    assert tags == (FRUIT, BERRIES, STRAWBERRY, ORGANIC, Tag(TagKind.BRAND, "岭上果园"))


def test_the_word_for_a_whole_branch_is_the_branch_alone() -> None:
    assert profiles.tags_of(_statement("水果", "水果/组合")) == (FRUIT,)


@pytest.mark.parametrize(
    ("word", "category", "key", "value"),
    [
        ("猫粮", "宠物/猫粮", "pet", "猫"),
        ("猫爬架", "宠物/宠物用品", "pet", "猫"),
        ("狗绳", "宠物/宠物用品", "pet", "狗"),
        ("低筋面粉", "粮油/面粉面条", "cooking", "烘焙"),
        ("花椒", "调料/香料", "cooking", "下厨"),
        ("瑜伽垫", "家居/运动用品", "sports", "健身"),
        ("帐篷", "家居/家居小件", "sports", "露营"),
        ("咖啡豆", "饮料/咖啡", "hobby", "咖啡"),
    ],
)
def test_goods_say_a_trait_under_a_free_key(word: str, category: str, key: str, value: str) -> None:
    assert Tag(TagKind.FREE, value, key) in profiles.tags_of(_statement(word, category))


def test_an_animal_that_something_is_for_is_a_trait() -> None:
    assert CATS in profiles.tags_of(_statement("零食", "零食/组合", pets=("猫",)))


@pytest.mark.parametrize(
    "heard",
    [
        "帮朋友买点草莓",
        "给我同事带草莓",
        "我姐想要草莓",
        "邻居让我问问草莓",
        "替她问一下草莓",
        "草莓送客户",
        "隔壁也想要草莓",
    ],
)
def test_somebody_elses_wish_says_nothing_of_the_speaker(heard: str) -> None:
    assert profiles.tags_of(_statement("草莓", "水果/浆果", heard=(heard,))) == ()


@pytest.mark.parametrize("heard", ["姐姐们有草莓吗", "老板，草莓还有吗", "还有其他草莓吗", "想弹吉他，顺便买草莓"])
def test_speaking_to_somebody_is_not_speaking_for_them(heard: str) -> None:
    assert STRAWBERRY in profiles.tags_of(_statement("草莓", "水果/浆果", heard=(heard,)))


def test_what_is_no_word_is_no_tag() -> None:
    assert profiles.tags_of(Statement(brand="牌" * 65, attributes=("",))) == ()


# what never makes one


@pytest.mark.parametrize(
    "statement",
    [
        _statement("草莓", "母婴/辅食"),
        _statement("尿不湿", ""),
        _statement("积木", "玩具/积木"),
        _statement("酸奶", "乳品/酸奶", attributes=("无糖",)),
        _statement("酸奶", "乳品/酸奶", brand="糖友乐"),
        _statement("牛奶", "乳品/牛奶", heard=("儿童成长牛奶 早餐奶",)),
        _statement("燕麦", "粮油/杂粮", heard=("我爸血糖高，燕麦有吗",)),
        _statement("牛肉", "肉禽/牛羊肉", heard=("清真的牛肉",)),
        _statement("草莓", "水果/浆果", heard=("草莓送到3栋502",)),
        _statement("草莓", "水果/浆果", heard=("草莓 BB 能吃吗", "")),
    ],
    ids=lambda one: "/".join([one.goods[0][0], *one.attributes, one.brand, *one.heard]),
)
def test_one_sensitive_part_is_enough_to_leave_no_tag(statement: Statement) -> None:
    assert profiles.tags_of(statement) == ()


@pytest.mark.parametrize(
    "text",
    [
        "山药",
        "芍药",
        "娃娃菜",
        "暖宝宝",
        "礼拜天",
        "铁观音",
        "佛跳墙",
        "玻尿酸面膜",
        "白条老鸭",
        "毛孩子的粮",
        "一箱苹果",
        "这段时间",
    ],
)
def test_words_that_only_contain_such_a_word_are_spared(text: str) -> None:
    assert not profiles.sensitive(text)


def test_no_trait_is_sensitive_and_none_stands_twice() -> None:
    traits = profiles.traits()
    assert len({trait.tag for trait in traits}) == len(traits)
    assert len({trait.shown for trait in traits}) == len(traits)
    texts = [text for one in traits for text in (one.tag.value, one.shown, *one.categories, *one.words)]
    assert [text for text in texts if profiles.sensitive(text)] == []


def test_goods_tell_of_every_trait_that_they_fit_and_of_no_other() -> None:
    traits = profiles.traits()
    categories = {category for trait in traits for category in trait.categories}
    words = sorted({"草莓", "", *(word for trait in traits for word in trait.words)})
    paths = (
        "",
        "水果/浆果",
        *categories,
        *(f"{one}/某类" for one in categories),
        *(f"{one}某类" for one in categories),
    )
    for word in words:
        for category in paths:
            told = profiles.tags_of(Statement(goods=((word, category),)))
            fitting = [trait.tag for trait in traits if trait.fits((word,), category)]
            assert [tag for tag in told if tag.kind is TagKind.FREE] == (
                [] if profiles.sensitive(word) or profiles.sensitive(category) else fitting
            )


def test_every_word_of_the_data_file_is_heard() -> None:
    document = tomllib.loads(files("groups.people").joinpath("data", "sensitive.toml").read_text(encoding="utf-8"))
    words = [word for matter in document["matter"] for word in matter["words"]]
    assert [word for word in words if not profiles.sensitive(word)] == []
    assert [word for word in words if not word.strip() or word != word.strip()] == []
    spared = document["spared"]
    assert [word for word in spared if profiles.sensitive(word)] == []


# how much a tag counts


def test_a_weight_halves_in_its_half_life_and_never_grows_by_itself() -> None:
    assert profiles.decayed(4.0, NOW, NOW + timedelta(days=60), 60) == pytest.approx(2.0)
    assert profiles.decayed(4.0, NOW, NOW + timedelta(days=120), 60) == pytest.approx(1.0)
    assert profiles.decayed(4.0, NOW, NOW - timedelta(days=1), 60) == 4.0


def test_strength_is_bounded() -> None:
    assert profiles.strength(0) == 0
    assert profiles.strength(3) == 0.5
    assert profiles.strength(10_000) < 1


def test_a_tag_is_named_as_it_is_shown_by_its_value_or_by_the_end_of_its_category() -> None:
    tags = [FRUIT, BERRIES, STRAWBERRY, CATS, ORGANIC]
    assert profiles.meant(tags, "草莓") == [STRAWBERRY]
    assert profiles.meant(tags, "“浆果”") == [BERRIES]
    assert profiles.meant(tags, "水果") == [FRUIT, BERRIES]
    assert profiles.meant(tags, "养猫") == profiles.meant(tags, "猫") == [CATS]
    assert profiles.meant(tags, "果") == []
    assert profiles.meant(tags, "  ") == []


# in the database


async def _people(database: Database) -> None:
    changes = [GroupCreated(ROOM), *(MemberSeen(ROOM, one.contact_id) for one in (MEI, ZHOU))]
    async with database.transaction() as session:
        await repository.save(session, changes, NOW)


async def _record(
    database: Database,
    *said: tuple[MemberKey, Source, tuple[Tag, ...]],
    at: datetime = NOW,
    settings: ProfileSettings = SETTINGS,
) -> None:
    evidence = [(member, Evidence(tags, source, at)) for member, source, tags in said]
    async with database.transaction() as session:
        await tagging.record(session, evidence, settings, at)


async def _tags(database: Database, member: MemberKey = MEI, at: datetime = NOW) -> dict[str, tagging.KeptTag]:
    async with database.reading() as session:
        return {one.tag.value: one for one in await tagging.tags_of(session, member, SETTINGS, at)}


async def test_statements_add_up_and_orders_count_twice(database: Database) -> None:
    await _people(database)
    await _record(
        database,
        (MEI, Source.SAID, (FRUIT, STRAWBERRY)),
        (MEI, Source.SAID, (FRUIT,)),
        (ZHOU, Source.SAID, (STRAWBERRY,)),
    )
    await _record(database, (MEI, Source.ORDERED, (FRUIT,)))
    kept = await _tags(database)
    assert {name: (one.weight, one.said, one.ordered) for name, one in kept.items()} == {
        "水果": (4.0, 2, 1),
        "草莓": (1.0, 1, 0),
    }
    assert list(await _tags(database, ZHOU)) == ["草莓"]


async def test_what_was_said_before_fades_when_more_is_said(database: Database) -> None:
    await _people(database)
    await _record(database, (MEI, Source.ORDERED, (FRUIT,)))
    later = NOW + timedelta(days=60)
    await _record(database, (MEI, Source.SAID, (FRUIT,)), at=later)
    kept = (await _tags(database, at=later))["水果"]
    assert kept.weight == pytest.approx(2.0, abs=1e-6)
    assert (kept.first_at, kept.at) == (NOW, later)
    assert (await _tags(database, at=later + timedelta(days=60)))["水果"].weight == pytest.approx(1.0, abs=1e-6)


async def test_what_arrives_late_counts_and_moves_no_time_back(database: Database) -> None:
    await _people(database)
    await _record(database, (MEI, Source.SAID, (FRUIT,)))
    await _record(database, (MEI, Source.SAID, (FRUIT,)), at=NOW - timedelta(days=10))
    kept = (await _tags(database))["水果"]
    assert (kept.weight, kept.at) == (2.0, NOW)


async def test_an_order_taken_back_takes_its_share_with_it(database: Database) -> None:
    await _people(database)
    await _record(database, (MEI, Source.SAID, (FRUIT,)), (MEI, Source.ORDERED, (FRUIT, STRAWBERRY)))
    await _record(database, (MEI, Source.TAKEN_BACK, (FRUIT, STRAWBERRY)))
    kept = await _tags(database)
    assert {name: (one.weight, one.said, one.ordered) for name, one in kept.items()} == {"水果": (1.0, 1, 0)}


async def test_an_order_and_its_cancelling_in_one_batch_leave_nothing(database: Database) -> None:
    await _people(database)
    await _record(database, (MEI, Source.ORDERED, (FRUIT,)), (MEI, Source.TAKEN_BACK, (FRUIT,)))
    await _record(database, (MEI, Source.TAKEN_BACK, (STRAWBERRY,)))
    assert await _tags(database) == {}


async def test_only_the_strongest_tags_are_kept(database: Database) -> None:
    await _people(database)
    few = ProfileSettings(most_tags=2)
    words = tuple(Tag(TagKind.GOODS, word) for word in ("苹果", "梨", "橙子"))
    await _record(database, (ZHOU, Source.SAID, words[:1]), settings=few)
    await _record(database, (MEI, Source.ORDERED, words[:1]), (MEI, Source.SAID, words), settings=few)
    assert len(kept := await _tags(database)) == 2
    assert "苹果" in kept
    assert list(await _tags(database, ZHOU)) == ["苹果"]


async def test_a_deleted_tag_does_not_come_back_and_its_mark_tells_nothing(database: Database) -> None:
    await _people(database)
    await _record(database, (MEI, Source.SAID, (FRUIT, STRAWBERRY)), (ZHOU, Source.SAID, (FRUIT,)))
    async with database.transaction() as session:
        await tagging.delete_tags(session, MEI, [FRUIT], NOW)
    await _record(database, (MEI, Source.ORDERED, (FRUIT, BERRIES, STRAWBERRY)))
    assert list(await _tags(database)) == ["草莓"]
    assert list(await _tags(database, ZHOU)) == ["水果"]
    async with database.reading() as session:
        (mark,) = (await session.exec(select(TagMark))).all()
    assert len(mark.mark) == 64
    assert set(mark.mark) <= set("0123456789abcdef")


async def test_deleting_twice_or_for_a_stranger_is_harmless(database: Database) -> None:
    await _people(database)
    await _record(database, (MEI, Source.SAID, (FRUIT,)))
    for member in (MEI, MEI, MemberKey("local", "bot", "nobody")):
        async with database.transaction() as session:
            await tagging.delete_tags(session, member, [FRUIT], NOW)
    assert await _tags(database) == {}


async def test_nothing_is_written_of_strangers_or_of_who_refused(database: Database) -> None:
    await _people(database)
    async with database.transaction() as session:
        await repository.save(session, [PersonalisationSet(MEI, off=True)], NOW)
    stranger = MemberKey("local", "bot", "nobody")
    await _record(database, *((one, Source.SAID, (FRUIT,)) for one in (MEI, ZHOU, stranger)))
    assert await _tags(database) == {}
    assert list(await _tags(database, ZHOU)) == ["水果"]


async def test_tags_of_who_refused_are_kept_for_their_eyes_and_not_for_ranking(database: Database) -> None:
    await _people(database)
    await _record(database, (MEI, Source.SAID, (FRUIT,)))
    async with database.transaction() as session:
        await repository.save(session, [PersonalisationSet(MEI, off=True)], NOW)
    async with database.reading() as session:
        assert await tagging.refused(session, MEI)
        assert len(await tagging.tags_of(session, MEI, SETTINGS, NOW)) == 1
        assert await tagging.weights_of_willing(session, {MEI}, SETTINGS, NOW) == {}


async def test_tags_weigh_for_ranking_what_they_weigh_for_their_owner(database: Database) -> None:
    await _people(database)
    await _record(
        database, (MEI, Source.SAID, (STRAWBERRY,)), (MEI, Source.ORDERED, (FRUIT,)), (ZHOU, Source.SAID, (FRUIT,))
    )
    later = NOW + timedelta(days=40)
    async with database.reading() as session:
        own = await tagging.tags_of(session, MEI, SETTINGS, later)
        of_both = await tagging.weights_of_willing(session, {MEI, ZHOU}, SETTINGS, later)
    assert len(own) == 2
    assert [(one.id, one.tag, one.weight) for one in of_both[MEI]] == [(one.id, one.tag, one.weight) for one in own]
    assert [one.tag for one in of_both[ZHOU]] == [FRUIT]


async def test_nothing_is_written_when_profiles_are_switched_off(database: Database) -> None:
    await _people(database)
    await _record(database, (MEI, Source.SAID, (FRUIT,)), settings=ProfileSettings(enabled=False))
    assert await _tags(database) == {}


async def test_faded_tags_and_those_past_the_promised_time_are_forgotten(database: Database) -> None:
    await _people(database)
    await _record(database, (MEI, Source.SAID, (STRAWBERRY,)), (ZHOU, Source.SAID, (FRUIT,)))
    await _record(database, (MEI, Source.ORDERED, (FRUIT,)), (MEI, Source.ORDERED, (FRUIT,)))
    later = NOW + timedelta(days=201)  # 1 is 0.098 by now, 4 is 0.39
    async with database.transaction() as session:
        assert await tagging.forget(session, SETTINGS, NOW - timedelta(days=1), later) == 2
    assert list(await _tags(database)) == ["水果"]
    async with database.transaction() as session:
        assert await tagging.forget(session, SETTINGS, NOW + timedelta(seconds=1), later) == 1


async def _until_somebody_waits(database: Database) -> None:
    """Return once a transaction of another connection waits for a lock."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    while True:
        async with database.reading() as session:
            if (await execute(session, waiting)).scalar_one():
                return


@pytest.mark.postgres
async def test_two_processes_add_to_one_tag_and_lose_nothing(postgres: Database) -> None:
    await _people(postgres)
    async with postgres.transaction() as session:
        await tagging.record(session, [(MEI, Evidence((FRUIT,), Source.SAID, NOW))], SETTINGS, NOW)
        other = asyncio.create_task(_record(postgres, (MEI, Source.ORDERED, (FRUIT,))))
        await _until_somebody_waits(postgres)
    await other
    kept = (await _tags(postgres))["水果"]
    assert (kept.weight, kept.said, kept.ordered) == (3.0, 1, 1)


@pytest.mark.postgres
async def test_a_deletion_waits_for_who_is_writing_and_wins(postgres: Database) -> None:
    """Else a batch that looked for marks before the deletion would write the tag behind it."""
    await _people(postgres)
    await _record(postgres, (MEI, Source.SAID, (FRUIT,)))

    async def delete() -> None:
        async with postgres.transaction() as session:
            await tagging.delete_tags(session, MEI, [FRUIT], NOW)

    async with postgres.transaction() as session:
        await tagging.record(session, [(MEI, Evidence((STRAWBERRY,), Source.SAID, NOW))], SETTINGS, NOW)
        deletion = asyncio.create_task(delete())
        await _until_somebody_waits(postgres)
    await deletion
    await _record(postgres, (MEI, Source.SAID, (FRUIT,)))
    assert list(await _tags(postgres)) == ["草莓"]


# settings


@pytest.mark.parametrize(
    ("key", "value"),
    [("half_life_days", 0), ("half_life_days", -1), ("most_tags", 0), ("least_weight", 1), ("least_wait", 0.1)],
)
def test_settings_that_make_no_sense_are_refused(key: str, value: float) -> None:
    with pytest.raises(ValueError, match=key):
        GroupsSettings.model_validate({"profiles": {key: value}})
