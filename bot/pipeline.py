"""The path of a message, on one screen.

    channel → inbox → lane → [readable? → command? → order? → heard at all? → need?] → one commit → outbox → channel

A batch of messages runs through the stages in order, on copies of what its groups are; what they decide is stored in
one transaction together with each message's outcome. Only after that commit do the copies become the lane's memory
and may the dispatcher send. Nothing is sent from here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from bot.stages import gate, needs, orders, pushing, rights, words
from bot.stages.turn import Decided, Handled, Stage, Turn
from bot.welcome import expect
from bot.work import Desk, Office
from core import inbox
from core.clock import Clock, monotonic
from core.database import Database
from core.inbox import Ended, Waiting
from core.messages import Gap, IncomingMessage, MemberLeft, RoomSeen
from core.outcomes import Outcome, Reason
from core.text import Normaliser
from groups import repository as group_store
from groups.changes import Change
from groups.service import NOTHING, GroupService
from groups.state import GroupKey
from orders.service import OrderService
from recommender.service import Recommender, only_talk

_AT_A_TIME = 0.003
"""Seconds after which everybody else has a turn: near to SQLite (``core.near``) nothing else lets them."""

TALK = Ended(Outcome.IGNORED, Reason.TALK)
"""What most messages come to."""

STAGES = (
    Stage(gate.may_be_unreadable, gate.readable),
    Stage(rights.may_ask, rights.others),
    Stage(orders.may_be_word, orders.word),
    Stage(words.may_be_word, words.command),
    Stage(orders.may_reply, orders.reply),
    Stage(gate.may_be_unheard, gate.heard),
    Stage(needs.always, needs.need, apart=True),
)
"""What is asked of every message, in this order."""


@dataclass(slots=True)
class Pipeline:
    """Everything between the inbox and the outbox for one lane."""

    database: Database
    clock: Clock
    normaliser: Normaliser
    groups: GroupService
    orders: OrderService
    recommender: Recommender
    office: Office

    async def handle_waiting(self, most: int) -> list[Handled]:
        """Take what waits in the inbox through the stages and commit all of its effects at once."""
        async with self.database.transaction(short=True) as session:
            rows = await inbox.pending(session, limit=most, hold=True)
            if not rows:
                return []
            desk, handled = await self._serve(session, rows)
        self.office.keep(desk)
        return handled

    async def handle(self, row_ids: Sequence[int]) -> list[Handled]:
        """Do the same with these rows; what was handled or deleted since they were seen waiting is left out."""
        async with self.database.transaction(short=True) as session:
            desk, handled = await self._serve(session, await inbox.hold(session, row_ids))
        self.office.keep(desk)
        return handled

    async def take(self, messages: Sequence[IncomingMessage]) -> list[Handled]:
        """Store messages and handle the new ones in one transaction: no lane of another process sees them waiting."""
        async with self.database.transaction(short=True) as session:
            stored = await inbox.store(session, messages, self.clock.now(), TALK)
            desk, handled = await self._serve(session, [row for row in stored if row is not None], expected=TALK)
        self.office.keep(desk)
        return handled

    async def _serve(
        self, session: AsyncSession, rows: Sequence[Waiting], expected: Ended | None = None
    ) -> tuple[Desk, list[Handled]]:
        """Take messages that this transaction holds through the stages; the commit is the caller's.

        Their rows stand as pending, or as ``expected``.
        """
        desk = await self._desk(session)
        desk.expected = expected
        decided: list[Decided] = []
        turns = [self._turn(desk, row, decided) for row in rows]
        await desk.fetch(turn.room for turn in turns if turn.room.room_id)
        await desk.orders.look([known.group.id for known in desk.known.values() if known.group.id is not None])
        self._read_ahead(desk, turns)
        pause = 0.0
        for turn in turns:
            if monotonic() >= pause:
                await asyncio.sleep(0)
                pause = monotonic() + _AT_A_TIME
            turn.handled = await self._through(turn)
        await pushing.finish(decided)
        await desk.flush()
        return desk, [turn.handled for turn in turns if turn.handled is not None]

    def _read_ahead(self, desk: Desk, turns: Sequence[Turn]) -> None:
        """Read together what the last stage will probably ask about: only of members whom their groups listen to."""
        heard = [
            (turn, known.memory)
            for turn in turns
            if (known := desk.known.get(turn.room)) is not None
            and gate.unreadable(turn.message) is None
            and gate.unheard(known.group, turn.message) is None
        ]
        for (turn, _), glance in zip(heard, self.recommender.glances([turn.text for turn, _ in heard]), strict=True):
            turn.glance = glance
        read = [
            turn
            for turn, memory in heard
            if not only_talk(turn.glance, memory, turn.message.sender_id, mentioned=turn.mentioned)
        ]
        readings = self.recommender.read_all([turn.text for turn in read], [turn.mentioned for turn in read])
        for turn, reading in zip(read, readings, strict=True):
            turn.alone = reading
        desk.ahead.earliest = min([desk.now, *(turn.message.at for turn in turns)])

    async def _desk(self, session: AsyncSession) -> Desk:
        """Return a desk; what is remembered is dropped first when the database was changed beside the lanes."""
        if await inbox.told(session):
            self.office.forget()
        return self.office.desk(session, self.clock.now())

    async def _through(self, turn: Turn) -> Handled:
        """Take one message through the stages; the first that knows what it is ends its way."""
        if not self._is_entered(turn):
            await pushing.finish(turn.decided)
            await self._enter(turn)
        elif any(one.known is turn.known for one in turn.decided):
            await pushing.finish(turn.decided)  # what is said in a group may be about what it is shown
        for may, answer, apart in STAGES:
            if not may(turn):
                continue
            if not apart:
                await pushing.finish(turn.decided)
            if (handled := await answer(turn)) is not None:
                if turn.deleted:
                    await rights.settle(turn, handled)
                ended = {"row_id": turn.row_id, "outcome": handled.outcome, "reason": handled.reason}
                turn.desk.outcomes.append(ended)
                return handled
        raise AssertionError("the last stage answers every message")

    def _turn(self, desk: Desk, row: Waiting, decided: list[Decided]) -> Turn:
        """Prepare a message: uniform text, and whether it is addressed to the bot; ``decided`` is the batch's."""
        message = row.message
        text, names = self.normaliser(message.text), self.groups.settings.bot_names
        return Turn(
            row_id=row.id,
            message=message,
            room=_group_key(message),
            text=text,
            desk=desk,
            groups=self.groups,
            orders=self.orders,
            recommender=self.recommender,
            uniform=self.normaliser,
            decided=decided,
            mentioned=message.mentions_bot
            or text.text.startswith(names)
            or bool(text.mentions and any(mention.name in names for mention in text.mentions)),
        )

    def _is_entered(self, turn: Turn) -> bool:
        """Enter a message that shows its group and sender as they are known, as nearly all do; tell whether it did."""
        known, message = turn.desk.known.get(turn.room), turn.message
        if known is None or message.is_self or not self.groups.shows_nothing(known.group, message):
            return False
        turn.known = known
        turn.deleted = known.group.forgotten.has(message.sender_id)
        return True

    async def _enter(self, turn: Turn) -> None:
        """Look whether the sender was deleted, and what the message shows of its group, which exists from here on."""
        desk, message = turn.desk, turn.message
        forgotten = await self.office.forgotten(desk.session, message.key.channel, message.key.account)
        turn.deleted = not message.is_self and forgotten.has(message.sender_id)
        if message.room_id and not message.is_self:
            key = turn.room
            turn.known = known = await desk.group(key)
            observation = self.groups.heard(known.group if known else None, message, forgotten)
            if observation is NOTHING:
                return
            await desk.take(key, observation.changes)
            if known is None:
                await desk.flush()  # what follows points at the new group's id
            turn.known = await desk.group(key)
            if observation.joined:
                await expect(desk, key, self.groups.settings)
            if observation.introduction and turn.known is not None:
                turn.say(gate.introduction(turn.known.group, observation.introduction))

    async def observe(self, *events: RoomSeen | MemberLeft) -> None:
        """Take note of rooms in a transaction of their own; part of the lane like any message."""
        async with self.database.transaction(short=True) as session:
            desk = await self._desk(session)
            await desk.fetch(_group_key(event) for event in events)
            introductions: list[tuple[GroupKey, str]] = []
            for event in events:
                key = _group_key(event)
                known = desk.known.get(key)
                if isinstance(event, RoomSeen):
                    forgotten = await self.office.forgotten(session, key.channel, key.account)
                    observation = self.groups.observe(known.group if known else None, event, forgotten)
                    await desk.take(key, observation.changes)
                    if observation.introduction:
                        introductions.append((key, observation.introduction))
                    if observation.joined:
                        await expect(desk, key, self.groups.settings)
                elif known is not None:
                    await desk.apply(self.groups.left(known.group, event))
            await desk.flush()  # an introduction points at its group's id
            desk.drafts += [gate.introduction(desk.known[key].group, text) for key, text in introductions]
            await desk.flush()
        self.office.keep(desk)

    async def missed(self, gap: Gap) -> None:
        """Ask groups with open offers for what they may have ordered while the channel was deaf."""
        async with self.database.transaction(short=True) as session:
            desk = await self._desk(session)
            says = await self.orders.missed(desk.orders, gap)
            rooms = await group_store.rooms(session, [say.group_id for say in says if say.group_id is not None])
            for say in says:
                if say.group_id in rooms:
                    key = f"gap:{say.group_id}:{gap.until.isoformat()}"
                    desk.drafts.append(orders.draft_of(say, key, rooms[say.group_id], say.group_id))
            await desk.flush()

    async def at_desk(self, job: Callable[[Desk], Awaitable[None]]) -> None:
        """Let somebody else do one thing at a desk of this lane, in a transaction of its own."""
        async with self.database.transaction(short=True) as session:
            desk = await self._desk(session)
            await job(desk)
            await desk.flush()
        self.office.keep(desk)

    async def change(self, changes: Sequence[Change]) -> None:
        """Carry out changes of groups that come from elsewhere than a message."""
        async with self.database.transaction(short=True) as session:
            desk = await self._desk(session)
            await desk.apply(changes)
            await desk.flush()
        self.office.keep(desk)


def _group_key(seen: IncomingMessage | RoomSeen | MemberLeft) -> GroupKey:
    at = seen.key if isinstance(seen, IncomingMessage) else seen
    return GroupKey(at.channel, at.account, seen.room_id)
