"""jieba's dictionary with words of our own, as sorted words and their frequencies: what a segmenter is made of.

jieba itself keeps it as a Python dictionary of half a million strings (80 MB); here it is one text and one array.
Source: jieba 0.42.1, https://github.com/fxsjy/jieba, its ``dict.txt``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files

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
    def packaged(cls) -> Dictionary:
        """Read the dictionary that comes with jieba; takes half a second."""
        total, frequencies = 0, {}
        for line in files("jieba").joinpath("dict.txt").read_text(encoding="utf-8").splitlines():
            word, frequency = line.split(" ")[:2]
            frequencies[word] = int(frequency)
            total += frequencies[word]
        return cls._sorted(frequencies, total)

    def with_words(self, words: Iterable[str]) -> Dictionary:
        """Return a dictionary in which these are words as well; single characters are in it already."""
        frequencies = dict(zip(self.words, self.frequencies.tolist(), strict=True))
        total = self.total
        for word in words:
            if len(word) > 1 and frequencies.get(word, 0) < FORCED_FREQUENCY:
                frequencies[word] = FORCED_FREQUENCY
                total += FORCED_FREQUENCY
        return self._sorted(frequencies, total)

    @classmethod
    def _sorted(cls, frequencies: Mapping[str, int], total: int) -> Dictionary:
        words = sorted(word for word, frequency in frequencies.items() if frequency)
        return cls(tuple(words), np.fromiter(map(frequencies.__getitem__, words), np.int64, len(words)), total)


def dictionary_stamp() -> str:
    """Return what changes when the packaged dictionary does."""
    return version("jieba")
