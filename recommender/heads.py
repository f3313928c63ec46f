"""What a product is, as against what it is made of or tastes of: 牛奶锅 is a pot. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from recommender.lexicon import Lexicon, WordKind

EXACT, ENDING, KEYWORD, BEGINNING, CATEGORY_LEAF, CATEGORY_TOP = 1.0, 0.92, 0.9, 0.88, 0.8, 0.72
"""How well a word names a product: its head, the head's end, a keyword, the head's beginning, its category, the top."""

_PHRASE = re.compile(r"[\s/|,，。·*＊()（）【】\[\]+]+")
_FLAVOUR = re.compile(r"(味|香型|口味|风味)$")
_FORM = re.compile(r"[㐀-鿿]$")
"""A single character right behind goods of another category makes something else of them: 苹果泥, 牛肉干."""


def product_kinds(
    title: str, category: str, keywords: Iterable[str], cut: Callable[[str], list[str]], lexicon: Lexicon
) -> Mapping[str, float]:
    """Return every word that names the product, in its kept form, with how well it does (0..1].

    The head is the last goods word of the first phrase of the title that has one: Chinese noun phrases end with
    their head. Words before it are modifiers and name nothing.
    """
    kinds: dict[str, float] = {}

    def note(word: str, quality: float) -> None:
        kept = lexicon.canonical(word)
        if quality > kinds.get(kept, 0.0):
            kinds[kept] = quality

    path = [part for part in category.lower().split("/") if part]
    top = path[0] if path else ""
    head, phrase = _head(title.lower(), top, cut, lexicon)
    if head:
        note(head, EXACT)
    for word, quality in _wider(head, phrase, top, lexicon):
        note(word, quality)
    for keyword in keywords:
        known = lexicon.get(keyword.lower())
        if known is not None and known.kind is WordKind.GOODS and not _is_modifier(keyword.lower(), phrase):
            note(keyword.lower(), KEYWORD)
    for depth, part in enumerate(path):
        quality = CATEGORY_LEAF if depth == len(path) - 1 and len(path) > 1 else CATEGORY_TOP
        note(part, quality)
        last = cut(part)[-1]
        if last != part and (known := lexicon.get(last)) is not None and known.kind is WordKind.GOODS:
            note(last, quality)  # 儿童防晒 is 防晒
    return kinds


def _wider(head: str, phrase: str, top: str, lexicon: Lexicon) -> Iterator[tuple[str, float]]:
    """Yield wider words inside the head: its endings (锅 in 炒锅), and beginnings of its own kind (防晒 in 防晒霜).

    Endings must be of the product's top category (牛肉 does not name 风干牛肉 among snacks; 果 ends 糖果 by chance), a
    beginning of the head's own category: it is mostly a modifier (牛奶 in 牛奶锅).
    """
    own = lexicon.get(head)
    for start in range(1, len(phrase)):
        known = lexicon.get(phrase[start:])
        if known is None or known.kind is not WordKind.GOODS:
            continue
        judged = bool(top and known.category)  # a bare title has no category; one character alone then proves nothing
        if known.category.split("/")[0] == top if judged else len(phrase) - start > 1:
            yield phrase[start:], ENDING
    for end in range(2, len(head)):
        known = lexicon.get(head[:end])
        if known is not None and own is not None and own.category and known.category == own.category:
            yield head[:end], BEGINNING


def title_phrases(title: str) -> list[str]:
    """Return the phrases of a title: what stands between spaces and signs."""
    return [part for part in _PHRASE.split(title.lower()) if part]


def _head(title: str, top: str, cut: Callable[[str], list[str]], lexicon: Lexicon) -> tuple[str, str]:
    """Return the head word and the phrase up to its end; ``top`` is the product's top category."""
    for phrase in _PHRASE.split(title):
        words = cut(phrase)
        for place in range(len(words) - 1, -1, -1):
            known = lexicon.get(words[place])
            if known is None or known.kind is not WordKind.GOODS:
                continue
            following = words[place + 1] if place + 1 < len(words) else ""
            if _FLAVOUR.match(following):
                continue
            if _FORM.match(following) and top and known.category and known.category.split("/")[0] != top:
                return words[place] + following, "".join(words[: place + 2])
            return words[place], "".join(words[: place + 1])
    return "", ""


def _is_modifier(keyword: str, phrase: str) -> bool:
    """Tell whether a keyword only stands in front of the head (牛奶 for 牛奶锅)."""
    return len(keyword) > 1 and keyword in phrase and not phrase.endswith(keyword)
