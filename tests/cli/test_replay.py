"""``qianqun replay``: what the bot would have done in a transcript, line by line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.cli.conftest import Ended, Run

FRUIT = "阳光小区水果群"


def line(text: str, *, second: int = 0, member: str = "小美", group: str = FRUIT, **more: Any) -> str:
    at = f"2026-11-22T19:{30 + second // 60:02d}:{second % 60:02d}+08:00"
    return json.dumps({"at": at, "group": group, "member": member, "text": text, **more}, ensure_ascii=False)


def replayed(run: Run, config: Path, content: str, *options: str) -> list[dict[str, Any]]:
    path = config.parent / "chat.txt"
    path.write_text(content, encoding="utf-8")
    ended = run("replay", path, "--config", config, "--format", "jsonl", *options)
    assert ended.code == 0, ended.err
    return [json.loads(one) for one in ended.out.splitlines()]


def test_json_lines(run: Run, config: Path) -> None:
    results = replayed(
        run,
        config,
        "\n".join(
            [
                line("🍓还有吗", room_name="3栋502-小美"),
                line("太贵了不买了", second=20, member="老周"),
                line("退订", second=30),
                line("有大米吗", second=40),
                line("哈哈", second=50, member="老周", quote={"member": "小美", "text": "有草莓吗"}),
                line("暂停", second=55, member="林姐", role="leader"),
                line("有大米吗", second=58, member="老周"),
            ]
        ),
    )
    assert [one["n"] for one in results] == [1, 2, 3, 4, 5, 6, 7]
    first = results[0]
    assert (first["outcome"], first["reason"]) == ("need", "pushed")
    assert first["need"]["terms"] == ["草莓"]
    assert first["need"]["class"]
    assert "草莓" in first["push"][0]["title"]
    assert set(first["push"][0]) == {"product", "title", "score"}
    assert first["orders"] == []
    assert any("退订" in said and "草莓" in said for said in first["says"])
    ends = [(one["outcome"], one["reason"], one["push"]) for one in results[1:]]
    assert ends[1] == ("command", "done", [])
    assert ends[2] == ("ignored", "member_unsubscribed", [])
    assert [outcome for outcome, _, _ in (ends[0], ends[3])] == ["ignored", "ignored"]
    assert ends[4] == ("command", "done", [])
    assert ends[5][:2] == ("need", "held")
    assert results[6]["hold"] == "paused"


def test_a_group_that_nobody_configured_may_be_pushed_to(run: Run, config: Path) -> None:
    (one,) = replayed(run, config, line("有草莓吗", group="谁也不认识的群"))
    assert one["reason"] == "pushed"


def test_copied_chat_with_whole_dates(run: Run, config: Path) -> None:
    chat = "小美 2026/11/22 19:30:12\n有草莓吗\n谢谢\n\n老周 2026/11/22 19:31:00\n今晚风好大\n"
    results = replayed(run, config, chat)
    assert [one["reason"] for one in results] == ["pushed", results[1]["reason"]]
    assert results[1]["outcome"] == "ignored"


def test_copied_chat_with_day_rules(run: Run, config: Path) -> None:
    chat = "—————  2026-11-22  —————\n\n小美  19:30\n\n有草莓吗\n\n老周  23:30\n\n有大米吗\n"
    results = replayed(
        run,
        config,
        chat,
    )
    assert [one["outcome"] for one in results] == ["need", "need"]
    assert results[0]["reason"] == "pushed"


def test_without_limits_understanding_alone_is_judged(run: Run, config: Path) -> None:
    config.write_text(config.read_text(encoding="utf-8").replace("limits = false", "limits = true"), encoding="utf-8")
    chat = "\n".join(line("有草莓吗", second=number, member=f"m{number % 2}") for number in range(4))
    limited = replayed(run, config, chat)
    assert [one["reason"] for one in limited] == ["pushed", "held", "held", "held"]
    assert {one["hold"] for one in limited[1:]} <= {"cap_member", "shown_lately", "already_offered"}
    assert [one["reason"] for one in replayed(run, config, chat, "--unlimited")] == ["pushed"] * 4


def test_the_night_of_the_transcript_is_quiet(run: Run, config: Path) -> None:
    config.write_text(config.read_text(encoding="utf-8").replace("limits = false", "limits = true"), encoding="utf-8")
    (one,) = replayed(run, config, line("有草莓吗").replace("T19:", "T23:"))
    assert (one["reason"], one["hold"]) == ("held", "quiet_hours")


def test_text_names_outcome_and_what_is_said(run: Run, config: Path) -> None:
    path = config.parent / "chat.jsonl"
    path.write_text(line("有草莓吗") + "\n" + line("哈哈", second=9), encoding="utf-8")
    out = run("replay", path, "--config", config).out
    assert "need/pushed" in out
    assert "ignored/talk" in out
    assert "退订" in out


def test_standard_input(run: Run, config: Path) -> None:
    ended = run("replay", "-", "--config", config, "--format", "jsonl", text=line("有草莓吗"))
    assert json.loads(ended.out)["reason"] == "pushed"


def test_an_empty_transcript_says_nothing_and_leaves_no_database(run: Run, config: Path) -> None:
    assert replayed(run, config, "") == []
    assert not (config.parent / "demo.db").exists()


def test_what_stands_before_a_bad_line_is_replayed(run: Run, config: Path) -> None:
    ended = _failing(run, config, f"{line('有草莓吗')}\n{{broken\n")
    assert "line 2: is not JSON" in ended.err
    assert json.loads(ended.out)["reason"] == "pushed"


def test_a_transcript_that_is_not_there(run: Run, config: Path) -> None:
    ended = run("replay", config.parent / "nothing.jsonl", "--config", config)
    assert ended.code == 2
    assert "nothing.jsonl" in ended.err


def test_an_unknown_format(run: Run, config: Path) -> None:
    ended = run("replay", config, "--config", config, "--format", "xml")
    assert ended.code == 2
    assert "xml" in ended.err


def _failing(run: Run, config: Path, content: str) -> Ended:
    path = config.parent / "chat.txt"
    path.write_text(content, encoding="utf-8")
    ended = run("replay", path, "--config", config, "--format", "jsonl")
    assert ended.code == 2
    return ended
