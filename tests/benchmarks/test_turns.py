"""How ways are measured against each other, and how it is shown."""

from __future__ import annotations

import gc

import pytest

from benchmarks.report import Report, show
from benchmarks.turns import Turns, for_a_while, in_turns, over, rounded


def test_ways_take_turns_forwards_and_backwards_and_nothing_is_collected_meanwhile() -> None:
    said: list[str] = []

    def way(name: str) -> int:
        said.append(name if not gc.isenabled() else name.upper())
        return 1

    turns = in_turns({"a": lambda: way("a"), "b": lambda: way("b")}, rounds=3)
    assert "".join(said) == "AB" + "ab" + "ba" + "ab"
    assert gc.isenabled()
    assert {name: len(speeds) for name, speeds in turns.speeds.items()} == {"a": 3, "b": 3}


def test_rubbish_is_collected_again_after_a_way_breaks_down() -> None:
    def broken() -> int:
        if not gc.isenabled():
            raise RuntimeError("no")
        return 1

    with pytest.raises(RuntimeError, match="no"):
        in_turns({"a": broken}, rounds=1)
    assert gc.isenabled()


def test_a_ratio_is_taken_inside_each_round() -> None:
    """A machine that slows down by half in one round slows both, and the ratio stays."""
    turns = Turns({"ours": [100.0, 50.0, 120.0], "peer": [10.0, 5.0, 10.0]})
    ratio = turns.ratio("ours", "peer")
    assert (ratio.median, ratio.low, ratio.high) == (10.0, 10.0, 12.0)
    assert turns.against("ours", "peer", goal=11.0) == {
        "ours is ×": 10.0,
        "× spread": "+0..+20 %",
        "goal ×": 11.0,
        "met": False,
    }
    assert "met" not in turns.against("ours", "peer")
    assert turns.row("peer", "lines/s") == {"lines/s": 10.0, "spread": "-50..+0 %"}


def test_a_turn_goes_over_the_items_as_often_as_its_time_holds() -> None:
    calls: list[int] = []
    work = over(calls.append, [1, 2, 3], pieces=64, seconds=0.0)
    calls.clear()
    assert work() == 3 * 64
    assert calls == [1, 2, 3]
    assert over(calls.append, [1, 2, 3], seconds=0.01)() > 3


def test_a_slow_call_is_made_at_least_once() -> None:
    calls: list[int] = []
    assert for_a_while(lambda: calls.append(1), seconds=0.0)() == 1
    assert calls == [1]


@pytest.mark.parametrize(("value", "shown"), [(123_456.7, 123_457), (12.345, 12.3), (0.012345, 0.0123), (0.0, 0.0)])
def test_figures_have_the_digits_they_are_worth(value: float, shown: float) -> None:
    assert rounded(value) == shown


def test_a_table_says_no_in_capitals_where_a_goal_is_missed(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"way": "ours"}, {"way": "peer", "goal ×": 4.0, "met": False}, {"way": "other", "goal ×": 2.0, "met": True}]
    show(Report("x", "a table", rows, ["a note [with brackets]"]))
    printed = capsys.readouterr().out
    assert "NO" in printed
    assert "yes" in printed
    assert "a note [with brackets]" in printed
