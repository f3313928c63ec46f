from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis.strategies import datetimes, timezones
from sqlalchemy import DateTime, Dialect, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeEngine

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


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()], ids=["sqlite", "postgresql"])
@given(datetimes(timezones=timezones()))
def test_a_datetime_is_kept_as_sqlalchemy_keeps_it_in_utc(dialect: Dialect, at: datetime) -> None:
    try:
        utc = at.astimezone(UTC)
    except OverflowError:
        assume(False)
    plain = DateTime(timezone=True).dialect_impl(dialect).bind_processor(dialect)
    naive = utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc
    stored = _bound(UtcDateTime(), dialect)(at)
    assert stored == (plain(naive) if plain is not None else naive)
    read = UtcDateTime().dialect_impl(dialect).result_processor(dialect, None)
    assert read is not None
    assert read(stored) == utc
    assert read(stored).tzinfo is UTC


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()], ids=["sqlite", "postgresql"])
def test_a_datetime_without_a_zone_never_enters(dialect: Dialect) -> None:
    with pytest.raises(NaiveDateTimeError, match="no time zone"):
        _bound(UtcDateTime(), dialect)(datetime(2026, 11, 22))  # noqa: DTZ001 - the fault under test


def test_a_datetime_can_be_written_into_a_statement() -> None:
    at = datetime(2026, 11, 22, 19, 30, tzinfo=timezone(timedelta(hours=8)))
    written = select(literal(at, UtcDateTime)).compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    assert "'2026-11-22 11:30:00.000000'" in str(written)


def _bound(kind: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any]:
    bound = kind.dialect_impl(dialect).bind_processor(dialect)
    assert bound is not None
    return bound
