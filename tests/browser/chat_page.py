"""The chat page as a person uses it: every step waits for what it should lead to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Browser, BrowserContext, Locator, Page, expect


@dataclass(frozen=True)
class Shown:
    """One message as it stands on the screen."""

    name: str
    text: str
    own: bool
    bot: bool
    quote: str = ""


@dataclass
class ChatPage:
    """One window of its own. ``problems`` collects what the browser's console complained about."""

    page: Page
    context: BrowserContext
    problems: list[str] = field(default_factory=list)

    @classmethod
    async def open(cls, browser: Browser, url: str, **context: Any) -> ChatPage:
        """Open the page in a fresh window and wait until it is connected; ``context`` as for ``new_context``."""
        opened = await browser.new_context(**{"locale": "zh-CN", "viewport": {"width": 1280, "height": 800}, **context})
        window = cls(await opened.new_page(), opened)
        window.page.on("console", lambda message: window._note(message.type, message.text))
        window.page.on("pageerror", lambda error: window._note("error", str(error)))
        await window.page.goto(url)
        await window.connected()
        return window

    async def connected(self) -> None:
        await expect(self.page.get_by_test_id("connection")).to_have_attribute("data-state", "online")

    async def reload(self) -> None:
        await self.page.reload()
        await self.connected()

    async def close(self) -> None:
        await self.context.close()

    async def pick_group(self, topic: str) -> None:
        """Choose a group in the list; on a narrow screen the list is opened first."""
        await self._to_list()
        await self.page.get_by_test_id("conversation").filter(has_text=topic).click()
        await expect(self.page.get_by_test_id("topic")).to_have_text(topic)

    async def pick_private(self) -> None:
        """Choose the private chat of the current member with the bot."""
        await self._to_list()
        await self.page.get_by_test_id("private-conversation").click()

    async def pick_member(self, name: str) -> None:
        """Be the person of this name; the leader's mark may be left out."""
        select = self.page.get_by_test_id("member-select")
        labels = await select.locator("option").all_text_contents()
        await select.select_option(label=next(label for label in labels if label.split("（团长）")[0] == name))

    async def say(self, text: str) -> None:
        """Type and send; returns when the server has it."""
        await self.write(text)
        await self.page.get_by_test_id("composer").press("Enter")
        await expect(self.page.get_by_test_id("pending")).to_have_count(0)

    async def write(self, text: str) -> None:
        """Put text into the composer without sending it."""
        await self.page.get_by_test_id("composer").fill(text)

    async def mention(self, name: str) -> None:
        """Choose somebody from the list behind the @ button."""
        await self.page.get_by_test_id("mention-button").click()
        await self.page.get_by_test_id("mention-option").filter(has_text=name).first.click()

    async def quote(self, text: str, *, whole: bool = False) -> None:
        """Begin an answer that quotes the last message that contains ``text`` (``whole``: that says just this)."""
        message = self.line(text, whole=whole)
        await self._open_actions(message)
        await message.get_by_test_id("quote-button").click()
        await expect(self.page.get_by_test_id("quote-preview")).to_be_visible()

    async def recall(self, text: str, *, whole: bool = False) -> None:
        """Take back the last message that contains ``text``; returns when the notice stands in its place."""
        message = self.line(text, whole=whole)
        number = await message.get_attribute("data-id")
        await self._open_actions(message)
        await message.get_by_test_id("recall-button").click()
        await expect(self.page.locator(f'[data-testid="recalled"][data-id="{number}"]')).to_be_visible()

    async def download(self, name: str) -> bytes:
        """Fetch the last file of this name with a click, as a person saves it."""
        async with self.page.expect_download() as started:
            await self.line(name, whole=True).get_by_test_id("message-file").click()
        download = await started.value
        assert download.suggested_filename == name
        return (await download.path()).read_bytes()

    async def _open_actions(self, message: Locator) -> None:
        if await self.page.evaluate("matchMedia('(hover: hover)').matches"):
            await message.hover()
        else:
            await message.locator(".bubble").tap()

    def line(self, text: str, *, whole: bool = False) -> Locator:
        """The last message on the screen that contains ``text`` (``whole``: that says just this)."""
        wanted = re.compile(f"^{re.escape(text)}$") if whole else text
        said = self.page.get_by_test_id("message-text").filter(has_text=wanted)
        return self.page.get_by_test_id("message").filter(has=said).last

    async def sees(self, text: str, seconds: float = 5.0) -> None:
        """Wait until a message that contains ``text`` is on the screen."""
        await expect(self.line(text)).to_be_visible(timeout=seconds * 1000)

    async def messages(self) -> list[Shown]:
        """Return what is on the screen, oldest first."""
        shown = []
        for message in await self.page.get_by_test_id("message").all():
            quotes = await message.get_by_test_id("message-quote").all_text_contents()
            shown.append(
                Shown(
                    name=str(await message.get_by_test_id("message-name").text_content()),
                    text=str(await message.get_by_test_id("message-text").text_content()),
                    own=await message.get_attribute("data-own") == "true",
                    bot=await message.get_attribute("data-bot") == "true",
                    quote=quotes[0] if quotes else "",
                )
            )
        return shown

    async def texts(self) -> list[str]:
        """Return the texts on the screen, oldest first."""
        return await self.page.get_by_test_id("message-text").all_text_contents()

    async def _to_list(self) -> None:
        back = self.page.get_by_test_id("back")
        if await back.is_visible():
            await back.click()

    def _note(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.problems.append(text)
