"""Which entry of a snapshot is which of those that are kept. Pure; linear in the number of entries."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from orders.chains.goods import Said
from orders.chains.kept import KeptEntry, plain


@dataclass(frozen=True, slots=True)
class Seen:
    """An entry of a snapshot: ``text`` is its whole body, folded; ``author`` a contact id if XML says so."""

    index: int
    span: tuple[int, int]
    name: str
    text: str
    author: str
    said: Said


def align(kept: Sequence[KeptEntry], seen: Sequence[Seen]) -> tuple[dict[int, Seen], list[Seen]]:
    """Return for each kept entry that is shown what it is shown as, and the entries that were never there.

    First the same text, then a text that the entry had before (or had when it was taken out), then the same author or
    name with another text. Among equals the order of the list decides. Authors that are known never mix.
    """
    pairs: dict[int, Seen] = {}
    rest = list(seen)
    alive = [place for place, entry in enumerate(kept) if entry.alive]
    dead = [place for place, entry in enumerate(kept) if not entry.alive]
    for places, keys in (
        (alive, lambda entry: [entry.present]),
        (alive, lambda entry: entry.said[:-1]),
        (dead, lambda entry: entry.said),
    ):
        rest = _matched(kept, places, keys, rest, pairs, lambda one: one.text)
    rest = _matched(kept, alive, lambda entry: [entry.author], rest, pairs, lambda one: one.author)
    rest = _matched(kept, alive, lambda entry: [plain(entry.name)], rest, pairs, lambda one: plain(one.name))
    return pairs, rest


def _matched(
    kept: Sequence[KeptEntry],
    places: Iterable[int],
    keys: Callable[[KeptEntry], Iterable[str]],
    seen: Sequence[Seen],
    pairs: dict[int, Seen],
    key: Callable[[Seen], str],
) -> list[Seen]:
    """Pair entries that have a key in common, each once; return what is left over."""
    waiting: defaultdict[str, deque[int]] = defaultdict(deque)
    for place in places:
        if place not in pairs:
            for word in filter(None, keys(kept[place])):
                waiting[word].append(place)
    left: list[Seen] = []
    for one in seen:
        queue = waiting.get(key(one))
        found = None
        if queue:
            found = next((place for place in queue if place not in pairs and _may_be(kept[place], one)), None)
        if found is None:
            left.append(one)
        else:
            pairs[found] = one
            while queue and queue[0] in pairs:
                queue.popleft()
    return left


def _may_be(entry: KeptEntry, one: Seen) -> bool:
    return not (entry.author and one.author) or entry.author == one.author
