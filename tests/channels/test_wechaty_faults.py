"""Every fault of the way to a gateway, made for real: named exactly, told with what to do, and outlived."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from bot.channels.protocol import Link, SendRefusedError, SendUncertainError
from bot.channels.wechaty.channel import CertificateFileError
from bot.channels.wechaty.client import GatewayClient
from bot.channels.wechaty.diagnosis import diagnose
from core.messages import Gap, OutgoingMessage, RoomSeen
from tests.channels.contract import AMEI, FRUIT, running, until
from tests.channels.recording_sink import RecordingSink
from tests.channels.wechaty_gateway import FOLDER, GatewayProcess
from tests.channels.wechaty_rig import IMPATIENT, TOKEN, WechatyRig

pytestmark = pytest.mark.gateway

MakeRig = Callable[..., WechatyRig]


@pytest.fixture
def sink() -> RecordingSink:
    return RecordingSink()


@pytest_asyncio.fixture
async def second_process() -> AsyncIterator[GatewayProcess]:
    """A process of a test's own, which it may kill."""
    process = GatewayProcess()
    yield process
    process.end()


async def link_becomes(rig: WechatyRig, link: Link) -> str:
    """Wait for a state and return what it tells the operator."""
    await until(lambda: rig.channel.health().link is link, what=lambda: repr(rig.channel.health()))
    return rig.channel.health().detail


async def fingerprint_of(rig: WechatyRig) -> str:
    certificate = await asyncio.to_thread(ssl.get_server_certificate, ("127.0.0.1", rig.port))
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate)).hexdigest()


async def test_killed_and_back(second_process: GatewayProcess, wechaty_rig: WechatyRig, sink: RecordingSink) -> None:
    first = WechatyRig(second_process)
    await first.start()
    async with running(first.channel, sink):
        await first.say(FRUIT, AMEI, "有桃子吗")
        await sink.message("有桃子吗")
        second_process.end()
        assert "nothing listens" in await link_becomes(first, Link.PORT_CLOSED)
        with pytest.raises(SendRefusedError):
            await first.channel.send(OutgoingMessage("有", room_id=first.room_id(FRUIT)))
        await wechaty_rig.serve(port=first.port)  # another process, the same address
        await link_becomes(first, Link.ONLINE)
        gap = await sink.event(Gap)
        assert gap.since < gap.until
        await wechaty_rig.say(FRUIT, AMEI, "刚才说的还在吗")
        await sink.message("刚才说的还在吗")


async def test_frozen_is_noticed_and_outlived(rig_with: MakeRig, sink: RecordingSink) -> None:
    rig = rig_with(**IMPATIENT)
    await rig.start()
    async with running(rig.channel, sink):
        rig.process.freeze()
        try:
            with pytest.raises(SendUncertainError):  # nobody knows: the gateway may send it when it wakes up
                await rig.channel.send(OutgoingMessage("在吗", room_id=rig.room_id(FRUIT)))
            assert "no sign of life" in await link_becomes(rig, Link.FROZEN)
            with pytest.raises(SendRefusedError):
                await rig.channel.send(OutgoingMessage("在吗", room_id=rig.room_id(FRUIT)))
            await until(lambda: "does not answer" in rig.channel.health().detail)  # tried again, still so
            assert rig.channel.health().link is Link.FROZEN
        finally:
            rig.process.thaw()
        await link_becomes(rig, Link.ONLINE)
        await sink.event(Gap)
        await rig.say(FRUIT, AMEI, "醒了")
        await sink.message("醒了")


async def test_nothing_listens_from_the_start(rig_with: MakeRig, sink: RecordingSink) -> None:
    rig = rig_with()
    await rig.start()
    await rig.stop()
    async with running(rig.channel, sink, Link.PORT_CLOSED):
        assert rig.settings.endpoint in rig.channel.health().detail
        await rig.serve()
        await link_becomes(rig, Link.ONLINE)
    assert not sink.seen(Gap)  # it was never online before: nobody knows since when


async def test_a_wrong_token_is_named_and_never_shown(rig_with: MakeRig, sink: RecordingSink) -> None:
    rig = rig_with()
    await rig.start()
    await rig.serve(token="insecure_another")
    with capture_logs() as logs:
        async with running(rig.channel, sink, Link.WRONG_TOKEN):
            assert "set token" in rig.channel.health().detail
            assert TOKEN not in rig.channel.health().detail
            await rig.serve()  # the operator corrects it over there
            await link_becomes(rig, Link.ONLINE)
    assert TOKEN not in repr(logs)


async def test_tls_where_plain_text_was_expected(rig_with: MakeRig, sink: RecordingSink) -> None:
    rig = rig_with()
    await rig.start()
    await rig.serve(tls=True)
    async with running(rig.channel, sink, Link.TLS_MISMATCH):
        assert "speaks TLS, we speak plain text" in rig.channel.health().detail


async def test_plain_text_where_tls_was_expected(rig_with: MakeRig, sink: RecordingSink) -> None:
    rig = rig_with(tls="insecure")
    await rig.start()
    async with running(rig.channel, sink, Link.TLS_MISMATCH):
        assert "speaks plain text, we speak TLS" in rig.channel.health().detail


async def test_tls_with_a_pinned_certificate(rig_with: MakeRig, sink: RecordingSink) -> None:
    first = rig_with()
    await first.serve(tls=True)
    rig = rig_with(tls="pin", fingerprint=await fingerprint_of(first))
    await rig.start()
    await rig.serve(tls=True)
    async with running(rig.channel, sink):
        await rig.say(FRUIT, AMEI, "加密了吗")
        await sink.message("加密了吗")
        await rig.channel.send(OutgoingMessage("加密了", room_id=rig.room_id(FRUIT)))
        assert await rig.sent_texts(FRUIT) == ["加密了"]


async def test_another_certificate_than_the_pinned_one(rig_with: MakeRig, sink: RecordingSink) -> None:
    rig = rig_with(tls="pin", fingerprint="ab" * 32)
    await rig.start()
    await rig.serve(tls=True)
    async with running(rig.channel, sink, Link.CERTIFICATE_REFUSED):
        assert await fingerprint_of(rig) in rig.channel.health().detail


async def test_tls_with_a_trusted_authority(rig_with: MakeRig, sink: RecordingSink, tmp_path: Path) -> None:
    authority = tmp_path / "authority.pem"
    rig = rig_with(tls="ca", ca_file=authority)
    await rig.start()
    authority.write_text(await rig.process.do("authority"), encoding="ascii")
    await rig.serve(tls=True)
    async with running(rig.channel, sink):
        assert rig.channel.health().link is Link.ONLINE


@pytest.mark.parametrize("server_name", ["", "gateway.example"])
async def test_a_certificate_of_another_authority(rig_with: MakeRig, sink: RecordingSink, server_name: str) -> None:
    rig = rig_with(tls="ca", ca_file=FOLDER / "other-authority.pem", server_name=server_name)
    await rig.start()
    await rig.serve(tls=True)
    async with running(rig.channel, sink, Link.CERTIFICATE_REFUSED):
        assert "not trusted" in rig.channel.health().detail


async def test_a_certificate_with_another_name(rig_with: MakeRig, sink: RecordingSink, tmp_path: Path) -> None:
    authority = tmp_path / "authority.pem"
    rig = rig_with(tls="ca", ca_file=authority, server_name="gateway.example")
    await rig.start()
    authority.write_text(await rig.process.do("authority"), encoding="ascii")
    await rig.serve(tls=True)
    async with running(rig.channel, sink, Link.CERTIFICATE_REFUSED):
        pass


async def test_an_unreadable_authority_is_no_connection_fault(
    rig_with: MakeRig, sink: RecordingSink, tmp_path: Path
) -> None:
    rig = rig_with(tls="ca", ca_file=tmp_path / "missing.pem")
    await rig.start()
    with pytest.raises(CertificateFileError, match=r"missing\.pem"):
        await rig.channel.run(sink)


async def test_replaced_by_a_second_client(wechaty_rig: WechatyRig, sink: RecordingSink) -> None:
    second = GatewayClient(wechaty_rig.settings)
    async with running(wechaty_rig.channel, sink):
        try:
            await second.stop()  # as the wechaty package does when it starts
            events = second.events()
            await anext(events)
            await second.start()
            assert "another client" in await link_becomes(wechaty_rig, Link.REPLACED)
            await asyncio.sleep(0.3)
            await second.ding("still mine")
            async for event in events:
                if "still mine" in event.payload:
                    break
            await events.aclose()
        finally:
            second.close()
        await link_becomes(wechaty_rig, Link.ONLINE)
        await sink.event(Gap)


async def test_takes_the_stream_over_only_when_told(rig_with: MakeRig, sink: RecordingSink) -> None:
    rig = rig_with(take_over=True, replaced_backoff_s=0.2)
    await rig.start()
    ghost = GatewayClient(rig.settings)
    events = ghost.events()
    try:
        await anext(events)
        async with running(rig.channel, sink, Link.REPLACED):
            await link_becomes(rig, Link.ONLINE)
    finally:
        await events.aclose()
        ghost.close()


async def test_a_check_beside_a_running_program_disturbs_nobody(rig_with: MakeRig, sink: RecordingSink) -> None:
    rig = rig_with()
    await rig.start()
    async with running(rig.channel, sink):
        assert await diagnose(rig.settings) is None
        assert rig.channel.health().link is Link.ONLINE
    await rig.serve(token="insecure_another")
    fault = await diagnose(rig.settings)
    assert fault is not None
    assert fault.link is Link.WRONG_TOKEN
    await rig.serve(tls=True)
    fault = await diagnose(rig.settings)
    assert fault is not None
    assert fault.link is Link.TLS_MISMATCH
    await rig.stop()
    fault = await diagnose(rig.settings)
    assert fault is not None
    assert fault.link is Link.PORT_CLOSED


async def test_nobody_is_logged_in(wechaty_rig: WechatyRig, sink: RecordingSink) -> None:
    await wechaty_rig.serve(loggedIn=False)
    async with running(wechaty_rig.channel, sink, Link.LOGGED_OUT):
        assert "nobody is logged in" in wechaty_rig.channel.health().detail
        with pytest.raises(SendRefusedError):
            await wechaty_rig.channel.send(OutgoingMessage("早", room_id=wechaty_rig.room_id(FRUIT)))
        await wechaty_rig.process.do("emit", event="scan", payload={"qrcode": "https://example.invalid", "status": 2})
        await until(lambda: "scan the code" in wechaty_rig.channel.health().detail)
        await wechaty_rig.process.do("login")
        await link_becomes(wechaty_rig, Link.ONLINE)
        await sink.event(RoomSeen)


async def test_logged_out_by_the_phone_and_in_again(wechaty_rig: WechatyRig, sink: RecordingSink) -> None:
    async with running(wechaty_rig.channel, sink):
        await wechaty_rig.process.do("logout")
        await link_becomes(wechaty_rig, Link.LOGGED_OUT)
        with pytest.raises(SendRefusedError):
            await wechaty_rig.channel.send(OutgoingMessage("早", room_id=wechaty_rig.room_id(FRUIT)))
        await wechaty_rig.process.do("login")
        await link_becomes(wechaty_rig, Link.ONLINE)
        await sink.event(Gap)


async def test_a_send_without_an_answer_is_uncertain(rig_with: MakeRig, sink: RecordingSink) -> None:
    rig = rig_with(call_timeout_s=0.6)
    await rig.start()
    async with running(rig.channel, sink):
        await rig.process.do("hang", method="send")
        with pytest.raises(SendUncertainError):
            await rig.channel.send(OutgoingMessage("早", room_id=rig.room_id(FRUIT)))
        assert rig.channel.health().link is Link.ONLINE  # one slow call is no broken gateway


async def test_a_send_the_gateway_refuses_is_refused(wechaty_rig: WechatyRig, sink: RecordingSink) -> None:
    async with running(wechaty_rig.channel, sink):
        await wechaty_rig.process.do("fail", method="send", times=1)
        message = OutgoingMessage("早", room_id=wechaty_rig.room_id(FRUIT))
        with pytest.raises(SendRefusedError):
            await wechaty_rig.channel.send(message)
        await wechaty_rig.channel.send(message)
        assert await wechaty_rig.sent_texts(FRUIT) == ["早"]
