"""The words that needs are read with: goods, what is not sold, attributes, brands, for whom."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType


class WordKind(StrEnum):
    """What a known word is; the value is the letter that stands for it in the patterns of the rules."""

    GOODS = "G"
    NOT_SOLD = "N"
    ATTRIBUTE = "A"
    BRAND = "B"
    WHOM = "P"


@dataclass(frozen=True, slots=True)
class Word:
    """A known word. ``canonical`` is the form it is kept in; ``brand`` is set where a brand was said for the kind."""

    kind: WordKind
    canonical: str
    category: str = ""
    brand: str = ""


@dataclass(frozen=True, slots=True)
class CatalogueWords:
    """What a catalogue adds to the lexicon: words for goods with their category path, and brands."""

    goods: Mapping[str, str]
    brands: frozenset[str]


NO_CATALOGUE = CatalogueWords(MappingProxyType({}), frozenset())


class Lexicon:
    """All known words by the form that members write, after the text has been made uniform.

    Later sources never replace earlier ones: goods of the list, what is not sold, attributes, aliases, catalogue.
    """

    def __init__(self, aliases: Iterable[tuple[str, str, str]] = (), catalogue: CatalogueWords = NO_CATALOGUE) -> None:
        self._words: dict[str, Word] = {}
        self.get = self._words.get
        self._packaged()
        for alias, word, kind in aliases:
            self._add_alias(alias.lower(), word.lower(), kind)
        for brand in catalogue.brands:
            if len(brand) > 1:
                self._words.setdefault(brand.lower(), Word(WordKind.BRAND, brand.lower()))
        for text, category in catalogue.goods.items():
            if len(text) > 1:
                self._words.setdefault(text.lower(), Word(WordKind.GOODS, text.lower(), category))

    get: Callable[[str], Word | None]
    """Return what is known of a word as members write it; asked for every word, so it is the dictionary's own."""

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)

    def __len__(self) -> int:
        return len(self._words)

    def canonical(self, text: str) -> str:
        """Return the kept form of a word, or the word itself when it is unknown."""
        word = self._words.get(text)
        return word.canonical if word else text

    def _packaged(self) -> None:
        for text, category in packaged_goods().items():
            self._words.setdefault(text, Word(WordKind.GOODS, text, category))
        for text in packaged_list("not_sold.txt"):
            self._words.setdefault(text, Word(WordKind.NOT_SOLD, text))
        for group, lists in packaged_attributes().items():
            kind = WordKind.WHOM if group == "whom" else WordKind.ATTRIBUTE
            for forms in lists:
                for form in forms:
                    self._words.setdefault(form, Word(kind, forms[0]))

    def _add_alias(self, alias: str, word: str, kind: str) -> None:
        known = self._words.get(word)
        category = known.category if known else ""
        if known is None:
            self._words[word] = Word(WordKind.GOODS, word)
        elif known.kind is not WordKind.GOODS:
            return
        brand = alias if kind == "brand" else ""
        self._words[alias] = Word(WordKind.GOODS, known.canonical if known else word, category, brand)


@cache
def packaged_goods() -> Mapping[str, str]:
    """Return the project's own list of goods: word → category path."""
    pairs = (line.split("\t") for line in packaged_list("goods.txt"))
    return MappingProxyType({pair[0].lower(): pair[1] if len(pair) > 1 else "" for pair in pairs})


@cache
def packaged_attributes() -> Mapping[str, list[list[str]]]:
    """Return the attribute lists: group → lists of forms that mean the same, the kept form first."""
    text = files("recommender").joinpath("data", "attributes.toml").read_text(encoding="utf-8")
    return MappingProxyType(tomllib.loads(text))


@cache
def packaged_list(name: str) -> tuple[str, ...]:
    """Return the lines of a packaged word list, without comments and blank lines."""
    text = files("recommender").joinpath("data", name).read_text(encoding="utf-8")
    return tuple(line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))
