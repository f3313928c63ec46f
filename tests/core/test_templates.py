"""Message templates of every package: they exist, they compile, and a missing value is an error."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from jinja2 import TemplateNotFound, UndefinedError

from core.templates import _environment, render

TEMPLATES = [
    (package, path.stem)
    for package in ("bot", "groups", "recommender")
    for path in sorted((Path(str(import_module(package).__file__)).parent / "templates").glob("*.txt"))
]


@pytest.mark.parametrize(("package", "name"), TEMPLATES, ids=str)
def test_every_template_compiles(package: str, name: str) -> None:
    assert _environment(package).get_template(f"{name}.txt").name


def test_a_missing_value_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="topic"):
        render("recommender", "agreed")


def test_an_unknown_template_is_an_error() -> None:
    with pytest.raises(TemplateNotFound):
        render("groups", "no_such_words")


def test_what_people_write_is_not_interpreted() -> None:
    assert "{{ 7*7 }}<b>&" in render("recommender", "agreed", topic="{{ 7*7 }}<b>&")
