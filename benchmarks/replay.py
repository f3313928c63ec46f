"""Seconds for a transcript of 30,000 lines through ``qianqun replay``, start of the program included."""

from __future__ import annotations

import json
from datetime import timedelta

from benchmarks import world
from benchmarks.program import command, configured, finished
from benchmarks.report import Options, Report, limit_row
from benchmarks.stream import lines

_LIMIT_SECONDS = 10
_LINES, _QUICK_LINES = 30_000, 3_000


def run(options: Options) -> Report:
    count = _QUICK_LINES if options.quick else _LINES
    report = Report("replay", f"seconds for a transcript of {count:,} lines, of which a tenth are needs")
    with configured() as (config, _):
        transcript = config.with_name("talk.jsonl")
        with transcript.open("w", encoding="utf-8") as stream:
            for number, text in enumerate(lines(count)):
                room, member, _ = world.place_of(number)
                at = world.START + timedelta(seconds=number)
                entry = {"at": at.isoformat(), "group": f"第{room}群", "member": member, "text": text}
                stream.write(json.dumps(entry, ensure_ascii=False) + "\n")
        for name, further in (("as the settings say", ()), ("--unlimited", ("--unlimited",))):
            seconds = finished(command("replay", transcript, "--config", config, "--format", "jsonl", *further))
            report.rows.append(
                limit_row(name, _LIMIT_SECONDS, seconds, "s") | {"lines": count, "lines/s": round(count / seconds)}
            )
    report.notes.append("Demo's settings and catalogue, 100 groups, JSON Lines out; the catalogue is read first.")
    return report
