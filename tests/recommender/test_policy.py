"""May the bot speak: every refusal, and which of two goes first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.outcomes import Hold
from recommender.policy import Level, Situation, may_be_sent, may_push
from recommender.settings import RecommenderSettings

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 5, 1, 4, tzinfo=UTC)
NIGHT = datetime(2026, 5, 1, 16, tzinfo=UTC)
SETTINGS = RecommenderSettings()
FREE = Situation(Level.PUSH, False, False, False, NOON, gain=0.8)

REFUSALS: list[tuple[Hold, dict[str, Any]]] = [
    # in the order in which they are asked
    (Hold.LEVEL, {"level": Level.LISTEN}),
    (Hold.PAUSED, {"paused": True}),
    (Hold.QUIET_HOURS, {"now": NIGHT}),
    (Hold.UNSUBSCRIBED, {"unsubscribed": True}),
    (Hold.SHOWN_LATELY, {"hidden_only": True}),
    (Hold.CAP_MEMBER, {"member_answered_at": NIGHT - timedelta(minutes=9)}),
    (Hold.CAP_GROUP, {"group_answers": SETTINGS.answers_per_group_per_day}),
    (Hold.CAP_ACCOUNT, {"account_answers": SETTINGS.answers_per_account_per_day}),
    (Hold.BELOW_THRESHOLD, {"gain": -0.02}),
    (Hold.ALREADY_OFFERED, {"term_answered_at": NIGHT - timedelta(minutes=19)}),
]


def _at_night(change: dict[str, Any]) -> dict[str, Any]:
    """Instants of a change are counted from the night; at noon they are shifted along."""
    return {name: value - (NIGHT - NOON) if name.endswith("_at") else value for name, value in change.items()}


def test_nothing_in_the_way() -> None:
    assert may_push(FREE, SETTINGS, ZONE) is None


@pytest.mark.parametrize(("hold", "change"), REFUSALS, ids=lambda value: str(value) if isinstance(value, Hold) else "")
def test_each_refusal(hold: Hold, change: dict[str, Any]) -> None:
    assert may_push(replace(FREE, **_at_night(change)), SETTINGS, ZONE) is hold


@pytest.mark.parametrize(("earlier", "later"), list(pairwise(REFUSALS)))
def test_the_order_of_refusals(earlier: tuple[Hold, dict[str, Any]], later: tuple[Hold, dict[str, Any]]) -> None:
    both = {**later[1], **earlier[1]}
    if both.get("now") is None:
        both = _at_night(both)
    assert may_push(replace(FREE, **both), SETTINGS, ZONE) is earlier[0]


def test_level_two_answers_who_mentions_it() -> None:
    asked = replace(FREE, level=Level.WHEN_MENTIONED)
    assert may_push(asked, SETTINGS, ZONE) is Hold.LEVEL
    assert may_push(replace(asked, mentioned=True), SETTINGS, ZONE) is None


def test_off_is_off_even_when_mentioned() -> None:
    assert may_push(replace(FREE, level=Level.OFF, mentioned=True), SETTINGS, ZONE) is Hold.LEVEL


def test_without_limits_only_manners_and_certainty_remain() -> None:
    unlimited = RecommenderSettings(limits=False)
    busy = replace(FREE, now=NIGHT, group_answers=99, account_answers=999, hidden_only=True, member_answered_at=NIGHT)
    assert may_push(busy, unlimited, ZONE) is None
    assert may_push(replace(busy, paused=True), unlimited, ZONE) is Hold.PAUSED
    assert may_push(replace(busy, gain=-0.8), unlimited, ZONE) is Hold.BELOW_THRESHOLD


def test_what_is_checked_again_at_sending() -> None:
    assert may_be_sent(FREE, SETTINGS, ZONE) is None
    assert may_be_sent(replace(FREE, unsubscribed=True), SETTINGS, ZONE) is Hold.UNSUBSCRIBED
    assert may_be_sent(replace(FREE, gain=-1.0), SETTINGS, ZONE) is None
