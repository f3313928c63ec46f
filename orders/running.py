"""Carrying out the words about offers: who may say them, which offer is meant, and what needs a yes first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from core.messages import OutgoingFile
from core.outcomes import Outcome, Reason
from core.templates import render
from core.text import Normaliser
from groups.people import audit
from groups.people.audit import Look
from groups.state import MemberKey, Role
from orders import exporting, handing, leading, lists, questions, repository
from orders.book import By
from orders.changing import change_item, change_terms
from orders.choosing import Unclear, choose_offer, split_member
from orders.desk import OrderDesk
from orders.itemlines import read_item_line
from orders.leading import RUNNING, not_understood, said
from orders.opening import OpeningFromPush, opening_head, read_opening, read_terms
from orders.placing import place, ring, undo
from orders.questions import Question, QuestionKind
from orders.serving import Heard, Say, Served
from orders.settings import OrdersSettings
from orders.state import Offer, OfferState
from orders.taking import OrderTaker
from orders.words import Audience, OrderWord, OrderWordKind, UnknownOrderWord, audience

_PAST = (OfferState.CLOSED, OfferState.SUCCEEDED, OfferState.FAILED, OfferState.ARRIVED, OfferState.COMPLETED)
_CANCELLABLE = (OfferState.DRAFT, OfferState.OPEN, OfferState.SUCCEEDED, OfferState.ARRIVED)
_FETCHING = (OfferState.SUCCEEDED, OfferState.ARRIVED)
_MINE_SINCE = timedelta(days=30)
_CONFIRM = timedelta(minutes=10)
"""How long a word that cannot be undone waits for its yes."""

_Handler = Callable[[OrderDesk, Heard, OrderWord], Awaitable[Served | None]]


@dataclass(frozen=True, slots=True)
class WordRunner:
    """Carries out what leaders and members say about offers."""

    settings: OrdersSettings
    zone: ZoneInfo
    taker: OrderTaker
    normaliser: Normaliser

    async def run(self, desk: OrderDesk, heard: Heard, word: OrderWord | UnknownOrderWord) -> Served | None:
        """Carry out a word; None when it means nothing from this speaker and is talk or an order."""
        if isinstance(word, UnknownOrderWord):
            return await self._unknown(desk, heard, word) if heard.helper else None
        who = audience(word.kind)
        if not heard.helper and who is not Audience.EVERYONE:
            return None
        if not heard.leads and who is Audience.LEADER:
            return Served(Outcome.COMMAND, Reason.REFUSED_ROLE)
        return await self._handlers()[word.kind](desk, heard, word)

    async def answer(self, desk: OrderDesk, heard: Heard, *, agreed: bool) -> Served | None:
        """Carry out, or drop, what waits for this speaker's yes; None when nothing does."""
        question = desk.asked.get((heard.group_id, heard.member))
        if question is None or question.kind is QuestionKind.DOUBT:
            return None
        await questions.settle(desk.session, question)
        del desk.asked[heard.group_id, heard.member]
        if not agreed:
            return said(render("orders", "dropped"))
        if question.kind is QuestionKind.LATE:
            return await self._late(desk, heard, question.detail)
        offers = await desk.read([int(question.detail["offer"])])
        await desk.lock([offer.id for offer in offers])
        return await self._irrevocable(desk, heard, desk.offers[offers[0].id], str(question.detail["word"]))

    def _handlers(self) -> dict[OrderWordKind, _Handler]:
        kind = OrderWordKind
        return {
            kind.OPEN: self._open,
            kind.ADD_ITEM: self._add,
            kind.CHANGE: self._change,
            kind.CLOSE: self._confirmed,
            kind.CANCEL_OFFER: self._confirmed,
            kind.COPY: self._copy,
            kind.LIST: self._list,
            kind.OFFERS: self._offers,
            kind.UNPAID: self._unpaid,
            kind.REMIND: self._remind,
            kind.CONFIRM_PAID: self._paid,
            kind.ARRIVED: self._arrived,
            kind.HAND_OVER: self._hand_over,
            kind.REFUND: self._refund,
            kind.EXPORT: self._export,
            kind.PLACE: self._place,
            kind.UNDO: self._undo,
            kind.MY_ORDERS: self._my_orders,
            kind.CONFIRM: self._yes,
            kind.DECLINE: self._no,
        }

    async def _unknown(self, desk: OrderDesk, heard: Heard, word: UnknownOrderWord) -> Served:
        """Open a draft that is called so, else say in one line what to write."""
        head = opening_head(word.text) if word.advice is OrderWordKind.OPEN else None
        draft = None if head is None else await leading.drafted(desk, heard, head.rest.strip())
        if head is None or draft is None:
            return not_understood(render("orders", "word_help", key=word.advice))
        rest = "\n".join(word.text.split("\n")[head.row :])
        return await leading.open_draft(desk, heard, draft, read_terms(rest, heard.at, self.zone), self.zone)

    async def _open(self, desk: OrderDesk, heard: Heard, word: OrderWord) -> Served:
        opening = read_opening(heard.text.raw, heard.at, self.zone)
        if opening is None:
            return not_understood(render("orders", "faults", faults=[]))
        if isinstance(opening, OpeningFromPush):
            return await leading.open_from_push(desk, heard, opening, self.zone)
        return await leading.open_offer(desk, heard, opening, self.zone)

    async def _add(self, desk: OrderDesk, heard: Heard, word: OrderWord) -> Served:
        offer = await choose_offer(desk, heard, word.title, RUNNING, "加品")
        if isinstance(offer, Unclear):
            return not_understood(offer.text)
        drafted = [read_item_line(line) for line in word.text.splitlines() if line.strip()]
        found = [one for one in drafted if one is not None]
        if not found:
            return not_understood(render("orders", "word_help", key=OrderWordKind.ADD_ITEM))
        return await leading.add_items(desk, heard, offer, found)

    async def _change(self, desk: OrderDesk, heard: Heard, word: OrderWord) -> Served:
        offer = await choose_offer(desk, heard, word.title, RUNNING, "改")
        if isinstance(offer, Unclear):
            return not_understood(offer.text)
        if word.item:
            return change_item(desk, heard, offer, word.field, word.item, word.text)
        return change_terms(desk, heard, offer, word.text, self.zone)

    async def _confirmed(self, desk: OrderDesk, heard: Heard, word: OrderWord) -> Served:
        """Ask for a yes before what nothing takes back."""
        closes = word.kind is OrderWordKind.CLOSE
        states = (OfferState.OPEN,) if closes else _CANCELLABLE
        offer = await choose_offer(desk, heard, word.title, states, "截单" if closes else "取消团")
        if isinstance(offer, Unclear):
            return not_understood(offer.text)
        detail = {"word": word.kind.value, "offer": offer.id}
        question = Question(0, heard.group_id, heard.member, QuestionKind.WORD, detail, heard.inbox_id)
        stored = await questions.ask(desk.session, question, heard.handled_at, _CONFIRM)
        desk.asked[heard.group_id, heard.member] = stored
        people = len({key.member for key, line in offer.lines.items() if line.quantity > 0})
        name, progress = "confirm_close" if closes else "confirm_cancel", lists.progress_line(offer)
        return said(render("orders", name, title=offer.title, progress=progress, people=people))

    async def _irrevocable(self, desk: OrderDesk, heard: Heard, offer: Offer, word: str) -> Served:
        """Carry out what was confirmed, if the offer still stands where it stood."""
        closes = word == OrderWordKind.CLOSE
        if offer.state not in ((OfferState.OPEN,) if closes else _CANCELLABLE):
            name = "截单" if closes else "取消"
            return not_understood(render("orders", "not_now", title=offer.title, word=name, state=offer.state.value))
        if closes:
            return await leading.close(desk, heard, offer, self.zone)
        return await leading.cancel(desk, heard, offer)

    async def _late(self, desk: OrderDesk, heard: Heard, detail: Any) -> Served:
        """Let in what was written in time and handled late."""
        offers = await desk.read([int(detail["offer"])])
        await desk.lock([offer.id for offer in offers])
        by = By(
            member=detail["member"],
            name=detail["name"],
            said_by=detail["member"],
            group_id=heard.group_id,
            at=heard.at,
            inbox_id=detail["inbox_id"],
            source="leader",
            text=detail["text"],
            late=True,
        )
        return await ring(desk, heard, questions.edits_of(detail["edits"]), by)

    async def _yes(self, desk: OrderDesk, heard: Heard, word: OrderWord) -> Served | None:
        return await self.answer(desk, heard, agreed=True)

    async def _no(self, desk: OrderDesk, heard: Heard, word: OrderWord) -> Served | None:
        return await self.answer(desk, heard, agreed=False)

    async def _copy(self, desk: OrderDesk, heard: Heard, word: OrderWord) -> Served:
        offer = await choose_offer(desk, heard, word.title, (*_PAST, OfferState.OPEN, OfferState.CANCELLED), "复制团")
        return not_understood(offer.text) if isinstance(offer, Unclear) else await leading.copy(desk, heard, offer)

    async def _list(self, desk: OrderDesk, heard: Heard, word: OrderWord) -> Served:
        offer = await self._latest(desk, heard, word.title, "统计")
        if isinstance(offer, Unclear):
            return not_understood(offer.text)
        return said(
            lists.list_text(
                offer, heard.at, self.zone, self.settings.list_lines, None if heard.private else heard.group_id
            )
        )

    async def _offers(self, desk: OrderDesk, heard: Heard, word: OrderWord) -> Served:
        here = [one for group in heard.groups for one in desk.in_group(group) if one.state is OfferState.OPEN]
        return said(lists.offers_text(list({one.id: one for one in here}.values()), heard.at, self.zone))

    async def _unpaid(self, desk: OrderDesk, heard: Heard, word: OrderWord) -> Served:
        offer = await self._latest(desk, heard, word.title, "未付")
        if isinstance(offer, Unclear):
            return not_understood(offer.text)
        if offer.state not in handing.SOLD:
            return not_understood(render("orders", "not_now", title=offer.title, word="收款", state=offer.state.value))
        return handing.unpaid(heard, offer)

    async def _remind(self, desk: OrderDesk, heard: Heard, word: OrderWord) -> Served:
        offer = await self._latest(desk, heard, word.title, "催单")
        if isinstance(offer, Unclear):
            return not_understood(offer.text)
        return handing.remind(heard, offer, self.zone, self.settings.list_lines)

    async def _paid(self, desk: OrderDesk, heard: Heard, word: OrderWord) -> Served:
        offer = await self._latest(desk, heard, word.title, "收款")
        if isinstance(offer, Unclear):
            return not_understood(offer.text)
        return handing.confirm_paid(desk, heard, offer, word.member)

    async def _arrived(self, desk: OrderDesk, heard: Heard, word: OrderWord) -> Served:
        offer = await choose_offer(desk, heard, word.title, (OfferState.SUCCEEDED,), "到货")
        return not_understood(offer.text) if isinstance(offer, Unclear) else await handing.arrived(desk, heard, offer)

    async def _hand_over(self, desk: OrderDesk, heard: Heard, word: OrderWord) -> Served:
        """Find the offer by the buyer: the code or the name is what the leader has before their eyes."""
        ids = await repository.offers_of(desk.session, list(heard.groups), _FETCHING)
        waiting = [one for one in await desk.read(ids) if handing.waits_for(one, heard, word.member)]
        title = waiting[0].title if waiting else word.title
        offer = await choose_offer(desk, heard, title, _FETCHING, "核销")
        if isinstance(offer, Unclear):
            return not_understood(offer.text)
        return await handing.hand_over(desk, heard, offer, word.member)

    async def _refund(self, desk: OrderDesk, heard: Heard, word: OrderWord) -> Served:
        offer = await self._latest(desk, heard, word.title, "退款")
        if isinstance(offer, Unclear):
            return not_understood(offer.text)
        if word.amount is None:
            return not_understood(render("orders", "word_help", key=OrderWordKind.REFUND))
        return await handing.refund(desk, heard, offer, word.member, word.amount, word.text)

    async def _export(self, desk: OrderDesk, heard: Heard, word: OrderWord) -> Served:
        """Send the whole book to the leader alone: it holds rooms and phone numbers."""
        offer = await self._latest(desk, heard, word.title, "导出")
        if isinstance(offer, Unclear):
            return not_understood(offer.text)
        name = exporting.file_name(offer, heard.at, self.zone)
        book = exporting.export_xlsx(offer, heard.at, self.zone, heard.led, heard.packing(offer))
        file = OutgoingFile(f"{name}.xlsx", exporting.XLSX, book)
        desk.happened(offer, "exported", heard.member, heard.inbox_id)
        by = MemberKey(heard.channel, heard.account, heard.member)
        role = Role.LEADER if heard.leads else Role.ASSISTANT
        look = Look(role.value, "exported_orders", by, group_id=heard.group_id, detail={"offer": offer.id})
        await audit.write(desk.session, look, heard.handled_at)
        says = [Say("export", file.name, to=heard.member, file=file)]
        if not heard.private:
            says.insert(0, Say("answer", render("orders", "exported", title=offer.title)))
        return Served(Outcome.COMMAND, Reason.DONE, tuple(says))

    async def _place(self, desk: OrderDesk, heard: Heard, word: OrderWord) -> Served:
        _, _, order = split_member(word.text, heard.members)
        return await place(desk, heard, self.taker, word.text, self.normaliser(order))

    async def _undo(self, desk: OrderDesk, heard: Heard, word: OrderWord) -> Served:
        return await undo(desk, heard, word.member)

    async def _my_orders(self, desk: OrderDesk, heard: Heard, word: OrderWord) -> Served:
        return await handing.my_orders(desk, heard, heard.handled_at - _MINE_SINCE)

    async def _latest(self, desk: OrderDesk, heard: Heard, title: str, word: str) -> Offer | Unclear:
        """Return the offer that a question without a state is about: what is open, else what was closed last."""
        offer = await choose_offer(desk, heard, title, (OfferState.OPEN, *_PAST), word)
        if isinstance(offer, Unclear) and not title:
            open_one = await choose_offer(desk, heard, "", (OfferState.OPEN,), word)
            return open_one if isinstance(open_one, Offer) else offer
        return offer
