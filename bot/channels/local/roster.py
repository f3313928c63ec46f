"""Who is in the local rooms right now, and what a change of it means to the program."""

from __future__ import annotations

from collections.abc import Sequence

from bot.channels.local.settings import LocalSettings, MemberSettings, RoomSettings
from core.messages import ChannelEvent, MemberLeft, RoomMember, RoomSeen


class Roster:
    """The rooms and their members; starts as configured and may change while the channel runs."""

    def __init__(self, channel: str, settings: LocalSettings) -> None:
        self._channel = channel
        self._account = settings.account
        self._bot_name = settings.bot_name
        self._rooms = {room.id: room for room in settings.rooms}

    @property
    def rooms(self) -> tuple[RoomSettings, ...]:
        """Return the rooms in the order of the list."""
        return tuple(self._rooms.values())

    def room(self, room_id: str) -> RoomSettings | None:
        """Return the room with this id, None if there is none."""
        return self._rooms.get(room_id)

    def person(self, member_id: str) -> MemberSettings | None:
        """Return somebody by id, as the first room that has them knows them; None if nobody has it."""
        return next((member for room in self.rooms if (member := room.member(member_id))), None)

    def names(self, room_id: str) -> dict[str, str]:
        """Return id and shown name of everybody who can be mentioned in a room, the bot included."""
        room = self.room(room_id)
        members = {} if room is None else {member.id: member.shown_name for member in room.members}
        return {**members, self._account: self._bot_name}

    def seen(self) -> list[ChannelEvent]:
        """Return what the program should know when it connects: every room with everybody in it."""
        return [self._seen(room) for room in self.rooms]

    def with_member(self, room_id: str, member_id: str) -> RoomSettings | None:
        """Return a room as it is once somebody has come in; None where the room or the person is unknown."""
        room, person = self.room(room_id), self.person(member_id)
        if room is None or person is None or room.member(member_id):
            return room if person is not None else None
        newcomer = MemberSettings(id=person.id, name=person.name)
        return room.model_copy(update={"members": (*room.members, newcomer)})

    def put(self, room: RoomSettings) -> list[ChannelEvent]:
        """Add a room, or put it in place of the one with its id; return the events that tell of it."""
        return self.change([*(other for other in self.rooms if other.id != room.id), room])

    def add(self, rooms: Sequence[RoomSettings]) -> None:
        """Take rooms of an earlier run; a person goes by the name that the present rooms give them."""
        for room in rooms:
            known = [(member, self.person(member.id)) for member in room.members]
            named = [member.model_copy(update={"name": person.name}) if person else member for member, person in known]
            self._rooms.setdefault(room.id, room.model_copy(update={"members": tuple(named)}))

    def change(self, rooms: Sequence[RoomSettings]) -> list[ChannelEvent]:
        """Put ``rooms`` in place of the present ones and return the events that tell of it.

        A room that is gone is one the bot was removed from.
        """
        before, self._rooms = self._rooms, {room.id: room for room in rooms}
        events: list[ChannelEvent] = [
            self._left(room_id, self._account) for room_id in before if room_id not in self._rooms
        ]
        for room in self.rooms:
            old = before.get(room.id)
            if room == old:
                continue
            here = {member.id for member in room.members}
            gone = [member.id for member in old.members if member.id not in here] if old else []
            events += [self._left(room.id, member_id) for member_id in gone]
            events.append(self._seen(room))
        return events

    def _seen(self, room: RoomSettings) -> RoomSeen:
        members = [RoomMember(member.id, member.name, member.room_name) for member in room.members]
        return RoomSeen(
            channel=self._channel,
            account=self._account,
            room_id=room.id,
            topic=room.topic,
            owner_id=room.owner,
            members=(*members, RoomMember(self._account, self._bot_name)),
            complete=True,
        )

    def _left(self, room_id: str, member_id: str) -> MemberLeft:
        return MemberLeft(self._channel, self._account, room_id, member_id)
