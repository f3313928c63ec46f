"""Several needs in one message: which hits speak of the same thing, and which part of the message is about it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from recommender.clauses import heads_of
from recommender.hits import Hit
from recommender.masking import MaskedText

_CLAUSE = re.compile(r"[^,?]*[^,?\s][^,?]*\??")


def clause_spans(mask: str) -> list[tuple[int, int]]:
    """Return the spans of the clauses of a mask that have anything in them; a question ends a clause too."""
    return [match.span() for match in _CLAUSE.finditer(mask)]


def one_clause(mask: str) -> bool:
    """Tell whether a mask is a single clause: all that is wanted in it belongs together."""
    return "," not in mask and "?" not in mask[:-1]


def groups_of(masked: MaskedText, hits: Sequence[Hit]) -> list[list[Hit]]:
    """Return the unblocked hits by what they speak of, in the order of the message.

    Hits that share an object belong together, and so do hits of one clause: 想买排骨和玉米 is one wish for two things.
    """
    own = [_with_nearest(masked, hit) for hit in hits if hit.known or not any(other.known for other in hits)]
    groups: list[tuple[set[str | int], list[Hit]]] = []
    for hit in own:
        marks: set[str | int] = {*heads_of(hit.objects), *_clauses(masked.mask, hit)}
        joined = [group for group in groups if group[0] & marks]
        members = [member for group in joined for member in group[1]]
        groups = [group for group in groups if not group[0] & marks]
        groups.append((marks.union(*(group[0] for group in joined)), [*members, hit]))
    found = [sorted(group, key=own.index) for _, group in groups]
    return sorted(found, key=lambda group: min(hit.objects[0][0].start for hit in group))


def parts_of(masked: MaskedText, groups: Sequence[Sequence[Hit]]) -> list[MaskedText]:
    """Return for each group the stretch of the message from its first clause to the next group's."""
    starts = [min(_first_clause(masked, hit) for hit in group) for group in groups]
    bounds = [0, *starts[1:], len(masked.mask)]
    return [masked.part(low, high) for low, high in pairwise(bounds)]


def _with_nearest(masked: MaskedText, hit: Hit) -> Hit:
    """Return a hit with only the objects of its own clauses, if it has any there."""
    inside = _clauses(masked.mask, hit)
    near = [
        phrase
        for phrase in hit.objects
        if phrase[-1] in masked.tokens
        and _clause_of(masked.mask, masked.owner.index(masked.tokens.index(phrase[-1]))) in inside
    ]
    return hit._replace(objects=near) if near else hit


def _clause_of(mask: str, place: int) -> int:
    """Return where the clause of a place in the mask starts; a pause belongs to the clause behind it."""
    return next((start for start, end in clause_spans(mask) if place < end), 0)


def _clauses(mask: str, hit: Hit) -> set[int]:
    low, high = hit.span
    return {start for start, end in clause_spans(mask) if start < high and low < end}


def _first_clause(masked: MaskedText, hit: Hit) -> int:
    """Return where the first clause of a hit or of its objects starts in the mask."""
    place = hit.span[0]
    first = hit.objects[0][0]
    if first in masked.tokens:  # an object of no list may be a piece of a token
        place = min(place, masked.owner.index(masked.tokens.index(first)))
    return _clause_of(masked.mask, place)
