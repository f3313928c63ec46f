"""What needs and products say of whoever wants them, and how somebody's own tags order what fits equally well. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from groups.people.profiles import Statement, Tag, TagKind, traits, within
from recommender.constraints import Constraints
from recommender.heads import EXACT, NO_CATEGORY, product_kinds, title_words
from recommender.lexicon import Lexicon, WordKind
from recommender.needs import Need, NeedClass
from recommender.ranking import Candidate, Place, in_order
from recommender.shelf import Item

PETS = frozenset({"猫", "狗", "成猫", "幼猫", "成犬", "幼犬"})
"""For whom one may ask without speaking of another person."""
_LOOKED_AT = 60
"""Candidates that a taste may reorder; whatever stands behind them is not shown anyway."""


class Liking(NamedTuple):
    """One tag of whoever asks: ``id`` is its row, ``strength`` how much it counts, 0 to 1."""

    tag: Tag
    id: int
    strength: float


Taste = Sequence[Liking]
"""The likings of one person, for one decision; empty is neutral."""


def said(need: Need, own: Constraints, heard: tuple[str, ...], lexicon: Lexicon) -> Statement | None:
    """Return what a need says of its speaker; ``own`` is what this one message states, ``heard`` its texts.

    None when it is a hint, names nothing we know, takes up somebody else's words, or is for somebody else. A message
    that only narrows an earlier need down (要有机的) says its attributes, not the goods again.
    """
    if need.need_class is NeedClass.IMPLICIT or not need.known or need.rule == "joining":
        return None
    stated = need.constraints
    whom = {word for word in (stated.for_whom, *stated.attributes) if word and _is(WordKind.WHOM, word, lexicon)}
    if whom - PETS:
        return None
    narrows = need.rule == "refinement"
    constraints = own if narrows else stated
    words = [(word, lexicon.get(word)) for word in (() if narrows else need.terms)]
    return Statement(
        goods=tuple([(text, word.category) for text, word in words if word and word.kind is WordKind.GOODS]),
        attributes=tuple([word for word in constraints.attributes if _is(WordKind.ATTRIBUTE, word, lexicon)]),
        brand=constraints.brand,
        pets=tuple(sorted(whom)),
        heard=heard,
    )


def bought(item: Item, heard: str) -> Statement | None:
    """Return what the order of a product says of its buyer; None when it is made for somebody of another kind."""
    if item.whom - PETS:
        return None
    heads = [word for word, quality in item.kinds.items() if quality >= EXACT]
    return Statement(
        goods=tuple((word, item.category) for word in heads or [""]),
        attributes=tuple(sorted(item.attributes - item.whom)),
        brand=item.brand.lower(),
        pets=tuple(sorted(item.whom)),
        heard=(item.title, item.specification, heard),
    )


def bought_by_title(title: str, heard: str, cut: Callable[[str], list[str]], lexicon: Lexicon) -> Statement | None:
    """Return what an order says of its buyer when only the leader's own title is known of the goods."""
    plain = title.lower()
    known = [word for word in map(lexicon.get, cut(plain)) if word is not None]
    whom = {word.canonical for word in known if word.kind is WordKind.WHOM}
    if whom - PETS:
        return None
    kinds = product_kinds(title_words(title, cut), NO_CATEGORY, (), lexicon)
    heads = [word for word, quality in kinds.items() if quality >= EXACT]
    goods = [(text, word) for text in heads if (word := lexicon.get(text)) is not None and word.kind is WordKind.GOODS]
    return Statement(
        goods=tuple((text, word.category) for text, word in goods),
        attributes=tuple(dict.fromkeys(word.canonical for word in known if word.kind is WordKind.ATTRIBUTE)),
        pets=tuple(sorted(whom)),
        heard=(title, heard),
    )


def personal_order(candidates: Sequence[Candidate], need: Need, place: Place, taste: Taste) -> list[Candidate]:
    """Return the same candidates with those in front, among equals, that this person's tags speak for.

    Equal is what the ranking itself calls equal, scores within one step of 0.03; the pinned product stays before others
    of its step, and whoever asked for cheap goods still gets the cheaper first. Scores and items are not touched. A
    candidate that rose carries the ids of the tags that made the difference.
    """
    near, rest = list(candidates[:_LOOKED_AT]), candidates[_LOOKED_AT:]
    fitting = _Fitting(taste)
    likings = {one.item.id: fitting(one.item) for one in near}
    ordered = in_order(near, need, place, lambda item: sum(liking.strength for liking in likings[item.id]))
    before = {one.item.id: number for number, one in enumerate(near)}
    told: list[Candidate] = []
    for number, one in enumerate(ordered):
        passed = [other for other in ordered[number + 1 :] if before[other.item.id] < before[one.item.id]]
        told.append(one._replace(because=_difference(likings, one, passed)) if passed else one)
    return [*told, *rest]


class _Fitting:
    """Finds which likings a product answers, by one look-up for each of its words."""

    def __init__(self, taste: Taste) -> None:
        self._by_word = {(one.tag.kind, one.tag.value): one for one in taste}
        self._categories = [one for one in taste if one.tag.kind is TagKind.CATEGORY]
        free = {one.tag: one for one in taste if one.tag.kind is TagKind.FREE}
        self._traits = [(free[trait.tag], trait) for trait in traits() if trait.tag in free]
        self._of_kinds: dict[tuple[tuple[str, ...], str], tuple[list[Liking], list[Liking]]] = {}

    def __call__(self, item: Item) -> list[Liking]:
        heads = tuple([word for word, quality in item.kinds.items() if quality >= EXACT])
        alike = (heads, item.category)
        if alike not in self._of_kinds:  # what fits one need is mostly of one kind
            self._of_kinds[alike] = self._named(TagKind.GOODS, heads), self._around(heads, item.category)
        goods, around = self._of_kinds[alike]
        narrower = self._named(TagKind.ATTRIBUTE, item.attributes) if item.attributes else []
        return [*goods, *narrower, *self._named(TagKind.BRAND, (item.brand.lower(),)), *around]

    def _named(self, kind: TagKind, words: Iterable[str]) -> list[Liking]:
        return [found for word in words if (found := self._by_word.get((kind, word))) is not None]

    def _around(self, heads: Sequence[str], category: str) -> list[Liking]:
        """Return the likings that goods answer by where they lie, or by what they say of whoever wants them."""
        return [
            *(one for one in self._categories if within(category, one.tag.value)),
            *(one for one, trait in self._traits if trait.fits(heads, category)),
        ]


def _difference(
    likings: Mapping[int, Sequence[Liking]], one: Candidate, passed: Sequence[Candidate]
) -> tuple[int, ...]:
    """Return the tags that speak for a candidate and not for all of those it passed."""
    mine = {liking.id for liking in likings[one.item.id]}
    shared = mine.intersection(*({liking.id for liking in likings[other.item.id]} for other in passed))
    return tuple(sorted(mine - shared))


def _is(kind: WordKind, word: str, lexicon: Lexicon) -> bool:
    known = lexicon.get(word)
    return known is not None and known.kind is kind
