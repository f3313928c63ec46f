"""A batch is read in compiled code as each of its messages is without."""

from __future__ import annotations

from dataclasses import astuple, fields
from typing import Any

import pytest

from core.text import Normaliser
from recommender.lexicon import Lexicon
from recommender.need_model import usable_model
from recommender.need_rules import packaged_rules
from recommender.needs import NeedReader, Reading
from recommender.segmentation import Segmenter
from tests.recommender.conftest import lines

_BATCH = 50


def test_both_ways_read_labelled_lines_alike(normaliser: Normaliser, segmenter: Segmenter, lexicon: Lexicon) -> None:
    if segmenter.cutter is None:
        pytest.skip("no compiler here")
    model, rules = usable_model(""), packaged_rules()
    compiled = NeedReader(lexicon, segmenter, rules, model)
    plain = NeedReader(lexicon, Segmenter(lexicon, compiled=False), rules, model)
    labelled = [*lines("needs_test.jsonl"), *lines("talk.jsonl")][::3]
    texts = [normaliser(line["text"]) for line in labelled]
    needs = 0
    for start in range(0, len(texts), _BATCH):
        batch = texts[start : start + _BATCH]
        by_themselves = [plain.read(text) for text in batch]
        together = compiled.read_all(batch, [False] * len(batch))
        for text, expected, reading in zip(batch, by_themselves, together, strict=True):
            needs += reading.need is not None
            assert _said(reading) == _said(expected), text.text
            assert _sure(reading) == pytest.approx(_sure(expected), abs=1e-12), text.text
    assert needs > 80


def _said(reading: Reading) -> list[Any]:
    """Return what a reading says, without how sure it is."""
    apart = {"masked", "need", "needs", "certainty"}
    rest = [getattr(reading, field.name) for field in fields(Reading) if field.name not in apart]
    needs = [[value for value in astuple(need) if not isinstance(value, float)] for need in reading.needs]
    return [reading.masked.mask, reading.masked.tokens, *rest, needs]


def _sure(reading: Reading) -> list[float]:
    known = [] if reading.certainty is None else [reading.certainty]
    return [*known, *(need.strength for need in reading.needs)]
