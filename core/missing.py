"""Modules that others use where they are, for nothing that is done here."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without(*modules: str) -> Iterator[None]:
    """Let modules that were not imported yet count as missing for a while."""
    hidden = [name for name in modules if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # the import system's own sign that there is none
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
