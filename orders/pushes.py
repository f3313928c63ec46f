"""Pushed products as small offers: each can be ordered by a code that is unique in its group."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from catalog.repository import Sold
from orders.desk import OrderDesk
from orders.offers import become
from orders.settings import OrdersSettings
from orders.state import Item, Offer, OfferKind, OfferState, Tier

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without I and O, which read like digits."""
_CODES = tuple(f"{letter}{digit}" for letter in _LETTERS for digit in range(1, 10))


def tiers_of(product: Sold) -> tuple[Tier, ...]:
    """Return a product's price tiers: a feed names the price of one piece from a quantity on."""
    return tuple(Tier(int(tier["quantity"]), Decimal(tier["price"]), bundle=False) for tier in product.price_tiers)


def free_codes(used: Iterable[str], last: str, count: int) -> list[str]:
    """Return codes that are not in use, going on after the last one, so that an old code does not soon mean another.

    When all are in use the numbers grow longer (A10).
    """
    taken = set(used)
    start = _CODES.index(last) + 1 if last in _CODES else 0
    codes = [code for code in (*_CODES[start:], *_CODES[:start]) if code not in taken][:count]
    number = 10
    while len(codes) < count:
        codes += [f"{letter}{number}" for letter in _LETTERS if f"{letter}{number}" not in taken]
        number += 1
    return codes[:count]


async def open_pushes(
    desk: OrderDesk,
    settings: OrdersSettings,
    *,
    channel: str,
    account: str,
    group_id: int,
    leader: str,
    products: Sequence[Sold],
    now: datetime,
    agreed: bool = True,
) -> dict[int, str]:
    """Open an offer for each pushed product, or go on with the one that is open in the group; return product → code.

    Before the leader has ``agreed`` it stays a draft.
    """
    await desk.look([group_id])
    pushed = [offer for offer in desk.in_group(group_id) if offer.kind is OfferKind.PUSH]
    standing = {
        item.product_id: item.code
        for offer in pushed
        if offer.state in {OfferState.OPEN, OfferState.DRAFT} and (offer.closes_at is None or offer.closes_at > now)
        for item in offer.items.values()
    }
    new = [product for product in products if product.id not in standing]
    all_codes = [item.code for offer in desk.in_group(group_id) for item in offer.items.values()]
    last = next((item.code for offer in pushed for item in offer.items.values()), "")
    codes: dict[int, str] = {}
    offers: list[Offer] = []
    for product, code in zip(new, free_codes(all_codes, last, len(new)), strict=True):
        offer = _offer(product, code, now, settings)
        offer.channel, offer.account, offer.leader, offer.group_ids = channel, account, leader, (group_id,)
        offer.state = OfferState.OPEN if agreed else OfferState.DRAFT
        offers.append(offer)
        codes[product.id] = code
    desk.open_soon(offers)
    if agreed:
        await agree(desk, group_id, [product.id for product in products])
    return {product.id: codes.get(product.id) or standing[product.id] for product in products}


async def agree(desk: OrderDesk, group_id: int, product_ids: Sequence[int]) -> None:
    """Open what was only suggested to the leader."""
    await desk.look([group_id])
    wanted = {
        offer.id
        for offer in desk.in_group(group_id)
        if offer.kind is OfferKind.PUSH
        and offer.state is OfferState.DRAFT
        and any(item.product_id in product_ids for item in offer.items.values())
    }
    if not wanted:
        return
    await desk.lock(wanted)
    for offer in (desk.offers[offer_id] for offer_id in sorted(wanted)):
        if offer.state is OfferState.DRAFT:
            become(offer, OfferState.OPEN, desk.now)
            desk.note(offer)


def _offer(product: Sold, code: str, now: datetime, settings: OrdersSettings) -> Offer:
    longest = now + timedelta(hours=settings.push_offer_hours)
    ends = longest if product.on_sale_to is None else min(product.on_sale_to, longest)
    return Offer(
        id=0,
        version=1,
        kind=OfferKind.PUSH,
        state=OfferState.OPEN,
        title=product.title,
        leader="",
        channel="",
        account="",
        group_ids=(),
        created_at=now,
        closes_at=ends,
        items={0: item_of(product, code, 1)},
    )


def item_of(product: Sold, code: str, position: int) -> Item:
    """Return a catalogue's product as an item of an offer; its stock stays the supplier's."""
    return Item(
        id=0,
        offer_id=0,
        position=position,
        code=code,
        title=product.title,
        unit=product.unit or "份",
        specification=product.specification,
        price=product.price,
        tiers=tiers_of(product),
        limit_per_member=product.limit_per_member,
        minimum_quantity=product.minimum_quantity,
        product_id=product.id,
    )
