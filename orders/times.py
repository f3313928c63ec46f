"""Times as leaders write them: 今晚8点, 明天中午12点, 周五18:00, 24:00, 11月25日20点. Pure."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from core.late import late
from core.numerals import read_numeral
from orders.folding import fold

_N = r"[0-9零〇一二两三四五六七八九十]"
_DATE = (
    r"(?:(?P<day>今天|今日|今|明天|明日|明|大后天|后天|后日)"
    r"|(?P<week>本|这个?|下个?)?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天])"
    r"|(?:(?P<year>20[0-9]{2}) ?[年./-] ?)?(?:(?P<month>[0-9]{1,2}|十[一二]?|[一二三四五六七八九]) ?(?:月|[./-]) ?)"
    rf"(?P<mday>{_N}{{1,3}}) ?[日号]?"
    r"|(?P<alone>[0-9]{1,2}) ?[日号])"
    r"(?: ?\(? ?(?:周|星期|礼拜)(?P<check>[一二三四五六日天]) ?\)?)?"
)
_PERIODS = "凌晨|半夜|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜里|晚间|晚|早"
_CLOCK = (
    rf"(?:(?P<hour>[0-9]{{1,2}}|{_N}{{1,3}}) ?(?:点钟?|时) ?"
    rf"(?P<minute>[0-9]{{1,2}} ?分?|[零〇一二三四五]?十?[一二三四五六七八九]?分|二十|三十|四十|五十|半|一刻|三刻|整)?"
    r"|(?P<digital>[0-9]{1,2}) ?: ?(?P<minutes>[0-9]{2})(?::00)?(?: ?(?P<half>am|pm))?"
    r"|(?P<word>零点|正午|午夜))"
)
_POINT = late(rf"(?:{_DATE})?[ ,的]*(?P<period>{_PERIODS})?(?P<deep>凌晨)? ?{_CLOCK}")
_NOON = late(rf"(?:{_DATE})?[ ,的]*(?P<period>中午)")
_LATER = late(
    rf"(?:再?过)?(?:(?P<count>{_N}{{1,3}})个?(?P<and>半)?|(?P<only>半)个?) ?(?P<scale>小时|钟头|分钟)[之以]?后?"
)
_TAIL = late(r"[ ,.!~]*(?:之前|以前|前|准时|整|止|为止)?[ ,.!~]*\Z")
_A_DAY = late(rf"(?=[^ ])(?:{_DATE})?[ ,的]*(?:{_PERIODS})?(?:凌晨)?(?:[ ,]+|[ ,]*(?:\Z|{_N}|之?前|以前|左右))")
_AN_HOUR = late(rf"(?:再?过)?(?:{_N}{{1,3}} ?(?:[:点时]|个?半?(?:小时|分钟))|半个?小时)")
_NAMES_DAY = late(rf"{_DATE}|{_PERIODS}")
_DAYS = {"今天": 0, "今日": 0, "今": 0, "明天": 1, "明日": 1, "明": 1, "后天": 2, "后日": 2, "大后天": 3}
_WEEK = {day: number for number, day in enumerate("一二三四五六日")} | {"天": 6}
_LONGEST = 40  # no time is written longer
_HALF_YEAR = timedelta(days=183)


def read_time(text: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the instant that a text names, in ``zone``, or None when it names none, or not one only.

    ``now`` is when it was written. A time alone is the next one to come ("9:00" at ten o'clock is tomorrow's; "8点" is
    the next eight on the dial). A day that is named stays that day, so the result may lie in the past: who asks must
    check. 24:00 is the end of its day. Nothing is guessed: a day without a time is None, but 中午 alone is twelve.
    """
    plain = fold(text).strip()
    if not plain or len(plain) > _LONGEST:
        return None
    here = now.astimezone(zone)
    try:
        return _later(plain, here) or _point(plain, here, zone)
    except (ValueError, OverflowError):  # 11月31日, 25点, the year 9999
        return None


def is_time(text: str) -> bool:
    """Tell whether a text has the form of one time and nothing else; 11月31日8点 has."""
    plain = fold(text[: _LONGEST + 1]).strip()
    patterns = (_LATER, _POINT, _NOON)
    return len(plain) <= _LONGEST and any(_whole(pattern, plain) is not None for pattern in patterns)


def begins_like_time(text: str) -> bool:
    """Tell whether a text starts as times do, though it may name no instant (周五, 今晚, 8点左右); 晚餐 does not."""
    plain = fold(text[:_LONGEST]).strip()
    day = _NAMES_DAY.match(plain) and _A_DAY.match(plain)
    return bool(day or _AN_HOUR.match(plain))


def _whole(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """Match a text but for what may follow a time (前, 准时)."""
    match = pattern.match(text)
    return match if match and _TAIL.match(text, match.end()) else None


def _later(text: str, here: datetime) -> datetime | None:
    """Read 半小时后, 2小时后, 一个半小时后."""
    match = _whole(_LATER, text)
    if match is None or "后" not in match[0]:
        return None
    scale = 60 if match["scale"] in {"小时", "钟头"} else 1
    count = 0.5 if match["only"] else read_numeral(match["count"])
    if not count:
        return None
    after = timedelta(minutes=scale * (count + (0.5 if match["and"] else 0)))
    return (here + after).replace(second=0, microsecond=0) if after <= timedelta(days=7) else None


def _point(text: str, here: datetime, zone: ZoneInfo) -> datetime | None:
    match = _whole(_POINT, text) or _whole(_NOON, text)
    if match is None:
        return None
    groups = match.groupdict()
    clock = _clock(groups)
    if clock is None:
        return None
    hour, minute, sure = clock
    minutes = _by_period(groups["period"] or "", groups.get("deep") is not None, hour, minute)
    if minutes is None:
        return None
    day = _day(groups, here)
    if day is not None:
        if groups["check"] and day.weekday() != _WEEK[groups["check"]]:
            return None  # the date and the day of the week contradict each other
        moment = _at(day, minutes, zone)
        if groups["day"] in {"今天", "今日"} and not groups["period"] and not sure and moment <= here:
            moment = _at(day, minutes + 720, zone) if 0 < hour < 12 else moment
        elif groups["weekday"] and not groups["week"] and moment <= here:
            moment = _at(day + timedelta(days=7), minutes, zone)
        return moment
    turns = [minutes] if sure or groups["period"] or not 0 < hour < 12 else [minutes, minutes + 720]
    today = here.date()
    coming = [_at(today + timedelta(days=ahead), turn, zone) for ahead in (0, 1) for turn in turns]
    return next((moment for moment in coming if moment > here), None)


def _clock(groups: dict[str, str | None]) -> tuple[int, int, bool] | None:
    """Return hour, minute and whether the hour is one of 24 and not of a dial."""
    if groups.get("word"):
        return (12, 0, True) if groups["word"] == "正午" else (24 if groups["word"] == "午夜" else 0, 0, True)
    if digital := groups.get("digital"):
        hour, minute = int(digital), int(groups["minutes"] or 0)
        if half := groups["half"]:
            if not 1 <= hour <= 12:
                return None
            hour = hour % 12 + (12 if half == "pm" else 0)
        return _valid(hour, minute, sure=True)
    written = groups.get("hour")
    if written is None:
        return 12, 0, True  # 中午 alone
    value = read_numeral(written)
    said = _minute((groups["minute"] or "").replace(" ", ""))
    if value is None or said is None:
        return None
    return _valid(int(value), said, sure=value > 12 or value == 0)


def _valid(hour: int, minute: int, *, sure: bool) -> tuple[int, int, bool] | None:
    return (hour, minute, sure) if minute < 60 and (hour < 24 or (hour == 24 and minute == 0)) else None


def _minute(written: str) -> int | None:
    known = {"": 0, "整": 0, "半": 30, "一刻": 15, "三刻": 45}
    if written in known:
        return known[written]
    value = read_numeral(written.removesuffix("分").lstrip("零〇") or "0")
    return None if value is None else int(value)


def _by_period(period: str, deep: bool, hour: int, minute: int) -> int | None:
    """Return minutes since the start of the day, more than a day's for the hours after midnight; None for 上午15点."""
    if period in {"晚", "晚上", "夜里", "晚间", "半夜"}:
        if hour in {0, 12}:
            hour = 24
        elif hour <= 4:
            hour += 24  # 今晚1点 is after midnight
        elif hour < 12:
            hour += 12
    elif deep or (period in {"早", "早上", "早晨", "清晨", "上午", "凌晨"} and hour > 12):
        return None
    elif period == "凌晨":
        hour %= 12
    elif period in {"下午", "傍晚"}:
        hour += 12 if 0 < hour < 12 else 0
        if hour < 12:
            return None
    elif period == "中午":
        hour += 12 if 0 < hour < 3 else 0
        if not 10 <= hour <= 14:
            return None
    return hour * 60 + minute


def _day(groups: dict[str, str | None], here: datetime) -> date | None:
    """Return the day that is named; None when none is."""
    today = here.date()
    if named := groups["day"]:
        return today + timedelta(days=_DAYS[named])
    if weekday := groups["weekday"]:
        ahead = _WEEK[weekday] - today.weekday()
        week = (groups["week"] or "")[:1]
        if not week:
            return today + timedelta(days=ahead % 7)
        return today + timedelta(days=ahead + (7 if week == "下" else 0))
    return _date(groups, today) if groups["month"] or groups["alone"] else None


def _date(groups: dict[str, str | None], today: date) -> date:
    """Return a date; without a year it is the one nearest to now, without a month the next one."""
    if groups["alone"]:
        mday = int(groups["alone"])
        month = today.month + (mday < today.day)
        return date(today.year + (month > 12), (month - 1) % 12 + 1, mday)
    month, mday = (int(read_numeral(groups[name] or "") or 0) for name in ("month", "mday"))
    if groups["year"]:
        return date(int(groups["year"]), month, mday)
    this = date(today.year, month, mday)
    return date(today.year + 1, month, mday) if today - this > _HALF_YEAR else this


def _at(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    over, within = divmod(minutes, 1440)
    return datetime.combine(day + timedelta(days=over), time(within // 60, within % 60), tzinfo=zone)
