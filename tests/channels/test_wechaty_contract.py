"""The wechaty channel keeps the contract of channels, over a real gateway."""

from __future__ import annotations

import pytest

from tests.channels.contract import ChannelContract
from tests.channels.wechaty_rig import WechatyRig


@pytest.mark.gateway
class TestWechatyContract(ChannelContract):
    @pytest.fixture
    def rig(self, wechaty_rig: WechatyRig) -> WechatyRig:
        return wechaty_rig
