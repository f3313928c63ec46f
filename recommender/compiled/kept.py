"""Cutters kept on disk, so that a start reads two arrays instead of laying half a million words out.

A file belongs to one set of words and one version of jieba and of this layout; its name is the digest of all three.
What is damaged is said once and made again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path

import numpy as np
import structlog

from core.cache import cache_folder, keep
from recommender.compiled.cutting import Cutter
from recommender.compiled.trie import CELL, Trie
from recommender.dictionary import FORCED_FREQUENCY, Dictionary, dictionary_stamp

FORMAT = 2
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
            numbers, cells, unknown = (np.lib.format.read_array(stream) for _ in range(3))
        trie = Trie(numbers, cells.view(CELL))
        if not trie.sound():
            raise ValueError("the nodes do not fit the characters")
        return Cutter(trie, float(unknown))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, EOFError) as error:
        _log.warning("cutter_damaged", file=str(place), error=str(error), consequence="made again")
        return None


def _keep(cutter: Cutter, place: Path) -> None:
    """Write a cutter beside the others; a full disk costs the next start half a second."""
    arrays = cutter.trie.numbers, cutter.trie.cells.view(np.uint8), np.array(cutter.unknown)

    def write(draft: Path) -> None:
        with draft.open("wb") as stream:
            for array in arrays:  # one behind the other: an archive would be read and checked byte by byte
                np.save(stream, array)

    keep(place, write, newest=_KEPT)
