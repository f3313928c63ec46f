"""The chat page in a real Chromium, over a bot that only answers what it heard."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from core.database import Database
from core.messages import OutgoingMessage
from tests.browser.chat_page import ChatPage
from tests.browser.echo import NOTICE, echoing, frozen

pytestmark = pytest.mark.browser

FRUIT, CATS = "阳光小区水果群", "枫林苑猫奴群"
XIAOMEI, TIANTIAN, LEADER = "3栋502-小美", "6栋1502-甜甜", "团长林姐"
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


async def test_a_need_is_answered_and_still_there_after_a_reload(browser: Browser, database: Database) -> None:
    async with echoing(database) as channel:
        window = await ChatPage.open(browser, channel.url)
        await expect(window.page.get_by_test_id("notice")).to_have_text(NOTICE)
        await window.pick_group(FRUIT)
        await window.pick_member(XIAOMEI)
        await window.say("草莓还有吗")
        await window.sees("听到了：\n草莓还有吗")
        before = await window.messages()
        await window.reload()
        await window.sees("听到了")
        after = await window.messages()
        assert window.problems == []
    assert after == before
    mine, bots = after
    assert (mine.own, mine.bot, mine.text) == (True, False, "草莓还有吗")
    assert (bots.own, bots.bot, bots.name) == (False, True, "千群")
    assert bots.text == f"@{XIAOMEI}\u2005听到了：\n草莓还有吗"


async def test_two_windows_see_each_other(browser: Browser, database: Database) -> None:
    async with echoing(database) as channel:
        one = await ChatPage.open(browser, channel.url)
        two = await ChatPage.open(browser, channel.url)
        await two.pick_member(LEADER)
        await two.pick_group(CATS)
        await one.say("电梯又停了")
        fruit = two.page.get_by_test_id("conversation").filter(has_text=FRUIT)
        await expect(fruit.get_by_test_id("unread")).to_have_text("2")
        await two.pick_group(FRUIT)
        assert await two.page.get_by_test_id("member-select").input_value() == "lin"
        await two.quote("电梯又停了", whole=True)
        await two.say("物业说下午修好")
        await one.sees("物业说下午修好")
        answer = next(shown for shown in await one.messages() if shown.text == "物业说下午修好")
        assert (answer.name, answer.own, answer.quote) == (LEADER, False, f"{XIAOMEI}：电梯又停了")


async def test_mentions_are_picked_from_a_list(browser: Browser, database: Database) -> None:
    async with echoing(database) as channel:
        window = await ChatPage.open(browser, channel.url)
        await window.mention("千群")
        text = window.page.get_by_test_id("composer")
        await text.press_sequentially("今天有什么 @甜")
        await expect(window.page.get_by_test_id("mention-option")).to_have_count(1)
        await text.press("Enter")
        await text.press("Enter")
        await window.sees("今天有什么")
        await expect(window.line("今天有什么").locator(".mention").first).to_be_visible()
        assert (await window.messages())[0].text == f"@千群\u2005今天有什么 @{TIANTIAN}"


async def test_keys_send_break_the_line_and_cancel(browser: Browser, database: Database) -> None:
    async with echoing(database) as channel:
        window = await ChatPage.open(browser, channel.url)
        text = window.page.get_by_test_id("composer")
        await text.press_sequentially("第一行")
        await text.press("Shift+Enter")
        await text.press_sequentially("第二行")
        await text.press("Enter")
        await window.sees("第一行\n第二行")
        await window.quote("听到了")
        await text.press("Escape")
        await expect(window.page.get_by_test_id("quote-preview")).to_be_hidden()
        await window.page.evaluate(  # Enter that confirms a word of the input method sends nothing
            """const keydown = new KeyboardEvent("keydown", { key: "Enter", isComposing: true, bubbles: true });
            document.activeElement.value = "pinyin"; document.activeElement.dispatchEvent(keydown);"""
        )
        assert await text.input_value() == "pinyin"


async def test_a_private_chat_belongs_to_one_member(browser: Browser, database: Database) -> None:
    async with echoing(database) as channel:
        window = await ChatPage.open(browser, channel.url)
        await window.pick_private()
        await window.say("我的数据")
        await window.sees("私下说：我的数据")
        await window.pick_member("林姐")
        await expect(window.page.get_by_test_id("message")).to_have_count(0)
        await window.pick_member("小美")
        await window.sees("私下说：我的数据")
        await window.pick_group(FRUIT)
        await channel.send(OutgoingMessage("每日汇总", contact_id="xiaomei"))
        badge = window.page.get_by_test_id("private-conversation").get_by_test_id("unread")
        await expect(badge).to_have_text("1")


async def test_somebody_who_left_is_nobody_one_can_be(browser: Browser, database: Database) -> None:
    async with echoing(database) as channel:
        window = await ChatPage.open(browser, channel.url)
        await window.say("再见")
        fruit, *rest = channel.rooms
        stay = tuple(member for member in fruit.members if member.shown_name != XIAOMEI)
        channel.set_rooms([fruit.model_copy(update={"members": stay}), *rest])
        await expect(window.page.get_by_test_id("member-select")).to_have_value("laozhou")
        await window.say("走好")
        said = [shown for shown in await window.messages() if not shown.bot]
        assert [(shown.name, shown.own) for shown in said] == [(XIAOMEI, False), ("1栋1101-老周", True)]


async def test_it_says_when_the_connection_is_lost_and_catches_up(browser: Browser, database: Database) -> None:
    async with echoing(database) as channel:
        port = int(channel.url.rsplit(":", 1)[1].strip("/"))
        window = await ChatPage.open(browser, channel.url)
        await window.say("断线之前")
        await window.sees("听到了：\n断线之前")
    await expect(window.page.get_by_test_id("lost")).to_be_visible()
    await window.write("断线时写的")
    await window.page.get_by_test_id("composer").press("Enter")
    await expect(window.page.get_by_test_id("pending")).to_contain_text("等待连接恢复")
    async with echoing(database, port) as channel:
        await channel.send(OutgoingMessage("你不在的时候", room_id="room-fruit"))
        await window.page.evaluate("window.dispatchEvent(new Event('online'))")
        await window.connected()
        await window.sees("听到了：\n断线时写的")
        texts = await window.texts()
    assert texts.count("断线时写的") == 1
    assert [text for text in texts if "断线" not in text] == ["你不在的时候"]
    await expect(window.page.get_by_test_id("pending")).to_have_count(0)


async def test_it_does_not_wait_for_ever_for_a_dead_server(browser: Browser, database: Database) -> None:
    async with echoing(database) as channel:
        window = await ChatPage.open(browser, channel.url)
    async with frozen(channel):
        await expect(window.page.get_by_test_id("connection")).to_have_attribute("data-state", "lost")
        await window.page.evaluate("window.dispatchEvent(new Event('online'))")
        await window.page.wait_for_timeout(300)  # it now hangs in the handshake
    port = int(channel.url.rsplit(":", 1)[1].strip("/"))
    async with echoing(database, port):
        await expect(window.page.get_by_test_id("connection")).to_have_attribute("data-state", "online", timeout=15_000)


async def test_what_people_write_never_becomes_markup(browser: Browser, database: Database) -> None:
    hostile = '<img src=x onerror="document.title=1"><script>document.title=2</script>&amp;\u202e反'
    async with echoing(database) as channel:
        window = await ChatPage.open(browser, channel.url)
        await window.say(hostile)
        await window.sees("听到了")
        assert (await window.texts())[0] == hostile
        assert await window.page.locator(".text img, .text script").count() == 0
        assert window.problems == []


async def test_a_message_beyond_64_kb_is_explained_and_kept(browser: Browser, database: Database) -> None:
    async with echoing(database) as channel:
        window = await ChatPage.open(browser, channel.url)
        await window.write("长" * 22_000)
        await window.page.get_by_test_id("send").click()
        await expect(window.page.get_by_test_id("error")).to_contain_text("最多 64 KB")
        assert len(await window.page.get_by_test_id("composer").input_value()) == 22_000
        await window.say("长" * 21_845)
        await expect(window.page.get_by_text("展开全文")).to_be_visible()


async def test_older_messages_are_fetched_when_asked_for(browser: Browser, database: Database) -> None:
    async with echoing(database) as channel:
        for number in range(130):
            await channel.send(OutgoingMessage(f"第 {number} 句", room_id="room-fruit"))
        window = await ChatPage.open(browser, channel.url)
        await window.sees("第 129 句")
        await expect(window.page.get_by_test_id("message")).to_have_count(100)
        await window.page.get_by_test_id("older").click()
        await expect(window.page.get_by_test_id("message")).to_have_count(130)
        await expect(window.page.get_by_test_id("older")).to_be_hidden()


async def test_it_fits_a_phone(browser: Browser, database: Database) -> None:
    async with echoing(database) as channel:
        window = await ChatPage.open(browser, channel.url, **PHONE)
        await window.pick_group(FRUIT)
        await window.say("家里大米见底了")
        await window.sees("听到了")
        await window.quote("听到了")
        await window.say("好的")
        await window.pick_group(CATS)
        wide = await window.page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not wide


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_words_stand_out_from_their_ground(browser: Browser, database: Database, scheme: str) -> None:
    async with echoing(database) as channel:
        window = await ChatPage.open(browser, channel.url, color_scheme=scheme)
        await window.say("草莓还有吗")
        await window.sees("听到了")
        weak = await window.page.evaluate(CONTRAST)
    assert weak == []


CONTRAST = """() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const colour = channels(getComputedStyle(node).backgroundColor);
      if (colour.length === 3 || colour[3] > 0.8) return colour;
    }
    return [255, 255, 255];
  };
  const weak = [];
  for (const node of document.querySelectorAll("p, bdi, button, time, h1, h2, .conversation-last, .badge, option")) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
    if (!own || node.disabled || !node.checkVisibility()) continue;
    const [a, b] = [light(channels(getComputedStyle(node).color)), light(ground(node))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) weak.push(`${node.className || node.tagName} ${node.textContent} ${ratio.toFixed(2)}`);
  }
  return weak;
}"""
"""Texts whose contrast to the ground below them is under 4.5 (WCAG 2 AA)."""


async def test_everything_can_be_reached_and_has_a_name(browser: Browser, database: Database) -> None:
    async with echoing(database) as channel:
        window = await ChatPage.open(browser, channel.url)
        await window.say("草莓还有吗")
        await window.sees("听到了")
        nameless = await window.page.evaluate(
            """[...document.querySelectorAll("button, select, textarea")]
            .filter((node) => node.checkVisibility() && !node.getAttribute("aria-label") && !node.textContent.trim())
            .map((node) => node.outerHTML)"""
        )
        assert nameless == []
        await window.page.get_by_test_id("composer").focus()
        reached = []
        for _ in range(12):
            await window.page.keyboard.press("Shift+Tab")
            reached.append(await window.page.evaluate("document.activeElement.dataset.testid ?? ''"))
        for control in ("mention-button", "quote-button", "log", "member-select", "conversation"):
            assert control in reached
