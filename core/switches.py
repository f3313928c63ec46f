"""The kill switch: one row stops all sending of an account, or of everything, at once and over restarts."""

from datetime import datetime

from sqlalchemy import Column
from sqlmodel import Field, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from core.database import execute, insert_into
from core.types import Table, UtcDateTime

EVERYTHING = "*"
"""The name of the switch that stops every account."""


class Switch(Table, table=True):
    """Whether sending is stopped: ``name`` is ``*`` or ``channel/account``."""

    __tablename__ = "switch"

    name: str = Field(primary_key=True, max_length=160)
    stopped: bool
    reason: str = ""
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


def account_switch(channel: str, account: str) -> str:
    """Return the name of one account's switch."""
    return f"{channel}/{account}"


async def throw(session: AsyncSession, name: str, *, stopped: bool, reason: str, now: datetime) -> None:
    """Stop sending, or let it go on."""
    values = {"stopped": stopped, "reason": reason[:300], "at": now}
    table = Switch.__table__  # type: ignore[attr-defined]
    insert = insert_into(session, table).values(name=name, **values)
    await execute(session, insert.on_conflict_do_update(index_elements=["name"], set_=values))


async def stopped(session: AsyncSession, channel: str, account: str) -> Switch | None:
    """Return the switch that stops this account, if one does."""
    names = [EVERYTHING, account_switch(channel, account)]
    query = select(Switch).where(col(Switch.name).in_(names), col(Switch.stopped).is_(True)).limit(1)
    return (await session.exec(query)).first()


async def all_switches(session: AsyncSession) -> list[Switch]:
    """Return every switch that was ever thrown."""
    return list((await session.exec(select(Switch).order_by(col(Switch.name)))).all())
