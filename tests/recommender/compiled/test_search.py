"""The compiled index finds what a look at every document finds, ties included, and what the plain one finds."""

from __future__ import annotations

import threading
from functools import partial

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.bits import Bits, every, flags_of, of_documents, of_flags
from recommender.compiled.batch import Batch
from recommender.compiled.collecting import Collector
from recommender.compiled.cutting import Cuts, Cutter
from recommender.compiled.lists import AGAIN, LENGTH, MOST_LISTS, ROW, START
from recommender.compiled.postings import WEIGHT_UNIT, Paper, Postings
from recommender.compiled.search import WINDOW
from recommender.compiled.text_index import CompiledIndex
from recommender.index import TextIndex
from recommender.terms import TermFactors, query_terms

FACTORS = TermFactors()
WORDS = ["草莓", "草莓酱", "牛奶", "大米", "牙膏", "锅", "儿童", "整箱", "10斤", "500g", "typec", "iphone13"]
PAPER = Paper()


def postings_of(texts: list[str]) -> Postings:
    """Index texts; what stands between two spaces is a word."""
    collector = Collector()
    batch = Batch.of(texts)
    pieces = [[part for piece in text.split(" ") for part in (piece, " ") if part][: -1 or None] for text in texts]
    lengths = [len(part) for cut in pieces for part in cut]
    bounds = np.cumsum([0, *map(len, pieces)])
    ends = np.cumsum(lengths).astype(np.int32) if lengths else np.empty(0, np.int32)
    collector.add(batch, Cuts(ends, ends, bounds.astype(np.int64)))
    return Postings.of(collector)


def documents_of(postings: Postings, term: int) -> npt.NDArray[np.integer]:
    start, length, row, _ = postings.terms[term].tolist()
    if row >= 0:
        return np.flatnonzero(flags_of(postings.rows[row], postings.size))
    return postings.documents[start : start + length]


def brute(postings: Postings, terms: dict[str, float], allowed: Bits, limit: int) -> list[tuple[int, int]]:
    """The plain way: add everything up, sort everything."""
    weights = np.zeros(postings.size, np.int64)
    for term, weight in postings.query(terms).tolist():
        if term < 0:
            continue
        weights[documents_of(postings, term)] += weight
        if (again := int(postings.terms[term, AGAIN])) >= 0:
            weights[documents_of(postings, again)] += round(weight * 0.3)
    scores = weights * postings.gains * flags_of(allowed, postings.size)
    ranked = np.lexsort((np.arange(postings.size), -scores))[:limit]
    return [(int(document), int(scores[document])) for document in ranked if scores[document] > 0]


def made_up(chance: np.random.Generator, size: int, vocabulary: int) -> list[str]:
    """Return texts of few frequent and many rare words, some words twice, of very different lengths."""
    shares = 1 / np.arange(1, vocabulary + 1)
    words = [chr(0x4E00 + 7 * number) + chr(0x5E00 + 11 * number) for number in range(vocabulary)]
    lengths = chance.integers(0, 12, size)
    return [" ".join(chance.choice(words, length, p=shares / shares.sum())) for length in lengths]


@pytest.mark.parametrize("size", [1, 63, 64, 700, 5_000])
def test_the_best_are_those_of_a_look_at_every_document(size: int) -> None:
    chance = np.random.default_rng(size)
    texts = made_up(chance, size, 200)
    postings = postings_of(texts)
    words = sorted({word for text in texts for word in text.split()}) or ["草莓"]
    for _ in range(150):
        asked = chance.choice(words, int(chance.integers(1, 9))).tolist()
        terms = query_terms(asked, FACTORS)
        share = chance.choice([0.0, 0.01, 0.3, 1.0])
        allowed = of_flags(chance.random(size) < share)
        limit = int(chance.choice([1, 3, 50]))
        found = postings.best(postings.query(terms), allowed, limit, PAPER)
        assert list(map(tuple, found.tolist())) == brute(postings, terms, allowed, limit)
        documents = found[:, 0].tolist()
        assert postings.best_documents(postings.query(terms), allowed, limit, PAPER) == documents
        assert not PAPER.sums[0].any()


@given(
    st.lists(st.lists(st.sampled_from(WORDS), max_size=5), min_size=1, max_size=40),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=4),
    st.integers(1, 5),
)
@settings(max_examples=150)
def test_the_compiled_index_scores_as_the_plain_one(titles: list[list[str]], asked: list[str], limit: int) -> None:
    texts = [" ".join(title) for title in titles]
    plain = TextIndex.build(texts, lambda text: [text])
    index = CompiledIndex(postings_of(texts))
    terms = query_terms(asked, FACTORS)
    for term in terms:
        assert index.frequency(term) == plain.frequency(term)
        assert index.rarity(term) == pytest.approx(plain.rarity(term))
    found = index.top(terms, limit)
    expected = plain.top(terms, limit)
    rounding = 2 * len(terms) / WEIGHT_UNIT  # half a unit for each term and for its repetition, times the gain
    near = partial(pytest.approx, rel=1e-3, abs=rounding)
    assert [score for _, score in found] == near([score for _, score in expected])
    scores = plain.weighted(terms)
    for document, score in found:
        assert score == near(float(scores[index.order[document]]))
    every_score = index.weighed(terms, np.arange(len(texts)))
    assert every_score == near(scores[index.order])


def test_many_windows_are_searched_like_one() -> None:
    """More documents than fit on the paper; the best one is the last."""
    size = 3 * WINDOW
    texts = ["大米 牙膏"] * (size - 1) + ["大米 草莓 牛奶 儿童 锅"]
    postings = postings_of(texts)
    terms = query_terms(["草莓", "大米"], FACTORS)
    found = postings.best(postings.query(terms), every(size), 3, PAPER)
    assert list(map(tuple, found.tolist())) == brute(postings, terms, every(size), 3)
    assert found[0, 0] == size - 1


def test_a_million_equal_titles_are_not_read_through() -> None:
    size = 1_000_000
    postings = postings_of(["草莓"])
    rows = np.tile(every(size), (len(postings.terms), 1))
    terms = postings.terms.copy()
    terms[:, LENGTH], terms[:, ROW], terms[:, START] = size, np.arange(len(terms)), 0
    gains = np.full(size, postings.gains[0])
    many = Postings(
        *(size, postings.mean, postings.slots, terms, postings.rarity, postings.documents, rows, gains),
        np.arange(size, dtype=np.int32),
    )
    found = many.best(many.query(query_terms(["草莓"], FACTORS)), every(size), 3, PAPER)
    assert found[:, 0].tolist() == [0, 1, 2]


def test_equal_titles_rank_in_their_order_and_take_little_room() -> None:
    postings = postings_of(["丹东 草莓 大果"] * 100_000)
    index = CompiledIndex(postings)
    assert [index.order[document] for document, _ in index.top({"w草莓": 1.0}, 5)] == [0, 1, 2, 3, 4]
    assert index.memory_bytes / index.size < 20


def test_titles_of_ten_thousand_characters_and_empty_ones(compiled_cutter: Cutter) -> None:
    texts = ["草莓" + "香" * 10_000 + "牛奶", "", " ", "牛奶"]
    index = CompiledIndex.build(texts, compiled_cutter)
    assert [index.order[document] for document, _ in index.top({"牛奶": 1.0}, 5)] == [3]
    assert [index.order[document] for document, _ in index.top({"草莓": 1.0}, 5)] == [0]


def test_nothing_indexed_and_nothing_asked(compiled_cutter: Cutter) -> None:
    empty = CompiledIndex.build([], compiled_cutter)
    assert empty.top({"草莓": 1.0}, 3) == []
    assert len(empty.weighed({"草莓": 1.0}, np.empty(0, np.int64))) == 0
    index = CompiledIndex.build(["草莓"], compiled_cutter)
    assert index.top({}, 3) == []
    assert index.top({"螺丝刀": 1.0}, 3) == []
    assert index.top({"草莓": 0.0}, 3) == []
    assert index.top({"草莓": 1.0}, 3, of_documents(np.empty(0, np.int64), 1)) == []


def test_a_query_of_too_many_terms_keeps_those_that_tell_most() -> None:
    words = [chr(0x4E00 + number) for number in range(2 * MOST_LISTS)]
    postings = postings_of([*words, "".join(words)])
    terms = dict.fromkeys(words, 1.0)
    assert len(postings.best(postings.query(terms), every(postings.size), 5, PAPER)) == 5


def test_words_are_kept_where_they_are_asked_for(compiled_cutter: Cutter) -> None:
    texts = ["草莓 牛奶 10斤", "牛奶"]
    assert set(CompiledIndex.build(texts, compiled_cutter, keep_words=True).words()) == {"草莓", "牛奶"}
    assert list(CompiledIndex.build(texts, compiled_cutter).words()) == []


def test_several_threads_may_ask_at_once() -> None:
    chance = np.random.default_rng(1)
    texts = made_up(chance, 3_000, 100)
    index = CompiledIndex(postings_of(texts))
    asked = [query_terms(text.split(), FACTORS) for text in texts[:200]]
    expected = [index.top(terms, 3) for terms in asked]
    found: list[list[list[tuple[int, float]]]] = []

    def ask() -> None:
        found.append([index.top(terms, 3) for terms in asked])

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 4
