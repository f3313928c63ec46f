"""The expected gain: day one is the threshold to the last bit, results move it slowly and within bounds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from recommender.gain import NO_RESULTS, Record, Result, expected_gain, share_wanted
from recommender.settings import ResultSettings

NOON = datetime(2026, 5, 1, 4, tzinfo=UTC)
SETTINGS = ResultSettings()
SHARE = st.floats(0, 1)
COUNT = st.floats(0, 10_000)
RECORDS = st.builds(Record, COUNT, COUNT, COUNT, COUNT, st.just(NOON))


def bar(record: Record, threshold: float = 0.5, chosen: ResultSettings = SETTINGS) -> float:
    return expected_gain(threshold, 1.0, threshold, record, chosen).bar


@given(SHARE, SHARE)
def test_without_results_the_threshold_decides(score: float, threshold: float) -> None:
    gain = expected_gain(score, 1.0, threshold, NO_RESULTS, SETTINGS)
    assert (gain.value >= 0) == (score >= threshold)
    assert (gain.wanted, gain.correction) == (score, 0.0)


@given(RECORDS, SHARE)
def test_results_never_move_the_bar_out_of_its_bounds(record: Record, threshold: float) -> None:
    least, most = min(SETTINGS.lowest, threshold), max(SETTINGS.highest, threshold)
    assert least - 1e-5 <= bar(record, threshold) <= most + 1e-5


@given(RECORDS, SHARE, st.floats(0.01, 0.99))
def test_the_bar_and_the_gain_say_the_same(record: Record, score: float, threshold: float) -> None:
    gain = expected_gain(score, 1.0, threshold, record, SETTINGS)
    if abs(score - gain.bar) > 1e-6:
        assert (gain.value >= 0) == (score >= gain.bar)


@given(RECORDS)
def test_more_orders_never_raise_the_bar_and_more_refusals_never_lower_it(record: Record) -> None:
    assert bar(record.plus({Result.ORDERED: 1})) <= bar(record) + 1e-9
    assert bar(record.plus({Result.REFUSED: 1})) >= bar(record) - 1e-9


def test_small_numbers_move_little() -> None:
    assert bar(Record(ignored=1)) < 0.52
    assert bar(Record(refused=1)) < 0.57
    assert bar(Record(ignored=16)) == pytest.approx(0.66, abs=0.01)


def test_a_flood_of_ignored_pushes_ends_at_the_ceiling() -> None:
    assert bar(Record(ignored=1e6)) == pytest.approx(SETTINGS.highest)


def test_a_group_that_buys_comes_down_from_a_high_threshold_to_the_floor() -> None:
    assert bar(Record(ordered=4, ignored=8), 0.7) < 0.65
    assert bar(Record(ordered=1e6), 0.7) == pytest.approx(SETTINGS.lowest)
    assert bar(Record(ordered=1e6)) == 0.5


def test_a_usual_group_stays_where_it_is() -> None:
    assert share_wanted(Record(ordered=15, ignored=85), SETTINGS) == pytest.approx(SETTINGS.usual)
    assert bar(Record(ordered=15, ignored=85), 0.7) == pytest.approx(0.7)


def test_the_cost_is_what_the_threshold_says() -> None:
    dear = expected_gain(0.9, 0.95, 0.8, NO_RESULTS, SETTINGS)
    assert dear.cost == pytest.approx(4)
    assert dear.value == pytest.approx(0.9 - 0.1 * 4)
    assert dear.certainty * dear.fit == pytest.approx(dear.score)


def test_who_asks_by_name_is_not_held_back_by_results() -> None:
    record = Record(ignored=100)
    assert expected_gain(0.6, 1.0, 0.5, record, SETTINGS).value < 0
    assert expected_gain(0.6, 1.0, 0.5, record, SETTINGS, asked=True).value > 0


def test_old_results_weigh_less() -> None:
    record = Record(ordered=8, refused=2, at=NOON)
    later = record.later(NOON + timedelta(days=SETTINGS.half_life_days), SETTINGS.half_life_days)
    assert (later.ordered, later.refused) == (pytest.approx(4), pytest.approx(1))
    assert record.later(NOON - timedelta(days=1), SETTINGS.half_life_days) == record


def test_switched_off_results_change_nothing() -> None:
    assert bar(Record(refused=100), chosen=ResultSettings(enabled=False)) == 0.5


def test_bounds_in_the_wrong_order_are_named() -> None:
    with pytest.raises(ValidationError, match=r"lowest \(0\.9\) is above highest \(0\.8\)"):
        ResultSettings(lowest=0.9)
