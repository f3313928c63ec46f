"""``qianqun replay``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from bot.cli import garbage
from bot.cli.session import execute, out, read_settings
from bot.replay import replay, replay_settings, scratch
from bot.transcript import read_transcript
from core.settings import SettingsError

_to_json = json.JSONEncoder(ensure_ascii=False).encode


def replay_file(file: Path, config: Path, *, form: str, unlimited: bool, group: str) -> int:
    """Replay a transcript and print one result a message."""

    async def work() -> int:
        if form not in {"text", "jsonl"}:
            raise SettingsError("--format", [("--format", f"{form!r} is not a format; write text or jsonl")])
        settings = replay_settings(read_settings(config), unlimited=unlimited)
        with _opened(file) as stream:
            async with scratch(settings) as (parts, clock):
                await parts.catalog.sync_all()
                await parts.storefront.fill()
                garbage.settle()
                async for result in replay(parts, clock, read_transcript(stream, settings.zone, group)):
                    _print(result, form)
        return 0

    return execute(work)


@contextmanager
def _opened(file: Path) -> Iterator[TextIO]:
    if str(file) == "-":
        yield sys.stdin
        return
    try:
        stream = file.open(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise SettingsError(str(file), [("FILE", f"cannot be read: {error.strerror}")]) from None
    with stream:
        yield stream


def _print(result: dict[str, Any], form: str) -> None:
    if form == "jsonl":
        sys.stdout.write(_to_json(result) + "\n")
        return
    held = f" ({result['hold']})" if "hold" in result else ""
    need = f" {result['need']['class']}: {result['need']['wanted']}" if result["need"] else ""
    out.print(f"{result['n']:>5} {result['outcome']}/{result['reason']}{held}{need}", markup=False)
    for text in result["says"]:
        for line in text.splitlines():
            out.print(f"      │ {line}", markup=False)
