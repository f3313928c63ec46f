"""What patterns need is the same when it is read from disk."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from recommender import kept_necessities, necessities
from recommender.kept_necessities import recall_necessities
from recommender.need_rules import packaged_rules

_PATTERNS = ("哪里(?:有|能)?买", "[一二]号店", ".*", "退(?!休)")


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(necessities, "_known", {False: {}, True: {}})


@pytest.fixture
def worked_out(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The patterns for which it was worked out."""
    asked: list[str] = []

    def noted(pattern: str, *, closely: bool) -> object:
        asked.append(pattern)
        return necessities.necessities(pattern, closely=closely)

    monkeypatch.setattr(kept_necessities, "necessities", noted)
    return asked


def _every_pattern() -> list[str]:
    rules = packaged_rules()
    listed = [*rules.lists.values(), *rules.implicit, rules.cue, rules.joining, rules.withdrawal]
    return [one.pattern for one in (*(rule.pattern for rule in (*rules.triggers, *rules.blockers)), *listed)]


@pytest.mark.parametrize("closely", [False, True])
def test_all_rules_need_the_same_when_it_is_read_from_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, closely: bool
) -> None:
    patterns = _every_pattern()
    fresh = {pattern: necessities.necessities(pattern, closely=closely) for pattern in patterns}
    recall_necessities(patterns, tmp_path, closely=not closely)
    recall_necessities(patterns, tmp_path, closely=closely)
    assert len(list(tmp_path.iterdir())) == 2
    monkeypatch.setattr(necessities, "_known", {False: {}, True: {}})
    recall_necessities(patterns, tmp_path, closely=closely)
    assert {pattern: necessities._known[closely][pattern] for pattern in patterns} == fresh
    assert necessities._known[not closely] == {}


def test_what_is_kept_is_not_worked_out_again(tmp_path: Path, worked_out: list[str]) -> None:
    recall_necessities(_PATTERNS, tmp_path)
    assert sorted(worked_out) == sorted(_PATTERNS)
    recall_necessities(reversed(_PATTERNS), tmp_path)
    assert len(worked_out) == len(_PATTERNS)
    recall_necessities(_PATTERNS[:2], tmp_path)
    assert len(worked_out) == len(_PATTERNS) + 2
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    "damage", ["{", "[]", "[[1]]", '{"退": [[["退"]]]}', '{".*": 1}', '{".*": [[[""]]]}', '{".*": [[[]]]}'], ids=str
)
def test_damaged_ones_are_said_once_and_made_again(tmp_path: Path, damage: str) -> None:
    pattern = ".*"
    recall_necessities([pattern], tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_text(damage, encoding="utf-8")
    with capture_logs() as logs:
        recall_necessities([pattern], tmp_path)
        recall_necessities([pattern], tmp_path)
    assert [(log["event"], log["file"]) for log in logs] == [("necessities_damaged", str(file))]
    assert necessities.necessities(pattern) == ((),)


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    with capture_logs() as logs:
        recall_necessities(_PATTERNS, tmp_path / "gone")
    assert [log["event"] for log in logs] == ["necessities_not_kept"]
    assert necessities.necessities("退(?!休)")
