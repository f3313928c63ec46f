"""The hashes of a cut text's terms are those of ``recommender.terms``, kind by kind."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from recommender.compiled.batch import Batch
from recommender.compiled.terms import KINDS, SINGLE, TERMS_A_CHARACTER, hashes_of, terms_into
from recommender.terms import _terms, document_terms

ALPHABET = "一二两三十百半斤公千克毫升厘米kgmlcmz0123456789..草莓大米 *味éЖ，㐀鿿"


def compiled_terms(words: list[str]) -> Counter[tuple[int, str]]:
    """Return (hash, kind) of each term of a cut text, with how often it stands there."""
    batch = Batch.of(["".join(words)])
    ends = np.cumsum([len(word) for word in words]).astype(np.int32)
    room = TERMS_A_CHARACTER * len(batch.codes)
    hashes, kinds = np.empty(room, np.uint64), np.empty(room, np.uint8)
    count = terms_into(batch.codes, 0, len(batch.codes), ends, 0, len(words), hashes, kinds)
    return Counter((int(hashes[at]), KINDS[kinds[at]]) for at in range(count) if kinds[at] != SINGLE)


def plain_terms(words: list[str]) -> Counter[tuple[int, str]]:
    terms = list(_terms(words))
    hashes = hashes_of([term for _, term in terms]).tolist()
    return Counter((value, kind) for value, (kind, _) in zip(hashes, terms, strict=True))


@given(st.lists(st.text(ALPHABET, min_size=1, max_size=6), max_size=8))
@settings(max_examples=1500)
@example(["10", "斤", "五常", "大米"])
@example(["c8mg.5", "三"])
@example(["1.2.5斤"])
@example(["1234567", "g"])
@example(["0.0004", "g"])
@example(["999999.9", "kg"])
@example(["一二三四五六斤"])
@example(["500gx2"])
@example(["5", "斤", "5", "斤", "2.5", "公斤"])
def test_compiled_terms_are_the_plain_ones(words: list[str]) -> None:
    assume(not re.search("[0-9]{9}", "".join(words)))  # a number that nobody writes, left out
    assert compiled_terms(words) == plain_terms(words)


@given(st.text(max_size=40))
@settings(max_examples=300)
def test_any_text_has_the_plain_terms(text: str) -> None:
    words = list(text)
    assert compiled_terms(words) == plain_terms(words)


def test_the_arrays_have_room_for_every_text() -> None:
    for text in ("5" * 40, "a" * 40, "5斤" * 20, "a1" * 20, "草" * 40, "一斤" * 20):
        assert len(document_terms(list(text))) <= TERMS_A_CHARACTER * len(text)


@pytest.mark.parametrize("digits", [16, 300])
def test_an_amount_that_nobody_sells_is_none(digits: int) -> None:
    assert not any(kind == "amount" for _, kind in compiled_terms(["9" * digits, "g"]))
