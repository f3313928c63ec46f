"""What the record of due work keeps of a person: work that is about them, and errors that name them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete
from sqlmodel.ext.asyncio.session import AsyncSession

from core.database import execute
from core.personal import Column, Found, Person, Sheet, Traces, Treatment, columns, scrub
from scheduler.models import DueWork

_work = DueWork.__table__  # type: ignore[attr-defined]


class SchedulerData:
    """Implements ``core.personal.PersonalData`` for due work."""

    name = "scheduler"
    columns: Mapping[str, Column] = {
        **columns("due_work", Treatment.ERASED, "subject", "last_error"),
        **columns(
            "due_work", Treatment.NOT_PERSONAL, "kind", "state", "claimed_by", reason="a job's kind, a process, a state"
        ),
    }

    async def find(self, session: AsyncSession, person: Person) -> Found:
        """Return nothing."""
        return Found()

    async def export(self, session: AsyncSession, person: Person) -> list[Sheet]:
        """Return nothing: that something is due is no datum beside what it is about."""
        return []

    async def erase(self, session: AsyncSession, person: Person, traces: Traces, now: datetime) -> Mapping[str, int]:
        """Delete work that is about the person, and take them out of the errors of other work."""
        gone = await execute(session, delete(_work).where(_work.c.subject == person.contact_id))
        return {"due work": int(gone.rowcount) + await scrub(session, _work, (), ("last_error",), traces)}
