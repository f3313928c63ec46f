"""Catalogues that nobody would keep, through the shelf and the whole decision: equal and endless titles."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from types import FrameType

from core.text import Normaliser
from groups.state import GroupKey, GroupState
from recommender.decisions import Asked, Decision
from recommender.memory import GroupMemory
from recommender.service import Recommender
from recommender.settings import RecommenderSettings
from tests.recommender.conftest import SHANGHAI
from tests.recommender.wares import Ware

NOON = datetime(2026, 5, 1, 4, tzinfo=UTC)
Aliases = list[tuple[str, str, str]]


def _shop(aliases: Aliases, wares: list[Ware]) -> Recommender:
    built = Recommender(RecommenderSettings(limits=False), SHANGHAI, aliases)
    built.adopt(built.prepare(wares))
    return built


def _equal(count: int) -> list[Ware]:
    return [
        Ware("丹东草莓 大果 3斤", number, category="水果/浆果", keywords=["草莓"], supplier_product_id=f"p{number}")
        for number in range(1, count + 1)
    ]


def _decide(recommender: Recommender, normaliser: Normaliser, text: str) -> Decision:
    group = GroupState(GroupKey("local", "bot", "room"), id=1, topic="群", level=4, neighbourhoods=("阳光小区",))
    return recommender.decide(Asked("m1", "小美", normaliser(text), NOON), group, GroupMemory(), 0)


@contextmanager
def _calls() -> Iterator[list[int]]:
    """Count calls of Python functions; unlike seconds, the same on every machine."""
    counted = [0]

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        counted[0] += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        yield counted
    finally:
        sys.setprofile(before)


def test_a_hundred_thousand_equal_titles_are_offered_in_their_order(aliases: Aliases, normaliser: Normaliser) -> None:
    shop = _shop(aliases, _equal(100_000))
    assert [pick.item.id for pick in _decide(shop, normaliser, "有草莓吗").picks] == [1, 2, 3]
    assert not _decide(shop, normaliser, "家里大米见底了").picks


def test_what_a_need_costs_stops_growing_with_the_products_that_fit(aliases: Aliases, normaliser: Normaliser) -> None:
    needed = []
    for size in (1_000, 4_000, 16_000):
        shop = _shop(aliases, _equal(size))
        _decide(shop, normaliser, "有草莓吗")
        with _calls() as counted:
            _decide(shop, normaliser, "有草莓吗")
        needed.append(counted[0])
    assert needed[1] <= 4 * needed[0]
    assert needed[2] <= 3 * needed[1]


def test_of_very_many_that_fit_the_nearest_and_the_cheapest_are_found(aliases: Aliases, normaliser: Normaliser) -> None:
    wares = _equal(5_000)
    wares[4_321] = replace(wares[4_321], price=Decimal(1))
    wares[1_234] = replace(wares[1_234], title="丹东草莓 有机 大果 3斤", price=Decimal(90))
    shop = _shop(aliases, wares)
    assert _decide(shop, normaliser, "有草莓吗").picks[0].item.id == 4_322
    assert _decide(shop, normaliser, "想买有机草莓").picks[0].item.id == 1_235


def test_talk_costs_the_same_whatever_is_on_sale(aliases: Aliases, normaliser: Normaliser) -> None:
    needed = []
    for size in (10, 4_000):
        shop = _shop(aliases, _equal(size))
        _decide(shop, normaliser, "今晚风好大")
        with _calls() as counted:
            _decide(shop, normaliser, "今晚风好大")
        needed.append(counted[0])
    assert needed[0] == needed[1]


def test_odd_titles_stand_in_nobodys_way(aliases: Aliases, normaliser: Normaliser) -> None:
    odd = ["草莓" * 5_000, "草莓牛奶锅" * 2_000, "🍓" * 10_000, "\ud83c草莓", "\0草莓", "9" * 10_000, " " * 10_000]
    odd += ["", "，。！", "+" * 10_000, "「" * 10_000, "3斤" * 5_000, "\u202e草莓", "米\u0301" * 3_000]
    shop = _shop(
        aliases,
        [
            *_equal(3),
            Ware("东北大米 10斤", 4, category="粮油/大米", supplier_product_id="p4"),
            *(
                Ware(title, number, category="水果" * 100, brand=title[:50], specification=title, keywords=[title[:30]])
                for number, title in enumerate(odd, start=10)
            ),
        ],
    )
    assert [pick.item.id for pick in _decide(shop, normaliser, "家里大米见底了").picks] == [4]
    offered = [pick.item for pick in _decide(shop, normaliser, "有草莓吗").picks]
    assert offered
    assert all("草莓" in item.title for item in offered)
    assert not _decide(shop, normaliser, "今晚风好大").picks
