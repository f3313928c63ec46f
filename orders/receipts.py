"""What is said about an order: receipts, refusals, questions. What is true is worked out here, not how it is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from core.templates import render
from orders.book import Applied, Refused
from orders.edits import Doubt, Missing
from orders.lists import progress_line
from orders.masking import mask_name
from orders.pricing import price_of
from orders.saying import money_words, quantity_words
from orders.serving import Heard, Say
from orders.state import Item, Offer

PIECE = "份"
"""What a thing is counted in when the leader did not say."""


def receipt(offer: Offer, applied: Sequence[Applied], *, sender: str, group_id: int) -> Say:
    """Return one line for each applied edit: who, what, the change and the new total; the progress as its footer."""
    lines = [render("orders", "receipt", **_receipt_values(one, sender)) for one in applied]
    return Say(
        "receipt",
        "\n".join(lines),
        group_id=group_id,
        merge_key=f"offer:{offer.id}",
        footer=progress_line(offer),
    )


def undone(offer: Offer, applied: Sequence[Applied], *, group_id: int) -> Say:
    """Say that an order was taken back, and what stands now."""
    said = receipt(offer, applied, sender="", group_id=group_id)
    return replace(said, text=render("orders", "undone", lines=said.text.splitlines()))


def _receipt_values(one: Applied, sender: str) -> dict[str, Any]:
    price = price_of(one.item, one.after) if one.after else None
    return {
        "name": mask_name(one.name),
        "for_whom": mask_name(one.key.for_whom) if one.key.for_whom else "",
        "by": mask_name(sender) if sender and sender != one.name else "",
        "item": _title(one.item),
        "change": one.edit.change.value,
        "restated": one.edit.restated and one.after != one.before,
        "before": _words(one.before, one.item),
        "delta": _words(abs(one.after - one.before), one.item),
        "after": _words(one.after, one.item),
        "grew": one.after > one.before,
        "first": not one.before,
        "gone": not one.after,
        "same": one.after == one.before,
        "price": None if price is None else money_words(price),
        "note": one.edit.note,
    }


def taken_over(offer: Offer, applied: Sequence[Applied]) -> str:
    """Sum up a chain that was taken over whole."""
    people = len({one.key.member for one in applied})
    return render("orders", "taken_over", title=offer.title, people=people, lines=len(applied))


def refusal(refused: Refused, name: str) -> str:
    """Say what cannot be had, and what is left."""
    left = refused.left
    return render(
        "orders",
        "refusal",
        name=mask_name(name),
        reason=refused.reason.value,
        item=_title(refused.item),
        left=None if left is None else _words(left, refused.item),
        none_left=left is not None and left <= 0,
    )


def question(doubt: Doubt, offers: Sequence[Offer], name: str, wording: str = "question") -> str:
    """Ask one short question that lists the choices."""
    items = {item_id: item for offer in offers for item_id, item in offer.items.items()}
    several = len({item.offer_id for option in doubt.options for item in _items(option, items)}) > 1
    titles = {offer.id: offer.title for offer in offers}
    choices = []
    for place, option in enumerate(doubt.options, start=1):
        named = _items(option, items)
        code = named[0].code if len(named) == 1 and doubt.missing is Missing.ITEM else str(place)
        text = "、".join(_title(item) for item in named)
        offer = titles[named[0].offer_id] if several and named else ""
        choices.append({"code": code, "text": text, "offer": "" if offer == text else offer})
    edits = [edit for option in doubt.options[:1] for edit in option]
    return render(
        "orders",
        wording,
        name=mask_name(name),
        reason=doubt.reason.value,
        missing=doubt.missing.value,
        said=doubt.said,
        choices=choices,
        unit=next((items[edit.item].unit for edit in edits if edit.item in items), "") or PIECE,
        quantity=next((_plain(edit.quantity) for edit in edits if edit.quantity is not None), ""),
    )


def closed(offer: Offer, name: str) -> str:
    """Say that an offer takes no more orders."""
    return render("orders", "after_closing", name=mask_name(name), title=offer.title)


def not_noted(name: str) -> str:
    """Say that a question was answered with no."""
    return render("orders", "not_noted", name=mask_name(name))


def claimed(offer: Offer, name: str) -> str:
    """Say that a payment is noted as claimed."""
    return render("orders", "claimed", name=mask_name(name), title=offer.title)


def late(heard: Heard, offer: Offer) -> str:
    """Ask a leader about an order that was written in time and handled after the closing."""
    return render("orders", "late", name=heard.name, said=heard.text.raw, title=offer.title, topic=heard.topic)


def _items(option: Sequence[Any], items: dict[int, Item]) -> list[Item]:
    return [items[edit.item] for edit in option if edit.item in items]


def _title(item: Item) -> str:
    return item.title


def _words(quantity: Decimal, item: Item) -> str:
    return quantity_words(quantity, item.unit or PIECE)


def _plain(quantity: Decimal) -> str:
    return f"{quantity.normalize():f}"
