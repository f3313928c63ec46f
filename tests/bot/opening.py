"""Groups of one leader in which people ask for things, the daily look for new groups, and the maker of rooms."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import col, select

from bot.openings import Openings
from bot.pacing import Pace
from bot.rooms import RoomMaker
from groups.changes import RoleSet
from groups.models import ForgottenPerson, Proposal
from groups.people import ledger
from groups.repository import load
from groups.state import GroupKey, GroupState, MemberKey, Role
from tests.bot.conversation import Conversation
from tests.bot.fake_channel import FakeRoom

LEADER, LEADER_NAME = "lin", "林姐"
EAST, WEST = "城东团购群", "城西团购群"
EASTERS = {f"e{number}": f"东邻{number}" for number in range(1, 6)}
WESTERS = {f"w{number}": f"西邻{number}" for number in range(1, 6)}
GOODS = "驱蚊水"
"""Something that members ask for and nobody of the demo's suppliers sells."""


class Town:
    """A conversation in two groups of one leader, with everything that makes new groups."""

    def __init__(self, talk: Conversation) -> None:
        self.talk = talk
        self.channel = talk.channel
        self.pace = Pace()
        self.restart()

    def restart(self) -> None:
        """Begin as a new process does."""
        talk = self.talk
        talk.start()
        self.maker = RoomMaker(
            talk.database,
            talk.clock,
            talk.channel,
            groups=talk.parts.groups,
            pacing=talk.settings.pacing,
            pace=self.pace,
            stuck_seconds=600,
            at_desk=talk.lane.at_desk,
            committed=lambda: None,
        )

    async def enter(self) -> None:
        """Let the bot into the leader's two groups."""
        for room_id, topic, people in (("room-east", EAST, EASTERS), ("room-west", WEST, WESTERS)):
            members = {LEADER: (LEADER_NAME, ""), **{one: (name, "") for one, name in people.items()}}
            self.channel.rooms[room_id] = FakeRoom(room_id, topic, LEADER, members)
            await self.talk.intake.observe(self.channel.seen(room_id))
        await self.talk.send()
        self.channel.sent.clear()

    async def ask(self, topic: str, people: Sequence[str], text: str) -> None:
        """Let people ask for something in a group, without looking at what comes of it."""
        self.talk.room = topic
        for name in people:
            await self.talk.say(name, text)
        self.channel.sent.clear()

    async def look(self) -> list[str]:
        """Let the daily look happen a moment later; return what the leader is told."""
        self.talk.clock.advance(60)
        async with self.talk.database.transaction() as session:
            await Openings(self.talk.settings).run(session, self.talk.clock.now())
        return await self.told()

    async def told(self, person: str = LEADER) -> list[str]:
        """Send what waits; return what a person was told in private."""
        before = len(self.channel.sent)
        for _ in range(3):  # a refused text ends a round
            await self.talk.send()
        return [message.text for message in self.channel.sent[before:] if message.contact_id == person]

    async def make(self, *, observed: bool = True) -> None:
        """Let the maker do everything that it can do now; the program sees the rooms that come to be."""
        while await self.maker.work() == 0:
            if observed:
                await self.observe()

    async def observe(self) -> None:
        """Let the program see the rooms that were made."""
        for room_id in self.channel.made:
            if room_id in self.channel.rooms:
                await self.talk.intake.observe(self.channel.seen(room_id))

    async def appoint(self, contact_id: str, room_id: str) -> None:
        """Make somebody an assistant in a group."""
        key = GroupKey("fake", self.channel.account, room_id)
        await self.talk.parts.pipeline.change([RoleSet(key, contact_id, Role.ASSISTANT)])

    async def forget(self, contact_id: str) -> None:
        """Note that somebody's data was deleted, as that deletion does."""
        who = MemberKey("fake", self.channel.account, contact_id)
        now = self.talk.clock.now()
        async with self.talk.database.transaction() as session:
            mark = ledger.person_hash(await ledger.key(session), who)
            session.add(ForgottenPerson(person=mark, channel=who.channel, account=who.account, at=now))

    async def proposals(self) -> list[Proposal]:
        async with self.talk.database.reading() as session:
            return list((await session.exec(select(Proposal).order_by(col(Proposal.id)))).all())

    async def group(self, room_id: str) -> GroupState:
        """Return a group as the database has it."""
        key = GroupKey("fake", self.channel.account, room_id)
        async with self.talk.database.reading() as session:
            return (await load(session, [key]))[key]
