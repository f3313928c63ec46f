"""What changes on the shelf is found at once, and found as if the shelf had been built anew."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import accumulate
from typing import Any

import numpy as np
import pytest

from recommender.bits import every, flags_of, of_documents, of_flags
from recommender.compiled.newest import CompiledNewest
from recommender.compiled.text_index import CompiledIndex
from recommender.filters import Filters, Where
from recommender.index import LONGEST_TEXT, TextIndex
from recommender.lexicon import Lexicon
from recommender.live import LiveIndex
from recommender.needs import Need, Reading
from recommender.newest import PlainNewest
from recommender.ranking import Candidate, Place, find
from recommender.segmentation import Segmenter
from recommender.service import Recommender
from recommender.shelf import Shelf, bring_new_words, catalogue_words
from recommender.terms import TermFactors, query_terms
from tests.recommender.wares import Ware

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
HERE = Place(neighbourhoods=("阳光小区",))
GOODS = {"草莓": "水果/浆果", "大米": "粮油/大米", "纸巾": "日用品/纸品", "酸奶": "乳品/酸奶", "溜溜梆": ""}
QUALITIES = ("丹东", "大果", "五常", "无糖", "儿童", "整箱")
ASKED = ("想买草莓", "哪里有卖无糖酸奶", "求推荐儿童酸奶", "想买50以内的大米", "有卖溜溜梆的吗", "纸巾没了", "想买水果")

Read = Callable[[str], Reading]
Stock = Callable[[list[Ware]], Shelf]


def a_ware(chance: random.Random, number: int) -> Ware:
    word = chance.choice(sorted(GOODS))
    return Ware(
        f"{chance.choice(QUALITIES)}{word} {chance.choice(QUALITIES)}",
        number,
        category=GOODS[word],
        price=Decimal(chance.randint(100, 9900)) / 100,
        stock=chance.choice([None, 0, 5]),
        neighbourhoods=chance.choice([[], ["阳光小区"], ["星河湾", "阳光小区"], ["星河湾"]]),
        supplier_product_id=f"p{number}",
    )


def _needs(read: Read) -> list[Need]:
    needs = [reading.need for reading in map(read, ASKED) if reading.need is not None]
    assert len(needs) == len(ASKED)
    return needs


def _seen(candidates: list[Candidate]) -> dict[int, float]:
    return {candidate.item.id: candidate.score for candidate in candidates}


@pytest.mark.parametrize("seed", range(6))
def test_a_changed_shelf_finds_what_a_new_one_would(seed: int, read: Read, stock: Stock, segmenter: Segmenter) -> None:
    chance = random.Random(seed)  # noqa: S311 - products, not secrets
    wares = {number: a_ware(chance, number) for number in range(1, 60)}
    shelf = stock(list(wares.values()))
    needs = _needs(read)
    for _ in range(12):
        changed = []
        for _ in range(chance.randint(0, 5)):
            number = chance.randint(1, 90)
            if number in wares and chance.random() < 0.5:
                wares[number] = replace(
                    wares[number], price=Decimal(chance.randint(1, 80)), stock=chance.choice([0, 3])
                )
            else:
                wares[number] = a_ware(chance, number)
            changed.append(wares[number])
        gone = chance.sample(sorted(wares), chance.randint(0, 2))
        shelf.take(changed, gone)
        for number in gone:
            wares[number] = replace(wares[number], stock=0)
        anew = stock(list(wares.values()))
        assert len(shelf) == len(anew)
        assert {item.id: item.title for item in shelf.items} == {item.id: item.title for item in anew.items}
        for need in needs:
            found = _seen(find(need, shelf, HERE, NOW, segmenter.cut))
            expected = _seen(find(need, anew, HERE, NOW, segmenter.cut))
            assert found == pytest.approx(expected, abs=0.03)  # rarities are those of the last whole build


def test_a_new_product_is_found_at_once_and_a_vanished_one_no_more(recommender: Recommender, read: Read) -> None:
    need = read("想买草莓").need
    assert need is not None
    new = Ware("丹东草莓 尝鲜装", 99_001, category="水果/浆果", price=Decimal("1.00"), supplier_product_id="new")

    def ids() -> set[int]:
        found = find(need, recommender.shelf, HERE, NOW, lambda text: [text])
        return {candidate.item.id for candidate in found}

    assert recommender.restock([new], []), "one product is no reason to read everything anew"
    assert 99_001 in ids()
    assert recommender.restock([replace(new, title="丹东大米 尝鲜装", category="粮油/大米")], [])
    assert 99_001 not in ids()
    recommender.restock([new], [])
    recommender.restock([], [99_001])
    assert 99_001 not in ids()


def test_new_words_and_many_products_ask_for_a_new_shelf(recommender: Recommender) -> None:
    new = Ware("溜溜梆", 99_002, keywords=["溜溜梆"], supplier_product_id="word")
    assert not recommender.restock([new], [])
    many = [Ware("丹东草莓", number, supplier_product_id=f"m{number}") for number in range(99_100, 99_400)]
    assert not recommender.restock(many, [])
    recommender.restock([], [new.id or 0, *(ware.id or 0 for ware in many)])


def test_the_newest_are_ranked_among_the_others() -> None:
    def cut(text: str) -> list[str]:
        return re.findall(r"\S+|\s", text)

    texts = ["丹东 草莓 大果", "草莓 牙膏", "大米"]
    large = TextIndex.build(texts, cut)
    live = LiveIndex(large, PlainNewest(large, cut))
    assert live.add("草莓") == [2]
    assert live.add("草莓 草莓 整箱") == [2, 3, 5, 6, 8]
    allowed = every(5)
    found = live.top({"草莓": 1.0}, 5, allowed)
    assert [document for document, _ in found] == [4, 3, 1, 0]
    assert live.weighed({"草莓": 1.0}, np.array([0, 2, 3, 4])) == pytest.approx(
        [dict(found)[0], 0.0, dict(found)[3], dict(found)[4]]
    )
    assert [document for document, _ in live.top({"草莓": 1.0}, 2, of_documents(np.array([0, 3]), 5))] == [3, 0]
    assert live.top({"螺丝刀": 1.0}, 3, allowed) == []
    assert not live.overgrown


def test_filters_grow_with_what_is_added() -> None:
    filters = Filters([])
    here, there = Where(("阳光小区",), ()), Where((), ("水果",))
    places: Any = frozenset({"阳光小区"})
    berries: Any = Ware("草莓", category="水果/浆果", neighbourhoods=places, price=Decimal(20))
    for number in (0, 5_000, 50_000):
        filters.put(number, berries)
    assert np.flatnonzero(flags_of(filters.shown(here), 50_001)).tolist() == [0, 5_000, 50_000]
    filters.replace(50_000, berries, 70_000, berries)
    assert np.flatnonzero(flags_of(filters.shown(here), 70_001)).tolist() == [0, 5_000, 70_000]
    assert not filters.shown(there).any()
    assert filters.shown(here, Decimal("19.99")).any(), "steps are wider than bounds; prices are compared later"
    assert not filters.shown(here, Decimal(5)).any()
    filters.replace(5_000, berries, 70_001, replace(berries, stock=0, category="粮油"))
    assert np.flatnonzero(flags_of(filters.shown(here), 70_002)).tolist() == [0, 70_000]
    filters.change(70_001, replace(berries, stock=0, category="粮油"), replace(berries, category="粮油"))
    assert np.flatnonzero(flags_of(filters.shown(there), 70_002)).tolist() == []
    assert np.flatnonzero(flags_of(filters.shown(here), 70_002)).tolist() == [0, 70_000, 70_001]


def test_bits_and_flags_say_the_same() -> None:
    flags = np.array([True, False, True] * 50)
    assert flags_of(of_flags(flags), 150).tolist() == flags.tolist()
    assert np.array_equal(of_flags(flags), of_documents(np.flatnonzero(flags), 150))


def test_without_a_compiler_the_shelf_finds_the_same(lexicon: Lexicon, read: Read, segmenter: Segmenter) -> None:
    chance = random.Random(3)  # noqa: S311 - products, not secrets
    wares = [a_ware(chance, number) for number in range(1, 200)]
    plain = Segmenter(lexicon, compiled=False)
    ways = [Shelf.build(wares, one, lexicon) for one in (plain, segmenter)]
    for need in _needs(read):
        one, other = (find(need, shelf, HERE, NOW, segmenter.cut) for shelf in ways)
        assert [candidate.item.id for candidate in one] == [candidate.item.id for candidate in other]
        assert _seen(one) == pytest.approx(_seen(other), abs=1e-4)


def test_the_newest_score_alike_with_and_without_a_compiler(segmenter: Segmenter) -> None:
    """Term by term: on a vocabulary and postings that grow, with texts longer than those before."""
    assert segmenter.cutter is not None
    chance = random.Random(5)  # noqa: S311 - products, not secrets
    words = [*GOODS, *QUALITIES, "5斤", "typec", "iphone13", "500g*2", "\r\n", "Σ", "一斤半"]
    texts = [" ".join(chance.choices(words, k=chance.randint(0, 9))) for _ in range(400)]
    texts += ["".join(map(chr, range(0x4E00 + 40 * number, 0x4E00 + 40 * number + 400))) for number in range(60)]
    large = CompiledIndex.build(texts[:50], segmenter.cutter)
    ways = (PlainNewest(large, segmenter.cut), CompiledNewest(large, segmenter.cutter))
    texts.append("草莓" * LONGEST_TEXT)
    for text in texts:
        words = segmenter.cut(text[:LONGEST_TEXT])
        assert [way.add(text) for way in ways] == [list(accumulate(map(len, words)))] * 2
    assert len(ways[0]) == len(ways[1]) == len(texts)
    for text in ["", *texts[::7], "没有 过的 词"]:
        terms = query_terms(segmenter.cut(text), TermFactors())
        one, other = (way.scores(terms) for way in ways)
        assert one.tolist() == other.tolist()


def test_a_copy_of_the_newest_goes_its_own_way(segmenter: Segmenter) -> None:
    assert segmenter.cutter is not None
    kept = CompiledNewest(CompiledIndex.build(["草莓"], segmenter.cutter), segmenter.cutter)
    kept.add("丹东草莓 大果")
    own = deepcopy(kept)
    assert own.add("草莓") == [2]
    assert kept.add("酸奶 无糖") == [2, 3, 5]
    terms = {"草莓": 1.0, "酸奶": 1.0}
    assert [bool(score) for score in own.scores(terms)] == [True, True]
    assert [kept.scores({term: 1.0}).astype(bool).tolist() for term in terms] == [[True, False], [False, True]]


def test_only_words_that_the_lexicon_would_take_are_new(lexicon: Lexicon) -> None:
    chance = random.Random(7)  # noqa: S311 - products, not secrets
    brands, keywords = ("", "X", "云山", "某某牌"), ("草莓", "溜溜梆", "礼", "送礼", "一二三四五六七八九", "TypeC")
    for _ in range(300):
        some = [
            Ware(
                " ".join(chance.choices(keywords, k=2)),
                brand=chance.choice(brands),
                keywords=chance.choices(keywords, k=2),
            )
            for _ in range(chance.randint(0, 2))
        ]
        taken = catalogue_words(some)
        unknown = any(lexicon.get(word) is None for word in (*taken.goods, *taken.brands) if len(word) > 1)
        assert bring_new_words(some, lexicon) == unknown
