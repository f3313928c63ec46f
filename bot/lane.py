"""A lane: many groups, one committer, each group's messages in order, micro-batches of whatever is waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from bot.pipeline import Pipeline
from bot.stages.turn import Handled
from bot.work import Desk
from core import inbox
from core.clock import monotonic
from core.database import is_unavailable
from core.messages import Gap, MemberLeft, RoomSeen
from core.outcomes import Outcome, Reason

BATCH = 100
"""Messages in one commit: measured on SQLite, more gain nothing and fewer cost throughput."""
_RETRY_SECONDS = 1.0
_LOOK_SECONDS = 5.0
"""How often the lane looks by itself for messages that nobody woke it for."""

_log = structlog.get_logger(__name__)


class Lane:
    """Takes stored messages through the pipeline until cancelled."""

    def __init__(self, pipeline: Pipeline, *, committed: Callable[[], None]) -> None:
        self._pipeline = pipeline
        self._committed = committed
        self._awake = asyncio.Event()
        self._turn = asyncio.Lock()

    def wake(self) -> None:
        """Look for stored messages now."""
        self._awake.set()

    async def run(self) -> None:
        """Work until cancelled; while the database is away, wait and try again: nothing is lost, it is all stored."""
        while True:
            try:
                if not await self.drain():
                    await self._rest()
            except Exception as error:
                if not is_unavailable(error):
                    raise
                _log.warning("lane.database_unavailable", error=str(error)[:200])
                self._pipeline.office.forget()
                await asyncio.sleep(_RETRY_SECONDS)

    async def drain(self) -> bool:
        """Handle one batch of what is waiting; tell whether there was any."""
        async with self._turn:
            began = monotonic()
            messages, handled = await self._batch()
        if not messages:
            return False
        if any(one.drafts for one in handled):
            self._committed()
        log = _log.bind()  # once a batch: what stands in a module is bound anew with every line
        for one in handled:
            log.debug("message.handled", row=one.row_id, outcome=one.outcome.value, reason=one.reason.value)
        log.info("lane.batch", messages=messages, ms=round((monotonic() - began) * 1000, 1))
        return True

    async def observe(self, event: RoomSeen | MemberLeft) -> None:
        """Take note of a room between two batches."""
        async with self._turn:
            await self._pipeline.observe(event)
        self._committed()

    async def at_desk(self, job: Callable[[Desk], Awaitable[None]]) -> None:
        """Let somebody else work at a desk between two batches, so that memory and database stay one."""
        async with self._turn:
            await self._pipeline.at_desk(job)
        self._committed()

    async def missed(self, gap: Gap) -> None:
        """Tell the groups with open offers that orders may be missing."""
        async with self._turn:
            await self._pipeline.missed(gap)
        self._committed()

    async def _batch(self) -> tuple[int, list[Handled]]:
        """Handle a batch; return how many messages it had, and how they ended."""
        try:
            handled = await self._pipeline.handle_waiting(BATCH)
        except Exception as error:  # one bad message must not hold up the others
            if is_unavailable(error):
                raise
            _log.warning("lane.batch_failed", error=repr(error)[:300])
        else:
            return len(handled), handled
        return await self._one_by_one()

    async def _one_by_one(self) -> tuple[int, list[Handled]]:
        """Try each message of the batch by itself; give up those that fail alone as well."""
        async with self._pipeline.database.reading(short=True) as session:
            row_ids = await inbox.pending_ids(session, BATCH)
        handled: list[Handled] = []
        for row_id in row_ids:
            self._pipeline.office.forget()
            try:
                handled += await self._pipeline.handle([row_id])
            except Exception as error:
                if is_unavailable(error):
                    raise
                _log.exception("message.failed", row=row_id)
                await self._give_up(row_id)
        return len(row_ids), handled

    async def _give_up(self, row_id: int) -> None:
        outcome = {"row_id": row_id, "outcome": Outcome.IGNORED, "reason": Reason.FAILED}
        async with self._pipeline.database.transaction(short=True) as session:
            await inbox.finish(session, [outcome], self._pipeline.clock.now())

    async def _rest(self) -> None:
        """Return when woken, or when something waits all the same; looking takes no lock from those who write."""
        while True:
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._awake.wait()
            except TimeoutError:
                async with self._pipeline.database.reading(short=True) as session:
                    if await inbox.pending_ids(session, 1):
                        return
            else:
                self._awake.clear()
                return
