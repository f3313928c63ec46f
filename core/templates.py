"""Message templates: what people read in chat lives in files, beside the package whose words they are."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template


@cache
def _environment(package: str) -> Environment:
    return Environment(
        loader=PackageLoader(package, "templates"),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - plain chat text, no markup is ever interpreted
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # templates ship with the program; looking at the files for every text costs a tenth of it
    )


@cache
def _template(package: str, name: str) -> Template:
    return _environment(package).get_template(f"{name}.txt")


def render(package: str, name: str, /, **values: Any) -> str:
    """Render ``templates/NAME.txt`` of ``package``; a missing value is an error, not an empty gap."""
    return _template(package, name).render(**values).strip()
