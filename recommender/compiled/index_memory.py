"""What a search reads of an index, in one array (``packed``).

::

    terms       by number: where its documents begin, how many, its row of bits, its repetition    (``lists``)
    documents   the lists of all terms, one behind the other
    rows        a row of bits for each frequent term
    gains       by document
    order       by document which of the texts it is
    counts      of documents, terms, listed documents and rows: parts are filled up to whole words
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recommender.compiled.jit import compiled
from recommender.compiled.packed import Memory, part, room_for, seen_part

_TERMS, _DOCUMENTS, _ROWS, _GAINS, _ORDER, _COUNTS = range(6)
"""Parts of the memory."""
_COLUMNS = 4
"""Of a term: ``lists`` names them."""


class IndexParts(NamedTuple):
    """The parts as arrays; what is written into them stands in the memory."""

    terms: npt.NDArray[np.int32]
    documents: npt.NDArray[np.int32]
    rows: npt.NDArray[np.uint64]
    gains: npt.NDArray[np.uint16]
    order: npt.NDArray[np.int32]


def index_memory(size: int, terms: int, listed: int, rows: int) -> Memory:
    """Return the memory of an index of ``size`` documents, all noughts but for its counts."""
    words = -(-size // 64)
    memory = room_for([4 * _COLUMNS * terms, 4 * listed, 8 * words * rows, 2 * size, 4 * size, 32])
    seen_part(memory, _COUNTS, np.int64)[:] = size, terms, listed, rows
    return memory


def index_parts(memory: Memory) -> IndexParts:
    """Return the parts of a memory."""
    size, terms, listed, rows = seen_part(memory, _COUNTS, np.int64).tolist()
    return IndexParts(
        seen_part(memory, _TERMS, np.int32).reshape(terms, _COLUMNS),
        seen_part(memory, _DOCUMENTS, np.int32)[:listed],
        seen_part(memory, _ROWS, np.uint64).reshape(rows, -(-size // 64)),
        seen_part(memory, _GAINS, np.uint16)[:size],
        seen_part(memory, _ORDER, np.int32)[:size],
    )


@compiled
def opened(memory):
    """Return the same in compiled code."""
    size, terms, listed, rows = part(memory, _COUNTS)
    return (
        part(memory, _TERMS).view(np.int32).reshape((terms, _COLUMNS)),
        part(memory, _DOCUMENTS).view(np.int32)[:listed],
        part(memory, _ROWS).view(np.uint64).reshape((rows, (size + 63) >> 6)),
        part(memory, _GAINS).view(np.uint16)[:size],
        part(memory, _ORDER).view(np.int32)[:size],
    )
