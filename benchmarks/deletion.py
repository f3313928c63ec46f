"""The time to delete one member, on a SQLite database with a million messages in a thousand groups."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import insert

from benchmarks.report import Options, Report, limit_row, spread
from benchmarks.world import ACCOUNT, CHANNEL, START
from bot import personal
from core.clock import monotonic
from core.database import Database, execute
from core.inbox import DONE, InboxMessage
from core.migrate import upgrade
from core.outbox import OutboxMessage
from core.settings import DatabaseSettings
from groups.models import Group, Member, Membership
from groups.people.audit import Look
from groups.state import MemberKey
from orders.models import BuyerRecord, OfferGroup, OfferItem, OfferRecord, OrderEdit, OrderLine
from recommender.models import NeedRecord, Push

_GROUPS = 1_000
_PER_GROUP = 40
_ROWS_AT_ONCE = 5_000
_FAMILY = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_GIVEN = "安白冰波晨丹栋凡芳菲峰刚歌光桂海涵浩禾红华慧佳建洁金静娟军康岚乐磊丽莲亮琳玲龙露梅明娜宁鹏琪倩青"
_TALK = ("哈哈", "今晚风好大", "有人拼车去机场吗", "孩子作业写完了吗", "谢谢", "草莓2份", "团长辛苦了", "明天几点到货")


def run(options: Options) -> Report:
    """Fill a database once and delete members from it, one in two groups, one who leads, one who never wrote."""
    return asyncio.run(_measure(options))


async def _measure(options: Options) -> Report:
    count = 100_000 if options.quick else 1_000_000
    report = Report("deletion", f"seconds to delete one member among {count:,} messages in {_GROUPS:,} groups, SQLite")
    with TemporaryDirectory(prefix="qianqun-bench-") as folder:
        path = Path(folder) / "b.db"
        database = await Database.open(DatabaseSettings(url=f"sqlite:///{path}"))
        await upgrade(database)
        await _fill(database, count)
        megabytes = path.stat().st_size / 1e6
        repeats = 3 if options.quick else 7
        for what, first in (("a member of two groups", 1), ("a leader", 0)):
            seconds: list[float] = []
            rows = 0
            for number in range(repeats):
                contact = _contact(first + (number + 1) * _PER_GROUP * 7)
                began = monotonic()
                rows = await _delete(database, contact)
                seconds.append(monotonic() - began)
            measured = spread(seconds)
            row = limit_row(f"{what}, slowest of {repeats}", 1.0, measured.high, "s")
            report.rows.append({**row, "median": round(measured.median, 3), "rows touched": rows})
        await database.close()
        report.rows.append(await _overhead(path))
    report.notes.append(
        f"the database holds {megabytes:,.0f} MB: messages with their raw events, needs, pushes, offers, orders and "
        "50,000 texts of the outbox; one transaction for each deletion, its commit included."
    )
    return report


async def _delete(database: Database, contact: str) -> int:
    key = MemberKey(CHANNEL, ACCOUNT, contact)
    async with database.transaction() as session:
        person = await personal.person_of(session, key)
        erased = await personal.erase(session, person, Look("operator", "erased", about=key), START)
    return erased.rows


async def _overhead(path: Path) -> dict[str, Any]:
    """What it costs to overwrite what is deleted (PRAGMA secure_delete), on deleting 50,000 messages."""
    seconds = {}
    for mode in ("OFF", "FAST", "ON"):
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute(f"PRAGMA secure_delete={mode}")
        connection.execute("BEGIN IMMEDIATE")
        began = monotonic()
        connection.execute("DELETE FROM inbox WHERE id IN (SELECT id FROM inbox WHERE id % 20 = 7)")
        connection.execute("UPDATE inbox SET text = '', message = '{}' WHERE id % 20 = 3")
        seconds[mode] = monotonic() - began
        connection.execute("ROLLBACK")
        connection.close()
    said = ", ".join(f"{mode} {value:.2f} s" for mode, value in seconds.items())
    return {"what": f"secure_delete on a tenth of all messages: {said}"}


def _contact(number: int) -> str:
    return f"wxid_{number % (_GROUPS * _PER_GROUP):08d}"


def _name(number: int) -> str:
    number %= _GROUPS * _PER_GROUP
    family, first = _FAMILY[number % len(_FAMILY)], _GIVEN[number // len(_FAMILY) % len(_GIVEN)]
    return family + first + _GIVEN[number // (len(_FAMILY) * len(_GIVEN)) % len(_GIVEN)]


async def _fill(database: Database, count: int) -> None:
    tables = (
        (Group, _groups()),
        (Member, _members()),
        (Membership, _memberships()),
        (InboxMessage, _messages(count)),
        (NeedRecord, _needs(count)),
        (Push, _pushes(count)),
        (OfferRecord, _offers()),
        (OfferGroup, ({"offer_id": number + 1, "group_id": number % _GROUPS + 1} for number in range(_GROUPS * 20))),
        (OfferItem, _items()),
        (OrderLine, _lines()),
        (OrderEdit, _edits()),
        (BuyerRecord, _buyers()),
        (OutboxMessage, _outbox()),
    )
    for model, rows in tables:
        waiting: list[dict[str, Any]] = []
        for row in rows:
            waiting.append(row)
            if len(waiting) == _ROWS_AT_ONCE:
                await _store(database, model, waiting)
                waiting = []
        await _store(database, model, waiting)


async def _store(database: Database, model: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        async with database.transaction() as session:
            await execute(session, insert(model), rows)


def _groups() -> Iterator[dict[str, Any]]:
    for number in range(_GROUPS):
        leader = _contact(number * _PER_GROUP)
        yield {
            **{
                "id": number + 1,
                "channel": CHANNEL,
                "account": ACCOUNT,
                "room_id": f"room{number}",
                "topic": f"第{number}群",
            },
            **{"owner_id": leader, "leader_id": leader, "level": 4, "state": "active"},
            **{"created_at": START, "changed_at": START},
        }


def _members() -> Iterator[dict[str, Any]]:
    for number in range(_GROUPS * _PER_GROUP):
        who = {"channel": CHANNEL, "account": ACCOUNT, "contact_id": _contact(number), "name": _name(number)}
        yield {"id": number + 1, **who, "created_at": START}


def _memberships() -> Iterator[dict[str, Any]]:
    """Put everybody into their own group and the next."""
    for number in range(_GROUPS * _PER_GROUP):
        for group in (number // _PER_GROUP, (number // _PER_GROUP + 1) % _GROUPS):
            room_name = f"{number % 30}栋{number % 900 + 100}-{_name(number)}"
            names = {"name": _name(number), "room_name": room_name, "role": "member"}
            yield {"group_id": group + 1, "member_id": number + 1, **names, "created_at": START}


def _messages(count: int) -> Iterator[dict[str, Any]]:
    dice = random.Random(7)
    for number in range(count):
        group, sender = number % _GROUPS, number % _GROUPS * _PER_GROUP + number // _GROUPS % _PER_GROUP
        private = number % 49 == 0
        text = dice.choice(_TALK)
        if number % 37 == 0:
            text = f"@{_name(sender + 1)} {text}"
        room_name = f"{sender % 30}栋{sender % 900 + 100}-{_name(sender)}"
        rest = {
            **{"kind": "text", "room_topic": f"第{group}群", "sender_name": _name(sender), "room_name": room_name},
            **{"mentions": [], "mentions_bot": False, "quote": None, "is_self": False, "recalls": ""},
            "raw": {"type": 22, "body": {"messageId": f"{number:019d}"}, "text": text},
        }
        yield {
            **{"id": number + 1, "channel": CHANNEL, "account": ACCOUNT, "message_id": f"{number:019d}", "state": DONE},
            **{"room_id": "" if private else f"room{group}", "sender_id": _contact(sender), "text": text},
            **{"message": rest, "at": START + timedelta(seconds=number), "received_at": START, "handled_at": START},
            **{"outcome": "ignored", "reason": "talk"},
        }


def _needs(count: int) -> Iterator[dict[str, Any]]:
    for number in range(0, count, 19):
        sender = number % _GROUPS * _PER_GROUP + number // _GROUPS % _PER_GROUP
        yield {
            **{"inbox_id": number + 1, "group_id": number % _GROUPS + 1, "member": _contact(sender)},
            **{"need_class": "explicit", "terms": ["草莓"], "category": "水果", "detail": {"rule": "want"}},
            **{"state": "unmet", "hold": None, "at": START + timedelta(seconds=number)},
        }


def _pushes(count: int) -> Iterator[dict[str, Any]]:
    for number in range(0, count, 97):
        sender = number % _GROUPS * _PER_GROUP + number // _GROUPS % _PER_GROUP
        yield {
            **{"inbox_id": number + 1, "group_id": number % _GROUPS + 1, "member": _contact(sender), "terms": ["草莓"]},
            **{"products": [], "reasons": [], "text": f"{_name(sender)}，有草莓", "state": "queued"},
            **{"dedupe_key": f"push:{number}", "at": START + timedelta(seconds=number), "decided_at": None},
        }


def _offers() -> Iterator[dict[str, Any]]:
    for number in range(_GROUPS * 20):
        yield {
            **{"id": number + 1, "version": 1, "kind": "leader", "state": "succeeded", "title": f"水果{number}"},
            **{"leader": _contact(number % _GROUPS * _PER_GROUP), "channel": CHANNEL, "account": ACCOUNT},
            **{"pickup_place": "南门", "pickup_when": "", "note": "", "open_items": False},
            **{"created_at": START, "changed_at": START},
        }


def _items() -> Iterator[dict[str, Any]]:
    for number in range(_GROUPS * 20):
        yield {
            **{"id": number + 1, "offer_id": number + 1, "position": 1, "code": "1", "title": "草莓", "unit": "盒"},
            **{
                "specification": "",
                "price": None,
                "tiers": [],
                "stock": None,
                "taken": Decimal(10),
                "minimum_quantity": 1,
            },
            "active": True,
        }


def _ordered() -> Iterator[tuple[int, int, int]]:
    """Yield (offer, group, member) of ten orders on each offer."""
    for offer in range(_GROUPS * 20):
        group = offer % _GROUPS
        for place in range(10):
            yield offer, group, group * _PER_GROUP + (offer // _GROUPS + place * 3) % _PER_GROUP


def _lines() -> Iterator[dict[str, Any]]:
    for offer, group, member in _ordered():
        where = {"offer_id": offer + 1, "item_id": offer + 1, "group_id": group + 1, "member": _contact(member)}
        said = {
            "name": _name(member),
            "quantity": Decimal(1),
            "note": "少放冰",
            "said_by": _contact(member),
            "at": START,
        }
        yield {**where, "for_whom": "", **said}


def _edits() -> Iterator[dict[str, Any]]:
    for offer, group, member in _ordered():
        yield {
            **{"offer_id": offer + 1, "item_id": offer + 1, "group_id": group + 1, "member": _contact(member)},
            **{
                "for_whom": "",
                "change": "add",
                "source": "reply",
                "quantity": Decimal(1),
                "delta": Decimal(1),
                "total": Decimal(1),
            },
            **{"said_by": _contact(member), "inbox_id": None, "place": 0, "evidence": "草莓1盒", "spans": [[0, 4]]},
            **{"undoes": None, "at": START},
        }


def _buyers() -> Iterator[dict[str, Any]]:
    for offer, group, member in _ordered():
        yield {
            **{"offer_id": offer + 1, "group_id": group + 1, "member": _contact(member), "name": _name(member)},
            **{"code": str(1000 + member % _PER_GROUP), "payment": "paid"},
        }


def _outbox() -> Iterator[dict[str, Any]]:
    for number in range(50_000):
        member = number % (_GROUPS * _PER_GROUP)
        private = number % 10 == 0
        yield {
            **{"dedupe_key": f"bench:{number}", "channel": CHANNEL, "account": ACCOUNT},
            **{"group_id": member // _PER_GROUP + 1, "room_id": "" if private else f"room{member // _PER_GROUP}"},
            **{"contact_id": _contact(member) if private else "", "kind": "receipt", "priority": 0, "least_level": 0},
            **{
                "text": f"✓ {_name(member)}：草莓 1 盒，10 元",
                "mentions": [],
                "about_members": [],
                "about_products": [],
            },
            **{"state": "sent", "created_at": START, "claimed_at": START, "finished_at": START, "asked": True},
            **{"merge_key": "", "footer": "", "fleeting": False},
        }
