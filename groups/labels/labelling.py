"""What configuration, topic and room names say of a group, as evidence for ``groups.labels.segmenting``. Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from groups.labels.places import NAME_LENGTH, estate_of, place_of
from groups.settings import AttributeRule, GroupsSettings, NeighbourhoodSettings, RoomSettings, TopicRule
from groups.state import LabelKind, LabelSource, Slot

_Rule = TypeVar("_Rule")

_PLAIN = re.compile("").flags
"""The flags of a pattern that has none of its own."""
NEIGHBOURHOOD = Slot(LabelKind.NEIGHBOURHOOD)


class Support(NamedTuple):
    """How much speaks for a value: a confidence or share, 0 to 1, and how many members it comes from."""

    share: float
    members: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one source says about one slot. ``values`` None: too little is known to say anything, so nothing changes."""

    slot: Slot
    source: LabelSource
    values: Mapping[str, Support] | None


class _Match(NamedTuple):
    slot: Slot
    value: str
    confidence: float


class NameRules:
    """The configuration's rules over topics and room names, compiled once for many names."""

    def __init__(self, settings: GroupsSettings) -> None:
        self.settings = settings
        spelt = [(spelling, one) for one in settings.neighbourhoods for spelling in one.spellings]
        self._owners = dict(reversed(spelt))  # of two with the same spelling the first counts
        longest_first = sorted(self._owners, key=len, reverse=True)
        self._spellings = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None
        self._patterned = [(one, [re.compile(text) for text in one.patterns]) for one in settings.neighbourhoods]
        self._patterned = [(one, patterns) for one, patterns in self._patterned if patterns]
        self._rules = [(slot, rule, [re.compile(text) for text in rule.patterns]) for slot, rule in named(settings)]

        self._any = _one_of(pattern for _, _, patterns in self._rules for pattern in patterns)

    def topic(self, topic: str) -> list[Evidence]:
        """Return what the topic says; every slot that a rule could fill is there, if empty."""
        found = list(self._matches(topic))
        if not any(match.slot == NEIGHBOURHOOD for match in found) and (estate := estate_of(topic)):
            found.append(_Match(NEIGHBOURHOOD, estate, 0.7))
        return _evidence(LabelSource.TOPIC, ((match.slot, match.value, match.confidence, 0) for match in found))

    def room_names(self, names: Sequence[str]) -> list[Evidence]:
        """Return which share of the members say the same with their room names; an empty name says nothing."""
        votes: Counter[tuple[Slot, str]] = Counter()
        for name in names:
            if name:
                votes.update(self._said(name[:NAME_LENGTH]))
        return _evidence(
            LabelSource.ROOM_NAMES,
            ((slot, value, round(count / len(names), 4), count) for (slot, value), count in votes.items()),
        )

    def place(self, text: str) -> str:
        """Return the neighbourhood that a name or a note names: a configured one, else one by its form; or nothing."""
        known = self._neighbourhoods(text[:NAME_LENGTH])
        return known[0].name if known else place_of(text).neighbourhood

    def _said(self, name: str) -> set[tuple[Slot, str]]:
        said = {(match.slot, match.value) for match in self._matches(name)}
        if not any(slot == NEIGHBOURHOOD for slot, _ in said) and (estate := place_of(name).neighbourhood):
            said.add((NEIGHBOURHOOD, estate))
        return said

    def _matches(self, text: str) -> Iterator[_Match]:
        for one in self._neighbourhoods(text):
            yield _Match(NEIGHBOURHOOD, one.name, 0.95)
        by_slot: defaultdict[Slot, list[TopicRule]] = defaultdict(list)
        fits = self._any is None or self._any.search(text) is not None
        for slot, rule, patterns in self._rules if fits else ():
            if any(pattern.search(text) for pattern in patterns):
                by_slot[slot].append(rule)
        for slot, rules in by_slot.items():
            for rule in _foremost(rules, lambda rule: rule.priority):
                yield _Match(slot, rule.name, 0.9)

    def _neighbourhoods(self, text: str) -> list[NeighbourhoodSettings]:
        """Return the configured neighbourhoods that a text names, the longest spelling at each place."""
        found = [self._owners[match[0]] for match in self._spellings.finditer(text)] if self._spellings else []
        found += [one for one, patterns in self._patterned if any(pattern.search(text) for pattern in patterns)]
        return _foremost(list({one.name: one for one in found}.values()), lambda one: one.priority)


def named(settings: GroupsSettings) -> list[tuple[Slot, TopicRule]]:
    """Return every rule over topics and room names with the slot that it fills."""
    rules: list[tuple[Slot, TopicRule]] = [(Slot(LabelKind.CATEGORY), rule) for rule in settings.categories]
    rules += [(Slot(LabelKind.PERSON), rule) for rule in settings.persons]
    return rules + [(Slot(LabelKind.FREE, rule.key), rule) for rule in settings.attributes]


def configured(room: RoomSettings | None) -> list[Evidence]:
    """Return what the configuration says of a room."""
    if room is None:
        return []
    lists = (
        (LabelKind.NEIGHBOURHOOD, room.neighbourhoods),
        (LabelKind.CATEGORY, room.categories),
        (LabelKind.PERSON, room.persons),
    )
    return _evidence(
        LabelSource.CONFIGURATION, ((Slot(kind), value, 1.0, 0) for kind, values in lists for value in values)
    )


def attribute_said(settings: GroupsSettings, held: Iterable[str], text: str) -> tuple[str, str] | None:
    """Return key and value of a free attribute that a leader names (宠物=猫, 宠物 猫); None when it is none.

    Its key must be known: from the configuration, or ``held`` by the group already.
    """
    said = re.fullmatch(r"(?P<key>[^\s=]{1,32})(?:\s*=\s*|\s+)(?P<value>\S.{0,63})", text.strip())
    known = {rule.key for rule in settings.attributes} | set(held)
    return (said["key"], said["value"].strip()) if said and said["key"] in known else None


def idle_rules(settings: GroupsSettings, matched: Collection[tuple[str, str, str]]) -> list[str]:
    """Return the rules of the configuration whose label (kind, key, value) is not among those that matched.

    Rules that come with the program are not the operator's to mend and not named.
    """
    own = settings.model_fields_set
    lists = (
        ("neighbourhoods", LabelKind.NEIGHBOURHOOD, settings.neighbourhoods),
        ("categories", LabelKind.CATEGORY, settings.categories),
        ("persons", LabelKind.PERSON, settings.persons),
        ("attributes", LabelKind.FREE, settings.attributes),
    )
    found = []
    for section, kind, rules in lists:
        for rule in rules if section in own else ():
            key = rule.key if isinstance(rule, AttributeRule) else ""
            if (kind.value, key, rule.name) not in matched:
                found.append(f"groups.{section}: {key + '=' if key else ''}{rule.name}")
    return found


def _one_of(patterns: Iterable[re.Pattern[str]]) -> re.Pattern[str] | None:
    """Return one pattern that fits where any of these does, since most names fit none; None when they cannot be joined.

    Groups would change their numbers, and flags at the beginning of a pattern may not stand inside another.
    """
    listed = list(patterns)
    if any(pattern.groups or pattern.flags != _PLAIN for pattern in listed):
        return None
    return re.compile("|".join(f"(?:{pattern.pattern})" for pattern in listed)) if listed else None


def _foremost(rules: Sequence[_Rule], priority: Callable[[_Rule], int]) -> list[_Rule]:
    """Return the rules of the highest priority among those that fit."""
    highest = max(map(priority, rules), default=0)
    return [rule for rule in rules if priority(rule) == highest]


def _evidence(source: LabelSource, found: Iterable[tuple[Slot, str, float, int]]) -> list[Evidence]:
    values: defaultdict[Slot, dict[str, Support]] = defaultdict(dict)
    for slot, value, share, members in found:
        values[slot][value] = Support(share, members)
    return [Evidence(slot, source, supports) for slot, supports in values.items()]
