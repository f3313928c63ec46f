"""The labelled lines themselves: how many, cut between shapes, and what a broken file is told."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from bot.cli.learning import TRAINING_FILES
from recommender.labelled import LabelError, LabelledLine, read_labelled
from tests.recommender.conftest import DATA

_JUDGING = ("needs_test.jsonl", "needs_blind.jsonl", "needs_kept.jsonl")
_NEAR = 0.8


@pytest.fixture(scope="module")
def training() -> list[LabelledLine]:
    return read_labelled(DATA / name for name in TRAINING_FILES)


@pytest.fixture(scope="module")
def judging() -> list[LabelledLine]:
    return read_labelled(DATA / name for name in _JUDGING)


def _grams(text: str) -> frozenset[str]:
    return frozenset(text[place : place + 3] for place in range(max(1, len(text) - 2)))


def test_there_are_enough_lines_of_every_class_and_trap(
    training: list[LabelledLine], judging: list[LabelledLine]
) -> None:
    counts = Counter(line.label for line in training + judging)
    needs = {"where_to_buy", "want", "run_out", "advice", "group_buy"}
    assert sum(counts[name] for name in (*needs, "implicit")) >= 1_500
    assert counts["none"] >= 1_500
    assert min(counts[name] for name in needs) >= 250
    traps = Counter(line.trap for line in training + judging if line.label == "none")
    assert len(traps) >= 20
    assert min(traps.values()) >= 12
    assert sum(bool(line.more) for line in training + judging) >= 30


def test_no_line_for_judging_has_a_sibling_in_training(
    training: list[LabelledLine], judging: list[LabelledLine]
) -> None:
    assert {line.template for line in training} & {line.template for line in judging} == set()


def test_no_line_for_judging_is_nearly_one_of_training(
    training: list[LabelledLine], judging: list[LabelledLine]
) -> None:
    known = [_grams(line.text) for line in training]
    holding: dict[str, list[int]] = defaultdict(list)
    for place, grams in enumerate(known):
        for gram in grams:
            holding[gram].append(place)
    near = []
    for line in judging:
        grams = _grams(line.text)
        shared = Counter(place for gram in grams for place in holding[gram])
        near += [
            (line.text, training[place].text)
            for place, common in shared.items()
            if common / len(grams | known[place]) > _NEAR
        ]
    assert near == []


def test_no_line_for_judging_was_read_while_rules_were_tuned(judging: list[LabelledLine]) -> None:
    assert not any(line.rules_read for line in judging)


@pytest.mark.parametrize(
    ("row", "field", "said"),
    [
        ('{"text": "有人拼草莓吗", "class": "share"}', "class", "'share' is no class; write one of where_to_buy"),
        ('{"text": "有人拼草莓吗"}', "class", "is missing; write one of"),
        ('{"class": "want"}', "text", "is missing or empty"),
        ('{"text": 5, "class": "want"}', "text", "is 5, not a text"),
        ('{"text": "想买草莓", "class": "want", "terms": "草莓"}', "terms", "not a list of texts"),
        ('{"text": "想买草莓", "class": "want", "more": [{"class": "none"}]}', "more.class", "'none' is no class"),
        ('{"text": "早上好", "class": "none", "more": [{"class": "want"}]}', "more", "has no further needs"),
        ('{"text": "想买草莓", "class": "want", "more": ["R"]}', "more", "is no list of objects"),
        ('{"text": "想买草莓"', "line", "is no JSON"),
        ('["想买草莓", "want"]', "line", "is no JSON object"),
    ],
)
def test_a_broken_row_is_named(tmp_path: Path, row: str, field: str, said: str) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text('{"text": "早上好", "class": "none"}\n\n' + row + "\n", encoding="utf-8")
    with pytest.raises(LabelError) as caught:
        read_labelled([path])
    assert (caught.value.file, caught.value.row, caught.value.field) == (str(path), 3, field)
    assert said in str(caught.value)


def test_an_id_that_was_used_before_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    row = json.dumps({"id": "a1", "text": "早上好", "class": "none"}, ensure_ascii=False)
    path.write_text(f"{row}\n{row}\n", encoding="utf-8")
    with pytest.raises(LabelError, match=r"row 2, id: 'a1' was used in .*row 1"):
        read_labelled([path])


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match=r"none\.jsonl: cannot be read"):
        read_labelled([tmp_path / "none.jsonl"])


def test_lines_without_class_take_the_one_given(tmp_path: Path) -> None:
    path = tmp_path / "talk.jsonl"
    path.write_text('{"text": "早上好"}\n{"text": "想买草莓", "class": "want"}\n', encoding="utf-8")
    assert [line.label for line in read_labelled([path], "none")] == ["none", "want"]
