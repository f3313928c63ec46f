"""The local channel's own record of what was said; it plays the part of the chat service."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, Text, false, text
from sqlmodel import Field, SQLModel

from core.types import BigId, UtcDateTime


class ChatLine(SQLModel, table=True):
    """One message in a room, or between one member and the bot.

    ``id`` only grows, also after deletions: pages catch up by it and it is the message id of the channel.
    ``client_id`` is the sender's own mark, so that a line sent again after a broken connection is kept once.
    ``handed`` turns true when the program has stored the line as an incoming message.
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
