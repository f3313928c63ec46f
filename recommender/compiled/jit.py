"""The decorator of compiled functions: machine code without the interpreter's lock, kept on disk for the next start."""

from __future__ import annotations

from numba import config, njit

from core.cache import cache_folder
from recommender.compiled.readiness import CODE_FOLDER

config.CACHE_DIR = config.CACHE_DIR or str(cache_folder() / CODE_FOLDER)  # type: ignore[attr-defined]  # read by njit

compiled = njit(cache=True, nogil=True)
