"""Who runs a sync: a name for this process, and whether the process behind a name is still there."""

from __future__ import annotations

import os
import socket
from pathlib import Path


def process_name() -> str:
    """Return ``host/pid/start``; the start time tells a process from a later one with the same number."""
    return f"{_host()}/{os.getpid()}/{_started(os.getpid())}"


def has_ended(owner: str) -> bool:
    """Tell whether the named process of this host is certainly gone; of other hosts nothing is known."""
    host, _, rest = owner.partition("/")
    number, _, started = rest.partition("/")
    if host != _host() or not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return bool(started) and _started(int(number)) != started


def _host() -> str:
    return socket.gethostname().replace("/", "-")[:64]


def _started(pid: int) -> str:
    """Return the process's start in kernel ticks; empty for a dead one and where the system does not tell."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = status.rpartition(")")[2].split()
    return "" if fields[0] in {"Z", "X"} else fields[19]
