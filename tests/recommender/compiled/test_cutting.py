"""The compiled cutter against jieba itself, token for token."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import jieba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.compiled.batch import Batch
from recommender.compiled.cutting import NO_WORD, Cutter
from recommender.compiled.trie import Trie
from recommender.lexicon import packaged_goods

DATA = Path(__file__).parents[2] / "data"
_PIECES = st.one_of(
    st.sampled_from(sorted(packaged_goods())),
    st.text(max_size=6),
    st.text(
        "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里",
        max_size=12,
    ),
    st.text("abzABZ019+#&._%-\r\n \t　，。！？草莓", max_size=12),
    st.sampled_from(["\ud800", "😀", "㐀", "\r\n", "鿕", "鿖", "5kg", "vitamin c", "a_b", "100%"]),
)


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    jieba.setLogLevel(logging.WARNING)
    made = jieba.Tokenizer()
    made.initialize()
    for word in packaged_goods():
        made.add_word(word, 20_000)
    return made


@pytest.fixture(scope="module")
def cutter(tokenizer: Any) -> Cutter:
    return Cutter.of(tokenizer.FREQ, tokenizer.total)


def _corpus() -> list[str]:
    texts = []
    for path in sorted(DATA.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            texts += [value for value in json.loads(line).values() if isinstance(value, str)]
    return texts


def test_every_line_of_the_test_data_is_cut_as_jieba_cuts_it(tokenizer: Any, cutter: Cutter) -> None:
    texts = _corpus()
    assert len(texts) > 10_000
    cut = cutter.cut(Batch.of(texts)).texts(texts)
    assert cut == [tokenizer.lcut(text, HMM=False) for text in texts]


@settings(max_examples=300)
@given(texts=st.lists(st.lists(_PIECES, max_size=6).map("".join), max_size=5))
def test_any_text_is_cut_as_jieba_cuts_it(tokenizer: Any, cutter: Cutter, texts: list[str]) -> None:
    cut = cutter.cut(Batch.of(texts)).texts(texts)
    assert cut == [tokenizer.lcut(text, HMM=False) for text in texts]


@settings(max_examples=100)
@given(
    frequencies=st.dictionaries(st.text("草莓米大abé", min_size=1, max_size=4), st.integers(0, 5), min_size=1),
    texts=st.lists(st.text("草莓米大abé1 ", max_size=20), max_size=4),
)
def test_any_dictionary_with_many_equal_weights_is_used_as_jieba_uses_it(
    frequencies: dict[str, int], texts: list[str]
) -> None:
    tokenizer = jieba.Tokenizer()
    tokenizer.FREQ, tokenizer.total, tokenizer.initialized = {}, 1, True
    for word, frequency in frequencies.items():
        tokenizer.FREQ[word] = frequency
        tokenizer.total += frequency
        for end in range(1, len(word)):
            tokenizer.FREQ.setdefault(word[:end], 0)
    cut = Cutter.of(tokenizer.FREQ, tokenizer.total).cut(Batch.of(texts)).texts(texts)
    assert cut == [tokenizer.lcut(text, HMM=False) for text in texts]


def test_a_token_knows_its_word(cutter: Cutter) -> None:
    texts = ["想买草莓ok", "🍓", "草莓"]
    cuts = cutter.cut(Batch.of(texts))
    words = [cuts.words[cuts.bounds[place] : cuts.bounds[place + 1]].tolist() for place in range(3)]
    expected = [[*map(cutter.number, ("想", "买", "草莓")), NO_WORD], [NO_WORD], [cutter.number("草莓")]]
    assert words == expected
    assert cutter.number("草") != cutter.number("草莓") != NO_WORD
    assert cutter.number("草莓么么") == cutter.number("") == NO_WORD


def test_a_beginning_of_a_word_is_no_word() -> None:
    trie = Trie.of(["草莓酱", "草莓酱面包"], np.array([-1.0, -2.0]))
    assert trie.node("草莓") == -1
    assert trie.node("草莓酱") != trie.node("草莓酱面包") != -1


def test_nothing_is_cut_into_nothing(cutter: Cutter) -> None:
    assert cutter.cut(Batch.of([])).texts([]) == []
    assert cutter.cut(Batch.of(["", ""])).texts(["", ""]) == [[], []]


def test_a_text_of_64_kilobytes_is_cut(tokenizer: Any, cutter: Cutter) -> None:
    text = "想买五斤草莓，" * 9_000 + "a" * 3_000
    assert cutter.cut(Batch.of([text])).texts([text]) == [tokenizer.lcut(text, HMM=False)]
