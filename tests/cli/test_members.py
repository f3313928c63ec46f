"""``qianqun members`` and ``qianqun audit``: an operator hands out and deletes what is kept of a person."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from bot.bootstrap import open_parts
from bot.cli.session import read_settings
from core import inbox
from core.clock import ManualClock
from core.messages import IncomingMessage, MessageKey, RoomMember, RoomSeen
from tests.cli.conftest import Run

AT = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)


@pytest.fixture
def talked(config: Path) -> Path:
    """A database in which two people have talked, one of them on two accounts."""

    async def talk() -> None:
        async with open_parts(read_settings(config), ManualClock(AT), config.parent) as parts:
            for account in ("first", "second"):
                members = (RoomMember("wxid_gone", "小美", "3栋502-小美"),)
                here = members if account == "first" else (*members, RoomMember("wxid_here", "老周"))
                await parts.pipeline.observe(RoomSeen("fake", account, "room", "水果群", "wxid_here", here))
            said = [("wxid_gone", "小美", "有人拼车厘子吗"), ("wxid_here", "老周", "谢谢小美")]
            messages = [
                IncomingMessage(MessageKey("fake", "first", str(number)), "room", who, text, AT, sender_name=name)
                for number, (who, name, text) in enumerate(said)
            ]
            async with parts.database.transaction() as session:
                await inbox.store(session, messages, AT)
            await parts.pipeline.handle_waiting(10)

    asyncio.run(talk())
    return config


FIRST = ("--channel", "fake", "--account", "first")


def test_export_writes_what_the_chat_would_hand_out(run: Run, talked: Path, tmp_path: Path) -> None:
    ended = run("members", "export", "wxid_gone", "--config", talked, *FIRST, "--folder", tmp_path / "out")
    assert ended.code == 0, ended.err
    path = tmp_path / "out" / "wxid_gone.xlsx"
    assert path.stat().st_mode & 0o077 == 0
    book = load_workbook(path)
    assert [row[2].value for row in book["消息"].iter_rows(min_row=2)] == ["有人拼车厘子吗"]
    ended = run("members", "export", "wxid_gone", "--config", talked, *FIRST, "--format", "json", "--folder", tmp_path)
    document = json.loads((tmp_path / "wxid_gone.json").read_text(encoding="utf-8"))
    assert document["群"][0]["群昵称"] == "3栋502-小美"
    assert [one["做了什么"] for one in document["谁看过"]] == ["导出"]


def test_erase_asks_and_deletes(run: Run, talked: Path) -> None:
    refused = run("members", "erase", "wxid_gone", "--config", talked, *FIRST, text="n\n")
    assert (refused.code, "nothing was deleted" in refused.out) == (0, True)
    ended = run("members", "erase", "wxid_gone", "--config", talked, *FIRST, text="y\n")
    assert ended.code == 0, ended.err
    assert "receipt 2" in ended.out
    assert "messages: 1" in ended.out
    assert "messages of others: 1" in ended.out
    again = run("members", "erase", "wxid_gone", "--config", talked, *FIRST, "--yes")
    assert again.code == 0, "there is still the record of the deletion itself"
    second = ("--channel", "fake", "--account", "second", "--folder", talked.parent)
    other = run("members", "export", "wxid_gone", "--config", talked, *second)
    assert other.code == 0, "another account is another matter"


def test_a_contact_of_several_accounts_must_be_told_apart(run: Run, talked: Path) -> None:
    ended = run("members", "erase", "wxid_gone", "--config", talked, "--yes")
    assert ended.code == 2
    assert "--channel fake --account first" in ended.err
    assert "--channel fake --account second" in ended.err


@pytest.mark.parametrize(
    "whom", [("wxid_nobody",), ("小美",), ("wxid_nobody", *FIRST), ("wxid_gone", "--account", "third")], ids=" ".join
)
def test_an_unknown_contact_is_a_clear_error(run: Run, talked: Path, whom: tuple[str, ...]) -> None:
    for command in ("export", "erase"):
        ended = run("members", command, *whom, "--config", talked, *(["--yes"] if command == "erase" else []))
        assert ended.code == 2
        assert f"nothing is kept about '{whom[0]}'" in ended.err
        assert "wxid_" in ended.err


def test_an_unknown_format_is_a_clear_error(run: Run, talked: Path) -> None:
    ended = run("members", "export", "wxid_gone", "--config", talked, *FIRST, "--format", "pdf")
    assert ended.code == 2
    assert "write xlsx or json" in ended.err


def test_the_audit_log_tells_who_did_what_with_whose_data(run: Run, talked: Path, tmp_path: Path) -> None:
    assert "no entries" in run("audit", "--config", talked).out
    run("members", "export", "wxid_gone", "--config", talked, *FIRST, "--folder", tmp_path)
    run("members", "erase", "wxid_gone", "--config", talked, *FIRST, "--yes")
    shown = run("audit", "--config", talked, "--about", "wxid_gone").out
    assert "exported" in shown
    assert "erased" in shown
    assert "operator" in shown
    assert "receipt" in shown
    assert "wxid_gone" not in shown
    assert "no entries" in run("audit", "--config", talked, "--about", "wxid_here").out
    assert "no entries" in run("audit", "--config", talked, "--who", "wxid_gone").out
    assert shown.count("operator") == 2
    assert run("audit", "--config", talked, "--limit", 1).out.count("operator") == 1
