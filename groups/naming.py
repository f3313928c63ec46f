"""Which of a leader's groups a word in a private chat is about. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from groups.rules import clean_name
from groups.state import GroupState
from groups.words import Word, WordKind

_LABELLING = {WordKind.LABEL_ADD, WordKind.LABEL_REMOVE, WordKind.SPLIT}


def matching(owned: Sequence[GroupState], word: Word) -> tuple[GroupState | None, Word]:
    """Return the one group that is meant, and the word without the group's name; None when it must be asked.

    Without a name the only group is meant. A part of the name is enough when it fits one group alone.
    """
    rest = word
    name = word.group
    if word.kind in _LABELLING and not name:
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


def _split(owned: Sequence[GroupState], word: Word) -> tuple[Word, str]:
    """Take a group's name off the end of a label (水果 阳光小区水果群)."""
    label, space, last = word.object.rpartition(" ")
    if space and any(state.topic.lower() == last.lower() for state in owned):
        return replace(word, object=label.strip()), last
    return word, ""
