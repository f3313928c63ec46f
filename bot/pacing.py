"""How slowly an account speaks. Pure: from what went out lately to how long the next text must wait."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.settings import PacingSettings
from core.outbox import OutboxMessage
from core.outcomes import Hold

_MINUTE = timedelta(minutes=1)
_WARM_UP_SHARE = 3
"""A new account has a third of its caps."""


@dataclass(slots=True)
class Pace:
    """What an account sent lately: instants within the last minute, and where the last text went."""

    first_sent_at: datetime | None = None
    sent: list[datetime] = field(default_factory=list)
    last_target: str = ""

    def note(self, row: OutboxMessage, now: datetime) -> None:
        """Remember that a row went out."""
        self.note_act(target_of(row), now)

    def note_act(self, target: str, now: datetime) -> None:
        """Remember that the account did something that others see, a text or an invitation."""
        self.first_sent_at = self.first_sent_at or now
        self.sent = [at for at in self.sent if now - at < _MINUTE] + [now]
        self.last_target = target


def target_of(row: OutboxMessage) -> str:
    """Return the conversation a row belongs to."""
    return row.room_id or f"private:{row.contact_id}"


def wait_seconds(row: OutboxMessage, pace: Pace, now: datetime, settings: PacingSettings) -> float:
    """Return how long a row must still wait, 0 when it may go now.

    The random part hangs on the row's id alone, so that asking again gives the same answer.
    """
    if not settings.enabled:
        return 0.0
    dice = random.Random(row.id)  # noqa: S311 - no secret, only to look less like a machine
    least = dice.uniform(*settings.before_answer)
    if row.merge_key:  # others of its room may follow, see core.gathering
        least = max(least, settings.gather_receipts)
    waits = [(row.created_at + timedelta(seconds=least) - now).total_seconds()]
    if pace.sent and pace.last_target != target_of(row):
        pause = timedelta(seconds=dice.uniform(*settings.between_groups))
        waits.append((pace.sent[-1] + pause - now).total_seconds())
    return max(0.0, _until_cap_allows(pace, now, settings), *waits)


def act_wait_seconds(seed: str, pace: Pace, now: datetime, settings: PacingSettings) -> float:
    """Return how long making a room or inviting somebody must still wait: a pause after whatever the account did last.

    ``seed`` tells one act from the next, so that asking again gives the same answer.
    """
    if not settings.enabled or not pace.sent:
        return 0.0
    dice = random.Random(seed)  # noqa: S311 - no secret, only to look less like a machine
    pause = timedelta(seconds=dice.uniform(*settings.between_groups))
    return max(0.0, (pace.sent[-1] + pause - now).total_seconds(), _until_cap_allows(pace, now, settings))


def _until_cap_allows(pace: Pace, now: datetime, settings: PacingSettings) -> float:
    cap = scaled(settings.per_minute, pace, now, settings)
    within = [at for at in pace.sent if now - at < _MINUTE]
    return (within[len(within) - cap] + _MINUTE - now).total_seconds() if len(within) >= cap else 0.0


def scaled(cap: int, pace: Pace, now: datetime, settings: PacingSettings) -> int:
    """Return a cap as it is for this account: a third of it while the account warms up."""
    first = pace.first_sent_at
    new = first is None or now - first < timedelta(days=settings.warm_up_days)
    return max(1, cap // _WARM_UP_SHARE) if new and settings.warm_up_days > 0 else cap


def unasked_hold(
    account: Sequence[datetime],
    group: Sequence[datetime],
    pace: Pace,
    now: datetime,
    settings: PacingSettings,
    group_cap: int | None = None,
) -> Hold | None:
    """Return which of the day's caps one more unasked message would exceed: the group's or the account's.

    ``group_cap`` is the group's own cap, None for that of the settings.
    """
    if not settings.enabled:
        return None
    day = now - timedelta(days=1)
    if sum(at > day for at in account) >= scaled(settings.unasked_per_day, pace, now, settings):
        return Hold.CAP_ACCOUNT
    cap = settings.unasked_per_group_per_day if group_cap is None else group_cap
    return Hold.CAP_GROUP if sum(at > day for at in group) >= cap else None
