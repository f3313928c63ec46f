"""Which items a quoted message shows: a push, a list, or somebody's order. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from orders.naming import Names, Words, fold
from orders.state import Item, Offer

_SPACE = re.compile(r"\s+")
_NO_WORDS = Words(frozenset(), {})
_LONGEST_ORDER = 60
"""A quotation that is longer is no order of one or two things."""


def quoted_items(text: str, offers: Sequence[Offer], words: Words = _NO_WORDS) -> frozenset[int]:
    """Return the ids of the items that a quoted text shows.

    By their titles; by an offer's title for all of it; in somebody's short order by names and codes as in a reply
    (``words`` are other names of goods). A quotation may be cut off by the chat; what is no longer in it is not meant.
    """
    plain = _SPACE.sub("", text)
    named = [item for offer in offers for item in offer.on_list if _SPACE.sub("", item.title) in plain]
    if named:
        longer = [_SPACE.sub("", item.title) for item in named]
        return frozenset(item.id for item in named if not _inside(item, longer, plain))
    titled = [item.id for offer in offers if _SPACE.sub("", offer.title) in plain for item in offer.on_list]
    if titled or len(text) > _LONGEST_ORDER:
        return frozenset(titled)
    return _ordered(fold(text), [item for offer in offers for item in offer.on_list], words)


def _ordered(text: str, items: Sequence[Item], words: Words) -> frozenset[int]:
    """Return the items that somebody's order names; none where a name fits several."""
    names = Names(items, words)
    found: set[int] = set()
    place = 0
    while place < len(text):
        hit = names.at(text, place) or (names.code_at(text, place) if place == 0 else None)
        if hit is not None and len(hit[1]) == 1:
            found |= hit[1]
        place = hit[0] if hit is not None else place + 1
    return frozenset(found)


def _inside(item: Item, titles: Sequence[str], plain: str) -> bool:
    """Tell whether a title stands in the text only as a part of longer titles (草莓 in 丹东草莓)."""
    title = _SPACE.sub("", item.title)
    rest = plain
    for longer in titles:
        if title != longer and title in longer:
            rest = rest.replace(longer, "")
    return title not in rest
