"""Regular expressions that are compiled when they are first used.

One takes a millisecond to compile, the program has some 450, and most messages come to a handful of them.
"""

from __future__ import annotations

import re
from typing import Any, cast


class _Late:
    """Stands for a compiled expression; each of its methods is found at first use and then stands here itself."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self._compiled: re.Pattern[str] | None = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what copying and pickling ask for
            raise AttributeError(name)
        if self._compiled is None:
            self._compiled = re.compile(self.pattern)
        found = getattr(self._compiled, name)
        setattr(self, name, found)
        return found


def late(pattern: str) -> re.Pattern[str]:
    """Return what can be used as the compiled expression is; one that is wrong raises ``re.error`` at first use."""
    return cast("re.Pattern[str]", _Late(pattern))
