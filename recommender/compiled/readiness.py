"""Is compiled code to be had here? numba keeps it on disk; the first use of each function compiles it for seconds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

import structlog

from core.cache import cache_folder
from core.clock import monotonic

CODE_FOLDER = "compiled"

_log = structlog.get_logger(__name__)


def ready() -> bool:
    """Tell whether compiled code can be used, after loading all of it; without, the plain ways do the work."""
    return warmed() != {}


@cache
def warmed() -> Mapping[str, float]:
    """Load or compile every stage, once; return the seconds each took, nothing when compiled code cannot be used.

    Kept code that is damaged is said once, dropped and compiled again.
    """
    try:
        return _warm_up()
    except ImportError as error:
        _log.warning("compiled_code_missing", error=str(error), consequence="the plain ways do the work")
        return {}
    except Exception as error:  # numba unpickles what it kept: a damaged file can raise anything
        _log.warning("compiled_code_damaged", error=repr(error), consequence="compiled again")
    drop_code()
    try:
        return _warm_up()
    except Exception as error:
        _log.error("compiled_code_unusable", error=repr(error), consequence="the plain ways do the work")
        return {}


def _warm_up() -> dict[str, float]:
    seconds = {}
    for name, run in stages().items():
        began = monotonic()
        run()
        seconds[name] = monotonic() - began
    return seconds


def stages() -> Mapping[str, Callable[[], object]]:
    """Return by name an example of each stage that calls all of its compiled functions."""
    from recommender.compiled import examples  # noqa: PLC0415 - imports numba, which may be missing

    return MappingProxyType(examples.STAGES)


def drop_code(folder: Path | None = None) -> int:
    """Delete the kept code; return how many files there were. The folders stay: numba writes into them again."""
    found = [path for path in (folder or cache_folder() / CODE_FOLDER).rglob("*.nb?") if path.is_file()]
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)
