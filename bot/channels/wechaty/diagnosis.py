"""Finds the name of a connection fault, asking the endpoint itself where the error does not tell."""

from __future__ import annotations

from bot.channels.wechaty.client import GatewayClient
from bot.channels.wechaty.faults import Fault, Speech, name_fault, needs_probe
from bot.channels.wechaty.probe import probe
from bot.channels.wechaty.settings import WechatySettings

_PROBE_S = 2.0


async def diagnose(settings: WechatySettings) -> Fault | None:
    """Try one call and return the fault that is in its way, or nothing.

    It does not ask for the event stream, so a program that is running is not disturbed; whether somebody is logged in
    and whether the stream is free only the channel itself finds out. Raises OSError if ``ca_file`` is unusable.
    """
    client = GatewayClient(settings)
    try:
        await client.connect()
        await client.version()
    except Exception as error:
        return await find_fault(error, settings)
    finally:
        client.close()
    return None


async def find_fault(error: Exception, settings: WechatySettings) -> Fault:
    """Name what an attempt to connect, or a connection, ended with; takes up to about six seconds."""
    speech = Speech.UNKNOWN
    if needs_probe(error):
        speech = await probe(settings.host, settings.port, min(_PROBE_S, settings.call_timeout_s))
    return name_fault(error, settings.endpoint, tls=settings.tls != "off", speech=speech)
