"""The compiled search finds what a look at every document finds, scores and ties included."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.compiled.postings import MOST_TERMS, Bits, Postings, bits_of, every


def brute(postings: Postings, terms: npt.NDArray[np.int64], factors: npt.NDArray[np.int64], allowed: Bits, limit: int):  # type: ignore[no-untyped-def]
    """The plain way: add everything up, sort everything."""
    scores = np.zeros(postings.size, np.int64)
    for term, factor in zip(terms, factors, strict=True):
        low, high = postings.bounds[term], postings.bounds[term + 1]
        scores[postings.documents[low:high]] += postings.weights[low:high].astype(np.int64) * factor
    scores *= np.unpackbits(allowed.view(np.uint8), bitorder="little")[: postings.size]
    found = np.flatnonzero(scores)
    ranked = found[np.lexsort((found, -scores[found]))][:limit]
    return ranked.tolist(), scores[ranked].tolist()


def made_up(chance: np.random.Generator, size: int, vocabulary: int, *, steps: int) -> Postings:
    """Return postings as titles have them: few frequent terms, many rare ones, weights that fall with the number."""
    shares = 1 / np.arange(1, vocabulary + 1)
    lengths = np.sort(chance.integers(3, 20, size))
    documents = np.repeat(np.arange(size), lengths)
    terms = chance.choice(vocabulary, len(documents), p=shares / shares.sum())
    keys = np.unique(terms.astype(np.int64) * size + documents)
    terms, documents = keys // size, keys % size
    bounds = np.concatenate([[0], np.cumsum(np.bincount(terms, minlength=vocabulary))])
    weights = 1 + chance.integers(0, steps, len(terms)) + 600 // lengths[documents]
    return Postings.of(size, bounds, documents.astype(np.int32), weights.astype(np.uint16))


@pytest.mark.parametrize("steps", [1, 3, 500])
def test_the_best_are_those_of_a_look_at_every_document(steps: int) -> None:
    chance = np.random.default_rng(steps)
    for _ in range(60):
        size, vocabulary = int(chance.integers(1, 2_000)), int(chance.integers(2, 300))
        postings = made_up(chance, size, vocabulary, steps=steps)
        for _ in range(8):
            count = int(chance.integers(1, min(12, vocabulary) + 1))
            terms = chance.choice(vocabulary, count, replace=False).astype(np.int64)
            factors = chance.integers(0, 4, count).astype(np.int64)
            share = chance.choice([0.0, 0.02, 0.5, 1.0])
            allowed = bits_of(np.flatnonzero(chance.random(size) < share), size)
            limit = int(chance.integers(1, 8))
            documents, scores = postings.top(terms, factors, allowed, limit)
            assert (documents.tolist(), scores.tolist()) == brute(postings, terms, factors, allowed, limit)


def test_a_million_equal_documents_are_not_read_through() -> None:
    size = 1_000_000
    documents = np.tile(np.arange(size, dtype=np.int32), 3)
    postings = Postings.of(size, np.arange(4) * size, documents, np.full(3 * size, 7, np.uint16))
    found, scores = postings.top(np.arange(3), np.ones(3, np.int64), every(size), 3)
    assert found.tolist() == [0, 1, 2]
    assert scores.tolist() == [21, 21, 21]


def test_a_query_without_terms_or_with_too_many_finds_what_it_can() -> None:
    postings = Postings.of(2, np.array([0, 1, 2]), np.array([0, 1], np.int32), np.array([5, 9], np.uint16))
    nothing = np.empty(0, np.int64)
    assert postings.top(nothing, nothing, every(2), 3)[0].tolist() == []
    many = np.zeros(MOST_TERMS + 30, np.int64)
    assert postings.top(many, np.ones_like(many), every(2), 3)[0].tolist() == [0]


@given(st.sets(st.integers(0, 199)))
@settings(max_examples=100, deadline=None)
def test_bits_hold_the_documents_they_are_made_of(documents: set[int]) -> None:
    bits = bits_of(np.array(sorted(documents), np.int64), 200)
    held = {number for number in range(200) if int(bits[number >> 6]) >> (number & 63) & 1}
    assert held == documents
    assert int(np.bitwise_count(every(200)).sum()) == 200
