"""``qianqun replay``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from bot.cli import garbage
from bot.cli.session import execute, out, read_settings
from bot.replay import Replayed, replay, replay_settings, result, scratch
from bot.stages.turn import Handled
from bot.transcript import read_transcript
from core.outcomes import Outcome, Reason
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
                lines = JsonLines()
                async for batch in replay(parts, clock, read_transcript(stream, settings.zone, group)):
                    if form == "jsonl":
                        sys.stdout.write("".join(lines.line(n, handled) for n, handled in batch))
                    else:
                        _print(batch)
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


class JsonLines:
    """Writes results as JSON Lines. Of most messages nothing but the number is new: the rest is written once."""

    def __init__(self) -> None:
        self._endings: dict[tuple[Outcome, Reason], str] = {}

    def line(self, n: int, handled: Handled) -> str:
        """Return the line of one message."""
        if _says_more(handled):
            return _to_json(result(n, handled)) + "\n"
        ending = self._endings.get((handled.outcome, handled.reason))
        if ending is None:
            _, _, ending = _to_json(result(n, handled)).partition(",")
            self._endings[handled.outcome, handled.reason] = ending
        return f'{{"n": {n},{ending}\n'


def _says_more(handled: Handled) -> bool:
    """Tell whether a result holds more than its number, outcome and reason."""
    decision = handled.decision
    decided = decision is not None and (decision.need is not None or decision.hold is not None or bool(decision.picks))
    return decided or bool(handled.effects or handled.drafts)


def _print(batch: Sequence[Replayed]) -> None:
    """Print results for people to read."""
    for one in (result(n, handled) for n, handled in batch):
        held = f" ({one['hold']})" if "hold" in one else ""
        need = f" {one['need']['class']}: {one['need']['wanted']}" if one["need"] else ""
        out().print(f"{one['n']:>5} {one['outcome']}/{one['reason']}{held}{need}", markup=False)
        for text in one["says"]:
            for line in text.splitlines():
                out().print(f"      │ {line}", markup=False)
