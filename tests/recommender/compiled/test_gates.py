"""A compiled look at a batch tells what the plain one does."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.text import Normaliser
from recommender.compiled.gates import Looker
from recommender.gates import Gate
from recommender.lexicon import Lexicon
from recommender.masking import mask_text
from recommender.need_rules import packaged_rules
from recommender.segmentation import Segmenter
from tests.recommender.conftest import lines
from tests.recommender.test_gates import SHAPES

PIECES = [*"想买要没囤缺吗?,GNABP的也还有哪里1a^$\U0001f600𠮷", "哪里", "见底", "怎么选", "降温", "团长", "\ud800"]


@pytest.fixture(scope="module")
def gate() -> Gate:
    return packaged_rules().gate


@pytest.fixture(scope="module")
def looker(gate: Gate, segmenter: Segmenter) -> Looker:
    if segmenter.cutter is None:
        pytest.skip("no compiler here")
    return Looker.of(gate)


def _agree(looker: Looker, gate: Gate, texts: Sequence[str]) -> None:
    looks = looker.looks(texts)
    assert len(looks) == len(texts)
    for text, look in zip(texts, looks, strict=True):
        assert look == gate.plain_look(text), text


def test_every_labelled_line_is_told_alike(
    looker: Looker, gate: Gate, normaliser: Normaliser, segmenter: Segmenter, lexicon: Lexicon
) -> None:
    texts = []
    for line in [*lines("needs_test.jsonl"), *lines("talk.jsonl")]:
        masked = mask_text(normaliser(line["text"]), segmenter, lexicon)
        texts += [masked.mask, masked.spelt_out]
    _agree(looker, gate, texts)


@settings(max_examples=300)
@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), max_size=5))
def test_any_masks_are_told_alike(looker: Looker, gate: Gate, texts: list[str]) -> None:
    _agree(looker, gate, texts)


@settings(max_examples=100)
@given(st.lists(st.text(alphabet="abcd,", max_size=12), max_size=4))
def test_patterns_of_every_shape_are_told_alike(texts: list[str]) -> None:
    gate = Gate()
    gate.finder(SHAPES, map(re.compile, SHAPES))
    _agree(Looker.of(gate), gate, texts)


def test_what_was_looked_at_ahead_is_what_is_told(looker: Looker) -> None:
    gate = Gate()
    matching = gate.finder(SHAPES, map(re.compile, SHAPES))
    before = [matching(text) for text in ("abc", "c,d")]
    ahead = Gate()
    matching = ahead.finder(SHAPES, map(re.compile, SHAPES))
    ahead.look_ahead(["abc", "c,d"])
    assert [matching(text) for text in ("abc", "c,d")] == before
