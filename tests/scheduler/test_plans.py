from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.schedule import check_schedule
from scheduler.plans import Schedule, ScheduleError, parse_schedule

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # moves its clocks by half an hour


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "zone", "now", "latest", "following"),
    [
        ("every 30m", SHANGHAI, "2026-11-22T11:00+00:00", "2026-11-22T11:00+00:00", "2026-11-22T11:30+00:00"),
        ("Every 2H", SHANGHAI, "2026-11-22T11:00+00:00", "2026-11-22T10:00+00:00", "2026-11-22T12:00+00:00"),
        ("every 45 m", SHANGHAI, "2026-11-22T00:46+00:00", "2026-11-22T00:45+00:00", "2026-11-22T01:30+00:00"),
        ("20:30", SHANGHAI, "2026-11-22T20:30+08:00", "2026-11-22T20:30+08:00", "2026-11-23T20:30+08:00"),
        ("20:30", SHANGHAI, "2026-11-22T20:29:59+08:00", "2026-11-21T20:30+08:00", "2026-11-22T20:30+08:00"),
        ("7:05", SHANGHAI, "2026-11-22T12:00+08:00", "2026-11-22T07:05+08:00", "2026-11-23T07:05+08:00"),
        # 2026-11-22 is a Sunday
        ("0 9 * * sun", SHANGHAI, "2026-11-22T08:59+08:00", "2026-11-15T09:00+08:00", "2026-11-22T09:00+08:00"),
        ("0 9 * * sun", SHANGHAI, "2026-11-22T09:00+08:00", "2026-11-22T09:00+08:00", "2026-11-29T09:00+08:00"),
        ("0 9 * * mon-fri", SHANGHAI, "2026-11-22T12:00+08:00", "2026-11-20T09:00+08:00", "2026-11-23T09:00+08:00"),
        ("0 9 * * sat,sun", SHANGHAI, "2026-11-22T12:00+08:00", "2026-11-22T09:00+08:00", "2026-11-28T09:00+08:00"),
        ("*/20 8-9 * * *", SHANGHAI, "2026-11-22T23:10+08:00", "2026-11-22T09:40+08:00", "2026-11-23T08:00+08:00"),
        ("0 0 29 2 *", SHANGHAI, "2026-11-22T12:00+08:00", "2024-02-29T00:00+08:00", "2028-02-29T00:00+08:00"),
        # 8 March 2026: 02:00 EST becomes 03:00 EDT; a skipped time comes at the jump
        ("02:30", NEW_YORK, "2026-03-08T01:59-05:00", "2026-03-07T02:30-05:00", "2026-03-08T03:00-04:00"),
        ("02:30", NEW_YORK, "2026-03-08T03:00-04:00", "2026-03-08T03:00-04:00", "2026-03-09T02:30-04:00"),
        ("45 2,3 * * *", NEW_YORK, "2026-03-08T03:30-04:00", "2026-03-08T03:00-04:00", "2026-03-08T03:45-04:00"),
        ("20:30", NEW_YORK, "2026-03-08T12:00-04:00", "2026-03-07T20:30-05:00", "2026-03-08T20:30-04:00"),
        # 1 November 2026: 02:00 EDT becomes 01:00 EST; a repeated time counts in its first pass
        ("01:30", NEW_YORK, "2026-11-01T01:29-04:00", "2026-10-31T01:30-04:00", "2026-11-01T01:30-04:00"),
        ("01:30", NEW_YORK, "2026-11-01T01:10-05:00", "2026-11-01T01:30-04:00", "2026-11-02T01:30-05:00"),
        ("01:30", NEW_YORK, "2026-11-01T01:40-05:00", "2026-11-01T01:30-04:00", "2026-11-02T01:30-05:00"),
        ("02:15", LORD_HOWE, "2026-10-04T01:59+10:30", "2026-10-03T02:15+10:30", "2026-10-04T02:30+11:00"),
    ],
)
def test_a_schedule_names_its_instants(text: str, zone: ZoneInfo, now: str, latest: str, following: str) -> None:
    schedule = parse_schedule(text, zone)
    assert schedule.latest(_utc(now)) == _utc(latest)
    assert schedule.following(_utc(now)) == _utc(following)


@pytest.mark.parametrize("zone", [NEW_YORK, LORD_HOWE, SHANGHAI])
@pytest.mark.parametrize("text", ["02:30", "01:45", "20:30"])
def test_a_daily_time_comes_once_on_every_day_of_a_year(text: str, zone: ZoneInfo) -> None:
    schedule = parse_schedule(text, zone)
    instant: datetime | None = _utc("2026-01-01T00:00+00:00")
    days = []
    for _ in range(365):
        assert instant is not None
        instant = schedule.following(instant)
        assert instant is not None
        days.append(instant.astimezone(zone).date().toordinal())
    assert days == list(range(days[0], days[0] + 365))


SCHEDULES: list[Schedule] = [
    parse_schedule(text, zone)
    for text in ("every 25m", "02:30", "*/30 * * * *", "5 1,2 * * sun", "0 4 31 * *")
    for zone in (NEW_YORK, LORD_HOWE)
]


@given(
    now=st.one_of(
        st.integers(0, 730 * 24 * 3600).map(lambda seconds: _utc("2026-01-01T00:00Z") + timedelta(seconds=seconds)),
        # around the jumps of both zones, where it is difficult
        st.sampled_from(["2026-03-08T07:00Z", "2026-11-01T06:00Z", "2026-04-04T15:00Z", "2026-10-03T15:30Z"]).flatmap(
            lambda jump: st.integers(-240, 240).map(lambda minutes: _utc(jump) + timedelta(minutes=minutes))
        ),
    ),
    schedule=st.sampled_from(SCHEDULES),
)
def test_latest_and_following_meet_around_now(now: datetime, schedule: Schedule) -> None:
    latest, following = schedule.latest(now), schedule.following(now)
    assert latest is not None
    assert following is not None
    assert latest <= now < following
    assert schedule.latest(latest) == latest
    assert schedule.latest(following) == following


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("0 9 * * 0", "weekdays by name"),
        ("0 9 * * 1-5", "weekdays by name"),
        ("0 9 * * sun,1", "weekdays by name"),
        ("0 9 30 2 *", "no year has"),
        ("61 9 * * *", "is not a cron line"),
        ("0 9 * * funday", "is not a cron line"),
        ("0 9 * *", 'write "every 30m"'),
        ("every 0m", 'write "every 30m"'),
        ("every 5d", 'write "every 30m"'),
        ("24:00", 'write "every 30m"'),
        ("", 'write "every 30m"'),
        ("sometimes", 'write "every 30m"'),
    ],
)
def test_a_wrong_schedule_says_what_to_write(text: str, hint: str) -> None:
    with pytest.raises(ScheduleError, match=hint) as caught:
        parse_schedule(text, SHANGHAI)
    assert caught.value.text == text


@pytest.mark.parametrize(
    "text",
    [
        "every 90s",
        "every 5 m",
        "every 12h",
        "0 7 * * mon-fri",
        "*/15 8-20/2 1,15 jan-mar *",
        "5 4 * * SAT,sun",
        "0 0/6 * * *",
    ],
)
def test_what_the_catalogue_takes_for_a_schedule_is_one(text: str) -> None:
    check_schedule(text)
    _ = parse_schedule(text, SHANGHAI)


def test_a_day_that_comes_once_in_28_years_is_found_ahead() -> None:
    schedule = parse_schedule("0 9 29 2 sun", SHANGHAI)
    assert schedule.latest(_utc("2026-11-22T11:00+00:00")) is None  # 2004 is too long ago to be made up for
    assert schedule.following(_utc("2026-11-22T11:00+00:00")) == _utc("2032-02-29T09:00+08:00")


def test_a_schedule_read_twice_is_the_same_schedule() -> None:
    for text in ("every 30m", "20:30", "0 9 * * sun"):
        assert parse_schedule(text, SHANGHAI) == parse_schedule(text, SHANGHAI)
        assert hash(parse_schedule(text, SHANGHAI)) == hash(parse_schedule(text, SHANGHAI))
