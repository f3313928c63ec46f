"""All SQL of orders. Every function works in the caller's session; the caller commits."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import cache
from operator import attrgetter
from typing import Any

from sqlalchemy import and_, bindparam, delete, or_, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from catalog.models import ON_SALE, Product
from core.database import dialect_of, execute, insert_in, insert_into
from core.many_rows import NewRows
from orders.models import (
    Allocation,
    BuyerRecord,
    OfferEvent,
    OfferGroup,
    OfferItem,
    OfferRecord,
    OrderChain,
    OrderEdit,
    OrderLine,
    Refund,
)
from orders.state import Buyer, Item, Line, LineKey, Offer, OfferKind, OfferState, Payment, Tier

_offers = OfferRecord.__table__  # type: ignore[attr-defined]  # SQLModel adds it to table classes
_groups = OfferGroup.__table__  # type: ignore[attr-defined]
_items = OfferItem.__table__  # type: ignore[attr-defined]
_lines = OrderLine.__table__  # type: ignore[attr-defined]
_edits = OrderEdit.__table__  # type: ignore[attr-defined]
_buyers = BuyerRecord.__table__  # type: ignore[attr-defined]
_refunds = Refund.__table__  # type: ignore[attr-defined]
_events = OfferEvent.__table__  # type: ignore[attr-defined]
_chains = OrderChain.__table__  # type: ignore[attr-defined]
_allocations = Allocation.__table__  # type: ignore[attr-defined]
_products = Product.__table__  # type: ignore[attr-defined]

_OFFER_FIELDS = (
    *("kind", "state", "title", "leader", "channel", "account", "created_at", "opens_at", "closes_at", "closed_at"),
    *("minimum_people", "minimum_pieces", "pickup_place", "pickup_when", "note", "open_items"),
)
_ITEM_FIELDS = (
    *("position", "code", "title", "unit", "specification", "price", "stock", "taken"),
    *("limit_per_member", "minimum_quantity", "product_id", "active"),
)
_LINE_FIELDS = ("group_id", "name", "quantity", "note", "said_by")
_BUYER_FIELDS = ("group_id", "name", "code", "payment", "handed_over_at")
_offer_values = attrgetter(*_OFFER_FIELDS)
_item_values = attrgetter(*_ITEM_FIELDS)
_new_offers = NewRows(_offers, columns=(*_OFFER_FIELDS, "version", "changed_at", "copied_from"), returning=("id",))
_new_items = NewRows(_items, columns=("offer_id", *_ITEM_FIELDS, "tiers"), returning=("id",))
_new_groups = NewRows(
    _groups, columns=("offer_id", "group_id"), key=("offer_id", "group_id"), returning=("offer_id", "group_id")
)


async def offers_of(session: AsyncSession, group_ids: Collection[int], states: Collection[OfferState]) -> list[int]:
    """Return the ids of the groups' offers in these states, newest first."""
    query = (
        select(_offers.c.id)
        .where(
            _offers.c.id.in_(select(_groups.c.offer_id).where(_groups.c.group_id.in_(group_ids))),
            _offers.c.state.in_(states),
        )
        .order_by(_offers.c.id.desc())
    )
    return [int(row.id) for row in await execute(session, query)]


async def open_in(session: AsyncSession, channel: str, account: str) -> list[int]:
    """Return the ids of an account's open offers, but for pushes, oldest first."""
    query = select(_offers.c.id).where(
        _offers.c.channel == channel,
        _offers.c.account == account,
        _offers.c.state == OfferState.OPEN,
        _offers.c.kind != OfferKind.PUSH,
    )
    return [int(row.id) for row in await execute(session, query.order_by(_offers.c.id))]


async def overview(session: AsyncSession) -> list[Any]:
    """Return (id, kind, state, title, created_at) of every offer, newest first."""
    columns = (_offers.c.id, _offers.c.kind, _offers.c.state, _offers.c.title, _offers.c.created_at)
    return list((await execute(session, select(*columns).order_by(_offers.c.id.desc()))).all())


async def due(session: AsyncSession, now: datetime) -> list[int]:
    """Return the ids of drafts whose opening time, and of drafts and open offers whose closing time has come."""
    opening = and_(_offers.c.state == OfferState.DRAFT, _offers.c.opens_at <= now)
    closing = and_(_offers.c.state.in_([OfferState.DRAFT, OfferState.OPEN]), _offers.c.closes_at <= now)
    query = select(_offers.c.id).where(or_(opening, closing)).order_by(_offers.c.id)
    return [int(row.id) for row in await execute(session, query)]


async def offers_with(session: AsyncSession, member: str, since: datetime) -> list[int]:
    """Return the ids of offers that a member has lines in, changed since an instant, newest first."""
    query = (
        select(_offers.c.id)
        .where(
            _offers.c.id.in_(
                select(_lines.c.offer_id).where(
                    or_(_lines.c.member == member, _lines.c.said_by == member), _lines.c.quantity > Decimal(0)
                )
            ),
            _offers.c.changed_at >= since,
        )
        .order_by(_offers.c.id.desc())
    )
    return [int(row.id) for row in await execute(session, query)]


async def lock(session: AsyncSession, offer_id: int) -> int:
    """Keep everybody else from changing an offer until the end of the transaction; return its version.

    SQLite has one writer anyway and leaves FOR UPDATE out.
    """
    query = select(_offers.c.version).where(_offers.c.id == offer_id).with_for_update()
    return int((await execute(session, query)).scalar_one())


async def load(session: AsyncSession, offer_ids: Collection[int]) -> dict[int, Offer]:
    """Return offers with their whole books; ids that do not exist are left out."""
    if not offer_ids:
        return {}
    ids = list(offer_ids)
    offers = {int(row.id): _offer(row) for row in await execute(session, select(_offers).where(_offers.c.id.in_(ids)))}
    for row in await execute(session, select(_groups).where(_groups.c.offer_id.in_(ids)).order_by(_groups.c.group_id)):
        offers[row.offer_id].group_ids += (int(row.group_id),)
    for row in await execute(session, select(_items).where(_items.c.offer_id.in_(ids))):
        offers[row.offer_id].items[row.id] = _item(row)
    for row in await execute(session, select(_lines).where(_lines.c.offer_id.in_(ids)).order_by(_lines.c.id)):
        key = LineKey(row.item_id, row.member, row.for_whom)
        line = Line(row.quantity, row.name, row.said_by, row.group_id, row.note, row.at)
        offers[row.offer_id].lines[key] = line
    for row in await execute(session, select(_buyers).where(_buyers.c.offer_id.in_(ids)).order_by(_buyers.c.id)):
        buyer = Buyer(row.name, row.code, row.group_id, Payment(row.payment), row.handed_over_at)
        offers[row.offer_id].buyers[row.member] = buyer
    return offers


def _offer(row: Any) -> Offer:
    values = {name: getattr(row, name) for name in _OFFER_FIELDS}
    values |= {"kind": OfferKind(row.kind), "state": OfferState(row.state)}
    return Offer(id=int(row.id), version=int(row.version), group_ids=(), **values)


def _item(row: Any) -> Item:
    values = {name: getattr(row, name) for name in _ITEM_FIELDS}
    tiers = tuple(Tier(int(tier["quantity"]), Decimal(tier["price"]), bool(tier["bundle"])) for tier in row.tiers)
    return Item(id=int(row.id), offer_id=int(row.offer_id), tiers=tiers, **values)


async def add_offers(
    session: AsyncSession, offers: Sequence[Offer], now: datetime, copied_from: int | None = None
) -> list[Offer]:
    """Store new offers with their items and groups; return them with the ids that the database gave.

    Three statements, however many there are.
    """
    stored = [offer.copy() for offer in offers]
    ids = await _added(session, _new_offers, [(*_offer_values(offer), 1, now, copied_from) for offer in stored])
    items: list[Item] = []
    for offer, offer_id in zip(stored, ids, strict=True):
        offer.id, offer.version = offer_id, 1
        for item in sorted(offer.items.values(), key=lambda item: item.position):
            item.offer_id = offer_id
            items.append(item)
        offer.items = {}
    await _add_groups(session, [(offer.id, group_id) for offer in stored for group_id in offer.group_ids])
    by_id = {offer.id: offer for offer in stored}
    for item in await add_items(session, items):
        by_id[item.offer_id].items[item.id] = item
    return stored


async def add_groups(session: AsyncSession, offer_id: int, group_ids: Iterable[int]) -> None:
    """Let an offer run in more groups; those it runs in already are left alone."""
    await _add_groups(session, [(offer_id, group_id) for group_id in group_ids])


async def _add_groups(session: AsyncSession, pairs: Sequence[tuple[int, int]]) -> None:
    await _new_groups.insert(session, pairs)


async def add_items(session: AsyncSession, items: Sequence[Item]) -> list[Item]:
    """Store new items of offers; return them with their ids."""
    ids = await _added(session, _new_items, [(item.offer_id, *_item_values(item), _tiers(item)) for item in items])
    return [replace(item, id=key) for item, key in zip(items, ids, strict=True)]


async def _added(session: AsyncSession, new: NewRows, rows: Sequence[Sequence[Any]]) -> list[int]:
    """Insert rows; return their ids in the same order: they grow with it."""
    return sorted(int(row_id) for (row_id,) in await new.insert(session, rows))


def _tiers(item: Item) -> list[dict[str, Any]]:
    return [{"quantity": tier.quantity, "price": str(tier.price), "bundle": tier.bundle} for tier in item.tiers]


def _item_row(item: Item) -> dict[str, Any]:
    return dict(zip(_ITEM_FIELDS, _item_values(item), strict=True)) | {"tiers": _tiers(item)}


async def save_offer(session: AsyncSession, offer: Offer, now: datetime) -> None:
    """Store what may change of an offer itself, and raise its version; the caller holds its lock."""
    values = {name: getattr(offer, name) for name in _OFFER_FIELDS if name not in {"kind", "channel", "account"}}
    statement = update(_offers).where(_offers.c.id == offer.id)
    await execute(session, statement.values(**values, version=offer.version, changed_at=now))


async def save_items(session: AsyncSession, items: Sequence[Item]) -> None:
    """Store changed items."""
    rows = [{f"new_{name}": value for name, value in _item_row(item).items()} | {"key": item.id} for item in items]
    if rows:
        values: dict[str, Any] = {name[4:]: bindparam(name) for name in rows[0] if name != "key"}
        await execute(session, update(_items).where(_items.c.id == bindparam("key")).values(values), rows)


async def save_lines(session: AsyncSession, offer: Offer, keys: Collection[LineKey], now: datetime) -> None:
    """Store lines of the book as they stand now."""
    rows = [_line_row(offer, key, now) for key in keys]
    await _upsert(session, _lines, rows, ("item_id", "member", "for_whom"))


def _line_row(offer: Offer, key: LineKey, now: datetime) -> dict[str, Any]:
    line = offer.lines[key]
    whose = {"offer_id": offer.id, "item_id": key.item, "member": key.member, "for_whom": key.for_whom}
    return whose | {name: getattr(line, name) for name in _LINE_FIELDS} | {"at": line.at or now}


async def save_buyers(session: AsyncSession, offer: Offer, members: Collection[str]) -> None:
    """Store buyers as they stand now."""
    rows = [
        {"offer_id": offer.id, "member": member} | {name: getattr(offer.buyers[member], name) for name in _BUYER_FIELDS}
        for member in members
    ]
    await _upsert(session, _buyers, rows, ("offer_id", "member"))


async def _upsert(session: AsyncSession, table: Any, rows: Sequence[Mapping[str, Any]], key: tuple[str, ...]) -> None:
    if rows:
        await execute(session, _upserting(dialect_of(session), table, key, tuple(rows[0])), rows)


@cache
def _upserting(dialect: str, table: Any, key: tuple[str, ...], names: tuple[str, ...]) -> Any:
    statement = insert_in(dialect, table)
    new = {name: statement.excluded[name] for name in names if name not in key}
    return statement.on_conflict_do_update(index_elements=list(key), set_=new)


async def add_edits(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append to the ledger."""
    if rows:
        await execute(session, _edits.insert(), rows)


async def add_events(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append to the offers' history."""
    if rows:
        await execute(session, _events.insert(), rows)


async def add_refund(session: AsyncSession, row: Mapping[str, Any]) -> None:
    """Keep a refund; the same message twice is one refund."""
    await execute(session, insert_into(session, _refunds).on_conflict_do_nothing(index_elements=["inbox_id"]), [row])


async def refunds(session: AsyncSession, offer_id: int) -> list[Any]:
    """Return (member, amount, why, at) of an offer's refunds, oldest first."""
    columns = (_refunds.c.member, _refunds.c.amount, _refunds.c.why, _refunds.c.at)
    query = select(*columns).where(_refunds.c.offer_id == offer_id).order_by(_refunds.c.id)
    return list((await execute(session, query)).all())


async def edits_of_message(session: AsyncSession, inbox_id: int) -> list[Any]:
    """Return what one message put into the ledger and nobody took back, oldest first."""
    undone = select(_edits.c.undoes).where(_edits.c.undoes.is_not(None))
    query = select(_edits).where(_edits.c.inbox_id == inbox_id, _edits.c.undoes.is_(None), _edits.c.id.not_in(undone))
    return list((await execute(session, query.order_by(_edits.c.id))).all())


async def newest_edits(session: AsyncSession, offer_ids: Collection[int], *, member: str = "") -> list[Any]:
    """Return the ledger's rows of the newest message that changed these offers and was not taken back.

    Only of ``member`` (who it is for or who typed it) where that is given.
    """
    undone = select(_edits.c.undoes).where(_edits.c.offer_id.in_(offer_ids), _edits.c.undoes.is_not(None))
    conditions = [_edits.c.offer_id.in_(offer_ids), _edits.c.undoes.is_(None), _edits.c.id.not_in(undone)]
    if member:
        conditions.append(or_(_edits.c.member == member, _edits.c.said_by == member))
    newest = select(_edits.c.inbox_id).where(*conditions).order_by(_edits.c.id.desc()).limit(1)
    inbox_id = (await execute(session, newest)).scalar_one_or_none()
    query = select(_edits).where(*conditions, _edits.c.inbox_id == inbox_id).order_by(_edits.c.id)
    return list((await execute(session, query)).all())


async def ledger(session: AsyncSession, offer_id: int) -> list[Any]:
    """Return the whole ledger of an offer, oldest first."""
    query = select(_edits).where(_edits.c.offer_id == offer_id).order_by(_edits.c.id)
    return list((await execute(session, query)).all())


async def lock_products(session: AsyncSession, product_ids: Collection[int]) -> dict[int, tuple[Decimal, Decimal]]:
    """Lock what is allocated of these products; return product → (allocated, what the supplier has).

    Only of products whose stock is known. One that is not on sale any more has nothing left to give.
    """
    ids = sorted(product_ids)
    new = [{"product_id": product_id, "taken": Decimal(0)} for product_id in ids]
    insert = insert_into(session, _allocations).on_conflict_do_nothing(index_elements=["product_id"])
    await execute(session, insert, new)
    locked = select(_allocations).where(_allocations.c.product_id.in_(ids)).order_by(_allocations.c.product_id)
    taken = {row.product_id: row.taken for row in await execute(session, locked.with_for_update())}
    query = select(_products.c.id, _products.c.stock, _products.c.state).where(_products.c.id.in_(ids))
    stock = {row.id: row.stock if row.state == ON_SALE else 0 for row in await execute(session, query)}
    return {key: (taken[key], Decimal(stock[key])) for key in ids if stock.get(key) is not None}


async def allocate(session: AsyncSession, deltas: Mapping[int, Decimal]) -> None:
    """Change how much of products is allocated; the caller holds their locks."""
    rows = [{"key": product_id, "delta": delta} for product_id, delta in sorted(deltas.items()) if delta]
    if rows:
        statement = update(_allocations).where(_allocations.c.product_id == bindparam("key"))
        change = bindparam("delta", type_=_allocations.c.taken.type)
        await execute(session, statement.values(taken=_allocations.c.taken + change), rows)


async def chains(session: AsyncSession, group_id: int) -> list[Any]:
    """Return (id, offer_id, kept) of the group's chains whose offers are open, newest first, locked."""
    query = (
        select(_chains.c.id, _chains.c.offer_id, _chains.c.kept)
        .join(_offers, _offers.c.id == _chains.c.offer_id)
        .where(_chains.c.group_id == group_id, _offers.c.state == OfferState.OPEN)
        .order_by(_chains.c.id.desc())
        .with_for_update(of=_chains)  # a deletion may be taking somebody out of it
    )
    return list((await execute(session, query)).all())


async def add_chain(session: AsyncSession, group_id: int, offer_id: int, now: datetime) -> int:
    """Store a chain that was not seen before; return its id."""
    row = {"group_id": group_id, "offer_id": offer_id, "kept": {}, "changed_at": now}
    return int((await execute(session, _chains.insert().values(row).returning(_chains.c.id))).scalar_one())


async def save_chain(session: AsyncSession, chain_id: int, kept: Mapping[str, Any], now: datetime) -> None:
    """Keep the newest snapshot of a chain."""
    statement = update(_chains).where(_chains.c.id == chain_id)
    await execute(session, statement.values(kept=dict(kept), changed_at=now))


async def forget_chains(session: AsyncSession, before: datetime) -> None:
    """Delete snapshots that nobody has touched since an instant."""
    await execute(session, delete(_chains).where(_chains.c.changed_at < before))


async def empty_evidence(session: AsyncSession, before: datetime) -> None:
    """Empty what members said from the ledger; the numbers stay."""
    old = and_(_edits.c.at < before, _edits.c.evidence != "")
    await execute(session, update(_edits).where(old).values(evidence="", spans=[]))


async def drop_events(session: AsyncSession, before: datetime) -> None:
    """Delete the history of offers that are long over."""
    over = select(_offers.c.id).where(
        _offers.c.state.in_([OfferState.COMPLETED, OfferState.CANCELLED, OfferState.FAILED]),
        _offers.c.changed_at < before,
    )
    await execute(session, delete(_events).where(_events.c.offer_id.in_(over), _events.c.at < before))
