"""The example of the settings shows every key that the settings have, with its default, and runs as it stands."""

from __future__ import annotations

import re
import shutil
import tomllib
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest
from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo
from typer.testing import CliRunner

from bot.cli.app import app
from bot.settings import Settings, load_settings
from catalog.settings import FieldName, PageNumbers
from core.settings import validate

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "config.example.toml"
TEXT = EXAMPLE.read_text(encoding="utf-8")
SWITCHED_OFF = re.compile(r"^#(?=[^\s#])", re.MULTILINE)
"""The mark before a key that is switched off; comments in words have a space behind it."""
OTHER_PAGING = re.compile(r"^# +(paging = \{.*\})$", re.MULTILINE)
"""Of three ways to page only one can be written as the key."""
ENVIRONMENT = {"QIANQUN_WECHATY_TOKEN": "insecure_made-up", "SUPPLIER_AUTHORIZATION": "Bearer made-up"}
EXAMPLES = {(PageNumbers, "size"): "makes sense beside size_parameter only; the comment names the default"}


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the settings and every value that the example shows for it."""

    path: str
    model: type[BaseModel]
    name: str
    values: list[Any]

    @property
    def field(self) -> FieldInfo:
        return self.model.model_fields[self.name]


def _everything() -> dict[str, Any]:
    """The document with every key switched on."""
    return tomllib.loads(SWITCHED_OFF.sub("", TEXT))


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The settings models inside an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) in {Annotated, Union, types.UnionType, tuple, dict}:
        for part in get_args(annotation):
            yield from _models(part)


def _tables(model: type[BaseModel], field: FieldInfo, values: list[Any]) -> list[dict[str, Any]]:
    """The tables among a key's values that ``model`` reads: from lists, from under names, of its own kind."""
    found = [item for value in values for item in (value if isinstance(value, list) else [value])]
    if get_origin(field.annotation) is dict:
        found = [item for table in found for item in table.values()]
    kind = model.model_fields.get("kind")
    kinds = get_args(kind.annotation) if kind is not None and get_origin(kind.annotation) is Literal else None
    return [item for item in found if isinstance(item, dict) and (kinds is None or item["kind"] in kinds)]


def _keys(model: type[BaseModel], tables: list[dict[str, Any]], path: str = "") -> Iterator[Key]:
    for name, field in model.model_fields.items():
        values = [table[name] for table in tables if name in table]
        if name == "paging":
            values += [tomllib.loads(line)["paging"] for line in OTHER_PAGING.findall(TEXT)]
        yield Key(f"{path}{name}", model, name, values)
        parts = list(_models(field.annotation))
        for part in parts:
            kind = f"({part.__name__})" if len(parts) > 1 else ""
            yield from _keys(part, _tables(part, field, values), f"{path}{name}{kind}.")


KEYS_ALONE = list(_keys(Settings, [_everything()]))
KEYS = [pytest.param(key, id=key.path) for key in KEYS_ALONE]


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_shown(key: Key) -> None:
    assert key.values, f"write {key.path} into {EXAMPLE.name}, with a comment"


@pytest.mark.parametrize("key", KEYS)
def test_what_is_shown_is_the_default(key: Key) -> None:
    """Where the default is empty, an example tells more; a section's default is that of its keys."""
    if key.field.is_required() or (key.model, key.name) in EXAMPLES:
        return
    default = key.field.get_default(call_default_factory=True)
    if default is None or default in ("", (), {}) or isinstance(default, BaseModel):
        return
    shape: Any = TypeAdapter(Annotated[key.field.annotation, key.field])
    for value in key.values:
        assert shape.validate_python(value) == default


def test_no_key_is_shown_that_does_not_exist() -> None:
    """An unknown key is a fault, switched off or not."""
    validate(Settings, _everything(), source=EXAMPLE.name, base=ROOT, environment=ENVIRONMENT)


def test_every_field_of_a_product_is_shown() -> None:
    suppliers = _everything()["catalog"]["suppliers"]
    assert {name for supplier in suppliers for name in supplier.get("fields", ())} == set(get_args(FieldName))


def test_every_key_is_explained() -> None:
    """A comment names the key, or stands above the run of lines that the key is in."""
    unexplained = {key.name for key in KEYS_ALONE if key.values}
    explained = False
    for line in TEXT.splitlines():
        if not line.strip():
            explained = False
        elif line.startswith("# "):
            explained = True
            unexplained -= set(re.findall(r"\w+", line))
        elif explained:
            unexplained -= set(re.findall(r"\w+", line.partition("=")[0]))
    assert unexplained == set()


def test_secrets_are_named_and_not_written() -> None:
    gateway = _everything()["channels"]["wechaty"]
    assert gateway["token"] == "env:QIANQUN_WECHATY_TOKEN"
    assert "channels.wechaty" not in tomllib.loads(TEXT).get("channels", {})


@pytest.fixture
def standing(tmp_path: Path) -> Path:
    """The example where a stranger would have it, away from this checkout's own data."""
    shutil.copytree(ROOT / "bot" / "demo" / "catalogue", tmp_path / "bot" / "demo" / "catalogue")
    return Path(shutil.copy(EXAMPLE, tmp_path))


def test_the_example_is_without_fault(standing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QIANQUN__CHANNELS__LOCAL__PORT", "0")  # the port may be taken here
    checked = CliRunner().invoke(app, ["check", "--config", str(standing)])
    assert checked.exit_code == 0
    assert load_settings(standing, {}).channels.wechaty is None


def test_the_environment_replaces_one_value() -> None:
    settings = load_settings(EXAMPLE, {"QIANQUN__CHANNELS__LOCAL__PORT": "8700"})
    assert settings.channels.local is not None
    assert settings.channels.local.port == 8700
