"""What orders forget in time: what members said. What was ordered stays, as the law asks."""

from __future__ import annotations

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from orders import questions, repository


async def forget(session: AsyncSession, before: datetime) -> None:
    """Empty the evidence of edits, and delete questions, snapshots of chains and the history of offers long over."""
    await repository.empty_evidence(session, before)
    await repository.forget_chains(session, before)
    await repository.drop_events(session, before)
    await questions.forget(session, before)
