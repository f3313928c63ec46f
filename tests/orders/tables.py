"""Builders of what lies on the table when a reply is read, and a short way to write what it should become."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache

from core.outcomes import Outcome
from core.text import Normaliser
from orders.edits import Doubt, Edit, Reading
from orders.replies import ReplyReader
from orders.state import Item, Line, LineKey, Offer, OfferKind, OfferState
from orders.table import Table

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ME = "me"
GOODS = frozenset(
    """草莓 蓝莓 沃柑 橙子 牛奶 巧克力 榴莲 鸡蛋 土鸡蛋 排骨 五花肉 三文鱼 苹果 番茄 圣女果 小番茄 可乐 大米 小米
    虾 基围虾
    鸡腿饭 牛肉饭 套餐 啤酒 大闸蟹 蛋挞 吐司 抽纸 纸尿裤 草莓酱 八宝粥 四季豆 草莓牛奶 牛肉""".split()  # noqa: SIM905
)
ALIASES = (
    ("西红柿", "番茄", "regional"),
    ("小番茄", "圣女果", "regional"),
    ("士多啤梨", "草莓", "regional"),
    ("百事", "可乐", "brand"),
)


@cache
def reader() -> ReplyReader:
    return ReplyReader(GOODS, ALIASES)


@cache
def normaliser() -> Normaliser:
    return Normaliser({"🍓": "草莓"})


def offer(number: int, *items: tuple[str, ...], title: str = "", state: OfferState = OfferState.OPEN) -> Offer:
    """One offer; an item is (code, title, unit, specification), its id ten times the offer's and its place."""
    made = Offer(number, 1, OfferKind.LEADER, state, title or "团", "leader", "local", "a", (1,), NOW)
    for place, item in enumerate(items, 1):
        code, name, unit, specification = (*item, "", "")[:4]
        key = number * 10 + place
        made.items[key] = Item(key, number, place, code, name, unit, specification)
    return made


STRAWBERRY = (("1", "丹东草莓", "盒", "3斤"),)
FRUIT = (
    ("1", "丹东草莓 大果", "盒"),
    ("2", "红颜草莓", "盒"),
    ("3", "蓝莓", "盒", "125g*6盒"),
    ("4", "沃柑大果", "箱", "5斤/箱"),
    ("5", "沃柑小果", "箱", "5斤/箱"),
)
MEAT = (
    ("1", "排骨", "斤"),
    ("2", "五花肉", "斤"),
    ("3", "三文鱼", "盒", "200g/盒"),
    ("4", "大闸蟹", "只"),
    ("5", "啤酒", "罐"),
)
LUNCH = (("A", "红烧肉套餐", "份"), ("B", "香煎鸡腿饭", "份"), ("C", "番茄牛肉饭", "份"))


def table(
    *offers: Offer,
    lines: Iterable[tuple[int, str] | tuple[int, str, str]] = (),
    quoted: Iterable[int] | None = None,
    bare: Iterable[int] | None = None,
    names: Iterable[str] = (),
    previous: tuple[Edit, ...] = (),
    doubt: Doubt | None = None,
) -> Table:
    """A table with the speaker's lines as (item, quantity, for whom)."""
    for item, quantity, *whom in lines:
        key = LineKey(item, ME, whom[0] if whom else "")
        next(o for o in offers if item in o.items).lines[key] = Line(Decimal(quantity), "我的名字", ME)
    if bare is None:
        bare = [item.id for o in offers if o.state is OfferState.OPEN for item in o.on_list]
    seen = None if quoted is None else frozenset(quoted)
    return Table(
        offers,
        ME,
        NOW,
        quoted=seen,
        bare=tuple(bare),
        names=frozenset(names),
        own_names=frozenset({"我的名字"}),
        previous=previous,
        doubt=doubt,
    )


def read(raw: str, on: Table) -> Reading:
    return reader().read(normaliser()(raw), on)


def short(reading: Reading) -> str:
    """Write a reading in one line: ``add 11 2``, ``ask several_items``, ``- question``."""
    if reading.outcome is Outcome.ASK:
        return f"ask {reading.reason}"
    if reading.outcome is Outcome.IGNORED:
        return "-"
    parts = [
        " ".join(
            filter(
                None,
                [
                    edit.change.value,
                    str(edit.item),
                    "all" if edit.quantity is None else f"{edit.quantity:f}",
                    f"@{edit.for_whom}" if edit.for_whom else "",
                    f"({edit.note})" if edit.note else "",
                ],
            )
        )
        for edit in reading.edits
    ]
    if reading.paid:
        parts.append("paid " + " ".join(map(str, reading.paid)))
    return "; ".join(parts)
