"""From a need to products: candidates, filters that are never relaxed, ranking. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import NamedTuple

import numpy as np

from recommender.bits import Bits
from recommender.filters import Where
from recommender.heads import EXACT, title_phrases
from recommender.needs import Need
from recommender.shelf import Item, Shelf
from recommender.terms import TermFactors, query_terms

_ATTRIBUTE_SHARE = 0.52
"""How much of the score hangs on stated attributes; with none met, a product falls below the usual threshold."""
_MODIFIER_SHARE = 0.5
"""Whoever asks for 榴莲蛋糕 wants no plain cake: without its modifier a product stays below the usual threshold."""
_BRAND_MISSED = 0.7
_EXCLUDED_MET = 0.4
_WHOM_SHARE = 0.25
"""What it costs not to be made for the one it is wanted for, where the goods are named so or something else is."""
_NOT_FOR_ME = 0.94
"""Rice for children is rice, but whoever asks for rice means plain rice first; and where nothing is made for children,
plain rice is what a child gets."""
_TEXT_SHARE = 0.06
"""Text match beyond the head noun decides between equals only."""
_PHRASE_END = 0.85
"""An unknown object at the end of a title's first phrase names the product, but nobody confirmed the word."""
_FURTHER_END = 0.8
_SOUND = 0.92
"""A word that only sounds like one that names products (草霉, 草莓) was most likely meant for it."""
_LOOKED_AT = 200
"""Items whose titles are looked at for a word of no list, best text match first."""
_FACTORS = TermFactors()
_MOST = 2_000
"""Of more products that a word names, so many of the nearest are looked at: a catalogue may hold a million alike."""
_ALMOST = 0.85
"""A further product is shown beside the best one only when it is nearly as good."""

Hit = tuple[int, str, float]
"""Number of an item, the word it was found by, and how well that names it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a product is to be shown. Empty ``categories`` allows all; ``neighbourhoods`` are the group's.

    ``also_excluded`` and ``also_pinned`` come from segments: what the group itself pinned is spared from them.
    """

    neighbourhoods: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    excluded_ids: frozenset[int] = frozenset()
    excluded_texts: frozenset[str] = frozenset()
    also_excluded: frozenset[str] = frozenset()
    pinned_ids: frozenset[int] = frozenset()
    pinned_texts: frozenset[str] = frozenset()
    also_pinned: frozenset[str] = frozenset()
    forbidden_words: tuple[str, ...] = ()


class Candidate(NamedTuple):
    """A product for a need. ``score`` is 0..1; ``matched`` the words it was found by, ``met`` the attributes it has.

    A tuple, because of 100,000 products dozens fit each need. ``because`` are the tags of whoever asked that put it
    before products that fit equally well.
    """

    item: Item
    score: float
    matched: tuple[str, ...]
    met: tuple[str, ...] = ()
    because: tuple[int, ...] = ()


def allowed(item: Item, place: Place, need: Need | None, now: datetime) -> bool:
    """Apply every filter; there is no second try with fewer of them."""
    if not item.on_sale(now):
        return False
    if item.neighbourhoods and not item.neighbourhoods.intersection(place.neighbourhoods):
        return False
    if place.categories and not any(_within(item.category, category) for category in place.categories):
        return False
    if _excluded(item, place):
        return False
    for word in place.forbidden_words:
        if word in item.category or word in item.title:
            return False
    return need is None or _affordable(item, need)


def may_fit(need: Need, shelf: Shelf) -> bool:
    """Tell whether ``find`` could find anything anywhere; quick, and most goods nobody sells here."""
    return not need.known or any(map(shelf.names, need.terms))


def find(need: Need, shelf: Shelf, place: Place, now: datetime, cut: Callable[[str], list[str]]) -> list[Candidate]:
    """Return the products that fit a need, best first.

    Level products are ordered as the specification asks: the pinned one first, then the cheaper.
    """
    terms = None if need.known else _terms_of(need, cut)  # of known goods that nobody sells here they are not needed
    shown = shelf.shown(Where(place.neighbourhoods, place.categories), need.constraints.price_max)
    found: dict[int, tuple[str, float]] = {}
    for term in need.terms:
        hits = _named(term, shelf, shown) if need.known else _unlisted(term, shelf, terms or {}, shown)
        if len(hits) > _MOST and not (place.pinned_texts or place.also_pinned):
            terms = terms or _terms_of(need, cut)
            hits = _nearest(hits, shelf, terms, place)
        taken = 0
        for number, word, quality in hits:
            if number not in found and allowed(shelf.at(number), place, need, now):
                found[number] = word, quality
                taken += 1
                if taken == _MOST:
                    break
    if not found:
        return []
    numbers = sorted(found)
    scores = shelf.index.weighed(terms or _terms_of(need, cut), np.array(numbers, np.int64))
    items = [shelf.at(number) for number in numbers]
    narrows = need.constraints.for_whom in need.constraints.attributes or any(
        need.constraints.for_whom in item.whom for item in items
    )
    candidates = [
        _candidate(item, need, *found[number], score, whom_narrows=narrows)
        for item, number, score in zip(items, numbers, scores, strict=True)
    ]
    return in_order(candidates, need, place)


def _terms_of(need: Need, cut: Callable[[str], list[str]]) -> dict[str, float]:
    """Return the terms that the words of a need ask for."""
    constraints = need.constraints
    narrowing = dict.fromkeys((*constraints.attributes, constraints.for_whom))
    words = cut("".join((*narrowing, constraints.brand, *need.modifiers, *need.terms)))
    return query_terms(words, _FACTORS)


def choose(candidates: list[Candidate], limit: int, hidden: Collection[int]) -> list[Candidate]:
    """Return the few to show: the best that are not hidden, as long as they are nearly as good as the best."""
    shown = [candidate for candidate in candidates if candidate.item.id not in hidden]
    if not shown:
        return []
    least = shown[0].score * _ALMOST
    return [candidate for candidate in shown[:limit] if candidate.score >= least]


def _candidate(
    item: Item, need: Need, term: str, quality: float, text_score: float, *, whom_narrows: bool
) -> Candidate:
    constraints = need.constraints
    met: tuple[str, ...] = ()
    score = quality * need.strength
    if constraints.attributes:
        met = tuple(word for word in constraints.attributes if _has(item, word))
        stated = [word for word in constraints.attributes if word != constraints.for_whom]
        if stated:
            share = sum(word in met for word in stated) / len(stated)
            score *= 1 - _ATTRIBUTE_SHARE + _ATTRIBUTE_SHARE * share
    if constraints.for_whom and constraints.for_whom not in met:
        if _has(item, constraints.for_whom):
            met = (*met, constraints.for_whom)
        elif whom_narrows or item.whom:
            score *= 1 - _WHOM_SHARE
        else:
            score *= _NOT_FOR_ME
    if item.whom and item.whom.isdisjoint((*constraints.attributes, constraints.for_whom)):
        score *= _NOT_FOR_ME
    if need.modifiers:
        share = sum(word in item.title.lower() or word in item.kinds for word in need.modifiers) / len(need.modifiers)
        score *= 1 - _MODIFIER_SHARE + _MODIFIER_SHARE * share
    if constraints.brand and constraints.brand not in f"{item.brand}{item.title}".lower():
        score *= _BRAND_MISSED
    if constraints.excluded and any(_has(item, word) for word in constraints.excluded):
        score *= _EXCLUDED_MET
    score *= 1 - _TEXT_SHARE + _TEXT_SHARE * text_score / (text_score + 10.0)
    return Candidate(item, min(score, EXACT), (term,), met)


def in_order(
    candidates: list[Candidate], need: Need, place: Place, liking: Callable[[Item], float] | None = None
) -> list[Candidate]:
    """Return candidates best first; ``liking`` decides only between those that are level and not pinned apart."""
    cheap, step = need.constraints.cheap, _step(need)
    pins = bool(place.pinned_ids or place.pinned_texts or place.also_pinned)

    def key(candidate: Candidate) -> tuple[float, bool, object, object, int]:
        item, score = candidate.item, candidate.score
        pinned = pins and (_pinned_here(item, place) or _meant_by(place.also_pinned, item))
        liked = 0.0 if liking is None else -round(liking(item), 3)
        if cheap:
            return -round(score / step), not pinned, item.price, liked, item.id
        return -round(score / step), not pinned, liked, item.price, item.id

    return sorted(candidates, key=key)


def foremost(candidates: Sequence[Candidate], need: Need, limit: int, hidden: Collection[int]) -> list[Candidate]:
    """Return of ordered candidates those among which ``choose`` finds its picks, however level ones are ordered.

    They end with the step in which the last one that can be shown stands.
    """
    step, shown, last = _step(need), 0, None
    for place, candidate in enumerate(candidates):
        level = round(candidate.score / step)
        if last is not None and level != last:
            return list(candidates[:place])
        shown += candidate.item.id not in hidden
        if shown == limit:
            last = level
    return list(candidates)


def _step(need: Need) -> float:
    """Return how far apart scores must lie to count: who asks for cheap goods sees the price earlier."""
    return 0.1 if need.constraints.cheap else 0.03


def _named(term: str, shelf: Shelf, shown: Bits) -> list[Hit]:
    """Return (number, word, quality) of the items that a known word names."""
    return [(number, term, shelf.at(number).kinds[term]) for number in shelf.named(term, shown)]


def _nearest(hits: list[Hit], shelf: Shelf, terms: Mapping[str, float], place: Place) -> list[Hit]:
    """Return hits in the order in which they are worth a look: pinned ones, then by text match, the cheaper first."""
    numbers = np.array(sorted(number for number, _, _ in hits), np.int64)
    scores = np.round(shelf.index.weighed(terms, numbers), 3)
    order = dict(zip(numbers[np.lexsort((shelf.prices_of(numbers), -scores))].tolist(), count(), strict=False))
    return sorted(hits, key=lambda hit: (shelf.at(hit[0]).id not in place.pinned_ids, order[hit[0]]))


def _unlisted(term: str, shelf: Shelf, terms: Mapping[str, float], shown: Bits) -> list[Hit]:
    """Return (number, word, quality) of items for a word of no list: their title says it, or it is a slip for theirs.

    The end of a title's first phrase names the product, the end of a further one nearly as well; anywhere else the
    word is a modifier (牛奶 in 牛奶锅). Only where no title says it is it taken for a slip of the same sound.
    """
    found = []
    for number, _ in shelf.index.top(terms, _LOOKED_AT, shown):
        first, *further = title_phrases(shelf.at(number).title) or [""]
        if first.endswith(term):
            found.append((number, term, _PHRASE_END))
        elif any(phrase.endswith(term) for phrase in further):
            found.append((number, term, _FURTHER_END))
    if found:
        return found
    return [
        (number, word, quality * _SOUND)
        for kind in shelf.sounding_like(term)
        for number, word, quality in _named(kind, shelf, shown)
    ]


def _has(item: Item, word: str) -> bool:
    return word in item.attributes or word in item.title.lower()


def is_meant(item: Item, text: str) -> bool:
    """Tell whether a rule's text means this product: its key, or a word of its title, in large letters or small."""
    wanted = text.lower()
    return wanted == item.key.lower() or wanted in item.title.lower()


def _meant_by(texts: Collection[str], item: Item) -> bool:
    """Tell whether one of several rules means this product; mostly there are none, and thousands of products to ask."""
    return bool(texts) and any(is_meant(item, text) for text in texts)


def _excluded(item: Item, place: Place) -> bool:
    """Tell whether the group excluded a product, or a segment did and the group did not pin it."""
    if item.id in place.excluded_ids or _meant_by(place.excluded_texts, item):
        return True
    return _meant_by(place.also_excluded, item) and not _pinned_here(item, place)


def _pinned_here(item: Item, place: Place) -> bool:
    """Tell whether the group itself pinned a product."""
    return item.id in place.pinned_ids or _meant_by(place.pinned_texts, item)


def _within(category: str, allowed_category: str) -> bool:
    return category == allowed_category or category.startswith(f"{allowed_category}/")


def _affordable(item: Item, need: Need) -> bool:
    low, high = need.constraints.price_min, need.constraints.price_max
    return (high is None or item.price <= high) and (low is None or item.price >= low)
