"""The compiled glance says what the plain one does."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.text import Normaliser, NormalText
from recommender.compiled.batch import Batch
from recommender.compiled.cutting import Cutter
from recommender.compiled.screening import Screener
from recommender.lexicon import Lexicon
from recommender.masking import mask_text
from recommender.screening import Screen, Sign, SignTable, packaged_screen
from recommender.segmentation import Segmenter
from tests.recommender.conftest import lines

NAMES = ("needs.jsonl", "needs_fresh.jsonl", "needs_more.jsonl", "needs_test.jsonl", "talk.jsonl")
PIECES = [
    *"想买要没囤缺吗?,.、-…「\n 的也还有哪里1a^$\U0001f600𠮷",
    *("囤米", "没油", "草莓", "电影", "宝宝", "无糖", "怎么选", "降温", "nfc", "1.5", "t恤", "\ud800"),
]


@pytest.fixture(scope="module")
def screen() -> Screen:
    found = packaged_screen()
    assert found is not None
    return found


@pytest.fixture(scope="module")
def cutter(segmenter: Segmenter) -> Cutter:
    if segmenter.cutter is None:
        pytest.skip("no compiler here")
    return segmenter.cutter


@pytest.fixture(scope="module")
def screener(screen: Screen, lexicon: Lexicon, cutter: Cutter) -> Screener:
    return Screener.of(screen, lexicon, cutter)


class Looking:
    """Both ways of looking at texts."""

    def __init__(
        self, screen: Screen, screener: Screener, cutter: Cutter, segmenter: Segmenter, lexicon: Lexicon
    ) -> None:
        self._screen, self._screener, self._cutter = screen, screener, cutter
        self._segmenter, self._lexicon = segmenter, lexicon

    def agree(self, texts: Sequence[str]) -> None:
        batch = Batch.of(texts)
        seen = self._screener.glances(batch, self._cutter.cut(batch))
        assert len(seen) == len(texts)
        for text, (certainty, signs) in zip(texts, seen.tolist(), strict=True):
            plain = NormalText(text, text, range(len(text)), range(1, len(text) + 1))
            glance = self._screen.glance(mask_text(plain, self._segmenter, self._lexicon).mask)
            assert Sign(signs) == glance.signs, text
            assert certainty == pytest.approx(glance.certainty, abs=1e-5), text


@pytest.fixture(scope="module")
def looking(screen: Screen, screener: Screener, cutter: Cutter, segmenter: Segmenter, lexicon: Lexicon) -> Looking:
    return Looking(screen, screener, cutter, segmenter, lexicon)


def test_every_labelled_line_looks_alike(looking: Looking, normaliser: Normaliser) -> None:
    looking.agree([normaliser(line["text"]).text for name in NAMES for line in lines(name)])


@settings(max_examples=400)
@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), max_size=5))
def test_any_texts_look_alike(looking: Looking, texts: list[str]) -> None:
    looking.agree(texts)


@pytest.mark.parametrize("texts", [[], [""], ["", "买草莓", ""], ["草莓" * 5_000], ["\U0010ffff"]])
def test_odd_batches(looking: Looking, texts: list[str]) -> None:
    looking.agree(texts)


def test_too_many_bits_are_refused(lexicon: Lexicon, cutter: Cutter, screen: Screen) -> None:
    many = Screen(0.0, {}, screen.lengths, 1.0, 0.0, 0.0, 0.5, SignTable({"买": 1 << 128}, ()), {})
    with pytest.raises(ValueError, match="more than 128 bits"):
        Screener.of(many, lexicon, cutter)
