"""Chinese word segmentation: jieba's dictionary and algorithm, extended by the words of the lexicon.

Source: jieba 0.42.1, https://github.com/fxsjy/jieba, exact mode without its hidden Markov model, which joins
unknown characters into words that nobody wrote. Where there is a compiler, ``compiled.cutting`` does the work and
cuts whole batches; elsewhere jieba itself does. Both cut every text alike.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from core.cache import cache_folder
from recommender.compiled.readiness import ready
from recommender.dictionary import FORCED_FREQUENCY

if TYPE_CHECKING:
    from recommender.compiled.cutting import Cutter

_KEPT = 1
"""Cutters that stay in memory though nobody uses them, 22 MB each: the last, in case its words are asked for again."""
CutAll = Callable[[Sequence[str]], list[list[str]]]


class Segmenter:
    """Cuts uniform text into words. ``cutter`` is its compiled form, None where jieba does the work."""

    def __init__(self, words: Iterable[str], *, compiled: bool = True) -> None:
        self._words = frozenset(words)
        self.cutter: Cutter | None = None
        if compiled and ready():
            self.cutter = _cutter(self._words)
            self.cut_all = _compiled_cut(self.cutter)
        else:
            self.cut_all = _plain_cut(self._words)

    def knowing(self, words: Iterable[str]) -> Segmenter:
        """Return a segmenter that knows these words as well."""
        more = self._words.union(words)
        return self if more == self._words else Segmenter(more, compiled=self.cutter is not None)

    def cut(self, text: str) -> list[str]:
        """Return the words of ``text`` in order; joined they are the text again."""
        return self.cut_all((text,))[0]

    cut_all: CutAll
    """Return the words of each of several texts; many at once cost far less than one by one."""


@lru_cache(maxsize=_KEPT)
def _cutter(words: frozenset[str]) -> Cutter:
    from recommender.compiled.kept import kept_cutter  # noqa: PLC0415 - numba, which may be missing

    return kept_cutter(words)


def _compiled_cut(cutter: Cutter) -> CutAll:
    from recommender.compiled.batch import Batch  # noqa: PLC0415

    return lambda texts: cutter.cut(Batch.of(texts)).texts(texts)


def _plain_cut(words: Iterable[str]) -> CutAll:
    tokenizer = _jieba()
    for word in words:
        if len(word) > 1 and tokenizer.FREQ.get(word, 0) < FORCED_FREQUENCY:
            tokenizer.add_word(word, FORCED_FREQUENCY)
    return lambda texts: [tokenizer.lcut(text, HMM=False) for text in texts]


def _jieba() -> Any:
    """Return a tokenizer with jieba's dictionary: 0.7 s, 80 MB."""
    import jieba  # noqa: PLC0415 - only where there is no compiler

    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    tokenizer.tmp_dir = str(cache_folder())  # jieba unpickles what it finds in its cache
    tokenizer.initialize()
    return tokenizer
