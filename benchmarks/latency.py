"""Milliseconds from a need being said to its push in the channel's hands; pacing aside, everything else as it runs.

Intake, lane and dispatcher run as in the program, on SQLite with the demo's catalogue. The talk comes at half of the
rate that the same run could keep up with.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from benchmarks import world
from benchmarks.report import Options, Report, Row, percentile
from benchmarks.stream import NEED_SHARE, lines
from bot.bootstrap import Parts
from bot.channels.protocol import EventSink, Health, Link
from bot.dispatcher import Dispatcher
from bot.intake import Intake
from bot.lane import Lane
from core import inbox, outbox
from core.clock import monotonic
from core.messages import ChannelEvent, IncomingMessage, OutgoingMessage
from core.outcomes import Reason, SendState

_LIMIT_MS = 250
_PATIENCE_SECONDS = 15
_LOOK_SECONDS = 0.1
_NEEDS = (
    *(
        "求推荐草莓",
        "家里大米见底了",
        "哪里有卖猫砂的",
        "想买点车厘子",
        "有没有纸尿裤的团",
        "求推荐儿童防晒，五十以内",
        "抽纸用完了",
        "想买牛奶",
    ),
    *("谁家有土鸡蛋卖", "洗衣液没了，求推荐", "有卖狗粮的吗", "想买个保温杯"),
)


class _Ear:
    """A channel that only notes when it was handed a text; messages do not come from it."""

    name = world.CHANNEL
    account = world.ACCOUNT

    def __init__(self) -> None:
        self.asked: dict[str, deque[float]] = defaultdict(deque)
        self.waits: list[float] = []
        self.listening = False
        self.open = 0
        self.answered = asyncio.Event()
        self._health = Health(Link.ONLINE, world.START)

    def said(self, room: str) -> None:
        """Note that a need is being said; needs of a room are answered in their order."""
        self.asked[room].append(monotonic())
        self.open += 1
        self.answered.clear()

    def forget(self) -> None:
        """Begin again with nothing asked."""
        self.asked.clear()
        self.waits = []
        self.open = 0

    async def run(self, sink: EventSink) -> None:
        await asyncio.Event().wait()

    @property
    def sends_files(self) -> bool:
        return False

    async def send(self, message: OutgoingMessage) -> str:
        if self.listening:
            self.waits.append(monotonic() - self.asked[message.room_id].popleft())
            self.open -= 1
            if not self.open:
                self.answered.set()
        return ""

    async def accept_invitation(self, invitation_id: str) -> None:
        raise NotImplementedError

    def health(self) -> Health:
        return self._health


class _Bot:
    """The running parts around an ear."""

    def __init__(self, parts: Parts) -> None:
        chosen = world.settings()
        self._database = parts.database
        self.ear = _Ear()
        self.dispatcher = Dispatcher(
            parts.database,
            parts.clock,
            self.ear,
            pacing=chosen.pacing,
            recommender=chosen.recommender,
            zone=chosen.zone,
        )
        self.lane = Lane(parts.pipeline, committed=self.dispatcher.wake)
        self.intake = Intake(parts.database, parts.clock, stored=self.lane.wake, observe=self._observe)

    async def _observe(self, event: ChannelEvent) -> None:
        raise NotImplementedError

    async def say(self, message: IncomingMessage, *, needs: bool) -> None:
        if needs:
            self.ear.said(message.room_id)
        await self.intake.receive(message)

    async def quiet(self) -> None:
        """Wait until every need is answered; what is not answered for a while is not going to be."""
        seen = -1
        while self.ear.open and seen != len(self.ear.waits):
            seen = len(self.ear.waits)
            with suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    await self.ear.answered.wait()

    async def listen(self) -> None:
        """Wait until all is handled and the groups are greeted, then note what is sent."""
        while await self._busy():  # noqa: ASYNC110 - the database is what is looked at, and it tells nobody
            await asyncio.sleep(_LOOK_SECONDS)
        self.ear.listening = True

    async def _busy(self) -> bool:
        async with self._database.reading() as session:
            states = await outbox.count_by_state(session)
            waiting = await inbox.pending(session, limit=1)
        return bool(waiting) or SendState.QUEUED in states or SendState.SENDING in states


def run(options: Options) -> Report:
    return asyncio.run(_run(options))


async def _run(options: Options) -> Report:
    report = Report("latency", "ms from a need being said to its push in the channel's hands, pacing aside")
    async with world.opened() as parts, _running(parts) as bot:
        needs = _answered(parts)
        talk = _Talk(needs)
        known = talk.next(world.GROUPS * world.MEMBERS, needs=False)  # every group and member, before the clock starts
        await asyncio.gather(*(bot.say(message, needs=False) for message, _ in known))
        await bot.listen()
        count = 500 if options.quick else 3_000
        began = monotonic()
        await asyncio.gather(*(bot.say(message, needs=need) for message, need in talk.next(count)))
        await bot.quiet()
        rate = count / (monotonic() - began)
        report.rows.append(_row("everything at once", rate, bot.ear, count))
        bot.ear.forget()
        count = min(count, int(rate / 2 * (5 if options.quick else 20)))
        await _paced(bot, talk.next(count), rate / 2)
        report.rows.append(
            _row("at half that rate", rate / 2, bot.ear, count)
            | {"limit p99": _LIMIT_MS, "met": percentile(bot.ear.waits, 0.99) * 1000 <= _LIMIT_MS}
        )
    report.notes.append(
        f"{len(needs)} different needs that the demo's catalogue answers, {NEED_SHARE:.0%} of the lines."
    )
    return report


@asynccontextmanager
async def _running(parts: Parts) -> AsyncIterator[_Bot]:
    await parts.catalog.sync_all()
    await parts.storefront.fill()
    bot = _Bot(parts)
    tasks = [asyncio.create_task(bot.lane.run()), asyncio.create_task(bot.dispatcher.run())]
    try:
        yield bot
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _answered(parts: Parts) -> list[str]:
    """Return the needs that are pushed for; the others would be waited for in vain."""
    kept = []
    for text in _NEEDS:
        decision = world.decide(0, text, parts.pipeline.normaliser, parts.recommender, world.rooms())
        if decision.reason is Reason.PUSHED:
            kept.append(text)
    return kept


class _Talk:
    """Messages in which a need is known to be one, and talk is known not to be."""

    def __init__(self, needs: Sequence[str]) -> None:
        self._needs = needs
        self._chance = random.Random(5)
        self._number = 0
        self._talk = [
            line for line in lines(5_000) if line.startswith(("婆婆", "邻居", "师傅", "快递员", "老师", "隔壁"))
        ]

    def next(self, count: int, *, needs: bool = True) -> list[tuple[IncomingMessage, bool]]:
        """Return the next messages and whether each is a need."""
        said = []
        for _ in range(count):
            self._number += 1
            need = needs and self._chance.random() < NEED_SHARE
            text = self._chance.choice(self._needs if need else self._talk)
            said.append((world.message(self._number, text), need))
        return said


async def _paced(bot: _Bot, said: Sequence[tuple[IncomingMessage, bool]], rate: float) -> None:
    began = monotonic()
    saying = []
    for number, (message, need) in enumerate(said):
        await asyncio.sleep(max(0.0, began + number / rate - monotonic()))
        saying.append(asyncio.create_task(bot.say(message, needs=need)))
    await asyncio.gather(*saying)
    await bot.quiet()


def _row(what: str, rate: float, ear: _Ear, count: int) -> Row:
    return {
        "talk comes": what,
        "messages": count,
        "messages/s": round(rate),
        "needs": len(ear.waits) + ear.open,
        "unanswered": ear.open,
        "p50 ms": round(percentile(ear.waits, 0.5) * 1000, 1),
        "p99 ms": round(percentile(ear.waits, 0.99) * 1000, 1),
    }
