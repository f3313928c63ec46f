"""What happens to a frame from a page, and to a line of the bot: one desk that everything passes."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy.exc import SQLAlchemyError

from bot.channels.local import frames, mentions
from bot.channels.local.frames import Be, ClientFrame, ErrorCode, FrameError, Hello, Older, Ping, Recall, Say
from bot.channels.local.hub import Hub, Page
from bot.channels.local.repository import ChatLog, Conversation, Line, RecalledAlreadyError
from bot.channels.local.roster import Roster
from bot.channels.local.settings import LocalSettings
from core.clock import Clock
from core.messages import OutgoingMessage

_SCREENFUL = 100
"""Lines sent of a conversation at a time."""


class Desk:
    """Stores lines and shows them to the pages, both in the order of their ids.

    One lock covers storing, showing and catching up: a page that has a line has every line before it, so the
    last id it saw is all it needs to catch up.
    """

    def __init__(self, settings: LocalSettings, log: ChatLog, roster: Roster, clock: Clock) -> None:
        self.hub = Hub()
        self.said = asyncio.Event()
        """Set when a member's line waits for the program."""
        self._settings = settings
        self._log = log
        self._roster = roster
        self._clock = clock
        self._order = asyncio.Lock()
        self._reader: TypeAdapter[ClientFrame] = frames.frame_reader()

    async def take(self, page: Page, data: str) -> None:
        """Handle one frame of a page; whatever is wrong with it is answered, never raised."""
        try:
            frame = frames.read(self._reader, data)
            try:
                await self._handle(page, frame)
            except SQLAlchemyError as error:
                client_id = frame.client_id if isinstance(frame, Say | Recall) else ""
                raise FrameError(ErrorCode.STORAGE, type(error).__name__, client_id) from error
        except FrameError as problem:
            page.post(frames.error(problem))

    async def say_as_bot(self, conversation: Conversation, message: OutgoingMessage) -> Line:
        """Store a line or a file of the bot and show it."""
        file = message.file
        named = [] if file else message.mentions
        async with self._order:
            line, _ = await self._log.append(
                conversation,
                sender_id=self._settings.account,
                sender_name=self._settings.bot_name,
                text="" if file else mentions.write(message.text, [name for _, name in named]),
                mentions=[{"id": member_id, "name": name} for member_id, name in named],
                file=file,
                at=self._clock.now(),
                handed=True,
            )
            self.hub.broadcast(frames.line_said(line), conversation)
        return line

    def show_rooms(self) -> None:
        """Tell every page what the rooms are now."""
        self.hub.broadcast(frames.rooms_changed(self._roster.rooms))

    async def _handle(self, page: Page, frame: ClientFrame) -> None:
        match frame:
            case Ping():
                page.post(frames.pong())
            case Hello():
                await self._greet(page, frame)
            case Be():
                async with self._order:
                    page.member_id = self._person(frame.member)
                    await self._show(page, Conversation(contact_id=page.member_id))
            case Older():
                conversation = Conversation(frame.room) if frame.room else Conversation(contact_id=page.member_id)
                lines, more = await self._log.latest(conversation, before=frame.before, limit=_SCREENFUL)
                page.post(frames.history(conversation, lines, mode="older", more=more))
            case Say():
                await self._say(page, frame)
            case Recall():
                await self._recall(page, frame)

    async def file(self, line_id: int, key: str) -> tuple[dict[str, Any], bytes] | None:
        """Return a line's file, described and whole; None without the right key."""
        line = await self._log.find(line_id)
        if line is None or line.file is None or not secrets.compare_digest(line.file["key"].encode(), key.encode()):
            return None
        content = await self._log.content(line_id)
        return None if content is None else (line.file, content)

    async def _greet(self, page: Page, frame: Hello) -> None:
        async with self._order:
            page.member_id = frame.member if self._roster.person(frame.member) else ""
            same_log = frame.after_at is not None and await self._log.knows(frame.after, frame.after_at)
            page.post(frames.welcome(self._settings, self._roster.rooms, resumed=same_log))
            for room in self._roster.rooms:
                await self._show(page, Conversation(room.id), frame.after if same_log else 0)
            if page.member_id:
                private = Conversation(contact_id=page.member_id)
                await self._show(page, private, frame.private_after if same_log else 0)
            self.hub.join(page)

    async def _show(self, page: Page, conversation: Conversation, after: int = 0) -> None:
        """Send what was said since ``after``; all anew when that is too much to append or ``after`` is 0."""
        lines, more = await self._log.latest(conversation, after=after, limit=_SCREENFUL)
        mode = "since" if after and not more else "newest"
        page.post(frames.history(conversation, lines, mode=mode, more=more))

    async def _say(self, page: Page, frame: Say) -> None:
        self._check_text(frame)
        conversation, name = self._place(frame)
        quote = await self._quote(frame, conversation)
        names = self._roster.names(frame.room)
        mentioned = mentions.find(frame.text, names, frame.mentions)
        async with self._order:
            line, new = await self._log.append(
                conversation,
                sender_id=frame.member,
                sender_name=name,
                text=frame.text,
                quote=quote,
                mentions=[{"id": member_id, "name": names[member_id]} for member_id in mentioned],
                client_id=frame.client_id,
                at=self._clock.now(),
            )
            if new:
                self.hub.broadcast(frames.line_said(line), conversation)
        if new:
            self.said.set()
        elif (line.sender_id, line.conversation) != (frame.member, conversation):
            raise FrameError(ErrorCode.CLIENT_ID_TAKEN, "another line has this client_id", frame.client_id)
        if not new or conversation.contact_id not in {"", page.member_id}:
            page.post(frames.line_said(line))  # the broadcast did not reach the sender

    async def _recall(self, page: Page, frame: Recall) -> None:
        async with self._order:
            line = await self._log.find(frame.line)
            if line is None or line.sender_id != frame.member or line.recalls or line.recalled:
                raise FrameError(ErrorCode.UNKNOWN_LINE, str(frame.line), frame.client_id)
            now = self._clock.now()
            if now - line.at > frames.RECALL_WITHIN:
                raise FrameError(ErrorCode.RECALL_TOO_LATE, str(frame.line), frame.client_id)
            try:
                recall, _ = await self._log.append(
                    line.conversation,
                    sender_id=line.sender_id,
                    sender_name=line.sender_name,
                    text="",
                    client_id=frame.client_id,
                    at=now,
                    recalls=line.id,
                )
            except RecalledAlreadyError as error:
                raise FrameError(ErrorCode.UNKNOWN_LINE, str(error), frame.client_id) from error
            if recall.recalls != line.id:
                raise FrameError(ErrorCode.CLIENT_ID_TAKEN, "another line has this client_id", frame.client_id)
            self.hub.broadcast(frames.line_said(recall), line.conversation)
        self.said.set()
        if line.conversation.contact_id not in {"", page.member_id}:
            page.post(frames.line_said(recall))

    def _check_text(self, frame: Say) -> None:
        size = len(frame.text.encode())
        if size > frames.TEXT_LIMIT:
            detail = f"{size} bytes of text, at most {frames.TEXT_LIMIT}"
            raise FrameError(ErrorCode.TOO_LONG, detail, frame.client_id)
        if not frame.text.strip():
            raise FrameError(ErrorCode.EMPTY, "nothing but white space", frame.client_id)

    def _place(self, frame: Say) -> tuple[Conversation, str]:
        """Return where the line belongs and the name its sender has there."""
        if not frame.room:
            person = self._roster.person(frame.member)
            if person is None:
                raise FrameError(ErrorCode.UNKNOWN_MEMBER, frame.member, frame.client_id)
            return Conversation(contact_id=frame.member), person.name
        room = self._roster.room(frame.room)
        if room is None:
            raise FrameError(ErrorCode.UNKNOWN_ROOM, frame.room, frame.client_id)
        member = room.member(frame.member)
        if member is None:
            raise FrameError(ErrorCode.UNKNOWN_MEMBER, frame.member, frame.client_id)
        return Conversation(frame.room), member.shown_name

    async def _quote(self, frame: Say, conversation: Conversation) -> dict[str, str | int] | None:
        """Return the quoted line's own words: a page names a line, it cannot make one up."""
        if frame.quote is None:
            return None
        line = await self._log.find(frame.quote)
        if line is None or line.conversation != conversation or line.recalled or line.recalls:
            raise FrameError(ErrorCode.UNKNOWN_QUOTE, str(frame.quote), frame.client_id)
        return {"id": line.id, "member": line.sender_name, "text": line.text or (line.file or {}).get("name", "")}

    def _person(self, member_id: str) -> str:
        if self._roster.person(member_id) is None:
            raise FrameError(ErrorCode.UNKNOWN_MEMBER, member_id)
        return member_id
