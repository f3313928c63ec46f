"""What the local channel needs to know: where it listens and who is in its rooms."""

from __future__ import annotations

import ipaddress
from pathlib import Path

from pydantic import Field, ValidationInfo, field_validator, model_validator

from core.settings import Section, read_document, validate


class MemberSettings(Section):
    """One made-up person of a local room."""

    id: str = Field(
        min_length=1, max_length=64, description="Contact id; the same person has the same id in every room."
    )
    name: str = Field(min_length=1, max_length=64, description="The person's own name, the same in every room.")
    room_name: str = Field(default="", max_length=64, description="The name used in this room; empty if none.")

    @property
    def shown_name(self) -> str:
        """Return the name that the room sees."""
        return self.room_name or self.name


class RoomSettings(Section):
    """One room of the chat page."""

    id: str = Field(min_length=1, max_length=64, description="Room id, unique among the rooms.")
    topic: str = Field(min_length=1, max_length=128, description="The room's name in the list.")
    owner: str = Field(min_length=1, description="Id of the member who owns the room; the leader.")
    members: tuple[MemberSettings, ...] = Field(min_length=1, description="Everybody in the room but the bot.")

    @model_validator(mode="after")
    def _members_are_consistent(self) -> RoomSettings:
        ids = [member.id for member in self.members]
        twice = {member_id for member_id in ids if ids.count(member_id) > 1}
        if twice:
            raise ValueError(f"room {self.id!r}: member {min(twice)!r} is listed twice")
        if self.owner not in ids:
            raise ValueError(f"room {self.id!r}: owner {self.owner!r} is not among its members; add the member")
        return self

    def member(self, member_id: str) -> MemberSettings | None:
        """Return the member with this id, None if nobody here has it."""
        return next((member for member in self.members if member.id == member_id), None)


class LocalSettings(Section):
    """The chat page in the browser."""

    host: str = Field(
        default="127.0.0.1",
        description="Address to listen on. The page has no login, so only loopback unless allow_remote is true.",
    )
    port: int = Field(default=8620, ge=0, le=65535, description="Port to listen on; 0 takes any free one.")
    allow_remote: bool = Field(
        default=False,
        description="Permit an address that others can reach. Anybody who reaches it can speak as anybody.",
    )
    account: str = Field(default="qianqun-bot", min_length=1, max_length=64, description="The bot's contact id.")
    bot_name: str = Field(default="千群", min_length=1, max_length=32, description="The name the bot is shown with.")
    notice: str = Field(
        default="", max_length=200, description="A line shown above every conversation; empty for none."
    )
    rooms: tuple[RoomSettings, ...] = Field(default=(), description="The rooms of the page and who is in them.")

    @field_validator("rooms")
    @classmethod
    def _rooms_are_consistent(cls, rooms: tuple[RoomSettings, ...], info: ValidationInfo) -> tuple[RoomSettings, ...]:
        names: dict[str, str] = {}
        seen: set[str] = set()
        for room in rooms:
            if room.id in seen:
                raise ValueError(f"room {room.id!r} is listed twice; give every room its own id")
            seen.add(room.id)
            for member in room.members:
                if member.id == info.data.get("account"):
                    raise ValueError(f"room {room.id!r}: member {member.id!r} has the bot's own id; rename the member")
                if names.setdefault(member.id, member.name) != member.name:
                    raise ValueError(
                        f"member {member.id!r} is called {names[member.id]!r} here and {member.name!r} there;"
                        " use room_name for the name in a room"
                    )
        return rooms

    @model_validator(mode="after")
    def _stays_on_this_machine(self) -> LocalSettings:
        if not self.allow_remote and not is_loopback(self.host):
            raise ValueError(
                f"host {self.host!r} can be reached from other machines and the page has no login;"
                " use 127.0.0.1, or set allow_remote = true if that is meant"
            )
        return self


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach ``host``; a name other than ``localhost`` is not trusted."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class _RoomsFile(Section):
    rooms: tuple[RoomSettings, ...] = Field(min_length=1)


def load_rooms(path: Path) -> tuple[RoomSettings, ...]:
    """Read the ``[[rooms]]`` tables of a TOML file; raise ``SettingsError`` naming each fault."""
    return validate(_RoomsFile, read_document(path), source=str(path), base=path.parent).rooms
