"""Of several products that fit a need, the one that was said comes first; whether to speak stays as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from core.text import Normaliser
from groups.segments.effects import Effects
from recommender import second_look
from recommender.closer_look import CloserLook
from recommender.forms import WordForms
from recommender.lexicon import Lexicon
from recommender.ranking import Candidate
from recommender.segmentation import Segmenter
from recommender.service import Recommender
from recommender.settings import RecommenderSettings
from tests.recommender.conftest import SHANGHAI
from tests.recommender.wares import titles, wares

AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
ON_SALE = (
    "洛川红富士苹果 85大果 12枚",
    "阿克苏冰糖心苹果 10斤",
    "昭通丑苹果 脆甜带疤 5斤",
    "草莓味牙膏 清新果香 2支",
    "薄荷固齿牙膏 家庭装 4支",
    "深层洁净洗衣液 薰衣草香 3kg",
    "浓缩洗衣液 除菌除螨 2kg",
)


@pytest.fixture(scope="module")
def shop(aliases: list[tuple[str, str, str]]) -> Recommender:
    """Sells a few things that differ in words no list has; the later in the list, the dearer."""
    built = Recommender(RecommenderSettings(limits=False), SHANGHAI, aliases)
    products = [replace(ware, price=Decimal(20 + place)) for place, ware in enumerate(wares(*ON_SALE))]
    built.adopt(built.prepare(products))
    return built


def _found(shop: Recommender, normaliser: Normaliser, text: str) -> tuple[Candidate, ...]:
    return shop.requested(normaliser(text), Effects(), AT).picks


@pytest.mark.parametrize(
    ("said", "first"),
    [
        ("冰糖心苹果", "阿克苏冰糖心苹果 10斤"),
        ("薄荷牙膏", "薄荷固齿牙膏 家庭装 4支"),
        ("想买薰衣草的洗衣液", "深层洁净洗衣液 薰衣草香 3kg"),
        ("洗衣液要能除螨的", "浓缩洗衣液 除菌除螨 2kg"),
    ],
)
def test_what_was_said_beyond_the_lists_decides_between_products_that_fit(
    shop: Recommender, normaliser: Normaliser, said: str, first: str
) -> None:
    assert titles(_found(shop, normaliser, said))[0] == first


def test_with_nothing_else_said_the_cheaper_of_equals_comes_first(shop: Recommender, normaliser: Normaliser) -> None:
    assert [pick.item.price for pick in _found(shop, normaliser, "苹果")] == [Decimal(20), Decimal(21), Decimal(22)]


def test_the_nearest_keeps_its_score(shop: Recommender, normaliser: Normaliser) -> None:
    plain, precise = (_found(shop, normaliser, said)[0] for said in ("苹果", "冰糖心苹果"))
    assert precise.score == pytest.approx(plain.score, abs=0.02)


def test_a_message_that_says_nothing_of_the_product_leaves_the_order(shop: Recommender, normaliser: Normaliser) -> None:
    apples = _found(shop, normaliser, "苹果")
    closer = CloserLook(shop.shelf, WordForms(()), Lexicon(), Segmenter([]))
    for said in ("", "+1", "哪里有卖啊", "🍓🍓"):
        assert [one.score for one in closer.at(apples, said)] == [one.score for one in apples]


def test_damaged_weights_are_said_once_and_not_with_each_catalogue(
    aliases: list[tuple[str, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(path: Path | None = None) -> dict[str, float]:
        raise second_look.WeightsError(f"match_weights.json is no JSON, {path}")

    monkeypatch.setattr(second_look, "read_weights", damaged)
    second_look.packaged_weights.cache_clear()
    try:
        with capture_logs() as logs:
            shop = Recommender(RecommenderSettings(), SHANGHAI, aliases)
            shop.adopt(shop.prepare(wares(*ON_SALE)))
    finally:
        second_look.packaged_weights.cache_clear()
    assert [(log["event"], log["log_level"]) for log in logs] == [("match_weights_unusable", "error")]
