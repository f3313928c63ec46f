"""How a gateway says that a message was taken back, with plain values."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wechaty_grpc.wechaty.puppet import MessagePayloadResponse

from bot.channels.wechaty.payloads import Surroundings, read_message, read_recall
from core.clock import monotonic
from core.messages import MessageKey, MessageKind

NOW = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
KEY = MessageKey("wechaty", "wxid_bot", "m1")
REVOKED = (
    '<sysmsg type="revokemsg">\n<revokemsg><session>1@chatroom</session><msgid>1062</msgid>'
    '<newmsgid>622753</newmsgid><replacemsg><![CDATA["阿梅" 撤回了一条消息]]></replacemsg></revokemsg></sysmsg>'
)


@pytest.mark.parametrize(
    ("number", "text", "recalls"),
    [
        (13, "3458764513820540930", "3458764513820540930"),
        (13, " cl9z0x1a20000 ", "cl9z0x1a20000"),
        (13, REVOKED, "622753"),
        (0, REVOKED, "622753"),
        (13, f"12345@chatroom:\n{REVOKED}", "622753"),
        (13, REVOKED.replace("<newmsgid>622753</newmsgid>", ""), "1062"),
        (13, "<revokemsg><newmsgid><![CDATA[77]]></newmsgid></revokemsg>", "77"),
        (13, '"阿梅" 撤回了一条消息', ""),
    ],
)
def test_a_recall_says_what_was_taken_back(number: int, text: str, recalls: str) -> None:
    message = read_message(KEY, MessagePayloadResponse(type=number, text=text), Surroundings(), NOW)
    assert (message.kind, message.recalls) == (MessageKind.RECALL, recalls)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (13, '<sysmsg type="pat"><pat><fromusername>wxid_a</fromusername></pat></sysmsg>'),
        (13, ""),
        (7, REVOKED),
        (6, REVOKED),
        (7, "3458764513820540930"),
        (0, "我刚撤回了一条消息 <revokemsg>"),
        (13, REVOKED + "x" * 10_000),
    ],
)
def test_what_a_member_can_type_or_a_pat_is_no_recall(number: int, text: str) -> None:
    message = read_message(KEY, MessagePayloadResponse(type=number, text=text), Surroundings(), NOW)
    assert (message.kind is MessageKind.RECALL, message.recalls) == (False, "")


@given(st.integers(0, 16), st.text())
def test_no_text_breaks_the_search_for_a_recall(number: int, text: str) -> None:
    read_recall(number, text)


@pytest.mark.parametrize("piece", ["<type> ", "<sysmsg ", "<newmsgid>", "a@", "「", "- ", "「a：」\n- - -", "\n"])
def test_reading_stays_linear_on_hostile_texts(piece: str) -> None:
    began = monotonic()
    for number in (0, 7, 13, 14):
        text = piece * (64 * 1024 // len(piece))
        read_message(KEY, MessagePayloadResponse(type=number, text=text), Surroundings(), NOW)
    assert monotonic() - began < 1.0
