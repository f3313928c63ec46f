"""Is compiled code to be had here? numba keeps it on disk; the first use of each function compiles it for seconds."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path

import structlog

from core.cache import cache_folder
from core.clock import monotonic
from core.missing import without

_KEPT = 3
"""Folders of compiled code that stay: those of the last versions of the sources."""

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
    with without("scipy", "cffi"):  # numba uses them where they are, for nothing we do, at 0.3 s and 40 MB
        from recommender.compiled import examples  # noqa: PLC0415 - imports numba, which may be missing

        seconds = timed(examples.STAGES)
    _forget_old_code()
    return seconds


def timed(stages: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Run an example of each stage; return the seconds each took."""
    seconds = {}
    for name, run in stages.items():
        began = monotonic()
        run()
        seconds[name] = monotonic() - began
    return seconds


@cache
def code_folder() -> Path:
    """Return where compiled code is kept: a folder for each version of the sources and of numba.

    numba itself looks only at the file of the function that is called, not at those it calls.
    """
    digest = hashlib.sha256(version("numba").encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return cache_folder() / f"compiled-{digest.hexdigest()[:16]}"


def drop_code() -> int:
    """Delete the kept code; return how many files there were. The folders stay: numba writes into them again."""
    found = [path for path in code_folder().rglob("*.nb?") if path.is_file()]
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)


def _forget_old_code() -> None:
    folders = sorted(cache_folder().glob("compiled-*"), key=lambda path: path.stat().st_mtime, reverse=True)
    for folder in folders[_KEPT:]:
        if folder != code_folder():
            shutil.rmtree(folder, ignore_errors=True)
