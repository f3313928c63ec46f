"""``groups why``, ``eval push`` and ``train match --from-database`` on a bot that has pushed and sold."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert
from sqlmodel import col, select

from bot.bootstrap import Parts
from catalog.models import Product
from core.clock import SystemClock
from core.database import execute
from core.messages import RoomMember, RoomSeen
from recommender.gain import Record, expected_gain
from recommender.models import NeedRecord, Push, PushRecord
from recommender.push_training import FEWEST
from recommender.second_look import FEATURES, read_weights
from recommender.settings import ResultSettings
from tests.cli.conftest import Run
from tests.cli.test_groups import NOW, run_bot
from tests.demo_config import write_demo_config

RECORD = Record(ordered=2, thanked=1, ignored=30, refused=1, at=NOW)
SHOWN = ("丹东99草莓", "红颜草莓")


async def live(parts: Parts, pushes: int) -> None:
    """A fruit group in which the second of two strawberries was ordered every time; one need had no product."""
    people = (RoomMember("lin", "林姐"), RoomMember("mei", "小美"))
    await parts.pipeline.observe(RoomSeen("local", "bot", "room-f", "水果群", "lin", people))
    await parts.catalog.sync_all()
    gain = expected_gain(0.72, 0.9, 0.5, RECORD, ResultSettings())
    async with parts.database.transaction() as session:
        ids = [
            (await session.exec(select(Product.id).where(col(Product.title).contains(word)).limit(1))).one()
            for word in SHOWN
        ]
        needs, rows = [], []
        for number in range(1, pushes + 1):
            who = {"inbox_id": number, "group_id": 1, "member": "mei", "terms": ["草莓"]}
            at = NOW + timedelta(minutes=number)
            about = {"need_class": "want", "category": "水果", "state": "pushed", "hold": None, "at": at}
            needs.append({**who, **about, "detail": {"attributes": ["红颜"], "price_max": 80.0, "gain": gain.kept()}})
            products = [
                {"product": product, "score": 0.7, "position": place} for place, product in enumerate(ids, start=1)
            ]
            products[1]["ordered"] = True
            kept = {"state": "queued", "dedupe_key": "", "result": "ordered", "at": at, "decided_at": None}
            rows.append({**who, **kept, "products": products, "reasons": [], "text": ""})
        unmet = {
            "inbox_id": 999,
            "group_id": 1,
            "member": "mei",
            "terms": ["折耳根"],
            "need_class": "want",
            "category": "",
        }
        needs.append({**unmet, "state": "unmet", "hold": None, "at": NOW, "detail": {}})
        held = {
            "inbox_id": 998,
            "state": "unmet",
            "hold": "below_threshold",
            "at": NOW,
            "detail": {"gain": gain.kept()},
        }
        needs.append({**unmet, **held, "terms": ["蓝莓"]})
        await execute(session, insert(NeedRecord), needs)
        if rows:
            await execute(session, insert(Push), rows)
            counts = {name: getattr(RECORD, name) for name in ("ordered", "thanked", "ignored", "refused")}
            await execute(session, insert(PushRecord), [{"group_id": 1, **counts, "at": SystemClock().now()}])


def bot_with(folder: Path, pushes: int) -> Path:
    config = write_demo_config(folder)
    run_bot(config, lambda parts: live(parts, pushes))
    return config


@pytest.fixture(scope="module")
def sold(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bot_with(tmp_path_factory.mktemp("sold"), FEWEST)


def test_why_it_spoke_and_why_not(run: Run, sold: Path) -> None:
    ended = run("groups", "why", "水果群", "--config", sold, "--limit", "5")
    assert ended.code == 0
    assert "2.0 ordered, 1.0 thanked, 30.0 ignored, 1.0 refused; wanted 9%, usual 15%" in ended.out
    assert "from a score of 0.6" in ended.out
    rows = [line for line in ended.out.splitlines() if "│" in line]
    assert len(rows) == 5
    held = next(line for line in rows if "蓝莓" in line)
    assert "unmet (below_threshold)" in held
    assert [cell.strip() for cell in held.split("│")[4:7]] == ["0.90", "0.80", "0.72"]
    assert "小美" not in ended.out
    assert "mei" not in ended.out


def test_a_group_without_results(run: Run, tmp_path: Path) -> None:
    config = bot_with(tmp_path, 0)
    assert "no results yet" in run("groups", "why", "1", "--config", config).out
    assert "no push has a result yet" in run("eval", "push", "--config", config).out
    assert run("groups", "why", "没有这个群", "--config", config).code == 2


def test_eval_push_counts_by_score(run: Run, sold: Path) -> None:
    ended = run("eval", "push", "--config", sold, "--group", "水果群")
    row = next(line for line in ended.out.splitlines() if "0.7–0.8" in line)
    assert [cell.strip() for cell in row.split("│")[2:5]] == [str(FEWEST + 1), str(FEWEST), str(FEWEST)]
    assert "1.00 [0.89, 1.00]" in row


def test_eval_push_of_a_new_bot(run: Run, config: Path) -> None:
    run_bot(config, lambda parts: parts.catalog.sync_all())
    assert "no need has been decided" in run("eval", "push", "--config", config).out


def test_orders_teach_the_second_look(run: Run, sold: Path, tmp_path: Path) -> None:
    out = tmp_path / "weights.json"
    ended = run("train", "match", "--from-database", sold, "--out", out)
    assert ended.code == 0, ended.err
    document = json.loads(out.read_text(encoding="utf-8"))
    assert f"{FEWEST} pushes with orders" in document["trained_from"]
    learned, before = document["weights"], read_weights()
    assert set(learned) == set(FEATURES)
    assert learned["popularity"] == pytest.approx(before["popularity"]), "orders are no reason for themselves"
    assert all(abs(learned[name] - before[name]) < 3 for name in FEATURES), "drawn to what holds"


def test_too_few_orders_teach_nothing(run: Run, tmp_path: Path) -> None:
    config, out = bot_with(tmp_path, FEWEST - 1), tmp_path / "weights.json"
    ended = run("train", "match", "--from-database", config, "--out", out)
    assert ended.code == 2
    assert f"holds {FEWEST - 1} pushes" in ended.err
    assert "Nothing was written" in ended.err
    assert not out.exists()


def test_nothing_to_learn_from_is_said(run: Run, tmp_path: Path) -> None:
    ended = run("train", "match", "--out", tmp_path / "weights.json")
    assert ended.code == 2
    assert "--from-database" in ended.err
