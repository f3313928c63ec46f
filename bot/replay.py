"""Running a transcript through the same pipeline, against a scratch database, with the clock of the transcript."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bot.bootstrap import Parts, open_parts
from bot.settings import Settings
from bot.stages.turn import Handled
from bot.transcript import Said, TranscriptError
from core.clock import ManualClock, SystemClock
from core.messages import IncomingMessage, MessageKey, RoomMember, RoomSeen
from core.outcomes import Reason
from core.scratch import scratch_database
from groups.changes import RoleSet
from groups.state import GroupKey, Role
from orders.serving import Effect
from recommender.repository import need_detail
from recommender.wording import wanted

CHANNEL = "replay"
ACCOUNT = "qianqun"
_BATCH = 1_000
"""Messages of one transaction. What is decided goes by the messages' own times, so that it does not depend on this."""
_PUSH_LEVEL = 4


def replay_settings(settings: Settings, *, unlimited: bool) -> Settings:
    """Return the settings of a replay: groups that nobody named may be pushed to, and nothing waits."""
    groups = settings.groups.model_copy(update={"default_level": _PUSH_LEVEL})
    recommender = settings.recommender.model_copy(update={"limits": settings.recommender.limits and not unlimited})
    pacing = settings.pacing.model_copy(update={"enabled": False})
    return settings.model_copy(update={"groups": groups, "recommender": recommender, "pacing": pacing})


@asynccontextmanager
async def scratch(settings: Settings) -> AsyncIterator[tuple[Parts, ManualClock]]:
    """Open a scratch database with the configured catalogue in it, and remove it at the end."""
    clock = ManualClock(SystemClock().now())
    with TemporaryDirectory(prefix="qianqun-replay-") as folder:
        database = await scratch_database(Path(folder) / "scratch.db")
        changed = settings.model_copy(update={"database": database})
        async with open_parts(changed, clock, Path(folder), scratch=True) as parts:
            yield parts, clock


Replayed = tuple[int, Handled]
"""The number of a message, from 1, and what became of it."""


async def replay(parts: Parts, clock: ManualClock, transcript: Iterable[Said]) -> AsyncIterator[list[Replayed]]:
    """Take a transcript through the pipeline; yield what became of its messages, a batch at a time.

    Raises ``TranscriptError`` when the transcript cannot be read any further; what came before has been yielded.
    """
    n = 1
    rooms = _Rooms(parts)
    for batch in _batches(transcript):
        clock.set(batch[-1].at)
        await rooms.enter(batch)
        messages = [_message(said, number) for number, said in enumerate(batch, start=n)]
        yield list(enumerate(await parts.pipeline.take(messages), start=n))
        n += len(batch)


def _batches(transcript: Iterable[Said]) -> Iterator[Sequence[Said]]:
    """Yield batches; a transcript that breaks off is replayed up to the break."""
    batch: list[Said] = []
    try:
        for said in transcript:
            batch.append(said)
            if len(batch) == _BATCH:
                yield batch
                batch = []
    except TranscriptError:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def _message(said: Said, n: int) -> IncomingMessage:
    return IncomingMessage(
        key=MessageKey(CHANNEL, ACCOUNT, str(n)),
        room_id=said.group,
        room_topic=said.group,
        sender_id=said.member,
        sender_name=said.member,
        room_name=said.room_name,
        text=said.text,
        at=said.at,
        quote=said.quote,
    )


class _Rooms:
    """Brings the rooms of a transcript into being before their first message, as joining a room does."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._leaders: dict[str, set[str]] = {}

    async def enter(self, batch: Sequence[Said]) -> None:
        """Let the bot into the rooms of a batch that it does not know; the first leader of a room owns it."""
        seen: list[RoomSeen] = []
        assistants: list[RoleSet] = []
        for said in batch:
            known = said.group in self._leaders
            leaders = self._leaders.setdefault(said.group, set())
            leads = said.is_leader and said.member not in leaders
            if not known or leads:
                member = (RoomMember(said.member, said.member, said.room_name),)
                owner = said.member if leads and not leaders else ""
                seen.append(RoomSeen(CHANNEL, ACCOUNT, said.group, said.group, owner, member))
            if leads:
                if leaders:
                    group = GroupKey(CHANNEL, ACCOUNT, said.group)
                    assistants.append(RoleSet(group, said.member, Role.ASSISTANT))
                leaders.add(said.member)
        if seen:
            await self._parts.pipeline.observe(*seen)
        if assistants:
            await self._parts.pipeline.change(assistants)


def _effect(one: Effect) -> dict[str, Any]:
    quantity = None if one.quantity is None else _number(one.quantity)
    names = {"offer": one.offer, "item": one.item, "member": one.member, "for": one.for_whom}
    return {**names, "change": one.change, "quantity": quantity, "total": _number(one.total)}


def _number(quantity: Decimal) -> int | float:
    return int(quantity) if quantity == quantity.to_integral_value() else float(quantity)


def result(n: int, handled: Handled) -> dict[str, Any]:
    """Return one line of a replay's output; the number goes first."""
    decision = handled.decision
    need = decision.need if decision is not None else None
    pushed = decision is not None and handled.reason in {Reason.PUSHED, Reason.SUGGESTED}
    return {
        "n": n,
        "outcome": handled.outcome.value,
        "reason": handled.reason.value,
        "need": None
        if need is None
        else {"class": need.need_class.value, "terms": list(need.terms), "wanted": wanted(need), **need_detail(need)},
        "push": [
            {"product": candidate.item.key, "title": candidate.item.title, "score": round(candidate.score, 4)}
            for candidate in (decision.picks if decision is not None and pushed else ())
        ],
        **({"hold": decision.hold.value} if decision is not None and decision.hold is not None else {}),
        "orders": [_effect(one) for one in handled.effects],
        "says": [draft.text for draft in handled.drafts],
    }
