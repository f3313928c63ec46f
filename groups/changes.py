"""Everything that can happen to a group, as values: applied to memory here, written by ``groups.repository``.

``apply`` changes only the state it is given and reads nothing else, so that memory and database agree by test.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from groups.state import (
    GroupKey,
    GroupState,
    LabelCause,
    LabelKind,
    LabelState,
    MemberKey,
    MemberState,
    ProductRule,
    Role,
    Slot,
)


@dataclass(frozen=True, slots=True)
class GroupCreated:
    """The bot is in a room it did not know."""

    group: GroupKey
    topic: str = ""
    owner_id: str = ""
    leader_id: str = ""
    level: int = 1
    configured_level: int | None = None

    def apply(self, state: GroupState) -> None:
        """Fill a fresh state."""
        state.topic, state.owner_id, state.leader_id = self.topic, self.owner_id, self.leader_id
        state.level, state.configured_level = self.level, self.configured_level


@dataclass(frozen=True, slots=True)
class ActiveSet:
    """The bot was removed from the room, or is in it again."""

    group: GroupKey
    active: bool

    def apply(self, state: GroupState) -> None:
        """Note whether the bot is in the room."""
        state.active = self.active


@dataclass(frozen=True, slots=True)
class Introduced:
    """The bot has said what it is; it does so once."""

    group: GroupKey

    def apply(self, state: GroupState) -> None:
        """Remember it."""
        state.introduced = True


@dataclass(frozen=True, slots=True)
class TopicSeen:
    """The room has this topic now."""

    group: GroupKey
    topic: str

    def apply(self, state: GroupState) -> None:
        """Take the topic."""
        state.topic = self.topic


@dataclass(frozen=True, slots=True)
class OwnerSeen:
    """The room belongs to this contact now."""

    group: GroupKey
    owner_id: str

    def apply(self, state: GroupState) -> None:
        """Take the owner."""
        state.owner_id = self.owner_id


@dataclass(frozen=True, slots=True)
class LeaderSet:
    """The group is run by this contact."""

    group: GroupKey
    leader_id: str

    def apply(self, state: GroupState) -> None:
        """Take the leader."""
        state.leader_id = self.leader_id


@dataclass(frozen=True, slots=True)
class LevelSet:
    """The permission level changed; ``configured`` when the configuration did it."""

    group: GroupKey
    level: int
    configured: bool = False

    def apply(self, state: GroupState) -> None:
        """Take the level; remember what the configuration asked for, so that it does so only once."""
        state.level = self.level
        if self.configured:
            state.configured_level = self.level


@dataclass(frozen=True, slots=True)
class PausedSet:
    """The leader paused the bot in this group, or let it go on."""

    group: GroupKey
    paused: bool

    def apply(self, state: GroupState) -> None:
        """Note it."""
        state.paused = self.paused


@dataclass(frozen=True, slots=True)
class RetiredSet:
    """The leader gave the group up, perhaps to another that goes on in its place, or took it into use again."""

    group: GroupKey
    retired: bool
    successor_id: int | None = None

    def apply(self, state: GroupState) -> None:
        """Note it; what the group was stays as it is."""
        state.retired, state.successor_id = self.retired, self.successor_id


@dataclass(frozen=True, slots=True)
class ThresholdSet:
    """The least score of a push in this group; None for the program's default."""

    group: GroupKey
    threshold: float | None

    def apply(self, state: GroupState) -> None:
        """Take the threshold."""
        state.threshold = self.threshold


@dataclass(frozen=True, slots=True)
class WelcomeSet:
    """The leader wants newcomers welcomed in this group, or not."""

    group: GroupKey
    welcome: bool

    def apply(self, state: GroupState) -> None:
        """Take the switch."""
        state.welcome = self.welcome


@dataclass(frozen=True, slots=True)
class RosterSeen:
    """All members were seen together for the first time: whoever comes from now on has joined."""

    group: GroupKey

    def apply(self, state: GroupState) -> None:
        """Remember it."""
        state.roster_known = True


@dataclass(frozen=True, slots=True)
class MemberSeen:
    """This person is in the room under these names."""

    group: GroupKey
    contact_id: str
    name: str = ""
    room_name: str = ""

    def apply(self, state: GroupState) -> None:
        """Add the member or take the names; refusals stay."""
        member = state.members.get(self.contact_id, MemberState())
        state.members[self.contact_id] = replace(member, name=self.name, room_name=self.room_name, present=True)


@dataclass(frozen=True, slots=True)
class MemberJoined:
    """This person came into the room while the bot was there, and waits for a welcome."""

    group: GroupKey
    contact_id: str

    def apply(self, state: GroupState) -> None:
        """Change nothing: only the database knows who waits, ``MemberSeen`` has added the member."""


@dataclass(frozen=True, slots=True)
class MemberGone:
    """This person left the room; a refusal outlives that, names and a role do not."""

    group: GroupKey
    contact_id: str

    def apply(self, state: GroupState) -> None:
        """Forget the member, but not that they opted out."""
        member = state.members.pop(self.contact_id, None)
        if member is not None and member.unsubscribed:
            state.members[self.contact_id] = MemberState(
                unsubscribed=True, personalisation_off=member.personalisation_off, present=False
            )


@dataclass(frozen=True, slots=True)
class RoleSet:
    """The leader made somebody an assistant, or a member again."""

    group: GroupKey
    contact_id: str
    role: Role

    def apply(self, state: GroupState) -> None:
        """Take the role."""
        _change(state, self.contact_id, role=self.role)


@dataclass(frozen=True, slots=True)
class Unsubscribed:
    """A member opted out in this group, by this message."""

    group: GroupKey
    contact_id: str
    message_id: str = ""

    def apply(self, state: GroupState) -> None:
        """From here on the member is not read."""
        _change(state, self.contact_id, unsubscribed=True)


@dataclass(frozen=True, slots=True)
class RefusalCarried:
    """A member who opted out in a group is not read in the one that took it over either."""

    group: GroupKey
    contact_id: str

    def apply(self, state: GroupState) -> None:
        """Do as when they opt out here."""
        _change(state, self.contact_id, unsubscribed=True)


@dataclass(frozen=True, slots=True)
class Resubscribed:
    """A member opted in again, by this message."""

    group: GroupKey
    contact_id: str
    message_id: str = ""

    def apply(self, state: GroupState) -> None:
        """The member is read again."""
        _change(state, self.contact_id, unsubscribed=False)


@dataclass(frozen=True, slots=True)
class PersonalisationSet:
    """A person switched answers by personal traits off or on. Holds in every group that has them.

    The owner of the memory applies it to all loaded groups of the channel and account, not only to ``group``
    (where it was said; None in a private chat).
    """

    member: MemberKey
    off: bool
    group: GroupKey | None = None
    message_id: str = ""

    def apply(self, state: GroupState) -> None:
        """Note it where the person is a member."""
        known = state.members.get(self.member.contact_id)
        if known is not None and self.member[:2] == state.key[:2]:
            state.members[self.member.contact_id] = replace(known, personalisation_off=self.off)


@dataclass(frozen=True, slots=True)
class LabelSet:
    """A source gives the group this label, or changes its confidence.

    With a ``cause`` it goes into the history of labels, as of ``at`` (None: when it is written); a change of confidence
    alone has none.
    """

    group: GroupKey
    label: LabelState
    cause: LabelCause | None = None
    at: datetime | None = None

    def apply(self, state: GroupState) -> None:
        """Add or replace the label of this source."""
        others = [known for known in state.labels if _identity(known) != _identity(self.label)]
        state.relabel((*others, self.label))
        _drift(state, self)


@dataclass(frozen=True, slots=True)
class LabelRemoved:
    """A source gives the group this label no more; ``cause`` and ``at`` as for ``LabelSet``."""

    group: GroupKey
    label: LabelState
    cause: LabelCause | None = None
    at: datetime | None = None

    def apply(self, state: GroupState) -> None:
        """Drop the label of this source."""
        state.relabel(tuple(known for known in state.labels if _identity(known) != _identity(self.label)))
        _drift(state, self)


@dataclass(frozen=True, slots=True)
class ProductRuleSet:
    """The group excludes or pins a product."""

    group: GroupKey
    rule: ProductRule

    def apply(self, state: GroupState) -> None:
        """Add the rule."""
        state.rerule(tuple({*state.rules, self.rule}))


@dataclass(frozen=True, slots=True)
class ProductRuleRemoved:
    """The group drops a product rule."""

    group: GroupKey
    rule: ProductRule

    def apply(self, state: GroupState) -> None:
        """Drop the rule."""
        state.rerule(tuple(set(state.rules) - {self.rule}))


Change = (
    GroupCreated
    | ActiveSet
    | Introduced
    | TopicSeen
    | OwnerSeen
    | LeaderSet
    | LevelSet
    | PausedSet
    | RetiredSet
    | ThresholdSet
    | WelcomeSet
    | RosterSeen
    | MemberSeen
    | MemberJoined
    | MemberGone
    | RoleSet
    | Unsubscribed
    | RefusalCarried
    | Resubscribed
    | PersonalisationSet
    | LabelSet
    | LabelRemoved
    | ProductRuleSet
    | ProductRuleRemoved
)


def _identity(label: LabelState) -> tuple[LabelKind, str, str, str]:
    return label.kind, label.key, label.value, label.source


def _drift(state: GroupState, change: LabelSet | LabelRemoved) -> None:
    """Remember when labels last changed without a cause."""
    if change.cause is LabelCause.DRIFT and change.at is not None:
        state.drifted = {**state.drifted, Slot(change.label.kind, change.label.key): change.at}


def _change(state: GroupState, contact_id: str, **values: bool | Role) -> None:
    member = state.members.get(contact_id, MemberState())
    state.members[contact_id] = replace(member, present=True, **values)  # type: ignore[arg-type]  # the callers name fields
