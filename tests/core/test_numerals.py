from __future__ import annotations

import pytest

from core.numerals import read_numeral


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12), ("9.9", 9.9), ("十", 10), ("十五", 15), ("二十", 20),
        ("一百二", 120), ("一百零二", 102), ("两百五", 250), ("两千五", 2500),
        ("三万", 30000), ("俩", 2), ("仨", 3), ("半", 0.5), ("五十", 50), ("一百二十三", 123), ("零", 0),
    ],
)  # fmt: skip
def test_numerals_are_read_as_people_mean_them(text: str, value: float) -> None:
    assert read_numeral(text) == value


@pytest.mark.parametrize("text", ["", "一二三", "几", "abc", "1.2.3", "十半"])
def test_what_is_no_number_gives_none(text: str) -> None:
    assert read_numeral(text) is None
