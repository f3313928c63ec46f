"""Transcripts of group chat: JSON Lines, or chat as WeChat copies it. Pure; one line at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from itertools import chain
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from core.messages import Quote

DEFAULT_GROUP = "transcript"
"""The group of copied chat, which does not say where it comes from."""

_DAY_RULE = re.compile(r"^\s*[—–―─-]{2,}\s*(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?\s*[—–―─-]{2,}\s*$")
_FULL_HEAD = re.compile(
    r"^(?P<name>\S.{0,63}?)[:：]?\s+(?P<y>\d{4})[-/.年](?P<m>\d{1,2})[-/.月](?P<d>\d{1,2})日?\s+"
    r"(?P<H>\d{1,2}):(?P<M>\d{2})(?::(?P<S>\d{2}))?\s*$"
)
_SHORT_HEAD = re.compile(r"^(?P<name>\S.{0,63}?)\s{1,}(?P<H>\d{1,2}):(?P<M>\d{2})(?::(?P<S>\d{2}))?\s*$")
_NEEDED = ("at", "group", "member", "text")
_KEYS = frozenset({*_NEEDED, "role", "room_name", "quote", "id"})


class TranscriptError(Exception):
    """A line of a transcript cannot be read; the text names the line and the key."""

    def __init__(self, line: int, text: str) -> None:
        self.line = line
        super().__init__(f"line {line}: {text}")


class Said(NamedTuple):
    """One message of a transcript. ``line`` is where it starts in the file, from 1."""

    line: int
    at: datetime
    group: str
    member: str
    text: str
    is_leader: bool = False
    room_name: str = ""
    quote: Quote | None = None


def read_transcript(lines: Iterable[str], zone: ZoneInfo, group: str = DEFAULT_GROUP) -> Iterator[Said]:
    """Yield the messages of a transcript in the order of the file; raise ``TranscriptError`` for what is none.

    The first line with content decides the form: an object is JSON Lines, anything else copied chat. Times without
    a zone are local to ``zone``; ``group`` is where copied chat comes from.
    """
    numbered = enumerate(lines, start=1)
    for number, line in numbered:
        if line.strip():
            whole = chain([(number, line)], numbered)
            is_json = line.lstrip().startswith("{")
            yield from _json_lines(whole, zone) if is_json else _copied(whole, zone, group)
            return


def _json_lines(numbered: Iterable[tuple[int, str]], zone: ZoneInfo) -> Iterator[Said]:
    for number, line in numbered:
        if line.strip():
            yield _from_json(number, line, zone)


def _from_json(number: int, line: str, zone: ZoneInfo) -> Said:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise TranscriptError(number, f"is not JSON: {error}") from None
    if not isinstance(entry, dict):
        raise TranscriptError(number, "must be an object with at, group, member and text")
    if not entry.keys() <= _KEYS:
        unknown = min(entry.keys() - _KEYS)
        raise TranscriptError(number, f"unknown key {unknown!r}; known are {', '.join(sorted(_KEYS))}")
    at, group, member, text = map(entry.get, _NEEDED)
    if not (isinstance(at, str) and isinstance(group, str) and isinstance(member, str) and isinstance(text, str)):
        missing = next(key for key in _NEEDED if not isinstance(entry.get(key), str))
        raise TranscriptError(number, f"{missing} is missing or no text")
    role = entry.get("role", "member")
    if role not in ("leader", "member"):
        raise TranscriptError(number, f"role is {role!r}; write leader or member")
    room_name = entry.get("room_name") or ""
    if not isinstance(room_name, str):
        raise TranscriptError(number, "room_name must be text")
    when = _instant(number, at, zone)
    quote = _quote(number, entry.get("quote"))
    return Said(number, when, group, member, text, role == "leader", room_name, quote)


def _instant(number: int, text: str, zone: ZoneInfo) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise TranscriptError(number, f"at is {text!r}; write an ISO time such as 2026-11-22T19:30:12+08:00") from None
    return at if at.tzinfo is not None else at.replace(tzinfo=zone)


def _quote(number: int, value: Any) -> Quote | None:
    if value is None:
        return None
    if not isinstance(value, dict) or not all(isinstance(value.get(key), str) for key in ("member", "text")):
        raise TranscriptError(number, "quote must be an object with member and text")
    return Quote(value["member"], value["text"])


def _copied(numbered: Iterable[tuple[int, str]], zone: ZoneInfo, group: str) -> Iterator[Said]:
    """Read heads (name and time) with the text below them; a day rule gives the date of short heads."""
    day: date | None = None
    head: tuple[int, str, datetime] | None = None
    body: list[str] = []
    for number, raw in numbered:
        line = raw.rstrip("\r\n")
        rule = _DAY_RULE.match(line)
        found = None if rule else _head(number, line, day, zone)
        if rule is None and found is None:
            if head is None and line.strip():
                raise TranscriptError(
                    number, "text before any name and time; start with a line such as 小美 2026/11/22 19:30:12"
                )
            body.append(line)
            continue
        if head is not None:
            yield _said(head, body, group)
        head, body = found, []
        if rule is not None:
            day = _day(number, *rule.groups())
    if head is not None:
        yield _said(head, body, group)


def _head(number: int, line: str, day: date | None, zone: ZoneInfo) -> tuple[int, str, datetime] | None:
    match = _FULL_HEAD.match(line)
    if match is not None:
        on = _day(number, match["y"], match["m"], match["d"])
    else:
        match = _SHORT_HEAD.match(line)
        if match is None or day is None:
            return None
        on = day
    try:
        clock = time(int(match["H"]), int(match["M"]), int(match["S"] or 0))
    except ValueError:
        return None
    return number, match["name"].strip(), datetime.combine(on, clock, zone)


def _day(number: int, year: str, month: str, day: str) -> date:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        raise TranscriptError(number, f"{year}-{month}-{day} is no date") from None


def _said(head: tuple[int, str, datetime], body: list[str], group: str) -> Said:
    number, name, at = head
    return Said(number, at, group, name, "\n".join(body).strip("\n"))
