"""What is lent is the same memory, whatever part of it is taken and however it is looked at."""

from __future__ import annotations

import sys

import numpy as np
from numba import njit

from recommender.compiled.lent import Lent, lent


@njit
def part_of(array, first, last):
    return lent(array)[first:last].view(np.int32).reshape((-1, 2)).sum()


@njit
def write(array, place, value):
    borrowed = lent(lent(array))
    borrowed[place:][0] = value


@njit
def handed_on(array):
    write(lent(array), 1, 7)


def test_parts_and_other_looks_are_those_of_the_owner() -> None:
    array = np.arange(20)
    assert part_of(array, 3, 11) == array[3:11].view(np.int32).sum()


def test_what_is_written_stands_in_the_owner_s_memory() -> None:
    array = np.zeros(4, np.int64)
    write(array, 2, 5)
    handed_on(array)
    assert array.tolist() == [0, 7, 5, 0]


def test_nobody_counts_references_to_what_is_lent() -> None:
    """``write`` is compiled for an owner and for what is lent; the owner's is the only count that is kept."""
    array = np.zeros(4, np.int64)
    before = sys.getrefcount(array)
    handed_on(array)
    assert sys.getrefcount(array) == before
    for kinds in write.signatures:
        code = write.inspect_llvm(kinds).partition("define linkonce_odr")[0]
        if isinstance(kinds[0], Lent):
            assert "@NRT_incref" not in code
