"""Labelled lines: what people said and what it is, one JSON object a line; docs/evaluation.md describes the fields."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recommender.readings import NeedClass

NONE = "none"
PRAISE, COMPLAINT = "opinion_praise", "opinion_complaint"
CLASSES = (*(name.value for name in NeedClass if name is not NeedClass.JOINING), PRAISE, COMPLAINT, NONE)
"""Joining is no class of a line: it takes somebody else's line to join."""
PASSIVE = frozenset({NONE, NeedClass.IMPLICIT.value, PRAISE, COMPLAINT})
"""Classes that nothing is answered to."""


class LabelError(Exception):
    """A row of a labelled file that cannot be used: which file, row (1-based) and field, and what to do."""

    def __init__(self, file: str, row: int, field: str, what: str) -> None:
        super().__init__(f"{file}, row {row}, {field}: {what}" if row else f"{file}: {what}")
        self.file = file
        self.row = row
        self.field = field


@dataclass(frozen=True, slots=True)
class LabelledLine:
    """One line. ``needs`` are (class, objects) of all its needs, the first one the line's own class.

    ``template`` names the shape it shares with other lines; ``rules_read`` tells that rules were tuned on it.
    """

    id: str
    text: str
    label: str
    terms: tuple[str, ...] = ()
    trap: str = ""
    template: str = ""
    rules_read: bool = False
    more: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def active(self) -> bool:
        """Tell whether the line states a need that may be answered."""
        return self.label not in PASSIVE

    @property
    def needs(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return class and objects of every need that may be answered."""
        return ((self.label, self.terms), *self.more) if self.active else ()


def read_labelled(paths: Iterable[Path], label: str = "") -> list[LabelledLine]:
    """Return the lines of all files; raise ``LabelError`` for the first row that cannot be used.

    ``label`` is the class of rows that name none; without it they are an error.
    """
    lines: list[LabelledLine] = []
    seen: dict[str, str] = {}
    for path in paths:
        for row, line in _rows(path, label):
            if line.id in seen:
                raise LabelError(str(path), row, "id", f"{line.id!r} was used in {seen[line.id]}; give it another")
            seen[line.id] = f"{path}, row {row}"
            lines.append(line)
    return lines


def _rows(path: Path, label: str) -> Iterator[tuple[int, LabelledLine]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise LabelError(str(path), 0, "", f"cannot be read as UTF-8: {error}") from error
    for row, entry in enumerate(text.split("\n"), start=1):
        if not entry.strip():
            continue
        try:
            value = json.loads(entry)
        except ValueError as error:
            raise LabelError(str(path), row, "line", f"is no JSON: {error}") from error
        if not isinstance(value, dict):
            raise LabelError(str(path), row, "line", 'is no JSON object; write {"text": …, "class": …}')
        yield row, _Row(str(path), row, {"class": label or None} | value).line()


class _Row:
    """One row, taken apart with the place in every error."""

    def __init__(self, file: str, number: int, fields: Mapping[str, Any]) -> None:
        self._file = file
        self._number = number
        self._fields = fields

    def line(self) -> LabelledLine:
        text = self._string(self._fields, "text", "")
        if not text.strip():
            raise self._wrong("text", "is missing or empty")
        label = self._label(self._fields, "class", CLASSES)
        more = self._fields.get("more", [])
        if not isinstance(more, list) or not all(isinstance(entry, dict) for entry in more):
            raise self._wrong("more", 'is no list of objects; write [{"class": …, "terms": […]}]')
        if more and label in PASSIVE:
            raise self._wrong("more", f"a line of class {label} has no further needs")
        active = [name for name in CLASSES if name not in PASSIVE]
        return LabelledLine(
            id=self._string(self._fields, "id", f"{Path(self._file).name}:{self._number}"),
            text=text,
            label=label,
            terms=self._terms(self._fields, "terms"),
            trap=self._string(self._fields, "trap", ""),
            template=self._string(self._fields, "template", "") or self._string(self._fields, "id", text),
            rules_read=self._fields.get("rules_read", False) is True,
            more=tuple((self._label(entry, "more.class", active), self._terms(entry, "more.terms")) for entry in more),
        )

    def _wrong(self, field: str, what: str) -> LabelError:
        return LabelError(self._file, self._number, field, what)

    def _string(self, part: Mapping[str, Any], field: str, default: str) -> str:
        value = part.get(field, default)
        if not isinstance(value, str):
            raise self._wrong(field, f"is {value!r}, not a text")
        return value

    def _label(self, part: Mapping[str, Any], field: str, allowed: Iterable[str]) -> str:
        value = part.get(field.rpartition(".")[2])
        if value is None:
            raise self._wrong(field, f"is missing; write one of {', '.join(allowed)}")
        if value not in allowed:
            raise self._wrong(field, f"{value!r} is no class; write one of {', '.join(allowed)}")
        return str(value)

    def _terms(self, part: Mapping[str, Any], field: str) -> tuple[str, ...]:
        value = part.get(field.rpartition(".")[2], [])
        if not isinstance(value, list) or not all(isinstance(term, str) for term in value):
            raise self._wrong(field, f"is {value!r}, not a list of texts")
        return tuple(value)
