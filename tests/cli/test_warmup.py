"""``qianqun warmup``, and what a start does not need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bot.cli import warming
from tests.cli.conftest import Run

SELDOM = {"aiohttp", "alembic", "cffi", "jieba", "openpyxl", "pypinyin", "rich", "scipy", "sklearn"}
"""What many starts can do without; each takes a twentieth of a second and more."""


def started(script: str, *arguments: object) -> str:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


def test_it_says_what_it_keeps(run: Run) -> None:
    ended = run("warmup")
    assert ended.code == 0
    assert [line.split()[0] for line in ended.out.splitlines()] == [
        *("bytecode", "cutting", "glancing", "reading", "searching", "placing", "filing", "path", "start"),
    ]


def test_modules_that_cannot_be_kept_are_no_fault(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bot").mkdir()
    (tmp_path / "bot" / "one.py").write_text("one = 1\n", encoding="utf-8")
    warming._keep_bytecode(tmp_path)
    assert "bytecode" in capfd.readouterr().out
    (kept,) = (tmp_path / "bot" / "__pycache__").iterdir()
    kept.unlink()
    kept.parent.rmdir()
    kept.parent.write_text("no folder", encoding="utf-8")
    warming._keep_bytecode(tmp_path)
    assert f"cannot be kept in {tmp_path}" in capfd.readouterr().out


def test_the_packages_are_those_that_are_installed() -> None:
    root = Path(warming.__file__).parents[2]
    assert all((root / name / "__init__.py").exists() for name in warming.PACKAGES)
    listed = ", ".join(f'"{name}"' for name in warming.PACKAGES)
    assert f"packages = [{listed}]" in (root / "pyproject.toml").read_text(encoding="utf-8")


def test_a_replay_imports_nothing_it_does_not_need(config: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text("", encoding="utf-8")
    script = "import sys, bot.cli as cli\ntry:\n cli.main()\nexcept SystemExit: pass\nprint(*sys.modules)"
    started(script, "replay", empty, "--config", config, "--format", "jsonl")  # makes what is kept
    modules = set(started(script, "replay", empty, "--config", config, "--format", "jsonl").split())
    assert "recommender.service" in modules
    assert SELDOM & modules == set()


def test_what_compiled_code_is_loaded_without_can_be_imported_later() -> None:
    script = "from recommender.compiled.readiness import ready; print(ready()); import cffi, scipy.linalg; cffi.FFI()"
    assert started(script).strip() == "True"


def test_garbage_is_collected_seldom_and_not_over_what_stands() -> None:
    script = """
import gc
from bot.cli import garbage
garbage.spare()
assert not gc.isenabled()
imported = [[] for _ in range(10_000)]
garbage.resume()
assert gc.isenabled() and gc.get_threshold()[0] > 100_000, gc.get_threshold()
early = gc.get_freeze_count()
parts = [[] for _ in range(10_000)]
garbage.settle()
once = gc.get_freeze_count()
assert gc.get_threshold()[0] > 10_000, gc.get_threshold()
more = [[] for _ in range(100_000)]
garbage.settle()
print(early > 10_000, once > early + 9_000, gc.get_freeze_count() <= once)
"""
    assert started(script).split() == ["True", "True", "True"]


def test_a_thorough_one_frees_what_imports_left() -> None:
    script = """
import gc, weakref
from bot.cli import garbage
class Node: pass
garbage.spare()
node = Node()
node.itself, gone = node, weakref.ref(node)
del node
garbage.resume()
garbage.settle(thorough=True)
print(gone() is None, gc.get_freeze_count() > 1_000)
"""
    assert started(script).split() == ["True", "True"]


def test_every_command_collects_garbage_again(config: Path) -> None:
    script = """
import gc, bot.cli
try: bot.cli.main()
except SystemExit: pass
print(gc.isenabled())
"""
    assert started(script, "orders", "list", "--config", config).split()[-1] == "True"
