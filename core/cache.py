"""Where this user's copies of what can be made again are kept: dictionaries, compiled code, …"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from uuid import uuid4

import structlog

_log = structlog.get_logger(__name__)


@cache
def cache_folder() -> Path:
    """Return a folder only this user can write: what lies in it is loaded as code and data of our own.

    Where none can be made, a temporary one serves for the life of the process.
    """
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "qianqun"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return Path(tempfile.mkdtemp(prefix="qianqun-"))
    return folder


def keep(place: Path, write: Callable[[Path], object], *, newest: int) -> None:
    """Put a file in its place, whole or not at all; of its kind (``kind-…``) the ``newest`` so many stay.

    ``write`` writes it where it is told. What cannot be written is said once and made again at the next start.
    """
    kind = place.name.partition("-")[0]
    draft = place.with_name(f"{uuid4().hex}{place.suffix}")
    try:
        write(draft)
        os.replace(draft, place)
    except OSError as error:
        _log.warning(f"{kind}_not_kept", file=str(place), error=str(error))
        with suppress(OSError):
            draft.unlink()
        return
    found = place.parent.glob(f"{kind}-*")
    for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)[newest:]:
        with suppress(OSError):
            path.unlink()
