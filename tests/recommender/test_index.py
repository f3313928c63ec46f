"""The text index against the formula written out, against a full sort, and against scikit-learn's counting."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from recommender.bits import of_flags
from recommender.index import K1, REPEATED, B, TextIndex, best_places
from recommender.terms import TermFactors, document_terms, query_terms

TITLES = [
    "丹东 草莓 大果 三斤",
    "草莓 味 牙膏 儿童",
    "纯 牛奶 整箱 250ml",
    "不粘 牛奶 锅 18cm",
    "五常 大米 十斤",
    "草莓 草莓 草莓酱",
    "儿童 防晒 霜 50g",
]
FACTORS = TermFactors()


def _cut(text: str) -> list[str]:
    return text.split()


def _bag(text: str) -> Counter[str]:
    return Counter(term for piece in text.split() for term in document_terms([piece]))


def _plain_bm25(query: list[str], place: int) -> float:
    """BM25 as the book has it, each term times its factor; what stands there twice has a fixed share on top."""
    bags = [_bag(title) for title in TITLES]
    mean = sum(len(bag) for bag in bags) / len(bags)
    bag, total = bags[place], 0.0
    for term, factor in query_terms(query, FACTORS).items():
        holders = sum(term in one for one in bags)
        if term not in bag:
            continue
        rarity = math.log(1 + (len(bags) - holders + 0.5) / (holders + 0.5))
        saturated = (K1 + 1) / (1 + K1 * (1 - B + B * len(bag) / mean))
        total += rarity * saturated * factor * (1 + REPEATED if bag[term] > 1 else 1)
    return total


@pytest.fixture(scope="module")
def index() -> TextIndex:
    return TextIndex.build(TITLES, _cut)


@pytest.mark.parametrize("query", [["草莓"], ["牛奶", "锅"], ["儿童", "防晒"], ["五常", "大米", "大米"], ["250ml"]])
def test_weights_follow_the_formula(index: TextIndex, query: list[str]) -> None:
    scores = index.weighted(query_terms(query, FACTORS))
    assert scores == pytest.approx([_plain_bm25(query, place) for place in range(len(TITLES))], rel=1e-5)


@pytest.mark.parametrize("limit", [1, 2, 3, 20])
def test_top_is_what_a_full_sort_gives(limit: int) -> None:
    random = np.random.default_rng(7)
    words = ["草莓", "牛奶", "大米", "牙膏", "锅", "儿童", "整箱"]
    titles = [" ".join(random.choice(words, 3)) for _ in range(200)]
    index = TextIndex.build(titles, _cut)
    asked = query_terms(["草莓", "牛奶"], FACTORS)
    scores = index.weighted(asked)
    ranked = sorted((place for place in range(200) if scores[place] > 0), key=lambda place: (-scores[place], place))
    assert [place for place, _ in index.top(asked, limit)] == ranked[:limit]


def test_only_allowed_documents(index: TextIndex) -> None:
    allowed = of_flags(np.array([False, True, *[False] * 5]))
    assert [place for place, _ in index.top(query_terms(["草莓"], FACTORS), 3, allowed)] == [1]


def test_nothing_shared_nothing_found(index: TextIndex) -> None:
    assert index.top(query_terms(["螺丝刀"], FACTORS), 3) == []


def test_an_empty_shelf_answers_too() -> None:
    assert TextIndex.build([], _cut).top(query_terms(["草莓"], FACTORS), 3) == []


def test_counting_agrees_with_scikit_learn(index: TextIndex) -> None:
    """The same terms by an independent counter: the same vocabulary, and rarer terms weigh more in both."""
    peer = TfidfVectorizer(analyzer=lambda text: list(_bag(text).elements()), smooth_idf=True)
    peer.fit(TITLES)
    assert set(peer.vocabulary_) == set(index.vocabulary)
    frequency = np.diff(index.bounds)
    order = sorted(index.vocabulary, key=lambda term: frequency[index.vocabulary[term]])
    rarity = [peer.idf_[peer.vocabulary_[term]] for term in order]
    assert rarity == sorted(rarity, reverse=True)


def test_the_rarest_term_tells_most(index: TextIndex) -> None:
    assert index.frequency("w草莓") == 3
    assert index.rarity("w草莓") < index.rarity("w大米") < index.rarity("w螺丝刀")


def test_a_hundred_thousand_equal_titles_rank_in_their_order() -> None:
    """What once could sort everything again for each query: all scores are level."""
    index = TextIndex.build(("丹东 草莓 大果" for _ in range(100_000)), _cut)
    assert best_places(index.weighted(query_terms(["草莓"], FACTORS)), 5) == [0, 1, 2, 3, 4]
    assert index.memory_bytes / index.size < 200


def test_a_title_of_ten_thousand_characters_is_read_at_its_beginning_only() -> None:
    index = TextIndex.build(["草莓" + "香" * 10_000 + "牛奶", "牛奶"], lambda text: [text])
    assert best_places(index.weighted(query_terms(["牛奶"], FACTORS)), 5) == [1]
    assert best_places(index.weighted(query_terms(["草莓"], FACTORS)), 5) == [0]
