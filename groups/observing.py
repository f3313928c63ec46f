"""What is learned from seeing a room: that it exists, who is in it, who leads it, what its names say. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from core.messages import IncomingMessage, RoomMember, RoomSeen
from groups import changes as happened
from groups.labels.labelling import NameRules
from groups.labels.labelling import configured as configured_evidence
from groups.labels.segmenting import Occasion, relabelled
from groups.people.forgetting import NOBODY, Forgotten
from groups.rules import clean_name, rules_of
from groups.settings import RoomSettings
from groups.state import GroupKey, GroupState, LabelCause, LabelSource

_LOOKED = frozenset({LabelSource.CONFIGURATION, LabelSource.TOPIC, LabelSource.ROOM_NAMES})
"""What a sight of a room tells of; the rest is looked at when groups are segmented again."""


class Observer:
    """Collects changes for one group and applies each at once to a copy, so that later steps see earlier ones."""

    def __init__(
        self,
        names: NameRules,
        key: GroupKey,
        state: GroupState | None,
        now: datetime,
        forgotten: Forgotten = NOBODY,
    ) -> None:
        self.names = names
        self.settings = names.settings
        self.now = now
        self.changes: list[happened.Change] = []
        self.known = state is not None
        self.watched = state is not None and state.active and state.introduced and state.roster_known
        self.renamed = 0
        self.state = state.copy() if state is not None else GroupState(key, forgotten=forgotten)

    def add(self, change: happened.Change) -> None:
        """Note a change."""
        self.changes.append(change)
        change.apply(self.state)

    def room(self, topic: str, owner_id: str, members: Iterable[RoomMember], *, complete: bool) -> None:
        """Take in the room as a channel shows it; empty values mean that the channel did not say."""
        self.people(topic, owner_id, members, complete=complete)
        self.label()

    def people(self, topic: str, owner_id: str, members: Iterable[RoomMember], *, complete: bool) -> None:
        """Take in all but what the names mean."""
        state = self.state
        topic = clean_name(topic) or state.topic
        owner_id = state.owner_id if self.is_forgotten(owner_id) else owner_id or state.owner_id
        configured = self.settings.room(*state.key, topic)
        people = [member for member in members if member.member_id and member.member_id != state.account]
        people = [member for member in people if not self.is_forgotten(member.member_id)]
        if not self.known:
            self._create(topic, owner_id, configured)
        self._basics(topic, owner_id, configured)
        for person in people:
            self.person(person)
        if complete:
            here = {person.member_id for person in people}
            for contact_id in [known for known, member in state.members.items() if member.present]:
                if contact_id not in here:
                    self.add(happened.MemberGone(state.key, contact_id))
            if not state.roster_known:
                self.add(happened.RosterSeen(state.key))
        self._leader(configured)

    def is_forgotten(self, contact_id: str) -> bool:
        """Tell whether somebody was deleted: a list that shows them does not bring them back."""
        return contact_id not in self.state.members and self.state.forgotten.has(contact_id)

    def person(self, person: RoomMember) -> None:
        """Take in one member's names; who was not in a room that was watched all the time has joined it."""
        old = self.state.members.get(person.member_id)
        name = clean_name(person.name) or (old.name if old else "")
        room_name = clean_name(person.room_name)
        self.renamed += old is not None and old.present and old.room_name != room_name
        if old is None or not old.present or (old.name, old.room_name) != (name, room_name):
            self.add(happened.MemberSeen(self.state.key, person.member_id, name, room_name))
            if self.watched and (old is None or not old.present):
                self.add(happened.MemberJoined(self.state.key, person.member_id))

    def label(self) -> None:
        """Bring labels and rules of configuration and evidence up to date; the leader's own are left alone."""
        state = self.state
        configured = self.settings.room(*state.key, state.topic)
        names = [member.room_name for member in state.members.values() if member.present and not member.unsubscribed]
        evidence = [*configured_evidence(configured), *self.names.topic(state.topic), *self.names.room_names(names)]
        occasion = Occasion(self.now, self._cause())
        for change in relabelled(state.copy(), evidence, _LOOKED, occasion, self.settings.segmentation):
            self.add(change)
        rules = rules_of(configured)
        listed = {rule for rule in state.rules if rule.source == LabelSource.CONFIGURATION}
        for rule in sorted(listed - rules):
            self.add(happened.ProductRuleRemoved(state.key, rule))
        for rule in sorted(rules - listed):
            self.add(happened.ProductRuleSet(state.key, rule))

    def _cause(self) -> LabelCause | None:
        """Return what happened that lets labels change at once; room names when many changed together."""
        if any(isinstance(change, happened.GroupCreated) for change in self.changes):
            return LabelCause.NEW
        if any(isinstance(change, happened.TopicSeen) for change in self.changes):
            return LabelCause.TOPIC
        present = sum(member.present for member in self.state.members.values())
        bounds = self.settings.segmentation
        many = self.renamed >= bounds.least_members and self.renamed >= bounds.enter_share * present
        return LabelCause.ROOM_NAMES if many else None

    def _create(self, topic: str, owner_id: str, configured: RoomSettings | None) -> None:
        asked = configured.level if configured is not None else None
        level = self.settings.default_level if asked is None else asked
        self.add(happened.GroupCreated(self.state.key, topic, owner_id, "", level, asked))

    def _basics(self, topic: str, owner_id: str, configured: RoomSettings | None) -> None:
        state = self.state
        if not state.active:
            self.add(happened.ActiveSet(state.key, active=True))
        if topic != state.topic:
            self.add(happened.TopicSeen(state.key, topic))
        if owner_id != state.owner_id:
            self.add(happened.OwnerSeen(state.key, owner_id))
        asked = configured.level if configured is not None else None
        if asked is not None and asked != state.configured_level:
            self.add(happened.LevelSet(state.key, asked, configured=True))
        threshold = configured.threshold if configured is not None else None
        if threshold != state.threshold:
            self.add(happened.ThresholdSet(state.key, threshold))

    def _leader(self, configured: RoomSettings | None) -> None:
        """Name the leader: by configuration, else a configured leader who owns the room or is the only one in it."""
        state = self.state
        known = {leader.id for leader in self.settings.leaders}
        inside = [contact_id for contact_id, member in state.members.items() if member.present and contact_id in known]
        if configured is not None and configured.leader:
            leader_id = configured.leader
        elif state.owner_id == state.account and state.leader_id:
            leader_id = state.leader_id  # the bot made the room on this leader's word
        elif state.owner_id in known or len(inside) != 1:
            leader_id = state.owner_id if state.owner_id != state.account else state.leader_id
        else:
            leader_id = inside[0]
        if leader_id and leader_id != state.leader_id and not self.is_forgotten(leader_id):
            self.add(happened.LeaderSet(state.key, leader_id))


def observe_room(
    names: NameRules, state: GroupState | None, seen: RoomSeen, now: datetime, forgotten: Forgotten = NOBODY
) -> Observer:
    """Return what a sight of a room changes."""
    observer = Observer(names, GroupKey(seen.channel, seen.account, seen.room_id), state, now, forgotten)
    observer.room(seen.topic, seen.owner_id, seen.members, complete=seen.complete)
    return observer


def observe_message(
    names: NameRules,
    state: GroupState | None,
    message: IncomingMessage,
    now: datetime,
    forgotten: Forgotten = NOBODY,
) -> Observer | None:
    """Return what a message shows of its room and its sender, or None when it shows nothing new, as most do."""
    if state is not None and shows_nothing(state, message):
        return None
    key = GroupKey(message.key.channel, message.key.account, message.room_id)
    observer = Observer(names, key, state, now, forgotten)
    old = observer.state.members.get(message.sender_id)
    room_name = message.room_name or (old.room_name if old else "")
    people = [] if message.is_self else [RoomMember(message.sender_id, message.sender_name, room_name)]
    observer.people(message.room_topic, "", people, complete=False)
    if any(_tells(change) for change in observer.changes):
        observer.label()
    return observer if observer.changes else None


def _tells(change: happened.Change) -> bool:
    """Return whether labels may follow from a change; reading 500 room names for each newcomer would cost too much."""
    if isinstance(change, happened.MemberSeen):
        return bool(change.room_name)
    return isinstance(change, happened.GroupCreated | happened.TopicSeen)


def shows_nothing(state: GroupState, message: IncomingMessage) -> bool:
    """Tell whether a message shows its room as it is known, as nearly all do. Quick: what is equal is not cleaned."""
    if not state.active:
        return False
    topic = message.room_topic
    if topic and topic != state.topic and clean_name(topic) not in {"", state.topic}:
        return False
    if message.is_self or message.sender_id == state.account:
        return True
    known = state.members.get(message.sender_id)
    if known is None or not known.present:
        return False
    return _as_known(message.sender_name, known.name) and _as_known(message.room_name, known.room_name)


def _as_known(said: str, kept: str) -> bool:
    return not said or said == kept or clean_name(said) in {"", kept}
