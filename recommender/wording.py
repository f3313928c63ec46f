"""The words of a push, from the templates; what is true of a product is worked out here, how it is said is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from core.templates import render
from core.types import Money
from groups.segments.settings import Wording
from recommender.needs import Need
from recommender.ranking import Candidate
from recommender.shelf import Item

_SOON = timedelta(days=7)
"""A closing time further away moves nobody."""
_KEPT_REASONS = 1_000
_TEMPLATES = {Wording.STANDARD: "push", Wording.SHORT: "push_short", Wording.WARM: "push_warm"}


def reasons_of(
    need: Need, candidates: Sequence[Candidate], areas: Sequence[str], now: datetime, zone: ZoneInfo
) -> list[str]:
    """Return why each product was chosen, as people read it; ``areas`` are the group's neighbourhoods."""
    return [_reason(need, candidate, areas, now, zone) for candidate in candidates]


def push_text(
    need: Need,
    asker: str,
    leader: str,
    candidates: Sequence[Candidate],
    reasons: Sequence[str],
    codes: Mapping[int, str],
    wording: Wording = Wording.STANDARD,
) -> str:
    """Return the message for the group; ``codes`` are what members type to order each product.

    Every ``wording`` says who sends it and how to refuse.

    Only the object and attributes of a need are repeated, never the member's sentence: it may hold what is nobody's
    business.
    """
    lines = [
        {
            "code": codes.get(candidate.item.id, ""),
            "title": candidate.item.title,
            "specification": _worth_saying(candidate.item.specification, candidate.item.title),
            "price": str(Money(candidate.item.price)),
            "unit": candidate.item.unit,
            "reason": reason,
        }
        for candidate, reason in zip(candidates, reasons, strict=True)
    ]
    return render("recommender", _TEMPLATES[wording], asker=asker, wanted=wanted(need), leader=leader, products=lines)


def recommendation_text(
    need: Need, leader: str, candidates: Sequence[Candidate], reasons: Sequence[str], codes: Mapping[int, str]
) -> str:
    """Return the message for the group when its leader wants something shown; it names nobody who asked."""
    lines = [
        product_line(candidate.item, codes.get(candidate.item.id, "")) | {"reason": reason}
        for candidate, reason in zip(candidates, reasons, strict=True)
    ]
    return render("recommender", "recommendation", wanted=wanted(need), leader=leader, products=lines)


def product_line(item: Item, code: str) -> dict[str, str]:
    """Return what a list says of a product, by the names that templates use."""
    return {
        "code": code,
        "title": item.title,
        "specification": _worth_saying(item.specification, item.title),
        "price": str(Money(item.price)),
        "unit": item.unit,
    }


def _worth_saying(specification: str, title: str) -> str:
    """Return a specification unless the title already says its amount (3斤/箱 after …大果 3斤装)."""
    amount = specification.split("/", maxsplit=1)[0]
    return "" if amount in title else specification


def suggestion_text(push: str, topic: str) -> str:
    """Return the private message that asks a leader whether a push may go out."""
    return render("recommender", "suggestion", push=push, topic=topic)


def gain_shares(kept: Mapping[str, Any]) -> dict[str, int | bool]:
    """Return a stored gain (``Gain.kept``) in whole per cent, and which way the group's results moved its bar.

    Empty when nothing is stored, as for pushes of older versions.
    """
    if not kept:
        return {}
    shares: dict[str, int | bool] = {
        name: round(100 * float(kept[name])) for name in ("certainty", "fit", "score", "bar")
    }
    return shares | {"raised": kept["correction"] < 0, "lowered": kept["correction"] > 0}


def wanted(need: Need) -> str:
    """Return the object of a need in words: attributes that narrow it, then what it is."""
    things = "".join(need.modifiers[:2]) + "、".join(need.terms[:3])
    return "".join(word for word in need.constraints.attributes[:2] if word not in things) + things


def _reason(need: Need, candidate: Candidate, areas: Sequence[str], now: datetime, zone: ZoneInfo) -> str:
    item, whom = candidate.item, need.constraints.for_whom
    closes = item.on_sale_to if item.on_sale_to is not None and item.on_sale_to - now < _SOON else None
    return _reason_text(
        area=next((name for name in areas if name in item.neighbourhoods), ""),
        met=tuple(word for word in candidate.met if word not in whom),
        whom=whom if whom in candidate.met else "",
        budget=need.constraints.price_max,
        closes=None if closes is None else _local_closing(closes, now, zone),
        stock=item.stock if item.stock is not None and item.stock <= 10 else None,
        unit=item.unit,
    )


@lru_cache(_KEPT_REASONS)
def _reason_text(**values: Any) -> str:
    """Return a reason in words; most products are chosen for the same few."""
    return render("recommender", "reason", **values)


class _Closing(NamedTuple):
    """A closing time: how many days ahead, and the local date and time."""

    days: int
    month: int
    day: int
    hour: int
    minute: int


def _local_closing(closes: datetime, now: datetime, zone: ZoneInfo) -> _Closing:
    local, today = closes.astimezone(zone), now.astimezone(zone)
    return _Closing((local.date() - today.date()).days, local.month, local.day, local.hour, local.minute)
