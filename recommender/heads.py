"""What a product is, as against what it is made of or tastes of: 牛奶锅 is a pot. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from recommender.lexicon import Lexicon, WordKind

EXACT, ENDING, KEYWORD, BEGINNING, CATEGORY_LEAF, CATEGORY_TOP = 1.0, 0.92, 0.9, 0.88, 0.8, 0.72
"""How well a word names a product: its head, the head's end, a keyword, the head's beginning, its category, the top."""

_MARKS = frozenset("/|,，。·*＊()（）【】[]+")
_PHRASE = re.compile(rf"[\s{re.escape(''.join(sorted(_MARKS)))}]+")
_FLAVOURS = frozenset({"味", "香型", "口味", "风味"})


@dataclass(frozen=True, slots=True)
class CategoryKinds:
    """What a category says of its products: its top part, and the words that it names them by with how well."""

    top: str
    words: tuple[tuple[str, float], ...]


NO_CATEGORY = CategoryKinds("", ())


def category_kinds(category: str, cut: Callable[[str], list[str]], lexicon: Lexicon) -> CategoryKinds:
    """Return what the path of a category says; the same for all its products, so ask once for each."""
    path = [part for part in category.lower().split("/") if part]
    words: list[tuple[str, float]] = []
    for depth, part in enumerate(path):
        quality = CATEGORY_LEAF if depth == len(path) - 1 and len(path) > 1 else CATEGORY_TOP
        words.append((lexicon.canonical(part), quality))
        last = cut(part)[-1]
        if last != part and (known := lexicon.get(last)) is not None and known.kind is WordKind.GOODS:
            words.append((known.canonical, quality))  # 儿童防晒 is 防晒
    return CategoryKinds(path[0] if path else "", tuple(words))


def product_kinds(
    title: Sequence[str], category: CategoryKinds, keywords: Iterable[str], lexicon: Lexicon
) -> dict[str, float]:
    """Return every word that names the product, in its kept form, with how well it does (0..1].

    ``title`` are its words in lower case. The head is the last goods word of the first phrase of the title that has
    one: Chinese noun phrases end with their head. Words before it are modifiers and name nothing.
    """
    head, phrase = _head(title, category.top, lexicon)
    kinds = {lexicon.canonical(head): EXACT} if head else {}
    for word, quality in (
        *_wider(head, phrase, category.top, lexicon),
        *_named(keywords, phrase, lexicon),
        *category.words,
    ):
        if quality > kinds.get(word, 0.0):
            kinds[word] = quality
    return kinds


def _named(keywords: Iterable[str], phrase: str, lexicon: Lexicon) -> list[tuple[str, float]]:
    """Return the keywords that name goods and do not only stand in front of the head (牛奶 for 牛奶锅)."""
    found = []
    for word in map(str.lower, keywords):
        known = lexicon.get(word)
        if known is not None and known.kind is WordKind.GOODS:
            in_front = len(word) > 1 and word in phrase and not phrase.endswith(word)
            if not in_front:
                found.append((known.canonical, KEYWORD))
    return found


def _wider(head: str, phrase: str, top: str, lexicon: Lexicon) -> list[tuple[str, float]]:
    """Return wider words inside the head, in their kept forms.

    They are its endings (锅 in 炒锅), and beginnings of its own kind (防晒 in 防晒霜).
    Endings must be of the product's top category (牛肉 does not name 风干牛肉 among snacks; 果 ends 糖果 by chance), a
    beginning of the head's own category: it is mostly a modifier (牛奶 in 牛奶锅).
    """
    found = []
    for start in range(1, len(phrase)):
        known = lexicon.get(phrase[start:])
        if known is None or known.kind is not WordKind.GOODS:
            continue
        judged = bool(top and known.category)  # a bare title has no category; one character alone then proves nothing
        if known.category.split("/")[0] == top if judged else len(phrase) - start > 1:
            found.append((known.canonical, ENDING))
    own = lexicon.get(head)
    if own is not None and own.category:
        for end in range(2, len(head)):
            known = lexicon.get(head[:end])
            if known is not None and known.category == own.category:
                found.append((known.canonical, BEGINNING))
    return found


def title_words(title: str, cut: Callable[[str], list[str]]) -> list[str]:
    """Return the words of a title as ``product_kinds`` takes them: no word goes over a plus sign."""
    return cut(title.lower().replace("+", " "))


def title_phrases(title: str) -> list[str]:
    """Return the phrases of a title: what stands between spaces and signs."""
    return [part for part in _PHRASE.split(title.lower()) if part]


def _head(words: Sequence[str], top: str, lexicon: Lexicon) -> tuple[str, str]:
    """Return the head word of a title and its phrase up to its end; ``top`` is the product's top category."""
    begin = 0
    for end in range(len(words) + 1):
        if end < len(words) and words[end] not in _MARKS and not words[end].isspace():
            continue
        for place in range(end - 1, begin - 1, -1):
            known = lexicon.get(words[place])
            if known is None or known.kind is not WordKind.GOODS:
                continue
            following = words[place + 1] if place + 1 < end else ""
            if following in _FLAVOURS:
                continue
            if _is_form(following) and top and known.category and known.category.split("/")[0] != top:
                return words[place] + following, "".join(words[begin : place + 2])
            return words[place], "".join(words[begin : place + 1])
        begin = end + 1
    return "", ""


def _is_form(following: str) -> bool:
    """Tell whether this is one character that makes something else of goods of another category: 苹果泥, 牛肉干."""
    return len(following) == 1 and "㐀" <= following <= "鿿"
