"""Where the words of a query stand in many titles at once: what ``recommender.placing`` does, by code points.

All texts lie side by side in one array::

    words │ their other forms │ titles │ what else is known of each
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recommender.compiled.batch import Batch
from recommender.compiled.jit import compiled
from recommender.placing import BESIDE_WORTH, CHARACTER_WORTH, PART_WORTH, Placed, Wanted

_COLUMNS = len(Placed._fields)
_ASCII = 128


def placed(wanted: Wanted, titles: Sequence[str], further: Sequence[str]) -> list[Placed]:
    """Return how the words of a query stand in each title; see ``recommender.placing.Placing``."""
    words = [word.text for word in wanted.words]
    forms = [(place, form, worth) for place, word in enumerate(wanted.words) for form, worth in word.forms.items()]
    texts = Batch.of([*words, *[form for _, form, _ in forms], *titles, *further])
    found = np.empty((len(titles), _COLUMNS))
    _place(
        *(texts.codes, texts.bounds, np.array(wanted.worths), wanted.total, wanted.head),
        np.array([place for place, _, _ in forms], np.int64),
        np.array([worth for _, _, worth in forms], np.float64),
        *(np.empty((len(words), 2), np.int64), np.empty(len(words)), found),
    )
    return [Placed(int(start), int(end), *features) for start, end, *features in found.tolist()]


@compiled
def _place(codes, bounds, worths, total, head, of_word, form_worths, places, qualities, found):
    """Write by title what ``Placed`` names into ``found``; ``places`` and ``qualities`` are scratch, by word."""
    words, forms, titles = len(worths), len(of_word), len(found)
    for title in range(titles):
        row = words + forms + title
        text = codes[bounds[row] : bounds[row + 1]]
        beside = codes[bounds[row + titles] : bounds[row + titles + 1]]
        for number in range(words):
            _place_word(number, text, beside, codes, bounds, words, of_word, form_worths, places, qualities)
        coverage = 0.0
        for number in range(words):
            coverage += worths[number] * qualities[number]
        coverage /= total
        first, last, covered = -1, 0, 0
        for number in range(words):
            start, end = places[number]
            if start >= 0:
                first = start if first < 0 else min(first, start)
                last = max(last, end)
                covered += end - start
        length, span = max(len(text), 1), last - first if first >= 0 else 0
        early = places[head, 0] if head >= 0 and places[head, 0] >= 0 else first
        row_found = found[title]
        row_found[0], row_found[1] = -1, -1
        if head >= 0:
            row_found[0], row_found[1] = places[head, 0], places[head, 1]
        row_found[2] = coverage
        row_found[3] = qualities.min()
        row_found[4] = qualities[head] if head >= 0 else coverage
        row_found[5] = _order(places)
        row_found[6] = _longest_common(codes[: bounds[words]], text)
        row_found[7] = min(covered / span, 1.0) if span > 0 else 0.0
        row_found[8] = 1 - early / length if early >= 0 else 0.0
        row_found[9] = min(covered / length, 1.0)


@compiled
def _place_word(number, text, beside, codes, bounds, words, of_word, form_worths, places, qualities):
    """Note where a word or one of its forms stands in a title, or how much of it does."""
    word = codes[bounds[number] : bounds[number + 1]]
    start = _find(word, text)
    if start >= 0:
        places[number, 0], places[number, 1], qualities[number] = start, start + len(word), 1.0
        return
    places[number, 0], places[number, 1] = -1, -1
    quality = BESIDE_WORTH if _find(word, beside) >= 0 else _partly(word, text)
    for form in range(len(of_word)):
        if of_word[form] == number and form_worths[form] > quality:
            written = codes[bounds[words + form] : bounds[words + form + 1]]
            start = _find(written, text)
            if start >= 0:
                places[number, 0], places[number, 1], quality = start, start + len(written), form_worths[form]
    qualities[number] = quality


@compiled
def _find(wanted, text):
    """Return where a stretch of code points begins in a text, -1 where it does not stand in it."""
    for start in range(len(text) - len(wanted) + 1):
        place = 0
        while place < len(wanted) and text[start + place] == wanted[place]:
            place += 1
        if place == len(wanted):
            return start
    return -1


@compiled
def _partly(word, text):
    """Return how much of a word that does not stand in a text does."""
    if len(word) < 2:
        return 0.0
    pairs, characters = 0, 0
    for place in range(len(word)):
        characters += _find(word[place : place + 1], text) >= 0
        pairs += place > 0 and _find(word[place - 1 : place + 1], text) >= 0
    by_pairs = pairs / (len(word) - 1) * PART_WORTH
    by_characters = characters / len(word) * CHARACTER_WORTH if word[0] >= _ASCII else 0.0
    return max(by_pairs, by_characters)


@compiled
def _order(places):
    """Return the share of neighbours in the query that follow each other in the title."""
    if len(places) < 2:
        return 1.0
    total = 0.0
    for number in range(len(places) - 1):
        end, start = places[number, 1], places[number + 1, 0]
        if places[number, 0] >= 0 and start >= end:
            total += 1.0 if start == end else 0.5
    return total / (len(places) - 1)


@compiled
def _longest_common(query, text):
    """Return the length of the longest stretch of a query that stands in a text, as a share of the query."""
    best = 0
    for start in range(len(query)):
        while start + best < len(query) and _find(query[start : start + best + 1], text) >= 0:
            best += 1
    return best / max(len(query), 1)
