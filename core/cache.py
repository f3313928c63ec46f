"""Where this user's copies of what can be made again are kept: dictionaries, compiled code."""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path


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
