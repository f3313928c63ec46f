"""``qianqun groups``: what an operator sees of groups and segments, and what is refused before the bot runs."""

from __future__ import annotations

import asyncio
import csv
import io
import shutil
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from bot.bootstrap import Parts, open_parts
from bot.channels.local.settings import load_rooms
from bot.demo import FOLDER
from bot.settings import load_settings
from core.clock import ManualClock
from core.database import execute
from core.messages import IncomingMessage, MessageKey, RoomMember, RoomSeen
from groups.changes import LabelSet, ProductRuleSet, RoleSet, Unsubscribed
from groups.models import LabelChange
from groups.state import GroupKey, LabelKind, LabelSource, LabelState, ProductRule, Role, RuleKind
from tests.cli.conftest import Run
from tests.demo_config import write_demo_config

NOW = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
FRUIT = GroupKey("local", "qianqun-bot", "room-fruit")
SEGMENTS = """
[[segments]]
name = "阳光"
when = "小区 = 阳光小区"
also_neighbourhoods = ["南门里"]
threshold = 0.6
wording = "short"
packing = "item"

[[segments]]
name = "水果"
when = "品类 = 水果 and 级别 >= 3"
threshold = 0.7
excluded = ["榴莲"]

[[segments]]
name = "养狗"
when = "宠物 = 狗"
priority = 10
digest = false
"""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of a bot that has seen the demo's rooms."""
    folder = tmp_path_factory.mktemp("filled")
    seen = []
    for room in load_rooms(FOLDER / "rooms.toml"):
        people = tuple(RoomMember(one.id, one.name, one.room_name) for one in room.members)
        seen.append(RoomSeen("local", "qianqun-bot", room.id, room.topic, room.owner, people, complete=True))

    async def work(parts: Parts) -> None:
        await parts.pipeline.observe(*seen)
        await _live(parts)

    run_bot(write_demo_config(folder), work)
    return folder / "demo.db"


@pytest.fixture
def config(tmp_path: Path, filled: Path) -> Path:
    """The demo's settings with segments, and the database of a bot that has seen its rooms."""
    shutil.copyfile(filled, tmp_path / "demo.db")
    return write_demo_config(tmp_path, extra=SEGMENTS)


def run_bot(config: Path, work: Callable[[Parts], Coroutine[Any, Any, None]]) -> None:
    """Let a bot with these settings do something, in a loop of its own."""

    async def begin() -> None:
        async with open_parts(load_settings(config, {}), ManualClock(NOW), config.parent) as parts:
            await work(parts)

    with ThreadPoolExecutor(1) as elsewhere:
        elsewhere.submit(asyncio.run, begin()).result()


def see(config: Path, *seen: RoomSeen) -> None:
    """Let the bot see further rooms."""
    run_bot(config, lambda parts: parts.pipeline.observe(*seen))


async def _live(parts: Parts) -> None:
    """A free label, a leader's rule, a refusal, an assistant, and a label that came and went."""
    await parts.pipeline.change(
        [
            LabelSet(FRUIT, LabelState(LabelKind.FREE, "猫", LabelSource.LEADER, 1.0, "宠物")),
            LabelSet(FRUIT, LabelState(LabelKind.PERSON, "宝妈", LabelSource.LEADER, 0.0)),
            ProductRuleSet(FRUIT, ProductRule(RuleKind.PINNED, LabelSource.LEADER, text="红颜草莓")),
            Unsubscribed(FRUIT, "laozhou"),
            RoleSet(FRUIT, "aqiang", Role.ASSISTANT),
        ]
    )
    row = {"kind": "category", "key": "", "value": "水果", "source": "topic", "cause": "topic", "at": NOW}
    async with parts.database.transaction() as session:
        for what in ("added", "removed"):
            await execute(session, insert(LabelChange), [{**row, "group_id": 1, "what": what}])


def lines(text: str, *words: str) -> list[str]:
    """The lines that hold all of these words."""
    return [line for line in text.splitlines() if all(word in line for word in words)]


def test_list_shows_every_group_with_its_labels_and_segments(run: Run, config: Path) -> None:
    ended = run("groups", "list", "--config", config)
    assert ended.code == 0
    (fruit,) = lines(ended.out, "阳光小区水果群")
    for word in ("room-fruit", "小美"):
        assert word not in fruit
    for word in ("1", "4", "lin", "7", "阳光小区、水果、宠物=猫", "阳光、水果"):
        assert word in fruit
    assert len(lines(ended.out, "星河湾宝妈群")) == len(lines(ended.out, "枫林苑猫奴群")) == 1


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (("--segment", "阳光"), ["阳光小区水果群"]),
        (("--segment", "养狗"), []),
        (("--label", "水果"), ["阳光小区水果群"]),
        (("--label", "宝妈"), ["星河湾宝妈群"]),  # the leader of the other says that it is none
        (("--label", "宠物=猫"), ["阳光小区水果群", "枫林苑猫奴群"]),
        (("--label", "猫"), ["阳光小区水果群", "枫林苑猫奴群"]),
        (("--label", "榴莲"), []),
        (("--segment", "阳光", "--label", "宝妈"), []),
    ],
)
def test_list_by_segment_and_label(run: Run, config: Path, words: tuple[str, ...], shown: list[str]) -> None:
    ended = run("groups", "list", "--config", config, *words)
    assert ended.code == 0
    assert [topic for topic in ("阳光小区水果群", "星河湾宝妈群", "枫林苑猫奴群") if topic in ended.out] == shown
    assert shown or "no such group" in ended.out


def test_list_names_the_segments_there_are(run: Run, config: Path) -> None:
    ended = run("groups", "list", "--config", config, "--segment", "阳")
    assert ended.code == 2
    assert "there is no segment '阳'; the settings have: 阳光, 水果, 养狗" in ended.err


def test_an_empty_bot_and_settings_without_segments(run: Run, tmp_path: Path) -> None:
    config = write_demo_config(tmp_path)
    assert "no groups yet" in run("groups", "list", "--config", config).out
    assert "no [[segments]]" in run("groups", "segments", "--config", config).out
    assert "the bot is in no group yet" in run("groups", "show", "1", "--config", config).err


@pytest.mark.parametrize("name", ["1", "room-fruit", "阳光小区水果群"])
def test_show_tells_everything_of_a_group_and_nobodys_name(run: Run, config: Path, name: str) -> None:
    ended = run("groups", "show", name, "--config", config)
    assert ended.code == 0
    text = ended.out
    assert "group 1: 阳光小区水果群" in text
    assert "level 4 (push), known since 2026-11-22 19:00" in text
    assert "members 7 (1 leader, 1 assistant, 5 member), 1 opted out" in text
    for words in (
        ("neighbourhood", "阳光小区", "configuration", "1.00", "2026-11-22 19:00", "yes"),
        ("neighbourhood", "阳光小区", "topic", "0.95", "yes"),
        ("category", "水果", "topic", "0.90", "yes"),
        ("person", "宝妈", "leader", "0.00", "denies it"),
        ("宠物", "猫", "leader", "1.00", "yes"),
        ("segment 阳光 (segments[0], priority 0): 小区 = 阳光小区",),
        ("segment 水果 (segments[1], priority 0): 品类 = 水果 and 级别 >= 3",),
        ("neighbourhoods", "阳光小区", "room configuration"),
        ("also_neighbourhoods", "南门里", "segment 阳光"),
        ("threshold", "0.6", "segment 阳光"),
        ("wording", "short", "segment 阳光"),
        ("excluded", "榴莲", "segment 水果"),
        ("pinned", "红颜草莓", "leader's word"),
        ("answers_per_day", "6", "default"),
        ("unasked_per_day", "2", "default"),
        ("digest", "on", "default"),
        ("segments[0].threshold (阳光: 0.6) and segments[1].threshold (水果: 0.7) disagree",),
        ("2026-11-22 19:00", "removed", "category", "水果", "topic"),
        ("2026-11-22 19:00", "added", "category", "水果", "topic"),
    ):
        assert lines(text, *words), (words, text)
    assert "养狗" not in text
    for somebody in ("小美", "老周", "林姐", "3栋"):
        assert somebody not in text


def test_show_of_a_group_that_is_not_there_lists_those_that_are(run: Run, config: Path) -> None:
    ended = run("groups", "show", "月亮湾", "--config", config)
    assert ended.code == 2
    assert "there is no group '月亮湾'" in ended.err
    assert len(lines(ended.err, "room ")) == 3
    ended = run("groups", "show", "水果", "--config", config)
    assert [line.strip() for line in ended.err.splitlines()[1:]] == ["1 (阳光小区水果群, room room-fruit of local)"]
    assert run("groups", "show", "9" * 30, "--config", config).code == 2
    assert "%" in run("groups", "show", "%", "--config", config).err  # no pattern: nothing is like it


def test_show_of_a_topic_that_two_groups_have_asks_for_an_id(run: Run, config: Path) -> None:
    twin = RoomSeen("local", "qianqun-bot", "room-twin", "阳光小区水果群", "lin", (RoomMember("lin", "林姐"),))
    see(config, twin)
    ended = run("groups", "show", "阳光小区水果群", "--config", config)
    assert ended.code == 2
    assert "means 2 groups" in ended.err
    assert "room-twin" in ended.err
    assert run("groups", "show", "room-twin", "--config", config).code == 0


def test_what_strangers_wrote_is_no_markup(run: Run, config: Path) -> None:
    odd = RoomSeen("local", "qianqun-bot", "room-odd", "[red]团[/nothing]\x1b[31m", "lin", ())
    see(config, odd)
    for words in (("list",), ("show", "room-odd"), ("segments",)):
        ended = run("groups", *words, "--config", config)
        assert ended.code == 0
        assert "\x1b" not in ended.out
    assert "[red]团[/nothing]" in run("groups", "list", "--config", config).out


def test_segments_counts_their_groups_and_tells_what_is_odd(run: Run, config: Path) -> None:
    ended = run("groups", "segments", "--config", config)
    assert ended.code == 0
    for words in (
        ("segments[0]", "阳光", "0", "1", "小区 = 阳光小区"),
        ("segments[2]", "养狗", "10", "0", "宠物 = 狗"),
        ("segments[2] (养狗) matches no group",),
        ("group 1 (阳光小区水果群): segments[0].threshold (阳光: 0.6) and segments[1].threshold (水果: 0.7) disagree",),
    ):
        assert lines(ended.out, *words), (words, ended.out)
    assert len(lines(ended.out, "disagree")) == 1


def test_check_names_the_group_that_two_segments_disagree_about(run: Run, config: Path) -> None:
    ended = run("check", "--config", config)
    assert ended.code == 2
    assert lines(ended.out, "group 1 (阳光小区水果群)", "segments[0].threshold", "segments[1].threshold")
    settled = SEGMENTS.replace('name = "水果"', 'name = "水果"\npriority = 1')
    write_demo_config(config.parent, extra=settled)
    ended = run("check", "--config", config)
    assert ended.code == 0
    assert lines(ended.out, "segments: ok")


def segment(name: str, when: str, rest: str = "") -> str:
    return f"[[segments]]\nname = '{name}'\nwhen = '''{when}'''\n{rest}\n"


@pytest.mark.parametrize(
    ("segments", "said"),
    [
        (
            segment("好", "小区 = 甲") + segment("坏", "小区 = 甲 and"),
            'segments[1].when: character 11: expected "not", "(", one of neighbourhood/小区, category/品类',
        ),
        (
            segment("坏", "neighborhood = 甲"),
            "segments[0].when: character 1: 'neighborhood' is no attribute; did you mean",
        ),
        (segment("坏", '群名 ~ "("'), "segments[0].when: character 6: '(' is not a regular expression"),
        (
            segment("坏", "小区 = " + "甲" * 65_536),
            "segments[0].when: character 2001: the rule is 65541 characters long",
        ),
        (segment("坏", "小区 = 甲 and not 小区 = 甲"), "segments[0].when: no group can ever meet this rule"),
        (segment("坏", "level > 3 and level < 2"), "segments[0].when: no group can ever meet this rule"),
        (segment("同", "小区 = 甲") + segment("同", "小区 = 乙"), "segments[0].name and segments[1].name are both 同"),
        (
            segment("一", "小区 = 甲 and 品类 = 水果", "threshold = 0.6")
            + segment("二", "品类 = 水果 and 小区 = 甲", "threshold = 0.7"),
            "segments[0].threshold of 一 and segments[1].threshold of 二 contradict each other",
        ),
        (
            segment("一", "小区 = 甲", "digest = true") + segment("二", "not 小区 != 甲", "digest = false"),
            "segments[0].digest of 一 and segments[1].digest of 二 contradict",
        ),
        (segment("坏", "小区 = 甲", "excluded = ['榴莲']\npinned = ['榴莲']"), "榴莲 is both excluded and pinned"),
        (segment("坏", "小区 = 甲", "packing = 'floor'"), "segments[0].packing"),
        (segment("坏", "小区 = 甲", "answers_per_day = -1"), "segments[0].answers_per_day"),
        (segment("坏", "小区 = 甲", "colour = 'red'"), "segments[0].colour: unknown key"),
        ("[[segments]]\nname = '坏'", "segments[0].when: is required"),
    ],
)
def test_segments_that_cannot_be_are_refused_by_their_keys(run: Run, tmp_path: Path, segments: str, said: str) -> None:
    ended = run("check", "--config", write_demo_config(tmp_path, extra=segments))
    assert ended.code == 2
    assert said in ended.err
    assert len(ended.err) < 2_000


def test_two_segments_of_the_same_rule_may_stand_beside_each_other(run: Run, tmp_path: Path) -> None:
    segments = (
        segment("一", "小区 = 甲", "threshold = 0.6\nexcluded = ['榴莲']")
        + segment("二", "小区 = 甲", "threshold = 0.6\nexcluded = ['大米']")
        + segment("三", "小区 = 甲", "threshold = 0.7\npriority = 1")
    )
    assert run("check", "--config", write_demo_config(tmp_path, extra=segments)).code == 0


def test_an_export_is_packed_as_the_segment_says(run: Run, config: Path) -> None:
    offer = "开团 周末水果\n1. 丹东草莓 3斤 59.9元\n2. 蓝莓 45元"
    orders = [("lin", offer), ("doudou", "草莓1份，蓝莓1份"), ("xiaomei", "草莓1份，蓝莓2份")]
    said = [
        IncomingMessage(MessageKey("local", "qianqun-bot", f"m{number}"), "room-fruit", who, text, NOW)
        for number, (who, text) in enumerate(orders)
    ]

    async def speak(parts: Parts) -> None:
        for message in said:
            await parts.pipeline.take([message])

    run_bot(config, speak)
    folder = config.parent / "out"
    ended = run("orders", "export", "周末水果", "--config", config, "--format", "csv", "--folder", folder)
    assert ended.code == 0
    (packing,) = folder.glob("*配货单.csv")
    rows = list(csv.DictReader(io.StringIO(packing.read_text("utf-8-sig"))))[:-1]
    assert [row["商品"] for row in rows] == ["丹东草莓", "丹东草莓", "蓝莓", "蓝莓"]
