"""Reading a message together with what was said just before. Pure."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from core.outcomes import Outcome, Reason
from recommender.constraints import Constraints
from recommender.decisions import Asked, Decision
from recommender.memory import GroupMemory, Utterance
from recommender.needs import Need, NeedClass, Reading
from recommender.settings import RecommenderSettings

_JOINED_STRENGTH = 0.85
_SPLIT_STRENGTH = 0.85


def in_context(
    reading: Reading, member: str, at: datetime, memory: GroupMemory, settings: RecommenderSettings
) -> Reading:
    """Return the reading that a message has in its conversation.

    A trigger finds the object that the same member named before (and the other way round), a constraint
    narrows the member's last need down, +1 joins somebody else's open need, and a withdrawal ends the member's own.
    Praise or a complaint that names no goods is about those that were talked of just before.
    """
    if reading.outcome is Outcome.OPINION:
        return _about_what_was_named(reading, member, at, memory, settings)
    if reading.need is not None and reading.need.need_class is not NeedClass.IMPLICIT:
        return _joined_by_name(reading, member, at, memory, settings)
    if reading.withdraws and memory.withdrawn(member):
        return replace(reading, outcome=Outcome.IGNORED, reason=Reason.NEGATED, need=None, needs=())
    need = (
        _joining(reading, member, at, memory, settings)
        or _refined(reading, member, at, memory, settings)
        or _completed(reading, member, at, memory, settings)
    )
    if need is None:
        return reading
    return replace(reading, outcome=Outcome.NEED, reason=Reason.PUSHED, need=need, needs=(need,))


def remember(decision: Decision, asked: Asked, memory: GroupMemory) -> None:
    """Note in ``memory`` what a message said and what it was answered, for those that come after it."""
    reading, need = decision.reading, decision.need
    spoken_of = reading if need is None or need is reading.need else replace(reading, need=need)
    left = utterance_of(spoken_of, asked.member, asked.at, answered=decision.shown)
    if left is not None:
        memory.note(left)
    if decision.shown and need is not None:
        products = tuple(candidate.item.id for candidate in decision.picks)
        memory.answered(asked.member, need.terms, products, asked.at)


def utterance_of(reading: Reading, member: str, at: datetime, *, answered: bool) -> Utterance | None:
    """Return what a message leaves behind for the following ones, or None."""
    need = reading.need if reading.need is not None and reading.need.terms else None
    if need is None and reading.loose is None and not reading.mentions:
        return None
    loose = reading.loose.need_class if reading.loose is not None and need is None else ""
    return Utterance(member, at, need, answered, loose, reading.mentions, reading.constraints)


def _about_what_was_named(
    reading: Reading, member: str, at: datetime, memory: GroupMemory, settings: RecommenderSettings
) -> Reading:
    """Link an opinion without goods: to what it quotes, else to what the member, else to what anybody named last."""
    if reading.opinion_about:
        return reading
    named = [(one.member, one.objects or (one.need.terms if one.need else ())) for one in _lately(at, memory, settings)]
    own = next((objects for speaker, objects in named if speaker == member and objects), ())
    anybody = next((objects for _, objects in named if objects), ())
    return replace(reading, opinion_about=reading.mentions or own or anybody)


def _lately(at: datetime, memory: GroupMemory, settings: RecommenderSettings) -> list[Utterance]:
    return memory.before(at, settings.context_minutes)


def _joined_by_name(
    reading: Reading, member: str, at: datetime, memory: GroupMemory, settings: RecommenderSettings
) -> Reading:
    """Let "我也想要草莓" after somebody's 草莓 join that need instead of opening a second one."""
    need = reading.need
    if need is None or not reading.joins:
        return reading
    for earlier in memory.before(at, settings.joining_minutes):
        if earlier.member != member and earlier.need and set(earlier.need.terms) & set(need.terms):
            joined = replace(need, need_class=NeedClass.JOINING)
            return replace(reading, need=joined, needs=(joined, *reading.needs[1:]))
    return reading


def _joining(
    reading: Reading, member: str, at: datetime, memory: GroupMemory, settings: RecommenderSettings
) -> Need | None:
    if not reading.joins:
        return None
    for earlier in memory.before(at, settings.joining_minutes):
        if earlier.need is None or earlier.member == member:
            continue
        if earlier.answered:
            return None  # an offer stands: whoever says +1 now means the offer
        return replace(
            earlier.need,
            need_class=NeedClass.JOINING,
            strength=_JOINED_STRENGTH,
            rule="joining",
            evidence=_whole(reading),
        )
    return None


def _refined(
    reading: Reading, member: str, at: datetime, memory: GroupMemory, settings: RecommenderSettings
) -> Need | None:
    if not reading.refines:
        return None
    for earlier in memory.before(at, settings.refinement_minutes):
        if earlier.member == member and earlier.need is not None:
            merged = _merge(earlier.need.constraints, reading.constraints)
            return replace(earlier.need, constraints=merged, rule="refinement", evidence=_whole(reading))
    return None


def _completed(
    reading: Reading, member: str, at: datetime, memory: GroupMemory, settings: RecommenderSettings
) -> Need | None:
    """Join a trigger and an object that the same member sent as two messages."""
    if reading.loose is None and not reading.objects:
        return None
    for earlier in memory.before(at, settings.context_minutes):
        if earlier.member != member or earlier.need is not None:
            continue
        if reading.loose is not None and earlier.objects:
            return _split(reading, reading.loose.need_class, earlier.objects, earlier.constraints)
        if reading.objects and earlier.loose:
            return _split(reading, earlier.loose, reading.objects, earlier.constraints)
    return None


def _split(reading: Reading, need_class: str, terms: tuple[str, ...], earlier: Constraints) -> Need:
    constraints = _merge(earlier, reading.constraints)
    return Need(NeedClass(need_class), terms, constraints, True, _SPLIT_STRENGTH, "two_messages", _whole(reading))


def _merge(earlier: Constraints, later: Constraints) -> Constraints:
    """Return both constraints; the later word wins where both speak, lists are joined."""
    values: dict[str, Any] = {}
    for entry in fields(Constraints):
        old, new = getattr(earlier, entry.name), getattr(later, entry.name)
        if isinstance(old, tuple):
            values[entry.name] = tuple(dict.fromkeys([*old, *new]))
        else:
            values[entry.name] = new or old
    excluded = set(values["excluded"])
    values["attributes"] = tuple(word for word in values["attributes"] if word not in excluded)
    return Constraints(**values)


def _whole(reading: Reading) -> tuple[int, int]:
    text = reading.masked.text
    return text.raw_span(0, len(text.text))
