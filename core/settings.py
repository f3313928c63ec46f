"""How settings are read: frozen models, a TOML file, secrets from the environment or a file.

Each package owns the model of its own section; ``bot.settings`` joins them into one document. A wrong
document is refused as a whole, with every fault named by its key path.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError, ValidationInfo

_REFERENCES = ("env:", "file:")
_SAFE_FILE_SIZE = 64 * 1024


class Section(BaseModel):
    """Base of every settings model: frozen, and an unknown key is a fault.

    Validators are made when a document is read, once for the whole of it and not for each section on the way there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, defer_build=True)


class SettingsError(Exception):
    """The settings document is not usable; ``faults`` holds (key path, what is wrong) pairs."""

    def __init__(self, source: str, faults: list[tuple[str, str]]) -> None:
        self.source = source
        self.faults = faults
        lines = "\n".join(f"  {path}: {text}" for path, text in faults)
        super().__init__(f"{source}: {len(faults)} fault(s) in the settings\n{lines}")


def _resolve_secret(value: object, info: ValidationInfo) -> object:
    """Turn ``env:NAME`` or ``file:PATH`` into the secret it names; refuse a literal."""
    if not isinstance(value, str):
        return value
    context: Mapping[str, Any] = info.context or {}
    if value.startswith("env:"):
        name = value.removeprefix("env:")
        environment: Mapping[str, str] = context.get("environment", os.environ)
        if not environment.get(name):
            raise ValueError(f"the environment variable {name} is not set; export it before starting")
        return environment[name]
    if value.startswith("file:"):
        path = Path(context.get("base", ".")) / value.removeprefix("file:")
        try:
            if path.stat().st_size > _SAFE_FILE_SIZE:
                raise ValueError(f"the secret file {path} is larger than 64 kB; name the file with the secret alone")
            return path.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ValueError(f"the secret file {path} cannot be read: {error.strerror}") from None
    raise ValueError(f"secrets do not belong into this file; write one of {', '.join(_REFERENCES)} and a name or path")


Secret = Annotated[SecretStr, BeforeValidator(_resolve_secret)]
"""A secret given by reference: ``env:NAME`` or ``file:PATH`` (relative to the settings file)."""


def _resolve_path(value: object, info: ValidationInfo) -> object:
    """Make a relative path relative to the settings file, so that the working directory does not matter."""
    if isinstance(value, str) and value:
        base = (info.context or {}).get("base", ".")
        return Path(base) / Path(value).expanduser()
    return value


ConfigPath = Annotated[Path, BeforeValidator(_resolve_path)]
"""A path; relative ones count from the folder of the settings file."""


class DatabaseSettings(Section):
    """Where everything is kept."""

    url: str = Field(
        default="sqlite:///qianqun-data/qianqun.db",
        description="sqlite:///FILE or postgresql://USER@HOST/NAME; the password may be in QIANQUN_DATABASE_PASSWORD.",
    )


class LoggingSettings(Section):
    """What is logged, and how."""

    level: str = Field(
        default="info", pattern="^(debug|info|warning|error)$", description="Least level that is written."
    )
    format: str = Field(
        default="text", pattern="^(text|json)$", description="text for people, json for a log collector."
    )


Model = TypeVar("Model", bound=BaseModel)


def read_document(path: Path) -> dict[str, Any]:
    """Read a TOML file; raise ``SettingsError`` when it is missing, unreadable or not TOML."""
    try:
        with path.open("rb") as stream:
            return tomllib.load(stream)
    except OSError as error:
        raise SettingsError(str(path), [("(file)", f"cannot be read: {error.strerror}")]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(str(path), [("(file)", f"is not valid TOML: {error}")]) from None


def validate(
    model: type[Model],
    document: dict[str, Any],
    *,
    source: str,
    base: Path,
    environment: Mapping[str, str] | None = None,
) -> Model:
    """Build ``model`` from a document; raise ``SettingsError`` naming each fault by its key path."""
    context = {"base": str(base), "environment": os.environ if environment is None else environment}
    try:
        return model.model_validate(document, context=context)
    except ValidationError as error:
        raise SettingsError(source, [_fault(item) for item in error.errors(include_url=False)]) from None


def _fault(item: Any) -> tuple[str, str]:
    """Phrase one pydantic error as (key path, text), never repeating a secret's value."""
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in item["loc"]).lstrip(".")
    if item["type"] == "extra_forbidden":
        return path, "unknown key; see config.example.toml for the keys that exist"
    if item["type"] == "missing":
        return path, "is required"
    return path, str(item["msg"]).removeprefix("Value error, ")
