"""What orders forget in time: what members said, and much later whose the orders were; what was sold stays."""

from __future__ import annotations

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from groups.people import ledger
from orders import freezing, questions, repository


async def forget(session: AsyncSession, before: datetime, orders_before: datetime) -> None:
    """Empty the evidence of edits, and delete questions, snapshots of chains and the history of offers long over.

    Offers that were over before ``orders_before`` lose whose their orders were.
    """
    await repository.empty_evidence(session, before)
    await repository.forget_chains(session, before)
    await repository.drop_events(session, before)
    await questions.forget(session, before)
    await freezing.forget_old(session, orders_before, await ledger.key(session))
