"""The whole decision with the demo's catalogue: what goes out, in which words, and what never does."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from core.outcomes import Hold, Outcome, Reason
from core.text import Normaliser
from core.types import Money
from groups.state import GroupKey, GroupState
from recommender.decisions import Asked, Decision
from recommender.gain import Record
from recommender.memory import GroupMemory
from recommender.service import Recommender
from recommender.settings import RecommenderSettings
from tests.recommender.conftest import SHANGHAI, lines
from tests.recommender.wares import wares

NOON = datetime(2026, 5, 1, 4, tzinfo=UTC)


def _group(level: int = 4) -> GroupState:
    return GroupState(
        GroupKey("local", "bot", "room"), id=1, topic="群", level=level, neighbourhoods=("阳光小区", "南门里")
    )


def _decide(
    recommender: Recommender, normaliser: Normaliser, text: str, member: str = "m1", level: int = 4
) -> Decision:
    asked = Asked(member, f"名字{member}", normaliser(text), NOON)
    return recommender.decide(asked, _group(level), GroupMemory(), 0)


def _worded(recommender: Recommender, decision: Decision) -> str:
    codes = {pick.item.id: f"A{place}" for place, pick in enumerate(decision.picks, start=1)}
    return recommender.worded(decision, Asked("m1", "小美", Normaliser()(""), NOON), codes).text


@pytest.mark.parametrize(
    ("text", "word"), [("🍓还有吗", "草莓"), ("家里大米见底了", "米"), ("求推荐儿童防晒,五十以内", "防晒")]
)
def test_the_promised_pushes(text: str, word: str, recommender: Recommender, normaliser: Normaliser) -> None:
    decision = _decide(recommender, normaliser, text)
    assert (decision.outcome, decision.reason) == (Outcome.NEED, Reason.PUSHED)
    assert all(word in pick.item.title for pick in decision.picks)
    assert len(decision.reasons) == len(decision.picks) > 0


def test_the_budget_is_kept(recommender: Recommender, normaliser: Normaliser) -> None:
    decision = _decide(recommender, normaliser, "求推荐儿童防晒,五十以内")
    assert all(pick.item.price <= 50 for pick in decision.picks)


@pytest.mark.parametrize("text", ["我都快吃完了", "你在哪买的票", "太贵了不买了", "她说想买个锅"])
def test_the_promised_silence(text: str, recommender: Recommender, normaliser: Normaliser) -> None:
    decision = _decide(recommender, normaliser, text)
    assert decision.outcome is Outcome.IGNORED
    assert not decision.text


def test_everyday_talk_brings_nothing(recommender: Recommender, normaliser: Normaliser) -> None:
    pushed = [
        row["text"]
        for row in lines("talk.jsonl")
        if _decide(recommender, normaliser, row["text"]).reason is Reason.PUSHED
    ]
    assert pushed == []


def test_one_price_for_everyone(recommender: Recommender, normaliser: Normaliser) -> None:
    one, other = (_decide(recommender, normaliser, "有草莓吗", member) for member in ("m1", "m2"))
    assert [(pick.item.id, pick.item.price) for pick in one.picks] == [
        (pick.item.id, pick.item.price) for pick in other.picks
    ]
    assert one.text.replace("名字m1", "名字m2") == other.text


def test_the_sentence_itself_is_never_repeated(recommender: Recommender, normaliser: Normaliser) -> None:
    decision = _decide(recommender, normaliser, "我最近离婚了手头紧，哪里有便宜点的大米")
    assert decision.reason is Reason.PUSHED
    assert not any(part in _worded(recommender, decision) for part in ("离婚", "手头紧"))


def test_the_text_says_price_product_and_the_way_out(recommender: Recommender, normaliser: Normaliser) -> None:
    decision = _decide(recommender, normaliser, "有草莓吗")
    item = decision.picks[0].item
    text = _worded(recommender, decision)
    assert all(fact in text for fact in (item.title, "A1", "退订", str(Money(item.price))))


def test_what_nobody_sells_is_unmet(recommender: Recommender, normaliser: Normaliser) -> None:
    assert _decide(recommender, normaliser, "哪里有卖折耳根的").reason in {Reason.UNMET, Reason.PUSHED}


def test_a_listening_group_holds(recommender: Recommender, normaliser: Normaliser) -> None:
    decision = _decide(recommender, normaliser, "有草莓吗", level=1)
    assert (decision.reason, decision.hold) == (Reason.HELD, Hold.LEVEL)
    assert not decision.text


def test_level_three_asks_the_leader(recommender: Recommender, normaliser: Normaliser) -> None:
    assert _decide(recommender, normaliser, "有草莓吗", level=3).reason is Reason.SUGGESTED


def test_a_leaders_offer_is_no_need(recommender: Recommender, normaliser: Normaliser) -> None:
    asked = Asked("m9", "团长", normaliser("草莓 29.9元一盒 要的接龙，还有人要吗"), NOON, by_leader=True)
    decision = recommender.decide(asked, _group(), GroupMemory(), 0)
    assert decision.reason is Reason.ADVERTISEMENT


@pytest.mark.parametrize(
    ("text", "orders", "first"),
    [
        ("想买大米", {}, 1),
        ("想买大米", {2: 40}, 2),
        ("想买大米", {2: 1}, 1),  # one order is chance
        ("想买便宜点的大米", {2: 40}, 1),  # who asks for cheap goods sees the price first
    ],
)
def test_of_equals_what_is_ordered_often_goes_before_the_cheaper(
    text: str, orders: dict[int, int], first: int, aliases: list[tuple[str, str, str]], normaliser: Normaliser
) -> None:
    shop = Recommender(RecommenderSettings(limits=False), SHANGHAI, aliases)
    goods = wares("五常大米 10斤", "五常大米 10斤")
    goods[1].price = Decimal("10.50")
    shop.adopt(shop.prepare(goods, orders))
    assert _decide(shop, normaliser, text).picks[0].item.id == first
    assert shop.restock(goods, [])
    assert _decide(shop, normaliser, text).picks[0].item.id == first, "a new price does not make it forget"


def test_results_decide_about_the_borderline_and_not_about_the_certain(
    recommender: Recommender, normaliser: Normaliser
) -> None:
    silent = Record(ignored=60)
    for text, reason in (("想买伊利纯牛奶", Reason.UNMET), ("哪里能买到甜一点的玉米", Reason.PUSHED)):
        asked = Asked("m1", "小美", normaliser(text), NOON)
        decision = recommender.decide(asked, _group(), GroupMemory(), 0, record=silent)
        assert decision.reason is reason
        assert decision.gain is not None
        assert (decision.gain.value >= 0) == (reason is Reason.PUSHED)
        assert decision.gain.bar > 0.6
