"""The compiled segmentation gives jieba's tokens, on everything we have and on what nobody would type."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.compiled.cutting import Cutter
from recommender.compiled.trie import Trie
from recommender.lexicon import packaged_goods
from recommender.segmentation import Segmenter

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def jieba() -> Any:
    """jieba as the program has it, with goods of its own."""
    return Segmenter([*packaged_goods(), "红颜草莓", "spf50+"])._jieba


@pytest.fixture(scope="module")
def cutter(jieba: Any) -> Cutter:
    return Cutter.of(jieba.FREQ, jieba.total)


def _lines() -> list[str]:
    files = [*DATA.glob("*.jsonl")]
    return [json.loads(line).get("text", line) for file in files for line in file.read_text("utf-8").splitlines()]


def test_every_labelled_line_is_cut_as_jieba_cuts_it(jieba: Any, cutter: Cutter) -> None:
    lines = _lines()
    assert len(lines) > 1_500
    assert cutter.cut_all(lines) == [jieba.lcut(line, HMM=False) for line in lines]


def test_random_texts_are_cut_as_jieba_cuts_them(jieba: Any, cutter: Cutter) -> None:
    chance = random.Random(20261129)  # noqa: S311 - a seeded generator of texts, no secret
    frequent = chance.sample([word for word in jieba.FREQ if len(word) == 1], 400)
    letters = "草莓红颜一二三12a9zZ+#.-_%& \r\n\t，。!?🍓\u2005\ud83d" + "".join(frequent)
    texts = ["".join(chance.choices(letters, k=chance.randint(0, 40))) for _ in range(5_000)]
    assert cutter.cut_all(texts) == [jieba.lcut(text, HMM=False) for text in texts]


@given(st.lists(st.text(max_size=60), max_size=5))
@settings(max_examples=200, deadline=None)
def test_whatever_unicode_has_is_cut_as_jieba_cuts_it(jieba: Any, cutter: Cutter, texts: list[str]) -> None:
    cut = cutter.cut_all(texts)
    assert cut == [jieba.lcut(text, HMM=False) for text in texts]
    assert ["".join(words) for words in cut] == texts


def test_a_long_text_is_cut_too(jieba: Any, cutter: Cutter) -> None:
    text = "家里大米见底了，哪里能买到五常大米" * 4_000
    assert cutter.cut(text) == jieba.lcut(text, HMM=False)


@given(st.sets(st.text(min_size=1, max_size=6), min_size=1, max_size=60), st.text(max_size=6))
@settings(max_examples=200, deadline=None)
def test_a_trie_knows_its_words_and_their_beginnings(words: set[str], other: str) -> None:
    given_words = sorted(words)
    trie = Trie.build(given_words)
    cells = [trie.find(word) for word in given_words]
    assert cells == trie.node.tolist()
    assert len(set(cells)) == len(cells)
    begins = any(word.startswith(other) for word in given_words)
    assert (trie.find(other) >= 0) == begins
