"""Offers at work: what a batch of messages reads and changes of them, kept in memory between batches.

What is in memory is only a copy: every batch asks the database for the versions first, and whoever changes an offer
locks it. So many processes may serve the same offer, and none sells what another has sold.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from orders import questions, repository
from orders.book import By, Rung, ring_up
from orders.edits import Edit
from orders.glance import Listed
from orders.offers import LET_GO
from orders.questions import Question
from orders.standing import standing
from orders.state import Item, LineKey, Offer

_KEPT_OFFERS = 2_000
"""Offers that stay in memory; one that nobody orders from is read again when somebody does."""
CLOSED_LATELY = timedelta(hours=12)
"""How long after its closing an offer still answers that it is closed."""


class OfferMemory:
    """The lane's memory of offers, by id; trusted only together with the version that the database names."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, Offer] = OrderedDict()

    def desk(self, session: AsyncSession, now: datetime) -> OrderDesk:
        """Return a desk for one batch in one transaction."""
        return OrderDesk(self, session, now)

    def get(self, offer_id: int, version: int) -> Offer | None:
        """Return an offer if it is known in this version."""
        known = self._known.get(offer_id)
        return known if known is not None and known.version == version else None

    def keep(self, desk: OrderDesk) -> None:
        """Take over what a batch has committed."""
        for offer_id, offer in desk.offers.items():
            self._known[offer_id] = offer
            self._known.move_to_end(offer_id)
        while len(self._known) > _KEPT_OFFERS:
            self._known.popitem(last=False)

    def forget(self) -> None:
        """Drop everything."""
        self._known.clear()


@dataclass(slots=True)
class OrderDesk:
    """What one batch has of offers, and what it will store of them.

    ``offers`` are the memory's own until they are locked: only what is locked is a working copy and may be changed, so
    that a batch which fails leaves the memory as it was.
    """

    memory: OfferMemory
    session: AsyncSession
    now: datetime
    offers: dict[int, Offer] = field(default_factory=dict)
    asked: dict[tuple[int, str], Question] = field(default_factory=dict)
    _unstored: list[Offer] = field(default_factory=list)
    _in_group: dict[int, list[int]] = field(default_factory=dict)
    _listed: dict[int, Listed | None] = field(default_factory=dict)
    _looked: set[int] = field(default_factory=set)
    _locked: set[int] = field(default_factory=set)
    _products: dict[int, tuple[Decimal, Decimal] | None] = field(default_factory=dict)
    _changed: set[int] = field(default_factory=set)
    _lines: dict[int, set[LineKey]] = field(default_factory=dict)
    _buyers: dict[int, set[str]] = field(default_factory=dict)
    _ledger: list[dict[str, Any]] = field(default_factory=list)
    _events: list[dict[str, Any]] = field(default_factory=list)
    _allocated: dict[int, Decimal] = field(default_factory=dict)
    _places: dict[int | None, int] = field(default_factory=dict)

    async def look(self, group_ids: Collection[int]) -> None:
        """Lay the groups' offers and open questions on the desk: those that are open or were closed lately."""
        new = [group_id for group_id in group_ids if group_id not in self._looked]
        if not new:
            return
        self._looked.update(new)
        self._listed.clear()
        found = await standing(self.session, new, self.now - CLOSED_LATELY)
        missing: list[int] = []
        for one in found:
            self._in_group.setdefault(one.group_id, []).append(one.offer_id)
            if one.offer_id in self.offers:
                continue
            known = self.memory.get(one.offer_id, one.version)
            if known is None:
                missing.append(one.offer_id)
            else:
                self.offers[one.offer_id] = known
        await self.read(missing)
        for question in await questions.open_questions(self.session, new, self.now):
            self.asked[question.group_id, question.member] = question

    async def read(self, offer_ids: Collection[int]) -> list[Offer]:
        """Lay offers on the desk whatever their state; return them in the order of the ids."""
        await self.settle()
        missing = {offer_id for offer_id in offer_ids if offer_id not in self.offers}
        self.offers.update(await repository.load(self.session, missing))
        return [self.offers[offer_id] for offer_id in offer_ids if offer_id in self.offers]

    def in_group(self, group_id: int) -> list[Offer]:
        """Return the group's offers that are open or were closed lately, newest first."""
        return [self.offers[offer_id] for offer_id in self._in_group.get(group_id, ())]

    def listed(self, group_id: int) -> Listed | None:
        """Return what the group's offers list, None when there are none; worked out once until an offer changes."""
        if group_id not in self._listed:
            offers = self.in_group(group_id)
            self._listed[group_id] = Listed.by(offers) if offers else None
        return self._listed[group_id]

    def _forget_lists(self, offer: Offer) -> None:
        """Let what the groups of an offer list be worked out anew."""
        for group_id in offer.group_ids:
            self._listed.pop(group_id, None)

    async def lock(self, offer_ids: Iterable[int]) -> bool:
        """Lock offers until the commit; tell whether all were as we had them. What was not is read again.

        From here on ``offers`` has working copies of them, which may be changed: take them from there.
        """
        await self.settle()
        as_known = True
        for offer_id in sorted(set(offer_ids) - self._locked):
            version = await repository.lock(self.session, offer_id)
            self._locked.add(offer_id)
            known = self.offers.get(offer_id)
            if known is not None and known.version == version:
                self.offers[offer_id] = known.copy()
            else:
                self.offers |= await repository.load(self.session, [offer_id])
                self._listed.clear()
                as_known = False
        return as_known

    async def ring_up(self, offer: Offer, edits: Sequence[Edit], by: By, undoes: Sequence[int | None] = ()) -> Rung:
        """Apply edits to a locked offer and note what must be stored."""
        wanted = [offer.items[edit.item].product_id for edit in edits]
        products = await self._left_of({product_id for product_id in wanted if product_id is not None})
        rung = ring_up(offer, edits, by, products=products, make_code=_pickup_code, undoes=undoes)
        if not rung.applied:
            return rung
        self.note(offer, lines={one.key for one in rung.applied}, buyers={one.key.member for one in rung.applied})
        for row in rung.ledger:
            row["place"] = self._places[by.inbox_id] = self._places.get(by.inbox_id, 0) + 1
            self._ledger.append(row)
        held = rung.allocated if offer.state not in LET_GO else {}
        for product_id, delta in held.items():
            self._allocated[product_id] = self._allocated.get(product_id, Decimal(0)) + delta
        return rung

    def note(self, offer: Offer, *, lines: Collection[LineKey] = (), buyers: Collection[str] = ()) -> None:
        """Note that a locked offer was changed on the desk, and which of its lines and buyers."""
        held = offer.id in self._locked and self.offers[offer.id] is offer
        assert held, f"offer {offer.id} was changed without its lock"  # noqa: S101 - never the data's fault
        self._changed.add(offer.id)
        self._forget_lists(offer)
        self._lines.setdefault(offer.id, set()).update(lines)
        self._buyers.setdefault(offer.id, set()).update(buyers)

    def happened(self, offer: Offer, what: str, said_by: str, inbox_id: int | None, **detail: Any) -> None:
        """Note something in an offer's history."""
        row = {"offer_id": offer.id, "what": what, "detail": detail, "said_by": said_by}
        self._events.append({**row, "inbox_id": inbox_id, "at": self.now})

    async def open(self, offer: Offer, copied_from: int | None = None) -> Offer:
        """Store a new offer and lay it on the desk; return it with its ids."""
        await self.settle()
        (stored,) = await repository.add_offers(self.session, [offer], self.now, copied_from)
        self._forget_lists(stored)
        self.offers[stored.id] = stored
        self._locked.add(stored.id)
        for group_id in stored.group_ids:
            self._in_group.setdefault(group_id, []).insert(0, stored.id)
        return stored

    def open_soon(self, offers: Sequence[Offer]) -> None:
        """Lay new offers on the desk and store them later: all of a batch at once, unless somebody needs their ids.

        Until ``settle`` their ids are negative, and whoever goes by names and codes alone sees them already.
        """
        for offer in offers:
            self._forget_lists(offer)
            self._unstored.append(offer)
            offer.id = -len(self._unstored)
            self.offers[offer.id] = offer
            for group_id in offer.group_ids:
                self._in_group.setdefault(group_id, []).insert(0, offer.id)

    async def settle(self) -> None:
        """Store what is to be opened soon: before offers are read, locked, opened, or asked of the database."""
        if not self._unstored:
            return
        opened, self._unstored = self._unstored, []
        ids: dict[int, int] = {}
        for before, stored in zip(opened, await repository.add_offers(self.session, opened, self.now), strict=True):
            ids[before.id] = stored.id
            del self.offers[before.id]
            self.offers[stored.id] = stored
            self._locked.add(stored.id)
        for group_id in {group_id for offer in opened for group_id in offer.group_ids}:
            self._in_group[group_id] = [ids.get(offer_id, offer_id) for offer_id in self._in_group[group_id]]

    async def run_in(self, offer: Offer, group_id: int) -> None:
        """Let a locked offer run in one more group; one that it runs in already changes nothing."""
        if group_id in offer.group_ids:
            return
        await repository.add_groups(self.session, offer.id, [group_id])
        offer.group_ids = (*offer.group_ids, group_id)
        if group_id in self._looked:
            self._in_group.setdefault(group_id, []).insert(0, offer.id)
        self.note(offer)

    async def add_item(self, offer: Offer, item: Item) -> Item:
        """Put one more thing on a locked offer; return it with its id."""
        stored = (await repository.add_items(self.session, [item]))[0]
        offer.items[stored.id] = stored
        self.note(offer)
        return stored

    async def release(self, offer: Offer) -> None:
        """Give back what an offer holds of suppliers' products: the goods have come, or never will."""
        for item in offer.items.values():
            if item.product_id is not None and item.taken:
                await self._left_of({item.product_id})
                before = self._allocated.get(item.product_id, Decimal(0))
                self._allocated[item.product_id] = before - item.taken

    async def _left_of(self, product_ids: set[int]) -> dict[int, Decimal]:
        """Lock products for the rest of the transaction; return what is left of those whose stock is known."""
        new = product_ids - self._products.keys()
        if new:
            found = await repository.lock_products(self.session, new)
            self._products.update({product_id: found.get(product_id) for product_id in new})
        lefts = {}
        for product_id in product_ids:
            known = self._products[product_id]
            if known is not None:
                taken, stock = known
                lefts[product_id] = stock - taken - self._allocated.get(product_id, Decimal(0))
        return lefts

    async def flush(self) -> None:
        """Write what is waiting into the transaction; the commit is the caller's."""
        await self.settle()
        for offer_id in sorted(self._changed):
            offer = self.offers[offer_id]
            offer.version += 1
            await repository.save_offer(self.session, offer, self.now)
            await repository.save_items(self.session, list(offer.items.values()))
            await repository.save_lines(self.session, offer, self._lines.get(offer_id, ()), self.now)
            await repository.save_buyers(self.session, offer, self._buyers.get(offer_id, ()))
        await repository.add_edits(self.session, self._ledger)
        await repository.add_events(self.session, self._events)
        await repository.allocate(self.session, self._allocated)
        for product_id, delta in self._allocated.items():
            known = self._products.get(product_id)
            if known is not None:
                self._products[product_id] = (known[0] + delta, known[1])
        for rows in (self._changed, self._lines, self._buyers, self._ledger, self._events, self._allocated):
            rows.clear()


def _pickup_code(used: frozenset[str]) -> str:
    """Return a code that nobody in the offer has: four digits, five once half of those are given away."""
    digits = 4 if len(used) < 4_500 else 5
    while True:
        code = str(10 ** (digits - 1) + secrets.randbelow(9 * 10 ** (digits - 1)))
        if code not in used:
            return code
