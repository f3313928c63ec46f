"""What a quantity of an item costs: the same for everyone. Pure."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from orders.state import Item, Tier

_CENT = Decimal("0.01")


def price_of(item: Item, quantity: Decimal) -> Decimal | None:
    """Return what a quantity of an item costs in yuan, two decimals; None when the item has no price.

    Each line is priced by itself. Whole pieces cost the cheapest mix of bundles (2份55元, any number of them) and
    singles, so never more than singles; a fraction of a piece costs its part of a single. A single costs the lowest
    price of those that hold from a quantity on and are reached.
    """
    if item.price is None:
        return None
    if quantity <= 0:
        return Decimal("0.00")
    single = min([item.price, *(tier.price for tier in item.tiers if not tier.bundle and tier.quantity <= quantity)])
    whole = int(quantity.to_integral_value(ROUND_DOWN))
    bundles = [tier for tier in item.tiers if tier.bundle and 2 <= tier.quantity <= whole]
    worth = [tier for tier in bundles if tier.price < tier.quantity * single]
    cost = _cheapest(whole, single, worth) + (quantity - whole) * single
    return cost.quantize(_CENT, ROUND_HALF_UP)


def _cheapest(count: int, single: Decimal, bundles: list[Tier]) -> Decimal:
    """Return the lowest cost of exactly ``count`` pieces.

    Of many pieces all but a bounded rest come in the bundle that is the cheapest by the piece: among as many other
    parts as that bundle has pieces, some always add up to whole bundles of it.
    """
    if not bundles:
        return count * single
    best = min(bundles, key=lambda tier: (tier.price / tier.quantity, tier.quantity))
    most = best.quantity * max(tier.quantity for tier in bundles)
    sure = max(0, (count - most) // best.quantity)
    lowest = [Decimal(0)]
    for pieces in range(1, count - sure * best.quantity + 1):
        parts = [lowest[pieces - tier.quantity] + tier.price for tier in bundles if tier.quantity <= pieces]
        lowest.append(min([lowest[pieces - 1] + single, *parts]))
    return sure * best.price + lowest[-1]
