"""What is looked for when a word is wanted: the rows of its terms in one index, found once for each word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.compiled.cutting import NO_WORD, Cutter
from recommender.compiled.jit import compiled
from recommender.lexicon import Lexicon, WordKind
from recommender.masking import GLUED_VERBS

Rows = npt.NDArray[np.int64]
"""A query: (number of the term, its weight) in each row, as the index's search takes it."""
MOST_ROWS = 64
"""Rows of one query; what a member names beyond that is a list, not a need."""
_KINDS = frozenset({WordKind.GOODS, WordKind.ATTRIBUTE, WordKind.BRAND})


@dataclass(frozen=True, slots=True)
class Wanted:
    """The rows of each wanted word: those of word w are ``rows[bounds[p]:bounds[p + 1]]`` with p = ``places[w]``.

    ``places`` is -1 for a word that names nothing wanted.
    """

    places: npt.NDArray[np.int32]
    bounds: npt.NDArray[np.int32]
    rows: Rows

    @classmethod
    def of(cls, lexicon: Lexicon, cutter: Cutter, rows_of: Callable[[str], Rows]) -> Wanted:
        """Ask for the rows of every word for goods, attributes and brands, by its kept form.

        ``rows_of`` gives what the index's search takes, such as ``postings.query(reader.read(word).terms)`` with the
        ``QueryReader``: other forms of the word are in it. A term below zero is in no document and left out.
        """
        named = [(text, word) for text in lexicon if (word := lexicon.get(text)) is not None and word.kind in _KINDS]
        kept = {text: place for place, text in enumerate(dict.fromkeys(word.canonical for _, word in named))}
        rows = [found[found[:, 0] >= 0] for found in map(rows_of, kept)]
        places = np.full(len(cutter.trie.cells) + 1, NO_WORD, np.int32)  # the last cell takes what is in no dictionary
        goods = [(text, kept[word.canonical]) for text, word in named if word.kind is WordKind.GOODS]
        for verb in GLUED_VERBS:
            places[cutter.trie.nodes([verb + text for text, _ in goods])] = [place for _, place in goods]
        places[cutter.trie.nodes(list(lexicon))] = NO_WORD
        places[cutter.trie.nodes([text for text, _ in named])] = [kept[word.canonical] for _, word in named]
        bounds = np.zeros(len(rows) + 1, np.int32)
        np.cumsum([len(one) for one in rows], out=bounds[1:])
        return cls(places[:-1], bounds, np.concatenate([np.empty((0, 2), np.int64), *rows]))


@compiled
def ask(words, first, last, places, word_bounds, word_rows, queries, count):
    """Write the rows of the wanted words of a text behind ``count``, each term once; return the count now."""
    begin = count
    for token in range(first, last):
        place = places[words[token]] if words[token] != NO_WORD else NO_WORD
        if place == NO_WORD:
            continue
        for row in range(word_bounds[place], word_bounds[place + 1]):
            known = begin
            while known < count and queries[known, 0] != word_rows[row, 0]:
                known += 1
            if known < count:
                queries[known, 1] = max(queries[known, 1], word_rows[row, 1])
            elif count - begin < MOST_ROWS:
                queries[count, 0], queries[count, 1] = word_rows[row, 0], word_rows[row, 1]
                count += 1
    return count
