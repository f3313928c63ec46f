"""What a leader does with an offer while it runs: open it, add to it, change it, close it, copy it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from core.outcomes import Outcome, Reason
from core.templates import render
from orders import closing, lists
from orders.choosing import offers_titled
from orders.desk import OrderDesk
from orders.drafts import ItemDraft, OfferDraft
from orders.masking import mask_name
from orders.opening import OpeningFromPush
from orders.serving import Heard, Say, Served
from orders.state import Item, Offer, OfferKind, OfferState
from orders.terms import ALL_GROUPS

RUNNING = (OfferState.DRAFT, OfferState.OPEN)


def said(text: str, *more: Say, closings: tuple[tuple[int, datetime], ...] = ()) -> Served:
    """Return the answer to a word that was carried out."""
    return Served(Outcome.COMMAND, Reason.DONE, (Say("answer", text), *more), closings=closings)


def not_understood(text: str) -> Served:
    """Return the one line that tells a leader what to write instead."""
    return Served(Outcome.COMMAND, Reason.UNKNOWN_WORD, (Say("answer", text),))


async def open_offer(desk: OrderDesk, heard: Heard, draft: OfferDraft, zone: ZoneInfo) -> Served:
    """Open an offer from what a leader wrote; lines that could not be read are named in private, the rest goes on."""
    if not draft.items:
        return not_understood(_faults(draft))
    items = [_item(one, place) for place, one in enumerate(draft.items, start=1)]
    return await _open(desk, heard, draft, items, zone)


async def open_from_push(desk: OrderDesk, heard: Heard, opening: OpeningFromPush, zone: ZoneInfo) -> Served:
    """Open an offer of products that were pushed here: by codes (A3) or by places in the last push (1 3)."""
    pushed = [one for one in desk.in_group(heard.group_id) if one.kind is OfferKind.PUSH]
    newest = max((one.created_at for one in pushed), default=None)
    by_code = {item.code.lower(): item for one in reversed(pushed) for item in one.items.values()}
    last = sorted(
        (item for one in pushed if one.created_at == newest for item in one.items.values()), key=lambda item: item.id
    )
    by_code |= {str(place): item for place, item in enumerate(last, start=1)}
    missing = [code for code in opening.codes if code.lower() not in by_code]
    if missing:
        return not_understood(render("orders", "no_such_push", codes=missing, known=[item.code for item in last]))
    chosen = [by_code[code.lower()] for code in dict.fromkeys(opening.codes)]
    ends = [one.closes_at for one in pushed if one.closes_at and any(item.id in one.items for item in chosen)]
    terms = opening.terms
    if terms.closes_at is None and ends:
        terms = replace(terms, closes_at=min(ends))
    title = terms.title or render("orders", "pushed_title", first=chosen[0].title, count=len(chosen))
    items = [
        replace(item, id=0, code=str(place), position=place, taken=Decimal(0))
        for place, item in enumerate(chosen, start=1)
    ]
    return await _open(desk, heard, replace(terms, title=title), items, zone)


async def add_items(desk: OrderDesk, heard: Heard, offer: Offer, added: Sequence[ItemDraft]) -> Served:
    """Put more things on a running offer; its groups see what and under which number."""
    lines = []
    for one in added:
        place = max((item.position for item in offer.items.values()), default=0) + 1
        item = replace(_item(replace(one, position=0), place), offer_id=offer.id)
        lines.append(lists.item_line(await desk.add_item(offer, item)))
        desk.happened(offer, "changed", heard.member, heard.inbox_id, added=item.title)
    text = render("orders", "items_added", title=offer.title, lines=lines, leader=mask_name(heard.name))
    return Served(Outcome.COMMAND, Reason.DONE, to_groups(offer, heard, text))


async def close(desk: OrderDesk, heard: Heard, offer: Offer, zone: ZoneInfo) -> Served:
    """Close an offer now, and say in its groups what came of it."""
    says = await closing.close(desk, offer, heard.at, zone, heard.member, heard.inbox_id)
    if heard.private:
        says = [Say("answer", lists.closed_text(offer, desk.now, zone)), *says]
    return Served(Outcome.COMMAND, Reason.DONE, tuple(says))


async def cancel(desk: OrderDesk, heard: Heard, offer: Offer) -> Served:
    """Cancel an offer; its orders stay on record and count no more."""
    await closing.move(desk, offer, OfferState.CANCELLED, heard.member, heard.inbox_id)
    text = render("orders", "offer_cancelled", title=offer.title, people=len(offer.buyers))
    return Served(Outcome.COMMAND, Reason.DONE, to_groups(offer, heard, text))


async def copy(desk: OrderDesk, heard: Heard, offer: Offer) -> Served:
    """Copy a past offer into a new draft: the same things, nothing ordered, no times."""
    items = {-item.position: replace(item, id=0, taken=Decimal(0)) for item in offer.items.values() if item.active}
    twin = replace(
        offer.copy(),
        state=OfferState.DRAFT,
        kind=OfferKind.LEADER,
        created_at=heard.at,
        opens_at=None,
        closes_at=None,
        closed_at=None,
        items=items,
        lines={},
        buyers={},
    )
    stored = await desk.open(twin, copied_from=offer.id)
    desk.happened(stored, OfferState.DRAFT, heard.member, heard.inbox_id, copied_from=offer.id)
    return said(render("orders", "copied", title=stored.title, lines=[lists.item_line(one) for one in stored.on_list]))


async def _open(desk: OrderDesk, heard: Heard, draft: OfferDraft, items: Sequence[Item], zone: ZoneInfo) -> Served:
    group_ids, strange = _groups(heard, draft)
    if strange:
        return not_understood(render("orders", "no_such_group", topics=strange, known=list(heard.led.values())))
    later = draft.opens_at is not None and draft.opens_at > heard.at
    offer = await desk.open(
        Offer(
            id=0,
            version=1,
            kind=OfferKind.LEADER,
            state=OfferState.DRAFT,
            title=draft.title or render("orders", "pushed_title", first=items[0].title, count=len(items)),
            leader=heard.member,
            channel=heard.channel,
            account=heard.account,
            group_ids=group_ids,
            created_at=heard.at,
            opens_at=draft.opens_at,
            closes_at=draft.closes_at,
            minimum_people=draft.minimum_people,
            minimum_pieces=draft.minimum_pieces,
            pickup_place=draft.pickup_place,
            pickup_when=draft.pickup_when,
            note=draft.note,
            items={-item.position: item for item in items},
        )
    )
    return _start(desk, heard, offer, draft, zone, later=later)


async def open_draft(desk: OrderDesk, heard: Heard, offer: Offer, draft: OfferDraft, zone: ZoneInfo) -> Served:
    """Open a draft that was copied before, with the times that were said now."""
    await desk.lock([offer.id])
    offer = desk.offers[offer.id]
    offer.opens_at = draft.opens_at or offer.opens_at
    offer.closes_at = draft.closes_at or offer.closes_at
    desk.note(offer)
    later = offer.opens_at is not None and offer.opens_at > heard.at
    return _start(desk, heard, offer, replace(draft, faults=()), zone, later=later)


def _start(desk: OrderDesk, heard: Heard, offer: Offer, draft: OfferDraft, zone: ZoneInfo, *, later: bool) -> Served:
    """Announce an offer in its groups, now or at its opening time."""
    due = tuple((offer.id, at) for at in (offer.opens_at if later else None, offer.closes_at) if at is not None)
    says: list[Say] = []
    if later:
        assert offer.opens_at is not None  # noqa: S101 - later says so
        desk.happened(offer, OfferState.DRAFT, heard.member, heard.inbox_id)
        says.append(Say("answer", lists.offer_text(offer, heard.at, zone)))
    else:
        says += closing.start(desk, offer, heard.at, zone, heard.member, heard.inbox_id, mask_name(heard.name))
        if heard.private:
            says.insert(0, Say("answer", render("orders", "opened", title=offer.title, groups=len(offer.group_ids))))
    if draft.faults:
        says.append(Say("answer", _faults(draft), to=heard.member))
    return Served(Outcome.COMMAND, Reason.DONE, tuple(says), closings=due, opened=() if later else (offer,))


async def drafted(desk: OrderDesk, heard: Heard, title: str) -> Offer | None:
    """Return the draft of this title that waits in one of the groups."""
    drafts = [
        one
        for group_id in heard.groups
        for one in desk.in_group(group_id)
        if one.state is OfferState.DRAFT and one.kind is not OfferKind.PUSH
    ]
    found = offers_titled(drafts, title) if title else drafts
    return found[0] if found else None


def _groups(heard: Heard, draft: OfferDraft) -> tuple[tuple[int, ...], list[str]]:
    """Return the groups that an offer is for, and the topics that are none of the leader's."""
    if not draft.groups:
        return (heard.group_id,), []
    if ALL_GROUPS in draft.groups:
        return tuple(heard.led), []
    found: dict[str, int] = {}
    for topic in draft.groups:
        exact = [key for key, name in heard.led.items() if name == topic]
        close_to = exact or [key for key, name in heard.led.items() if topic and topic in name]
        if len(close_to) == 1:
            found[topic] = close_to[0]
    return tuple(dict.fromkeys(found.values())), [topic for topic in draft.groups if topic not in found]


def _item(drafted: ItemDraft, place: int) -> Item:
    position = drafted.position or place
    return Item(
        id=0,
        offer_id=0,
        position=position,
        code=str(position),
        title=drafted.title,
        unit=drafted.unit,
        specification=drafted.specification,
        price=drafted.price,
        tiers=drafted.tiers,
        stock=None if drafted.stock is None else Decimal(drafted.stock),
        limit_per_member=drafted.limit_per_member,
        minimum_quantity=drafted.minimum_quantity,
        product_id=drafted.product_id,
    )


def _faults(draft: OfferDraft) -> str:
    return render(
        "orders", "faults", faults=[{"row": one.row, "text": one.text, "advice": one.advice} for one in draft.faults]
    )


def to_groups(offer: Offer, heard: Heard, text: str) -> tuple[Say, ...]:
    """Say the same in every group of an offer, and to who asked for it in private."""
    here = [Say("answer", text)] if heard.private else []
    return (*here, *(Say("offer", text, group_id=group_id) for group_id in offer.group_ids))
