"""What others ask of orders: is this message an order, a chain, a word about offers; and what is due by the clock."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from core.messages import Gap
from core.outcomes import Outcome, Reason
from core.text import Normaliser, NormalText
from orders.chaining import ChainTaker
from orders.desk import OrderDesk
from orders.gaps import gap_notices
from orders.glance import Glance
from orders.recalls import recalled_order
from orders.replies import ReplyReader
from orders.running import WordRunner
from orders.serving import Heard, Say, Served
from orders.settings import OrdersSettings
from orders.taking import OrderTaker
from orders.words import OrderWord, UnknownOrderWord, may_be_word, parse


class OrderService:
    """Orders, as the path of a message meets them. Everything works at the desk of the caller's transaction."""

    def __init__(
        self,
        settings: OrdersSettings,
        zone: ZoneInfo,
        goods: Mapping[str, str],
        aliases: Iterable[tuple[str, str, str]],
        normaliser: Normaliser,
    ) -> None:
        self.settings = settings
        self.zone = zone
        reader = ReplyReader(goods, aliases, lambda text: normaliser(text).text)
        self._glance = Glance(reader.words, reader.uniform)
        self._taker = OrderTaker(settings, reader, self._glance)
        self._chains = ChainTaker(normaliser, reader.words)
        self._runner = WordRunner(settings, zone, self._taker, normaliser)

    def may_be_word(self, text: str) -> bool:
        """Tell whether a text that does not address the bot can be a word about offers at all. Quick."""
        return may_be_word(text)

    def parse(self, text: str, *, addressed: bool) -> OrderWord | UnknownOrderWord | None:
        """Return the word about offers that a text is, or None."""
        return parse(text, addressed=addressed)

    async def word(self, desk: OrderDesk, heard: Heard, word: OrderWord | UnknownOrderWord) -> Served | None:
        """Carry out a word about offers; None when it means nothing from this speaker here."""
        await desk.settle()
        return await self._runner.run(desk, heard, word)

    async def answer(self, desk: OrderDesk, heard: Heard, *, agreed: bool) -> Served | None:
        """Carry out, or drop, what waits for this speaker's 同意 or 不用; None when nothing does."""
        await desk.settle()
        return await self._runner.answer(desk, heard, agreed=agreed)

    def may_concern(self, desk: OrderDesk, group_id: int, member: str, text: NormalText) -> bool:
        """Tell whether a message can be about orders at all: a chain, or something about an offer. Quick."""
        if self._chains.may_be(text.raw) or (group_id, member) in desk.asked:
            return True
        listed = desk.listed(group_id)
        return listed is not None and self._glance.may_order(text.text, member, listed)

    def may_mean(self, desk: OrderDesk, group_id: int, member: str, text: NormalText, at: datetime) -> bool:
        """Tell whether what may concern orders can come to anything where no push was shown just now. Not as quick."""
        return self._chains.may_be(text.raw) or self._taker.may_mean(desk, group_id, member, text, at)

    async def reply(self, desk: OrderDesk, heard: Heard, seen: Collection[int]) -> Served | None:
        """Take a chain or a reply for an order; None when the message is about something else."""
        await desk.settle(heard.groups)
        chained = await self._chains.take(desk, heard)
        return chained if chained is not None else await self._taker.reply(desk, heard, seen)

    async def missed(self, desk: OrderDesk, gap: Gap) -> list[Say]:
        """Return what groups with open offers are told after the channel was deaf."""
        return await gap_notices(desk, gap, desk.now, self.zone)

    async def recalled(self, desk: OrderDesk, heard: Heard, inbox_id: int | None) -> Served:
        """Ask the author of a recalled order whether to take it back; it never goes silently."""
        await desk.settle()
        doubt = None if inbox_id is None else await recalled_order(desk, heard.member, inbox_id)
        if doubt is None:
            return Served(Outcome.IGNORED, Reason.UNKNOWN_TYPE)
        return await self._taker.ask(desk, heard, doubt, "recalled")
