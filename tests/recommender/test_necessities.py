"""What a pattern asks for is never more than what it matches."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.necessities import Alternative, necessities

PATTERNS = [
    ("想买", [({"想买"},)]),
    ("想(?:买|要)", [({"想买", "想要"},)]),
    ("天(?:气)?(?:突然|越来越)*(?:冷|热)了", [({"冷了", "热了"}, {"天"})]),
    ("^(?:好|行)吧$", [({"好吧", "行吧"},)]),
    ("谁|哪里", [({"谁"},), ({"哪里"},)]),
    ("没(?!事)[^,]{0,4}了", [({"没"}, {"了"})]),
    (r"\d+块", [({"块"},)]),
    ("哪个超市有", [({"哪个超"},)]),
    ("甲?乙?", [()]),
    ("[^甲]", [()]),
]


@pytest.mark.parametrize(("pattern", "expected"), PATTERNS)
def test_what_a_pattern_asks_for(pattern: str, expected: list[tuple[set[str], ...]]) -> None:
    found = [{frozenset(strings) for strings in alternative} for alternative in necessities(pattern)]
    assert found == [{frozenset(strings) for strings in alternative} for alternative in expected]


_SIGNS = st.sampled_from("甲乙丙丁")


def _pattern(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(parts, min_size=1, max_size=3)
    return st.one_of(
        several.map("".join),
        several.map(lambda one: f"(?:{'|'.join(one)})"),
        st.tuples(parts, st.sampled_from(["?", "*", "+", "{2}", "{0,2}", "{1,3}?"])).map(
            lambda one: f"(?:{one[0]}){one[1]}"
        ),
        parts.map(lambda one: f"(?!{one})"),
        parts.map(lambda one: f"({one})"),
    )


_ATOMS = st.one_of(_SIGNS, st.sampled_from(["[甲乙]", "[^甲]", ".", "^", "$", "甲乙丙丁", "[丁-丙]", "[一-龥]"]))


@settings(max_examples=800)
@given(st.recursive(_ATOMS, _pattern, max_leaves=12), st.text(alphabet="甲乙丙丁", max_size=9))
def test_every_match_has_what_its_pattern_asks_for(pattern: str, text: str) -> None:
    if re.search(pattern, text) is not None:
        assert any(_holds(alternative, text) for alternative in necessities(pattern))
        assert any(_holds(alternative, text) for alternative in necessities(pattern, closely=True))


def test_a_close_look_tells_the_ways_of_a_pattern_apart() -> None:
    found = necessities("(?:附近|小区)(?:有|哪里有?).{0,4}(?:G.{0,3}卖|团.{0,3}G)", closely=True)
    assert [{frozenset(strings) for strings in alternative} for alternative in found] == [
        {frozenset({"附近有", "附近哪", "小区有", "小区哪"}), frozenset({"G"}), frozenset({"卖"})},
        {frozenset({"附近有", "附近哪", "小区有", "小区哪"}), frozenset({"G"}), frozenset({"团"})},
    ]


def _holds(alternative: Alternative, text: str) -> bool:
    return all(any(string in text for string in strings) for strings in alternative)
