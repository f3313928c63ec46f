"""From a reply to the order book: read it against the group's offers, apply what can be had, ask about the rest."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from core.outcomes import Outcome, Reason
from core.text import NormalText
from orders import questions, receipts
from orders.book import By, Refused
from orders.desk import OrderDesk
from orders.edits import Change, Doubt, Edit, Missing, Reading
from orders.glance import Glance
from orders.mentions import Mentions
from orders.questions import Question, QuestionKind
from orders.quoting import quoted_items
from orders.replies import ReplyReader
from orders.serving import Effect, Heard, Say, Served, effect_of
from orders.settings import OrdersSettings
from orders.state import Offer, OfferKind, OfferState, Payment
from orders.table import Table

_SAME_AGAIN = timedelta(minutes=10)
"""How long "同上" may point at somebody else's order."""
_JUST_CLOSED = timedelta(minutes=10)
"""How long after a closing a bare +1 is still taken for an order that comes too late."""


class OrderTaker:
    """Takes the orders that members type, at the desk of a batch."""

    def __init__(self, settings: OrdersSettings, reader: ReplyReader, glance: Glance) -> None:
        self.settings = settings
        self.reader = reader
        self._mentions = Mentions(reader.words, reader.uniform, glance)

    def may_mean(self, desk: OrderDesk, group_id: int, member: str, text: NormalText, at: datetime) -> bool:
        """Tell whether a message, written ``at`` and quoting nothing, can be a reply where no push was shown just now.

        Without a name a reply means what its speaker has ordered, what somebody else has just ordered, or what a leader
        offers; where there is nothing of the kind, only a name makes something of it.
        """
        if (group_id, member) in desk.asked:
            return True
        listed = desk.listed(group_id)
        if listed is None:
            return False
        if any(one.lines or one.kind is not OfferKind.PUSH or _just_closed(one, at) for one in desk.in_group(group_id)):
            return True
        return self._mentions.may_be_in(text.text, listed)

    async def reply(self, desk: OrderDesk, heard: Heard, seen: Collection[int]) -> Served | None:
        """Take a message as a reply to the group's offers; None when it is not about orders.

        ``seen`` are the catalogue ids of products that pushes showed in the group in the last minutes.
        """
        question = desk.asked.get((heard.group_id, heard.member))
        doubt = question.doubt if question is not None else None
        offers = desk.in_group(heard.group_id)
        if not offers and doubt is None:
            return None
        table = self.table(desk, heard, seen, doubt)
        reading = self._read(heard, table)
        if reading.outcome is Outcome.ORDER:
            touched = {item.offer_id for edit in reading.edits if (item := table.item(edit.item)) is not None}
            if not await desk.lock(touched | set(reading.paid)):
                table = self.table(desk, heard, seen, doubt)  # somebody else changed the book meanwhile: read again
                reading = self._read(heard, table)
        if reading.answers and question is not None:
            await self._settled(desk, question)
        if reading.outcome is Outcome.ORDER:
            return await self._order(desk, heard, reading)
        if reading.outcome is Outcome.ASK and reading.doubt is not None:
            return await self.ask(desk, heard, reading.doubt)
        if reading.answers:
            return Served(Outcome.IGNORED, Reason.NEGATED, (Say("answer", receipts.not_noted(heard.name)),))
        return await self._too_late(desk, heard, table)

    def _read(self, heard: Heard, table: Table) -> Reading:
        """Read a reply; what a leader offers goes before a push when its name fits both."""
        led = tuple(offer for offer in table.offers if offer.kind is not OfferKind.PUSH)
        pushed = any(offer.kind is OfferKind.PUSH and offer.lines_of(heard.member) for offer in table.offers)
        if led and len(led) < len(table.offers) and not pushed:
            reading = self.reader.read(heard.text, replace(table, offers=led, bare=(), doubt=None))
            if table.doubt is None and reading.outcome is Outcome.ORDER:
                return reading
        return self.reader.read(heard.text, table)

    def table(self, desk: OrderDesk, heard: Heard, seen: Collection[int], doubt: Doubt | None) -> Table:
        """Return what this speaker's reply can be about."""
        here = [_at_that_time(offer, heard.at) for offer in desk.in_group(heard.group_id)]
        # the latest first, and what one push showed as it showed it
        offers = sorted(here, key=lambda offer: (offer.kind is OfferKind.PUSH, -offer.created_at.timestamp(), offer.id))
        bare: list[int] = []
        for offer in offers:
            if offer.state is OfferState.OPEN:
                pushed = offer.kind is OfferKind.PUSH
                bare += [item.id for item in offer.on_list if not pushed or item.product_id in seen]
        quoted = None if heard.quote is None else quoted_items(heard.quote.text, offers, self.reader.words)
        return Table(
            offers=tuple(offers),
            member=heard.member,
            at=heard.at,
            own_names=heard.own_names,
            quoted=quoted,
            bare=tuple(bare),
            names=frozenset(name for names in heard.members.values() for name in names),
            previous=_previous(offers, heard),
            doubt=doubt,
        )

    async def ask(self, desk: OrderDesk, heard: Heard, doubt: Doubt, wording: str = "question") -> Served:
        """Ask one question; the member's next message answers it."""
        await self._wait_for(desk, heard, heard.member, QuestionKind.DOUBT, questions.doubt_row(doubt))
        offers = desk.in_group(heard.group_id)
        return Served(Outcome.ASK, doubt.reason, (Say("ask", receipts.question(doubt, offers, heard.name, wording)),))

    async def _order(self, desk: OrderDesk, heard: Heard, reading: Reading) -> Served:
        """Apply what was read, offer by offer, and say what came of it."""
        by = By(
            member=heard.member,
            name=heard.name,
            said_by=heard.member,
            group_id=heard.group_id,
            at=heard.at,
            inbox_id=heard.inbox_id,
            text=heard.text.raw,
            names=heard.own_names,
        )
        says: list[Say] = []
        effects: list[Effect] = []
        refused: list[Refused] = []
        for offer, edits in _by_offer(desk, reading.edits):
            rung = await desk.ring_up(offer, edits, by)
            refused += rung.refused
            if rung.applied:
                says.append(receipts.receipt(offer, rung.applied, sender=heard.name, group_id=heard.group_id))
                effects += [effect_of(offer, one) for one in rung.applied]
        says += [self._claim_payment(desk, heard, desk.offers[offer_id]) for offer_id in reading.paid]
        if refused:
            says += await self._refuse(desk, heard, refused)
        if not effects and not reading.paid:
            return Served(Outcome.ASK, refused[0].reason, tuple(says))
        return Served(Outcome.ORDER, _reason(reading), tuple(says), tuple(effects))

    async def _refuse(self, desk: OrderDesk, heard: Heard, refused: Sequence[Refused]) -> list[Say]:
        """Say what cannot be had and what is left; where a smaller number would do, the next message may name it."""
        first = refused[0]
        if len(refused) == 1 and first.left is not None and first.left > 0:
            edit = replace(first.edit, quantity=None)
            doubt = Doubt(first.reason, Missing.QUANTITY, ((edit,),), heard.text.text)
            await self._wait_for(desk, heard, heard.member, QuestionKind.DOUBT, questions.doubt_row(doubt))
        return [Say("ask", receipts.refusal(one, heard.name)) for one in refused]

    def _claim_payment(self, desk: OrderDesk, heard: Heard, offer: Offer) -> Say:
        buyer = offer.buyers.get(heard.member)
        if buyer is not None and buyer.payment is Payment.UNPAID:
            offer.buyers[heard.member] = replace(buyer, payment=Payment.CLAIMED)
            desk.note(offer, buyers=[heard.member])
        return Say("receipt", receipts.claimed(offer, heard.name), merge_key=f"offer:{offer.id}")

    async def _too_late(self, desk: OrderDesk, heard: Heard, table: Table) -> Served | None:
        """Tell who orders from an offer that has closed; what was written in time goes to the leader as a question."""
        closed = [
            (offer, desk.offers[offer.id])
            for offer in table.offers
            if offer.closed_at is not None and offer.state not in {OfferState.OPEN, OfferState.CANCELLED}
        ]
        if not closed:
            return None
        as_open = [replace(real, state=OfferState.OPEN, closed_at=offer.closed_at) for offer, real in closed]
        bare = [
            item.id
            for offer in as_open
            if offer.closed_at is not None and heard.at < offer.closed_at + _JUST_CLOSED
            for item in offer.on_list
        ]
        again = replace(table, offers=tuple(as_open), bare=() if table.bare else tuple(bare), doubt=None)
        reading = self.reader.read(heard.text, again)
        if reading.outcome is not Outcome.ORDER or not reading.edits:
            return None
        offer = next(offer for offer in as_open if reading.edits[0].item in offer.items)
        in_time = offer.closed_at is not None and heard.at < min(offer.closed_at, offer.closes_at or offer.closed_at)
        if in_time and heard.leader and heard.leader != heard.member:
            detail = {
                "offer": offer.id,
                "member": heard.member,
                "name": heard.name,
                "text": heard.text.raw,
                "edits": questions.edits_row(reading.edits),
                "inbox_id": heard.inbox_id,
            }
            await self._wait_for(desk, heard, heard.leader, QuestionKind.LATE, detail)
            return Served(
                Outcome.ASK, Reason.AFTER_CLOSING, (Say("ask", receipts.late(heard, offer), to=heard.leader),)
            )
        return Served(Outcome.ASK, Reason.AFTER_CLOSING, (Say("ask", receipts.closed(offer, heard.name)),))

    async def _wait_for(
        self, desk: OrderDesk, heard: Heard, member: str, kind: QuestionKind, detail: dict[str, object]
    ) -> None:
        lifetime = timedelta(minutes=self.settings.question_minutes)
        if member != heard.member:
            lifetime = timedelta(days=2)  # a leader is asked in private and may be asleep
        question = Question(0, heard.group_id, member, kind, detail, heard.inbox_id)
        stored = await questions.ask(desk.session, question, heard.handled_at, lifetime)
        desk.asked[heard.group_id, member] = stored

    async def _settled(self, desk: OrderDesk, question: Question) -> None:
        await questions.settle(desk.session, question)
        desk.asked.pop((question.group_id, question.member), None)


def _just_closed(offer: Offer, at: datetime) -> bool:
    """Tell whether an offer had closed when a message was written, so lately that even a bare +1 is told so."""
    closed_at = offer.closed_at
    if offer.state is OfferState.OPEN:
        closed_at = offer.closes_at if offer.closes_at is not None and offer.closes_at <= at else None
    return closed_at is not None and at < closed_at + _JUST_CLOSED


def _at_that_time(offer: Offer, at: datetime) -> Offer:
    """Return an offer as it stood when the message was written: past its closing time it is closed already."""
    if offer.state is OfferState.OPEN and offer.closes_at is not None and offer.closes_at <= at:
        offer = replace(offer, state=OfferState.CLOSED, closed_at=offer.closes_at)
    if offer.state is OfferState.OPEN:
        return offer
    # nothing on it can be ordered, but who has ordered may say that they have paid
    return replace(offer, items={key: replace(item, active=False) for key, item in offer.items.items()})


def _by_offer(desk: OrderDesk, edits: Sequence[Edit]) -> list[tuple[Offer, list[Edit]]]:
    """Sort edits by the offer that their item is of."""
    sorted_edits: dict[int, list[Edit]] = {}
    for edit in edits:
        offer_id = next(key for key, offer in desk.offers.items() if edit.item in offer.items)
        sorted_edits.setdefault(offer_id, []).append(edit)
    return [(desk.offers[offer_id], found) for offer_id, found in sorted_edits.items()]


def _reason(reading: Reading) -> Reason:
    """Return the reason of an order that was applied, at least in part."""
    if reading.edits and all(edit.change is Change.CANCEL for edit in reading.edits):
        return Reason.CANCELLED
    return reading.reason


def _previous(offers: Sequence[Offer], heard: Heard) -> tuple[Edit, ...]:
    """Return what somebody else ordered here last, a moment ago."""
    newest = [
        (line.at, key, line)
        for offer in offers
        if offer.state is OfferState.OPEN
        for key, line in offer.lines.items()
        if line.quantity > 0
        and line.at is not None
        and line.group_id == heard.group_id
        and heard.member not in {key.member, line.said_by}
        and heard.at - _SAME_AGAIN <= line.at <= heard.at
    ]
    if not newest:
        return ()
    at, last, _ = max(newest, key=lambda one: one[0])
    return tuple(
        Edit(key.item, Change.ADD, line.quantity)
        for when, key, line in newest
        if when == at and key.member == last.member and not key.for_whom
    )
