"""Transcripts: JSON Lines and copied chat, and how a line that is neither is named."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.transcript import DEFAULT_GROUP, Said, TranscriptError, read_transcript
from core.messages import Quote

ZONE = ZoneInfo("Asia/Shanghai")
GOOD = '{"at": "2026-11-22T19:30:00", "group": "g", "member": "m", "text": "t"}'


def read(content: str) -> list[Said]:
    return list(read_transcript(content.splitlines(keepends=True), ZONE))


def test_json_lines() -> None:
    first, second = read(
        '\n{"at": "2026-11-22T11:30:00Z", "group": "g", "member": "林姐", "text": "暂停", "role": "leader", "id": "x",'
        ' "room_name": "团长", "quote": {"member": "a", "text": "b"}}\n\n' + GOOD
    )
    assert first.at == datetime(2026, 11, 22, 11, 30, tzinfo=UTC)
    assert (first.line, first.group, first.member, first.text) == (2, "g", "林姐", "暂停")
    assert (first.is_leader, first.room_name, first.quote) == (True, "团长", Quote("a", "b"))
    assert second.at == datetime(2026, 11, 22, 19, 30, tzinfo=ZONE), "a time without a zone is local"
    assert (second.line, second.is_leader, second.quote) == (4, False, None)


def test_copied_chat_with_whole_dates() -> None:
    chat = "小美 2026/11/22 19:30:12\n有草莓吗\n3斤装 19:30 要\n\n阿 强: 2026年1月2日 9:05\n[图片]\n"
    first, second = read(chat)
    assert (first.line, first.member, first.text) == (1, "小美", "有草莓吗\n3斤装 19:30 要")
    assert first.at == datetime(2026, 11, 22, 19, 30, 12, tzinfo=ZONE)
    assert first.group == DEFAULT_GROUP
    assert (second.member, second.text, second.at.hour) == ("阿 强", "[图片]", 9)


def test_copied_chat_with_day_rules() -> None:
    chat = "—————  2026-11-22  —————\n\n小美  19:30\n\n有草莓吗\n\n—————  2026-11-23  —————\n老周  00:01\n早\n"
    first, second = read(chat)
    assert (first.member, first.text, first.at.day) == ("小美", "有草莓吗", 22)
    assert (second.member, second.text, second.at.day) == ("老周", "早", 23)


def test_what_only_looks_like_a_head_is_text() -> None:
    (one,) = read("小美 2026/11/22 19:30:12\n晚上 25:99\n明天见\n")
    assert one.text == "晚上 25:99\n明天见"


@pytest.mark.parametrize("content", ["", "\n \n", "\r\n"])
def test_nothing_is_nothing(content: str) -> None:
    assert read(content) == []


BAD = [
    ("{broken", "is not JSON"),
    ('{"at": "yesterday", "group": "g", "member": "m", "text": "t"}', "ISO time"),
    ('{"group": "g", "member": "m", "text": "t"}', "at is missing"),
    ('{"at": "2026-11-22T19:30:00", "group": "g", "member": 5, "text": "t"}', "member"),
    ('{"at": "2026-11-22T19:30:00", "group": "g", "member": "m", "text": "t", "mood": 1}', "unknown key 'mood'"),
    ('{"at": "2026-11-22T19:30:00", "group": "g", "member": "m", "text": "t", "role": "king"}', "role is 'king'"),
    ('{"at": "2026-11-22T19:30:00", "group": "g", "member": "m", "text": "t", "role": []}', "role"),
    ('{"at": "2026-11-22T19:30:00", "group": "g", "member": "m", "text": "t", "room_name": 3}', "room_name"),
    ('{"at": "2026-11-22T19:30:00", "group": "g", "member": "m", "text": "t", "quote": "x"}', "quote"),
    ("[1, 2]", "must be an object"),
    ('{"a":' * 100_000, "is not JSON"),
    ("小美 2026/11/22 19:30:12", "is not JSON"),
]


@pytest.mark.parametrize(("bad", "said"), BAD, ids=[f"{said}-{len(bad)}" for bad, said in BAD])
def test_a_bad_line_is_named_by_its_number(bad: str, said: str) -> None:
    said_so_far = read_transcript([GOOD, "", bad, GOOD], ZONE)
    assert next(said_so_far).text == "t"
    with pytest.raises(TranscriptError) as caught:
        next(said_so_far)
    assert caught.value.line == 3
    assert str(caught.value).startswith("line 3: ")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("chat", "said"),
    [
        ("谁在说话\n", "line 1: text before any name"),
        ("\n小美 19:30\n有草莓吗\n", "line 2: text before any name"),
        ("小美 2026/13/22 19:30:12\n有草莓吗\n", "line 1: 2026-13-22 is no date"),
        ("—— 2026-02-31 ——\n", "line 1: 2026-02-31 is no date"),
    ],
)
def test_copied_chat_that_cannot_be_read_is_named(chat: str, said: str) -> None:
    with pytest.raises(TranscriptError, match=said):
        read(chat)


@given(st.text())
def test_any_text_is_read_or_named(content: str) -> None:
    try:
        for one in read(content):
            assert one.at.tzinfo is not None
    except TranscriptError as error:
        assert error.line >= 1  # noqa: PT017 - either way is right
