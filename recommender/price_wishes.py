"""What a query says of the price, and how well a product meets it; and how often a product was ordered. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from recommender.constraints import price_asked

_BEYOND = 0.4
"""A price this much beyond a stated bound, as a share of it, misses it altogether; half of it is as good as unknown."""
_MOST_ORDERS = 300
"""More orders make no product more popular."""


@dataclass(frozen=True, slots=True)
class PriceWish:
    """What a query says of the price, and between which prices (as logarithms) the found products lie."""

    low: float | None
    high: float | None
    cheap: bool
    cheapest: float
    dearest: float

    @classmethod
    def of(cls, text: str, prices: Iterable[float | None]) -> PriceWish:
        """Read a uniform query; ``prices`` are those of the products that were found."""
        low, high, cheap = price_asked(text)
        logs = [math.log(price) for price in prices if price is not None and price > 0] or [0.0]
        return cls(_float(low), _float(high), cheap, min(logs), max(logs))

    def met(self, price: float | None) -> float:
        """Return how well a price meets the wish, -1 to 1; 0 when nothing was said or it is not known."""
        if price is None or price <= 0:
            return 0.0
        if self.low is not None or self.high is not None:
            beyond = max(price / self.high - 1 if self.high else 0.0, self.low / price - 1 if self.low else 0.0, 0.0)
            return 1 - 2 * min(beyond / _BEYOND, 1.0)
        if self.cheap and self.dearest > self.cheapest:
            return (self.dearest - math.log(price)) / (self.dearest - self.cheapest)
        return 0.0


_POPULARITY = tuple(math.log1p(orders) / math.log1p(_MOST_ORDERS) for orders in range(_MOST_ORDERS + 1))


def popularity(orders: int | None) -> float:
    """Return how popular a product is, 0 (no order, or not known) to 1, on a logarithmic scale."""
    return _POPULARITY[min(orders or 0, _MOST_ORDERS)]


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
