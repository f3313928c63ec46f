"""Queries with graded products, as files hold them. Pure.

JSON Lines, one query a line::

    {"query": "儿童防晒", "graded": {"BH-0053": 3, "my00027": 2}, "about": "attribute", "split": "test"}

or CSV with the columns ``query``, ``id`` and ``grade``, one graded product a row. A grade is 0 to 3: 3 is what was
meant, 2 fits, 1 is related, 0 (or absent) is none of these. ``about`` and ``split`` may be left out.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

GRADES = range(4)
_COLUMNS = ("query", "id", "grade")
_KEYS = frozenset({"id", "query", "graded", "about", "head", "split"})
_MOST_FAULTS = 20


class LabelledFileError(Exception):
    """A file of labelled queries cannot be used; the text names every row and field at fault, up to twenty."""

    def __init__(self, name: str, faults: Sequence[str]) -> None:
        self.faults = list(faults)
        more = [f"and {len(faults) - _MOST_FAULTS} more"] if len(faults) > _MOST_FAULTS else []
        lines = "\n".join(f"  {fault}" for fault in [*faults[:_MOST_FAULTS], *more])
        super().__init__(f"{name}: {len(faults)} fault(s) in labelled queries\n{lines}")


@dataclass(frozen=True, slots=True)
class LabelledQuery:
    """A query with the grades of products by their id; ``about`` says what it tries, ``split`` which half it is of."""

    query: str
    graded: Mapping[str, int]
    about: str = ""
    split: str = ""


def parse(name: str, text: str) -> list[LabelledQuery]:
    """Read a file by the ending of its name. Raises ``LabelledFileError``."""
    faults: list[str] = []
    rows = _from_csv(text, faults) if name.lower().endswith(".csv") else _from_lines(text, faults)
    found = list(rows)
    if not found and not faults:
        faults.append("row 1: no query; write one JSON object a line, or CSV with query,id,grade")
    if faults:
        raise LabelledFileError(name, faults)
    return found


def _from_lines(text: str, faults: list[str]) -> Iterator[LabelledQuery]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except ValueError as error:
            faults.append(f"row {number}: is no JSON ({error}); write one object a line")
            continue
        wrong = list(_wrong(entry))
        faults.extend(f"row {number}, {fault}" for fault in wrong)
        if not wrong:
            yield LabelledQuery(entry["query"], entry["graded"], entry.get("about", ""), entry.get("split", ""))


def _wrong(entry: Any) -> Iterator[str]:
    """Say what is wrong with one object: the field, then the fault."""
    if not isinstance(entry, dict):
        yield f"query: the row is {type(entry).__name__}, not an object with query and graded"
        return
    for key in sorted(set(entry) - _KEYS):
        yield f"{key}: unknown field; there are {', '.join(sorted(_KEYS))}"
    for key in ("query", "about", "split"):
        value = entry.get(key, None if key == "query" else "")
        if not isinstance(value, str) or (key == "query" and not value.strip()):
            yield f"{key}: is {value!r}; write text"
    graded = entry.get("graded")
    if not isinstance(graded, dict) or not graded:
        yield f'graded: is {graded!r}; write product ids with grades, such as {{"p1": 3}}'
        return
    for product, grade in graded.items():
        if isinstance(grade, bool) or grade not in GRADES:
            yield f"graded: {product!r} has the grade {grade!r}; write 0, 1, 2 or 3"
    if not any(grade in GRADES and grade for grade in graded.values()):
        yield "graded: no product has a grade above 0; such a query measures nothing"


def _from_csv(text: str, faults: list[str]) -> Iterator[LabelledQuery]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        faults.append(f"row 1: column {' and '.join(missing)} missing; the first line names query,id,grade")
        return
    graded: dict[str, dict[str, int]] = {}
    for row in reader:
        query, product, grade = ((row[name] or "").strip() for name in _COLUMNS)
        for name, value in (("query", query), ("id", product)):
            if not value:
                faults.append(f"row {reader.line_num}, {name}: is empty")
        if grade not in {str(number) for number in GRADES}:
            faults.append(f"row {reader.line_num}, grade: is {grade!r}; write 0, 1, 2 or 3")
        elif query and product:
            graded.setdefault(query, {})[product] = int(grade)
    for query, products in graded.items():
        if any(products.values()):
            yield LabelledQuery(query, products)
        else:
            faults.append(f"query {query!r}, grade: no product has a grade above 0; such a query measures nothing")
