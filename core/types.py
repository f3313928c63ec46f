"""Column types and value types that every table shares."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict
from sqlalchemy import BigInteger, DateTime, Integer
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import SQLModel

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Dialect


class Table(SQLModel):
    """Base of every table class. Rows are not validated: pydantic makes its validators when one asks for them."""

    model_config = ConfigDict(defer_build=True)  # type: ignore[assignment]  # SQLModel's own kind adds keys to it


BigId = BigInteger().with_variant(Integer(), "sqlite")
"""A 64-bit key; SQLite only auto-increments a column declared INTEGER."""


_TEXT_LENGTH = len("2026-11-22 11:00:00.000000")


class _SqliteDateTime(sqlite.DATETIME):
    """The text that SQLAlchemy keeps a datetime as; ``UtcDateTime`` writes it, by the interpreter and in one step."""

    def bind_processor(self, dialect: Dialect) -> None:
        """Return nothing: the values are texts already."""

    def literal_processor(self, dialect: Dialect) -> Callable[[str], str]:
        """Return what writes a text into a statement."""
        return lambda text: f"'{text}'"


_SQLITE_DATETIME = _SqliteDateTime()  # type: ignore[no-untyped-call]


def _utc(value: datetime | None) -> datetime | None:
    if value is None or value.tzinfo is UTC:
        return value
    if value.tzinfo is None:
        raise NaiveDateTimeError(value)
    return value.astimezone(UTC)


def _utc_text(value: datetime | None) -> str | None:
    utc = _utc(value)
    return None if utc is None else utc.isoformat(" ", "microseconds")[:_TEXT_LENGTH]


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC. SQLite gives naive values back; a naive value never enters here."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime]:
        """Return the type that the database keeps."""
        return _SQLITE_DATETIME if dialect.name == "sqlite" else self.impl_instance

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], datetime | str | None]:
        """Return what makes a value ready to be stored: in UTC, for SQLite as ``2026-11-22 11:00:00.000000``.

        In one call and not in SQLAlchemy's three: every message has such values. A naive one is refused.
        """
        return _utc_text if dialect.name == "sqlite" else _utc

    def process_literal_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Make a value ready that stands in the text of a statement."""
        return self.bind_processor(dialect)(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the value its time zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class NaiveDateTimeError(ValueError):
    """A datetime without a time zone was about to be stored."""

    def __init__(self, value: datetime) -> None:
        super().__init__(f"datetime {value!r} has no time zone; take it from the clock or attach one")


_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
"""1,299.00 but not 59,9: a comma that is no thousands mark must not vanish silently."""


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount with its currency; exact, two decimal places.

    ``amount`` is in the currency's main unit (yuan, not fen).
    """

    amount: Decimal
    currency: str = "CNY"

    @classmethod
    def parse(cls, text: str, currency: str = "CNY") -> Money:
        """Read ``59.9``, ``¥59.90``, ``59.9元`` or ``1,299``; raise ``ValueError`` for anything else."""
        digits = text.strip().removeprefix("¥").removeprefix("￥").removesuffix("元").strip()
        if _THOUSANDS.fullmatch(digits):
            digits = digits.replace(",", "")
        try:
            amount = Decimal(digits)
        except InvalidOperation:
            raise ValueError(f"{text!r} is not an amount of money") from None
        if not amount.is_finite() or amount < 0 or amount > Decimal("99999999"):
            raise ValueError(f"{text!r} is not an amount of money between 0 and 99999999")
        return cls(amount.quantize(Decimal("0.01"), ROUND_HALF_UP), currency)

    def __str__(self) -> str:
        plain = f"{self.amount.normalize():f}"
        return f"{plain} 元" if self.currency == "CNY" else f"{plain} {self.currency}"


class DecimalAmount(TypeDecorator[Decimal]):
    """A two-place decimal kept as an integer of hundredths: exact in SQLite, sortable everywhere."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        """Store hundredths, rounded half up."""
        return None if value is None else int((value * 100).to_integral_value(ROUND_HALF_UP))

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        """Return the decimal with two places."""
        return None if value is None else Decimal(value).scaleb(-2)
