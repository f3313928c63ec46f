"""Seconds to look again at 100,000 members over 1,000 groups on SQLite; texts a second of the category model."""

from __future__ import annotations

import asyncio
import random
import statistics
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import insert

from benchmarks.report import Options, Report, limit_row
from benchmarks.world import START
from bot.segmentation import Segmentation
from core.clock import monotonic
from core.database import Database, execute
from core.migrate import upgrade
from core.settings import DatabaseSettings
from groups.labels.classifier import PACKAGED, load
from groups.models import Group, Member, Membership, MemberTag
from groups.settings import GroupsSettings, NeighbourhoodSettings, RoomSettings
from orders.models import OfferItem, OfferRecord, OrderLine
from recommender.models import NeedRecord

_GROUPS, _QUICK_GROUPS = 1_000, 100
_MEMBERS = 100
_NEEDS, _ORDERS, _TAGS = 1, 1, 2
"""For each member, on average."""
_LIMIT = 60.0
_CHUNK = 5_000
_CIRCLES = {
    "水果": ("草莓", "蓝莓", "苹果", "橙子", "葡萄", "西瓜", "车厘子", "芒果"),
    "宠物": ("猫粮", "猫砂", "狗粮", "猫条", "尿垫", "猫抓板"),
    "母婴": ("奶粉", "尿不湿", "湿巾", "辅食", "奶瓶"),
    "日用": ("抽纸", "垃圾袋", "保鲜膜", "卷纸"),
}


def run(options: Options) -> Report:
    count = _QUICK_GROUPS if options.quick else _GROUPS
    report = Report("segmentation", f"{count * _MEMBERS:,} members of {count:,} groups looked at again, SQLite")
    asyncio.run(_looking(report, count))
    _texts(report, 1 if options.quick else 5)
    report.notes.append(
        f"for each member a room name, {_NEEDS} need, {_ORDERS} order line, {_TAGS} tags; 500 neighbourhoods known; "
        "at the second look little has changed, as on most days. Reading, weighing and writing are all counted."
    )
    return report


async def _looking(report: Report, count: int) -> None:
    with TemporaryDirectory(prefix="qianqun-bench-") as folder:
        database = await Database.open(DatabaseSettings(url=f"sqlite:///{Path(folder)}/bench.db"))
        try:
            await upgrade(database)
            await _fill(database, count)
            places = tuple(NeighbourhoodSettings(name=f"{_place(number)}苑") for number in range(500))
            rooms = tuple(RoomSettings(room=f"r{number}", level=4) for number in range(0, count, 10))
            segmentation = Segmentation.of(GroupsSettings(neighbourhoods=places, rooms=rooms))
            for what, now in (("first look", START), ("a day later", START + timedelta(days=1))):
                began = monotonic()
                looks = await segmentation.run(database, now)
                seconds = monotonic() - began
                row = limit_row(f"{what}: {len(looks):,} groups change", _LIMIT, seconds, "s")
                report.rows.append({**row, "per second": round(count * _MEMBERS / seconds)})
        finally:
            await database.close()


def _place(number: int) -> str:
    signs = "春夏秋冬梅兰竹菊松柏江河湖海山云星月日金银玉翠锦"
    return signs[number % 24] + signs[number // 24 % 24]


async def _fill(database: Database, count: int) -> None:
    """Write groups that hang together: most members of one live in one place and ask for one kind of goods."""
    dice = random.Random(7)
    kinds = list(_CIRCLES)
    titles = [title for listed in _CIRCLES.values() for title in listed]
    stamp: dict[str, Any] = {"created_at": START, "changed_at": START}
    groups = [
        {"id": number + 1, "channel": "b", "account": "a", "room_id": f"r{number}", "topic": f"邻里{number}群", **stamp}
        | {"owner_id": f"l{number % 50}", "leader_id": f"l{number % 50}", "level": 4, "state": "active"}
        for number in range(count)
    ]
    members, memberships, needs, lines, tags = ([] for _ in range(5))  # type: ignore[var-annotated]
    for number in range(count * _MEMBERS):
        group = number // _MEMBERS
        place = _place(group % 500) if dice.random() < 0.6 else _place(dice.randrange(500))
        circle = kinds[group % 4] if dice.random() < 0.85 else dice.choice(kinds)
        title = dice.choice(_CIRCLES[circle])
        who, at = f"m{number}", START - timedelta(hours=dice.randrange(24 * 60))
        members.append({"id": number + 1, "channel": "b", "account": "a", "contact_id": who, "created_at": START})
        members[-1]["name"] = f"邻居{number}"
        name = f"{place}苑{dice.randrange(30) + 1}栋{dice.randrange(9) + 1}0{dice.randrange(4) + 1}"
        memberships.append({"group_id": group + 1, "member_id": number + 1, "name": "", "room_name": name})
        memberships[-1] |= {"role": "member", "created_at": START}
        needs.append({"inbox_id": number + 1, "group_id": group + 1, "member": who, "need_class": "want", "at": at})
        needs[-1] |= {"terms": [title], "category": circle, "detail": {}, "state": "unmet"}
        item = titles.index(title) + 1
        lines.append({"offer_id": 1, "item_id": item, "group_id": group + 1, "member": who, "name": name, "at": at})
        lines[-1] |= {"for_whom": "", "quantity": Decimal(1), "note": "", "said_by": ""}
        for kind, key, value in (("person", "", f"养{circle}"), ("free", "宠物", dice.choice("猫狗"))):
            tags.append({"member_id": number + 1, "kind": kind, "key": key, "value": value, "weight": 1.0})
            tags[-1] |= {"said": 1, "ordered": 0, "first_at": at, "at": at}
    offer = [{"id": 1, "kind": "leader", "state": "open", "title": "团", "channel": "b", "account": "a", **stamp}]
    items = [
        {
            "id": place + 1,
            "offer_id": 1,
            "position": place,
            "code": str(place),
            "title": title,
            "taken": Decimal(0),
            "tiers": [],
        }
        for place, title in enumerate(titles)
    ]
    for model, rows in (
        *((Group, groups), (Member, members), (Membership, memberships), (MemberTag, tags)),
        *((NeedRecord, needs), (OfferRecord, offer), (OfferItem, items), (OrderLine, lines)),
    ):
        for start in range(0, len(rows), _CHUNK):
            async with database.transaction() as session:
                await execute(session, insert(model), rows[start : start + _CHUNK])


def _texts(report: Report, repeats: int) -> None:
    """Read every packaged text with the plain arithmetic and with scikit-learn, turn by turn."""
    from groups.labels.classifier_training import packaged_examples, train_model  # noqa: PLC0415 - heavy, only for this peer

    examples = packaged_examples()
    model, peer = load(PACKAGED), train_model(examples).pipeline
    texts = [example.text for example in examples] * 5
    rates: dict[str, list[float]] = {"numbers of the file": [], "scikit-learn": []}
    for _ in range(repeats):
        for what, read in (("numbers of the file", model.probabilities), ("scikit-learn", peer.predict_proba)):
            began = monotonic()
            _ = read(texts)
            rates[what].append(len(texts) / (monotonic() - began))
    for what, found in rates.items():
        report.rows.append({"what": f"texts read, {what}", "per second": round(statistics.median(found))})
