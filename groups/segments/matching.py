"""Which segments a group belongs to: the rules of the settings, asked when somebody needs the answer.

Nothing is stored: labels change, and a stored answer would be old. One look costs 2 to 3 µs for each segment with a
rule of three comparisons (measured); in a group of 500, a rule over the number of members costs 16 µs and one over room
names 650 µs, since they look at every member. A need, a push, an export and a digest look once, other messages never.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

from groups.segments.rules import read_rule
from groups.segments.settings import SINGLE_EFFECTS, SegmentSettings
from groups.segments.terms import Rule, Values, holds
from groups.state import GroupState


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment ready to be asked; ``place`` is where it stands in the settings."""

    place: int
    rule: Rule
    settings: SegmentSettings

    @property
    def name(self) -> str:
        """Return what people call it."""
        return self.settings.name

    @property
    def key(self) -> str:
        """Return its key path in the settings."""
        return f"segments[{self.place}]"


class Segments:
    """Every segment of the settings, those of higher priority first, then as listed."""

    def __init__(self, settings: Sequence[SegmentSettings] = ()) -> None:
        listed = [Segment(place, read_rule(one.when), one) for place, one in enumerate(settings)]
        self.ordered = tuple(sorted(listed, key=lambda one: -one.settings.priority))

    def matching(self, state: GroupState) -> tuple[Segment, ...]:
        """Return the segments that a group belongs to, in the order in which they count."""
        return tuple(one for one in self.ordered if holds(one.rule, lambda attribute: values_of(state, attribute)))

    def may_disagree(self) -> bool:
        """Return whether two segments of one priority set something differently, so that a group could be in both."""
        return any(
            one.settings.priority == other.settings.priority and _differ(one.settings, other.settings)
            for one, other in combinations(self.ordered, 2)
        )

    def set_anywhere(self, effect: str) -> bool:
        """Return whether any segment sets an effect at all: who reads a group only for it need not."""
        return any(getattr(one.settings, effect) is not None for one in self.ordered)


NO_SEGMENTS = Segments()


def values_of(state: GroupState, attribute: str) -> Values:
    """Return what a group has of an attribute of the rules; of a key that no label has, nothing."""
    reading = _READINGS.get(attribute)
    return free_values(state, attribute) if reading is None else reading(state)


def free_values(state: GroupState, key: str) -> tuple[str, ...]:
    """Return the values of a free label that hold in a group; ``key`` in small letters."""
    return tuple(value for known, values in state.attributes.items() if known.casefold() == key for value in values)


def free_keys(state: GroupState) -> list[str]:
    """Return the keys of a group's free labels, as rules write them."""
    return sorted({key.casefold() for key in state.attributes})


def _differ(one: SegmentSettings, other: SegmentSettings) -> bool:
    pairs = ((getattr(one, effect), getattr(other, effect)) for effect in SINGLE_EFFECTS)
    return any(left is not None and right is not None and left != right for left, right in pairs)


def _members(state: GroupState) -> int:
    return sum(member.present for member in state.members.values())


def _room_names(state: GroupState) -> tuple[str, ...]:
    people = state.members.values()
    return tuple(member.room_name for member in people if member.present and not member.unsubscribed)


_READINGS: dict[str, Callable[[GroupState], Values]] = {
    "neighbourhood": lambda state: state.neighbourhoods,
    "category": lambda state: state.categories,
    "person": lambda state: state.persons,
    "leader": lambda state: tuple(state.leader_ids),
    "topic": lambda state: (state.topic,),
    "room": lambda state: (state.room_id,),
    "channel": lambda state: (state.channel,),
    "account": lambda state: (state.account,),
    "level": lambda state: state.level,
    "members": _members,
    "room_name": _room_names,
}
"""How the attributes of ``groups.segments.terms`` are read off a group."""
