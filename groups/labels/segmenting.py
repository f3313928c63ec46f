"""From evidence to changes of labels: with two bounds, and slowly where nothing caused it. Pure.

What configuration and topic say holds at once. What is learned (room names, tags, places in orders, needs) comes above
one bound and goes below a lower one; and where nothing happened but drift, one kind of label of a group changes at most
once in ``relabel_days``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from groups.changes import Change, LabelRemoved, LabelSet
from groups.labels.labelling import Evidence, Support
from groups.settings import SegmentationSettings
from groups.state import GroupState, LabelCause, LabelSource, LabelState, Past, Slot, winners

_EXACT = frozenset({LabelSource.CONFIGURATION, LabelSource.TOPIC})
_STRENGTH = list(LabelSource)
_NOTICED = 0.05
"""A confidence that moved by less is not written again."""


class Occasion(NamedTuple):
    """Why a group is looked at, and when; ``cause`` None: nothing happened, time went by."""

    now: datetime
    cause: LabelCause | None = None


class Turned(NamedTuple):
    """A value that came to hold for a group or ceased to, with what brought it about."""

    slot: Slot
    value: str
    holds: bool
    source: LabelSource
    cause: LabelCause


def relabelled(
    state: GroupState,
    evidence: Iterable[Evidence],
    looked: Collection[LabelSource],
    occasion: Occasion,
    settings: SegmentationSettings,
) -> list[Change]:
    """Return what changes of a group's labels.

    ``looked`` are the sources that ``evidence`` covers: what one of them says no more has no support left. Labels of
    other sources, the leader's above all, are left alone.
    """
    said = {(one.slot, one.source): one.values for one in evidence}
    held = {(Slot(label.kind, label.key), label.source) for label in state.labels if label.source in looked}
    by_slot: dict[Slot, list[_Step]] = {}
    for slot, source in sorted({*said, *held}):
        values = said.get((slot, source), {})
        if values is not None:
            by_slot.setdefault(slot, []).append(_step(state, slot, source, values, settings))
    changes: list[Change] = []
    for slot, steps in by_slot.items():
        waits = _waits(state, slot, occasion, settings)
        for step in steps:
            if step.source in _EXACT or not waits:
                cause = _cause(step.source, occasion)
                changes += [LabelRemoved(state.key, label, cause, occasion.now) for label in step.gone]
                changes += [LabelSet(state.key, label, cause, occasion.now) for label in step.come]
            changes += [LabelSet(state.key, label) for label in step.moved]
    return changes


def changed(before: Sequence[LabelState], after: Sequence[LabelState], past: Sequence[Past]) -> list[Turned]:
    """Return what holds after and not before, or the other way round, with its cause from the history between.

    A label that a stronger source silenced all along is not among it.
    """
    slots = sorted({Slot(label.kind, label.key) for label in (*before, *after)})
    found = []
    for slot in slots:
        old, new = winners(before, *slot), winners(after, *slot)
        for value in dict.fromkeys([*old, *new]):
            if (value in old) != (value in new):
                entry = _why(slot, value, past)
                by = [label.source for label in after if label.value == value and Slot(label.kind, label.key) == slot]
                source = min(by, key=_STRENGTH.index) if value in new else entry.label.source
                found.append(Turned(slot, value, value in new, source, entry.cause))
    return found


def before(labels: Sequence[LabelState], past: Sequence[Past]) -> tuple[LabelState, ...]:
    """Return the labels as they were before a piece of history, by undoing it from its end."""
    found = {_identity(label): label for label in labels}
    for entry in reversed(past):
        label = entry.label
        known = found.get(_identity(label))
        if entry.added or (known is not None and known.confidence == 0):
            found.pop(_identity(label), None)
        else:
            found[_identity(label)] = label
    return tuple(found.values())


def past_of(changes: Iterable[Change]) -> list[Past]:
    """Return changes of labels as the history will have them."""
    found = []
    for change in changes:
        if isinstance(change, LabelSet | LabelRemoved) and change.cause is not None and change.at is not None:
            added = isinstance(change, LabelSet) and change.label.confidence > 0
            found.append(Past(change.label, added, change.cause, change.at))
    return found


@dataclass(frozen=True, slots=True)
class _Step:
    """What one source would change in one slot; ``moved`` only in confidence."""

    source: LabelSource
    gone: list[LabelState]
    come: list[LabelState]
    moved: list[LabelState]


def _step(
    state: GroupState, slot: Slot, source: LabelSource, values: Mapping[str, Support], settings: SegmentationSettings
) -> _Step:
    held = {
        label.value: label
        for label in state.labels
        if label.source == source and (label.kind, label.key) == (slot.kind, slot.key)
    }
    wanted = {
        value: LabelState(slot.kind, value, source, round(support.share, 2), slot.key)
        for value, support in values.items()
        if source in _EXACT or _convinces(source, support, settings, held=value in held)
    }
    return _Step(
        source,
        gone=[label for value, label in sorted(held.items()) if value not in wanted],
        come=[label for value, label in sorted(wanted.items()) if value not in held],
        moved=[
            label
            for value, label in sorted(wanted.items())
            if value in held and abs(label.confidence - held[value].confidence) >= _NOTICED
        ],
    )


def _convinces(source: LabelSource, support: Support, settings: SegmentationSettings, *, held: bool) -> bool:
    """Apply the bound to come in, or the lower one to stay."""
    by_needs = source == LabelSource.NEEDS
    if held:
        least = settings.leave_confidence if by_needs else settings.leave_share
        return support.share >= least and support.members >= max(1, settings.least_members - 1)
    least = settings.enter_confidence if by_needs else settings.enter_share
    return support.share >= least and support.members >= settings.least_members


def _waits(state: GroupState, slot: Slot, occasion: Occasion, settings: SegmentationSettings) -> bool:
    last = state.drifted.get(slot)
    lately = last is not None and occasion.now - last < timedelta(days=settings.relabel_days)
    return occasion.cause is None and lately


def _cause(source: LabelSource, occasion: Occasion) -> LabelCause:
    if source not in _EXACT:
        return occasion.cause or LabelCause.DRIFT
    if occasion.cause is LabelCause.NEW or (source is LabelSource.TOPIC and occasion.cause is LabelCause.TOPIC):
        return occasion.cause
    return LabelCause.CONFIGURATION  # the same topic reads otherwise only under other rules


def _why(slot: Slot, value: str, past: Sequence[Past]) -> Past:
    """Return the last entry about a value, or else about its slot: another value then made room or took it."""
    here = [entry for entry in past if Slot(entry.label.kind, entry.label.key) == slot]
    return [*here, *(entry for entry in here if entry.label.value == value)][-1]


def _identity(label: LabelState) -> tuple[str, str, str, str]:
    return label.kind.value, label.key, label.value, label.source.value
