"""Many rows in one call of the driver, with values that are handed to it as they are.

SQLAlchemy makes each value of each row ready by its name, which costs three times what SQLite takes to store it. Here
a statement's text is made once for each dialect, and the types make ready whole columns, those only that need it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache
from itertools import chain, repeat
from operator import itemgetter
from typing import Any

from sqlalchemy import Dialect, Row, Table
from sqlalchemy.sql.dml import Insert, Update
from sqlalchemy.types import TypeEngine
from sqlmodel.ext.asyncio.session import AsyncSession

from core.database import connection_of

_AT_ONCE = 1_000
"""Rows in one INSERT: SQLite takes 32,766 values."""

_Ready = Callable[[Any], Any] | None
"""What makes a value ready for the driver; None where it is."""


class NewRows:
    """An INSERT of rows that returns something of each; with a ``key``, those whose keys are there are left alone.

    SQLite        INSERT … VALUES (?, ?, …), (?, ?, …), …                       row by row
    PostgreSQL    INSERT … SELECT … FROM unnest($1::…[], $2::…[], …) … ORDER BY  an array for each column

    followed on both by ``ON CONFLICT (key) DO NOTHING RETURNING …``. Ids that the database gives grow in the order of
    the rows. ``ready`` names columns whose values come as the driver takes them.
    """

    def __init__(
        self,
        table: Table,
        *,
        columns: Sequence[str],
        returning: Sequence[str],
        key: Sequence[str] = (),
        ready: Collection[str] = (),
    ) -> None:
        _check_defaults(table, columns)
        self._types = [table.c[name].type for name in columns]
        self._as_given = [name in ready for name in columns]
        self._into = f"INSERT INTO {table.name} ({', '.join(map(_quoted, columns))})"
        unless = f"ON CONFLICT ({', '.join(map(_quoted, key))}) DO NOTHING" if key else ""
        self._then = f"{unless} RETURNING {', '.join(map(_quoted, returning))}"
        self._row = f"({', '.join('?' * len(columns))})"
        self._ready = cache(self._make_ready)
        self._arrays = cache(lambda dialect: _arrays(self._types, dialect))

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
                source, values = self._arrays(dialect), tuple(columns)
            stored += (await connection.exec_driver_sql(f"{self._into} {source} {self._then}", values)).all()
        return stored

    def _make_ready(self, dialect: Dialect) -> list[_Ready]:
        made = _ready(self._types, dialect)
        return [None if given else make for given, make in zip(self._as_given, made, strict=True)]


class EachRow:
    """An INSERT or UPDATE of one row, carried out for many; ``names`` are those of its parameters.

    Those of an INSERT are the columns that it sets.
    """

    def __init__(self, statement: Insert | Update, names: Sequence[str]) -> None:
        if isinstance(statement, Insert):
            _check_defaults(statement.table, names)
            statement = statement.inline()  # nothing is to be returned
        self._statement = statement
        self._names = tuple(names)
        self._named = itemgetter(*names)
        self._compiled = cache(self._compile)

    async def carry_out(self, session: AsyncSession, rows: Sequence[Sequence[Any]]) -> None:
        """Carry it out for each of the rows, which hold the parameters in the order of ``names``."""
        if not rows:
            return
        connection = await connection_of(session)
        text, ready, marks = self._compiled(connection.dialect)
        columns = _made_ready(rows, ready)
        values = [repeat(*mark, len(rows)) if isinstance(mark, tuple) else columns[mark] for mark in marks]
        await connection.exec_driver_sql(text, list(zip(*values, strict=True)))

    async def carry_out_named(self, session: AsyncSession, rows: Iterable[Mapping[str, Any]]) -> None:
        """Carry it out for each of the rows, which hold the parameters by their names."""
        await self.carry_out(session, list(map(self._named, rows)))

    def _compile(self, dialect: Dialect) -> tuple[str, list[_Ready], list[int | tuple[Any]]]:
        """Return the text, what makes the parameters ready, and what each mark of the text takes.

        That is a parameter, by its place in ``names``, or (in a tuple) a value that the statement brings along.
        """
        keys = self._names if isinstance(self._statement, Insert) else None
        compiled = self._statement.compile(dialect=dialect, column_keys=keys)
        marks: list[int | tuple[Any]] = []
        for name in compiled.positiontup or ():
            if name in self._names:
                marks.append(self._names.index(name))
            else:
                (make,) = _ready([compiled.binds[name].type], dialect)
                value = compiled.params[name]
                marks.append((value if make is None else make(value),))
        return str(compiled), _ready([compiled.binds[name].type for name in self._names], dialect), marks


def _check_defaults(table: Any, given: Collection[str]) -> None:
    """Refuse to leave out columns whose defaults SQLAlchemy would have put in."""
    left_out = [column.name for column in table.c if column.default is not None and column.name not in given]
    if left_out:
        raise ValueError(f"the rows of {table.name} must name {', '.join(left_out)}: they have defaults")


def _quoted(name: str) -> str:
    return f'"{name}"'


def _ready(types: Iterable[TypeEngine[Any]], dialect: Dialect) -> list[_Ready]:
    return [kind.dialect_impl(dialect).bind_processor(dialect) for kind in types]


def _arrays(types: Sequence[TypeEngine[Any]], dialect: Dialect) -> str:
    """Return a SELECT of rows whose columns are given as arrays, in their order: so their ids are given."""
    # without its length: a cast to VARCHAR(32) would cut what is too long instead of refusing it
    casts = [f"${place}::{kind.compile(dialect).partition('(')[0]}[]" for place, kind in enumerate(types, start=1)]
    names = ", ".join(f"c{place}" for place in range(len(types)))
    return f"SELECT {names} FROM unnest({', '.join(casts)}) WITH ORDINALITY AS given ({names}, place) ORDER BY place"


def _made_ready(rows: Sequence[Sequence[Any]], ready: Sequence[_Ready]) -> list[Sequence[Any]]:
    """Return the rows as columns of values that the driver takes."""
    columns = zip(*rows, strict=True)
    return [values if make is None else _made(values, make) for make, values in zip(ready, columns, strict=True)]


def _made(values: Sequence[Any], make: Callable[[Any], Any]) -> Sequence[Any]:
    """Return what each value becomes; one that stands in many rows, as the batch's instant does, is made once."""
    apart = {id(value): value for value in values}
    if len(apart) == len(values):
        return [make(value) for value in values]
    made = {key: make(value) for key, value in apart.items()}
    return [made[id(value)] for value in values]
