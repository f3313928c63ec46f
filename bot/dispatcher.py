"""From the outbox to a channel: one text at a time, paced, with the guard asked at the last moment."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.channels.protocol import Channel, Link, SendRefusedError, SendUncertainError
from bot.guard import Guard
from bot.pacing import Pace, target_of, wait_seconds
from bot.settings import PacingSettings
from core import outbox, switches
from core.clock import Clock, monotonic
from core.database import Database
from core.gathering import claim_gathered
from core.messages import OutgoingFile
from core.outbox import OutboxMessage
from core.outcomes import SendState
from groups.segments.matching import NO_SEGMENTS, Segments
from recommender.settings import RecommenderSettings

_IDLE_SECONDS = 1.0
"""How long a dispatcher looks away when nothing wakes it; also how soon a thrown switch is noticed."""
_ROWS_AT_ONCE = 20
_IN_WORDS_TOO = frozenset({"my_data"})
"""Kinds whose text says what the file holds, for a channel that takes no files."""

_log = structlog.get_logger(__name__)


class Dispatcher:
    """Sends what the outbox holds for one channel's account."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        channel: Channel,
        *,
        pacing: PacingSettings,
        recommender: RecommenderSettings,
        zone: ZoneInfo,
        segments: Segments = NO_SEGMENTS,
        pace: Pace | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._channel = channel
        self._pacing = pacing
        self._pace = Pace() if pace is None else pace  # shared with whoever else acts for the account
        self._guard = Guard(recommender, pacing, zone, self._pace, segments)
        self._awake = asyncio.Event()
        self._failures = 0
        self._recovered = ""

    def wake(self) -> None:
        """Look at the outbox now."""
        self._awake.set()

    async def run(self) -> None:
        """Send until cancelled, through any fault of database or channel."""
        while True:
            self._awake.clear()  # before looking: what is stored from now on wakes us again
            try:
                wait = await self.send_waiting()
            except (SQLAlchemyError, OSError) as error:
                _log.warning("dispatch.database_unavailable", error=str(error)[:200])
                wait = _IDLE_SECONDS
            await self._rest(wait)

    async def send_waiting(self) -> float:
        """Send every row whose time has come; return the seconds until the next one's, for as long as none is added."""
        if self._channel.health().link is not Link.ONLINE:
            return _IDLE_SECONDS
        if self._recovered != self._channel.account:
            await self._recover()
        now = self._clock.now()
        async with self._database.reading() as session:
            stop = await switches.stopped(session, self._channel.name, self._channel.account)
            rows = (
                []
                if stop
                else await outbox.waiting(session, self._channel.name, self._channel.account, now, _ROWS_AT_ONCE)
            )
        waits = [_IDLE_SECONDS]
        turns = _turns(rows)
        for row in turns:
            wait = wait_seconds(row, self._pace, self._clock.now(), self._pacing)
            if wait > 0:
                waits.append(wait)
            elif not await self._send(row):
                return _IDLE_SECONDS
        more = (len(rows) == _ROWS_AT_ONCE or len(turns) < len(rows)) and len(waits) == 1
        return 0.0 if more else min(waits)

    async def _send(self, row: OutboxMessage) -> bool:
        """Claim, send and settle one row; false when sending should stop for now."""
        began = monotonic()
        async with self._database.transaction() as session:
            if await switches.stopped(session, row.channel, row.account):
                return False  # thrown while the rows before this one went out
            claimed = await self._claim(session, row)
            file = None if claimed is None else await outbox.file_of(session, claimed)
        if claimed is None:
            return True
        row = claimed
        self._pace.note(row, self._clock.now())
        state, message_id, error = await self._hand_over(row, file)
        async with self._database.transaction() as session:
            await outbox.settle(session, row, state, self._clock.now(), message_id=message_id, error=error)
        _log.info(
            "outbox.settled", row=row.id, kind=row.kind, state=state.value, ms=round((monotonic() - began) * 1000, 1)
        )
        return await self._count_failure(state, error)

    async def _claim(self, session: AsyncSession, row: OutboxMessage) -> OutboxMessage | None:
        """Return the row that is ours to send now, with all that goes out in it; None if there is nothing to send."""
        now = self._clock.now()
        if row.merge_key:
            return await claim_gathered(session, row, self._guard, now)
        refusal = await outbox.claim(session, row, self._guard, now)
        if refusal is None:
            return row
        _log.info("outbox.held", row=row.id, kind=row.kind, reason=refusal)
        return None

    async def _hand_over(self, row: OutboxMessage, file: OutgoingFile | None) -> tuple[SendState, str, str]:
        if file is not None and row.kind in _IN_WORDS_TOO and not self._channel.sends_files:
            file = None
        elif row.file_id is not None and file is None:
            return SendState.EXPIRED, "", "the file was deleted before it could be sent"
        try:
            return SendState.SENT, await self._channel.send(outbox.outgoing(row, file)), ""
        except SendRefusedError as error:
            return SendState.FAILED, "", _without_reader(row, str(error))
        except SendUncertainError as error:
            return SendState.UNKNOWN, "", _without_reader(row, str(error))
        except Exception as error:  # a fault of the channel itself: nobody knows what went out
            _log.exception("dispatch.channel_failed", row=row.id)
            return SendState.UNKNOWN, "", repr(error)

    async def _count_failure(self, state: SendState, error: str) -> bool:
        """Stop the account after too many failures in a row: going on is how accounts get banned."""
        if state is SendState.EXPIRED:
            return True  # the channel was not asked
        if state is SendState.SENT:
            self._failures = 0
            return True
        self._failures += 1
        if self._failures >= self._pacing.failures_to_stop:
            self._failures = 0
            name = switches.account_switch(self._channel.name, self._channel.account)
            reason = f"repeated errors: {error}"
            async with self._database.transaction() as session:
                await switches.throw(session, name, stopped=True, reason=reason, now=self._clock.now())
            _log.error("dispatch.stopped", account=self._channel.account, advice="qianqun sending resume", error=error)
        return False

    async def _recover(self) -> None:
        """Read from the database what an earlier process sent, so that a restart is no fresh start for the caps.

        Done once the channel is online: only then it is sure whose account it is.
        """
        name, account, now = self._channel.name, self._channel.account, self._clock.now()
        async with self._database.reading() as session:
            self._pace.first_sent_at = await outbox.first_claim(session, name, account)
            self._pace.sent = await outbox.claimed_since(
                session, now - timedelta(minutes=1), channel=name, account=account
            )
        self._recovered = account

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(max(seconds, 0.001)):
                await self._awake.wait()
        except TimeoutError:
            return


def _without_reader(row: OutboxMessage, error: str) -> str:
    """Return a channel's words without the ids of people: they go to the log and stay when the row is forgotten."""
    for contact_id in {row.contact_id, *(str(pair[0]) for pair in row.mentions)} - {""}:
        error = error.replace(contact_id, "…")
    return error


def _turns(rows: Sequence[OutboxMessage]) -> list[OutboxMessage]:
    """Return the rows that have a turn: of those that are gathered, the first of each conversation stands for all."""
    gathered: set[str] = set()
    turns: list[OutboxMessage] = []
    for row in rows:
        if row.merge_key:
            if target_of(row) in gathered:
                continue
            gathered.add(target_of(row))
        turns.append(row)
    return turns
