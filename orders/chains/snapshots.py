"""What a snapshot of a chain changes against those before it. Pure.

Every edit sends the whole list. Two people who edit at once each send one without the other's line, so that a snapshot
is evidence of what its sender wrote, and only hearsay about everybody else:

- An entry that was never there is new, whoever sends it.
- Its author may change it or take it away; what is missing from the author's own snapshot is taken away.
- The leader and assistants may do so as well, but only when the snapshot certainly builds on one that had the entry.
- What somebody else shows otherwise is old if it was there before, and a question if it never was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from core.outcomes import Reason
from core.text import Normaliser, NormalText
from orders.chains.aligning import Seen, align
from orders.chains.chain import Chain, LeftOut
from orders.chains.goods import Goods, Wanted
from orders.chains.kept import Kept, KeptEntry, KeptItem, plain
from orders.chains.names import Known
from orders.folding import fold
from orders.naming import Words
from orders.state import Item

__all__ = ["Kept", "LineChange", "advance", "same_chain"]

_FEW = 3
_MOST_TEXTS = 20
"""Former texts that are remembered of one entry."""


@dataclass(frozen=True, slots=True)
class LineChange:
    """How much of an item somebody has in the chain now.

    ``member`` is a contact id, or ``~`` and the name as written. ``item`` is an offer's item if one is meant for
    certain, and ``text`` what it is called, empty for the thing in the title. ``quantity`` is the new total (SET), 0
    for removed, None when no number was said. ``span`` is where the entry stands in the chain's text. ``said_by``
    brought it. ``doubt`` tells why it must be asked first.
    """

    member: str
    name: str
    for_whom: str
    item: int | None
    text: str
    quantity: Decimal | None
    note: str
    unit: str
    index: int
    span: tuple[int, int] | None
    said_by: str
    doubt: Reason | None = None


def same_chain(kept: Kept, chain: Chain) -> bool:
    """Tell whether a chain is the kept one: header and title match, and its entries continue the last snapshot.

    One entry in common is enough: who edits an old copy sends little of what has come since. With a few entries kept,
    none need be: two people may have begun at once.
    """
    if plain(kept.header).replace("龍", "龙") != plain(chain.header).replace("龍", "龙"):
        return False
    if plain(kept.title) != plain(chain.title):
        return False
    if kept.creator and chain.creator and kept.creator != chain.creator:
        return False
    if len(kept.last) <= _FEW:
        return True
    authors = {entry.author for entry in kept.entries if entry.author}
    texts = {text for entry in kept.entries for text in entry.said}
    names = Known.of(people=(entry.name for entry in kept.entries))
    return any(
        entry.author in authors or plain(entry.body) in texts or names.person_at(fold(entry.body))
        for entry in chain.entries
    )


def advance(
    kept: Kept | None,
    chain: Chain,
    sender_id: str,
    sender_names: Iterable[str],
    members: Mapping[str, Iterable[str]],
    *,
    trusted: bool = False,
    items: Sequence[Item] = (),
    uniform: Callable[[str], NormalText] | None = None,
    words: Words | None = None,
) -> tuple[Kept, tuple[LineChange, ...], tuple[LeftOut, ...]]:
    """Take a snapshot: return the new state, what it changes, and the lines that are no orders.

    ``members`` are the names of each contact in the group, ``sender_names`` the sender's. ``trusted`` senders are the
    leader and assistants. ``items`` are the offer's; without them the chain's own menu counts, else any goods do.
    ``uniform`` makes text uniform, ``words`` are other names of goods.
    """
    people = {name for names in members.values() for name in names}
    goods = Goods.of(
        uniform or _normaliser(), items=items, menu=chain.menu, people=people | set(sender_names), words=words
    )
    before = kept or Kept(chain.header, chain.title, chain.creator)
    snapshot = _Snapshot(before, sender_id, frozenset(map(plain, sender_names)), _owners(members), trusted)
    after = snapshot.take(chain, goods, members)
    changes = [*_changes(before.entries, after.entries), *snapshot.asked(after.entries)]
    return after, tuple(sorted(changes, key=lambda change: change.index)), chain.left_out


@cache
def _normaliser() -> Normaliser:
    """Return the way to make text uniform for callers that bring none."""
    return Normaliser()


def _owners(members: Mapping[str, Iterable[str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for member, names in members.items():
        for name in names:
            found.setdefault(plain(name), set()).add(member)
    return found


@dataclass(slots=True)
class _Snapshot:
    """One snapshot while it is taken."""

    before: Kept
    sender: str
    sender_names: frozenset[str]
    owners: Mapping[str, set[str]]
    trusted: bool
    doubted: dict[int, Seen] = field(default_factory=dict)

    def take(self, chain: Chain, goods: Goods, members: Mapping[str, Iterable[str]]) -> Kept:
        """Return the state with this snapshot in it."""
        number = self.before.snapshots + 1
        seen = [
            Seen(entry.index, entry.span, said.name, plain(entry.body), entry.author, said)
            for entry in chain.entries
            for said in [goods.read(entry.body, members.get(entry.author, ()))]
        ]
        pairs, fresh_ones = align(self.before.entries, seen)
        fresh_ones += self._namesakes(pairs)
        continues = self._continues(pairs)
        entries: list[KeptEntry] = []
        changed: list[int] = []
        for place, entry in enumerate(self.before.entries):
            now = self._told(place, entry, pairs.get(place), number, continues=continues)
            if now.since == number and now.present not in entry.said:
                changed.append(place)
            entries.append(now)
        own_new = [one for one in fresh_ones if not one.author and plain(one.name) in self.sender_names]
        for one in fresh_ones:
            alone = own_new == [one] or (not one.name and len(fresh_ones) == 1)
            member = self._member(one, own=alone)
            if one.said.withdrawn:
                continue
            changed.append(len(entries))
            entries.append(_fresh(one, member, one.author or self.sender, number))
        news = replace(self.before, fresh=tuple(changed), freshened=number, freshener=self.sender)
        return replace(
            news if changed else self.before,
            creator=self.before.creator or chain.creator,
            entries=tuple(entries),
            snapshots=number,
            last=tuple((one.name, one.text) for one in seen),
            seen={**self.before.seen, self.sender: number},
        )

    def _member(self, one: Seen, *, own: bool) -> str:
        """Return whose entry a new one is."""
        if one.author:
            return one.author
        if own:
            return self.sender
        called = self.owners.get(plain(one.name), set())
        return next(iter(called)) if len(called) == 1 else "~" + one.name

    def _is_author(self, entry: KeptEntry) -> bool:
        return self.sender in (entry.author, entry.member) or (
            entry.member.startswith("~") and entry.said_by == self.sender
        )

    def _namesakes(self, pairs: dict[int, Seen]) -> list[Seen]:
        """Take out of the pairs what the sender wrote in their own name below a namesake's entry; it is new."""
        apart = [
            place
            for place, one in pairs.items()
            for entry in [self.before.entries[place]]
            if not one.author and plain(one.name) in self.sender_names and not self._is_author(entry)
            if not entry.member.startswith("~") and not (entry.alive and one.text in entry.said)
        ]
        return [pairs.pop(place) for place in apart]

    def _continues(self, pairs: Mapping[int, Seen]) -> bool:
        """Tell whether the sender saw the latest snapshot: it was another's, its text was new then, and is here."""
        kept = self.before
        if not kept.fresh or kept.freshened != kept.snapshots or kept.freshener == self.sender:
            return False
        return all(place in pairs and pairs[place].text == kept.entries[place].present for place in kept.fresh)

    def _may_rule(self, entry: KeptEntry, *, continues: bool) -> bool:
        """Tell whether a trusted sender certainly saw the entry as it is now, so that another state of it is meant."""
        if not self.trusted:
            return False
        steady_since = max(entry.since, entry.doubted + 1)
        own = self.before.seen.get(self.sender, 0)
        if own >= steady_since:
            return True
        return continues and entry.since < self.before.freshened and entry.doubted < self.before.snapshots

    def _told(self, place: int, entry: KeptEntry, one: Seen | None, number: int, *, continues: bool) -> KeptEntry:
        """Return an entry after what this snapshot shows of it."""
        rules = self._is_author(entry) or self._may_rule(entry, continues=continues)
        if one is None:
            gone = replace(entry, alive=False, since=number) if rules else replace(entry, doubted=number)
            return gone if entry.alive else entry
        author = entry.author or one.author
        if entry.alive and one.text == entry.present:
            return replace(entry, index=one.index, span=one.span, author=author)
        old = one.text in entry.said
        if rules or (self.trusted and not old):
            texts = tuple(text for text in entry.said if text != one.text)[-_MOST_TEXTS:]
            alive = not one.said.withdrawn
            items = _items(one.said.items) if alive else entry.items
            return replace(
                entry, name=one.name or entry.name, index=one.index, span=one.span, items=items,
                said=(*texts, one.text), since=number, alive=alive, author=author,
            )  # fmt: skip
        if not old:
            self.doubted[place] = one
            return replace(entry, said=(one.text, *entry.said), doubted=number)
        return replace(entry, doubted=number)

    def asked(self, entries: Sequence[KeptEntry]) -> list[LineChange]:
        """Return what somebody else changed in people's entries; it counts only when it is confirmed."""
        changed = list(entries)
        for place, one in self.doubted.items():
            items = _items(one.said.items)
            alive = not one.said.withdrawn
            changed[place] = replace(entries[place], index=one.index, span=one.span, items=items, alive=alive)
        return [replace(change, said_by=self.sender, doubt=Reason.CONFIRM_ALL) for change in _changes(entries, changed)]


def _fresh(one: Seen, member: str, said_by: str, number: int) -> KeptEntry:
    name = one.name or (member.removeprefix("~"))
    items = _items(one.said.items)
    # the snapshots before did not have it: for a trusted sender that is as good as showing another state
    return KeptEntry(
        member, name, said_by, one.index, one.span, items, (one.text,), number, number - 1, author=one.author
    )


def _items(wanted: Iterable[Wanted]) -> tuple[KeptItem, ...]:
    return tuple(KeptItem(one.item, one.text, one.quantity, one.unit, one.note, one.unsure) for one in wanted)


class _Total(NamedTuple):
    quantity: Decimal
    imprecise: bool
    note: str
    unit: str
    text: str
    unsure: bool
    entry: KeptEntry


_Key = tuple[str, int | None, str]


def _totals(entries: Iterable[KeptEntry]) -> dict[_Key, _Total]:
    """Return what each person has of each thing; several entries of one person add up."""
    found: dict[_Key, _Total] = {}
    for entry in entries:
        for one in entry.items if entry.alive else ():
            key = (entry.member, one.item, "" if one.item is not None else plain(one.text).replace(" ", ""))
            had = found.get(key)
            quantity, note = one.quantity or Decimal(0), one.note
            if had is not None:
                quantity += had.quantity
                note = "，".join(dict.fromkeys(part for part in (had.note, note) if part))
            imprecise = one.quantity is None or (had is not None and had.imprecise)
            found[key] = _Total(
                quantity,
                imprecise,
                note,
                one.unit or (had.unit if had else ""),
                one.text,
                one.unsure,
                had.entry if had else entry,
            )
    return found


def _changes(before: Iterable[KeptEntry], after: Iterable[KeptEntry]) -> list[LineChange]:
    """Return the totals that differ, removed ones first within an entry."""
    old, new = _totals(before), _totals(after)
    changes = [_change(key, had, gone=True) for key, had in old.items() if key not in new]
    for key, total in new.items():
        had = old.get(key)
        if had is None or (had.quantity, had.imprecise, had.note) != (total.quantity, total.imprecise, total.note):
            changes.append(_change(key, total, gone=False))
    return changes


def _change(key: _Key, total: _Total, *, gone: bool) -> LineChange:
    doubt = None
    if not gone and total.imprecise:
        doubt = Reason.IMPRECISE_QUANTITY
    elif not gone and total.unsure:
        doubt = Reason.UNCLEAR_ITEM
    quantity = Decimal(0) if gone else None if total.imprecise else total.quantity
    entry = total.entry
    if not gone and doubt is None and entry.member == "~":
        doubt = Reason.CONFIRM_ALL  # goods without a name, brought by somebody else
    return LineChange(
        key[0], entry.name, "", key[1], total.text, quantity, "" if gone else total.note, total.unit,
        entry.index, None if gone else entry.span, entry.said_by, doubt,
    )  # fmt: skip
