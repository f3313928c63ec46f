"""What is kept of a person: where it stands, how it is given to them, how it is taken away.

Each package answers for its own.

A package names every column that can hold a text and says how it is treated; the program puts the packages together.
What must stay for the law stays under a keyed hash: ``keyed_mark`` is the only way back, by trying a known id.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from sqlalchemy import JSON, Table, Text, cast, or_, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from core.database import execute
from core.text import strip_quote

REDACTED = "（已删除）"
"""What stands where a deleted person was named."""
ERASED = "erased:"
"""How the pseudonym of a deleted person begins; no contact id of a channel does."""
_SHORTEST_NAME = 2
"""Characters; a shorter name is too often a plain word to be taken out of what others wrote."""
_CHUNK = 500

Cell = str | int | float | Decimal | datetime | None


class Treatment(StrEnum):
    """What a deletion does with a column."""

    ERASED = "erased"  # the row goes, or the value is emptied
    HASHED = "hashed"  # only ever holds a keyed hash
    FROZEN = "frozen"  # kept as the law asks, under a pseudonym and without free text
    NOT_PERSONAL = "not personal"  # can name no member; the reason says why


class Column(NamedTuple):
    """How one column is treated, and why where that is not plain."""

    how: Treatment
    reason: str = ""


def columns(table: str, how: Treatment, *names: str, reason: str = "") -> dict[str, Column]:
    """Return the same treatment for several columns of a table, by ``table.column``."""
    return {f"{table}.{name}": Column(how, reason) for name in names}


@dataclass(frozen=True, slots=True)
class Sheet:
    """One kind of data about a person, as they are given it; titles in the reader's language."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What a package knows a person by: names they are shown under, and texts that are theirs word for word."""

    names: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Person:
    """Somebody as one account knows them, with everything that may lead to them.

    ``shared`` are those of their names that somebody else in the same groups bears too: these tell nobody apart and are
    left in what others wrote. ``longer`` are names of others that contain one of theirs (小美妈妈). ``words`` are texts
    of theirs that others may quote. ``until`` is the inbox id up to which messages are meant, None for all. ``times``
    counts earlier deletions: what was ordered after a return gets a pseudonym of its own.
    """

    channel: str
    account: str
    contact_id: str
    secret: bytes = field(repr=False)
    names: frozenset[str] = frozenset()
    shared: frozenset[str] = frozenset()
    longer: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    group_ids: tuple[int, ...] = ()
    rooms: tuple[str, ...] = ()
    until: int | None = None
    times: int = 0

    @cached_property
    def mark(self) -> str:
        """Return the keyed hash that stands for the person."""
        return keyed_mark(self.secret, self.channel, self.account, self.contact_id)

    def pseudonym(self, name: str = "") -> str:
        """Return what stands for the person in frozen orders; for ``name``, what stands for that name of theirs."""
        mark = keyed_mark(self.secret, self.channel, self.account, name) if name else self.mark
        return f"{ERASED}{mark[:16]}" + (f"-{self.times + 1}" if self.times else "")

    @property
    def telling(self) -> frozenset[str]:
        """Return the names that mean this person and nobody else here."""
        return frozenset(name for name in self.names - self.shared if len(name) >= _SHORTEST_NAME)


class PersonalData(Protocol):
    """One package's answer to the questions of access and deletion."""

    @property
    def name(self) -> str:
        """Return the package's name."""
        ...

    @property
    def columns(self) -> Mapping[str, Column]:
        """Return the treatment of every text, JSON and binary column of the package's tables, by ``table.column``."""
        ...

    async def find(self, session: AsyncSession, person: Person) -> Found:
        """Return what this package knows the person by."""
        ...

    async def export(self, session: AsyncSession, person: Person) -> list[Sheet]:
        """Return what this package keeps about the person."""
        ...

    async def erase(self, session: AsyncSession, person: Person, traces: Traces, now: datetime) -> Mapping[str, int]:
        """Take away what this package keeps about the person; return how many rows of each kind were touched."""
        ...


def keyed_mark(secret: bytes, *parts: str) -> str:
    """Return the keyed hash of an identity; without the key nobody can try ids against it."""
    return hmac.new(secret, "\x00".join(parts).encode("utf-8", "surrogatepass"), "sha256").hexdigest()


class Traces:
    """Finds and takes out a person's id and names in texts that are not theirs.

    ``rewrite`` is asked first for a text that has a form of its own (a 接龙, where a whole entry goes and not only the
    name): it returns the text without the person, or None when it is no such text.
    """

    def __init__(self, person: Person, rewrite: Callable[[str, Traces], str | None] | None = None) -> None:
        self.person = person
        self._rewrite = rewrite
        self.needles = (person.contact_id, *sorted(person.names))  # coarse; what is found is looked at again
        gone = [rf"(?<![A-Za-z0-9_@.-]){re.escape(person.contact_id)}(?![A-Za-z0-9_@-])"]
        gone += [re.escape(name) for name in sorted(person.telling, key=lambda name: (-len(name), name))]
        kept = [re.escape(name) for name in sorted(person.longer, key=lambda name: (-len(name), name))]
        self._gone = re.compile("|".join(gone), re.IGNORECASE)
        self._pattern = re.compile("|".join([*([f"({'|'.join(kept)})"] if kept else []), *gone]), re.IGNORECASE)

    def touches(self, text: str) -> bool:
        """Tell whether a text names the person."""
        if self._gone.search(text) is None:
            return False
        return any(match.lastindex is None for match in self._pattern.finditer(text))

    def clean(self, text: str) -> str:
        """Return a text that somebody else wrote without the person's id and names."""
        if self._rewrite is not None and (rewritten := self._rewrite(text, self)) is not None:
            return rewritten
        quote, body = strip_quote(text)
        if quote is not None and self.is_own(quote.member, quote.text):
            return f"{REDACTED}\n{self.clean(text[body:])}"
        return self._pattern.sub(lambda match: REDACTED if match.lastindex is None else match[0], text)

    def clean_lines(self, text: str) -> str:
        """Return a text of the bot's own with every line that names the person taken out."""
        lines = text.split("\n")
        return "\n".join(REDACTED if self.touches(line) else line for line in lines)

    def clean_value(self, value: Any) -> Any:
        """Return a JSON value with the person taken out of every text in it, keys included."""
        if isinstance(value, str):
            return self.clean(value)
        if isinstance(value, list):
            return [self.clean_value(one) for one in value]
        if isinstance(value, dict):
            return {self.clean(str(key)): self.clean_value(one) for key, one in value.items()}
        return value

    def is_own(self, said_by: str, text: str) -> bool:
        """Tell whether a quotation is of the person, by who is named as its author or by its words."""
        return said_by in self.person.names or said_by == self.person.contact_id or text.strip() in self.person.words

    def mentioned_in(self, *found: Any) -> Any:
        """Return the SQL condition that one of these text or JSON columns may name the person; ``touches`` decides."""
        return or_(
            *(
                cast(column, Text).contains(json.dumps(needle)[1:-1], autoescape=True)
                if isinstance(column.type, JSON)
                else column.contains(needle, autoescape=True)
                for column in found
                for needle in self.needles
            )
        )


async def scrub(session: AsyncSession, table: Table, where: Iterable[Any], names: Sequence[str], traces: Traces) -> int:
    """Take the person out of these text and JSON columns of others' rows; return how many rows changed."""
    found = [table.c[name] for name in names]
    keys = list(table.primary_key.columns)
    query = select(*keys, *found).where(*where, traces.mentioned_in(*found))
    changed = 0
    for row in (await execute(session, query)).all():
        values = dict(zip(names, row[len(keys) :], strict=True))
        cleaned = {name: traces.clean_value(value) for name, value in values.items()}
        if cleaned != values:
            same = [key == value for key, value in zip(keys, row[: len(keys)], strict=True)]
            await execute(session, update(table).where(*same).values(cleaned))
            changed += 1
    return changed


def chunks(values: Collection[Any]) -> list[list[Any]]:
    """Return values in lists that fit into one statement."""
    everything = list(values)
    return [everything[start : start + _CHUNK] for start in range(0, len(everything), _CHUNK)]
