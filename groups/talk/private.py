"""Words said to the bot alone: a leader about one of their groups, a member about all of theirs."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from core.outcomes import Reason
from groups import changes as happened
from groups.rules import role_of
from groups.settings import GroupsSettings
from groups.state import GroupState, MemberKey, Role
from groups.talk import speech
from groups.talk.naming import matching, named
from groups.talk.speaking import Speaker, WordResult, personalisation
from groups.talk.words import UnknownWord, Word, WordKind, forms

_PERSONAL = frozenset({WordKind.PERSONALISATION_OFF, WordKind.PERSONALISATION_ON})
_BETWEEN_GROUPS = frozenset({WordKind.MERGE, WordKind.MOVE})
"""Words in front of which the group stands that they are about: 阳光小区水果群 并入 枫林苑猫奴群."""
_WRITTEN = {WordKind.LABEL_ADD: "标签 加", WordKind.LABEL_REMOVE: "标签 删"}
_ABOUT_ONESELF = frozenset(
    {
        *(WordKind.MY_TAGS, WordKind.DELETE_TAG, WordKind.MY_DATA, WordKind.DELETE_DATA, WordKind.CONFIRM_DELETE),
        WordKind.WHY,
    }
)
"""Words about the speaker, in whatever groups they are: carried out without a group."""


@dataclass(frozen=True, slots=True)
class PrivateChat:
    """One word in a private chat, with the groups it may be about."""

    settings: GroupsSettings
    admins: AbstractSet[str]
    owned: Sequence[GroupState]
    joined: Sequence[GroupState]
    speaker: MemberKey
    message_id: str

    def answer(self, word: Word | UnknownWord) -> WordResult | None:
        """Carry out a word; None when it means nothing from this speaker."""
        if isinstance(word, Word):
            if word.kind in _PERSONAL:
                return personalisation(self.speaker, word.kind, None, self.message_id)
            if word.kind == WordKind.UNSUBSCRIBE or (word.kind == WordKind.RESUME and not self.owned):
                return self._everywhere(word)
            if word.kind in _ABOUT_ONESELF:
                return WordResult(Reason.DONE, private=True, passed_on=word)
            if word.kind == WordKind.ALL_PRODUCTS:
                return self._as_joined(word)
        return self._as_leader(word) if self.owned else self._as_member(word)

    def _as_member(self, word: Word | UnknownWord) -> WordResult:
        if isinstance(word, UnknownWord):
            return WordResult(Reason.UNKNOWN_WORD)
        if word.kind == WordKind.HELP:
            own_id = speech.say("own_id", contact=self.speaker.contact_id)  # the settings name leaders by it
            return WordResult(Reason.DONE, answer=f"{speech.say('help_member')}\n{own_id}", private=True)
        return WordResult(Reason.REFUSED_ROLE)

    def _as_joined(self, word: Word) -> WordResult:
        """Pass on a word about one of the groups that the speaker is in, as a member or as the leader."""
        groups = list({state.key: state for state in (*self.owned, *self.joined) if state.active}.values())
        group, rest = matching(groups, word)
        if group is None:
            return WordResult(Reason.UNKNOWN_WORD, answer=self._which(groups, word), private=True)
        return WordResult(Reason.DONE, private=True, passed_on=rest, group=group.key)

    def _as_leader(self, word: Word | UnknownWord) -> WordResult | None:
        if isinstance(word, UnknownWord):
            return WordResult(Reason.UNKNOWN_WORD, answer=speech.say("unknown", text=word.text[:20]), private=True)
        if word.kind == WordKind.HELP:
            return WordResult(Reason.DONE, answer=speech.say("help_leader"), private=True)
        group, rest = matching(self.owned, word)
        if group is None:
            return WordResult(Reason.UNKNOWN_WORD, answer=self._which(self.owned, word), private=True)
        role = role_of(group, self.speaker.contact_id, self.admins)
        return Speaker(self.settings, group, self.speaker.contact_id, role, self.message_id, private=True).answer(rest)

    def _everywhere(self, word: Word) -> WordResult:
        """Refuse, or allow again, in the group that is named, or in every group of the speaker.

        A refusal that names no group we know counts everywhere: better too much than not heard.
        """
        meant = named(self.joined, word.group) if word.group else self.joined
        if not meant and word.kind == WordKind.UNSUBSCRIBE:
            meant = self.joined
        if not meant:
            return WordResult(Reason.UNKNOWN_WORD, answer=self._which(self.joined, word), private=True)
        changes: list[happened.Change] = []
        answer = None
        for state in meant:
            one = Speaker(
                self.settings, state, self.speaker.contact_id, Role.MEMBER, self.message_id, private=True
            ).answer(Word(word.kind))
            if one is not None:
                changes += one.changes
                answer = one.answer
        return WordResult(Reason.DONE, tuple(changes), answer, private=True)

    def _which(self, states: Sequence[GroupState], word: Word) -> str:
        if not states:
            return speech.say("no_group")
        groups = [speech.title(state, private=True) for state in states]
        between = word.kind in _BETWEEN_GROUPS
        return speech.say("which_group", named=word.group, said=_as_said(word), between=between, groups=groups)


def _as_said(word: Word) -> str:
    """Return a word as it may be said again, with its object."""
    return " ".join(filter(None, (_WRITTEN.get(word.kind, forms(word.kind)[0]), word.object)))
