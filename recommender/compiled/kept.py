"""Cutters kept on disk, so that a start finds two arrays there instead of laying half a million words out.

A file is used where it lies: it is mapped, so that processes share its pages and the system can take them back. It
belongs to one set of words and one version of jieba and of this layout; its name is the digest of all three. What is
damaged is said once and made again.
"""

from __future__ import annotations

import hashlib
import mmap
from collections.abc import Collection
from pathlib import Path

import numpy as np
import structlog

from core.cache import cache_folder, keep
from recommender.compiled.cutting import Cutter
from recommender.compiled.packed import packed, seen_part
from recommender.compiled.trie import CELL, Trie
from recommender.dictionary import FORCED_FREQUENCY, Dictionary, dictionary_stamp

FORMAT = 3
_PARTS = 3
"""What a file holds: the numbers of the characters, the cells, the weight of what is unknown."""
_KEPT = 4
"""Cutters that stay on disk (20 MB each): those of the last catalogues."""

_log = structlog.get_logger(__name__)


def kept_cutter(words: Collection[str], folder: Path | None = None) -> Cutter:
    """Return the cutter of jieba's dictionary with these words; read from disk, or made and kept there."""
    place = (folder or cache_folder()) / f"cutter-{_digest(words)}.npy"
    cutter = _read(place)
    if cutter is None:
        dictionary = Dictionary.packaged(words)
        cutter = Cutter.weighted(dictionary.words, dictionary.frequencies, dictionary.total)
        _keep(cutter, place)
    return cutter


def _digest(words: Collection[str]) -> str:
    """Return what the name of a file says of its content."""
    content = "\n".join((f"{FORMAT} {dictionary_stamp()} {FORCED_FREQUENCY} {CELL}", *sorted(set(words))))
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def _read(place: Path) -> Cutter | None:
    try:
        with place.open("rb") as stream:
            mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_COPY)  # numba's code is for arrays of this type
        memory = np.frombuffer(mapped, np.int64)
        if len(memory) < _PARTS + 1 or memory[_PARTS] != len(memory):
            raise ValueError("it is cut off, or no cutter")
        trie = Trie(seen_part(memory, 0, np.int32), seen_part(memory, 1, CELL))
        if not trie.sound():
            raise ValueError("the nodes do not fit the characters")
        return Cutter(trie, float(seen_part(memory, 2, np.float64)[0]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        _log.warning("cutter_damaged", file=str(place), error=str(error), consequence="made again")
        return None


def _keep(cutter: Cutter, place: Path) -> None:
    """Write a cutter beside the others; a full disk costs the next start half a second."""
    memory = packed((cutter.trie.numbers, cutter.trie.cells.view(np.int64), np.array([cutter.unknown])))
    keep(place, memory.tofile, newest=_KEPT)
