"""What is cut out of masks weighs the same in machine code and by its names."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cli.learning import TRAINING_FILES
from core.text import Normaliser, NormalText
from recommender.compiled.need_weights import CutWeights
from recommender.hits import find_hits
from recommender.labelled import read_labelled
from recommender.lexicon import Lexicon
from recommender.masking import MaskedText, mask_text
from recommender.need_features import FeatureTable
from recommender.need_model import HEADS, NeedModel, usable_model
from recommender.need_rules import packaged_rules
from recommender.segmentation import Segmenter
from tests.recommender.conftest import DATA

PIECES = [
    *"想买要没囤缺吗?,、.-\n 的也还有哪里1a^$\U0001f600𠮷",
    "囤米",
    "草莓",
    "电影",
    "宝宝",
    "无糖",
    "两斤",
    "5箱",
    "\ud800",
]


class Weighing:
    """Both ways of weighing messages."""

    def __init__(self, model: NeedModel) -> None:
        self._model, self._table = model, FeatureTable(model.vocabulary)
        self._cut = CutWeights.of(model.vocabulary, [model.heads[name].weights for name in HEADS])

    def agree(self, masks: Sequence[MaskedText]) -> None:
        rules = packaged_rules()
        hits = [find_hits(masked, rules) for masked in masks]
        few = [self._table.few(masked, found, rules) for masked, found in zip(masks, hits, strict=True)]
        for masked, found, sums in zip(masks, hits, self._cut.sums(masks, few), strict=True):
            every = self._table.ids(masked, found, rules)
            for name in HEADS:
                plain = self._model.score(name, every)
                assert self._model.score(name, (), sums) == pytest.approx(plain, abs=1e-12), (name, masked.mask)
        assert all(len(set(one)) == len(one) for one in few)


@pytest.fixture(scope="module")
def weighing(segmenter: Segmenter) -> Weighing:
    model = usable_model("")
    if segmenter.cutter is None or model is None:
        pytest.skip("no compiler here")
    return Weighing(model)


def test_every_third_labelled_line_weighs_the_same(
    weighing: Weighing, normaliser: Normaliser, segmenter: Segmenter, lexicon: Lexicon
) -> None:
    labelled = read_labelled(DATA / name for name in TRAINING_FILES)[::3]
    weighing.agree([mask_text(normaliser(line.text), segmenter, lexicon) for line in labelled])


@settings(max_examples=300)
@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), max_size=4))
def test_any_messages_weigh_the_same(
    weighing: Weighing, segmenter: Segmenter, lexicon: Lexicon, texts: list[str]
) -> None:
    plain = [NormalText(text, text, range(len(text)), range(1, len(text) + 1)) for text in texts]
    weighing.agree([mask_text(text, segmenter, lexicon) for text in plain])


def test_a_part_of_a_message_weighs_what_it_does_by_itself(
    weighing: Weighing, normaliser: Normaliser, segmenter: Segmenter, lexicon: Lexicon
) -> None:
    masked = mask_text(normaliser("想买两斤草莓,宝宝的牛奶也没了"), segmenter, lexicon)
    end = masked.mask.index(",")
    weighing.agree([masked.part(0, end), masked.part(end + 1, len(masked.mask)), masked.part(0, 0)])
