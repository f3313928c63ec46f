"""The local channel: the program's own chat, in a browser page on this machine."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Sequence

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.channels.local.desk import Desk
from bot.channels.local.repository import ChatLog, Conversation, Line
from bot.channels.local.rooms import MadeRooms
from bot.channels.local.roster import Roster
from bot.channels.local.server import serving
from bot.channels.local.settings import LocalSettings, MemberSettings, RoomSettings
from bot.channels.protocol import EventSink, Health, Link, SendRefusedError, SendUncertainError
from core.clock import Clock
from core.messages import ChannelEvent, IncomingMessage, MessageKey, MessageKind, OutgoingMessage, Quote

_RETRY_S = 0.2
_RETRY_MAX_S = 5.0


class LocalChannel:
    """A chat service and its bot account in one.

    A member's line is stored in the chat log first and handed to the program from there, in order and until
    it has been taken: a crash or a locked database between the two loses nothing and doubles nothing.
    """

    name = "local"

    def __init__(self, settings: LocalSettings, store: ChatLog, clock: Clock) -> None:
        self._settings = settings
        self._log = store
        self._made = MadeRooms(store.database, clock)
        self._clock = clock
        self._roster = Roster(self.name, settings)
        self._desk = Desk(settings, store, self._roster, clock)
        self._events: deque[ChannelEvent] = deque()
        self._health = Health(Link.STARTING, clock.now(), account=settings.account)
        self._port = settings.port
        self.online = asyncio.Event()
        """Set once the page can be opened; ``url`` is right from then on."""
        self._logger = structlog.get_logger(channel=self.name)

    @property
    def account(self) -> str:
        """The bot's contact id, as configured."""
        return self._settings.account

    @property
    def url(self) -> str:
        """Address of the page; with port 0 in the settings it is known once the channel is online."""
        host = f"[{self._settings.host}]" if ":" in self._settings.host else self._settings.host
        return f"http://{host}:{self._port}/"

    @property
    def rooms(self) -> tuple[RoomSettings, ...]:
        """The rooms and members as they are now."""
        return self._roster.rooms

    @property
    def sends_files(self) -> bool:
        """Files stand in the chat with a link to fetch them."""
        return True

    async def run(self, sink: EventSink) -> None:
        """Serve the page and hand over what is said until cancelled; raises ``AddressError`` at the start."""
        self._roster.add(await self._made.all())
        self._events = deque(self._roster.seen())
        self._desk.said.set()  # lines of an earlier run may still wait
        try:
            async with serving(self._settings, self._desk, self._describe) as self._port:
                self._become(Link.ONLINE)
                self.online.set()
                await self._hand_over_for_ever(sink)
        finally:
            self.online.clear()
            self._become(Link.STOPPED, "the channel was stopped; start the program again")

    async def send(self, message: OutgoingMessage) -> str:
        """Show a text or a file of the bot in a room or a private chat; return the line's id."""
        if self._health.link is not Link.ONLINE:
            raise SendRefusedError(f"the local channel is {self._health.link}; nothing was sent")
        if message.room_id and self._roster.room(message.room_id) is None:
            raise SendRefusedError(f"there is no room {message.room_id!r} on the chat page")
        if not message.room_id and self._roster.person(message.contact_id) is None:
            raise SendRefusedError(f"there is no member {message.contact_id!r} on the chat page")
        conversation = Conversation(message.room_id, "" if message.room_id else message.contact_id)
        try:
            line = await self._desk.say_as_bot(conversation, message)
        except SQLAlchemyError as error:
            raise SendUncertainError(f"the chat log gave no clear answer: {type(error).__name__}") from error
        return str(line.id)

    async def accept_invitation(self, invitation_id: str) -> None:
        """Refuse: nobody can invite the bot here, rooms are configured."""
        raise SendRefusedError(f"the chat page has no invitation {invitation_id!r}; its rooms are configured")

    @property
    def makes_rooms(self) -> bool:
        """A new room stands in the list of every open page, and is kept."""
        return True

    async def create_room(self, topic: str, member_ids: Sequence[str]) -> str:
        """Make a room of people of the page; the first of them owns it."""
        self._refuse_unless_online()
        people = [(member_id, self._roster.person(member_id)) for member_id in dict.fromkeys(member_ids)]
        strangers = [member_id for member_id, person in people if person is None]
        if strangers or not people:
            raise SendRefusedError(
                f"there is no member {strangers[0]!r} on the chat page" if people else "nobody asked"
            )
        room = RoomSettings(
            id=f"made-{secrets.token_hex(8)}",
            topic=topic,
            owner=people[0][0],
            members=tuple(MemberSettings(id=person.id, name=person.name) for _, person in people if person),
        )
        try:
            await self._made.add(room)
        except SQLAlchemyError as error:
            raise SendUncertainError(f"the chat log gave no clear answer: {type(error).__name__}") from error
        self._show(self._roster.put(room))
        return room.id

    async def invite(self, room_id: str, member_id: str) -> None:
        """Put somebody into a room that the bot made; those of the settings are changed in the settings."""
        self._refuse_unless_online()
        if any(room.id == room_id for room in self._settings.rooms):
            raise SendRefusedError(f"room {room_id!r} stands in the settings; add its members there")
        room = self._roster.with_member(room_id, member_id)
        if room is None:
            raise SendRefusedError(f"there is no room {room_id!r} or no member {member_id!r} on the chat page")
        try:
            await self._made.fill(room)
        except SQLAlchemyError as error:
            raise SendUncertainError(f"the chat log gave no clear answer: {type(error).__name__}") from error
        self._show(self._roster.put(room))

    def health(self) -> Health:
        """Return the current state."""
        return self._health

    def set_rooms(self, rooms: Sequence[RoomSettings]) -> None:
        """Change rooms and members while running; open pages and the program are told.

        The change holds until the program ends; the settings decide again at the next start.
        """
        checked = LocalSettings(account=self._settings.account, rooms=tuple(rooms)).rooms
        self._show(self._roster.change(checked))

    def _show(self, events: Sequence[ChannelEvent]) -> None:
        """Tell open pages and the program that rooms have changed."""
        self._events.extend(events)
        self._desk.show_rooms()
        self._desk.said.set()

    def _refuse_unless_online(self) -> None:
        if self._health.link is not Link.ONLINE:
            raise SendRefusedError(f"the local channel is {self._health.link}; nothing was done")

    async def _hand_over_for_ever(self, sink: EventSink) -> None:
        pause = _RETRY_S
        while True:
            await self._desk.said.wait()
            self._desk.said.clear()
            try:
                await self._hand_over(sink)
                pause = _RETRY_S
            except Exception as error:  # whatever the sink raises: its database may be back in a moment
                self._logger.warning("hand_over_failed", error=repr(error), again_in_s=pause)
                self._desk.said.set()
                await self._clock.sleep(pause)
                pause = min(pause * 2, _RETRY_MAX_S)

    async def _hand_over(self, sink: EventSink) -> None:
        """Give every waiting event and line to the sink, in order; raises what the sink raises."""
        while self._events:
            await sink.observe(self._events[0])
            self._events.popleft()
        while lines := await self._log.waiting():
            for line in lines:
                message = self._incoming(line)
                await sink.announce(message.key, message.raw)
                await sink.receive(message)
            await self._log.mark_handed([line.id for line in lines])

    def _incoming(self, line: Line) -> IncomingMessage:
        room = self._roster.room(line.conversation.room_id)
        member = room.member(line.sender_id) if room else self._roster.person(line.sender_id)
        mentioned = tuple(mention["id"] for mention in line.mentions)
        return IncomingMessage(
            key=MessageKey(self.name, self.account, str(line.id)),
            room_id=line.conversation.room_id,
            sender_id=line.sender_id,
            text=line.text,
            at=line.at,
            kind=MessageKind.RECALL if line.recalls else MessageKind.TEXT,
            room_topic=room.topic if room else "",
            sender_name=member.name if member else line.sender_name,
            room_name=member.room_name if member and room else "",
            mentions=mentioned,
            mentions_bot=self.account in mentioned,
            quote=Quote(line.quote["member"], line.quote["text"]) if line.quote else None,
            recalls=str(line.recalls or ""),
            raw={"line": line.id, "client_id": line.client_id, "quoted_line": line.quote["id"] if line.quote else None},
        )

    def _become(self, link: Link, detail: str = "") -> None:
        self._health = Health(link, self._clock.now(), detail, self.account)
        self._logger.info("link", link=link, url=self.url)

    def _describe(self) -> dict[str, str]:
        """Return the state as the server's ``/health`` shows it."""
        return {"link": self._health.link, "since": self._health.since.isoformat(), "detail": self._health.detail}
