"""The Node gateway starts once; every test opens its own fresh world in it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests.channels.wechaty_gateway import GatewayProcess, missing

if TYPE_CHECKING:
    from tests.channels.wechaty_rig import WechatyRig


@pytest.fixture(scope="session")
def gateway_process() -> Iterator[GatewayProcess]:
    reason = missing()
    if reason and os.environ.get("CI") == "true":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    process = GatewayProcess()
    yield process
    process.end()


@pytest_asyncio.fixture
async def wechaty_rig(gateway_process: GatewayProcess) -> AsyncIterator[WechatyRig]:
    from tests.channels.wechaty_rig import WechatyRig  # noqa: PLC0415 - imports the vendor's packages

    rig = WechatyRig(gateway_process)
    await rig.start()
    yield rig
    await rig.stop()
