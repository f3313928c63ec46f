"""The program itself in a process of its own: its settings file, its start, its memory."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.products import write_csv
from bot.demo import FOLDER
from core.clock import monotonic

_START_SECONDS = 300
_LOOK_SECONDS = 0.01
MADE_SUPPLIER = """
[[catalog.suppliers]]
id = "made"
name = "Made"
schedule = ""
source = { kind = "csv", path = "made.csv" }
"""


def command(*arguments: str | Path) -> list[str]:
    """Return the command line of ``qianqun`` in this interpreter."""
    return [sys.executable, "-c", "from bot.cli import main; main()", *map(str, arguments)]


@contextmanager
def configured(made: int = 0) -> Iterator[tuple[Path, int]]:
    """Yield a settings file like the demo's in a folder of its own, and its port.

    With ``made`` the suppliers are replaced by one with that many made-up products.
    """
    with TemporaryDirectory(prefix="qianqun-bench-") as name:
        folder, port = Path(name), _free_port()
        demo = (FOLDER / "demo.toml").read_text(encoding="utf-8")
        rooms = (FOLDER / "rooms.toml").read_text(encoding="utf-8").replace("[[rooms]]", "[[channels.local.rooms]]")
        if made:
            write_csv(folder / "made.csv", made)
            suppliers = MADE_SUPPLIER
        else:
            shutil.copytree(FOLDER / "catalogue", folder / "catalogue")
            suppliers = (FOLDER / "suppliers.toml").read_text(encoding="utf-8")
        database = '\n[database]\nurl = "sqlite:///bot.db"\n'
        config = folder / "config.toml"
        demo = demo.replace("[channels.local]\n", f"[channels.local]\nport = {port}\n")
        config.write_text("\n".join([demo, rooms, suppliers, database]), encoding="utf-8")
        yield config, port


def _environment() -> dict[str, str]:
    """Return our environment, with compiled modules kept as an installation has them."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONUNBUFFERED": "1"}


def finished(arguments: Sequence[str]) -> float:
    """Run a command to its end and return the seconds it took; raises ``CalledProcessError``."""
    began = monotonic()
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=_environment())
    return monotonic() - began


class Running:
    """A process with a chat page; ``seconds`` is how long it took until the page answered."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        self.process = process
        self.seconds = seconds

    def megabytes(self) -> tuple[float, float, float]:
        """Return the memory held now, what of it is this process's own, and the most ever held, in MB of 2**20 bytes.

        The figures are the resident pages of Linux; elsewhere psutil's figure stands for all of them.
        """
        status = Path(f"/proc/{self.process.pid}/status")
        if status.exists():
            found = dict(line.split(":", 1) for line in status.read_text(encoding="utf-8").splitlines() if ":" in line)
            held, own, most = (int(found[name].split()[0]) / 1024 for name in ("VmRSS", "RssAnon", "VmHWM"))
            return held, own, most
        import psutil  # noqa: PLC0415 - only where /proc is missing

        held = psutil.Process(self.process.pid).memory_info().rss / 2**20
        return held, held, held


@contextmanager
def online(arguments: Sequence[str], port: int) -> Iterator[Running]:
    """Start a command and yield it once its chat page takes connections; it is stopped at the end."""
    began = monotonic()
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=_environment())
    try:
        while not _answers(port):
            if process.poll() is not None:
                _, errors = process.communicate()
                raise RuntimeError(f"it ended before its page was online: {errors.decode(errors='replace')[-500:]}")
            if monotonic() - began > _START_SECONDS:
                raise RuntimeError(f"its page was not online after {_START_SECONDS} s")
            time.sleep(_LOOK_SECONDS)
        yield Running(process, monotonic() - began)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stderr is not None:
            process.stderr.close()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
