"""Offers by the clock: they open and close at their times, and let go of suppliers' products when they end."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import insert, select

from catalog.models import ON_SALE, Product
from core.database import Database, execute
from core.outcomes import Reason
from orders import closing, repository
from orders.book import By, Rung
from orders.desk import OfferMemory
from orders.edits import Change, Edit
from orders.models import OfferEvent
from orders.offers import TransitionError
from orders.serving import Say
from orders.state import Offer, OfferKind, OfferState
from tests.orders.books import SHANGHAI
from tests.orders.shelves import AT, an_item, an_offer, stored

HOUR = timedelta(hours=1)


async def order(database: Database, offer: Offer, quantity: int, member: str = "xiaomei") -> Rung:
    async with database.transaction() as session:
        desk = OfferMemory().desk(session, AT)
        await desk.lock([offer.id])
        (item, *_) = desk.offers[offer.id].items.values()
        edit = Edit(item.id, Change.ADD, Decimal(quantity))
        rung = await desk.ring_up(desk.offers[offer.id], [edit], By(member, member, member, 1, AT))
        await desk.flush()
    return rung


async def turn(database: Database, *offers: Offer, now: datetime) -> list[Say]:
    async with database.transaction() as session:
        desk = OfferMemory().desk(session, now)
        ids = [offer.id for offer in offers] or await closing.due(desk, now)
        return await closing.turn_due(desk, ids, now, SHANGHAI)


async def move(database: Database, offer: Offer, target: OfferState) -> None:
    async with database.transaction() as session:
        desk = OfferMemory().desk(session, AT)
        await desk.lock([offer.id])
        await closing.move(desk, desk.offers[offer.id], target)
        await desk.flush()


async def history(database: Database, offer: Offer) -> list[str]:
    table = OfferEvent.__table__  # type: ignore[attr-defined]
    query = select(table.c.what).where(table.c.offer_id == offer.id).order_by(table.c.id)
    async with database.reading() as session:
        return [row.what for row in await execute(session, query)]


async def test_an_offer_closes_at_its_time_and_its_groups_hear_what_came_of_it(database: Database) -> None:
    offer = await an_offer(database, an_item(), groups=(1, 2), closes_at=AT + HOUR, minimum_pieces=3)
    await order(database, offer, 2)
    assert await turn(database, offer, now=AT) == []
    await order(database, offer, 1, "laozhou")
    says = await turn(database, offer, now=AT + HOUR)
    assert [say.group_id for say in says] == [1, 2]
    assert all("成团" in say.text and "苹果1号 3 份" in say.text for say in says)
    book = await stored(database, offer.id)
    assert (book.state, book.closed_at) == (OfferState.SUCCEEDED, AT + HOUR)
    assert await history(database, offer) == ["closed", "succeeded"]
    assert await turn(database, now=AT + 2 * HOUR) == []  # once


async def test_below_its_minimum_it_fails(database: Database) -> None:
    offer = await an_offer(database, an_item(), closes_at=AT + HOUR, minimum_people=2)
    await order(database, offer, 5)
    (say,) = await turn(database, now=AT + HOUR)
    assert "没成团" in say.text
    assert "还差 1 人" in say.text
    assert (await stored(database, offer.id)).state is OfferState.FAILED


async def test_nobody_hears_of_a_push_that_nobody_ordered_from(database: Database) -> None:
    offer = await an_offer(database, an_item(), kind=OfferKind.PUSH, closes_at=AT + HOUR)
    assert await turn(database, now=AT + HOUR) == []
    assert (await stored(database, offer.id)).state is OfferState.FAILED


async def test_a_changed_closing_time_holds_off_the_old_one(database: Database) -> None:
    offer = await an_offer(database, an_item(), closes_at=AT + 3 * HOUR)
    assert await turn(database, offer, now=AT + HOUR) == []
    assert (await stored(database, offer.id)).state is OfferState.OPEN


async def test_a_planned_offer_opens_at_its_time(database: Database) -> None:
    offer = await an_offer(database, an_item(), state=OfferState.DRAFT, opens_at=AT + HOUR, closes_at=AT + 3 * HOUR)
    (say,) = await turn(database, now=AT + HOUR)
    assert "开团" in say.text
    assert (await stored(database, offer.id)).state is OfferState.OPEN


async def test_a_suggestion_that_nobody_agreed_to_ends_silently(database: Database) -> None:
    offer = await an_offer(database, an_item(), kind=OfferKind.PUSH, state=OfferState.DRAFT, closes_at=AT + HOUR)
    assert await turn(database, now=AT + HOUR) == []
    assert (await stored(database, offer.id)).state is OfferState.CANCELLED


async def a_product(database: Database, stock: int) -> None:
    values = {"id": 9, "supplier": "s", "supplier_product_id": "9", "title": "苹果", "price": Decimal(10), "unit": "份"}
    times = {"first_seen_at": AT, "changed_at": AT, "row_hash": "x", "state": ON_SALE}
    empty = {"price_tiers": [], "neighbourhoods": [], "keywords": [], "category": "", "brand": "", "specification": ""}
    rest = {"currency": "CNY", "minimum_quantity": 1, "link": "", "image": "", "version": 1, "stock": stock}
    async with database.transaction() as session:
        await execute(session, insert(Product), [{**values, **times, **empty, **rest}])


async def left(database: Database) -> Decimal:
    async with database.transaction() as session:
        taken, stock = (await repository.lock_products(session, [9]))[9]
    return stock - taken


async def test_two_offers_share_what_the_supplier_has(database: Database) -> None:
    await a_product(database, 5)
    push = await an_offer(database, an_item(product_id=9, code="A1"), kind=OfferKind.PUSH)
    led = await an_offer(database, an_item(product_id=9), groups=(2,))
    assert (await order(database, push, 4)).applied
    refused = (await order(database, led, 2)).refused
    assert [(one.reason, one.left) for one in refused] == [(Reason.OVER_STOCK, 1)]
    assert (await order(database, led, 1)).applied
    assert await left(database) == 0


@pytest.mark.parametrize("path", [["closed", "succeeded", "arrived", "completed"], ["cancelled"], ["closed", "failed"]])
async def test_an_offer_holds_products_until_they_have_come_or_are_not_wanted(
    database: Database, path: list[str]
) -> None:
    await a_product(database, 5)
    offer = await an_offer(database, an_item(product_id=9))
    await order(database, offer, 4)
    assert await left(database) == 1
    for state in path:
        await move(database, offer, OfferState(state))
    assert await left(database) == 5


async def test_nothing_leads_back(database: Database) -> None:
    offer = await an_offer(database, an_item())
    await move(database, offer, OfferState.CLOSED)
    with pytest.raises(TransitionError, match="is closed and cannot become open"):
        await move(database, offer, OfferState.OPEN)
