"""The ``[[segments]]`` tables of the settings: which groups belong together, and what is different for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from enum import StrEnum
from typing import Self

from pydantic import Field, field_validator, model_validator

from core.settings import Section
from groups.segments.contradictions import can_hold, normal_form
from groups.segments.rules import read_rule
from groups.settings import Name


class Wording(StrEnum):
    """How a push is worded."""

    STANDARD = "standard"  # each product on two lines, with the reason
    SHORT = "short"  # each product on one line
    WARM = "warm"  # as to a neighbour


class Packing(StrEnum):
    """What the packing sheet of an offer is ordered by."""

    BUILDING = "building"  # from door to door
    ITEM = "item"  # one thing after the other
    PERSON = "person"  # buyer by buyer
    CODE = "code"  # by pick-up code, for a counter


class SegmentSettings(Section):
    """Groups that a rule describes, and what is different for them. What is left out stays as it is."""

    name: Name = Field(description="What lists and errors call it; no two have the same.")
    when: str = Field(description="The rule: which groups belong to it, see groups/segments/rules.py.")
    priority: int = Field(
        default=0, ge=-1000, le=1000, description="Of two segments of a group that disagree, the higher counts."
    )
    neighbourhoods: tuple[Name, ...] | None = Field(
        default=None, description="Where products must be deliverable to, instead of what was learned."
    )
    also_neighbourhoods: tuple[Name, ...] = Field(default=(), description="Further such neighbourhoods.")
    categories: tuple[Name, ...] | None = Field(default=None, description="Categories that alone may be shown.")
    excluded: tuple[Name, ...] = Field(default=(), description="Words in titles, or supplier/id, never shown.")
    pinned: tuple[Name, ...] = Field(default=(), description="Words in titles, or supplier/id, preferred.")
    threshold: float | None = Field(default=None, ge=0, le=1, description="Least certainty of a push.")
    answers_per_day: int | None = Field(default=None, ge=0, description="Most answers to needs in each group a day.")
    unasked_per_day: int | None = Field(
        default=None, ge=0, description="Most unasked messages in each group in 24 hours."
    )
    digest: bool | None = Field(default=None, description="Whether the daily digest tells of these groups.")
    wording: Wording | None = Field(default=None, description="How a push is worded: standard, short or warm.")
    packing: Packing | None = Field(
        default=None, description="What the packing sheet is ordered by: building, item, person or code."
    )

    @field_validator("when")
    @classmethod
    def _can_be_met(cls, when: str) -> str:
        if not can_hold(read_rule(when)):
            raise ValueError("no group can ever meet this rule: what it asks for contradicts itself")
        return when

    @model_validator(mode="after")
    def _prefers_what_it_shows(self) -> Self:
        both = sorted({*self.excluded} & {*self.pinned})
        if both:
            raise ValueError(f"{both[0]} is both excluded and pinned; take it out of one of the two")
        return self


SINGLE_EFFECTS = (
    "neighbourhoods",
    "categories",
    "threshold",
    "answers_per_day",
    "unasked_per_day",
    "digest",
    "wording",
    "packing",
)
"""Effects of which a group has one; the others are lists that add up."""


def check_segments(segments: Sequence[SegmentSettings]) -> None:
    """Raise ``ValueError`` naming the keys of two segments that cannot stand beside each other."""
    named: dict[str, int] = {}
    alike: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for place, segment in enumerate(segments):
        if segment.name in named:
            raise ValueError(
                f"segments[{named[segment.name]}].name and segments[{place}].name are both {segment.name}; rename one"
            )
        named[segment.name] = place
        alike[normal_form(read_rule(segment.when)), segment.priority].append(place)
    for places in alike.values():
        for place, later in ((place, later) for place in places for later in places if place < later):
            _check_pair(segments, place, later)


def _check_pair(segments: Sequence[SegmentSettings], place: int, later: int) -> None:
    one, other = segments[place], segments[later]
    for effect in SINGLE_EFFECTS:
        left, right = getattr(one, effect), getattr(other, effect)
        if left is not None and right is not None and left != right:
            raise ValueError(
                f"segments[{place}].{effect} of {one.name} and segments[{later}].{effect} of {other.name} contradict "
                "each other: rule and priority are the same, what they set is not; change one of the priorities"
            )
