"""``qianqun relay``."""

from __future__ import annotations

import sys
from pathlib import Path

from bot.cli.session import execute, opened, out
from bot.relay import Relayed, relay
from bot.transcript import Said, TranscriptError, read_transcript
from core.clock import SystemClock
from core.settings import SettingsError
from core.templates import render
from orders.chains.xml import read_message


def relay_file(topic: str, file: str, config: Path, *, leader: str, folder: Path) -> int:
    """Take pasted chat, or one pasted chain, of a group without the bot; print what to paste back."""

    async def work() -> int:
        text = _read(file)
        async with opened(config) as (settings, parts):
            await parts.storefront.fill()
            if read_message(text) is not None:
                said = [Said(1, SystemClock().now(), topic, leader, text)]
            else:
                said = list(read_transcript(text.splitlines(), settings.zone, topic))
            _print(await relay(parts, settings, topic, leader, said), folder)
        return 0

    return execute(work)


def _read(file: str) -> str:
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise SettingsError(file, [("FILE", f"cannot be read: {error.strerror}")]) from None
    text = data.decode("utf-8-sig", errors="replace")
    if not text.strip():
        raise TranscriptError(1, "nothing was pasted; paste chat as WeChat copies it, or one whole 接龙")
    return text


def _print(done: Relayed, folder: Path) -> None:
    out().print(render("bot", "relay_head", new=len(done.handled), known=done.known), style="dim", markup=False)
    for text in done.to_group:
        out().print(render("bot", "relay_paste"), style="bold green", markup=False)
        out().print(text, markup=False)
    for text in done.to_leader:
        out().print(render("bot", "relay_private"), style="bold", markup=False)
        out().print(text, markup=False)
    for file in done.files:
        path = folder / file.name
        _ = path.write_bytes(file.content)
        out().print(render("bot", "relay_file", path=path), style="bold", markup=False)
    if not (done.to_group or done.to_leader or done.files):
        out().print(render("bot", "relay_nothing"), style="dim", markup=False)
