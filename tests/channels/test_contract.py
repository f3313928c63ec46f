"""No channel without its contract: every folder of ``bot/channels`` has a test class that derives from the suite."""

from __future__ import annotations

import importlib
from pathlib import Path

import bot.channels
from tests.channels.contract import ChannelContract

HERE = Path(__file__).parent


def test_every_channel_keeps_the_contract() -> None:
    channels = {path.parent.name for path in Path(bot.channels.__file__).parent.glob("*/channel.py")}
    assert channels
    for name in channels:
        module = importlib.import_module(f"tests.channels.test_{name}_contract")
        classes = [value for value in vars(module).values() if isinstance(value, type)]
        assert any(issubclass(c, ChannelContract) and c is not ChannelContract for c in classes), name


def test_no_contract_is_left_without_a_channel() -> None:
    tested = {path.stem.removeprefix("test_").removesuffix("_contract") for path in HERE.glob("test_*_contract.py")}
    channels = {path.parent.name for path in Path(bot.channels.__file__).parent.glob("*/channel.py")}
    assert tested == channels
