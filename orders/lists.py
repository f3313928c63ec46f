"""What groups, members and leaders read of an offer. What is true is worked out here, the words are templates.

In a group, names are shown without rooms and phone numbers, and pick-up codes never.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from core.templates import render
from orders import totals
from orders.masking import mask_name
from orders.saying import closing_words, money_words, quantity_words
from orders.state import Item, Offer, OfferKind, OfferState, Payment
from orders.totals import Amount, BookLine, PersonTotal

_STATES = {
    OfferState.DRAFT: "还没开",
    OfferState.OPEN: "进行中",
    OfferState.CLOSED: "已截单",
    OfferState.SUCCEEDED: "已成团，等到货",
    OfferState.FAILED: "没有成团",
    OfferState.ARRIVED: "已到货",
    OfferState.COMPLETED: "已完成",
    OfferState.CANCELLED: "已取消",
}
_GONE = frozenset({OfferState.FAILED, OfferState.CANCELLED})


def offer_text(offer: Offer, now: datetime, zone: ZoneInfo, leader: str = "") -> str:
    """Announce an offer: what, for how much, until when, where to fetch it, how to order. ``leader`` is a name."""
    items = offer.on_list
    return render(
        "orders",
        "offer",
        title=offer.title,
        open=offer.state is not OfferState.DRAFT,
        items=[_item(item) for item in items],
        open_items=offer.open_items and not items,
        minimum_people=offer.minimum_people,
        minimum_pieces=offer.minimum_pieces,
        unit=_unit(items),
        opens=_instant(offer.opens_at, now, zone) if offer.state is OfferState.DRAFT else "",
        closes=_instant(offer.closes_at, now, zone),
        pickup_place=offer.pickup_place,
        pickup_when=offer.pickup_when,
        note=offer.note,
        example=_examples(items),
        leader=leader,
    )


def item_line(item: Item) -> str:
    """Say one thing of an offer as its list does: number, what, for how much, what is left."""
    return render("orders", "item", item=_item(item))


def list_text(offer: Offer, now: datetime, zone: ZoneInfo, most: int = 30, group_id: int | None = None) -> str:
    """List who ordered what, for the group; at most ``most`` people, then how many more.

    ``group_id`` names the people of that group alone; those of the offer's other groups are only counted.
    """
    everybody = totals.by_person(offer)
    people = [one for one in everybody if group_id in {None, one.group_id}]
    shown = [{"name": mask_name(one.name), "goods": _goods(one.lines)} for one in people[:most]]
    is_open = offer.state is OfferState.OPEN
    return render(
        "orders",
        "list",
        title=offer.title,
        people=len(everybody),
        shown=shown,
        more=len(people) - len(shown),
        elsewhere=len(everybody) - len(people),
        totals=_item_totals(offer) if len(everybody) > 1 else [],
        progress=_progress(offer, title="") if is_open and everybody else "",
        closes=_instant(offer.closes_at, now, zone) if is_open else "",
        closed=offer.state not in {OfferState.OPEN, OfferState.DRAFT},
    )


def progress_line(offer: Offer) -> str:
    """Say how far an offer is: 【周末水果】8 人已订 12 份，还差 8 份成团. Empty for a push, which has no minimum."""
    return "" if offer.kind is OfferKind.PUSH else _progress(offer, offer.title)


def closed_text(offer: Offer, now: datetime, zone: ZoneInfo) -> str:
    """Tell the groups what came of an offer that has closed; ``now`` and ``zone`` as for the other texts."""
    reached = totals.progress(offer)
    return render(
        "orders",
        "closed",
        title=offer.title,
        people=reached.people,
        pieces=_pieces(offer, reached.pieces),
        failed=offer.state in _GONE or not reached.reached,
        minimum=reached.has_minimum,
        missing_people=reached.missing_people,
        missing_pieces=_pieces(offer, reached.missing_pieces) if reached.missing_pieces else "",
        items=_item_totals(offer),
        pickup_place=offer.pickup_place,
        pickup_when=offer.pickup_when,
    )


def my_orders_text(offers: Sequence[Offer], member: str, name: str, *, private: bool) -> str:
    """Tell a member what they have ordered, for themselves and for others; pick-up codes only in ``private``."""
    mine = [(offer, person) for offer in offers for person in totals.by_person(offer) if person.member == member]
    return render(
        "orders",
        "my_orders",
        name=name if private else mask_name(name),
        orders=[_own(offer, person, private=private) for offer, person in mine],
        hidden=not private and any(_waits(offer, person) for offer, person in mine),
    )


def unpaid_text(offer: Offer, *, private: bool) -> str:
    """Tell a leader who has not paid, and who says so but is not confirmed; whole names only in ``private``."""
    people = [person for person in totals.owing(offer) if person.amount.money]
    return render(
        "orders",
        "unpaid",
        title=offer.title,
        money=money_words(sum((person.amount.money for person in people), Decimal(0))),
        people=[
            {
                "name": person.name if private else mask_name(person.name),
                "money": money_words(person.amount.money),
                "claimed": person.payment is Payment.CLAIMED,
                "handed_over": person.handed_over_at is not None,
            }
            for person in people
        ],
    )


def remind_text(
    offer: Offer, now: datetime, zone: ZoneInfo, most: int = 30, group_id: int | None = None, leader: str = ""
) -> str:
    """Remind a group: while the offer is open that it closes, afterwards those who have not said that they paid.

    ``group_id`` names the people of that group alone; ``leader`` is the name that it is sent in.
    """
    people = [one for one in totals.unpaid(offer) if group_id in {None, one.group_id}]
    return render(
        "orders",
        "remind",
        title=offer.title,
        open=offer.state is OfferState.OPEN,
        closes=_instant(offer.closes_at, now, zone),
        example=next(iter(_examples(offer.on_list)), ""),
        progress=_progress(offer, title="") if totals.progress(offer).people else "",
        people=[mask_name(person.name) for person in people[:most]],
        more=len(people) if len(people) > most else 0,
        leader=leader,
    )


def arrived_text(offer: Offer) -> str:
    """Tell the groups that the goods are there, and how to fetch them."""
    return render(
        "orders",
        "arrived",
        title=offer.title,
        pickup_place=offer.pickup_place,
        pickup_when=offer.pickup_when,
        note=offer.note,
    )


def handed_over_text(offer: Offer, member: str, *, private: bool) -> str:
    """Confirm to a leader that somebody has fetched their goods, and say what is still owed."""
    person = next(one for one in totals.by_person(offer) if one.member == member)
    owes = person.payment is not Payment.PAID and person.amount.money > 0
    return render(
        "orders",
        "handed_over",
        name=person.name if private else mask_name(person.name),
        items=_goods(person.lines, masked=not private),
        owed=money_words(person.amount.money) if owes else "",
        claimed=person.payment is Payment.CLAIMED,
    )


def offers_text(offers: Sequence[Offer], now: datetime, zone: ZoneInfo, most: int = 10) -> str:
    """List the open offers of a group with what can be ordered, at most ``most`` items of each."""
    listed = [offer for offer in offers if offer.state is OfferState.OPEN and offer.on_list]
    return render(
        "orders",
        "offers",
        offers=[
            {
                "title": offer.title,
                "closes": _instant(offer.closes_at, now, zone),
                "goods": [_item(item) for item in offer.on_list[:most]],
                "more": max(0, len(offer.on_list) - most),
            }
            for offer in listed
        ],
        example=next((text for offer in listed for text in _examples(offer.on_list)), ""),
    )


def _item(item: Item) -> dict[str, Any]:
    unit = item.unit or "份"
    left = item.left
    return {
        "code": item.code,
        "title": item.title,
        "specification": "" if item.specification in item.title else item.specification,
        "unit": unit,
        "price": None if item.price is None else money_words(item.price),
        "tiers": [
            {
                "bundle": tier.bundle,
                "quantity": quantity_words(Decimal(tier.quantity), unit),
                "price": money_words(tier.price),
            }
            for tier in item.tiers
        ],
        "minimum": quantity_words(Decimal(item.minimum_quantity), unit) if item.minimum_quantity > 1 else "",
        "limit": quantity_words(Decimal(item.limit_per_member), unit) if item.limit_per_member else "",
        "begun": item.taken > 0,
        "sold_out": left is not None and left <= 0,
        "left": None if left is None else quantity_words(left, unit),
    }


def _examples(items: Sequence[Item]) -> list[str]:
    """Return replies that order something from this list; the code alone is enough, the title too."""
    there = [item for item in items if item.left is None or item.left > 0]
    if not there:
        return []
    first, last = there[0], there[-1]
    by_title = f"{last.title} {max(2, last.minimum_quantity)}{last.unit or '份'}"
    if len(items) == 1:
        return ["+1", by_title] if first.minimum_quantity == 1 else [by_title]
    number = max(2, first.minimum_quantity)
    by_code = (
        f"{first.code}号{number}{first.unit or '份'}"
        if first.code.isdigit()
        else f"{first.code} {number}{first.unit or '份'}"
    )
    return [by_code, by_title]


def _goods(lines: Sequence[BookLine], *, masked: bool = True) -> list[str]:
    """Say lines in words: 丹东草莓 ×2 盒, 蓝莓 ×1 盒（给小明）."""
    return [_good(one, masked=masked) for one in lines]


def _good(one: BookLine, *, masked: bool) -> str:
    whom = one.key.for_whom
    shown = f"（给{mask_name(whom) if masked else whom}）" if whom else ""
    return f"{one.item.title} ×{quantity_words(one.line.quantity, one.item.unit)}{shown}"


def _item_totals(offer: Offer) -> list[str]:
    return [f"{one.item.title} {quantity_words(one.amount.quantity, one.item.unit)}" for one in totals.by_item(offer)]


def _progress(offer: Offer, title: str) -> str:
    reached = totals.progress(offer)
    return render(
        "orders",
        "progress",
        title=title,
        people=reached.people,
        pieces=_pieces(offer, reached.pieces),
        reached=reached.has_minimum and reached.reached,
        missing_people=reached.missing_people,
        missing_pieces=_pieces(offer, reached.missing_pieces) if reached.missing_pieces else "",
    )


def _pieces(offer: Offer, quantity: Decimal) -> str:
    return quantity_words(quantity, _unit(list(offer.items.values())))


def _unit(items: Sequence[Item]) -> str:
    """Return the unit that all items share, else 份."""
    units = {item.unit or "份" for item in items}
    return units.pop() if len(units) == 1 else "份"


def _instant(at: datetime | None, now: datetime, zone: ZoneInfo) -> str:
    return "" if at is None else closing_words(at, now, zone)


def _own(offer: Offer, person: PersonTotal, *, private: bool) -> dict[str, Any]:
    amount: Amount = person.amount
    return {
        "title": offer.title,
        "state": _STATES[offer.state],
        "lines": [
            {
                "text": _good(one, masked=not private),
                "money": None if one.money is None else money_words(one.money),
                "note": one.line.note if private else "",
            }
            for one in person.lines
        ],
        "money": money_words(amount.money) if amount.priced else "",
        "unpriced": amount.unpriced > 0,
        "payment": person.payment.value,
        "handed_over": person.handed_over_at is not None,
        "cancelled": offer.state in _GONE,
        "code": person.code if private else "",
        "pickup": "，".join(word for word in (offer.pickup_place, offer.pickup_when) if word),
    }


def _waits(offer: Offer, person: PersonTotal) -> bool:
    """Tell whether somebody will need their pick-up code."""
    return bool(person.code) and person.handed_over_at is None and offer.state not in _GONE
