"""How well topics and room names are read, by kind, on labelled sets written before the rules were tuned."""

from __future__ import annotations

import pytest

from tests.groups.labelled import HALVES, Score, name_scores, rows, topic_scores

TOPIC_FLOORS = {"neighbourhood": 0.94, "category": 0.96, "person": 0.93}
NAME_FLOORS = {"neighbourhood": 0.96, "zone": 0.99, "building": 0.98, "room": 0.98}
"""A little below what was measured on the held-out half."""


def _printed(what: str, half: str, scores: dict[str, Score]) -> str:
    lines = [
        f"{what:<10} {half:<4} {kind:<14} {score.share():.3f}"
        f"   says something {score.share('said'):.3f} of {score.all['said']:>3}"
        f"   says nothing {score.share('silent'):.3f} of {score.all['silent']:>3}"
        for kind, score in scores.items()
    ]
    return "\n".join(lines)


def test_the_sets_are_as_large_as_they_must_be() -> None:
    assert sum(len(rows("topics", half)) for half in HALVES) >= 200
    assert sum(len(rows("room_names", half)) for half in HALVES) >= 400


@pytest.mark.parametrize("half", HALVES)
def test_topics_are_read(half: str, capsys: pytest.CaptureFixture[str]) -> None:
    scores = topic_scores(half)
    with capsys.disabled():
        print(f"\n{_printed('topics', half, scores)}")  # noqa: T201 - the figures are the point
    assert {kind: score.share() >= TOPIC_FLOORS[kind] for kind, score in scores.items()} == dict.fromkeys(scores, True)


@pytest.mark.parametrize("half", HALVES)
def test_room_names_are_read(half: str, capsys: pytest.CaptureFixture[str]) -> None:
    scores = name_scores(half)
    with capsys.disabled():
        print(f"\n{_printed('room names', half, scores)}")  # noqa: T201
    assert {kind: score.share() >= NAME_FLOORS[kind] for kind, score in scores.items()} == dict.fromkeys(scores, True)


@pytest.mark.parametrize("half", HALVES)
def test_names_that_say_nothing_are_not_read_into(half: str) -> None:
    """A wrong place costs more than a missed one: goods would be shown that cannot be delivered."""
    scores = {**topic_scores(half), **{f"name {kind}": score for kind, score in name_scores(half).items()}}
    assert {kind: score.share("silent") >= 0.97 for kind, score in scores.items()} == dict.fromkeys(scores, True)
