"""What a merger or a move of a group changes: who goes on, and what goes along. Pure."""

from __future__ import annotations

from groups import changes as happened
from groups.changes import Change
from groups.state import GroupState, LabelCause, LabelKind, LabelSource, LabelState, Role

_LEARNED_THAT_GO_ALONG = frozenset({LabelKind.NEIGHBOURHOOD, LabelKind.PERSON})
"""A learned category stays behind: said by the leader it would shut other goods out, which nobody asked for."""


def merge(source: GroupState, target: GroupState) -> list[Change]:
    """Give a group up to another that goes on as it is; who refused there is not read here either."""
    return [happened.RetiredSet(source.key, retired=True, successor_id=target.id), *refusals(source, target)]


def move(source: GroupState, target: GroupState) -> list[Change]:
    """Let a group go on in another room: settings, leader, assistants, labels and rules go along."""
    key = target.key
    moved: list[Change] = [
        happened.LevelSet(key, source.level),
        happened.PausedSet(key, source.paused),
        happened.ThresholdSet(key, source.threshold),
    ]
    if source.welcome is not None:
        moved.append(happened.WelcomeSet(key, source.welcome))
    if source.leader_id:
        moved.append(happened.LeaderSet(key, source.leader_id))
    moved += [happened.LabelSet(key, label, LabelCause.LEADER) for label in sorted(_labels(source))]
    moved += [
        happened.ProductRuleSet(key, rule._replace(source=LabelSource.LEADER)) for rule in sorted(set(source.rules))
    ]
    moved += [
        happened.RoleSet(key, contact_id, Role.ASSISTANT)
        for contact_id, member in source.members.items()
        if member.role is Role.ASSISTANT and _present(target, contact_id)
    ]
    return [*merge(source, target), *moved]


def refusals(source: GroupState, target: GroupState) -> list[Change]:
    """Return the opt-outs of a group as the other must know them, also of people who are not in it (yet)."""
    carried: list[Change] = []
    for contact_id, member in source.members.items():
        if not member.unsubscribed or target.unsubscribed(contact_id):
            continue
        carried.append(happened.RefusalCarried(target.key, contact_id))
        if not _present(target, contact_id):
            carried.append(happened.MemberGone(target.key, contact_id))
    return carried


def _labels(source: GroupState) -> set[LabelState]:
    """Return the labels that go along, as the leader's own: they asked for it, and no topic may contradict them."""
    said = {label for label in source.labels if label.source in {LabelSource.LEADER, LabelSource.CONFIGURATION}}
    held = {
        LabelKind.NEIGHBOURHOOD: set(source.neighbourhoods),
        LabelKind.PERSON: set(source.persons),
    }
    learned = {
        label
        for label in source.labels
        if label.kind in _LEARNED_THAT_GO_ALONG and label.value in held[label.kind] and label not in said
    }
    mine = {label for label in said if label.source is LabelSource.LEADER}
    taken = {(label.kind, label.key, label.value) for label in mine}
    others = {
        label._replace(source=LabelSource.LEADER, confidence=1.0)
        for label in (said | learned) - mine
        if (label.kind, label.key, label.value) not in taken
    }
    return mine | others


def _present(state: GroupState, contact_id: str) -> bool:
    member = state.members.get(contact_id)
    return member is not None and member.present
