"""Where the words of a query stand in a title: the part of the second look that goes through characters. Pure.

``compiled.placing`` does the same for many titles at once; this is what tests hold it against, and the way without a
compiler.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from operator import mul
from typing import NamedTuple

from recommender.query import QueryWord
from recommender.segmentation import Segmenter
from recommender.terms import amounts

BESIDE_WORTH = 0.9
"""A word that stands in the keywords, the brand or the category rather than in the title."""
PART_WORTH = 0.7
CHARACTER_WORTH = 0.5


class Wanted(NamedTuple):
    """What a query asks of every title: its words with what each counts for, in all ``total``, and its amounts.

    ``head`` is the place of the word that says what is asked for, -1 when none does; ``phrase`` the words in a row.
    """

    words: tuple[QueryWord, ...]
    worths: list[float]
    total: float
    head: int
    phrase: str
    amounts: Mapping[str, set[float]]

    @classmethod
    def of(cls, text: str, words: tuple[QueryWord, ...], worths: list[float], head: int) -> Wanted:
        """Put together what is asked of titles."""
        return cls(words, worths, sum(worths), head, "".join([word.text for word in words]), amounts(text))


class Placed(NamedTuple):
    """How the words of a query stand in one title.

    ``start`` and ``end`` are where its head does, -1 where it does not as a whole. The others are features of the
    second look.
    """

    start: int
    end: int
    coverage: float
    weakest: float
    head: float
    order: float
    phrase: float
    tight: float
    early: float
    share: float


class _Place(NamedTuple):
    """Where a word of the query stands in a title (-1: not as a whole) and how well it is matched (0..1)."""

    start: int
    end: int
    quality: float


Placing = Callable[[Wanted, Sequence[str], Sequence[str]], list[Placed]]
"""Returns how the words of a query, one at least, stand in titles without blanks; then what is known further of each.

``further`` is brand, category, keywords: there a word counts nearly as much as in the title.
"""


def placing_of(segmenter: Segmenter) -> Placing:
    """Return the compiled way where the segmenter is compiled, else the plain one."""
    if segmenter.cutter is None:
        return placed
    from recommender.compiled import placing  # noqa: PLC0415 - numba, which may be missing

    return placing.placed


def placed(wanted: Wanted, titles: Sequence[str], further: Sequence[str]) -> list[Placed]:
    """Return how the words of a query stand in each title; see ``Placing``."""
    return [_in_title(wanted, *texts) for texts in zip(titles, further, strict=True)]


def _in_title(wanted: Wanted, title: str, further: str) -> Placed:
    places = [_placed(word, title, further) for word in wanted.words]
    qualities = [place.quality for place in places]
    coverage = sum(map(mul, wanted.worths, qualities)) / wanted.total
    head = places[wanted.head] if wanted.head >= 0 else None
    whole = [place for place in places if place.start >= 0]
    first = head if head is not None and head.start >= 0 else min(whole, key=lambda one: one.start, default=None)
    length = max(len(title), 1)
    covered = sum([place.end - place.start for place in whole])
    span = max([place.end for place in whole]) - min([place.start for place in whole]) if whole else 0
    return Placed(
        head.start if head is not None else -1,
        head.end if head is not None else -1,
        coverage,
        min(qualities),
        head.quality if head is not None else coverage,
        _order(places),
        _longest_common(wanted.phrase, title),
        min(covered / span, 1.0) if span else 0.0,
        1 - first.start / length if first is not None else 0.0,
        min(covered / length, 1.0),
    )


def _placed(word: QueryWord, title: str, further: str) -> _Place:
    """Return where a word or one of its forms stands in a title, or how much of it does; beside it counts as well."""
    start = title.find(word.text)
    if start >= 0:
        return _Place(start, start + len(word.text), 1.0)
    best = _Place(-1, -1, BESIDE_WORTH if further and word.text in further else _partly(word.text, title))
    for form, worth in word.forms.items():
        if worth > best.quality and (start := title.find(form)) >= 0:
            best = _Place(start, start + len(form), worth)
    return best


def _partly(word: str, title: str) -> float:
    if len(word) < 2:
        return 0.0
    pairs = pieces(word, 2)
    by_pairs = sum([pair in title for pair in pairs]) / len(pairs) * PART_WORTH
    by_characters = sum([character in title for character in word]) / len(word) * CHARACTER_WORTH
    return max(by_pairs, by_characters if not word[0].isascii() else 0.0)


def pieces(text: str, length: int) -> list[str]:
    """Return all stretches of a text of this length."""
    return [text[start : start + length] for start in range(len(text) - length + 1)]


def _order(places: Sequence[_Place]) -> float:
    """Return the share of neighbours in the query that follow each other in the title; adjacent ones count fully."""
    if len(places) < 2:
        return 1.0
    total = 0.0
    for one, other in pairwise(places):
        if one.start >= 0 and other.start >= one.end:
            total += 1.0 if other.start == one.end else 0.5
    return total / (len(places) - 1)


def _longest_common(query: str, title: str) -> float:
    """Return the length of the longest stretch of the query that stands in the title, as a share of the query."""
    best = 0
    for start in range(len(query)):
        while start + best < len(query) and query[start : start + best + 1] in title:
            best += 1
    return best / max(len(query), 1)
