"""The decorator of compiled functions: machine code without the interpreter's lock, kept on disk for the next start."""

from __future__ import annotations

from numba import config, njit

from recommender.compiled.readiness import code_folder

config.CACHE_DIR = config.CACHE_DIR or str(code_folder())  # type: ignore[attr-defined]  # read by njit

compiled = njit(cache=True, nogil=True)
