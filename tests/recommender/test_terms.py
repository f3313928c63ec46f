"""What a text is known by in the index, and with which factors a query asks for it."""

from __future__ import annotations

import pytest

from recommender.terms import TermFactors, amounts, document_terms, query_terms


def test_words_and_characters_are_both_terms() -> None:
    assert document_terms(["草莓", "酱"]) == ["w草莓", "草", "莓", "草莓", "酱", "莓酱"]


def test_a_name_is_known_whole_in_parts_and_in_pieces() -> None:
    terms = document_terms(["iphone13", "壳"])
    assert {"iphone13", "iphone", "13", "~iph", "~one", "13壳"} <= set(terms)
    assert "wiphone13" not in terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("五常大米10斤", {"g": {5000}}),
        ("五常大米5kg", {"g": {5000}}),
        ("十斤装", {"g": {5000}}),
        ("二十五公斤", {"g": {25000}}),
        ("半斤", {"g": {250}}),
        ("250ml*24", {"ml": {250}}),
        ("1.5l热水壶", {"ml": {1500}}),
        ("炒锅30cm 高8厘米", {"cm": {30, 8}}),
        ("iphone13max", {}),
        ("斤斤计较", {}),
        ("0斤", {}),
    ],
)
def test_amounts_in_base_units(text: str, expected: dict[str, set[float]]) -> None:
    assert amounts(text) == expected


def test_the_same_amount_written_otherwise_is_the_same_term() -> None:
    assert "=5000g" in document_terms(["10", "斤"])
    assert "=5000g" in query_terms(["5kg"], TermFactors())


def test_an_amount_counts_as_often_as_it_is_stated() -> None:
    assert document_terms(["5", "斤", "5", "斤"]).count("=2500g") == 2
    assert query_terms(["5", "斤", "5", "斤"], TermFactors())["=2500g"] == TermFactors().amount


def test_a_bigram_over_the_border_of_words_counts_less_than_one_inside() -> None:
    factors = TermFactors(inner=1.0, crossing=0.25)
    terms = query_terms(["加厚", "毛巾"], factors)
    assert terms["加厚"] == 1.0
    assert terms["厚毛"] == 0.25


def test_a_character_that_is_a_word_counts_more() -> None:
    terms = query_terms(["炒菜", "锅"], TermFactors(character=1.0, single=0.5))
    assert (terms["锅"], terms["菜"]) == (1.5, 1.0)


def test_what_counts_nothing_is_not_asked_for() -> None:
    assert not any(term.startswith("w") for term in query_terms(["草莓"], TermFactors(word=0)))
