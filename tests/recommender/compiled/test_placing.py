"""Compiled code finds the words of a query in titles where the plain way does, to the last bit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.forms import WordForms
from recommender.placing import Placed, Wanted, placed, placing_of
from recommender.query import QueryWord
from recommender.segmentation import Segmenter

compiled = pytest.importorskip("recommender.compiled.placing", reason="no compiler here").placed

_DATA = Path(__file__).parents[3] / "benchmarks" / "data"
_LETTERS = "草莓牛奶锅盒a1\U0001f600𠮷 "
_TEXTS = st.text(alphabet=_LETTERS, max_size=14)
_WORDS = st.builds(
    QueryWord,
    st.text(alphabet=_LETTERS, min_size=1, max_size=5),
    st.dictionaries(st.text(alphabet=_LETTERS, min_size=1, max_size=4), st.floats(0.05, 1.0), max_size=3),
)


def _agree(wanted: Wanted, titles: list[str], further: list[str]) -> list[Placed]:
    found: list[Placed] = compiled(wanted, titles, further)
    assert found == placed(wanted, titles, further)
    assert all(isinstance(one.start, int) for one in found)
    return found


@given(
    st.lists(st.tuples(_WORDS, st.floats(0.5, 12.0)), min_size=1, max_size=4),
    st.integers(-1, 3),
    st.lists(st.tuples(_TEXTS, _TEXTS), max_size=5),
)
def test_any_words_stand_where_the_plain_way_sees_them(
    weighed: list[tuple[QueryWord, float]], head: int, texts: list[tuple[str, str]]
) -> None:
    words, worths = [word for word, _ in weighed], [worth for _, worth in weighed]
    wanted = Wanted.of("", tuple(words), worths, min(head, len(words) - 1))
    _agree(wanted, [title for title, _ in texts], [further for _, further in texts])


def test_queries_stand_in_titles_where_the_plain_way_sees_them(
    segmenter: Segmenter, aliases: list[tuple[str, str, str]]
) -> None:
    lines = [json.loads(line) for line in (_DATA / "shop_queries.jsonl").read_text(encoding="utf-8").splitlines()]
    queries = [line["query"].lower() for line in lines]
    titles, forms = [query.replace(" ", "") for query in queries], WordForms(aliases)
    whole = 0
    for query in queries:
        cut = [word for word in segmenter.cut(query) if word.strip()]
        words = tuple(QueryWord(word, forms.of(word)) for word in cut)
        wanted = Wanted.of(query, words, [1.0 + len(word) / 7 for word in cut], len(words) - 1)
        whole += sum(one.start >= 0 for one in _agree(wanted, titles, queries[::-1]))
    assert whole > len(queries)


def test_without_a_compiler_the_plain_way_is_used(segmenter: Segmenter) -> None:
    assert placing_of(segmenter) is compiled
    assert placing_of(Segmenter([], compiled=False)) is placed
