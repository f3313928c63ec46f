"""Who may do what in a group, and what the configuration and a leader's word say of it. Pure: no database, no clock."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import IntEnum

from groups.labels.places import Place, clean_name, estate_of, place_of
from groups.settings import GroupsSettings, RoomSettings
from groups.state import GroupState, LabelKind, LabelSource, ProductRule, Role, RuleKind
from groups.talk.words import Audience, WordKind, audience

__all__ = [
    "Act",
    "Place",
    "allowed",
    "clean_name",
    "estate_of",
    "label_said",
    "may",
    "place_of",
    "role_of",
    "rules_of",
]


class Act(IntEnum):
    """What the bot does in a group; the number is the permission level from which it may."""

    SERVE_RIGHTS = 0  # the leader's words and words about rights are heard even when off
    LISTEN = 1
    ANSWER = 2  # when mentioned
    SUGGEST = 3  # to the leader
    PUSH = 4


def may(level: int, act: Act) -> bool:
    """Return whether a group at this level lets the bot do this."""
    return level >= act


def role_of(state: GroupState, contact_id: str, admins: Iterable[str] = ()) -> Role:
    """Return who somebody is in a group; a stranger is a member."""
    if contact_id in admins:
        return Role.ADMIN
    if contact_id in state.leader_ids:
        return Role.LEADER
    member = state.members.get(contact_id)
    return member.role if member is not None and member.present else Role.MEMBER


def allowed(role: Role, kind: WordKind) -> bool:
    """Return whether somebody in this role may give this word."""
    match audience(kind):
        case Audience.EVERYONE:
            return True
        case Audience.HELPERS:
            return role != Role.MEMBER
        case Audience.LEADER:
            return role in {Role.LEADER, Role.ADMIN}


def rules_of(room: RoomSettings | None) -> set[ProductRule]:
    """Return the product rules that the configuration gives a group."""
    if room is None:
        return set()
    source = LabelSource.CONFIGURATION
    return {ProductRule(RuleKind.EXCLUDED, source, text=text) for text in room.excluded} | {
        ProductRule(RuleKind.PINNED, source, text=text) for text in room.pinned
    }


def label_said(settings: GroupsSettings, text: str) -> tuple[LabelKind, str]:
    """Return the kind and the value of a label that a leader names in words (枫林苑, 品类 水果, 小区 南门里, 宝妈)."""
    prefixes = {
        "小区": LabelKind.NEIGHBOURHOOD,
        "品类": LabelKind.CATEGORY,
        "分类": LabelKind.CATEGORY,
        "人群": LabelKind.PERSON,
    }
    said = re.fullmatch(rf"({'|'.join(prefixes)})[\s:]+(.+)", text)
    if said:
        return prefixes[said[1]], clean_name(said[2])
    value = clean_name(text)
    for one in settings.neighbourhoods:
        if value in one.spellings:
            return LabelKind.NEIGHBOURHOOD, one.name
    for rule in settings.categories:
        if value == rule.name:
            return LabelKind.CATEGORY, value
    return (LabelKind.NEIGHBOURHOOD if estate_of(value) == value else LabelKind.PERSON), value
