"""What orders keep of a person, and what is left of it: the law asks that an order stays, not whose it was."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from core.database import execute
from core.personal import Column, Found, Person, Sheet, Traces, Treatment, chunks, columns, scrub
from orders import freezing
from orders.chains.forgetting import texts_of, without_person
from orders.chains.kept import Kept
from orders.models import (
    BuyerRecord,
    OfferEvent,
    OfferGroup,
    OfferItem,
    OfferRecord,
    OrderChain,
    OrderEdit,
    OrderLine,
    OrderQuestion,
    Refund,
)

_offers = OfferRecord.__table__  # type: ignore[attr-defined]
_groups = OfferGroup.__table__  # type: ignore[attr-defined]
_items = OfferItem.__table__  # type: ignore[attr-defined]
_lines = OrderLine.__table__  # type: ignore[attr-defined]
_edits = OrderEdit.__table__  # type: ignore[attr-defined]
_buyers = BuyerRecord.__table__  # type: ignore[attr-defined]
_refunds = Refund.__table__  # type: ignore[attr-defined]
_events = OfferEvent.__table__  # type: ignore[attr-defined]
_chains = OrderChain.__table__  # type: ignore[attr-defined]
_questions = OrderQuestion.__table__  # type: ignore[attr-defined]

_WHAT = "what was sold, for how much, and how far it got"


class OrderData:
    """Implements ``core.personal.PersonalData`` for orders."""

    name = "orders"
    columns: Mapping[str, Column] = {
        **columns("offer", Treatment.FROZEN, "leader", "title", "pickup_place", "pickup_when", "note"),
        **columns("offer", Treatment.NOT_PERSONAL, "kind", "state", "channel", "account", reason=_WHAT),
        **columns("offer_item", Treatment.FROZEN, "title", "specification"),
        **columns("offer_item", Treatment.NOT_PERSONAL, "code", "unit", "tiers", reason=_WHAT),
        **columns("order_edit", Treatment.FROZEN, "member", "for_whom", "said_by", "evidence", "spans"),
        **columns("order_edit", Treatment.NOT_PERSONAL, "change", "source", reason=_WHAT),
        **columns("order_line", Treatment.FROZEN, "member", "for_whom", "name", "note", "said_by"),
        **columns("buyer", Treatment.FROZEN, "member", "name"),
        **columns("buyer", Treatment.NOT_PERSONAL, "code", "payment", reason="still fetches and settles the order"),
        **columns("refund", Treatment.FROZEN, "member", "why", "said_by"),
        **columns("offer_event", Treatment.FROZEN, "detail", "said_by"),
        **columns("offer_event", Treatment.NOT_PERSONAL, "what", reason="a state"),
        **columns("order_chain", Treatment.ERASED, "kept"),
        **columns("order_question", Treatment.ERASED, "member", "kind", "detail", "state"),
    }

    async def find(self, session: AsyncSession, person: Person) -> Found:
        """Return the names the person ordered under, and what they wrote into chains."""
        names: set[str] = set()
        ids = await _offers_of(session, person)
        for some in chunks(ids):
            for table in (_lines, _buyers):
                query = select(table.c.name).where(table.c.offer_id.in_(some), table.c.member == person.contact_id)
                names |= set((await execute(session, query)).scalars())
        words: set[str] = set()
        for row in await _kept(session, person):
            kept = Kept.from_json(row.kept)
            words |= texts_of(kept, person.contact_id)
            names |= {entry.name for entry in kept.entries if person.contact_id in {entry.member, entry.author}}
        return Found(frozenset(names - {""}), frozenset(words))

    async def export(self, session: AsyncSession, person: Person) -> list[Sheet]:
        """Return the person's orders as they stand, and every change that led there."""
        lines: list[tuple[Any, ...]] = []
        edits: list[tuple[Any, ...]] = []
        item = (_offers.c.title.label("offer"), _items.c.title.label("item"))
        for ids in chunks(await _offers_of(session, person)):
            for table, rows in ((_lines, lines), (_edits, edits)):
                query = (
                    select(*item, table, _buyers.c.code, _buyers.c.payment)
                    .join(_offers, _offers.c.id == table.c.offer_id)
                    .join(_items, _items.c.id == table.c.item_id)
                    .outerjoin(_buyers, (_buyers.c.offer_id == table.c.offer_id) & (_buyers.c.member == table.c.member))
                    .where(table.c.offer_id.in_(ids))
                    .where(or_(table.c.member == person.contact_id, table.c.said_by == person.contact_id))
                    .order_by(table.c.id)
                )
                found = (await execute(session, query)).all()
                rows += [_line(one) if table is _lines else _edit(one) for one in found]
        return [
            Sheet(
                "订单",
                ("时间", "团", "商品", "数量", "给谁", "登记名", "备注", "取货码", "付款"),
                tuple(lines),
            ),
            Sheet("下单记录", ("时间", "团", "商品", "改动", "改后数量", "原话"), tuple(edits)),
        ]

    async def erase(self, session: AsyncSession, person: Person, traces: Traces, now: datetime) -> Mapping[str, int]:
        """Freeze the person's orders and take everything else away; sums, keys and pick-up codes stay as they are."""
        chains = await self._chains(session, person, traces)
        ids = await _offers_of(session, person)
        frozen = await freezing.freeze(session, person, traces, ids)
        questions = await self._questions(session, person, traces)
        for some in chunks(ids):
            within = [_events.c.offer_id.in_(some)]
            await scrub(session, _events, within, ("detail",), traces)
            named = ("title", "pickup_place", "pickup_when", "note")
            await scrub(session, _offers, [_offers.c.id.in_(some)], named, traces)
            await scrub(session, _items, [_items.c.offer_id.in_(some)], ("title", "specification"), traces)
        return {"orders kept": frozen, "chains": chains, "questions": questions}

    async def _chains(self, session: AsyncSession, person: Person, traces: Traces) -> int:
        """Take the person out of kept chains; these are locked before their offers, as a snapshot locks them."""
        changed = 0
        for row in await _kept(session, person, lock=True):
            cleaned = without_person(Kept.from_json(row.kept), traces).to_json()
            if cleaned != row.kept:
                changed += 1
                await execute(session, update(_chains).where(_chains.c.id == row.id).values(kept=cleaned))
        return changed

    async def _questions(self, session: AsyncSession, person: Person, traces: Traces) -> int:
        gone = 0
        for ids in chunks(person.group_ids):
            named = traces.mentioned_in(_questions.c.detail)
            theirs = or_(_questions.c.member == person.contact_id, named)
            statement = delete(_questions).where(_questions.c.group_id.in_(ids), theirs)
            gone += int((await execute(session, statement)).rowcount)
        return gone


async def _offers_of(session: AsyncSession, person: Person) -> list[int]:
    """Return the offers that may name the person: those of their groups, and those they ordered from or ran."""
    ours = (_offers.c.channel == person.channel, _offers.c.account == person.account)
    found: set[int] = set()
    for ids in chunks(person.group_ids):
        query = select(_groups.c.offer_id).where(_groups.c.group_id.in_(ids))
        found |= set((await execute(session, query)).scalars())
    for table in (_lines, _buyers, _edits):
        ordered = select(table.c.offer_id).where(table.c.member == person.contact_id)
        query = select(_offers.c.id).where(*ours, _offers.c.id.in_(ordered))
        found |= set((await execute(session, query)).scalars())
    return sorted(found)


async def _kept(session: AsyncSession, person: Person, *, lock: bool = False) -> Collection[Any]:
    rows: list[Any] = []
    for ids in chunks(person.group_ids):
        query = select(_chains.c.id, _chains.c.kept).where(_chains.c.group_id.in_(ids)).order_by(_chains.c.id)
        rows += (await execute(session, query.with_for_update() if lock else query)).all()
    return rows


def _line(row: Any) -> tuple[Any, ...]:
    about = (row.for_whom, row.name, row.note, row.code, row.payment)
    return (row.at, row.offer, row.item, row.quantity, *about)


def _edit(row: Any) -> tuple[Any, ...]:
    return (row.at, row.offer, row.item, row.change, row.total, row.evidence)
