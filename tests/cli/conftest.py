"""Commands as a user runs them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.app import app
from tests.demo_config import write_demo_config


@dataclass(frozen=True)
class Ended:
    """What a command left: exit code, what it printed and what it complained about."""

    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in this process; nothing it does not expect may come out of it."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_COLOR", "1")

    def command(*arguments: object, text: str = "") -> Ended:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=text)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        captured = capfd.readouterr()
        ended = Ended(result.exit_code, result.stdout + captured.out, result.stderr + captured.err)
        assert "Traceback" not in ended.out + ended.err
        return ended

    return command


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_demo_config(tmp_path)
