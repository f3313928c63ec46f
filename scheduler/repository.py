"""All SQL on due work. The database decides who does what: by a unique key, a lease and an attempt count."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from core.database import execute, insert_into
from scheduler.models import CLAIMED, DONE, FAILED, WAITING, DueWork

_LONGEST_RETRY = timedelta(hours=1)
_ERROR_LENGTH = 1000

_table = DueWork.__table__  # type: ignore[attr-defined]


class ClaimLostError(Exception):
    """Somebody else holds the work by now: the lease ran out before the work was finished."""

    def __init__(self, claim: Claimed) -> None:
        self.claim = claim
        super().__init__(
            f"the lease on {claim.kind} {claim.subject!r} due {claim.due_at:%Y-%m-%d %H:%M} ran out and the work "
            f"was taken over; raise scheduler.lease_seconds if this comes back"
        )


@dataclass(frozen=True, slots=True)
class Claimed:
    """A piece of due work in the hands of ``owner``. Owner and attempt together name one claim and no other."""

    id: int
    kind: str
    subject: str
    due_at: datetime
    attempt: int
    owner: str


@dataclass(frozen=True, slots=True)
class Retry:
    """How failures are tried again: ``first`` until the second try, doubled from try to try, at most an hour."""

    max_attempts: int
    first: timedelta

    def pause_after(self, attempt: int) -> timedelta:
        """Return how long to wait after the ``attempt``-th try (from 1) failed."""
        doublings: int = min(attempt - 1, 20)  # beyond, the cap has long been met and the product overflows
        return min(self.first * float(2**doublings), _LONGEST_RETRY)


async def add(session: AsyncSession, kind: str, subject: str, due_at: datetime) -> bool:
    """Note work that is due once at ``due_at``; return false when it is noted already."""
    statement = insert_into(session, _table)
    row = _new_row(kind, subject, due_at)
    result = await execute(
        session,
        statement.values(row)
        .on_conflict_do_nothing(index_elements=["kind", "subject", "due_at"])
        .returning(_table.c.id),
    )
    return result.scalar_one_or_none() is not None


def _new_row(kind: str, subject: str, due_at: datetime) -> dict[str, Any]:
    return {
        "kind": kind,
        "subject": subject,
        "due_at": due_at,
        "state": WAITING,
        "claimed_by": "",
        "attempts": 0,
        "next_attempt_at": due_at,
        "last_error": "",
    }


async def newest(session: AsyncSession, kinds: Collection[str]) -> dict[tuple[str, str], datetime]:
    """Return the latest due time known of each (kind, subject) of these kinds."""
    result = await execute(
        session,
        select(_table.c.kind, _table.c.subject, func.max(_table.c.due_at))
        .where(_table.c.kind.in_(sorted(kinds)))
        .group_by(_table.c.kind, _table.c.subject),
    )
    return {(kind, subject): due_at for kind, subject, due_at in result}


def _claimable(kinds: Collection[str], now: datetime) -> Any:
    return _table.c.kind.in_(sorted(kinds)) & or_(
        (_table.c.state == WAITING) & (_table.c.next_attempt_at <= now),
        (_table.c.state == CLAIMED) & (_table.c.lease_until <= now),
    )


async def anything_due(session: AsyncSession, kinds: Collection[str], now: datetime) -> bool:
    """Say whether ``claim`` could find something: a look that takes no write lock."""
    result = await execute(session, select(_table.c.id).where(_claimable(kinds, now)).limit(1))
    return result.scalar_one_or_none() is not None


async def claim(
    session: AsyncSession, kinds: Collection[str], owner: str, now: datetime, *, lease: timedelta, limit: int
) -> list[Claimed]:
    """Take up to ``limit`` due pieces of work of these kinds, oldest first; no two callers get the same one.

    Work whose lease ran out is due again: its process was killed or froze.
    """
    due = (
        select(_table.c.id)
        .where(_claimable(kinds, now))
        .order_by(_table.c.due_at, _table.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)  # PostgreSQL; SQLite has one writer at a time and leaves it out
        .cte("due")
    )
    statement = (
        update(_table)
        .where(_table.c.id.in_(select(due.c.id)))
        .values(state=CLAIMED, claimed_by=owner, lease_until=now + lease, attempts=_table.c.attempts + 1)
        .returning(_table.c.id, _table.c.kind, _table.c.subject, _table.c.due_at, _table.c.attempts)
    )
    rows = (await execute(session, statement)).mappings()
    return sorted((_claimed(row, owner) for row in rows), key=lambda claimed: (claimed.due_at, claimed.id))


def _claimed(row: Mapping[str, Any], owner: str) -> Claimed:
    return Claimed(row["id"], row["kind"], row["subject"], row["due_at"], row["attempts"], owner)


async def give_up_abandoned(session: AsyncSession, max_attempts: int, now: datetime) -> int:
    """Fail work whose last allowed try ended without a word; return how many."""
    return await _count(
        session,
        update(_table)
        .where(_table.c.state == CLAIMED, _table.c.lease_until <= now, _table.c.attempts >= max_attempts)
        .values(
            state=FAILED,
            done_at=now,
            lease_until=None,
            last_error="the process that worked on it ended or froze on every try",
        ),
    )


async def extend(session: AsyncSession, claimed: Claimed, until: datetime) -> None:
    """Keep the claim until ``until``; raise ``ClaimLostError`` when it is gone."""
    await _update_held(session, claimed, lease_until=until)


async def finish(session: AsyncSession, claimed: Claimed, now: datetime) -> None:
    """Mark the work done, in the transaction of its effects; raise ``ClaimLostError`` when it is not ours."""
    await _update_held(session, claimed, state=DONE, done_at=now, lease_until=None, last_error="")


async def fail(session: AsyncSession, claimed: Claimed, error: str, now: datetime, retry: Retry) -> bool:
    """Note a failed try; return true when it was the last one. Raise ``ClaimLostError`` when it is not ours."""
    last = claimed.attempt >= retry.max_attempts
    values: dict[str, Any] = {"last_error": error[:_ERROR_LENGTH], "lease_until": None}
    if last:
        values |= {"state": FAILED, "done_at": now}
    else:
        values |= {"state": WAITING, "next_attempt_at": now + retry.pause_after(claimed.attempt)}
    await _update_held(session, claimed, **values)
    return last


async def give_back(session: AsyncSession, claimed: Claimed, now: datetime) -> None:
    """Return the work untouched: it is due at once, and the try does not count."""
    await _update_held(
        session, claimed, state=WAITING, lease_until=None, next_attempt_at=now, attempts=claimed.attempt - 1
    )


async def unknown_kinds(session: AsyncSession, kinds: Collection[str]) -> dict[str, int]:
    """Return the kinds of open work that are none of ``kinds``, with the number of rows of each."""
    result = await execute(
        session,
        select(_table.c.kind, func.count())
        .where(_table.c.kind.not_in(sorted(kinds)), _table.c.state.in_([WAITING, CLAIMED]))
        .group_by(_table.c.kind),
    )
    return {str(kind): int(count) for kind, count in result}


async def clean(session: AsyncSession, kinds: Collection[str], before: datetime) -> int:
    """Delete what was finished before ``before``, and fail what nobody knew how to do; return how many were deleted.

    The newest row of each (kind, subject) stays: it is what tells a plan that its last occurrence had its turn.
    """
    await execute(
        session,
        update(_table)
        .where(_table.c.kind.not_in(sorted(kinds)), _table.c.state == WAITING, _table.c.due_at < before)
        .values(state=FAILED, done_at=before, last_error="no scheduler knows a job of this kind"),
    )
    later = _table.alias("later")
    has_later = (
        select(later.c.id)
        .where(later.c.kind == _table.c.kind, later.c.subject == _table.c.subject, later.c.due_at > _table.c.due_at)
        .exists()
    )
    return await _count(
        session,
        delete(_table).where(_table.c.state.in_([DONE, FAILED]), _table.c.done_at < before, has_later),
    )


async def _count(session: AsyncSession, statement: Any) -> int:
    return int((await execute(session, statement)).rowcount)


async def _update_held(session: AsyncSession, claimed: Claimed, **values: Any) -> None:
    """Change a row only while this very claim holds it."""
    statement = (
        update(_table)
        .where(
            _table.c.id == claimed.id,
            _table.c.state == CLAIMED,
            _table.c.claimed_by == claimed.owner,
            _table.c.attempts == claimed.attempt,
        )
        .values(**values)
    )
    if await _count(session, statement) != 1:
        raise ClaimLostError(claimed)
