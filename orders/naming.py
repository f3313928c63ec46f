"""How the things on offer are called: title, head word, other names, what tells them apart, codes. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from orders.quantities import one_of, units
from orders.scanning import grammar, roles
from orders.state import Item

_SAME_GOODS = frozenset({"regional", "homophone", "pinyin", "emoji", "abbreviation"})
"""Aliases that are the same thing; a brand or a near kind is something else to somebody who orders."""
_TITLE, _PHRASE, _HEAD, _ALIAS, _TAIL, _PART = range(6)
"""How well a name fits an item, the best first."""
_LONGEST_PART = 16
_TITLES_KEPT = 2_048
"""Titles whose names stay in memory, some 10 kB each."""
_WORDS_KEPT = 8
"""Word lists whose lengths stay in memory: a program has one, tests have several."""


def fold(text: str) -> str:
    """Return a title as uniform text has it, as far as that goes without a dictionary of traditional characters."""
    return " ".join(unicodedata.normalize("NFKC", text).lower().replace("✖", "×").split())


@cache
def _wrapping() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the pattern of specifications and prices in a title, and of what separates its phrases."""
    unit = one_of((*units().known, "ml", "l", "毫升", "升", "寸", "cm"))
    amount = rf"\d{{1,5}}(?:\.\d{{1,2}})?\s?{unit}?"
    number = r"\d{1,5}(?:\.\d{1,2})?"
    size = rf"{number}\s?{unit}(?:\s?[*×x]\s?{amount})?(?:\s?/\s?{unit}|装)?|{number}\s?元"
    return re.compile(size), re.compile(r"[\s/|,，。·*()\[\]【】+、:：;!~\-—_]+")


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """What is known of goods beside the list: their names, and other names for the same."""

    goods: Collection[str]
    same: Mapping[str, frozenset[str]]
    """From every name to all names of the same thing."""


def words_of(
    goods: Iterable[str], aliases: Iterable[tuple[str, str, str]], uniform: Callable[[str], str] = fold
) -> Words:
    """Return the words; an alias is (alias, word, kind) as ``catalog.aliases`` yields them."""
    uniform = cache(uniform)
    families: dict[str, set[str]] = {}
    known = {uniform(word) for word in goods}
    for alias, word, kind in aliases:
        known.update((uniform(alias), uniform(word)))
        if kind in _SAME_GOODS:
            families.setdefault(uniform(word), {uniform(word)}).add(uniform(alias))
    known.discard("")
    same = {name: frozenset(family) for family in families.values() for name in family if name}
    return Words(frozenset(known), same)


class Names:
    """Finds the items of a list in a text, and other goods. Build one for a list; it does not change."""

    def __init__(self, items: Sequence[Item], words: Words, uniform: Callable[[str], str] = fold) -> None:
        self._goods = words.goods
        self._goods_reach = _reach_of_goods(words)
        ranked: dict[str, tuple[int, set[int]]] = {}
        for item in items:
            for name, rank in _ranked(uniform(item.title), words).items():
                best, ids = ranked.setdefault(name, (rank, set()))
                if rank < best:
                    ranked[name] = (rank, {item.id})
                elif rank == best:
                    ids.add(item.id)
        self._items = {name: frozenset(ids) for name, (_, ids) in ranked.items() if name not in roles()}
        self._reach = _reach(self._items)
        self._longest = max((14, *map(len, self._items)))
        self._codes = _codes(items)

    def at(self, text: str, place: int) -> tuple[int, frozenset[int]] | None:
        """Return the end of the longest name that starts here and the items it may mean, none for other goods."""
        begin = text[place : place + 2]
        reach = max(self._reach.get(begin, 1), self._goods_reach.get(begin, 1))
        for end in range(min(len(text), place + min(reach, self._longest)), place, -1):
            name = text[place:end]
            if (ids := self._items.get(name)) is None and (name not in self._goods or name in roles()):
                continue
            if _cuts_word(text, place, end):
                continue
            return end, ids or frozenset()
        return None

    def code_at(self, text: str, place: int) -> tuple[int, frozenset[int]] | None:
        """Return the end of a code that starts here and its items: #1, 1号, 第一个, a3."""
        for pattern, ids_of in self._codes:
            if (match := pattern.match(text, place)) and (ids := ids_of.get(_figure(match[1]))):
                return match.end(), ids
        return None

    def coded(self, code: str) -> frozenset[int]:
        """Return the items with this code."""
        return next((ids for _, ids_of in self._codes if (ids := ids_of.get(code))), frozenset())


def _reach(names: Iterable[str]) -> Mapping[str, int]:
    """Return by their first two characters how long names are at most."""
    longest: dict[str, int] = {}
    for name in names:
        longest[name[:2]] = max(len(name), longest.get(name[:2], 0))
    return longest


@lru_cache(_WORDS_KEPT)
def _reach_of_goods(words: Words) -> Mapping[str, int]:
    return _reach(words.goods)


def names_of(title: str, words: Words) -> frozenset[str]:
    """Return everything an item with this uniform title may be called."""
    return frozenset(_ranked(title, words))


@lru_cache(_TITLES_KEPT)
def _ranked(title: str, words: Words) -> Mapping[str, int]:
    """Return every name of a title with how well it fits at best: the same titles stand on many lists."""
    ranked: dict[str, int] = {}
    for name, rank in _names(title, words):
        ranked[name] = min(rank, ranked.get(name, rank))
    return ranked


def _names(title: str, words: Words) -> Iterator[tuple[str, int]]:
    """Yield every name of a title with how well it fits."""
    size, joint = _wrapping()
    phrases = [phrase for phrase in joint.split(size.sub(" ", title)) if phrase and not phrase.isdecimal()]
    if not phrases:
        yield title, _TITLE
        return
    yield " ".join(phrases), _TITLE
    yield "".join(phrases), _TITLE
    for place, phrase in enumerate(phrases):
        if place == 0 or len(phrase) > 1:
            yield phrase, _PHRASE if place == 0 else _PART
        yield from _inside(phrase, words)


def _inside(phrase: str, words: Words) -> Iterator[tuple[str, int]]:
    """Yield head words with their other names, then what tells the item apart from its like (红颜 of 红颜草莓)."""
    heads = _heads(phrase, words)
    for head in heads:
        yield head, _HEAD
        for other in words.same.get(head, ()):
            yield other, _ALIAS
            yield phrase.replace(head, other), _ALIAS
    if not heads:
        for start in range(1, len(phrase) - 1):
            if phrase[start:] not in roles():
                yield phrase[start:], _TAIL
    cut = phrase[:_LONGEST_PART]
    for start in range(len(cut)):
        for end in range(start + 2, len(cut) + 1):
            part = cut[start:end]
            if _cuts_word(cut, start, end):
                continue
            if part not in words.goods and part not in _empty_parts() and part != phrase:
                yield part, _PART


def _heads(phrase: str, words: Words) -> list[str]:
    """Return the words for goods that a phrase ends with, before its grade if it has one: 草莓 of 奶油草莓大果."""
    for end in range(len(phrase), 1, -1):
        if end < len(phrase) and not _is_grade(phrase[end:]):
            continue
        if found := [phrase[start:end] for start in range(end) if phrase[start:end] in words.goods]:
            return found
    return []


@cache
def _empty_parts() -> frozenset[str]:
    """Return words of titles that name nothing by themselves (新鲜, 特价)."""
    return frozenset(grammar()["titles"]["empty"].split())


@cache
def _grades() -> re.Pattern[str]:
    return re.compile(
        rf"(?:{one_of(frozenset(grammar()['titles']['grade'].split()))}|[a-z]{{1,4}}码?|[一二三四\d]段){{1,3}}\Z"
    )


def _is_grade(rest: str) -> bool:
    return _grades().match(rest) is not None


def _cuts_word(text: str, start: int, end: int) -> bool:
    """Tell whether a Latin name is only a part of a longer word."""
    first, last = text[start], text[end - 1]
    before = (
        start > 0 and first.isascii() and first.isalnum() and text[start - 1].isascii() and text[start - 1].isalpha()
    )
    after = end < len(text) and last.isascii() and last.isalpha() and text[end].isascii() and text[end].isalpha()
    return before or after


_DIGITS = {
    **{str(n): str(n) for n in range(1, 100)},
    **{sign: str(n) for n, sign in enumerate("一二三四五六七八九十", 1)},
}


def _figure(code: str) -> str:
    return _DIGITS.get(code, code)


def _codes(items: Sequence[Item]) -> list[tuple[re.Pattern[str], Mapping[str, frozenset[int]]]]:
    """Return patterns of codes with what each means: numbers need a sign that they are codes, letters none."""
    lettered: dict[str, frozenset[int]] = {}
    numbered: dict[str, frozenset[int]] = {}
    for item in items:
        code = fold(item.code)
        table = numbered if code.isdecimal() else lettered
        if code:
            table[code] = table.get(code, frozenset()) | {item.id}
    ordinals: dict[str, frozenset[int]] = {**numbered}
    found: list[tuple[re.Pattern[str], Mapping[str, frozenset[int]]]] = []
    if lettered:
        words = one_of(frozenset(lettered))
        found.append(
            (
                re.compile(rf"(?<![a-z])#?({words})(?:号|款|套餐|餐|组)?(?![a-z.])(?!(?<=[a-z])\d{{2}})(?!(?<=\d)\d)"),
                lettered,
            )
        )
    count = r"\d{1,2}|[一二三四五六七八九十]"
    found.append((re.compile(rf"#\s?({count})号?(?!\d)"), numbered))
    found.append(
        (
            re.compile(
                rf"(?<!\d)(?<!月)(?<!-)({count})(?:号(?!楼|线|院|库|门|早|晚|上|下|到|发|送|之|前|后)|款|#(?!\d))"
            ),
            numbered,
        )
    )
    if len(numbered) > 1:  # 1+2 on a list of one item is a sum
        found.append((re.compile(r"(?:\A|(?<=[ ,、]))(\d{1,2})(?=[+*×]\d{1,2}(?:[份盒 ,、]|\Z))"), numbered))
    found.append((re.compile(rf"第({count})(?:个|款|种|样|项|号|行|条)"), ordinals))
    return found
