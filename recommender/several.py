"""Several needs in one message: which hits speak of the same thing, and which part of the message is about it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from recommender.hits import Hit
from recommender.masking import MaskedText


def clause_spans(mask: str) -> list[tuple[int, int]]:
    """Return the spans of the clauses of a mask that have anything in them."""
    spans, start = [], 0
    for part in mask.split(","):
        if part.strip():
            spans.append((start, start + len(part)))
        start += len(part) + 1
    return spans


def groups_of(masked: MaskedText, hits: Sequence[Hit]) -> list[list[Hit]]:
    """Return the unblocked hits by what they speak of, in the order of the message.

    Hits that share an object belong together, and so do hits of one clause: 想买排骨和玉米 is one wish for two things.
    """
    groups: list[tuple[set[int], list[Hit]]] = []
    for hit in hits:
        marks = _objects(hit) | _clauses(masked.mask, hit)
        joined = [group for group in groups if group[0] & marks]
        members = [member for group in joined for member in group[1]]
        groups = [group for group in groups if not group[0] & marks]
        groups.append((marks.union(*(group[0] for group in joined)), [*members, hit]))
    found = [sorted(group, key=hits.index) for _, group in groups]
    return sorted(found, key=lambda group: min(hit.objects[0][0].start for hit in group))


def parts_of(masked: MaskedText, groups: Sequence[Sequence[Hit]]) -> list[MaskedText]:
    """Return for each group the stretch of the message from its first clause to the next group's."""
    starts = [min(_first_clause(masked, hit) for hit in group) for group in groups]
    bounds = [0, *starts[1:], len(masked.mask)]
    return [masked.part(low, high) for low, high in pairwise(bounds)]


def _objects(hit: Hit) -> set[int]:
    """Return where the heads of a hit's objects stand, as negative numbers: they never meet a clause's start."""
    return {-1 - phrase[-1].start for phrase in hit.objects}


def _clauses(mask: str, hit: Hit) -> set[int]:
    low, high = hit.span
    return {start for start, end in clause_spans(mask) if start < high and low < end}


def _first_clause(masked: MaskedText, hit: Hit) -> int:
    """Return where the first clause of a hit or of its objects starts in the mask."""
    place = hit.span[0]
    first = hit.objects[0][0]
    if first in masked.tokens:  # an object of no list may be a piece of a token
        place = min(place, masked.owner.index(masked.tokens.index(first)))
    return masked.mask.rfind(",", 0, place + 1) + 1
