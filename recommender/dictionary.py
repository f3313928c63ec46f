"""jieba's dictionary with words of our own, as sorted words and their frequencies: what a segmenter is made of.

jieba itself keeps it as a Python dictionary of half a million strings (80 MB); here it is one text and one array.
Source: jieba 0.42.1, https://github.com/fxsjy/jieba, its ``dict.txt``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

FORCED_FREQUENCY = 20_000
"""Of 60 million in jieba's dictionary: a known word of two characters wins over its parts, a frequent one over it."""


@dataclass(frozen=True, slots=True)
class Dictionary:
    """Words in ascending order with their frequencies, none zero; ``total`` is what jieba divides them by.

    ``total`` is more than their sum: jieba counts a word that stands twice in its file twice, and keeps the last.
    """

    words: tuple[str, ...]
    frequencies: npt.NDArray[np.int64]
    total: int

    @classmethod
    def packaged(cls, words: Iterable[str] = ()) -> Dictionary:
        """Read the dictionary that comes with jieba, in which ``words`` are words as well; takes a quarter second.

        Single characters are in it already.
        """
        fields = _file().read_text(encoding="utf-8").split()  # of each line: word, frequency, part of speech
        counts = list(map(int, fields[1::3]))
        frequencies = dict(zip(fields[0::3], counts, strict=True))
        total = sum(counts)
        for word in words:
            if len(word) > 1 and frequencies.get(word, 0) < FORCED_FREQUENCY:
                frequencies[word] = FORCED_FREQUENCY
                total += FORCED_FREQUENCY
        known = sorted(word for word, frequency in frequencies.items() if frequency)
        return cls(tuple(known), np.fromiter(map(frequencies.__getitem__, known), np.int64, len(known)), total)


def _file() -> Path:
    """Return jieba's file, without importing jieba."""
    package = find_spec("jieba")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("jieba is not installed; install the program again", name="jieba")
    return Path(package.origin).with_name("dict.txt")


def dictionary_stamp() -> str:
    """Return what changes when the packaged dictionary does."""
    return version("jieba")
