"""What the path of a message reads about a group: in memory, cheap to hold, cheap to copy for a batch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import NamedTuple

from groups.people.forgetting import NOBODY, Forgotten


class GroupKey(NamedTuple):
    """What makes a group unique: the room as one account of one channel sees it."""

    channel: str
    account: str
    room_id: str


class MemberKey(NamedTuple):
    """A person as one account of one channel knows them."""

    channel: str
    account: str
    contact_id: str


class Role(StrEnum):
    """Who somebody is in a group, highest first."""

    ADMIN = "admin"  # named in the configuration, for every group
    LEADER = "leader"  # runs this group
    ASSISTANT = "assistant"  # appointed by the leader
    MEMBER = "member"


class LabelKind(StrEnum):
    """What a label says about a group."""

    NEIGHBOURHOOD = "neighbourhood"
    CATEGORY = "category"
    PERSON = "person"
    FREE = "free"  # any other attribute, named by the label's key


class LabelSource(StrEnum):
    """Where a label comes from, strongest first."""

    CONFIGURATION = "configuration"
    LEADER = "leader"
    TOPIC = "topic"
    ROOM_NAMES = "room_names"
    TAGS = "tags"  # of members, from what they said and ordered
    ORDERS = "orders"  # places that orders name
    NEEDS = "needs"  # what needs and orders were about


LEARNED = (LabelSource.TOPIC, LabelSource.ROOM_NAMES, LabelSource.TAGS, LabelSource.ORDERS, LabelSource.NEEDS)
"""Sources that configuration and leader overrule, strongest first."""


class LabelCause(StrEnum):
    """Why a label came or went. Only ``DRIFT`` has to wait its time; see ``groups.labels.segmenting``."""

    NEW = "new"  # the group was just made
    CONFIGURATION = "configuration"
    LEADER = "leader"
    TOPIC = "topic"  # the topic changed
    ROOM_NAMES = "room_names"  # the room names of many members changed at once
    ASKED = "asked"  # somebody asked to look again now
    DRIFT = "drift"  # evidence added up by and by


class RuleKind(StrEnum):
    """What a group's own rule does to a product."""

    EXCLUDED = "excluded"
    PINNED = "pinned"


class LabelState(NamedTuple):
    """One label of one source. ``confidence`` is 0 to 1; a leader's 0 means: this group is not that."""

    kind: LabelKind
    value: str
    source: LabelSource
    confidence: float
    key: str = ""


class Slot(NamedTuple):
    """What a group's labels say one thing about: a kind, and for free attributes the key."""

    kind: LabelKind
    key: str = ""


class Past(NamedTuple):
    """One entry of a label's history. ``label`` has confidence 1: the history does not keep how sure it was."""

    label: LabelState
    added: bool
    cause: LabelCause
    at: datetime


class ProductRule(NamedTuple):
    """Exclude or pin one product by its id, or (``product_id`` 0) every product whose title or code has the text."""

    kind: RuleKind
    source: LabelSource
    product_id: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class MemberState:
    """One member of one group. Who left stays only as long as a refusal must be remembered (``present`` false)."""

    name: str = ""
    room_name: str = ""
    role: Role = Role.MEMBER
    unsubscribed: bool = False
    personalisation_off: bool = False
    present: bool = True

    @property
    def shown_name(self) -> str:
        """Return the name people in the room see."""
        return self.room_name or self.name


@dataclass(slots=True)
class GroupState:
    """One group as the database has it. Changed only by the changes of ``groups.changes``, on a copy.

    ``level`` is the permission level 0 to 4; ``threshold`` the least score of a push and ``welcome`` whether newcomers
    are welcomed, None for the program's default. ``roster_known`` once all members were seen together.
    ``neighbourhoods``, ``categories``, ``persons`` and ``attributes`` (values by key) are the labels that won;
    ``excluded_*`` and ``pinned_*`` are the rules, all derived from ``labels`` and ``rules``. ``drifted`` is when labels
    last changed without a cause. ``id`` is None until the group is stored. A ``retired`` group was given up on purpose:
    it is not read any more; ``successor_id`` is the group that goes on in its place.
    """

    key: GroupKey
    id: int | None = None
    topic: str = ""
    owner_id: str = ""
    leader_id: str = ""
    level: int = 1
    configured_level: int | None = None
    paused: bool = False
    active: bool = True
    introduced: bool = False
    retired: bool = False
    successor_id: int | None = None
    threshold: float | None = None
    welcome: bool | None = None
    roster_known: bool = False
    labels: tuple[LabelState, ...] = ()
    neighbourhoods: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()
    attributes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    drifted: dict[Slot, datetime] = field(default_factory=dict)
    rules: tuple[ProductRule, ...] = ()
    excluded_ids: frozenset[int] = frozenset()
    excluded_texts: frozenset[str] = frozenset()
    pinned_ids: frozenset[int] = frozenset()
    pinned_texts: frozenset[str] = frozenset()
    members: dict[str, MemberState] = field(default_factory=dict)
    forgotten: Forgotten = field(default=NOBODY, compare=False)
    """People of this account who were deleted; filled in by whoever keeps the state."""

    @property
    def channel(self) -> str:
        """Return the kind of channel."""
        return self.key.channel

    @property
    def account(self) -> str:
        """Return the bot's account in this room."""
        return self.key.account

    @property
    def room_id(self) -> str:
        """Return the channel's id of the room."""
        return self.key.room_id

    @property
    def leader_ids(self) -> frozenset[str]:
        """Return who runs the group: the named leader and the room's owner, never the bot itself."""
        return frozenset({self.leader_id, self.owner_id} - {"", self.account})

    def unsubscribed(self, contact_id: str) -> bool:
        """Return whether this member opted out here, or was deleted and has not come back."""
        member = self.members.get(contact_id)
        return member.unsubscribed if member is not None else self.forgotten.has(contact_id)

    def shown_name(self, contact_id: str) -> str:
        """Return the name people in the room see, or nothing for a stranger."""
        member = self.members.get(contact_id)
        return member.shown_name if member is not None else ""

    def copy(self) -> GroupState:
        """Return a copy that changes may be applied to; members and labels are immutable and shared."""
        twin = GroupState(*_all_of(self))
        twin.members = self.members.copy()
        return twin

    def relabel(self, labels: tuple[LabelState, ...]) -> None:
        """Take these labels and work out which of them win."""
        self.labels = tuple(sorted(labels))
        self.neighbourhoods = winners(self.labels, LabelKind.NEIGHBOURHOOD)
        self.categories = winners(self.labels, LabelKind.CATEGORY)
        self.persons = winners(self.labels, LabelKind.PERSON)
        keys = dict.fromkeys(label.key for label in self.labels if label.kind == LabelKind.FREE)
        held = {key: winners(self.labels, LabelKind.FREE, key) for key in keys}
        self.attributes = {key: values for key, values in held.items() if values}

    def rerule(self, rules: tuple[ProductRule, ...]) -> None:
        """Take these product rules and sort them by what they do."""
        self.rules = tuple(sorted(rules))

        def ids(kind: RuleKind) -> frozenset[int]:
            return frozenset(rule.product_id for rule in rules if rule.kind == kind and rule.product_id)

        def texts(kind: RuleKind) -> frozenset[str]:
            return frozenset(rule.text for rule in rules if rule.kind == kind and rule.text)

        self.excluded_ids, self.excluded_texts = ids(RuleKind.EXCLUDED), texts(RuleKind.EXCLUDED)
        self.pinned_ids, self.pinned_texts = ids(RuleKind.PINNED), texts(RuleKind.PINNED)


_all_of = attrgetter(*(one.name for one in fields(GroupState)))


def winners(labels: Iterable[LabelState], kind: LabelKind, key: str = "") -> tuple[str, ...]:
    """Return the values of ``kind`` (and ``key``) that hold, strongest source first.

    Configuration always holds and silences what was learned; the leader adds to it and takes away what was learned;
    of what was learned, the strongest source that says anything goes before the others.
    """
    here = [label for label in labels if label.kind == kind and label.key == key]

    def of(source: LabelSource) -> list[LabelState]:
        return [label for label in here if label.source == source]

    configured = [label.value for label in of(LabelSource.CONFIGURATION)]
    spoken = [label.value for label in of(LabelSource.LEADER) if label.confidence > 0]
    denied = {label.value for label in of(LabelSource.LEADER) if label.confidence == 0}
    learned = next((found for source in LEARNED if (found := of(source))), [])
    kept = [] if configured else [label.value for label in learned if label.value not in denied]
    return tuple(dict.fromkeys([*configured, *spoken, *kept]))
