"""``qianqun run`` as a process: what keeps it from starting, and how it ends."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from pathlib import Path

import pytest

from tests.demo_config import write_demo_config

QIANQUN = str(Path(sys.executable).parent / "qianqun")


async def started(config: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(QIANQUN, "run", "--config", str(config)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def test_a_port_in_use_is_one_clear_error(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = await started(write_demo_config(tmp_path, port=port))
        said = (await process.communicate())[0].decode()
    assert process.returncode == 2
    assert str(port) in said
    assert "channels.local.port" in said or "another port" in said
    assert "Traceback" not in said
    assert "Error" not in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_told_to_stop_it_ends_in_order(tmp_path: Path, number: signal.Signals) -> None:
    config = write_demo_config(tmp_path)
    text = config.read_text(encoding="utf-8").replace('level = "warning"', 'level = "info"')
    config.write_text(text, encoding="utf-8")
    process = await started(config)
    assert process.stdout is not None
    said = ""
    async with asyncio.timeout(30):
        while "online" not in said:
            line = (await process.stdout.readline()).decode()
            assert line, said
            said += line
        process.send_signal(number)
        said += (await process.stdout.read()).decode()
        assert await process.wait() == 0
    assert "Traceback" not in said
