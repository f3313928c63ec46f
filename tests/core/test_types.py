from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from sqlalchemy.dialects import postgresql, sqlite

from core.types import DecimalAmount, Money, NaiveDateTimeError, UtcDateTime


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("59.9", "59.90"),
        ("¥59.90", "59.90"),
        ("59.9元", "59.90"),
        ("1,299", "1299.00"),
        ("12,345.6", "12345.60"),
        ("0", "0.00"),
    ],
)
def test_money_is_read_exactly(text: str, amount: str) -> None:
    assert Money.parse(text) == Money(Decimal(amount))


@pytest.mark.parametrize("text", ["59,9", "1.299,00", "", "免费", "-3", "nan", "1e12", "12,34"])
def test_what_is_no_amount_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError, match="amount of money"):
        _ = Money.parse(text)


def test_money_is_shown_as_people_write_it() -> None:
    assert str(Money(Decimal("59.90"))) == "59.9 元"
    assert str(Money(Decimal("60.00"), "HKD")) == "60 HKD"


def test_an_amount_is_kept_in_hundredths() -> None:
    column = DecimalAmount()
    assert column.process_bind_param(Decimal("59.90"), sqlite.dialect()) == 5990
    assert column.process_result_value(5990, sqlite.dialect()) == Decimal("59.90")


def test_a_datetime_comes_back_in_utc_and_a_naive_one_never_enters() -> None:
    column = UtcDateTime()
    local = datetime(2026, 11, 22, 19, 30, tzinfo=timezone(timedelta(hours=8)))
    stored = column.process_bind_param(local, sqlite.dialect())
    assert column.process_result_value(stored, sqlite.dialect()) == local
    assert column.process_bind_param(local, postgresql.dialect()) == local.astimezone(UTC)
    with pytest.raises(NaiveDateTimeError, match="no time zone"):
        column.process_bind_param(datetime(2026, 11, 22), sqlite.dialect())  # noqa: DTZ001 - the fault under test
