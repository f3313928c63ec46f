"""The one dictionary that every segmenter of a table cuts with: jieba's, with the words that the program knows."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

from catalog.aliases import AliasTable
from recommender.compiled.cutting import Cutter
from recommender.dictionary import FORCED_FREQUENCY
from recommender.lexicon import Lexicon

Cut = Callable[[str], list[str]]


class MissingPeer(Exception):
    """A library to compare with is not installed."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} left out: it is not installed; .venv/bin/pip install -e '.[bench]'")


def peer(module: str, name: str = "") -> Any:
    """Import a library to compare with; raises ``MissingPeer``."""
    try:
        found = import_module(module)
    except ImportError as error:
        raise MissingPeer(name or module) from error
    logging.getLogger("bm25s").setLevel(logging.WARNING)  # it tells of every step otherwise
    return found


@cache
def jieba_tokenizer() -> Any:
    """Return jieba with its dictionary loaded and the program's words in it."""
    import jieba  # noqa: PLC0415 - the dictionary weighs 80 MB

    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    tokenizer.initialize()
    for word in _own_words():
        if tokenizer.FREQ.get(word, 0) < FORCED_FREQUENCY:
            tokenizer.add_word(word, FORCED_FREQUENCY)
    return tokenizer


def jieba_cut(text: str) -> list[str]:
    """Cut one text with jieba, in the mode that the program uses."""
    words: list[str] = jieba_tokenizer().lcut(text, HMM=False)
    return words


@cache
def cutter() -> Cutter:
    """Return our compiled twin of jieba with the same words."""
    tokenizer = jieba_tokenizer()
    return Cutter.of(tokenizer.FREQ, tokenizer.total)


def jieba_next_cut() -> Cut:
    """Return jieba-next's way to cut one text; raises ``MissingPeer``."""
    tokenizer = peer("jieba_next", "jieba-next").Tokenizer()
    tokenizer.initialize()
    for word in _own_words():
        if tokenizer.FREQ.get(word, 0) < FORCED_FREQUENCY:
            tokenizer.add_word(word, FORCED_FREQUENCY)
    return lambda text: tokenizer.lcut(text, HMM=False)  # type: ignore[no-any-return]


def rjieba_cut() -> Cut:
    """Return rjieba's way to cut one text; raises ``MissingPeer``."""
    tokenizer = peer("rjieba").Jieba()
    known = jieba_tokenizer().FREQ
    for word in _own_words():
        if known[word] == FORCED_FREQUENCY:
            tokenizer.add_word(word, FORCED_FREQUENCY, "n")
    return lambda text: tokenizer.cut(text, False)  # type: ignore[no-any-return]


@cache
def _own_words() -> tuple[str, ...]:
    return tuple(word for word in Lexicon(tuple(AliasTable.load())) if len(word) > 1)
