"""What patterns need is the same when it is read from disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from recommender import kept_necessities, necessities
from recommender.kept_necessities import recall_necessities
from recommender.need_rules import packaged_rules

_PATTERNS = ("哪里(?:有|能)?买", "[一二]号店", ".*", "退(?!休)")


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(necessities, "_known", {False: {}, True: {}})
    monkeypatch.setattr(necessities, "_enough", {})


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
    needed = {pattern: necessities.necessities(pattern, closely=closely) for pattern in patterns}
    enough = {pattern: necessities.sufficiencies(pattern) for pattern in patterns}
    recall_necessities(patterns, tmp_path, closely=not closely)
    recall_necessities(patterns, tmp_path, closely=closely)
    assert len(list(tmp_path.iterdir())) == 2
    monkeypatch.setattr(necessities, "_known", {False: {}, True: {}})
    monkeypatch.setattr(necessities, "_enough", {})
    recall_necessities(patterns, tmp_path, closely=closely)
    assert {pattern: necessities._known[closely][pattern] for pattern in patterns} == needed
    assert {pattern: necessities._enough[pattern] for pattern in patterns} == enough
    assert necessities._known[not closely] == {}


def test_what_is_kept_is_not_worked_out_again(tmp_path: Path, worked_out: list[str]) -> None:
    recall_necessities(_PATTERNS, tmp_path)
    assert sorted(worked_out) == sorted(_PATTERNS)
    recall_necessities(reversed(_PATTERNS), tmp_path)
    assert len(worked_out) == len(_PATTERNS)
    recall_necessities(_PATTERNS[:2], tmp_path)
    assert len(worked_out) == len(_PATTERNS) + 2
    assert len(list(tmp_path.iterdir())) == 2
