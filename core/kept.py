"""What takes long to work out and depends on nothing but files of the program and settings: kept for the next start.

A file belongs to what it was made of and to the version of Python; its name is the digest of both. Its first line is
the digest of the rest: what is damaged is said once and made again.
"""

from __future__ import annotations

import hashlib
import pickle
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import structlog

from core.cache import cache_folder, keep

_KEPT = 6
"""Files of a kind that stay: those of the last versions."""
_T = TypeVar("_T")

_log = structlog.get_logger(__name__)


def kept(kind: str, made_of: Iterable[str | bytes], make: Callable[[], _T], folder: Path | None = None) -> _T:
    """Return what ``make`` returns: read from disk where it was made of the same before, else made and kept there.

    ``made_of`` is everything it depends on, the text of the modules that make it included (``sources``).
    """
    digest = hashlib.sha256(sys.version.encode())
    for part in made_of:
        content = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(b"%d:" % len(content) + content)
    place = (folder or cache_folder()) / f"{kind}-{digest.hexdigest()[:24]}.pickle"
    try:
        check, _, content = place.read_bytes().partition(b"\n")
        if check.decode("ascii", "replace") != hashlib.sha256(content).hexdigest():
            raise ValueError("the content is not what was written")
        found: _T = pickle.loads(content)  # noqa: S301 - only this user can write there
    except FileNotFoundError:
        pass
    except Exception as error:  # to unpickle what names a class that is gone can raise anything
        _log.warning(f"{kind}_damaged", file=str(place), error=str(error), consequence="made again")
    else:
        return found
    made = make()
    content = pickle.dumps(made, pickle.HIGHEST_PROTOCOL)
    check = hashlib.sha256(content).hexdigest().encode()
    keep(place, lambda draft: draft.write_bytes(check + b"\n" + content), newest=_KEPT)
    return made


def sources(*modules: str) -> list[str | bytes]:
    """Return the text of modules that are imported already."""
    return [Path(str(sys.modules[name].__file__)).read_bytes() for name in modules]
