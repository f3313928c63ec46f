"""When something is due: schedule texts and the instants they name. Pure: the caller brings the time.

Three forms, read in one time zone:

- ``every 90s``, ``every 30m``, ``every 2h``: counted from the start of 1970, so that every scheduler names the same
  instants;
- ``20:30``: once a day by the wall clock;
- ``0 9 * * sun``: a cron line of five fields, with weekdays by name.

A wall clock that jumps forward does not lose an occurrence: what it skips comes at the jump. One that jumps back
does not double it: the first pass counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

_EVERY = re.compile(r"every ([1-9]\d{0,4}) ?([smh])")
_UNITS = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1)}
_DAILY = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_LONGEST_SHIFT = timedelta(hours=3)
"""More than any zone has ever moved its clocks at once."""
_HORIZON = timedelta(days=366 * 9)
"""29 February comes at least this often, so a cron line silent for longer never fires."""
_MINUTE = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)
_FORMS = 'write "every 30m", "every 2h", "20:30" or a cron line such as "0 9 * * sun"'


class ScheduleError(ValueError):
    """A schedule text has no meaning here; the message says which forms do."""

    def __init__(self, text: str, problem: str) -> None:
        self.text = text
        super().__init__(f"{text!r}: {problem}")


class Schedule(Protocol):
    """The instants at which something is due."""

    def latest(self, now: datetime) -> datetime | None:
        """Return the last due instant at or before ``now``, in UTC; None when there has been none."""
        ...

    def following(self, now: datetime) -> datetime | None:
        """Return the first due instant after ``now``, in UTC; None when none will come."""
        ...


@dataclass(frozen=True, slots=True)
class Every:
    """A fixed distance between due instants, counted from 1970-01-01 00:00 UTC."""

    interval: timedelta

    def latest(self, now: datetime) -> datetime:
        """Return the last due instant at or before ``now``."""
        step = int(self.interval.total_seconds())
        return datetime.fromtimestamp(int(now.timestamp()) // step * step, UTC)

    def following(self, now: datetime) -> datetime:
        """Return the first due instant after ``now``."""
        return self.latest(now) + self.interval


@dataclass(frozen=True, slots=True)
class WallClock:
    """A cron line read on the wall clock of one zone.

    The line is walked as if the zone never moved its clocks, and each wall time is then placed on the time line
    once; so a wall time that is skipped or repeated still gives one instant.
    """

    text: str
    zone: ZoneInfo
    trigger: CronTrigger = field(compare=False, repr=False)

    def latest(self, now: datetime) -> datetime | None:
        """Return the last due instant at or before ``now``."""
        wall = self._wall(now) + _LONGEST_SHIFT
        while (found := self._last_until(wall)) is not None:
            if (instant := self._instant(found)) <= now:
                return instant
            wall = found - _MINUTE
        return None

    def following(self, now: datetime) -> datetime | None:
        """Return the first due instant after ``now``."""
        wall = self._first_from(self._wall(now) - _LONGEST_SHIFT)
        while wall is not None:
            if (instant := self._instant(wall)) > now:
                return instant
            wall = self._first_from(wall + _MINUTE)
        return None

    def _wall(self, now: datetime) -> datetime:
        """Return the zone's wall time, labelled UTC so that arithmetic on it knows no jumps."""
        return now.astimezone(self.zone).replace(tzinfo=UTC, fold=0)

    def _instant(self, wall: datetime) -> datetime:
        """Place a wall time on the time line; later wall times never come earlier."""
        instant = wall.replace(tzinfo=self.zone, fold=0).astimezone(UTC)
        if self._wall(instant) == wall:
            return instant
        # skipped: read with the offset after the jump it falls before the jump, and the other way round
        before = wall.replace(tzinfo=self.zone, fold=1).astimezone(UTC)
        while instant - before > _SECOND:
            middle = before + (instant - before) // 2
            if self._wall(middle) < wall:
                before = middle
            else:
                instant = middle
        return instant.replace(microsecond=0)

    def _first_from(self, wall: datetime) -> datetime | None:
        found: datetime | None = self.trigger.get_next_fire_time(None, wall)
        return found

    def _last_until(self, wall: datetime) -> datetime | None:
        """Find the last wall time at or before ``wall``: step back in doubling strides, then halve the gap."""
        stride = _MINUTE
        while (found := self._first_from(wall - stride)) is None or found > wall:
            stride *= 2
            if stride > _HORIZON:
                return None
        hit, miss = wall - stride, wall + _MINUTE
        while miss - hit > _MINUTE:
            middle = hit + (miss - hit) // 2
            candidate = self._first_from(middle)
            if candidate is not None and candidate <= wall:
                hit, found = middle, candidate
            else:
                miss = middle
        return found


@dataclass(frozen=True, slots=True)
class Plan:
    """A standing intention: the job ``kind`` on ``subject`` (a supplier's id, or empty) by a schedule."""

    kind: str
    schedule: Schedule
    subject: str = ""


def parse_schedule(text: str, zone: ZoneInfo) -> Schedule:
    """Read one schedule text; raise ``ScheduleError`` for anything that is none of the three forms."""
    plain = " ".join(text.lower().split())
    if matched := _EVERY.fullmatch(plain):
        return Every(int(matched[1]) * _UNITS[matched[2]])
    if matched := _DAILY.fullmatch(plain):
        return WallClock(plain, zone, CronTrigger(hour=int(matched[1]), minute=int(matched[2]), timezone=UTC))
    fields = plain.split(" ")
    if len(fields) != 5:
        raise ScheduleError(text, f"is not a schedule; {_FORMS}")
    return WallClock(plain, zone, _cron(text, fields))


def _cron(text: str, fields: list[str]) -> CronTrigger:
    minute, hour, day, month, weekday = fields
    if re.search(r"\d", weekday.partition("/")[0]):
        # cron counts weekdays from Sunday, the library below from Monday: a number would mean either
        raise ScheduleError(text, "write weekdays by name (mon, tue, wed, thu, fri, sat, sun), not by number")
    try:
        trigger = CronTrigger(minute=minute, hour=hour, day=day, month=month, day_of_week=weekday, timezone=UTC)
    except (ValueError, TypeError) as error:
        raise ScheduleError(text, f"is not a cron line: {error}; {_FORMS}") from None
    if trigger.get_next_fire_time(None, datetime(2000, 1, 1, tzinfo=UTC)) is None:
        raise ScheduleError(text, "names a day that no year has")
    return trigger
