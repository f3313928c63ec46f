"""What lies on the desk of a batch: stored late and at once, changed only under a lock, gone once its time is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from core.database import Database
from orders.desk import CLOSED_LATELY, OfferMemory
from orders.state import Buyer, Item, Offer, OfferKind, OfferState
from tests.orders.shelves import AT, an_offer, stored

_GROUP = 1


def _push(number: int, group: int = _GROUP) -> Offer:
    item = Item(0, 0, 1, f"A{number}", f"草莓{number}号", price=Decimal(number), product_id=number)
    return Offer(
        id=0,
        version=1,
        kind=OfferKind.PUSH,
        state=OfferState.OPEN,
        title=item.title,
        leader="leader",
        channel="test",
        account="bot",
        group_ids=(group,),
        created_at=AT,
        closes_at=AT + timedelta(hours=1),
        items={0: item},
    )


async def test_offers_opened_soon_are_stored_together_each_with_its_own_item(database: Database) -> None:
    async with database.transaction() as session:
        desk = OfferMemory().desk(session, AT)
        desk.open_soon([_push(number) for number in range(1, 21)])
        desk.open_soon([_push(number, group=2) for number in range(21, 31)])
        assert [offer.title for offer in desk.in_group(2)] == [f"草莓{number}号" for number in range(30, 20, -1)]
        assert all(offer.id < 0 for group in (1, 2) for offer in desk.in_group(group))
        await desk.flush()
        opened = [*desk.in_group(2), *desk.in_group(1)]
    assert [offer.title for offer in opened] == [f"草莓{number}号" for number in range(30, 0, -1)]
    assert [offer.id for offer in opened] == sorted((offer.id for offer in opened), reverse=True)
    for offer in opened:
        assert await stored(database, offer.id) == offer
        assert [item.title for item in offer.items.values()] == [offer.title]


@pytest.mark.parametrize("ids_needed", ["lock", "read", "settle"])
async def test_whoever_needs_their_ids_has_them_stored_first(database: Database, ids_needed: str) -> None:
    async with database.transaction() as session:
        desk = OfferMemory().desk(session, AT)
        desk.open_soon([_push(1)])
        if ids_needed == "settle":
            await desk.settle()
        else:
            other = await desk.open(replace(_push(2), kind=OfferKind.LEADER))
            desk.open_soon([_push(3)])
            await (desk.lock if ids_needed == "lock" else desk.read)([other.id])
        assert all(offer.id > 0 for offer in desk.in_group(_GROUP))
        assert {offer.id for offer in desk.in_group(_GROUP)} == desk.offers.keys()


async def test_who_asks_about_other_groups_lets_them_wait(database: Database) -> None:
    async with database.transaction() as session:
        desk = OfferMemory().desk(session, AT)
        desk.open_soon([_push(1), _push(2, group=2)])
        await desk.settle([3])
        assert all(offer.id < 0 for group in (1, 2) for offer in desk.in_group(group))
        await desk.settle([3, 2])
        assert all(offer.id > 0 for group in (1, 2) for offer in desk.in_group(group))


async def test_a_batch_that_fails_leaves_the_memory_as_it_was(database: Database) -> None:
    offer = await an_offer(database, Item(1, 0, 1, "1", "草莓"))
    memory = OfferMemory()
    async with database.reading() as session:
        first = memory.desk(session, AT)
        await first.look([_GROUP])
        memory.keep(first)
    async with database.reading() as session:  # nothing of this is committed, and nobody keeps this desk
        desk = memory.desk(session, AT)
        await desk.look([_GROUP])
        assert await desk.lock([offer.id])
        locked = desk.offers[offer.id]
        locked.buyers["mei"] = Buyer("小美", "1234")
        next(iter(locked.items.values())).taken = Decimal(5)
    known = memory.get(offer.id, offer.version)
    assert known is not None
    assert known.buyers == {}
    assert [item.taken for item in known.items.values()] == [Decimal(0)]


async def test_what_is_not_locked_cannot_be_changed(database: Database) -> None:
    await an_offer(database, Item(1, 0, 1, "1", "草莓"))
    async with database.reading() as session:
        desk = OfferMemory().desk(session, AT)
        await desk.look([_GROUP])
        (offer,) = desk.in_group(_GROUP)
        with pytest.raises(AssertionError, match="without its lock"):
            desk.note(offer)


async def test_a_push_whose_time_is_over_stands_no_longer_though_nobody_closed_it(database: Database) -> None:
    async with database.transaction() as session:
        desk = OfferMemory().desk(session, AT)
        desk.open_soon([_push(1)])
        await desk.open(replace(_push(2), kind=OfferKind.LEADER))
        await desk.flush()
    over = AT + timedelta(hours=1)
    for later, titles in ((over + CLOSED_LATELY, ["草莓2号", "草莓1号"]), (over + 2 * CLOSED_LATELY, ["草莓2号"])):
        async with database.reading() as session:
            desk = OfferMemory().desk(session, later)
            await desk.look([_GROUP])
            assert [offer.title for offer in desk.in_group(_GROUP)] == titles
