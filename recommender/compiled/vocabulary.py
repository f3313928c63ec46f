"""The vocabulary of an index: from the hash of a term to its number, without any string.

Open addressing with linear steps: the low bits of a hash say where it belongs, and if somebody else is there, it stands
in the next place that was free. At most half of the places are taken::

    place   0     1          2          3     …        hash 0x…1 was there first; 0x…1' belongs to 1 too
    hash    0     0x…1       0x…1'      0              and is found one step further; 0 is an empty place
    term    -     17         4          -
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recommender.compiled.jit import compiled

SLOT = np.dtype([("hash", np.uint64), ("term", np.int64)])
"""One place: a hash, 0 when it is free, and the number of the term."""
Slots = npt.NDArray[np.void]
FIRST_SLOTS = 1 << 10


def empty() -> Slots:
    """Return a vocabulary without terms."""
    return np.zeros(FIRST_SLOTS, SLOT)


def grown(slots: Slots) -> Slots:
    """Return the same vocabulary with twice as many places."""
    larger = np.zeros(2 * len(slots), SLOT)
    _move(slots, larger)
    return larger


@compiled
def _move(slots, larger):
    for place in range(len(slots)):
        if slots[place]["hash"]:
            at = place_of(larger, slots[place]["hash"])
            larger[at]["hash"], larger[at]["term"] = slots[place]["hash"], slots[place]["term"]


@compiled
def place_of(slots, value):
    """Return the place of a hash, or the free one where it belongs."""
    mask = np.uint64(len(slots) - 1)
    place = value & mask
    while slots[place]["hash"] != value and slots[place]["hash"]:
        place = (place + np.uint64(1)) & mask
    return np.int64(place)


@compiled
def term_of(slots, value):
    """Return the number of the term with this hash, -1 when there is none."""
    place = place_of(slots, value)
    return slots[place]["term"] if slots[place]["hash"] else np.int64(-1)
