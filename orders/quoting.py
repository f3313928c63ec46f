"""Which items a quoted message shows: a push, a list, or somebody's order. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from orders.state import Item, Offer

_SPACE = re.compile(r"\s+")


def quoted_items(text: str, offers: Sequence[Offer]) -> frozenset[int]:
    """Return the ids of the items that a quoted text shows: by their titles, or by an offer's title for all of it.

    A quotation may be cut off by the chat; what is no longer in it is not meant.
    """
    plain = _SPACE.sub("", text)
    named = [item for offer in offers for item in offer.on_list if _SPACE.sub("", item.title) in plain]
    if named:
        longer = [_SPACE.sub("", item.title) for item in named]
        return frozenset(item.id for item in named if not _inside(item, longer, plain))
    return frozenset(item.id for offer in offers if _SPACE.sub("", offer.title) in plain for item in offer.on_list)


def _inside(item: Item, titles: Sequence[str], plain: str) -> bool:
    """Tell whether a title stands in the text only as a part of longer titles (草莓 in 丹东草莓)."""
    title = _SPACE.sub("", item.title)
    rest = plain
    for longer in titles:
        if title != longer and title in longer:
            rest = rest.replace(longer, "")
    return title not in rest
