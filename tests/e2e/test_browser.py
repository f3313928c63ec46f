"""The main job in a real browser: type a need, see the push, reload, still there."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from bot.channels.local.channel import LocalChannel
from tests.browser.chat_page import ChatPage
from tests.channels.contract import until
from tests.e2e.conftest import program_running, program_settings
from tests.orders.chain_messages import chain_xml

pytestmark = pytest.mark.browser

FRUIT, MOTHERS = "阳光小区水果群", "星河湾宝妈群"


@pytest_asyncio.fixture
async def url(database_url: str, tmp_path: Path) -> AsyncIterator[str]:
    """The address of the demo's chat page, with the whole program behind it."""
    async with program_running(program_settings(tmp_path, database_url), tmp_path) as program:
        (page,) = program.channels
        assert isinstance(page, LocalChannel)
        await until(page.online.is_set, seconds=30)
        yield page.url


async def bots(window: ChatPage) -> list[str]:
    return [shown.text for shown in await window.messages() if shown.bot]


async def test_a_need_is_answered_in_every_window_and_still_there_after_a_reload(browser: Browser, url: str) -> None:
    mine = await ChatPage.open(browser, url)
    other = await ChatPage.open(browser, url)
    await expect(mine.page.get_by_test_id("notice")).to_contain_text("免打扰时段和次数上限已关闭")
    await mine.pick_group(FRUIT)
    await mine.pick_member("3栋502-小美")
    await other.pick_group(FRUIT)
    await other.pick_member("1栋1101-老周")
    await mine.say("🍓还有吗")
    for window in (mine, other):
        await window.sees("小美 问", 15)
    push = (await bots(mine))[-1]
    assert "草莓" in push
    assert "元" in push
    assert "退订" in push
    await other.say("家里大米见底了")
    await mine.sees("老周 问", 15)
    before = await mine.messages()
    await mine.reload()
    await mine.sees("老周 问")
    assert await mine.messages() == before
    assert mine.problems == other.problems == []


async def test_talk_is_left_alone_and_a_refusal_works_at_once(browser: Browser, url: str) -> None:
    window = await ChatPage.open(browser, url)
    await window.pick_group(MOTHERS)
    await window.pick_member("7栋安安妈")
    await window.say("求推荐儿童防晒，五十以内")
    await window.sees("安安妈 问", 15)
    assert "儿童防晒" in (await bots(window))[-1]
    for text in ("我都快吃完了", "你在哪买的票", "太贵了不买了", "她说想买个锅"):
        await window.say(text)
    await window.say("退订")
    await window.sees("已退订", 15)
    count = len(await bots(window))
    await window.say("有草莓吗")
    await window.pick_member("12栋米糖-二宝8个月")
    await window.say("有草莓吗")
    await window.sees("米糖 问", 15)
    assert len(await bots(window)) == count + 1


async def test_a_whole_group_buy(browser: Browser, url: str) -> None:
    window = await ChatPage.open(browser, url)
    await window.pick_group(FRUIT)
    opening = "开团 周末水果\n1. 丹东草莓 3斤 59.9元 限购5\n2. 蓝莓 45元 库存30\n满2份成团\n自提 南门驿站 明天下午"
    chain = chain_xml("#接龙\n周末水果", [("laozhou", "老周 蓝莓2份"), ("aqiang", "阿强 蓝莓1份")], creator="lin")
    for person, text, seen in (
        ("团长林姐", opening, "开团啦：周末水果"),
        ("3栋502-小美", "草莓2份", "丹东草莓 2 份，119.8 元"),
        ("1栋1101-老周", chain, "阿强：蓝莓 1 份，45 元"),
        ("团长林姐", "截单", "回复“确认”截单"),
        ("团长林姐", "确认", "周末水果】截单了"),
        ("团长林姐", "到货", "周末水果】到货啦"),
    ):
        await window.pick_member(person)
        await window.say(text)
        await window.sees(seen, 15)
    await window.pick_member("3栋502-小美")
    await window.pick_private()
    await window.say("我的订单")
    await window.sees("取货码", 15)
    mine = (await bots(window))[-1]
    code = re.search(r"取货码\D{0,6}([A-Z0-9]{4,})", mine)
    assert code is not None, mine
    await window.pick_group(FRUIT)
    await window.pick_member("团长林姐")
    for text, seen in (
        (f"核销 {code[1]}", "小美 已取货：丹东草莓 ×2"),
        ("核销 老周", "老周 已取货：蓝莓 ×2"),
        ("核销 阿强", "全部取完，这个团完成了"),
    ):
        await window.say(text)
        await window.sees(seen, 15)
    assert window.problems == []
