"""Many rows in one call of the driver, with values that are handed to it as they are.

SQLAlchemy makes each value of each row ready by its name, which costs three times what SQLite takes to store it. Here
a statement's text is made once for each dialect, and the types make ready whole columns, those only that need it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import chain
from typing import Any

from sqlalchemy import Dialect, Row, Table
from sqlalchemy.sql.dml import Update
from sqlalchemy.types import TypeEngine
from sqlmodel.ext.asyncio.session import AsyncSession

from core.database import connection_of

_AT_ONCE = 1_000
"""Rows in one INSERT: SQLite takes 32,766 values."""

_Ready = Callable[[Any], Any] | None
"""What makes a value ready for the driver; None where it is."""


class NewRows:
    """An INSERT of rows whose keys may be there already.

    SQLite        INSERT … VALUES (?, ?, …), (?, ?, …), …             row by row
    PostgreSQL    INSERT … SELECT * FROM unnest($1::…[], $2::…[], …)  an array for each column

    followed on both by ``ON CONFLICT (key) DO NOTHING RETURNING …``.
    """

    def __init__(self, table: Table, *, columns: Sequence[str], key: Sequence[str], returning: Sequence[str]) -> None:
        self._types = [table.c[name].type for name in columns]
        self._into = f"INSERT INTO {table.name} ({', '.join(columns)})"
        self._then = f"ON CONFLICT ({', '.join(key)}) DO NOTHING RETURNING {', '.join(returning)}"
        self._row = f"({', '.join('?' * len(columns))})"
        self._ready = cache(lambda dialect: _ready(self._types, dialect))
        self._arrays = cache(lambda dialect: ", ".join(_arrays(self._types, dialect)))

    async def insert(self, session: AsyncSession, rows: Sequence[Sequence[Any]]) -> list[Row[Any]]:
        """Store rows whose keys are new; return the ``returning`` columns of those, in no promised order.

        Each row holds the values of ``columns`` in their order.
        """
        connection = await connection_of(session)
        dialect = connection.dialect
        stored: list[Row[Any]] = []
        for start in range(0, len(rows), _AT_ONCE):
            some = rows[start : start + _AT_ONCE]
            columns = _made_ready(some, self._ready(dialect))
            if dialect.name == "sqlite":
                source = f"VALUES {', '.join([self._row] * len(some))}"
                values = tuple(chain.from_iterable(zip(*columns, strict=True)))
            else:
                source, values = f"SELECT * FROM unnest({self._arrays(dialect)})", tuple(columns)
            stored += await connection.exec_driver_sql(f"{self._into} {source} {self._then}", values)
        return stored


class EachRow:
    """An UPDATE of one row by its key, carried out for many; ``names`` are those of its parameters."""

    def __init__(self, statement: Update, names: Sequence[str]) -> None:
        self._statement = statement
        self._names = names
        self._compiled = cache(self._compile)

    async def update(self, session: AsyncSession, rows: Sequence[Sequence[Any]]) -> None:
        """Update for each of the rows, which hold the parameters in the order of ``names``."""
        if not rows:
            return
        connection = await connection_of(session)
        text, order, ready = self._compiled(connection.dialect)
        columns = _made_ready(rows, ready)
        await connection.exec_driver_sql(text, list(zip(*(columns[place] for place in order), strict=True)))

    def _compile(self, dialect: Dialect) -> tuple[str, list[int], list[_Ready]]:
        """Return the text, where each of its marks finds its value, and what makes the values ready."""
        compiled = self._statement.compile(dialect=dialect)
        order = [self._names.index(name) for name in compiled.positiontup or ()]
        return str(compiled), order, _ready([compiled.binds[name].type for name in self._names], dialect)


def _ready(types: Iterable[TypeEngine[Any]], dialect: Dialect) -> list[_Ready]:
    return [kind.dialect_impl(dialect).bind_processor(dialect) for kind in types]


def _arrays(types: Iterable[TypeEngine[Any]], dialect: Dialect) -> Iterable[str]:
    for place, kind in enumerate(types, start=1):
        # without its length: a cast to VARCHAR(32) would cut what is too long instead of refusing it
        yield f"${place}::{kind.compile(dialect).partition('(')[0]}[]"


def _made_ready(rows: Sequence[Sequence[Any]], ready: Sequence[_Ready]) -> list[Sequence[Any]]:
    """Return the rows as columns of values that the driver takes."""
    columns = zip(*rows, strict=True)
    return [values if make is None else _made(values, make) for make, values in zip(ready, columns, strict=True)]


def _made(values: Sequence[Any], make: Callable[[Any], Any]) -> Sequence[Any]:
    if values.count(values[0]) == len(values):  # the batch's own instant
        return [make(values[0])] * len(values)
    return [make(value) for value in values]
