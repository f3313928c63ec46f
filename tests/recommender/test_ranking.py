"""From a need to products: what names a product, filters that are never relaxed, the order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.heads import EXACT, NO_CATEGORY, category_kinds, product_kinds, title_phrases, title_words
from recommender.lexicon import Lexicon
from recommender.needs import Need
from recommender.ranking import Place, choose, find, may_fit
from recommender.segmentation import Segmenter
from tests.recommender.conftest import Read, Stock
from tests.recommender.wares import Ware, titles, wares

NOW = datetime(2026, 5, 1, 4, tzinfo=UTC)
HERE = Place(neighbourhoods=("阳光小区",), forbidden_words=("药",))


_FOR_MOTHER = ("想买点草莓", "想给我妈买点草莓")


def _strength(read: Read, text: str) -> float:
    return _need(read, text).strength


def _need(read: Read, text: str = "想买草莓") -> Need:
    need = read(text).need
    assert need is not None
    return need


@pytest.mark.parametrize(
    ("title", "named", "not_named"),
    [
        ("不粘牛奶锅 18cm", "牛奶锅", "牛奶"),
        ("草莓味牙膏 儿童 60g", "牙膏", "草莓"),
        ("丹东99草莓 大果 3斤装", "草莓", "大果"),
        ("蒙牛纯牛奶 250ml*24", "牛奶", "锅"),
    ],
)
def test_a_product_is_its_head(title: str, named: str, not_named: str, segmenter: Segmenter, lexicon: Lexicon) -> None:
    kinds = product_kinds(title_words(title, segmenter.cut), NO_CATEGORY, [], lexicon)
    assert kinds.get(lexicon.canonical(named), 0) > 0
    assert not_named not in kinds


def test_a_keyword_that_only_stands_in_front_of_the_head_names_nothing(segmenter: Segmenter, lexicon: Lexicon) -> None:
    kinds = product_kinds(title_words("牛奶锅", segmenter.cut), NO_CATEGORY, ["牛奶", "小锅"], lexicon)
    assert "牛奶" not in kinds


def test_the_head_names_best(segmenter: Segmenter, lexicon: Lexicon) -> None:
    berries = category_kinds("水果/浆果", segmenter.cut, lexicon)
    kinds = product_kinds(title_words("丹东草莓 大果", segmenter.cut), berries, ["水果"], lexicon)
    assert kinds["草莓"] == EXACT == max(kinds.values())


@pytest.mark.parametrize(
    "change",
    [
        {"stock": 0},
        {"neighbourhoods": ["别的小区"]},
        {"on_sale_to": NOW},
        {"on_sale_from": NOW + timedelta(minutes=1)},
        {"price": Decimal("50.01")},
        {"category": "药品/草莓"},
        {"title": "草莓药草莓"},
    ],
    ids=str,
)
def test_no_filter_is_relaxed(change: dict[str, Any], read: Read, stock: Stock, segmenter: Segmenter) -> None:
    """The only product in the world does not help when it must not be shown."""
    need = _need(read, "想买草莓,五十以内")
    good = Ware("丹东草莓 大果", price=Decimal(50), neighbourhoods=["阳光小区"])
    assert find(need, stock([good]), HERE, NOW, segmenter.cut)
    assert find(need, stock([replace(good, **change)]), HERE, NOW, segmenter.cut) == []


@pytest.mark.parametrize(
    "place",
    [
        replace(HERE, excluded_ids=frozenset({1})),
        replace(HERE, excluded_texts=frozenset({"草莓"})),
        replace(HERE, categories=("粮油",)),
    ],
)
def test_the_leaders_rules_bind(place: Place, read: Read, stock: Stock, segmenter: Segmenter) -> None:
    shelf = stock([Ware("丹东草莓 大果", category="水果/浆果")])
    assert find(_need(read), shelf, HERE, NOW, segmenter.cut)
    assert find(_need(read), shelf, place, NOW, segmenter.cut) == []


def test_a_category_allows_its_branches(read: Read, stock: Stock, segmenter: Segmenter) -> None:
    shelf = stock([Ware("丹东草莓 大果", category="水果/浆果")])
    assert find(_need(read), shelf, replace(HERE, categories=("水果",)), NOW, segmenter.cut)


def test_level_products_the_pinned_one_then_the_cheaper(read: Read, stock: Stock, segmenter: Segmenter) -> None:
    level = [
        Ware("鲜草莓", 1, price=Decimal(30)),
        Ware("鲜草莓", 2, price=Decimal(20)),
        Ware("鲜草莓", 3, price=Decimal(40)),
    ]
    plain = find(_need(read), stock(level), HERE, NOW, segmenter.cut)
    assert [one.item.id for one in plain] == [2, 1, 3]
    pinned = find(_need(read), stock(level), replace(HERE, pinned_ids=frozenset({3})), NOW, segmenter.cut)
    assert [one.item.id for one in pinned] == [3, 2, 1]


def test_a_stated_attribute_goes_before_the_price(read: Read, stock: Stock, segmenter: Segmenter) -> None:
    shelf = stock([Ware("酸奶 原味", 1, price=Decimal(5)), Ware("酸奶 无糖", 2, price=Decimal(50))])
    found = find(_need(read, "想买无糖酸奶"), shelf, HERE, NOW, segmenter.cut)
    assert found[0].item.id == 2
    assert found[0].met == ("无糖",)


def test_for_whom_takes_nothing_away_where_nothing_is_made_for_them(
    read: Read, stock: Stock, segmenter: Segmenter
) -> None:
    """我妈 made old people's goods of 草莓, of which there are none, and the plain ones fell below the threshold."""
    shelf = stock(wares("丹东草莓 3斤"))
    plain, for_mother = (find(_need(read, text), shelf, HERE, NOW, segmenter.cut)[0] for text in _FOR_MOTHER)
    assert for_mother.score > 0.9 * plain.score * _strength(read, _FOR_MOTHER[1]) / _strength(read, _FOR_MOTHER[0])


def test_what_is_made_for_whom_it_is_wanted_goes_first(read: Read, stock: Stock, segmenter: Segmenter) -> None:
    shelf = stock(wares("奶粉 800g", "中老年 奶粉 800g", "儿童奶粉 800g"))
    found = find(_need(read, "想给我妈买点奶粉"), shelf, HERE, NOW, segmenter.cut)
    assert titles(found) == ["中老年 奶粉 800g", "奶粉 800g", "儿童奶粉 800g"]
    assert found[0].met == ("老人",)
    assert found[1].score < 0.8 * found[0].score


def test_milk_does_not_bring_the_milk_pot(read: Read, stock: Stock, segmenter: Segmenter) -> None:
    shelf = stock(wares("不粘牛奶锅", "纯牛奶 整箱"))
    assert titles(find(_need(read, "想买牛奶"), shelf, HERE, NOW, segmenter.cut)) == ["纯牛奶 整箱"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("有卖薯骗的吗", ["薯片 番茄味"]),
        ("哪里能买到羊斜子", ["内蒙古羊蝎子 5斤"]),
    ],
)
def test_a_slip_in_a_need_finds_its_product(
    text: str, found: list[str], read: Read, stock: Stock, segmenter: Segmenter
) -> None:
    """No alias knows the word as it was written; it sounds like one that names a product."""
    shelf = stock(wares("薯片 番茄味", "内蒙古羊蝎子 5斤", "薯片收纳盒"))
    need = _need(read, text)
    assert titles(find(need, shelf, HERE, NOW, segmenter.cut)) == found


def test_a_slip_counts_less_than_the_word(read: Read, stock: Stock, segmenter: Segmenter) -> None:
    shelf = stock(wares("薯片 番茄味"))
    slip = find(_need(read, "有卖薯骗的吗"), shelf, HERE, NOW, segmenter.cut)
    word = find(_need(read, "有卖薯片的吗"), shelf, HERE, NOW, segmenter.cut)
    assert slip[0].score < word[0].score
    assert slip[0].matched == ("薯片",)


def test_a_word_of_no_list_is_found_at_the_end_of_any_phrase_and_never_as_a_modifier(
    read: Read, stock: Stock, segmenter: Segmenter
) -> None:
    shelf = stock(wares("云岭特产 溜溜梆 500g", "溜溜梆", "溜溜梆收纳架"))
    need = _need(read, "哪里有卖溜溜梆的")
    assert not need.known
    assert titles(find(need, shelf, HERE, NOW, segmenter.cut)) == ["溜溜梆", "云岭特产 溜溜梆 500g"]


@pytest.mark.parametrize(
    ("said", "fits"),
    [("想买草莓", True), ("想买牙膏", True), ("想买菜刀", False), ("哪里有卖溜溜梆的", True), ("有卖薯骗的吗", True)],
)
def test_goods_that_nobody_sells_are_known_at_once(
    said: str, fits: bool, read: Read, stock: Stock, segmenter: Segmenter
) -> None:
    shelf = stock(wares("草莓", "薯片 番茄味"))
    shelf.take([Ware("薄荷牙膏", 3)], ())
    need = _need(read, said)
    assert may_fit(need, shelf) is fits
    assert fits or not find(need, shelf, HERE, NOW, segmenter.cut)


def test_sounds_survive_new_prices(read: Read, stock: Stock, segmenter: Segmenter) -> None:
    shelf = stock(wares("薯片 番茄味"))
    shelf.take([Ware("薯片 番茄味", 1, price=Decimal(7))], ())
    assert find(_need(read, "有卖薯骗的吗"), shelf, HERE, NOW, segmenter.cut)[0].item.price == 7


def test_choosing_leaves_out_what_was_shown_and_what_is_much_worse(
    read: Read, stock: Stock, segmenter: Segmenter
) -> None:
    found = find(_need(read), stock(wares("草莓一", "草莓二", "草莓三")), HERE, NOW, segmenter.cut)
    assert len(choose(found, 2, ())) == 2
    assert choose(found, 3, {one.item.id for one in found}) == []
    weak = found[2]._replace(score=found[0].score * 0.5)
    assert weak not in choose([*found[:2], weak], 3, ())


@given(
    title=st.text(st.sampled_from([*"草莓牛奶锅苹果泥味Ac1 +*/，·【】\u3000\r\n"]), max_size=14),
    brand=st.sampled_from(["", "云山"]),
)
@settings(max_examples=150, deadline=None)
def test_what_a_title_names_does_not_depend_on_what_stands_behind_it(
    title: str, brand: str, segmenter: Segmenter, lexicon: Lexicon, stock: Stock
) -> None:
    """The shelf cuts a product's whole text at once; phrase by phrase the words are the same."""
    words = [word for phrase in title_phrases(title) for word in (*segmenter.cut(phrase), " ")]
    expected = product_kinds(words, category_kinds("水果/浆果", segmenter.cut, lexicon), ["牛奶"], lexicon)
    ware = Ware(title, category="水果/浆果", brand=brand, keywords=["牛奶"])
    shelf = stock([ware])
    assert shelf.items[0].kinds == expected
    shelf.take([replace(ware, specification="另一箱")], [])
    assert shelf.items[0].kinds == expected
