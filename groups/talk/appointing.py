"""Whom a leader makes an assistant (设助手 小美) or lets go (撤助手 小美). Pure but for the templates."""

from __future__ import annotations

from dataclasses import dataclass

from groups import changes as happened
from groups.rules import clean_name
from groups.state import GroupState, MemberState, Role
from groups.talk import speech
from groups.talk.words import Word


@dataclass(frozen=True, slots=True)
class Appointed:
    """What came of it. ``settled`` is false when nobody or several people are meant: then only the leader is told."""

    text: str
    settled: bool
    changes: tuple[happened.Change, ...] = ()


def appoint(state: GroupState, word: Word, role: Role) -> Appointed:
    """Give the one member that is meant this role; by a mention, or by a name of theirs or a part of one."""
    found = [word.member] if word.member else meant(state, word.object)
    here = [one for one in found if one in state.members and state.members[one].present]
    if len(here) != 1:
        names = [_in_private(state.members[one]) for one in here]
        return Appointed(speech.say("which_member", wanted=clean_name(word.object), names=names), settled=False)
    contact_id, member = here[0], state.members[here[0]]
    name = "" if member.unsubscribed else member.name
    if contact_id in state.leader_ids:
        return Appointed(speech.say("is_leader", name=name), settled=True)
    changes = (happened.RoleSet(state.key, contact_id, role),) if member.role != role else ()
    text = speech.say("appointed" if role == Role.ASSISTANT else "dismissed", name=name, again=not changes)
    return Appointed(text, settled=True, changes=changes)


def meant(state: GroupState, said: str) -> list[str]:
    """Return the members with this very name, or else those whose name contains it."""
    wanted = clean_name(said).removeprefix("@").lower()
    people = [
        (one, {member.name.lower(), member.room_name.lower()} - {""})
        for one, member in state.members.items()
        if member.present and one != state.account
    ]
    exact = [one for one, names in people if wanted in names]
    return exact or [one for one, names in people if wanted and any(wanted in name for name in names)]


def _in_private(member: MemberState) -> str:
    """Return a name that tells two people of one name apart; for the leader alone."""
    same = not member.room_name or member.room_name == member.name
    return member.name or member.room_name if same else f"{member.name}（{member.room_name}）"
