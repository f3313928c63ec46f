"""Every command explains itself, quickly."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperGroup

from bot.cli.app import app
from tests.cli.conftest import Run

HEAVY = {
    *("numpy", "scipy", "sklearn", "jieba", "sqlalchemy", "sqlmodel", "pydantic", "aiohttp", "alembic", "opencc"),
    *("openpyxl", "emoji", "grpclib", "betterproto", "apscheduler", "structlog", "jinja2"),
}


def commands() -> list[list[str]]:
    """Every command and subcommand as it is typed."""
    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    found = []
    for name, command in root.commands.items():
        found += [[name, inner] for inner in command.commands] if isinstance(command, TyperGroup) else [[name]]
    return found


def test_all_commands_are_there() -> None:
    named = {" ".join(command) for command in commands()}
    assert named >= {"run", "demo", "check", "match", "replay", "catalog sync", "catalog list", "catalog show"}
    assert named >= {"sending stop", "sending resume", "sending status"}


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_help_shows_an_example(run: Run, command: list[str]) -> None:
    ended = run(*command, "--help")
    assert ended.code == 0
    assert f"qianqun {' '.join(command)}" in ended.out.partition("Example")[2]


def test_without_a_word_it_shows_help(run: Run) -> None:
    for command in ([], ["catalog"], ["sending"]):
        assert "Usage" in run(*command).out


def test_help_imports_nothing_heavy() -> None:
    script = "import sys, bot.cli.app as cli\ntry:\n cli.main()\nexcept SystemExit: pass\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script, "--help"], capture_output=True, text=True, check=True)
    assert "Usage" in done.stdout
    assert HEAVY & set(done.stdout.split()) == set()


def test_the_installed_command_runs() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "qianqun", "--help"], capture_output=True, text=True, check=True
    )
    assert "千群" in done.stdout


def test_an_unknown_command_is_named(run: Run) -> None:
    ended = run("sell")
    assert ended.code == 2
    assert "sell" in ended.err
