from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import values

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("59.9", "59.90"),
        ("59.9元", "59.90"),
        ("¥59.90", "59.90"),
        ("￥ 1,299", "1299.00"),
        ("12,345,678.5", "12345678.50"),
        ("５９．９", "59.90"),
        ("CNY 5", "5.00"),
        ("5 RMB", "5.00"),
        ("0.01", "0.01"),
        (".5", "0.50"),
    ],
)
def test_prices_that_people_write(text: str, expected: str) -> None:
    assert values.amount(text, "CNY") == Decimal(expected)


@pytest.mark.parametrize(
    "text", ["面议", "", "-5", "0", "0.001", "59,9", "1.299,00", "5-8", "1e3", "nan", "59.9/斤", "9" * 12]
)
def test_what_is_not_a_price_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"price|zero|money"):
        values.amount(text, "CNY")


def test_a_price_in_another_currency_is_refused() -> None:
    with pytest.raises(ValueError, match="is not in CNY"):
        values.amount("$5", "CNY")
    assert values.amount("$5", "USD") == 5


def test_prices_in_hundredths() -> None:
    assert values.amount("5990", "CNY", hundredths=True) == Decimal("59.90")
    with pytest.raises(ValueError, match="hundredths"):
        values.amount("59.9", "CNY", hundredths=True)


@pytest.mark.parametrize(
    ("text", "ends", "expected"),
    [
        ("2026-11-22", False, "2026-11-21T16:00Z"),
        ("2026-11-22", True, "2026-11-22T16:00Z"),
        ("2026/11/22", False, "2026-11-21T16:00Z"),
        ("2026.1.2", False, "2026-01-01T16:00Z"),
        ("20261122", False, "2026-11-21T16:00Z"),
        ("2026年11月22日", False, "2026-11-21T16:00Z"),
        ("2026年11月22日18：30", False, "2026-11-22T10:30Z"),
        ("2026/11/22 18:30", True, "2026-11-22T10:30Z"),
        ("2026-11-22 24:00", True, "2026-11-22T16:00Z"),
        ("2026-11-22T18:30:05", False, "2026-11-22T10:30:05Z"),
        ("2026-11-22T18:30:05.123Z", False, "2026-11-22T18:30:05Z"),
        ("2026-11-22T18:30:05+09:00", False, "2026-11-22T09:30:05Z"),
    ],
)
def test_dates_that_people_write(text: str, ends: bool, expected: str) -> None:
    assert values.instant(text, SHANGHAI, ends=ends) == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    "value", ["明天", "2026-02-30", "2026-11-22 25:00", "22/11/2026", "0001-01-01", "9999-12-31", True, "45982"]
)
def test_what_is_not_a_date_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"date|exist|range|true"):
        values.instant(value, SHANGHAI, ends=True)


def test_dates_in_a_given_form() -> None:
    start = datetime(2026, 11, 22, tzinfo=SHANGHAI)
    assert values.instant("22.11.2026", SHANGHAI, form="%d.%m.%Y") == start
    assert values.instant("22.11.2026", SHANGHAI, form="%d.%m.%Y", ends=True).day == 22
    assert values.instant(1795276800, SHANGHAI, form="unix") == datetime.fromtimestamp(1795276800, UTC)
    assert values.instant("1795276800000", SHANGHAI, form="unix_ms") == datetime.fromtimestamp(1795276800, UTC)
    assert values.instant(datetime(2026, 11, 22), SHANGHAI) == start  # noqa: DTZ001 - as a workbook gives it
    assert values.instant(date(2026, 11, 22), SHANGHAI) == start
    with pytest.raises(ValueError, match="format"):
        values.instant("2026-11-22", SHANGHAI, form="%d.%m.%Y")


@pytest.mark.parametrize(
    "text",
    ["阳光小区|星河湾", "阳光小区,星河湾", "阳光小区、星河湾", "阳光小区；星河湾;", "阳光小区， 星河湾,阳光小区"],
)
def test_lists_are_cut_at_the_marks_people_use(text: str) -> None:
    assert values.items(text) == ["阳光小区", "星河湾"]


def test_a_list_with_its_own_mark_keeps_the_others() -> None:
    assert values.items("A,B/C", "/") == ["A,B", "C"]
    assert values.items(["A,B", 3, ""]) == ["A,B", "3"]


@pytest.mark.parametrize(
    "value",
    [
        "2:55|3:52.5",
        "2：55；3：52.5元",
        "2件:55, 3件:52.5",
        "满2=55|满3=52.5",
        ["3:52.5", "2:55"],
        [[2, 55], [3, Decimal("52.5")]],
        [{"from": 2, "p": 55}, {"from": 3, "p": "52.5"}],
    ],
)
def test_tiers_that_suppliers_write(value: object) -> None:
    keys = {"from": "quantity", "p": "price"}
    assert values.tiers(value, "CNY", keys=keys) == [(2, Decimal(55)), (3, Decimal("52.5"))]


@pytest.mark.parametrize("value", ["55", "1:55", "2:55|2:50", "2:", [{"from": 2}], [None], "2:免费"])
def test_what_is_not_a_tier_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"tier|quantity|price|two"):
        values.tiers(value, "CNY", keys={})


def test_whole_numbers() -> None:
    assert values.whole("12", 0, "") == values.whole("12.0", 0, "") == values.whole("１２", 0, "") == 12
    assert values.whole("1,200", 0, "") == 1200
    for text in ("-1", "1.5", "many", "99999999999", "inf", "1,2"):
        with pytest.raises(ValueError, match="write it so"):
            values.whole(text, 0, "write it so")


def test_text_is_one_clean_line() -> None:
    assert values.plain(" 大果\n草莓\u3000\u202e3斤\x00 ") == "大果 草莓 3斤"
    assert values.plain("👩\u200d🍳") == "👩\u200d🍳"
    assert values.plain(12.0) == values.plain(Decimal("12.00")) == values.plain(12) == "12"
    for value, reason in (
        ("\ud800", "half a character"),
        ("a\ufffd", "encoding"),
        ("#REF!", "formula"),
        ([1], "a list"),
    ):
        with pytest.raises(ValueError, match=reason):
            values.plain(value)


def test_only_web_addresses_are_links() -> None:
    assert values.address("https://example.com/a?b=1", 100)
    for text in ("javascript:alert(1)", "/img/1.jpg", "http://", 'http://a/"onclick="'):
        with pytest.raises(ValueError, match="not an address"):
            values.address(text, 100)


@given(st.text() | st.integers() | st.floats() | st.booleans() | st.none() | st.decimals())
def test_any_value_is_read_or_refused_in_words(value: object) -> None:
    readers: list[Callable[[object], object]] = [
        values.plain,
        values.items,
        lambda cell: values.amount(values.plain(cell), "CNY"),
        lambda cell: values.whole(values.plain(cell), 0, ""),
        lambda cell: values.instant(cell, SHANGHAI, ends=True),
        lambda cell: values.tiers(cell, "CNY", keys={}),
    ]
    for read in readers:
        with contextlib.suppress(ValueError):  # anything else is a fault of the reader
            read(value)
