"""Which of a leader's groups a word in a private chat is about. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from groups.rules import clean_name
from groups.state import GroupState
from groups.talk.words import Word, WordKind

_LABELLING = {WordKind.LABEL_ADD, WordKind.LABEL_REMOVE}
"""Words whose object may look like a part of a group's name (标签 加 枫林苑): only the whole name counts there."""


def matching(owned: Sequence[GroupState], word: Word) -> tuple[GroupState | None, Word]:
    """Return the one group that is meant, and the word without the group's name; None when it must be asked.

    Without a name the only group is meant. A part of the name is enough when it fits one group alone.
    """
    rest, name = word, word.group
    if word.object and not name:
        rest, name = _split(owned, word)
    if not name:
        return (owned[0] if len(owned) == 1 else None), rest
    return only(named(owned, name)), replace(rest, group="")


def named(states: Sequence[GroupState], name: str) -> list[GroupState]:
    """Return the groups with this very name, or else those whose name contains it."""
    wanted = clean_name(name).lower()
    exact = [state for state in states if state.topic.lower() == wanted]
    return exact or [state for state in states if wanted and wanted in state.topic.lower()]


def only(states: Sequence[GroupState]) -> GroupState | None:
    """Return the one group there is, or None."""
    return states[0] if len(states) == 1 else None


def _split(states: Sequence[GroupState], word: Word) -> tuple[Word, str]:
    """Take a group's name off the end of an object (推荐 草莓 阳光小区水果群).

    A part of the name will do where it fits one group alone and the speaker must name one; a topic may have spaces.
    """
    places = [place for place, char in enumerate(word.object) if char == " "]
    endings = [(word.object[:place].strip(), word.object[place:].strip()) for place in places]
    for said, ending in endings:
        if said and any(state.topic.lower() == ending.lower() for state in states):
            return replace(word, object=said), ending
    if endings and len(states) > 1 and word.kind not in _LABELLING:
        said, ending = endings[-1]
        if only(named(states, ending)) is not None:
            return replace(word, object=said), ending
    return word, ""
