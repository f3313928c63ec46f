"""Looks at what an endpoint speaks, after a connection failed in a way that does not say."""

from __future__ import annotations

import asyncio
import contextlib
import ssl

from bot.channels.wechaty.faults import Speech

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
"""What an HTTP/2 client says first: the preface and an empty SETTINGS frame (RFC 9113, 3.4)."""
_SETTINGS_FRAME = 4
_TLS_RECORDS = (0x15, 0x16)  # alert, handshake


async def probe(host: str, port: int, seconds: float) -> Speech:
    """Return what ``host:port`` speaks, waiting at most about twice ``seconds``. Sends no secret."""
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(host, port)
    except OSError:  # a timeout is one
        return Speech.NOTHING_LISTENS
    try:
        writer.write(_PREFACE)
        async with asyncio.timeout(seconds):
            head = await reader.read(9)
    except TimeoutError:
        return Speech.SILENT
    except OSError:
        head = b""
    finally:
        await _close(writer)
    if len(head) >= 4 and head[3] == _SETTINGS_FRAME:
        return Speech.PLAIN
    if head and head[0] in _TLS_RECORDS:
        return Speech.TLS
    return Speech.TLS if await _shakes_hands(host, port, seconds) else Speech.UNKNOWN


async def _shakes_hands(host: str, port: int, seconds: float) -> bool:
    """Some servers close without a word on plain text; a handshake tells."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    try:
        async with asyncio.timeout(seconds):
            _, writer = await asyncio.open_connection(host, port, ssl=context)
    except OSError:
        return False
    await _close(writer)
    return True


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
