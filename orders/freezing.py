"""Orders without the person: a pseudonym for whose they are, no name, no note, no word; numbers and keys stay."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, exists, or_, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from core.database import execute
from core.personal import ERASED, REDACTED, Person, Traces, chunks, keyed_mark
from orders.models import BuyerRecord, OfferEvent, OfferRecord, OrderEdit, OrderLine, Refund
from orders.state import OfferState

_offers = OfferRecord.__table__  # type: ignore[attr-defined]
_lines = OrderLine.__table__  # type: ignore[attr-defined]
_edits = OrderEdit.__table__  # type: ignore[attr-defined]
_buyers = BuyerRecord.__table__  # type: ignore[attr-defined]
_refunds = Refund.__table__  # type: ignore[attr-defined]
_events = OfferEvent.__table__  # type: ignore[attr-defined]

_OVER = (OfferState.SUCCEEDED, OfferState.ARRIVED, OfferState.COMPLETED, OfferState.CANCELLED, OfferState.FAILED)
_OFFERS_A_NIGHT = 2_000
"""Most offers that one run of retention takes; the rest follows the next night."""

Pseudonym = Callable[[str], str]
"""Returns what stands for a member, or for a name in ``for_whom``; the same for the same."""


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose part of the books is meant. ``members`` None means everybody's."""

    members: frozenset[str] | None
    names: frozenset[str] | None
    pseudonym: Pseudonym

    def is_member(self, member: str) -> bool:
        """Tell whether these are orders of theirs."""
        if self.members is None:
            return bool(member) and not member.startswith(ERASED)
        return member in self.members

    def is_named(self, name: str) -> bool:
        """Tell whether an order of somebody else is for them."""
        if self.names is None:
            return bool(name) and not name.startswith(ERASED)
        return name in self.names


async def freeze(session: AsyncSession, person: Person, traces: Traces, offer_ids: Collection[int]) -> int:
    """Freeze a person's orders in these offers; return how many lines of theirs stay under the pseudonym."""
    names = person.telling | {name for name in person.names - person.shared if name}
    members = {person.contact_id, *(f"~{name}" for name in names)}

    def pseudonym(value: str) -> str:
        return person.pseudonym("" if value == person.contact_id else value)

    return await _freeze(session, Whose(frozenset(members), frozenset(names), pseudonym), offer_ids, traces)


async def forget_old(session: AsyncSession, before: datetime, secret: bytes) -> int:
    """Freeze everybody's orders in offers that were over before an instant; return how many offers were frozen."""
    left = [
        exists().where(table.c.offer_id == _offers.c.id, ~table.c.member.startswith(ERASED, autoescape=True))
        for table in (_buyers, _edits)
    ]
    led = and_(_offers.c.leader != "", ~_offers.c.leader.startswith(ERASED, autoescape=True))
    query = (
        select(_offers.c.id, _offers.c.channel, _offers.c.account)
        .where(_offers.c.state.in_(_OVER), _offers.c.changed_at < before)
        .where(or_(led, *left))
        .order_by(_offers.c.id)
        .limit(_OFFERS_A_NIGHT)
    )
    by_account: dict[tuple[str, str], list[int]] = {}
    for row in await execute(session, query):
        by_account.setdefault((row.channel, row.account), []).append(row.id)
    for (channel, account), ids in by_account.items():

        def pseudonym(value: str, channel: str = channel, account: str = account) -> str:
            return f"{ERASED}{keyed_mark(secret, 'retention', channel, account, value)[:16]}"

        await _freeze(session, Whose(None, None, pseudonym), ids, None)
    return sum(map(len, by_account.values()))


async def _freeze(session: AsyncSession, whose: Whose, offer_ids: Collection[int], traces: Traces | None) -> int:
    """Rewrite what is theirs; each changed offer's version is raised, so that nobody goes on with an older copy."""
    frozen = 0
    for ids in chunks(sorted(offer_ids)):
        touched = await _lock(session, whose, ids, traces)
        for table, rewrite in _REWRITES:
            query = select(table).where(table.c.offer_id.in_(touched), *_theirs(table, whose, traces))
            rows = (await execute(session, query.order_by(table.c.id))).all()
            names = _WRITTEN[table.name]
            changed: list[dict[str, Any]] = []
            for row in rows:
                new = rewrite(row, whose, traces)
                if any(new[name] != getattr(row, name) for name in names):
                    changed.append({"key": row.id, **{f"new_{name}": new[name] for name in names}})
                    frozen += table is _lines and whose.is_member(row.member)
            if changed:
                values = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in names}
                await execute(session, update(table).where(table.c.id == bindparam("key")).values(values), changed)
    return frozen


async def _lock(session: AsyncSession, whose: Whose, ids: Collection[int], traces: Traces | None) -> list[int]:
    """Lock the offers that hold something of theirs, in the order of the ids as lanes do, and raise their versions."""
    touched: set[int] = set()
    for table, _ in _REWRITES:
        query = select(table.c.offer_id).where(table.c.offer_id.in_(ids), *_theirs(table, whose, traces))
        touched |= set((await execute(session, query)).scalars())
    led = select(_offers.c.id, _offers.c.leader).where(_offers.c.id.in_(ids))
    leaders = {row.id: row.leader for row in await execute(session, led) if whose.is_member(row.leader)}
    locked = sorted(touched | set(leaders))
    for offer_id in locked:
        await execute(session, select(_offers.c.id).where(_offers.c.id == offer_id).with_for_update())
        leader = {"leader": whose.pseudonym(leaders[offer_id])} if offer_id in leaders else {}
        raised = update(_offers).where(_offers.c.id == offer_id)
        await execute(session, raised.values(version=_offers.c.version + 1, **leader))
    return locked


def _theirs(table: Any, whose: Whose, traces: Traces | None) -> tuple[Any, ...]:
    """Return the SQL condition of rows that may be theirs; the rewriting decides."""
    if whose.members is None or whose.names is None or traces is None:
        return ()
    found = [table.c[name].in_(whose.members) for name in ("member", "said_by") if name in table.c]
    if "for_whom" in table.c:
        found.append(table.c.for_whom.in_(whose.names))
    free = [table.c[name] for name in ("name", "note", "evidence", "why") if name in table.c]
    return (or_(*found, *([traces.mentioned_in(*free)] if free else [])),)


_WRITTEN: Mapping[str, tuple[str, ...]] = {
    "order_line": ("member", "for_whom", "name", "note", "said_by"),
    "order_edit": ("member", "for_whom", "said_by", "evidence", "spans"),
    "buyer": ("member", "name"),
    "refund": ("member", "why", "said_by"),
    "offer_event": ("said_by",),
}


def _line(row: Any, whose: Whose, traces: Traces | None) -> dict[str, Any]:
    own = whose.is_member(row.member)
    return {
        **_who(row, whose),
        "name": REDACTED if own else _clean(row.name, traces),
        "note": "" if own else _clean(row.note, traces),
    }


def _edit(row: Any, whose: Whose, traces: Traces | None) -> dict[str, Any]:
    if whose.is_member(row.member) or whose.is_member(row.said_by):
        return {**_who(row, whose), "evidence": "", "spans": []}
    evidence = _clean(row.evidence, traces)
    return {**_who(row, whose), "evidence": evidence, "spans": row.spans if evidence == row.evidence else []}


def _who(row: Any, whose: Whose) -> dict[str, Any]:
    """Return whose a line is, whom it is for and who typed it. Hashes keep lines of one item apart, as names did."""
    own = whose.is_member(row.member)
    for_whom = row.for_whom
    if for_whom and not for_whom.startswith(ERASED) and (own or whose.is_named(for_whom)):
        for_whom = whose.pseudonym(for_whom)
    return {
        "member": whose.pseudonym(row.member) if own else row.member,
        "for_whom": for_whom,
        "said_by": whose.pseudonym(row.said_by) if whose.is_member(row.said_by) else row.said_by,
    }


def _buyer(row: Any, whose: Whose, traces: Traces | None) -> dict[str, Any]:
    if whose.is_member(row.member):
        return {"member": whose.pseudonym(row.member), "name": REDACTED}
    return {"member": row.member, "name": _clean(row.name, traces)}


def _refund(row: Any, whose: Whose, traces: Traces | None) -> dict[str, Any]:
    own = whose.is_member(row.member)
    return {
        "member": whose.pseudonym(row.member) if own else row.member,
        "why": "" if own else _clean(row.why, traces),
        "said_by": whose.pseudonym(row.said_by) if whose.is_member(row.said_by) else row.said_by,
    }


def _event(row: Any, whose: Whose, traces: Traces | None) -> dict[str, Any]:
    return {"said_by": whose.pseudonym(row.said_by) if whose.is_member(row.said_by) else row.said_by}


def _clean(text: str, traces: Traces | None) -> str:
    return text if traces is None else traces.clean(text)


_REWRITES: tuple[tuple[Any, Callable[[Any, Whose, Traces | None], dict[str, Any]]], ...] = (
    (_lines, _line),
    (_edits, _edit),
    (_buyers, _buyer),
    (_refunds, _refund),
    (_events, _event),
)
