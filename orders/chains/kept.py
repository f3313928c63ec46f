"""What is kept of a chain between its snapshots: every entry ever seen, whose it is, and what it said before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, NamedTuple

from orders.folding import fold


class KeptItem(NamedTuple):
    """One thing of an entry. ``item`` is an offer's item if known; ``quantity`` None is no number (几份)."""

    item: int | None
    text: str
    quantity: Decimal | None
    unit: str = ""
    note: str = ""
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class KeptEntry:
    """An entry as it counts now.

    ``member`` is a contact id, or ``~`` and the name; ``said_by`` who brought it. ``said`` are all texts it ever had,
    the present one last, folded. ``since`` is the snapshot that brought the present state (a text, or that it is gone),
    ``doubted`` the last one that showed another state. A dead entry (``alive`` false) was taken out by its author.
    """

    member: str
    name: str
    said_by: str
    index: int
    span: tuple[int, int]
    items: tuple[KeptItem, ...]
    said: tuple[str, ...]
    since: int
    doubted: int = 0
    alive: bool = True
    author: str = ""

    @property
    def present(self) -> str:
        """Return its present text, folded."""
        return self.said[-1]


@dataclass(frozen=True, slots=True)
class Kept:
    """The merged state of a chain.

    ``snapshots`` counts those taken; ``last`` are the (name, text) of the latest one's entries as it came. ``seen``
    tells for each sender the number of their latest snapshot. ``fresh`` are the places in ``entries`` of texts that
    were never there before snapshot number ``freshened``, sent by ``freshener``. ``gone`` are keyed hashes of entries
    that were deleted on their author's wish, see ``orders.chains.forgetting``.
    """

    header: str
    title: str
    creator: str = ""
    entries: tuple[KeptEntry, ...] = ()
    snapshots: int = 0
    last: tuple[tuple[str, str], ...] = ()
    seen: Mapping[str, int] = field(default_factory=dict)
    fresh: tuple[int, ...] = ()
    freshened: int = 0
    freshener: str = ""
    gone: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the state as plain values."""
        return {
            "header": self.header,
            "title": self.title,
            "creator": self.creator,
            "snapshots": self.snapshots,
            "last": [list(pair) for pair in self.last],
            "seen": dict(self.seen),
            "fresh": list(self.fresh),
            "freshened": self.freshened,
            "freshener": self.freshener,
            "gone": list(self.gone),
            "entries": [_entry_values(entry) for entry in self.entries],
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Kept:
        """Return the state that ``to_json`` wrote."""
        return cls(
            header=values["header"],
            title=values["title"],
            creator=values["creator"],
            entries=tuple(_entry(one) for one in values["entries"]),
            snapshots=values["snapshots"],
            last=tuple((name, text) for name, text in values["last"]),
            seen=dict(values["seen"]),
            fresh=tuple(values["fresh"]),
            freshened=values["freshened"],
            freshener=values["freshener"],
            gone=tuple(values.get("gone", ())),  # rows of earlier versions have none
        )


def plain(text: str) -> str:
    """Return a text as it is compared: folded, single spaces."""
    return " ".join(fold(text).split())


def _entry_values(entry: KeptEntry) -> dict[str, Any]:
    names = [name for name in KeptEntry.__slots__ if name not in {"items", "span", "said"}]
    values = {name: getattr(entry, name) for name in names}
    items = [[*one[:2], None if one.quantity is None else str(one.quantity), *one[3:]] for one in entry.items]
    return {**values, "span": list(entry.span), "said": list(entry.said), "items": items}


def _entry(values: Mapping[str, Any]) -> KeptEntry:
    items = tuple(
        KeptItem(item, text, None if quantity is None else Decimal(quantity), *rest)
        for item, text, quantity, *rest in values["items"]
    )
    start, end = values["span"]
    bare = KeptEntry("", "", "", 0, (start, end), items, tuple(values["said"]), 0)
    return replace(bare, **{name: values[name] for name in values if name not in {"items", "span", "said"}})
