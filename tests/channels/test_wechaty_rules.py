"""The pure parts of the wechaty channel, with plain values."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from grpclib.const import Status
from grpclib.exceptions import GRPCError, StreamTerminatedError
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError
from wechaty_grpc.wechaty.puppet import (
    ContactPayloadResponse,
    EventResponse,
    MessagePayloadResponse,
    RoomMemberPayloadResponse,
    RoomPayloadResponse,
)

from bot.channels.protocol import Link
from bot.channels.wechaty.client import server_name_indication, tls_context
from bot.channels.wechaty.directory import Directory
from bot.channels.wechaty.faults import (
    DisconnectedError,
    Fault,
    FingerprintError,
    FrozenError,
    Speech,
    StreamEndedError,
    describe,
    name_fault,
    was_refused,
)
from bot.channels.wechaty.payloads import (
    GatewayEvent,
    Surroundings,
    kind_of,
    read_event,
    read_message,
    read_time,
    split_quote,
    write_mentions,
)
from bot.channels.wechaty.settings import WechatySettings
from bot.channels.wechaty.supervisor import Backoff, Supervisor
from bot.channels.wechaty.throttle import Throttle
from core.clock import ManualClock
from core.messages import MessageKey, MessageKind, RoomSeen

NOW = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
KEY = MessageKey("wechaty", "wxid_bot", "m1")
RULE = "- - - - - - - - - - - - - - -"


def settings(**values: Any) -> WechatySettings:
    token = SecretStr(values.pop("token", "insecure_8f0e"))
    return WechatySettings.model_validate({"endpoint": "127.0.0.1:8788", "token": token, **values})


class TestPayloads:
    def payload(self, **values: Any) -> MessagePayloadResponse:
        return MessagePayloadResponse(id="m1", from_id="wxid_a", room_id="r@chatroom", type=7, **values)

    @pytest.mark.parametrize(
        ("number", "text", "kind"),
        [
            (7, "苹果", MessageKind.TEXT),
            (6, "苹果", MessageKind.TEXT),
            (16, "苹果", MessageKind.TEXT),
            (10, "#接龙\n1. 阿梅 2", MessageKind.TEXT),
            (6, "", MessageKind.IMAGE),
            (6, "<msg><img/></msg>", MessageKind.IMAGE),
            (7, "", MessageKind.UNKNOWN),
            (7, "<3 谢谢", MessageKind.TEXT),
            (1, "价目.xlsx", MessageKind.FILE),
            (14, "<msg>", MessageKind.LINK),
            (13, "撤回了一条消息", MessageKind.UNKNOWN),
            (9, "<msg><appmsg><title>#接龙</title><type>53</type></appmsg></msg>", MessageKind.UNKNOWN),
            (14, "<msg><appmsg><title>#接龙</title><type>53</type></appmsg></msg>", MessageKind.UNKNOWN),
            (14, "<msg><appmsg><title>文章</title><type>5</type></appmsg></msg>", MessageKind.LINK),
        ],
    )
    def test_the_number_alone_does_not_decide(self, number: int, text: str, kind: MessageKind) -> None:
        assert kind_of(number, text) is kind

    def test_of_nested_quotes_only_the_last_words_are_the_speakers(self) -> None:
        text = f"「小棠：「老郭：草莓 19.9」\n{RULE}\n来十箱」\n{RULE}\n好多啊"
        quote, body = split_quote(text)
        assert body == "好多啊"
        assert quote is not None
        assert "来十箱" in quote.text

    @pytest.mark.parametrize("text", ["「老郭：草莓」", "「老郭」\n- - - - -\n好", "草莓：「甜」\n- - -\n好", "「」"])
    def test_what_only_looks_like_a_quote_stays_whole(self, text: str) -> None:
        assert split_quote(text) == (None, text)

    @given(st.text())
    def test_no_text_breaks_reading(self, text: str) -> None:
        quote, body = split_quote(text)
        assert text.endswith(body)
        assert quote is None or len(body) < len(text)
        kind_of(7, text)

    @pytest.mark.parametrize(
        ("number", "expected"),
        [
            (1_795_341_600, datetime(2026, 11, 22, 10, 0, tzinfo=UTC)),
            (1_795_341_600_000, datetime(2026, 11, 22, 10, 0, tzinfo=UTC)),
            (0, NOW),
            (2**63, NOW),
            (4_000_000_000, NOW),
        ],
    )
    def test_times_are_seconds_or_milliseconds_or_now(self, number: int, expected: datetime) -> None:
        assert read_time(number, NOW) == expected

    def test_a_mention_by_name_counts_when_the_name_is_ones_own(self) -> None:
        payload = self.payload(text="@群助手\u2005@阿梅\u2005 有桃子吗 @路人 hi")
        around = Surroundings(own_names={"群助手"}, ids_by_name={"阿梅": "wxid_mei"})
        message = read_message(KEY, payload, around, NOW)
        assert message.mentions_bot
        assert message.mentions == ("wxid_mei", "wxid_bot")

    def test_a_mention_inside_a_quote_is_not_the_speakers(self) -> None:
        payload = self.payload(text=f"「老郭：@群助手\u2005 暂停」\n{RULE}\n收到")
        message = read_message(KEY, payload, Surroundings(own_names={"群助手"}), NOW)
        assert not message.mentions_bot

    def test_ones_own_words_are_known_by_their_sender(self) -> None:
        payload = MessagePayloadResponse(id="m1", from_id="wxid_bot", text="早", type=7)
        message = read_message(KEY, payload, Surroundings(), NOW)
        assert message.is_self
        json.dumps(message.raw)

    def test_the_character_that_databases_refuse_is_dropped(self) -> None:
        assert read_message(KEY, self.payload(text="苹\0果"), Surroundings(), NOW).text == "苹果"

    def test_mentions_are_written_as_the_phone_writes_them(self) -> None:
        assert write_mentions("到了", [("a", "阿梅"), ("b", "老郭")]) == "@阿梅\u2005@老郭\u2005到了"

    @pytest.mark.parametrize("payload", ["", "not json", "[1]", '{"messageId": 5}', '{"inviteeIdList": "x"}'])
    def test_a_broken_event_is_an_empty_one(self, payload: str) -> None:
        event = read_event(EventResponse(type=4, payload=payload))
        assert (event.type, event.text("messageId"), event.texts("inviteeIdList")) == (4, "", ())


class TestFaults:
    @pytest.mark.parametrize(
        ("error", "tls", "speech", "link"),
        [
            (ConnectionRefusedError(), False, Speech.UNKNOWN, Link.PORT_CLOSED),
            (TimeoutError(), False, Speech.NOTHING_LISTENS, Link.PORT_CLOSED),
            (TimeoutError(), True, Speech.SILENT, Link.FROZEN),
            (FrozenError(3), False, Speech.UNKNOWN, Link.FROZEN),
            (StreamTerminatedError("Connection lost"), False, Speech.TLS, Link.TLS_MISMATCH),
            (ssl.SSLError(), True, Speech.PLAIN, Link.TLS_MISMATCH),
            (StreamTerminatedError("Connection lost"), False, Speech.PLAIN, Link.LOST),
            (FingerprintError("ab"), True, Speech.UNKNOWN, Link.CERTIFICATE_REFUSED),
            (ssl.SSLCertVerificationError(), True, Speech.UNKNOWN, Link.CERTIFICATE_REFUSED),
            (GRPCError(Status.UNAUTHENTICATED, "x"), False, Speech.UNKNOWN, Link.WRONG_TOKEN),
            (GRPCError(Status.ALREADY_EXISTS, "x"), False, Speech.UNKNOWN, Link.REPLACED),
            (GRPCError(Status.UNIMPLEMENTED, "x"), False, Speech.UNKNOWN, Link.LOST),
            (StreamEndedError(5), False, Speech.UNKNOWN, Link.LOST),
        ],
    )
    def test_each_has_its_name(self, error: Exception, tls: bool, speech: Speech, link: Link) -> None:
        fault = name_fault(error, "127.0.0.1:8788", tls=tls, speech=speech)
        assert fault.link is link
        assert fault.detail

    @pytest.mark.parametrize(
        ("error", "refused"),
        [
            (DisconnectedError("gone"), True),
            (GRPCError(Status.UNKNOWN, "not logged in"), True),
            (GRPCError(Status.UNKNOWN, "Error: request timeout"), False),
            (GRPCError(Status.UNKNOWN, "connect ETIMEDOUT"), False),
            (GRPCError(Status.UNAVAILABLE, ""), False),
            (GRPCError(Status.DEADLINE_EXCEEDED), False),
            (TimeoutError(), False),
            (StreamTerminatedError("Connection lost"), False),
            (ConnectionResetError(), False),
        ],
    )
    def test_only_a_clear_answer_is_a_refusal(self, error: Exception, refused: bool) -> None:
        assert was_refused(error) is refused

    def test_the_words_of_a_refused_token_are_not_repeated(self) -> None:
        assert describe(GRPCError(Status.UNAUTHENTICATED, 'Invalid Wechaty TOKEN "geheim"')) == "UNAUTHENTICATED"


class TestSettings:
    @pytest.mark.parametrize(
        "values",
        [
            {"endpoint": "127.0.0.1"},
            {"endpoint": "http://127.0.0.1:8788"},
            {"endpoint": "127.0.0.1:70000"},
            {"token": ""},
            {"token": "with space"},
            {"token": "令牌"},
            {"tls": "ca"},
            {"tls": "pin"},
            {"tls": "pin", "fingerprint": "ab:cd"},
            {"lookups_per_second": 5},
            {"backoff_min_s": 50, "backoff_max_s": 10},
            {"unknown_key": 1},
        ],
    )
    def test_what_cannot_work_is_refused(self, values: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            settings(**values)

    def test_addresses_and_fingerprints_are_read_as_people_write_them(self) -> None:
        six = settings(endpoint="[::1]:8788", tls="pin", fingerprint=":".join(["AB"] * 32))
        assert (six.host, six.port, six.fingerprint) == ("::1", 8788, "ab" * 32)

    def test_the_token_is_not_printed(self) -> None:
        assert "8f0e" not in repr(settings())

    def test_every_setting_is_described(self) -> None:
        assert all(field.description for field in WechatySettings.model_fields.values())

    def test_the_secret_part_of_a_token_never_names_the_server(self) -> None:
        assert server_name_indication(settings(token="Insecure_8f0e")) == "insecure"
        assert server_name_indication(settings(token="8f0e")) == "127.0.0.1"

    def test_every_way_but_plain_text_speaks_tls(self) -> None:
        assert tls_context(settings()) is None
        pinned = tls_context(settings(tls="pin", fingerprint="ab" * 32))
        assert pinned is not None
        assert pinned.minimum_version >= ssl.TLSVersion.TLSv1_2


class TestWaits:
    def test_waits_double_up_to_the_longest_and_begin_again(self) -> None:
        backoff = Backoff(1, 60, uniform=lambda least, most: most)
        assert [backoff.next() for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
        backoff.reset()
        assert backoff.next() == 1

    def test_waits_differ(self) -> None:
        assert len({Backoff(1, 60).next() for _ in range(20)}) > 1

    async def test_a_bucket_gives_its_burst_and_then_its_rate(self, clock: ManualClock) -> None:
        throttle = Throttle(clock, rate=2, burst=2)
        assert [throttle.take_now() for _ in range(3)] == [True, True, False]
        clock.advance(0.5)
        assert [throttle.take_now() for _ in range(2)] == [True, False]
        clock.set(clock.now() - timedelta(hours=1))  # the machine's clock is set back
        assert not throttle.take_now()
        clock.advance(0.5)
        assert throttle.take_now()

    async def test_background_work_leaves_one_for_messages(self, clock: ManualClock) -> None:
        throttle = Throttle(clock, rate=2, burst=2)
        await throttle.take()
        began = clock.now()
        await throttle.take()
        assert (clock.now() - began).total_seconds() == pytest.approx(0.5)
        assert throttle.take_now()


class TestSupervisor:
    async def trial(self, clock: ManualClock, errors: list[Exception], **values: Any) -> list[tuple[Link, float]]:
        """Let each attempt end with the next error; return each fault with the wait after it, in seconds."""
        seen: list[tuple[Link, datetime]] = []
        taken: list[bool] = []

        async def attempt(take_over: bool) -> None:
            taken.append(take_over)
            if len(taken) > len(errors):
                raise asyncio.CancelledError
            raise errors[len(taken) - 1]

        def report(fault: Fault) -> None:
            seen.append((fault.link, clock.now()))

        supervisor = Supervisor(
            settings=settings(**values),
            clock=clock,
            attempt=attempt,
            report=report,
            backoff=Backoff(1, 60, uniform=lambda least, most: most),
        )
        with pytest.raises(asyncio.CancelledError):
            await supervisor.run()
        ends = [at for _, at in seen[1:]] + [clock.now()]
        self.taken = taken
        return [(link, (end - at).total_seconds()) for (link, at), end in zip(seen, ends, strict=True)]

    async def test_a_stream_that_was_taken_is_left_alone_for_long(self, clock: ManualClock) -> None:
        errors = [StreamEndedError(3600), GRPCError(Status.ALREADY_EXISTS), GRPCError(Status.ALREADY_EXISTS)]
        faults = await self.trial(clock, errors)
        assert faults == [(Link.LOST, 1), (Link.REPLACED, 360), (Link.REPLACED, 360)]
        assert not any(self.taken)

    async def test_a_gateway_that_lets_the_latest_win_is_not_fought_over(self, clock: ManualClock) -> None:
        faults = await self.trial(clock, [StreamEndedError(3600), StreamEndedError(2), StreamEndedError(2)])
        assert [link for link, _ in faults] == [Link.LOST, Link.LOST, Link.REPLACED]
        assert faults[-1][1] == 360

    async def test_ones_own_dead_connection_is_waited_for_briefly(self, clock: ManualClock) -> None:
        faults = await self.trial(clock, [FrozenError(15), *[GRPCError(Status.ALREADY_EXISTS)] * 5], take_over=True)
        assert [wait for _, wait in faults] == [1, 2, 4, 8, 16, 360]
        assert self.taken == [False] * 6 + [True]


class SlowGateway:
    """Look-ups that are counted; everybody is called after the id."""

    def __init__(self, clock: ManualClock, members: list[str]) -> None:
        self.clock = clock
        self.members = members
        self.asked: list[tuple[str, datetime]] = []
        self.unknown: set[str] = set()
        self.gone = False

    def _ask(self, subject: str) -> None:
        if self.gone:
            raise DisconnectedError("gone")
        self.asked.append((subject, self.clock.now()))
        if subject in self.unknown:
            raise GRPCError(Status.UNKNOWN, "no such contact")

    async def contact(self, contact_id: str) -> ContactPayloadResponse:
        self._ask(contact_id)
        return ContactPayloadResponse(id=contact_id, name=f"名{contact_id}")

    async def room(self, room_id: str) -> RoomPayloadResponse:
        self._ask(room_id)
        return RoomPayloadResponse(id=room_id, topic="水果", owner_id="m0", member_ids=self.members)

    async def room_ids(self) -> list[str]:
        return ["r"]

    async def member(self, room_id: str, member_id: str) -> RoomMemberPayloadResponse:
        self._ask(member_id)
        return RoomMemberPayloadResponse(id=member_id, name=f"名{member_id}", room_alias=f"群{member_id}")


class TestDirectory:
    def directory(
        self, clock: ManualClock, gateway: SlowGateway, emit: Callable[[RoomSeen], None], burst: int = 2
    ) -> Directory:
        throttle = Throttle(clock, rate=1.5, burst=burst)
        return Directory(
            clock=clock,
            throttle=throttle,
            ttl_s=3600,
            gateway=lambda: gateway,
            account=lambda: "bot",
            emit=emit,
        )

    async def worked(self, directory: Directory, done: Callable[[], bool]) -> None:
        task = asyncio.create_task(directory.run())
        async with asyncio.timeout(5):
            while not done():  # noqa: ASYNC110 - the manual clock gives no event to wait for
                await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def test_a_large_room_is_looked_up_slowly_and_reported_once_whole(self, clock: ManualClock) -> None:
        gateway = SlowGateway(clock, [f"m{n}" for n in range(100)])
        gateway.unknown = {"m7"}
        seen: list[RoomSeen] = []
        directory = self.directory(clock, gateway, seen.append)
        directory.refresh()
        await self.worked(directory, lambda: any(event.complete for event in seen))
        assert [(e.topic, e.owner_id, e.complete, len(e.members)) for e in seen] == [
            ("水果", "m0", False, 0),
            ("水果", "m0", True, 100),
        ]
        assert [m.name for m in seen[1].members if m.member_id == "m7"] == [""]
        times = [at for _, at in gateway.asked]
        per_second = max(sum(0 <= (b - a).total_seconds() < 1 for b in times) for a in times)
        assert per_second <= 4

    async def test_a_message_never_waits_for_a_name(self, clock: ManualClock) -> None:
        gateway = SlowGateway(clock, ["m0"])
        seen: list[RoomSeen] = []
        directory = self.directory(clock, gateway, seen.append, burst=1)
        assert await directory.topic("r") == "水果"
        began = clock.now()
        assert (await directory.names("r", "m0")).name == ""
        assert clock.now() == began
        await self.worked(directory, lambda: bool(seen))
        assert seen[0].members[0].room_name == "群m0"
        assert (await directory.names("r", "m0")).room_name == "群m0"

    async def test_what_is_known_is_not_asked_again_until_it_is_stale(self, clock: ManualClock) -> None:
        gateway = SlowGateway(clock, ["m0"])
        directory = self.directory(clock, gateway, lambda _: None, burst=10)
        for _ in range(3):
            await directory.names("r", "m0")
        assert len(gateway.asked) == 1
        directory.forget(GatewayEvent(27, {"payloadType": 4, "payloadId": "r"}))
        await directory.names("r", "m0")
        clock.advance(3601)
        await directory.names("r", "m0")
        assert len(gateway.asked) == 3

    async def test_a_lost_connection_ends_the_work_until_the_next_login(self, clock: ManualClock) -> None:
        gateway = SlowGateway(clock, ["m0", "m1"])
        gateway.gone = True
        seen: list[RoomSeen] = []
        directory = self.directory(clock, gateway, seen.append)
        directory.refresh()
        task = asyncio.create_task(directory.run())
        for _ in range(20):
            await asyncio.sleep(0)
        gateway.gone = False
        directory.refresh()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await self.worked(directory, lambda: any(event.complete for event in seen))

    async def test_a_name_of_two_people_stands_for_nobody(self, clock: ManualClock) -> None:
        gateway = SlowGateway(clock, [])
        directory = self.directory(clock, gateway, lambda _: None, burst=10)
        gateway.member = self.same_name  # type: ignore[method-assign]
        await directory.names("r", "m0")
        await directory.names("r", "m1")
        assert directory.ids_by_name("r") == {}

    @staticmethod
    async def same_name(room_id: str, member_id: str) -> RoomMemberPayloadResponse:
        return RoomMemberPayloadResponse(id=member_id, name="小王")
