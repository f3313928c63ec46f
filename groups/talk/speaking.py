"""One speaker, one group, one word: what it changes and what is answered. Pure but for the templates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.outcomes import Reason
from groups import changes as happened
from groups.labels.labelling import attribute_said
from groups.rules import Act, allowed, clean_name, label_said, may
from groups.settings import GroupsSettings
from groups.state import GroupKey, GroupState, LabelCause, LabelKind, LabelSource, LabelState, MemberKey, Role
from groups.talk import appointing, speech
from groups.talk.naming import named
from groups.talk.words import UnknownWord, Word, WordKind

_RIGHTS = frozenset(
    {
        *(WordKind.UNSUBSCRIBE, WordKind.RESUME, WordKind.PERSONALISATION_OFF, WordKind.PERSONALISATION_ON),
        *(WordKind.MY_TAGS, WordKind.DELETE_TAG, WordKind.MY_DATA, WordKind.DELETE_DATA, WordKind.CONFIRM_DELETE),
        *(WordKind.WHY, WordKind.ALL_PRODUCTS),
    }
)
"""Served always: at level 0, when paused, and to who opted out."""
_ALSO_TALK = frozenset(
    {
        *(WordKind.AGREE, WordKind.DECLINE, WordKind.RECOMMEND, WordKind.EXCLUDE, WordKind.INCLUDE),
        *(WordKind.SPLIT, WordKind.MERGE, WordKind.MOVE),
    }
)
"""What members say to each other as well (推荐 一款洗衣液): from them it is talk, and perhaps a need."""
_WANT_OBJECT = frozenset({WordKind.RECOMMEND, WordKind.APPOINT, WordKind.DISMISS})
"""Words that say nothing without an object: the answer is how to say them."""


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
            WordKind.WELCOME_ON: lambda: self._welcome(welcome=True),
            WordKind.WELCOME_OFF: lambda: self._welcome(welcome=False),
            WordKind.APPOINT: lambda: self._appoint(word, Role.ASSISTANT),
            WordKind.DISMISS: lambda: self._appoint(word, Role.MEMBER),
            WordKind.HELP: self._help,
            WordKind.UNSUBSCRIBE: self._unsubscribe,
            WordKind.PERSONALISATION_OFF: lambda: self._personalisation(word.kind),
            WordKind.PERSONALISATION_ON: lambda: self._personalisation(word.kind),
        }
        handler = handlers.get(word.kind)
        if not word.object and not word.member and word.kind in _WANT_OBJECT:
            return self._said(Reason.UNKNOWN_WORD, speech.say("word_how", kind=word.kind.value))
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
        if member and (self.state.retired or self.state.level == Act.SERVE_RIGHTS) and kind not in _RIGHTS:
            return WordResult(Reason.GROUP_OFF, group=self.state.key)
        if isinstance(word, UnknownWord):
            return WordResult(Reason.UNKNOWN_WORD, group=self.state.key) if member else None
        if not (member and word.kind in _ALSO_TALK) and not allowed(self.role, word.kind):
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

    def _welcome(self, *, welcome: bool) -> WordResult:
        changes = [happened.WelcomeSet(self.state.key, welcome)] if self.state.welcome is not welcome else []
        text = speech.say("welcome_on" if welcome else "welcome_off", group=self._title())
        return self._said(Reason.DONE, text, *changes)

    def _appoint(self, word: Word, role: Role) -> WordResult:
        """Make somebody an assistant or a member again; who is meant is asked in private, names tell too much."""
        appointed = appointing.appoint(self.state, word, role)
        private = self.private or not appointed.settled
        reason = Reason.DONE if appointed.settled else Reason.UNKNOWN_WORD
        return WordResult(reason, appointed.changes, appointed.text, private=private, group=self.state.key)

    def _level(self, text: str) -> WordResult:
        level = int(text) if text.isascii() and text.isdigit() and len(text) == 1 else -1
        if not 0 <= level <= Act.PUSH:
            return self._said(Reason.UNKNOWN_WORD, speech.say("level_help"))
        changes = [happened.LevelSet(self.state.key, level)] if level != self.state.level else []
        return self._said(Reason.DONE, speech.say("level", group=self._title(), level=level), *changes)

    def _add_label(self, text: str) -> WordResult:
        kind, key, value = self._label(text)
        if "=" in text and not key:
            known = sorted({rule.key for rule in self.settings.attributes} | set(self.state.attributes))
            return self._said(Reason.UNKNOWN_WORD, speech.say("label_key_unknown", key=text[:20], known=known))
        if not value:
            return self._said(Reason.UNKNOWN_WORD, speech.say("unknown", text=text[:20]))
        label = LabelState(kind, value, LabelSource.LEADER, 1.0, key)
        change = happened.LabelSet(self.state.key, label, LabelCause.LEADER)
        changes = [] if label in self.state.labels else [change]
        return self._said(Reason.DONE, speech.say("label_added", value=_shown(key, value)), *changes)

    def _remove_label(self, text: str) -> WordResult:
        """Take back the leader's own label, and contradict what was learned so that it does not come again."""
        _, key, value = self._label(text)
        named_so = [label for label in self.state.labels if (label.key, label.value) == (key, value)]
        denied = {label.kind for label in named_so if label.confidence == 0}
        here = [label for label in named_so if label.kind not in denied]
        if not here:
            return self._said(Reason.UNKNOWN_WORD, speech.say("label_missing", value=_shown(key, value)))
        if any(label.source == LabelSource.CONFIGURATION for label in here):
            return self._said(Reason.DONE, speech.say("label_fixed", value=_shown(key, value)))
        learned = {label.kind for label in here if label.source != LabelSource.LEADER}
        changes = [self._contradiction(kind, key, value) for kind in sorted(learned)]
        own = [label for label in here if label.source == LabelSource.LEADER and label.kind not in learned]
        removed = [happened.LabelRemoved(self.state.key, label, LabelCause.LEADER) for label in own]
        return self._said(Reason.DONE, speech.say("label_removed", value=_shown(key, value)), *changes, *removed)

    def _contradiction(self, kind: LabelKind, key: str, value: str) -> happened.LabelSet:
        label = LabelState(kind, value, LabelSource.LEADER, 0.0, key)
        return happened.LabelSet(self.state.key, label, LabelCause.LEADER)

    def _label(self, text: str) -> tuple[LabelKind, str, str]:
        """Return kind, key and value of the label that is meant; a known key before anything else."""
        said = attribute_said(self.settings, self.state.attributes, text)
        if said is not None:
            return LabelKind.FREE, said[0], clean_name(said[1])
        kind, value = label_said(self.settings, text)
        return kind, "", value

    def _help(self) -> WordResult:
        text = speech.say("help_member" if self.role == Role.MEMBER else "help_leader")
        private = self.private or not may(self.state.level, Act.ANSWER)
        return WordResult(Reason.DONE, answer=text, private=private, group=self.state.key)


def _shown(key: str, value: str) -> str:
    return f"{key}={value}" if key else value
