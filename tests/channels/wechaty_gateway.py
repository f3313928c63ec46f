"""Starts the Node gateway of ``tests/gateway`` and talks to it in JSON lines."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "gateway"
INSTALL = "npm ci --prefix tests/gateway"


class GatewayCommandError(Exception):
    """The gateway script raised; the text is its stack."""


def missing() -> str:
    """Return why the gateway cannot run here, or nothing."""
    if not shutil.which("node"):
        return "Node is not installed"
    if not (FOLDER / "node_modules" / "wechaty-puppet-service").is_dir():
        return f"the gateway's packages are not installed; run: {INSTALL}"
    return ""


def free_port() -> int:
    """Return a loopback port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class GatewayProcess:
    """One Node process; ``do`` sends a word and returns its answer. Freeze and kill as real trouble does."""

    def __init__(self) -> None:
        node = shutil.which("node") or "node"
        environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self._process = subprocess.Popen(
            [node, "--no-deprecation", "gateway.mjs"],
            cwd=FOLDER,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )

    async def do(self, word: str, **arguments: Any) -> Any:
        """Let the gateway carry out one word; the names are those of gateway.mjs and world.mjs."""
        line = json.dumps({"do": word, **arguments}, ensure_ascii=False)
        answer = await asyncio.to_thread(self._exchange, line)
        if "error" in answer:
            raise GatewayCommandError(answer["error"])
        return answer["ok"]

    def _exchange(self, line: str) -> dict[str, Any]:
        if self._process.stdin is None or self._process.stdout is None:
            raise GatewayCommandError("the gateway process has no pipes")
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline() or '{"error": "the gateway ended"}')
        return answer

    def freeze(self) -> None:
        """Stop the process in its tracks; its sockets stay open."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen process go on."""
        self._process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        """Kill the process without a word, and clear up."""
        self._process.kill()
        self._process.wait(timeout=10)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
