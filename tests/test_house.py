"""Rules of the house that no other tool keeps."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
NOT_SHIPPED = {"tests", "benchmarks", "docs"}
BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"}
IMPURE = {
    *("sqlalchemy", "sqlmodel", "alembic", "aiosqlite", "asyncpg", "sqlite3"),
    *("aiohttp", "requests", "urllib.request", "http", "socket", "ssl", "grpclib", "wechaty_grpc"),
    *("asyncio", "threading", "subprocess", "apscheduler", "random", "secrets", "time"),
    *("core.clock", "core.database", "core.inbox", "core.outbox"),
}
CLOCKS = {
    *("datetime.now", "datetime.utcnow", "datetime.today", "date.today"),
    *("time.time", "time.time_ns", "time.monotonic", "time.perf_counter"),
}


def _pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _packages() -> set[str]:
    """The import packages that lie in the checkout."""
    return {
        folder.name
        for folder in ROOT.iterdir()
        if (folder / "__init__.py").is_file() and folder.name not in NOT_SHIPPED
    }


def _modules() -> list[Path]:
    return sorted(path for package in _packages() for path in (ROOT / package).rglob("*.py"))


def _named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_the_tools_know_every_package() -> None:
    project = _pyproject()
    assert set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) == _packages()
    assert set(project["tool"]["importlinter"]["root_packages"]) == _packages()
    assert set(project["tool"]["mypy"]["packages"]) == _packages()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of the files in a wheel built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_the_packages_and_nothing_else(wheel: set[str]) -> None:
    roots = {name.partition("/")[0] for name in wheel}
    assert {root for root in roots if not root.endswith(".dist-info")} == _packages()
    assert any(name.endswith("/licenses/LICENSE") for name in wheel)


def test_every_file_of_a_package_is_in_the_wheel(wheel: set[str]) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *sorted(_packages())], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    tracked = {name for name in listed.split("\0") if name and (ROOT / name).exists()}
    assert tracked - wheel == set()


@pytest.mark.parametrize("path", [path for path in _modules() if path.stem.endswith("rules")], ids=_named)
def test_rules_are_pure(path: Path) -> None:
    """Rules get what they need as values: no database, no network, no clock, no chance."""
    imported = set(_imports(ast.parse(path.read_text(encoding="utf-8"))))
    assert {name for name in imported if any(name == bad or name.startswith(f"{bad}.") for bad in IMPURE)} == set()


def test_only_the_clock_asks_the_machine_for_the_time() -> None:
    asked = [
        f"{_named(path)}:{node.lineno}"
        for path in _modules()
        if _named(path) != "core/clock.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and any(f".{ast.unparse(node)}".endswith(f".{clock}") for clock in CLOCKS)
    ]
    assert asked == []


def test_no_module_is_named_after_nothing() -> None:
    assert [_named(path) for path in _modules() if path.stem in BANNED_NAMES] == []


def test_no_module_is_longer_than_400_lines() -> None:
    written = [path for path in _modules() if "versions" not in path.parts]  # migrations are generated
    assert [_named(path) for path in written if len(path.read_text(encoding="utf-8").splitlines()) > 400] == []


def test_the_locks_name_no_place() -> None:
    """Whoever installs brings their own registry; an address in a lock would go round it."""
    assert "://" not in (ROOT / "requirements.lock").read_text(encoding="utf-8")
    npm = (ROOT / "tests" / "gateway" / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in npm
