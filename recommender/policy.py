"""May the bot speak? Each refusal has its reason code, in a fixed order. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from zoneinfo import ZoneInfo

from core.outcomes import Hold
from recommender.settings import RecommenderSettings


class Level(IntEnum):
    """The permission level of a group."""

    OFF = 0
    LISTEN = 1
    WHEN_MENTIONED = 2
    SUGGEST = 3
    PUSH = 4


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything the decision reads.

    ``gain`` is what the push is expected to gain (see ``gain.Gain``), ``hidden_only`` tells that every fitting product
    was shown lately.
    ``group_answers`` and ``account_answers`` count today's, ``answers_cap`` is the group's own cap, None for the
    settings'; ``member_answered_at`` is when this member was last
    answered here, ``term_answered_at`` when this object was.
    """

    level: int
    mentioned: bool
    paused: bool
    unsubscribed: bool
    now: datetime
    gain: float
    hidden_only: bool = False
    group_answers: int = 0
    account_answers: int = 0
    answers_cap: int | None = None
    member_answered_at: datetime | None = None
    term_answered_at: datetime | None = None


def may_push(situation: Situation, settings: RecommenderSettings, zone: ZoneInfo) -> Hold | None:
    """Return why a push must not go out, or None when it may (at level 3: to the leader)."""
    if (refusal := may_be_sent(situation, settings, zone)) is not None:
        return refusal
    if settings.limits and (refusal := _limit(situation, settings)) is not None:
        return refusal
    if situation.gain < 0:
        return Hold.BELOW_THRESHOLD
    if settings.limits and _within(situation.term_answered_at, situation.now, minutes=settings.answered_minutes):
        return Hold.ALREADY_OFFERED
    return None


def may_be_sent(situation: Situation, settings: RecommenderSettings, zone: ZoneInfo) -> Hold | None:
    """Return the refusals that hold at the moment of sending as much as at the decision."""
    if situation.level < Level.WHEN_MENTIONED or (situation.level == Level.WHEN_MENTIONED and not situation.mentioned):
        return Hold.LEVEL
    if situation.paused:
        return Hold.PAUSED
    if settings.limits and settings.quiet_hours.covers(situation.now.astimezone(zone).time()):
        return Hold.QUIET_HOURS
    if situation.unsubscribed:
        return Hold.UNSUBSCRIBED
    return None


def _limit(situation: Situation, settings: RecommenderSettings) -> Hold | None:
    if situation.hidden_only:
        return Hold.SHOWN_LATELY
    if _within(situation.member_answered_at, situation.now, minutes=settings.member_pause_minutes):
        return Hold.CAP_MEMBER
    cap = settings.answers_per_group_per_day if situation.answers_cap is None else situation.answers_cap
    if situation.group_answers >= cap:
        return Hold.CAP_GROUP
    if situation.account_answers >= settings.answers_per_account_per_day:
        return Hold.CAP_ACCOUNT
    return None


def _within(instant: datetime | None, now: datetime, *, minutes: float) -> bool:
    return instant is not None and timedelta(0) <= now - instant < timedelta(minutes=minutes)
