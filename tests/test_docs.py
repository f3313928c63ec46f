"""What the documents say exists: links, files, commands, words, and the command that deletes a person's data."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from sqlmodel import SQLModel
from typer.main import get_command
from typer.testing import CliRunner

from bot.bootstrap import build
from bot.cli.app import app
from bot.demo import SCRIPT, demo_settings
from core import inbox
from core.clock import ManualClock
from core.database import Database, execute
from core.messages import IncomingMessage, MessageKey
from core.migrate import upgrade
from core.settings import DatabaseSettings
from groups.talk.hearing import parse
from groups.talk.words import Audience, Word, WordKind, audience, forms
from orders import words as order_words
from orders.words import OrderWord

ROOT = Path(__file__).parent.parent
NOT_OURS = {".venv", "node_modules", "build", "dist", ".git"}
PAGES = sorted(path for path in ROOT.rglob("*.md") if not NOT_OURS & set(path.relative_to(ROOT).parts))
READMES = [ROOT / "README.md", ROOT / "README.zh-CN.md"]
LEADERS = ROOT / "docs" / "leaders.zh-CN.md"
PRIVACY = ROOT / "docs" / "privacy.zh-CN.md"
DUTIES = ROOT / "docs" / "duties.md"
ADDRESSED = ("暂停 ", "拆群 ", "并入 ", "搬到 ")
"""How words begin that are heard, with what stands behind them, only by a bot that is addressed."""
FENCE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _anchors(page: Path) -> set[str]:
    """The names that headings get where the pages are shown."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", _read(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=_named)
def test_every_link_leads_somewhere(page: Path) -> None:
    dead = []
    for link in re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", _read(page))):
        if re.match(r"[a-z]+:", link):
            continue
        place, _, anchor = unquote(link).partition("#")
        target = (page.parent / place).resolve() if place else page
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            dead.append(link)
    assert dead == []


@pytest.mark.parametrize("page", [page for page in PAGES if "tests" not in page.parts], ids=_named)
def test_every_path_in_code_marks_exists(page: Path) -> None:
    marked = re.findall(r"`([\w.-]+/[\w./-]*(?:\.(?:py|toml|txt|md|mjs)|/))`", FENCE.sub("", _read(page)))
    generated = ("qianqun-data/", "benchmarks/results/", "http")
    assert [path for path in marked if not path.startswith(generated) and not (ROOT / path).exists()] == []


def test_every_page_that_the_code_names_exists() -> None:
    sources = [path for path in ROOT.rglob("*.py") if not NOT_OURS & set(path.relative_to(ROOT).parts)]
    named = {page for path in sources for page in re.findall(r"\bdocs/[\w./-]+\.md\b", _read(path))}
    assert [page for page in sorted(named) if not (ROOT / page).exists()] == []


def test_the_folder_map_has_every_folder_of_the_packages() -> None:
    shown = {path.rstrip("/") for path in re.findall(r"\]\(\.\./([^)]+)\)", _read(ROOT / "docs" / "folder-map.md"))}
    folders = {path.parent for path in ROOT.glob("*/__init__.py")}
    folders |= {path.parent for path in ROOT.glob("bot/**/__init__.py")}
    assert {_named(folder) for folder in folders} - shown == set()


def test_decisions_are_numbered_without_gap() -> None:
    pages = sorted((ROOT / "docs" / "adr").glob("*.md"))
    assert [page.name[:4] for page in pages] == [f"{number:04}" for number in range(1, len(pages) + 1)]
    assert [page.name for page in pages if not _read(page).startswith(f"# {int(page.name[:4])}. ")] == []


def _commands(page: Path) -> Iterator[list[str]]:
    """The command lines of a page, from code blocks and code marks, without comments."""
    for line in re.findall(r"(?:`|^(?:# {1,3})?)(qianqun [^`\n]+)", _read(page), re.MULTILINE):
        yield shlex.split(line, comments=True)[1:]


@pytest.mark.parametrize("page", [*READMES, ROOT / "config.example.toml", ROOT / "CHANGELOG.md"], ids=_named)
def test_every_command_shown_exists(page: Path) -> None:
    for words in _commands(page):
        command: Any = get_command(app)
        rest = list(words)
        while rest and hasattr(command, "commands"):
            assert rest[0] in command.commands, f"qianqun {' '.join(words)}"
            command = command.commands[rest.pop(0)]
        options = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in rest if word.startswith("--")} <= options, f"qianqun {' '.join(words)}"


@pytest.mark.parametrize("page", READMES, ids=_named)
def test_every_command_is_shown_with_its_options(page: Path) -> None:
    shown = {" ".join(words) for words in _commands(page)}
    program: Any = get_command(app)
    for name, command in program.commands.items():
        for path in [f"{name} {sub}" for sub in getattr(command, "commands", {})] or [name]:
            assert any(line.startswith(path) for line in shown), f"{page.name} does not show qianqun {path}"
            assert CliRunner().invoke(app, [*path.split(), "--help"]).exit_code == 0


def _words(page: Path) -> set[str]:
    """What a page says that one can say to the bot: the first column of its tables of words, and bold words."""
    found = set()
    for table in re.findall(
        r"^\| (?:口令|words|你说|群友说|您说) \|.*\n\|[ -|]+\n((?:\|.*\n)+)", _read(page), re.MULTILINE
    ):
        for row in table.splitlines():
            found.update(row.split("|")[1].strip().split(" · "))
    found.update(re.findall(r"标签 [加删] (?:小区 |品类 |人群 )?\w+", _read(page)))
    if page == LEADERS:
        found.update(re.findall(r"\*\*((?:级别|暂停).+?)\*\*", _read(page)))
    return found


@pytest.mark.parametrize("page", [*READMES, LEADERS], ids=_named)
def test_every_word_shown_is_understood(page: Path) -> None:
    words = _words(page)
    assert {"退订", "恢复", "暂停", "同意", "帮助"} <= words
    assert [word for word in words if not isinstance(parse(word, word.startswith(ADDRESSED)), Word)] == []


@pytest.mark.parametrize("page", [*READMES, LEADERS], ids=_named)
def test_every_word_there_is_is_shown_as_it_is_first_written(page: Path) -> None:
    shown = {re.sub(r"\s", "", word) for word in _words(page)}
    firsts = [forms(kind)[0] for kind in WordKind]
    assert [first for first in firsts if not any(word.startswith(first) for word in shown)] == []


def test_every_word_on_the_page_for_members_is_heard_from_members() -> None:
    words = _words(PRIVACY)
    assert {"退订", "恢复", "我的数据", "删除我的数据"} <= words
    heard = {word: parse(word, mentioned=False) for word in words}
    others = [word for word, read in heard.items() if not isinstance(read, Word)]
    assert [word for word in others if not isinstance(order_words.parse(word, addressed=False), OrderWord)] == []
    assert {audience(read.kind) for read in heard.values() if isinstance(read, Word)} == {Audience.EVERYONE}


def test_every_test_that_the_table_of_duties_names_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", _read(DUTIES))
    assert len(named) > 30
    gone = [
        (path, name) for path, name in named if not re.search(rf"^(?:async )?def {name}\(", _read(ROOT / path), re.M)
    ]
    assert gone == []


def test_every_row_of_the_table_of_duties_names_a_test() -> None:
    rows = [
        line
        for line in _read(DUTIES).splitlines()
        if line.startswith("| ") and not line.startswith(("| duty", "| ---"))
    ]
    assert len(rows) > 20
    assert [row for row in rows if "::test_" not in row] == []


@pytest.mark.parametrize("page", READMES, ids=_named)
def test_the_conversation_shown_is_the_script(page: Path) -> None:
    """Who speaks and which reason follows; what is pushed may change with the catalogue."""
    said = {f"{line['member']}：{line['text']}" for line in map(json.loads, _read(SCRIPT).splitlines())}
    (excerpt,) = re.findall(r"```\n(── .*?)\n```", _read(page), re.DOTALL)
    members = [line for line in excerpt.splitlines() if line and not line.startswith((" ", "──"))]
    assert len(members) > 3
    assert set(members) <= said


async def test_a_person_can_be_deleted_as_the_notes_say(database_url: str, clock: ManualClock, tmp_path: Path) -> None:
    """The notes name a command; here it deletes somebody from the configured database."""
    (command,) = re.findall(r"^qianqun (members erase .*)$", _read(ROOT / "docs" / "privacy-notes.md"), re.MULTILINE)
    config = tmp_path / "config.toml"
    config.write_text(f'[database]\nurl = "{database_url}"\n', encoding="utf-8")
    database = await Database.open(DatabaseSettings(url=database_url))
    await upgrade(database)
    parts = build(demo_settings(tmp_path, 0), database, clock)
    await _say(parts, clock, ("wxid_gone", "小美", "有人拼车厘子吗"), ("wxid_here", "老周", "家里大米见底了"))
    assert "wxid_gone" in await _everything(database)
    words = [{"CONTACT": "wxid_gone", "config.toml": str(config)}.get(word, word) for word in command.split()]
    ended = await asyncio.to_thread(CliRunner().invoke, app, words)
    assert ended.exit_code == 0, ended.output
    left = await _everything(database)
    await database.close()
    assert "小美" not in left
    assert "wxid_gone" not in left
    assert "wxid_here" in left


async def _say(parts: Any, clock: ManualClock, *lines: tuple[str, str, str]) -> None:
    messages = [
        IncomingMessage(
            MessageKey("replay", "qianqun", str(number)),
            "room",
            who,
            said,
            clock.now(),
            room_topic="群",
            sender_name=name,
        )
        for number, (who, name, said) in enumerate(lines)
    ]
    async with parts.database.transaction() as session:
        await inbox.store(session, messages, clock.now())
    await parts.pipeline.handle_waiting(10)


async def _everything(database: Database) -> str:
    """Every row of every table, as one text."""
    async with database.reading() as session:
        rows = [
            row for table in SQLModel.metadata.sorted_tables for row in (await execute(session, table.select())).all()
        ]
    return repr(rows)
