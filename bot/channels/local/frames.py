"""The frames between page and server: JSON texts with a ``type``. Whatever a page sends is checked here."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from bot.channels.local.repository import Conversation, Line
from bot.channels.local.settings import LocalSettings, RoomSettings

TEXT_LIMIT = 64 * 1024
"""Largest message text, in bytes of UTF-8."""
FRAME_LIMIT = 8 * TEXT_LIMIT
"""Largest frame, in bytes: a text at its limit may be escaped sixfold. Beyond it the connection is closed."""
RECALL_WITHIN = timedelta(minutes=2)
"""How long a line can be taken back, as in WeChat."""
_SAFE_INTEGER = 2**53 - 1  # what a page can count to exactly


class ErrorCode(StrEnum):
    """Why a frame was not accepted; the page has the words."""

    MALFORMED = "malformed"
    TOO_LONG = "too_long"
    EMPTY = "empty"
    UNKNOWN_ROOM = "unknown_room"
    UNKNOWN_MEMBER = "unknown_member"
    UNKNOWN_QUOTE = "unknown_quote"
    UNKNOWN_LINE = "unknown_line"  # not there, somebody else's, or recalled already
    RECALL_TOO_LATE = "recall_too_late"
    CLIENT_ID_TAKEN = "client_id_taken"
    STORAGE = "storage"  # the database did not take it; the page sends it again


class FrameError(Exception):
    """A frame that is answered with an error; ``client_id`` says which line it was, if any."""

    def __init__(self, code: ErrorCode, detail: str = "", client_id: str = "") -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.client_id = client_id


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("a NUL character cannot be stored")
    return text


_Id = Annotated[str, Field(max_length=64), AfterValidator(_storable)]
_LineId = Annotated[int, Field(ge=0, le=_SAFE_INTEGER)]


class _Frame(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Hello(_Frame):
    """First frame of a connection: who the page is and the last line it has (0: none).

    ``after_at`` is that line's time: it tells a log that was started anew from the one the page knows.
    ``private_after`` is the same for the private chat of ``member``.
    """

    type: Literal["hello"]
    member: _Id = ""
    after: _LineId = 0
    after_at: AwareDatetime | None = Field(default=None, strict=False)
    private_after: _LineId = 0


class Be(_Frame):
    """The page is somebody else now; answered with that member's private chat."""

    type: Literal["be"]
    member: _Id


class Older(_Frame):
    """Ask for what stands before a line; an empty ``room`` is the private chat of the page's member."""

    type: Literal["older"]
    room: _Id = ""
    before: _LineId


class Say(_Frame):
    """One line; an empty ``room`` means in private to the bot. ``quote`` is the id of the quoted line."""

    type: Literal["say"]
    client_id: Annotated[str, Field(min_length=8, max_length=64), AfterValidator(_storable)]
    member: _Id
    room: _Id = ""
    text: Annotated[str, AfterValidator(_storable)]
    quote: _LineId | None = None
    mentions: Annotated[list[_Id], Field(max_length=500)] = []


class Recall(_Frame):
    """``member`` takes back a line of their own, see ``RECALL_WITHIN``."""

    type: Literal["recall"]
    client_id: Annotated[str, Field(min_length=8, max_length=64), AfterValidator(_storable)]
    member: _Id
    line: _LineId


class Ping(_Frame):
    """Ask for a pong, so that the page notices a dead connection."""

    type: Literal["ping"]


ClientFrame = Hello | Be | Older | Say | Recall | Ping


def frame_reader() -> TypeAdapter[ClientFrame]:
    """Return the parser for ``read``; building it takes a moment, so the channel does it once."""
    return TypeAdapter(Annotated[ClientFrame, Field(discriminator="type")])


def read(reader: TypeAdapter[ClientFrame], data: str) -> ClientFrame:
    """Return the frame in ``data``; raise ``FrameError`` for anything else."""
    try:
        return reader.validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise FrameError(ErrorCode.MALFORMED, f"{where or 'frame'}: {first['msg']}") from None


def welcome(settings: LocalSettings, rooms: Iterable[RoomSettings], *, resumed: bool) -> str:
    """First frame to a page: who the bot is, the notice, the limits in bytes and seconds, and the rooms.

    Not ``resumed`` means: forget every line, the histories that follow are everything.
    """
    return _frame(
        "welcome",
        bot={"id": settings.account, "name": settings.bot_name},
        notice=settings.notice,
        limit=TEXT_LIMIT,
        recall_within_s=RECALL_WITHIN.total_seconds(),
        resumed=resumed,
        rooms=_rooms(rooms),
    )


def rooms_changed(rooms: Iterable[RoomSettings]) -> str:
    """Rooms or members are not what they were."""
    return _frame("rooms", rooms=_rooms(rooms))


def line_said(line: Line) -> str:
    """One line; to its sender it is also the receipt."""
    return _frame("line", line=_line(line))


def history(conversation: Conversation, lines: Iterable[Line], *, mode: str, more: bool) -> str:
    """Lines of one conversation, oldest first.

    ``mode``: ``newest`` replaces what the page has, ``since`` goes behind it, ``older`` before it. ``more``
    says whether still older lines exist.
    """
    return _frame(
        "history",
        room=conversation.room_id,
        member=conversation.contact_id,
        mode=mode,
        more=more,
        lines=[_line(line) for line in lines],
    )


def error(problem: FrameError) -> str:
    """Answer to a frame that was not accepted."""
    return _frame("error", code=problem.code, detail=problem.detail, client_id=problem.client_id)


def pong() -> str:
    """Answer to a ping."""
    return _frame("pong")


def _frame(kind: str, **fields: Any) -> str:
    return json.dumps({"type": kind, **fields}, ensure_ascii=False, separators=(",", ":"))


def _rooms(rooms: Iterable[RoomSettings]) -> list[dict[str, Any]]:
    return [room.model_dump(mode="json") for room in rooms]


def _line(line: Line) -> dict[str, Any]:
    return {
        "id": line.id,
        "room": line.conversation.room_id,
        "contact": line.conversation.contact_id,
        "sender": line.sender_id,
        "name": line.sender_name,
        "text": "" if line.recalled else line.text,
        "quote": None if line.recalled else line.quote,
        "mentions": [] if line.recalled else list(line.mentions),
        "client_id": line.client_id,
        "at": line.at.isoformat(),
        "recalls": line.recalls,
        "recalled": line.recalled,
        "file": line.file,
    }
