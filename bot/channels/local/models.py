"""The local channel's own record of what was said; it plays the part of the chat service."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey, Index, LargeBinary, Text, false, text
from sqlmodel import Field

from core.types import BigId, Table, UtcDateTime


class ChatLine(Table, table=True):
    """One message in a room, or between one member and the bot.

    ``id`` only grows, also after deletions: pages catch up by it and it is the message id of the channel.
    ``client_id`` is the sender's own mark, so that a line sent again after a broken connection is kept once.
    ``handed`` turns true when the program has stored the line as an incoming message. A line with ``recalls`` is no
    text: its sender took that line back, which is ``recalled`` from then on. ``file`` is
    ``{name, content_type, size, key}``; whoever knows the key may fetch the content, and only they are told it who
    may see the line.
    """

    __tablename__ = "local_chat_line"
    __table_args__ = (
        Index("ix_local_chat_line_room", "room_id", "id"),
        Index("ix_local_chat_line_contact", "contact_id", "id"),
        Index(
            "ix_local_chat_line_waiting",
            "id",
            sqlite_where=text("NOT handed"),
            postgresql_where=text("NOT handed"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    room_id: str = Field(default="", max_length=64)
    contact_id: str = Field(default="", max_length=64)
    sender_id: str = Field(max_length=64)
    sender_name: str = Field(max_length=64)
    text: str = Field(sa_column=Column(Text, nullable=False))
    quote: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    mentions: list[dict[str, str]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    client_id: str | None = Field(default=None, max_length=64, unique=True)
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    handed: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    recalls: int | None = Field(default=None, sa_column=Column(BigId))
    recalled: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    file: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))


class ChatFile(Table, table=True):
    """The content of a file that was sent; it goes with its line."""

    __tablename__ = "local_chat_file"

    line_id: int = Field(
        sa_column=Column(BigId, ForeignKey("local_chat_line.id", ondelete="CASCADE"), primary_key=True)
    )
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class ChatRoom(Table, table=True):
    """A room that the bot made on the chat page; configured rooms stand in the settings alone."""

    __tablename__ = "local_chat_room"

    id: str = Field(primary_key=True, max_length=64)
    topic: str = Field(max_length=64)
    owner: str = Field(default="", max_length=64)
    members: list[dict[str, str]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
