"""Which offer and which member a leader's word is about."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from core.templates import render
from orders import repository
from orders.desk import OrderDesk
from orders.serving import Heard
from orders.state import Offer, OfferKind, OfferState


@dataclass(frozen=True, slots=True)
class Unclear:
    """Nothing, or more than one thing, is meant; ``text`` says what to write instead."""

    text: str


async def choose_offer(
    desk: OrderDesk, heard: Heard, title: str, states: Collection[OfferState], word: str
) -> Offer | Unclear:
    """Return the one offer in these states that a word means, locked; the newest where a title fits several.

    Without a title the only one is meant, or the only one that is not a push. ``word`` is how it was said.
    """
    ids = await repository.offers_of(desk.session, list(heard.groups), states)
    ids += [offer.id for offer in desk.offers.values() if offer.state in states and _runs_here(offer, heard)]
    offers = [one for one in await desk.read(list(dict.fromkeys(ids))) if one.state in states]
    found = offers_titled(offers, title) if title else _without_pushes(offers)
    if len(found) == 1 or (title and found):
        await desk.lock([found[0].id])
        offer = desk.offers[found[0].id]
        return offer if offer.state in states else Unclear(render("orders", "no_offer", title=title, word=word))
    if not found:
        return Unclear(render("orders", "no_offer", title=title, word=word))
    return Unclear(render("orders", "which_offer", titles=[one.title for one in found[:8]], word=word))


def offers_titled(offers: Sequence[Offer], title: str) -> list[Offer]:
    """Return the offers of this title, or else those whose title contains it."""
    wanted = "".join(title.split()).lower()
    plain = [("".join(one.title.split()).lower(), one) for one in offers]
    return [one for text, one in plain if text == wanted] or [one for text, one in plain if wanted in text]


def _without_pushes(offers: Sequence[Offer]) -> list[Offer]:
    """Leave pushes out, unless there is nothing else that somebody ordered."""
    led = [one for one in offers if one.kind is not OfferKind.PUSH]
    return led or [one for one in offers if any(line.quantity > 0 for line in one.lines.values())]


def _runs_here(offer: Offer, heard: Heard) -> bool:
    return any(group_id in heard.groups for group_id in offer.group_ids)


def split_member(text: str, members: Mapping[str, frozenset[str]]) -> tuple[str, str, str]:
    """Split ``小美 草莓两盒`` into the contact id, the name as written and the rest; the id is empty for a stranger.

    The longest name of a member that the text begins with counts; else the first word is the name. A name that two
    members have belongs to none of them.
    """
    text = text.strip().removeprefix("@")
    known: dict[str, list[str]] = {}
    for member, names in members.items():
        for name in names:
            known.setdefault(name, []).append(member)
    for name in sorted(known, key=len, reverse=True):
        if text.startswith(name):
            rest = text[len(name) :].lstrip(" \u2005:：,，")
            return (known[name][0] if len(known[name]) == 1 else ""), name, rest
    name, _, rest = text.partition(" ")
    part = [member for one, found in known.items() if name and name in one for member in found]
    return (part[0] if len(set(part)) == 1 else ""), name, rest.strip()


def buyer_called(offer: Offer, text: str, heard: Heard) -> str | Unclear:
    """Return the key of the buyer that a pick-up code or a name means."""
    wanted = text.strip().removeprefix("@").strip()
    by_code = [key for key, buyer in offer.buyers.items() if buyer.code == wanted]
    if by_code:
        return by_code[0]
    contact, name, _ = split_member(wanted, heard.members)
    if contact in offer.buyers:
        return contact
    found = [key for key, buyer in offer.buyers.items() if name and name in (buyer.name, key.removeprefix("~"))]
    found = found or [key for key, buyer in offer.buyers.items() if wanted and wanted in buyer.name]
    if len(found) == 1:
        return found[0]
    names = [offer.buyers[key].name for key in found[:8]]
    return Unclear(render("orders", "which_buyer", wanted=wanted, names=names, title=offer.title))
