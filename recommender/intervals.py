"""How much a count can be trusted: intervals of shares, and whether two ways of doing a thing differ. Pure."""

from __future__ import annotations

import math

Z95 = 1.959964
"""Standard normal quantile of a two-sided 95 % interval."""


def wilson(right: int, total: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson's score interval); of nothing it is all of 0 to 1."""
    if total == 0:
        return 0.0, 1.0
    share, z = right / total, Z95
    scale = 1 + z * z / total
    middle = (share + z * z / (2 * total)) / scale
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total)) / scale
    return max(0.0, middle - half), min(1.0, middle + half)


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the exact two-sided p of McNemar's test: lines that only the first, or only the second got right."""
    total = only_first + only_second
    if total == 0:
        return 1.0
    tail = sum(float(math.comb(total, count)) / 2.0**total for count in range(min(only_first, only_second) + 1))
    return min(1.0, 2 * tail)
