"""What others ask of groups: take note of a room, carry out a word, say who may come in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.clock import Clock
from core.messages import IncomingMessage, MemberLeft, RoomSeen
from groups import changes as happened
from groups import rules
from groups.labels.classifier import CategoryReader
from groups.labels.labelling import NameRules
from groups.observing import Observer, observe_message, observe_room
from groups.people.forgetting import NOBODY, Forgotten
from groups.people.welcoming import Welcome, welcome_of
from groups.segments.effects import Effects, effects_of
from groups.segments.matching import NO_SEGMENTS, Segments
from groups.settings import GroupsSettings
from groups.state import GroupState, MemberKey, Role
from groups.talk import speech
from groups.talk.hearing import may_be_word, parse
from groups.talk.private import PrivateChat
from groups.talk.speaking import Speaker, WordResult
from groups.talk.words import UnknownWord, Word

__all__ = ["GroupService", "Observation", "WordResult"]


@dataclass(frozen=True, slots=True)
class Observation:
    """What seeing a room changes, and the one text that a new group is greeted with."""

    changes: tuple[happened.Change, ...] = ()
    introduction: str | None = None

    @property
    def joined(self) -> bool:
        """Tell whether somebody came who may be welcomed."""
        return any(isinstance(change, happened.MemberJoined) for change in self.changes)


NOTHING = Observation()
"""What most messages show."""
ORDER_DAYS = 3 * 365
"""How long orders are kept unless the program says otherwise: what the law asks (电子商务法 art. 31)."""


class GroupService:
    """Decides about groups on their state in memory; writing the changes is the caller's, in its one commit.

    Every method takes states as they are and returns changes; none alters a state.
    """

    def __init__(
        self,
        settings: GroupsSettings,
        clock: Clock,
        segments: Segments = NO_SEGMENTS,
        order_days: int = ORDER_DAYS,
    ) -> None:
        self.settings = settings
        self._order_days = order_days
        self.clock = clock
        self.segments = segments
        self.names = NameRules(settings)
        self.categories = CategoryReader(settings.segmentation.category_model)
        self._admins = frozenset(settings.platform_admins)
        self._inviters = self._admins | {leader.id for leader in settings.leaders} | set(settings.allow_list)
        self._leader_names = {leader.id: leader.name for leader in settings.leaders if leader.name}

    def observe(self, state: GroupState | None, seen: RoomSeen, forgotten: Forgotten = NOBODY) -> Observation:
        """Take note of a room; with ``state`` None the group comes to exist, with its defaults.

        ``forgotten`` are the account's deleted people, for a group that is not known yet; a state knows them itself.
        """
        return self._observed(observe_room(self.names, state, seen, self.clock.now(), forgotten))

    def heard(self, state: GroupState | None, message: IncomingMessage, forgotten: Forgotten = NOBODY) -> Observation:
        """Take note of what a message in a room shows: the room itself, its topic, the sender and their names."""
        observer = observe_message(self.names, state, message, self.clock.now(), forgotten)
        return NOTHING if observer is None else self._observed(observer)

    def left(self, state: GroupState, gone: MemberLeft) -> list[happened.Change]:
        """Take note of somebody leaving; when it is the bot, the group is no longer active."""
        if gone.member_id == state.account:
            return [happened.ActiveSet(state.key, active=False)] if state.active else []
        member = state.members.get(gone.member_id)
        return [happened.MemberGone(state.key, gone.member_id)] if member is not None and member.present else []

    def may_enter(self, inviter_id: str) -> bool:
        """Return whether an invitation to a room from this contact is accepted."""
        return inviter_id in self._inviters

    def welcome(self, state: GroupState, contact_ids: Sequence[str]) -> Welcome | None:
        """Return the message for people who joined, and whom it is about; None when nobody may be welcomed now."""
        leader, bot = self.leader_name(state), self.settings.bot_names[0]
        return welcome_of(state, contact_ids, bot=bot, leader=leader, standard=self.settings.welcome)

    def role(self, state: GroupState, contact_id: str) -> Role:
        """Return who somebody is in a group."""
        return rules.role_of(state, contact_id, self._admins)

    def effects(self, state: GroupState) -> Effects:
        """Return what holds in a group by its own rules and its segments; ask only when it is needed."""
        return effects_of(state, self.segments)

    def leader_name(self, state: GroupState) -> str:
        """Return what to call who runs a group: as configured, else their own name; empty when nobody is known."""
        leader = state.members.get(state.leader_id) or state.members.get(state.owner_id)
        return self._leader_names.get(state.leader_id) or ((leader.name or leader.room_name) if leader else "")

    def introduction(self, state: GroupState) -> str:
        """Return the one text that a new group is greeted with."""
        return speech.introduction(
            state,
            bot=self.settings.bot_names[0],
            leader=self.leader_name(state),
            days=self.settings.retention_days,
            order_days=self._order_days,
        )

    def may_be_word(self, text: str) -> bool:
        """Tell whether a uniform text that does not address the bot can be a word at all. Quick."""
        return may_be_word(text)

    def parse(self, text: str, *, addressed: bool) -> Word | UnknownWord | None:
        """Return the word that a uniform text is; ``addressed`` when the bot is mentioned or the chat is private."""
        return parse(text, addressed, self.settings.bot_names)

    def speak(
        self, state: GroupState, speaker_id: str, word: Word | UnknownWord, message_id: str = ""
    ) -> WordResult | None:
        """Carry out a word said in the group; None when these words mean nothing from this speaker: talk."""
        role = self.role(state, speaker_id)
        return Speaker(self.settings, state, speaker_id, role, message_id, private=False).answer(word)

    def speak_private(
        self,
        owned: Sequence[GroupState],
        joined: Sequence[GroupState],
        speaker: MemberKey,
        word: Word | UnknownWord,
        message_id: str = "",
    ) -> WordResult | None:
        """Carry out a word said in a private chat.

        ``owned`` are the groups the speaker leads, ``joined`` those they are a member of or opted out of. A leader with
        several groups names one; a member's refusal counts for all their groups unless they name one.
        """
        return PrivateChat(self.settings, self._admins, owned, joined, speaker, message_id).answer(word)

    def _observed(self, observer: Observer) -> Observation:
        state = observer.state
        text = None
        if not state.introduced and state.active and not state.retired:
            text = self.introduction(state)
            observer.add(happened.Introduced(state.key))
        return Observation(tuple(observer.changes), text)
