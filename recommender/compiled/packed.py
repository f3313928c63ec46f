"""Several arrays in one: an array costs a compiled call a tenth of a microsecond, one of records three times as much.

::

    header   where each part begins, and where the last one ends       4   7   9 | part 0 | part 1
    parts    the bytes of the arrays, each filled up to whole words

Compiled code takes a part out and looks at it as what it is, ``part(memory, 0).view(np.uint32)``, for next to nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.compiled.jit import compiled

Memory = npt.NDArray[np.int64]
_WORD = 8
"""Bytes of a word; parts begin on whole ones."""


def packed(arrays: Sequence[npt.NDArray[Any]]) -> Memory:
    """Put arrays into one, in the order given; behind a part that is no whole number of words stand noughts."""
    ends = np.cumsum([len(arrays) + 1, *(-(-array.nbytes // _WORD) for array in arrays)])
    memory = np.zeros(int(ends[-1]), np.int64)
    memory[: len(ends)] = ends
    for begin, array in zip(ends.tolist(), arrays, strict=False):
        memory[begin:].view(np.uint8)[: array.nbytes] = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    return memory


def seen_part(memory: Memory, number: int, kind: Any) -> npt.NDArray[Any]:
    """Return a part as what it is, for Python; what is written into it stands in the memory."""
    return memory[memory[number] : memory[number + 1]].view(kind)


@compiled
def part(memory, number):
    """Return a part as whole words."""
    return memory[memory[number] : memory[number + 1]]
