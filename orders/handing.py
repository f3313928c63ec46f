"""After the closing: money, arrival, hand-over, refunds."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from core.outcomes import Outcome, Reason
from core.templates import render
from groups.life import lineage
from orders import closing, lists, repository, totals
from orders.choosing import Unclear, buyer_called
from orders.desk import OrderDesk
from orders.leading import not_understood, said
from orders.masking import mask_name
from orders.offers import may_become
from orders.saying import money_words
from orders.serving import Heard, Say, Served
from orders.state import Offer, OfferState, Payment

SOLD = (OfferState.OPEN, OfferState.CLOSED, OfferState.SUCCEEDED, OfferState.ARRIVED, OfferState.COMPLETED)
"""States in which money is owed."""


def unpaid(heard: Heard, offer: Offer) -> Served:
    """Tell a leader who has not paid: alone, since it is nobody else's business."""
    return Served(
        Outcome.COMMAND, Reason.DONE, (Say("answer", lists.unpaid_text(offer, private=True), to=heard.member),)
    )


def remind(heard: Heard, offer: Offer, zone: ZoneInfo, most: int) -> Served:
    """Remind the group: of the closing while an offer is open, of the money afterwards."""
    owing = totals.unpaid(offer) if offer.state is not OfferState.OPEN else []
    says = []
    for group_id in offer.group_ids:
        names = [(one.member, one.name) for one in owing if one.group_id == group_id and not one.member.startswith("~")]
        text = lists.remind_text(offer, heard.at, zone, most, group_id, mask_name(heard.name))
        says.append(Say("remind", text, group_id=group_id, mentions=tuple(names[:most])))
    return Served(Outcome.COMMAND, Reason.DONE, tuple(says))


def confirm_paid(desk: OrderDesk, heard: Heard, offer: Offer, whom: str) -> Served:
    """Note that somebody has paid; 全部 means all who said so."""
    if whom in {"全部", "所有", "所有人", "大家"}:
        keys = [key for key, buyer in offer.buyers.items() if buyer.payment is Payment.CLAIMED]
    else:
        found = buyer_called(offer, whom, heard)
        if isinstance(found, Unclear):
            return not_understood(found.text)
        keys = [found]
    for key in keys:
        offer.buyers[key] = replace(offer.buyers[key], payment=Payment.PAID)
    desk.note(offer, buyers=keys)
    names = [mask_name(offer.buyers[key].name) for key in keys]
    desk.happened(offer, "paid", heard.member, heard.inbox_id, members=len(keys))
    return said(render("orders", "paid", title=offer.title, names=names, owing=len(totals.owing(offer))))


async def arrived(desk: OrderDesk, heard: Heard, offer: Offer) -> Served:
    """Say in the groups that the goods are there."""
    if not may_become(offer, OfferState.ARRIVED):
        return not_understood(render("orders", "not_now", title=offer.title, word="到货", state=offer.state.value))
    await closing.move(desk, offer, OfferState.ARRIVED, heard.member, heard.inbox_id)
    text = lists.arrived_text(offer)
    here = [Say("answer", text)] if heard.private else []
    says = (*here, *(Say("arrived", text, group_id=group_id) for group_id in offer.group_ids))
    return Served(Outcome.COMMAND, Reason.DONE, says)


def waits_for(offer: Offer, heard: Heard, whom: str) -> bool:
    """Tell whether this code or name is a buyer's whose goods are still to be fetched."""
    found = buyer_called(offer, whom, heard)
    return not isinstance(found, Unclear) and offer.buyers[found].handed_over_at is None


async def hand_over(desk: OrderDesk, heard: Heard, offer: Offer, whom: str) -> Served:
    """Note that somebody took their goods, by pick-up code or name; the last one completes the offer."""
    found = buyer_called(offer, whom, heard)
    if isinstance(found, Unclear):
        return not_understood(found.text)
    buyer = offer.buyers[found]
    if not any(line.quantity > 0 for key, line in offer.lines.items() if key.member == found):
        return not_understood(render("orders", "nothing_to_fetch", name=mask_name(buyer.name), title=offer.title))
    if buyer.handed_over_at is not None:
        text = render("orders", "handed_over_before", name=mask_name(buyer.name), title=offer.title)
        return Served(Outcome.COMMAND, Reason.DONE, (Say("answer", text),))
    offer.buyers[found] = replace(buyer, handed_over_at=heard.at)
    desk.note(offer, buyers=[found])
    desk.happened(offer, "handed_over", heard.member, heard.inbox_id, code=buyer.code)
    text = lists.handed_over_text(offer, found, private=heard.private)
    if all(one.handed_over_at is not None for one in totals.by_person(offer)):
        await closing.move(desk, offer, OfferState.COMPLETED, heard.member, heard.inbox_id)
        text += "\n" + render("orders", "completed", title=offer.title)
    return said(text)


async def refund(desk: OrderDesk, heard: Heard, offer: Offer, whom: str, amount: Decimal, why: str) -> Served:
    """Keep a record of money that was given back; nothing is moved."""
    found = buyer_called(offer, whom, heard)
    if isinstance(found, Unclear):
        return not_understood(found.text)
    row = {
        "offer_id": offer.id,
        "member": found,
        "amount": amount,
        "why": why[:200],
        "said_by": heard.member,
        "inbox_id": heard.inbox_id,
        "at": heard.at,
    }
    await repository.add_refund(desk.session, row)
    desk.happened(offer, "refunded", heard.member, heard.inbox_id, amount=str(amount))
    name = mask_name(offer.buyers[found].name)
    return said(render("orders", "refunded", name=name, amount=money_words(amount), title=offer.title, why=why))


async def my_orders(desk: OrderDesk, heard: Heard, since: datetime) -> Served:
    """Tell a member what they have ordered; the pick-up code only in private."""
    offers = await desk.read(await repository.offers_with(desk.session, heard.member, since))
    own = [offer for offer in offers if offer.channel == heard.channel and offer.account == heard.account]
    if not heard.private:
        here = await lineage.line(desk.session, heard.group_id)
        own = [offer for offer in own if here.intersection(offer.group_ids)]
    return said(lists.my_orders_text(own, heard.member, heard.name, private=heard.private))
