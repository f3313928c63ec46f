"""Titles and messages that nobody writes, through the compiled stages: cut as jieba cuts, indexed and found exactly."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import jieba
import numpy as np
import pytest

from recommender import bits
from recommender.compiled.batch import Batch
from recommender.compiled.collecting import Collector
from recommender.compiled.cutting import Cutter
from recommender.compiled.postings import Paper, Postings
from recommender.compiled.terms import TERMS_A_CHARACTER
from recommender.compiled.text_index import CompiledIndex
from recommender.index import TextIndex
from recommender.terms import TermFactors, document_terms, query_terms

MILLION = 1_000_000
ODD = {
    "nothing but emoji": "🍓😀👨‍👩‍👧" * 3_000,
    "64 kB of one need": "家里大米见底了，" * 2_730,
    "64 kB of letters": "a" * 65_536,
    "64 kB of digits": "7" * 65_536,
    "64 kB of signs": "，。！？" * 5_461,
    "64 kB of line ends": "\r\n" * 32_768,
    "lone surrogates": "\ud83d草莓\udf53" * 2_000,
    "control characters": "".join(map(chr, range(32))) * 1_000 + "\x7f\x80",
    "noughts": "\0" * 30_000,
    "the last code points": "\U0010ffff\ufffe\uffff" * 5_000,
    "one word without an end": "草莓" * 20_000,
}


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    jieba.setLogLevel(logging.WARNING)
    made = jieba.Tokenizer()
    made.initialize()
    return made


@pytest.fixture(scope="module")
def cutter(tokenizer: Any) -> Cutter:
    return Cutter.of(tokenizer.FREQ, tokenizer.total)


def _indexed(titles: Sequence[str], cutter: Cutter, at_once: int = 50_000) -> Postings:
    collector = Collector()
    for start in range(0, len(titles), at_once):
        batch = Batch.of(titles[start : start + at_once])
        collector.add(batch, cutter.cut(batch))
    return Postings.of(collector)


def _found(postings: Postings, words: list[str], allowed: bits.Bits, limit: int = 3) -> list[int]:
    query = postings.query(query_terms(words, TermFactors()))
    return postings.order[postings.best(query, allowed, limit, Paper())[:, 0]].tolist()


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_odd_texts_are_cut_as_jieba_cuts_them(tokenizer: Any, cutter: Cutter, text: str) -> None:
    assert cutter.cut(Batch.of([text])).texts([text]) == [tokenizer.lcut(text, HMM=False)]


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_odd_titles_are_indexed_beside_a_plain_one_which_is_found(cutter: Cutter, text: str) -> None:
    postings = _indexed([text, "纯牛奶 12盒", text], cutter)
    assert _found(postings, ["纯", "牛奶"], bits.every(3), 1) == [1]
    assert postings.memory_bytes < 64 * len(text) * TERMS_A_CHARACTER + 100_000  # room in the vocabulary


def test_terms_of_a_long_text_grow_with_its_length_alone(cutter: Cutter) -> None:
    counted = []
    for times in (1_000, 10_000):
        text = "家里大米见底了" * times
        collector = Collector()
        batch = Batch.of([text])
        collector.add(batch, cutter.cut(batch))
        counted.append((len(document_terms(cutter.cut(batch).texts([text])[0])), int(collector.counts[0])))
    (few, kept), (many, kept_of_many) = counted
    assert many <= 10 * few + 10
    assert kept == kept_of_many  # the same words over and over are the same terms


def test_a_million_equal_titles_are_found_in_their_order(cutter: Cutter) -> None:
    """All scores are level: whoever sorts them all, or looks at all of them, shows here."""
    postings = _indexed(["丹东草莓"] * MILLION, cutter)
    every = bits.every(MILLION)
    assert _found(postings, ["草莓"], every) == [0, 1, 2]
    assert _found(postings, ["草莓"], every, 100) == list(range(100))
    last = np.array([MILLION - 3, MILLION - 2, MILLION - 1])
    assert _found(postings, ["丹东", "草莓"], bits.of_documents(last, MILLION), 5) == last.tolist()
    assert _found(postings, ["草莓"], bits.of_documents(last[:0], MILLION)) == []
    assert _found(postings, ["大米"], every) == []
    assert postings.memory_bytes < 400 * MILLION


def test_one_other_title_among_many_equal_ones_is_the_best_for_its_words(cutter: Cutter) -> None:
    titles = ["丹东草莓"] * 200_000
    titles[123_456] = "丹东草莓 礼盒装"
    postings = _indexed(titles, cutter)
    assert _found(postings, ["草莓", "礼盒装"], bits.every(len(titles)))[0] == 123_456


def test_titles_of_ten_thousand_characters_are_read_at_their_beginning(tokenizer: Any, cutter: Cutter) -> None:
    """The compiled index and the plain one read the same thousand characters and say the same."""
    titles = ["草莓牛奶大米" * 1_700, "草莓" + "香" * 10_000 + "牛奶", "牛奶", "大米 草莓", "", "12枚" * 4_000]
    compiled = CompiledIndex.build(titles, cutter)
    plain = TextIndex.build(titles, lambda text: tokenizer.lcut(text, HMM=False))
    for words in (["草莓"], ["牛奶"], ["大米", "草莓"], ["12", "枚"], ["香"]):
        terms = query_terms(words, TermFactors())
        found = [(int(compiled.order[document]), score) for document, score in compiled.top(terms, 6)]
        expected = plain.top(terms, 6)
        assert [place for place, _ in found] == [place for place, _ in expected]
        assert [score for _, score in found] == pytest.approx([score for _, score in expected], rel=1e-3)


def test_a_title_longer_than_any_number_of_terms_is_counted(cutter: Cutter) -> None:
    """More different terms than 16 bits can count, in one title."""
    long = "".join(chr(0x4E00 + place * 7 % 20_000) for place in range(70_000))
    postings = _indexed(["草莓", long, "大米"], cutter)
    assert _found(postings, ["大米"], bits.every(3), 1) == [2]
    assert _found(postings, ["草莓"], bits.every(3), 1) == [0]
