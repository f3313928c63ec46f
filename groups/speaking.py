"""One speaker, one group, one word: what it changes and what is answered. Pure but for the templates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.outcomes import Reason
from groups import changes as happened
from groups import speech
from groups.naming import named
from groups.rules import Act, allowed, label_said, may
from groups.settings import GroupsSettings
from groups.state import GroupKey, GroupState, LabelKind, LabelSource, LabelState, MemberKey, Role
from groups.words import UnknownWord, Word, WordKind

_RIGHTS = frozenset({WordKind.UNSUBSCRIBE, WordKind.RESUME, WordKind.PERSONALISATION_OFF, WordKind.PERSONALISATION_ON})
_RIGHTS |= {WordKind.MY_DATA, WordKind.DELETE_DATA, WordKind.CONFIRM_DELETE}
_ALSO_TALK = frozenset(
    {
        *(WordKind.AGREE, WordKind.DECLINE, WordKind.RECOMMEND, WordKind.EXCLUDE, WordKind.INCLUDE),
        *(WordKind.SPLIT, WordKind.MERGE, WordKind.MOVE),
    }
)
"""What members say to each other as well (推荐 一款洗衣液): from them it is talk, and perhaps a need."""


@dataclass(frozen=True, slots=True)
class WordResult:
    """What came of a word.

    ``answer`` goes to the room, or to the speaker alone when ``private``; it names nobody. ``passed_on`` is a word that
    was allowed and that another package carries out (同意, 不用, 需求, 为什么推荐), for ``group``.
    """

    reason: Reason
    changes: tuple[happened.Change, ...] = ()
    answer: str | None = None
    private: bool = False
    passed_on: Word | None = None
    group: GroupKey | None = None


def personalisation(
    member: MemberKey, kind: WordKind, group: GroupKey | None, message_id: str, *, private: bool = True
) -> WordResult:
    """Switch personal answers off or on for a person, in all groups."""
    off = kind == WordKind.PERSONALISATION_OFF
    change = happened.PersonalisationSet(member, off, group, message_id)
    text = speech.say("personalisation_off" if off else "personalisation_on")
    return WordResult(Reason.DONE, (change,), text, private=private, group=group)


class Speaker:
    """Somebody who says a word about a group, in it or in a private chat."""

    def __init__(
        self,
        settings: GroupsSettings,
        state: GroupState,
        contact_id: str,
        role: Role,
        message_id: str,
        *,
        private: bool,
    ) -> None:
        self.settings = settings
        self.state = state
        self.contact_id = contact_id
        self.role = role
        self.message_id = message_id
        self.private = private

    def answer(self, word: Word | UnknownWord) -> WordResult | None:
        """Carry out a word; None when it means nothing from this speaker and is talk."""
        refused = self._refusal(word)
        if refused is not None:
            return refused
        if isinstance(word, UnknownWord):
            return self._said(Reason.UNKNOWN_WORD, speech.say("unknown", text=word.text[:20]))
        if word.kind in _ALSO_TALK and self.role == Role.MEMBER:
            return None
        handlers: dict[WordKind, Callable[[], WordResult | None]] = {
            WordKind.PAUSE: lambda: self._pause(paused=True),
            WordKind.RESUME: self._resume,
            WordKind.LEVEL: lambda: self._level(word.object),
            WordKind.LABELS: lambda: self._said(Reason.DONE, speech.labels(self.state, private=self.private)),
            WordKind.LABEL_ADD: lambda: self._add_label(word.object),
            WordKind.LABEL_REMOVE: lambda: self._remove_label(word.object),
            WordKind.HELP: self._help,
            WordKind.UNSUBSCRIBE: self._unsubscribe,
            WordKind.PERSONALISATION_OFF: lambda: self._personalisation(word.kind),
            WordKind.PERSONALISATION_ON: lambda: self._personalisation(word.kind),
        }
        handler = handlers.get(word.kind)
        if handler is None:
            return WordResult(Reason.DONE, private=self.private, passed_on=word, group=self.state.key)
        return handler()

    def _personalisation(self, kind: WordKind) -> WordResult:
        member = MemberKey(*self.state.key[:2], self.contact_id)
        return personalisation(member, kind, self.state.key, self.message_id, private=self.private)

    def _refusal(self, word: Word | UnknownWord) -> WordResult | None:
        """Stop what this speaker may not say here; nothing is shown to a member."""
        kind = word.kind if isinstance(word, Word) else None
        member = self.role == Role.MEMBER
        if member and self.state.unsubscribed(self.contact_id) and kind not in _RIGHTS:
            return WordResult(Reason.MEMBER_UNSUBSCRIBED, group=self.state.key)
        if member and self.state.level == Act.SERVE_RIGHTS and kind not in _RIGHTS:
            return WordResult(Reason.GROUP_OFF, group=self.state.key)
        if isinstance(word, UnknownWord):
            return WordResult(Reason.UNKNOWN_WORD, group=self.state.key) if member else None
        if word.kind not in _ALSO_TALK and not allowed(self.role, word.kind):
            return WordResult(Reason.REFUSED_ROLE, group=self.state.key)
        stray = bool(word.group) and not named([self.state], word.group)
        if stray and word.kind != WordKind.UNSUBSCRIBE:  # a refusal is heard whatever is written beside it
            text = f"{word.group} …"[:20]
            return None if member else self._said(Reason.UNKNOWN_WORD, speech.say("unknown", text=text))
        return None

    def _said(self, reason: Reason, text: str, *changes: happened.Change) -> WordResult:
        return WordResult(reason, changes, text, private=self.private, group=self.state.key)

    def _title(self) -> str:
        return speech.title(self.state, private=self.private)

    def _pause(self, *, paused: bool) -> WordResult:
        changes = [happened.PausedSet(self.state.key, paused)] if self.state.paused != paused else []
        return self._said(Reason.DONE, speech.say("paused" if paused else "resumed", group=self._title()), *changes)

    def _resume(self) -> WordResult | None:
        """For the leader of a paused group: go on. For who opted out: hear them again. Else it is talk."""
        helper = self.role != Role.MEMBER
        if helper and self.state.paused:
            return self._pause(paused=False)
        if self.state.unsubscribed(self.contact_id):
            change = happened.Resubscribed(self.state.key, self.contact_id, self.message_id)
            return self._said(Reason.DONE, speech.say("resubscribed"), change)
        return self._pause(paused=False) if helper else None

    def _unsubscribe(self) -> WordResult:
        change = happened.Unsubscribed(self.state.key, self.contact_id, self.message_id)
        changes = [] if self.state.unsubscribed(self.contact_id) else [change]
        return self._said(Reason.DONE, speech.say("unsubscribed"), *changes)

    def _level(self, text: str) -> WordResult:
        level = int(text) if text.isascii() and text.isdigit() and len(text) == 1 else -1
        if not 0 <= level <= Act.PUSH:
            return self._said(Reason.UNKNOWN_WORD, speech.say("level_help"))
        changes = [happened.LevelSet(self.state.key, level)] if level != self.state.level else []
        return self._said(Reason.DONE, speech.say("level", group=self._title(), level=level), *changes)

    def _add_label(self, text: str) -> WordResult:
        kind, value = label_said(self.settings, text)
        if not value:
            return self._said(Reason.UNKNOWN_WORD, speech.say("unknown", text=text[:20]))
        label = LabelState(kind, value, LabelSource.LEADER, 1.0)
        changes = [] if label in self.state.labels else [happened.LabelSet(self.state.key, label)]
        return self._said(Reason.DONE, speech.say("label_added", value=value), *changes)

    def _remove_label(self, text: str) -> WordResult:
        """Take back the leader's own label, and contradict what was learned so that it does not come again."""
        _, value = label_said(self.settings, text)
        named_so = [label for label in self.state.labels if label.value == value]
        denied = {label.kind for label in named_so if label.confidence == 0}
        here = [label for label in named_so if label.kind not in denied]
        if not here:
            return self._said(Reason.UNKNOWN_WORD, speech.say("label_missing", value=value))
        if any(label.source == LabelSource.CONFIGURATION for label in here):
            return self._said(Reason.DONE, speech.say("label_fixed", value=value))
        learned = {label.kind for label in here if label.source != LabelSource.LEADER}
        changes = [self._contradiction(kind, value) for kind in sorted(learned)]
        own = [label for label in here if label.source == LabelSource.LEADER and label.kind not in learned]
        removed = [happened.LabelRemoved(self.state.key, label) for label in own]
        return self._said(Reason.DONE, speech.say("label_removed", value=value), *changes, *removed)

    def _contradiction(self, kind: LabelKind, value: str) -> happened.LabelSet:
        return happened.LabelSet(self.state.key, LabelState(kind, value, LabelSource.LEADER, 0.0))

    def _help(self) -> WordResult:
        text = speech.say("help_member" if self.role == Role.MEMBER else "help_leader")
        private = self.private or not may(self.state.level, Act.ANSWER)
        return WordResult(Reason.DONE, answer=text, private=private, group=self.state.key)
