"""``qianqun groups relabel`` and ``qianqun groups train``."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from core.clock import SystemClock
from core.database import Database
from core.settings import DatabaseSettings
from groups import changes as happened
from groups import repository as group_store
from groups.labels.classifier import load
from groups.state import GroupKey
from tests.cli.conftest import Run
from tests.demo_config import write_demo_config

ROOM = GroupKey("local", "bot", "room")
OWN_RULES = """
[groups]
categories = [{ name = "水果", patterns = ["水果"] }, { name = "矿石", patterns = ["矿石"] }]
attributes = [{ key = "片区", name = "城东", patterns = ["城东"] }]
"""


def config(folder: Path, extra: str = "") -> Path:
    path = write_demo_config(folder, extra=extra)
    if "[groups]" in extra:  # one table may stand once
        text = path.read_text(encoding="utf-8").replace(extra, "")
        path.write_text(text.replace("[groups]\n", extra.strip() + "\n", 1), encoding="utf-8")
    return path


def fill(folder: Path, *changes: happened.Change, days_ago: int = 0) -> None:
    async def write() -> None:
        database = await Database.open(DatabaseSettings(url=f"sqlite:///{folder}/demo.db"))
        async with database.transaction() as session:
            await group_store.save(session, changes, SystemClock().now() - timedelta(days=days_ago))
        await database.close()

    asyncio.run(write())


def test_changes_are_listed_and_stored_only_without_dry_run(run: Run, tmp_path: Path) -> None:
    path = config(tmp_path)
    assert "0 group(s) changed" in run("groups", "relabel", "--config", path).out
    fill(tmp_path, happened.GroupCreated(ROOM, topic="枫林苑猫奴交流"))
    dry = run("groups", "relabel", "--config", path, "--dry-run")
    assert dry.code == 0
    for fact in ("+ neighbourhood 枫林苑 (by topic", "+ category 宠物", "+ free/宠物 猫", "1 group(s) would change"):
        assert fact in dry.out
    done = run("groups", "relabel", "--config", path, "枫林苑猫奴交流")
    assert "1 group(s) changed" in done.out
    assert "category not judged: too_few_needs (0 needs and orders of 0 people)" in done.out
    assert "0 group(s) would change" in run("groups", "relabel", "--config", path, "--dry-run").out


def test_a_group_that_is_not_there_is_named(run: Run, tmp_path: Path) -> None:
    ended = run("groups", "relabel", "--config", config(tmp_path), "月亮群")
    assert ended.code == 2
    assert "月亮群" in ended.err


def test_rules_that_matched_nothing_for_thirty_days_are_reported(run: Run, tmp_path: Path) -> None:
    path = config(tmp_path, OWN_RULES)
    run("groups", "relabel", "--config", path)
    fill(tmp_path, happened.GroupCreated(ROOM, topic="邻里水果群"), days_ago=29)
    assert "has matched no" not in run("groups", "relabel", "--config", path).out
    older = GroupKey("local", "bot", "older")
    fill(tmp_path, happened.GroupCreated(older, topic="老群"), days_ago=31)
    told = run("groups", "relabel", "--config", path).out
    assert "groups.categories: 矿石 has matched no topic and no room names for 30 days" in told
    assert "groups.attributes: 片区=城东" in told
    assert "groups.categories: 水果" not in told
    assert "groups.persons" not in told, "these rules come with the program"


def test_a_model_is_trained_also_on_the_catalogue_and_says_how_good_it_is(run: Run, tmp_path: Path) -> None:
    path = config(tmp_path)
    run("catalog", "sync", "--config", path)
    output = tmp_path / "own.json"
    ended = run("groups", "train", "--config", path, "--output", output)
    assert ended.code == 0
    for fact in ("right on held-out texts: ", " taken for ", "sure 0.", f"written: {output}"):
        assert fact in ended.out
    model = load(output)
    assert model.trained["catalogue_titles"] > 300
    assert model.classes[int(model.probabilities(["猫粮"])[0].argmax())] == "宠物"


def test_a_place_that_cannot_be_written_is_named(run: Run, tmp_path: Path) -> None:
    ended = run("groups", "train", "--output", tmp_path / "none" / "own.json")
    assert ended.code == 2
    assert "own.json cannot be written" in ended.err
