"""Changing a running offer: a price, a stock, a limit, its closing, its minimum, what is on its list."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from zoneinfo import ZoneInfo

from core.outcomes import Outcome, Reason
from core.templates import render
from core.types import Money
from orders import lists
from orders.desk import OrderDesk
from orders.leading import not_understood, to_groups
from orders.opening import read_terms
from orders.saying import closing_words, quantity_words
from orders.serving import Heard, Served
from orders.state import Item, Offer


def item_called(offer: Offer, text: str) -> Item | None:
    """Return the item of this number, or the only one whose title has this in it."""
    wanted = text.strip().removesuffix("号").lower()
    by_code = [item for item in offer.items.values() if item.code.lower() == wanted]
    by_title = [item for item in offer.items.values() if wanted and wanted in item.title.lower()]
    found = by_code or by_title
    return found[0] if len(found) == 1 else None


def change_item(desk: OrderDesk, heard: Heard, offer: Offer, what: str, which: str, value: str) -> Served:
    """Change one thing of one item; ``what`` is price, stock, limit, off or on, ``value`` as the leader wrote it."""
    item = item_called(offer, which)
    if item is None:
        known = [f"{one.code} {one.title}" for one in offer.on_list]
        return not_understood(render("orders", "which_item", wanted=which, known=known, title=offer.title))
    switched = what in {"off", "on"}
    changed = replace(item, active=what == "on") if switched else _changed(item, what, value)
    if isinstance(changed, str):
        return not_understood(changed)
    offer.items[item.id] = changed
    desk.note(offer)
    desk.happened(offer, "changed", heard.member, heard.inbox_id, item=item.code, field=what, value=value)
    text = render("orders", "item_changed", title=offer.title, line=lists.item_line(changed), active=changed.active)
    return Served(Outcome.COMMAND, Reason.DONE, to_groups(offer, heard, text))


def _changed(item: Item, what: str, value: str) -> Item | str:
    """Return the item as it becomes, or what is wrong with the value."""
    if what == "price":
        try:
            return replace(item, price=Money.parse(value).amount, tiers=())
        except ValueError:
            return render("orders", "bad_value", what="价格", value=value, example=f"改价 {item.code} 39.9")
    if not value.isdigit():
        name = "库存" if what == "stock" else "限购"
        return render("orders", "bad_value", what=name, value=value, example=f"改{name} {item.code} 50")
    if what == "limit":
        return replace(item, limit_per_member=int(value) or None)
    if Decimal(value) < item.taken:
        taken = quantity_words(item.taken, item.unit or "份")
        return render("orders", "stock_below", item=item.title, taken=taken)
    return replace(item, stock=Decimal(value))


def change_terms(desk: OrderDesk, heard: Heard, offer: Offer, said: str, zone: ZoneInfo) -> Served:
    """Change when an offer closes, where and when it is fetched, its minimum or its note, from a line as in 开团."""
    terms = read_terms(said, heard.at, zone)
    if terms.faults or terms.items:
        fault = terms.faults[0] if terms.faults else None
        return not_understood(fault.advice if fault else render("orders", "change_how"))
    before = (offer.closes_at, offer.minimum_people, offer.minimum_pieces, offer.pickup_place, offer.note)
    offer.closes_at = terms.closes_at or offer.closes_at
    if terms.minimum_people or terms.minimum_pieces:
        offer.minimum_people, offer.minimum_pieces = terms.minimum_people, terms.minimum_pieces
    offer.pickup_place = terms.pickup_place or offer.pickup_place
    offer.pickup_when = terms.pickup_when or offer.pickup_when
    offer.note = terms.note or offer.note
    desk.note(offer)
    desk.happened(offer, "changed", heard.member, heard.inbox_id, terms=said[:200], before=str(before)[:200])
    closes = "" if terms.closes_at is None else closing_words(terms.closes_at, heard.at, zone)
    text = render(
        "orders",
        "terms_changed",
        title=offer.title,
        closes=closes,
        pickup="，".join(part for part in (terms.pickup_place, terms.pickup_when) if part),
        people=terms.minimum_people,
        pieces=terms.minimum_pieces,
        note=terms.note,
    )
    closings = () if terms.closes_at is None else ((offer.id, terms.closes_at),)
    return Served(Outcome.COMMAND, Reason.DONE, to_groups(offer, heard, text), closings=closings)
