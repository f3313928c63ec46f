"""Replies and chains read a second, how reading grows with length, and the time to apply one order under contention."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.report import ROOT, Options, Report
from catalog.aliases import AliasTable
from core.clock import monotonic
from core.database import Database
from core.migrate import upgrade
from core.settings import DatabaseSettings
from core.text import Normaliser
from orders.book import By
from orders.chains.text import read_chain
from orders.desk import OfferMemory
from orders.edits import Change, Edit
from orders.replies import ReplyReader
from orders.state import Item, Offer, OfferKind, OfferState
from orders.table import Table
from recommender.lexicon import packaged_goods

AT = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
_TITLES = ("丹东草莓", "蓝莓", "沃柑", "红富士苹果", "贝贝南瓜")


def run(options: Options) -> Report:
    """Measure reading, growth and applying; every ratio is taken within this run."""
    report = Report("orders", "order replies and chains read, orders applied, and how contention costs")
    repeats = 1 if options.quick else 5
    _replies(report, repeats)
    _growth(report)
    asyncio.run(_applying(report, 40 if options.quick else 200))
    report.notes.append(
        "naive: one regular expression (name, number, unit) over the titles; it understands none of the rest."
    )
    report.notes.append(
        "applied: SQLite in WAL, one order a transaction unless it says otherwise; ×: against the first row."
    )
    return report


def _offer(offer_id: int = 1, stock: Decimal | None = None) -> Offer:
    items = {
        -place: Item(-place, offer_id, place, str(place), title, "盒", "", Decimal(10), stock=stock)
        for place, title in enumerate(_TITLES, start=1)
    }
    return Offer(
        id=offer_id,
        version=1,
        kind=OfferKind.LEADER,
        state=OfferState.OPEN,
        title=f"水果{offer_id}",
        leader="l",
        channel="b",
        account="b",
        group_ids=(offer_id,),
        created_at=AT,
        items=items,
    )


def _replies(report: Report, repeats: int) -> None:
    lines = [json.loads(line)["said"] for line in (ROOT / "tests/orders/data/order_lines.jsonl").open(encoding="utf-8")]
    normaliser = Normaliser()
    reader = ReplyReader(packaged_goods(), AliasTable.load())
    table = Table((_offer(),), "m", AT, bare=(-1, -2, -3, -4, -5), names=frozenset({"小美", "老周"}))
    texts = [normaliser(line) for line in lines]
    naive = re.compile(rf"({'|'.join(_TITLES)})\s*[x*+]?\s*(\d+|[一两三四五六七八九十])\s*[份盒斤个箱]?")
    ours = _rate(lambda: [reader.read(text, table) for text in texts], len(texts), repeats)
    peer = _rate(lambda: [naive.findall(text.text) for text in texts], len(texts), repeats)
    report.rows.append({"what": "replies read", "per second": round(ours), "×": 1.0})
    report.rows.append({"what": "naive regular expression", "per second": round(peer), "×": round(peer / ours, 1)})


def _rate(work: Callable[[], object], count: int, repeats: int) -> float:
    _ = work()
    best = min(_seconds(work) for _ in range(repeats))
    return count / best


def _seconds(work: Callable[[], object]) -> float:
    began = monotonic()
    _ = work()
    return monotonic() - began


def _growth(report: Report) -> None:
    """Read chains of 8 to 64 kB; linear reading keeps the time for a kilobyte."""
    first = 0.0
    for size in (8, 16, 32, 64):
        entries, number = ["#接龙", "周末水果 30元"], 0
        while sum(map(len, entries)) + len(entries) < size * 1024:
            number += 1
            entries.append(f"{number}. 小美{number} 草莓{number % 9 + 1}盒，沃柑 两斤（熟一点）")
        text = "\n".join(entries)
        per_kb = min(_seconds(lambda text=text: read_chain(text)) for _ in range(3)) / size * 1000  # type: ignore[misc]
        first = first or per_kb
        row = {
            "what": f"chain of {size} kB, {number} entries",
            "ms per kB": round(per_kb, 3),
            "×": round(per_kb / first, 2),
        }
        report.rows.append(row)


async def _applying(report: Report, count: int) -> None:
    first = 0.0
    for what, offers, batch in (
        ("one offer, an order a transaction", 1, 1),
        ("twenty offers, an order a transaction", 20, 1),
        ("one offer, 50 orders a transaction", 1, 50),
        ("one offer with stock for half of them", 1, 1),
    ):
        stock = Decimal(count // 2) if "half" in what else None
        with TemporaryDirectory() as folder:
            database = await Database.open(DatabaseSettings(url=f"sqlite:///{Path(folder) / 'b.db'}"))
            await upgrade(database)
            memory = OfferMemory()
            ids = await _opened(database, memory, offers, stock)
            began = monotonic()
            sold = 0
            for start in range(0, count, batch):
                sold += await _ordered(database, memory, ids, range(start, min(start + batch, count)))
            each = (monotonic() - began) / count * 1000
            await database.close()
        first = first or each
        report.rows.append({"what": what, "ms an order": round(each, 2), "sold": sold, "×": round(each / first, 2)})


async def _opened(database: Database, memory: OfferMemory, count: int, stock: Decimal | None) -> list[int]:
    async with database.transaction() as session:
        desk = memory.desk(session, AT)
        ids = [(await desk.open(_offer(number, stock))).id for number in range(1, count + 1)]
        await desk.flush()
    memory.keep(desk)
    return ids


async def _ordered(database: Database, memory: OfferMemory, ids: Sequence[int], members: range) -> int:
    """Order one piece for each member in one transaction; return how many got it."""
    sold = 0
    async with database.transaction() as session:
        desk = memory.desk(session, AT)
        await desk.look(ids)
        for number in members:
            offer_id = ids[number % len(ids)]
            await desk.lock([offer_id])
            offer = desk.offers[offer_id]
            edit = Edit(min(offer.items), Change.ADD, Decimal(1))
            by = By(f"m{number}", f"m{number}", f"m{number}", offer_id, AT, number + 1)
            sold += len((await desk.ring_up(offer, [edit], by)).applied)
        await desk.flush()
    memory.keep(desk)
    return sold
