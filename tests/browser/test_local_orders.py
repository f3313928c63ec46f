"""What a group-buy needs of the chat page: a pasted 接龙, files to fetch, and messages that are taken back."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Browser, expect

from core.database import Database
from core.messages import IncomingMessage, MessageKind, OutgoingFile, OutgoingMessage
from tests.browser.chat_page import ChatPage
from tests.browser.echo import echoing
from tests.channels.contract import chain_record

pytestmark = pytest.mark.browser

FRUIT = "阳光小区水果群"
XIAOMEI, TIANTIAN, LEADER = "3栋502-小美", "6栋1502-甜甜", "团长林姐"
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
NOTICE = f"{XIAOMEI} 撤回了一条消息"
FITS = "[document.documentElement, document.querySelector('#log')].every((n) => n.scrollWidth <= n.clientWidth)"


async def paste(window: ChatPage, text: str) -> None:
    """Put a text into the composer as a paste does: in one piece, line breaks kept."""
    box = window.page.get_by_test_id("composer")
    await box.focus()
    await window.page.evaluate("text => document.execCommand('insertText', false, text)", text)
    assert await box.input_value() == text
    await box.press("Enter")
    await expect(window.page.get_by_test_id("pending")).to_have_count(0)


@pytest.mark.parametrize("context", [{}, PHONE])
async def test_a_pasted_chain_arrives_as_it_is_and_does_not_break_the_page(
    browser: Browser, database: Database, context: dict[str, Any]
) -> None:
    chain, record = "#接龙\n周末水果\n" + "\n".join(f"{n}. 阿梅{n} 草莓2" for n in range(1, 1500)), chain_record()
    heard: list[IncomingMessage] = []
    async with echoing(database, heard=heard) as channel:
        window = await ChatPage.open(browser, channel.url, **context)
        await window.pick_group(FRUIT)
        await paste(window, chain)
        await window.sees("听到了：\n#接龙")
        await paste(window, record)
        await window.sees("听到了：\nwxid_a1b2c3d4:")
        shown = window.page.locator('[data-testid="message"][data-own="true"]').last
        await expect(shown.get_by_test_id("message-text")).to_contain_text("周末水果，今晚八点截单")
        await expect(shown.get_by_test_id("message-source")).to_be_hidden()
        await expect(shown.get_by_test_id("message-text")).not_to_contain_text("<title>")
        assert await window.page.evaluate(FITS)
        box = await shown.bounding_box()
        assert box is not None
        assert box["height"] < 700, "a long one is folded"
        await shown.get_by_test_id("source-button").click()
        await expect(shown.get_by_test_id("message-source")).to_have_text(record)
        assert await window.page.evaluate(FITS)
        assert window.problems == []
    assert [message.text for message in heard] == [chain, record]


async def test_a_record_that_carries_markup_stays_text(browser: Browser, database: Database) -> None:
    record = '<msg><appmsg><title>&lt;img src=x onerror="document.title=1"&gt;</title></appmsg></msg>'
    async with echoing(database) as channel:
        window = await ChatPage.open(browser, channel.url)
        await window.say(record)
        await window.sees('<img src=x onerror="document.title=1">')
        await window.say("<msg><title>没有关上")
        await window.sees("<msg><title>没有关上")
        assert await window.page.locator("#log img[src=x]").count() == 0
        assert await window.page.title() != "1"


async def test_a_line_is_taken_back_for_everybody(browser: Browser, database: Database) -> None:
    heard: list[IncomingMessage] = []
    async with echoing(database, heard=heard) as channel:
        one = await ChatPage.open(browser, channel.url)
        two = await ChatPage.open(browser, channel.url)
        for window, name in ((one, XIAOMEI), (two, TIANTIAN)):
            await window.pick_group(FRUIT)
            await window.pick_member(name)
        await one.say("草莓2份")
        await one.say("蓝莓1份")
        await two.sees("听到了：\n蓝莓1份")
        assert await two.line("蓝莓1份", whole=True).get_by_test_id("recall-button").count() == 0, "not their own"
        await one.recall("草莓2份", whole=True)
        await expect(two.page.get_by_test_id("recalled")).to_have_text(NOTICE)
        for window in (one, two):
            assert "草莓2份" not in await window.texts()
            assert "蓝莓1份" in await window.texts()
        await two.reload()
        await two.sees("蓝莓1份")
        await expect(two.page.get_by_test_id("recalled")).to_have_text(NOTICE)
        assert "草莓2份" not in await two.texts()
        assert [*one.problems, *two.problems] == []
    order, recall = (message for message in heard if message.text != "蓝莓1份")
    assert (order.text, recall.kind, recall.recalls) == ("草莓2份", MessageKind.RECALL, order.key.message_id)


async def test_on_a_phone_a_tap_offers_to_take_it_back(browser: Browser, database: Database) -> None:
    async with echoing(database) as channel:
        window = await ChatPage.open(browser, channel.url, **PHONE)
        await window.pick_group(FRUIT)
        await window.pick_member(XIAOMEI)
        await window.say("草莓2份")
        await window.sees("听到了")
        await window.recall("草莓2份", whole=True)
        await expect(window.page.get_by_test_id("recalled")).to_have_text(NOTICE)


async def test_after_two_minutes_it_is_too_late(browser: Browser, database: Database) -> None:
    async with echoing(database) as channel:
        window = await ChatPage.open(browser, channel.url)
        await window.page.clock.install()
        await window.reload()
        await window.say("草莓2份")
        await window.sees("听到了")
        line = window.line("草莓2份", whole=True)
        await expect(line.get_by_test_id("recall-button")).to_have_count(1)
        await window.page.clock.fast_forward("02:01")
        await expect(line.get_by_test_id("recall-button")).to_have_count(0)


async def test_a_file_is_fetched_with_a_click(browser: Browser, database: Database) -> None:
    file = OutgoingFile("周末水果-订单.csv", "text/csv", "\ufeff昵称,草莓\r\n小美,2\r\n".encode() * 100)
    async with echoing(database) as channel:
        leader = await ChatPage.open(browser, channel.url)
        await leader.pick_member(LEADER)
        await leader.pick_private()
        other = await ChatPage.open(browser, channel.url)
        await other.pick_member(XIAOMEI)
        await other.pick_private()
        await channel.send(OutgoingMessage("", contact_id="lin", file=file))
        await leader.sees(file.name)
        await expect(leader.page.get_by_test_id("message-file")).to_contain_text("2.7 KB")
        assert await leader.download(file.name) == file.content
        await leader.quote(file.name)
        await expect(leader.page.get_by_test_id("quote-preview")).to_contain_text(file.name)
        await leader.say("第二行不对")
        await leader.sees("私下说：第二行不对")
        assert (await leader.messages())[1].quote == f"千群：{file.name}"
        assert await other.page.get_by_test_id("message-file").count() == 0
        assert leader.problems == []
