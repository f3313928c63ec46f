"""The Node gateway starts once; every test opens its own fresh world in it."""

from __future__ import annotations

import functools
import os
from collections.abc import AsyncIterator, Callable, Iterator
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
async def rig_with(gateway_process: GatewayProcess) -> AsyncIterator[Callable[..., WechatyRig]]:
    """Builds a rig, not yet started, with settings of its own; one at a time."""
    from tests.channels.wechaty_rig import WechatyRig  # noqa: PLC0415 - imports the vendor's packages

    yield functools.partial(WechatyRig, gateway_process)
    await gateway_process.do("close")


@pytest_asyncio.fixture
async def wechaty_rig(rig_with: Callable[..., WechatyRig]) -> WechatyRig:
    rig = rig_with()
    await rig.start()
    return rig
