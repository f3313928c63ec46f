"""What somebody's own words and orders say of them: tags, what never becomes one, how they fade. Pure.

Nothing here knows a catalogue or a database: a ``Statement`` is what the caller made out of a need or an order.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

LONGEST_VALUE = 64
"""Characters of a tag's value; what is longer is no word."""
_LEVELS = 2
"""A category is kept down to 水果/浆果: what is finer is the goods word itself."""
_BRANCH = "组合"
"""The leaf under which word lists keep words for a whole branch (水果 itself)."""
_HALF = 3.0
"""The weight at which a tag counts half of what it can: three statements, or one and an order, of today."""
_SECONDS_A_DAY = 86_400.0


class TagKind(StrEnum):
    """What a tag says: a category, a word for goods, an attribute, a brand, or a free key (pet = 猫)."""

    CATEGORY = "category"
    GOODS = "goods"
    ATTRIBUTE = "attribute"
    BRAND = "brand"
    FREE = "free"

    __hash__ = str.__hash__  # an enumeration's own is slow, and tags are put into sets for every need


class Tag(NamedTuple):
    """One thing that may be said of a person; ``key`` is set for the free kind only."""

    kind: TagKind
    value: str
    key: str = ""


class Source(StrEnum):
    """What a tag rests on; an order that is taken back takes its share of the weight back."""

    SAID = "said"
    ORDERED = "ordered"
    TAKEN_BACK = "taken_back"


WEIGHTS = {Source.SAID: 1.0, Source.ORDERED: 2.0, Source.TAKEN_BACK: 2.0}
"""What one statement adds, or takes back: who orders means it more than who asks."""


class Statement(NamedTuple):
    """What one need or order names.

    ``goods`` are words for goods with their category path, ``pets`` for which animal it was wanted. ``heard`` are the
    texts that it was read from (the message, a product's title): they are looked through for what is sensitive or
    somebody else's, and never kept.
    """

    goods: tuple[tuple[str, str], ...] = ()
    attributes: tuple[str, ...] = ()
    brand: str = ""
    pets: tuple[str, ...] = ()
    heard: tuple[str, ...] = ()


class Evidence(NamedTuple):
    """Tags that one message of a person speaks for, or, taken back, no longer speaks for."""

    tags: tuple[Tag, ...]
    source: Source
    at: datetime


@dataclass(frozen=True, slots=True)
class Trait:
    """What goods of some categories, or with some names, say of whoever wants them."""

    tag: Tag
    shown: str
    categories: tuple[str, ...]
    words: frozenset[str]

    def fits(self, words: Iterable[str], category: str) -> bool:
        """Tell whether goods of these names in this category say so."""
        return not self.words.isdisjoint(words) or any(within(category, one) for one in self.categories)


def tags_of(statement: Statement) -> tuple[Tag, ...]:
    """Return the tags that a statement makes; none when any part of it is sensitive or somebody else's."""
    tags = _tags_named(statement.goods, statement.attributes, statement.brand, statement.pets)
    if not tags:
        return ()
    for heard in statement.heard:
        if heard and (_touches(heard) or _of_others(heard)):
            return ()
    return tags


@lru_cache(4_096)
def _tags_named(
    goods: tuple[tuple[str, str], ...], attributes: tuple[str, ...], brand: str, pets: tuple[str, ...]
) -> tuple[Tag, ...]:
    """Return the tags of what is named: the same goods are asked for again and again."""
    named = [_of_goods(word, category) for word, category in goods]
    if None in named or any(map(sensitive, attributes)) or sensitive(brand):
        return ()
    found = [tag for one in named if one is not None for tag in one.tags]
    found += [Tag(TagKind.ATTRIBUTE, word) for word in attributes]
    found += [Tag(TagKind.BRAND, brand)] if brand else []
    told = {tag for one in named if one is not None for tag in one.told}
    told |= {trait.tag for trait in traits() if pets and not trait.words.isdisjoint(pets)}
    found += [trait.tag for trait in traits() if told and trait.tag in told]
    return tuple(dict.fromkeys([tag for tag in found if 0 < len(tag.value) <= LONGEST_VALUE]))


class _Goods(NamedTuple):
    """What goods make of whoever wants them: their own tags, and those of the traits that they tell of."""

    tags: tuple[Tag, ...]
    told: tuple[Tag, ...]


@lru_cache(4_096)
def _of_goods(word: str, category: str) -> _Goods | None:
    """Return what goods make, None when they are sensitive; there are far fewer of them than ways to ask for them."""
    if sensitive(word) or sensitive(category):
        return None
    return _Goods(tuple(_goods_tags(word, category)), tuple(_told_by(word, category)))


def _told_by(word: str, category: str) -> Iterator[Tag]:
    """Yield what goods say of whoever wants them, by their word and by each category that they lie under."""
    told = _tellers()
    yield from told.get(word, ())
    above = category
    while above:
        yield from told.get(f"{above}/", ())
        above = above.rpartition("/")[0]


@cache
def _tellers() -> Mapping[str, list[Tag]]:
    """Return the tags of traits by word, and by category with a stroke at its end, as ``Trait.fits`` looks for them."""
    told: dict[str, list[Tag]] = {}
    for trait in traits():
        for sign in (*trait.words, *(f"{category}/" for category in trait.categories)):
            told.setdefault(sign, []).append(trait.tag)
    return told


@cache
def _below(categories: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{category}/" for category in categories)


def _goods_tags(word: str, category: str) -> Iterable[Tag]:
    path = [part for part in category.split("/") if part][:_LEVELS]
    for depth, part in enumerate(path, start=1):
        if part != _BRANCH:
            yield Tag(TagKind.CATEGORY, "/".join(path[:depth]))
    if word and word not in path:
        yield Tag(TagKind.GOODS, word)


@lru_cache(4_096)
def sensitive(text: str) -> bool:
    """Tell whether a word or a category touches what must never be known of a person."""
    return _touches(text)


def _touches(text: str) -> bool:
    """Tell the same of anything, a whole message too; what people write is not kept for the next time."""
    if not text:
        return False
    spared, words, patterns, categories = _matters()
    plain = unicodedata.normalize("NFKC", text).lower()
    if plain in categories or plain.startswith(_below(categories)):
        return True
    plain = spared.sub("\n", plain)
    return words.search(plain) is not None or patterns.search(plain) is not None


def _of_others(text: str) -> bool:
    return _others().search(text) is not None


def within(category: str, wanted: str) -> bool:
    """Tell whether a category is another, or lies under it."""
    return category == wanted or category.startswith(f"{wanted}/")


def decayed(weight: float, at: datetime, now: datetime, half_life_days: float) -> float:
    """Return what is left now of a weight that was true ``at``; it halves every ``half_life_days``."""
    days = max((now - at).total_seconds(), 0.0) / _SECONDS_A_DAY
    return float(weight * 0.5 ** (days / half_life_days))


def strength(weight: float) -> float:
    """Return how much a weight counts, 0 to 1: the tenth order of apples says little more than the third."""
    return max(weight, 0.0) / (max(weight, 0.0) + _HALF)


def wider(tag: Tag) -> tuple[Tag, ...]:
    """Return a tag and the category above it: whoever deleted 水果 wants no 水果/浆果 either."""
    above = tag.value.rpartition("/")[0] if tag.kind is TagKind.CATEGORY else ""
    return (tag, Tag(TagKind.CATEGORY, above)) if above else (tag,)


def shown(tag: Tag) -> str:
    """Return a tag as its owner reads it."""
    return next((trait.shown for trait in traits() if trait.tag == tag), tag.value)


def meant(tags: Sequence[Tag], text: str) -> list[Tag]:
    """Return the tags that somebody names: as shown, by value, by the last part of a category; with all under it."""
    wanted = unicodedata.normalize("NFKC", text).strip("“”\"'「」《》 。.,，!！").lower()
    named = [tag for tag in tags if wanted and wanted in {shown(tag).lower(), tag.value.lower()}]
    named = named or [tag for tag in tags if tag.kind is TagKind.CATEGORY and tag.value.lower().endswith(f"/{wanted}")]
    categories = [tag.value for tag in named if tag.kind is TagKind.CATEGORY]
    under = [
        tag
        for tag in tags
        if tag.kind is TagKind.CATEGORY and any(within(tag.value, category) for category in categories)
    ]
    return list(dict.fromkeys([*named, *under]))


@cache
def traits() -> tuple[Trait, ...]:
    """Return the packaged traits."""
    return tuple(
        Trait(
            Tag(TagKind.FREE, row["value"], row["key"]),
            row["shown"],
            tuple(row.get("categories", ())),
            frozenset(row.get("words", ())),
        )
        for row in _packaged("traits.toml")["trait"]
    )


@cache
def _others() -> re.Pattern[str]:
    words = "|".join(map(re.escape, sorted(_packaged("traits.toml")["others"]["words"], key=len, reverse=True)))
    return re.compile(
        rf"(?:[给帮替代为送]|我)(?:我|我们|家里|咱)?的?(?:大|小|老|一个|几个|个)?(?:{words})|(?<![其吉])(?:{words})们?也?[想要让托叫说]"
    )


@cache
def _matters() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str], tuple[str, ...]]:
    """Return what is spared, words and patterns that are sensitive wherever they stand, and categories as a whole.

    Words and patterns are looked for apart: where all alternatives begin with a character, ``re`` skips all others.
    """
    document = _packaged("sensitive.toml")
    matters = document["matter"]
    words = {word.lower() for matter in matters for word in matter["words"]}
    patterns = [pattern for matter in matters for pattern in matter.get("patterns", ())]
    spared = sorted(document["spared"], key=len, reverse=True)
    categories = tuple(category for matter in matters for category in matter.get("categories", ()))
    return (
        re.compile("|".join(map(re.escape, spared))),
        re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True)))),
        re.compile("|".join(patterns)),
        categories,
    )


def _packaged(name: str) -> dict[str, Any]:
    return tomllib.loads(files("groups.people").joinpath("data", name).read_text(encoding="utf-8"))
