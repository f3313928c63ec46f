"""What a query for titles asks for: its words with their other forms, its head, and the terms with their factors. Pure.

::

    哪里有卖红心奇异果5斤  →  filler out      红心奇异果5斤
                          →  words           红心 · 奇异果 (head; also 猕猴桃) · 5 · 斤
                          →  terms           w红心 1.0, 红心 1.0, … w猕猴桃 0.9, 猕猴 0.9, … =2500g 1.0

A slip or pinyin finds words by their sound, and only where what was written finds little in this index.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from recommender.forms import WordForms
from recommender.index import TermStatistics
from recommender.lexicon import Lexicon, WordKind, packaged_list
from recommender.sounds import LONGEST, SoundIndex
from recommender.terms import TermFactors, query_terms

LONGEST_QUERY = 240
"""Characters of a query that are read; whoever writes more writes no query."""
_FORM_LEAST = 0.15
_FORM_ENOUGH = 10.0
"""Titles that have a word as it was written; with these, its other forms have lost two thirds of what they can lose."""
_SOUND_WORTH = 0.7
_PREFERRED = 5
"""What was written finds little when a word of the same sound stands in this many times more titles."""
_MOST_ALIKE = 2
_GRAMMAR = frozenset("的了吗呢呀啊吧哦嘛么哈呗诶和与及或、,.!?~:;()+*#% \n")
_CHINESE = re.compile(r"[㐀-鿿]+\Z")


@dataclass(frozen=True, slots=True)
class QueryWord:
    """A word of a query; ``forms`` are other ways of writing it with what a match by them is worth (0..1)."""

    text: str
    forms: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Query:
    """A query as the two steps use it. ``head`` is the place in ``words`` of what is asked for, -1 when unknown."""

    text: str
    words: tuple[QueryWord, ...]
    head: int
    terms: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class QueryParts:
    """Which parts of the understanding are in use; all of them, unless their effect is measured."""

    filler: bool = True
    forms: bool = True
    sounds: bool = True
    factors: TermFactors = field(default_factory=TermFactors)


class QueryReader:
    """Reads queries against one index. ``cut`` segments uniform text."""

    def __init__(
        self,
        index: TermStatistics,
        forms: WordForms,
        lexicon: Lexicon,
        cut: Callable[[str], list[str]],
        parts: QueryParts | None = None,
    ) -> None:
        self._index = index
        self._forms = forms
        self._lexicon = lexicon
        self._cut = cut
        self._parts = parts or QueryParts()
        self._sounds: SoundIndex | None = None

    def with_parts(self, parts: QueryParts) -> QueryReader:
        """Return a reader of the same index with other parts in use."""
        return QueryReader(self._index, self._forms, self._lexicon, self._cut, parts)

    def read(self, text: str) -> Query:
        """Read a query that has been made uniform."""
        text = text[:LONGEST_QUERY]
        if self._parts.filler:
            text = without_filler(text)
        cut = self._cut(text)
        words = [QueryWord(word, self._other_forms(word)) for word in cut if not _GRAMMAR.issuperset(word)]
        if self._parts.sounds:
            words = list(self._heard(words))
        return Query(text, tuple(words), self._head(words), self._terms(cut, words))

    def _other_forms(self, word: str) -> Mapping[str, float]:
        """Return the other forms of a word, worth less the more titles have it as it was written."""
        forms = self._forms.of(word) if self._parts.forms else {}
        if not forms:
            return {}
        written = self._index.frequency("w" + word if len(word) > 1 and not word.isascii() else word)
        share = _FORM_LEAST + (1 - _FORM_LEAST) * math.exp(-written / _FORM_ENOUGH)
        return {form: worth * share for form, worth in forms.items()}

    def _terms(self, cut: Sequence[str], words: Sequence[QueryWord]) -> dict[str, float]:
        factors = self._parts.factors
        kept = [word if not _GRAMMAR.issuperset(word) else " " for word in cut]
        terms = query_terms(kept, factors)
        for word in words:
            for form, worth in word.forms.items():
                for term, factor in query_terms(self._cut(form), factors).items():
                    terms[term] = max(terms.get(term, 0.0), factor * worth)
        return terms

    def _head(self, words: Sequence[QueryWord]) -> int:
        """Return the place of the last word for goods: Chinese noun phrases end with their head."""
        for place in range(len(words) - 1, -1, -1):
            known = self._lexicon.get(words[place].text)
            if known is not None and known.kind is WordKind.GOODS:
                return place
        return -1

    def _heard(self, words: Sequence[QueryWord]) -> Iterator[QueryWord]:
        """Join words that name nothing here but sound like one that does; the longest stretch first."""
        place = 0
        while place < len(words):
            taken, alike = self._stretch(words, place)
            if taken:
                text = "".join(word.text for word in words[place : place + taken])
                yield QueryWord(text, dict.fromkeys(alike, _SOUND_WORTH))
                place += taken
            else:
                yield words[place]
                place += 1

    def _stretch(self, words: Sequence[QueryWord], place: int) -> tuple[int, list[str]]:
        """Return how many words from ``place`` sound like words of the index, and those words."""
        first = words[place].text
        if first.isascii():
            return (1, alike) if first.isalpha() and (alike := self._typed(words[place])) else (0, [])
        for taken in range(min(LONGEST, len(words) - place), 0, -1):
            stretch = words[place : place + taken]
            text = "".join(word.text for word in stretch)
            if not 1 < len(text) <= LONGEST or not _CHINESE.match(text) or any(map(self._names_something, stretch)):
                continue
            alike = self._alike(text)
            if alike:
                return taken, alike
        return 0, []

    def _names_something(self, word: QueryWord) -> bool:
        return len(word.text) > 1 and (bool(word.forms) or self._index.frequency("w" + word.text) > 0)

    def _alike(self, text: str) -> list[str]:
        written = min(self._index.frequency(text[at : at + 2]) for at in range(len(text) - 1))
        return self._commonest(self._by_sound().like(text), written)

    def _typed(self, word: QueryWord) -> list[str]:
        if word.forms or self._index.frequency(word.text):
            return []
        return self._commonest(self._by_sound().typed(word.text), 0)

    def _commonest(self, words: Sequence[str], written: int) -> list[str]:
        counted = [(self._index.frequency("w" + word), word) for word in words]
        better = [(count, word) for count, word in counted if count > written * _PREFERRED]
        return [word for _, word in sorted(better, key=lambda pair: (-pair[0], pair[1]))[:_MOST_ALIKE]]

    def _by_sound(self) -> SoundIndex:
        if self._sounds is None:
            self._sounds = SoundIndex(self._index.words())
        return self._sounds


def without_filler(text: str) -> str:
    """Take the phrases of talk out of a query; when nothing else is in it, it stays as it is."""
    bare = _filler().sub(" ", text)
    return bare if bare.strip("".join(_GRAMMAR)) else text


@cache
def _filler() -> re.Pattern[str]:
    phrases = sorted(packaged_list("filler.txt"), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, phrases)))
