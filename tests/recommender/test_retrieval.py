"""Ranking titles for queries: what each part of it is there for, and that nothing makes it hang."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.text import Normaliser
from recommender.lexicon import Lexicon
from recommender.price_wishes import PriceWish, popularity
from recommender.query import without_filler
from recommender.retrieval import CONFIGURATIONS, Retrieval
from recommender.second_look import FEATURES, PRIOR, SecondLook, WeightsError, read_weights
from recommender.segmentation import Segmenter

TITLES = [
    "纯牛奶 250ml*24盒",
    "不粘牛奶锅 18cm",
    "丹东草莓 大果 3斤装",
    "草莓味牙膏 儿童 60g",
    "羊羔绒棉拖鞋 包跟",
    "普罗旺斯西红柿 5斤",
    "五常大米 10斤",
    "五常大米 20斤",
    "男士纯棉圆领短袖T恤 夏季宽松",
    "透明硅胶手机壳 适用iphone13pro",
    "羊蝎子 2斤",
    "老面手工馒头",
]

Aliases = list[tuple[str, str, str]]


@pytest.fixture(scope="module")
def shop(aliases: Aliases, normaliser: Normaliser) -> Retrieval:
    return Retrieval(TITLES, aliases, normaliser)


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("牛奶", "纯牛奶 250ml*24盒"),
        ("牛奶锅", "不粘牛奶锅 18cm"),
        ("草莓", "丹东草莓 大果 3斤装"),
        ("🍓", "丹东草莓 大果 3斤装"),
        ("草霉", "丹东草莓 大果 3斤装"),
        ("caomei", "丹东草莓 大果 3斤装"),
        ("草莓牙膏", "草莓味牙膏 儿童 60g"),
        ("番茄", "普罗旺斯西红柿 5斤"),
        ("洋柿子", "普罗旺斯西红柿 5斤"),
        ("拖邪", "羊羔绒棉拖鞋 包跟"),
        ("羊斜子", "羊蝎子 2斤"),
        ("10斤大米", "五常大米 10斤"),
        ("5kg大米", "五常大米 10斤"),
        ("大米二十斤", "五常大米 20斤"),
        ("體恤 男", "男士纯棉圆领短袖T恤 夏季宽松"),
        ("手机套 iphone 13", "透明硅胶手机壳 适用iphone13pro"),
        ("请问哪里能买到好一点的大米 10斤的", "五常大米 10斤"),
    ],
)
def test_the_first_title_is_what_was_meant(shop: Retrieval, query: str, first: str) -> None:
    assert TITLES[shop.search(query, 3)[0][0]] == first


def test_the_slip_is_found_by_its_sound_alone(shop: Retrieval) -> None:
    """No table knows 羊斜子; without the sounds only the characters that are right would count."""
    with_sounds = shop.reader.read("羊斜子")
    without = shop.with_parts(CONFIGURATIONS["no-sounds"]).reader.read("羊斜子")
    assert [word.text for word in with_sounds.words] == ["羊斜子"]
    assert set(with_sounds.words[0].forms) == {"羊蝎子"}
    assert "w羊蝎子" in with_sounds.terms
    assert "w羊蝎子" not in without.terms


def test_what_titles_say_is_not_taken_for_a_slip(shop: Retrieval) -> None:
    without = shop.with_parts(CONFIGURATIONS["no-sounds"])
    for title in TITLES:
        assert shop.reader.read(title) == without.reader.read(title)


def test_another_form_counts_less_where_the_written_one_is_found(aliases: Aliases, normaliser: Normaliser) -> None:
    rare = Retrieval(["番茄", "西红柿"], aliases, normaliser).reader.read("西红柿")
    common = Retrieval(["番茄", *["西红柿"] * 50], aliases, normaliser).reader.read("西红柿")
    assert rare.words[0].forms["番茄"] > 2 * common.words[0].forms["番茄"] > 0


@pytest.mark.parametrize("query", ["", " ", "的", "???", "😀", "，。", "请问有吗", "\x00", "zzzqqq"])
def test_an_empty_query_finds_nothing_or_little_and_never_fails(shop: Retrieval, query: str) -> None:
    assert all(score >= 0 for _, score in shop.search(query, 5))


def test_nothing_but_filler_stays_a_query() -> None:
    assert without_filler("请问有吗") == "请问有吗"
    assert without_filler("请问有草莓吗").strip() == "有草莓吗"


@pytest.mark.parametrize("query", ["草莓" * 16_000, "a" * 64_000, "草" * 64_000, "1斤" * 32_000, "🍓" * 16_000])
def test_a_query_of_64_kb_is_read_at_its_beginning(shop: Retrieval, query: str) -> None:
    assert len(shop.reader.read(query).text) <= 240
    assert len(shop.search(query, 5)) <= 5


def test_scores_never_rise(shop: Retrieval, aliases: Aliases, normaliser: Normaliser) -> None:
    many = Retrieval([f"草莓 第{number}箱" for number in range(120)], aliases, normaliser)
    scores = [score for _, score in many.search("草莓", 120)]
    assert len(scores) == 120
    assert scores == sorted(scores, reverse=True)
    assert len(many.search("草莓", 7)) == 7


def test_an_empty_catalogue_and_empty_titles_answer_too(aliases: Aliases, normaliser: Normaliser) -> None:
    assert Retrieval([], aliases, normaliser).search("草莓", 3) == []
    assert Retrieval(["", " ", "草莓"], aliases, normaliser).search("草莓", 3)[0][0] == 2


def test_what_is_known_beside_the_title_is_searched_too(aliases: Aliases, normaliser: Normaliser) -> None:
    beside = Retrieval(["夏日组合 A", "夏日组合 B"], aliases, normaliser, further=["", "草莓 水果"])
    assert [place for place, _ in beside.search("草莓", 3)] == [1]


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_every_configuration_ranks(shop: Retrieval, name: str) -> None:
    assert TITLES[shop.with_parts(CONFIGURATIONS[name]).search("丹东草莓 大果", 1)[0][0]] == "丹东草莓 大果 3斤装"


def test_the_packaged_weights_are_good(shop: Retrieval) -> None:
    assert shop.second.fault == ""
    assert set(read_weights()) == set(FEATURES)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is no JSON"),
        ('{"format": 1, "weig', "is no JSON"),
        ("[]", "format is not 1"),
        ('{"format": 0, "weights": {}}', "format is not 1"),
        ('{"format": 1, "weights": {"text": 1}}', "must name exactly text, coverage"),
        (json.dumps({"format": 1, "weights": dict.fromkeys(FEATURES, True)}), "the weight of text is True"),
        (json.dumps({"format": 1, "weights": {**PRIOR, "head": float("nan")}}), "the weight of head is nan"),
        (json.dumps({"format": 1, "weights": {**PRIOR, "head": "1"}}), "the weight of head is '1'"),
    ],
)
def test_damaged_weights_are_named_and_the_prior_holds(
    content: str, said: str, tmp_path: Path, lexicon: Lexicon, segmenter: Segmenter
) -> None:
    path = tmp_path / "weights.json"
    path.write_text(content, encoding="utf-8")
    look = SecondLook.load(lexicon, segmenter.cut, path)
    assert look.weights == PRIOR
    assert str(path) in look.fault
    assert said in look.fault
    with pytest.raises(WeightsError):
        read_weights(path)


def test_weights_that_are_not_there(tmp_path: Path, lexicon: Lexicon, segmenter: Segmenter) -> None:
    look = SecondLook.load(lexicon, segmenter.cut, tmp_path / "none.json")
    assert "cannot be read" in look.fault
    assert look.weights == PRIOR


def test_a_hundred_thousand_equal_titles_answer(aliases: Aliases, normaliser: Normaliser) -> None:
    many = Retrieval(["丹东草莓 大果"] * 100_000, aliases, normaliser)
    assert [place for place, _ in many.search("草莓", 60)] == list(range(60))


def test_titles_of_ten_thousand_characters_answer(aliases: Aliases, normaliser: Normaliser) -> None:
    long = Retrieval(["草莓牛奶" * 2_500] * 20 + ["纯牛奶"], aliases, normaliser)
    assert long.search("纯牛奶", 1)[0][0] == 20


PRICED = [
    ("丹东草莓 大果 3斤装", 59.9),
    ("丹东草莓 礼盒 3斤装", 99.0),
    ("丹东草莓 精选 3斤装", 64.0),
    ("草莓干 200g", 19.9),
]


@pytest.fixture(scope="module")
def priced(aliases: Aliases, normaliser: Normaliser) -> Retrieval:
    titles, prices = zip(*PRICED, strict=True)
    return Retrieval(titles, aliases, normaliser, prices=prices)


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ("丹东草莓60元以内", ["大果", "精选", "礼盒"]),  # a narrow miss stands before a wide one
        ("便宜点的丹东草莓", ["大果", "精选", "礼盒"]),
        ("90到100元的丹东草莓", ["礼盒"]),
    ],
)
def test_a_stated_price_orders_what_fits_equally(priced: Retrieval, query: str, order: list[str]) -> None:
    found = [PRICED[place][0] for place, _ in priced.search(query, 4)]
    assert [next(word for word in order if word in title) for title in found[: len(order)]] == order
    assert "草莓干" not in found[0], "a price makes nothing of another kind fit"


@pytest.mark.parametrize("price", [None, 0.0])
def test_an_unknown_price_is_neutral(price: float | None) -> None:
    assert PriceWish.of("草莓50元以内", [price]).met(price) == 0.0
    assert PriceWish.of("便宜的草莓", [price, 5.0]).met(price) == 0.0


def test_of_equal_titles_the_popular_one_goes_first(aliases: Aliases, normaliser: Normaliser) -> None:
    titles = ["五常大米 10斤"] * 3
    assert Retrieval(titles, aliases, normaliser, orders=[0, None, 12]).search("大米", 3)[0][0] == 2
    assert popularity(None) == popularity(0) == 0.0
    assert 0 < popularity(1) < popularity(20) < popularity(10**9) == 1.0


def test_weights_of_an_older_version_are_named_and_replaced(tmp_path: Path, lexicon: Lexicon) -> None:
    old = tmp_path / "old.json"
    old.write_text(json.dumps({"format": 1, "weights": dict.fromkeys(FEATURES[:-2], 1.0)}), encoding="utf-8")
    look = SecondLook.load(lexicon, list, old)
    assert dict(look.weights) == dict(PRIOR)
    assert "weights must name exactly" in look.fault
    assert "popularity" in look.fault
