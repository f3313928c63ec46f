"""Who of those that joined is welcomed, and with which words. Pure but for the template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from groups.rules import Act, may
from groups.state import GroupState
from groups.talk import speech

MOST_NAMES = 10
"""Names in one welcome; of the others it says how many."""
_NAME_LENGTH = 20


@dataclass(frozen=True, slots=True)
class Welcome:
    """The message for newcomers. ``members`` are the contact ids it is about, named in it or only counted."""

    text: str
    members: tuple[str, ...]


def wanted(state: GroupState, *, standard: bool) -> bool:
    """Tell whether newcomers of this group are welcomed; ``standard`` is the program's default."""
    spoken = standard if state.welcome is None else state.welcome
    return spoken and state.active and state.introduced and not state.paused and may(state.level, Act.LISTEN)


def welcome_of(
    state: GroupState, contact_ids: Sequence[str], *, bot: str, leader: str, standard: bool
) -> Welcome | None:
    """Compose one message for all of them who are here and did not refuse; None when that is nobody.

    People are called by their own name: the room name often tells where somebody lives.
    """
    if not wanted(state, standard=standard):
        return None
    known = [(one, state.members.get(one)) for one in dict.fromkeys(contact_ids) if one not in state.leader_ids]
    people = [(one, member) for one, member in known if member and member.present and not member.unsubscribed]
    if not people:
        return None
    names = list(dict.fromkeys(member.name[:_NAME_LENGTH] for _, member in people if member.name))[:MOST_NAMES]
    text = speech.say("welcome", names=names, count=len(people), more=len(people) > len(names), bot=bot, leader=leader)
    return Welcome(text, tuple(one for one, _ in people))
