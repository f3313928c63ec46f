"""What a supplier's schedule may say; pure, so that a wrong one is found when the settings are read."""

from __future__ import annotations

import re
from datetime import timedelta

_EVERY = re.compile(r"every\s+([1-9]\d{0,4})\s*(s|m|h)")
_PART = re.compile(r"(\*|[a-z0-9]+(?:-[a-z0-9]+)?)(?:/([1-9]\d?))?")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FIELDS: tuple[tuple[str, int, int], ...] = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of the month", 1, 31),
    ("month", 1, 12),
    ("day of the week", 0, 6),
)
_FORMS = 'write "every 30m", or five cron fields such as "0 7 * * mon-fri"'


_UNITS = {"s": "seconds", "m": "minutes", "h": "hours"}


def interval(text: str) -> timedelta | None:
    """Return how long ``every N(s|m|h)`` means, None for anything else (cron fields, or only by hand)."""
    match = _EVERY.fullmatch(text)
    return timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else None


def check_schedule(text: str) -> None:
    """Raise ``ValueError`` unless ``text`` is empty, ``every N(s|m|h)`` or five cron fields with day names."""
    if not text or _EVERY.fullmatch(text):
        return
    fields = text.split()
    if len(fields) != len(_FIELDS):
        raise ValueError(f"{text!r} is not a schedule; {_FORMS}")
    for field, (name, low, high) in zip(fields, _FIELDS, strict=True):
        for part in field.lower().split(","):
            _check_part(part, name, low, high)


def _check_part(part: str, name: str, low: int, high: int) -> None:
    match = _PART.fullmatch(part)
    if match is None:
        raise ValueError(f"{part!r} is not a {name}; {_FORMS}")
    if match[1] == "*":
        return
    places = [_place(word, name, low, high) for word in match[1].split("-")]
    if places != sorted(places):
        raise ValueError(f"{part!r} runs backwards; write the earlier {name} first")


def _place(word: str, name: str, low: int, high: int) -> int:
    """Return where a number or a name stands in its range."""
    if name == "day of the week":
        # Numbers are refused: cron counts from Sunday, the scheduler from Monday.
        if word not in _DAYS:
            raise ValueError(f"{word!r} is not a day; write mon, tue, wed, thu, fri, sat or sun, not a number")
        return _DAYS.index(word)
    if name == "month" and word in _MONTHS:
        return _MONTHS.index(word) + 1
    if not word.isdecimal() or not low <= int(word) <= high:
        raise ValueError(f"{word!r} is not a {name} between {low} and {high}; {_FORMS}")
    return int(word)
