"""Rooms and names as the gateway knows them: remembered, and asked for slowly.

Look-ups cost the account: many in a second look like a machine. A message therefore takes a name that is known,
or one look-up if the throttle has one to spare, and otherwise goes on without; the name follows as ``RoomSeen``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol, TypeVar

import structlog
from grpclib.exceptions import GRPCError
from wechaty_grpc.wechaty.puppet import ContactPayloadResponse, RoomMemberPayloadResponse, RoomPayloadResponse

from bot.channels.wechaty.faults import DisconnectedError, status_of
from bot.channels.wechaty.payloads import GatewayEvent, clean
from bot.channels.wechaty.throttle import Throttle
from core import logs
from core.clock import Clock
from core.messages import RoomMember, RoomSeen

T = TypeVar("T")

_PATIENCE_S = 2.0
"""Seconds a message waits for a name."""
_UNKNOWN_FOR = timedelta(minutes=10)
"""How long not to ask again for somebody whom the gateway does not know."""


class Lookups(Protocol):
    """What the directory asks a gateway; every call may raise."""

    async def contact(self, contact_id: str) -> ContactPayloadResponse:
        """Fetch a contact."""
        ...

    async def room(self, room_id: str) -> RoomPayloadResponse:
        """Fetch a room."""
        ...

    async def room_ids(self) -> list[str]:
        """Return the account's rooms."""
        ...

    async def member(self, room_id: str, member_id: str) -> RoomMemberPayloadResponse:
        """Fetch a member of a room."""
        ...


@dataclass(frozen=True, slots=True)
class Names:
    """A contact's own name and the name used in one room; empty if unknown or none."""

    name: str = ""
    room_name: str = ""


@dataclass(frozen=True, slots=True)
class _Known:
    names: Names
    until: datetime


@dataclass(frozen=True, slots=True)
class _Room:
    topic: str
    owner_id: str
    member_ids: tuple[str, ...]
    until: datetime


class Directory:
    """Everything known about rooms and names of one account.

    Two lists of work: ``_soon`` for what a message or an event brought up, ``_someday`` for completing the member
    lists of rooms, one look-up at a time.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        throttle: Throttle,
        ttl_s: float,
        gateway: Callable[[], Lookups],
        account: Callable[[], str],
        emit: Callable[[RoomSeen], None],
    ) -> None:
        self._clock = clock
        self._throttle = throttle
        self._ttl = timedelta(seconds=ttl_s)
        self._gateway = gateway
        self._account = account
        self._emit = emit
        self._rooms: dict[str, _Room] = {}
        self._names: dict[str, dict[str, _Known]] = {}  # by room, '' for contacts; then by contact id
        self._soon: dict[tuple[str, str], Callable[[], Awaitable[None]]] = {}
        self._someday: dict[str, None] = {}
        self._work = asyncio.Event()

    async def topic(self, room_id: str) -> str:
        """Return a room's topic for a message, empty if it cannot be known at once."""
        room = self._rooms.get(room_id)
        if room and room.until > self._clock.now():
            return room.topic
        fetched = await self._at_once(lambda: self._fetch_room(room_id))
        if fetched:
            return fetched.topic
        self._add("room", room_id, lambda: self._report_room(room_id))
        return room.topic if room else ""

    async def names(self, room_id: str, member_id: str) -> Names:
        """Return somebody's names for a message, empty if they cannot be known at once."""
        if self._is_known(room_id, member_id):
            return self._names[room_id][member_id].names
        fetched = await self._at_once(lambda: self._fetch_names(room_id, member_id))
        if fetched:
            return fetched
        self._add(room_id, member_id, lambda: self._report_member(room_id, member_id))
        return self._last_names(room_id, member_id)

    def ids_by_name(self, room_id: str) -> dict[str, str]:
        """Return who goes by which name in a room, as far as known; a name of two people stands for nobody."""
        found: dict[str, set[str]] = {}
        for member_id, known in self._names.get(room_id, {}).items():
            for name in {known.names.name, known.names.room_name} - {""}:
                found.setdefault(name, set()).add(member_id)
        return {name: next(iter(ids)) for name, ids in found.items() if len(ids) == 1}

    def own_names(self, room_id: str) -> set[str]:
        """Return the names by which the account itself is mentioned in a room."""
        here, anywhere = (self._last_names(room, self._account()) for room in (room_id, ""))
        return {here.name, here.room_name, anywhere.name} - {""}

    def refresh(self) -> None:
        """Look through all rooms again, in the background; names that are still believed are not asked for."""
        account = self._account()
        self._add("", account, lambda: self._report_member("", account))
        self._add("rooms", "", self._report_rooms)

    def appeared(self, room_id: str) -> None:
        """Look a room up that the account has just made; not every gateway tells of it by itself."""
        self._rooms.pop(room_id, None)
        self._add_rooms([room_id])

    def joined(self, event: GatewayEvent) -> None:
        """Take a room-join event: new members, or the account itself in a new room."""
        room_id, newcomers = event.text("roomId"), event.texts("inviteeIdList")
        room = self._rooms.get(room_id)
        if room is None or self._account() in newcomers:
            self._add_rooms([room_id])
            return
        self._rooms[room_id] = replace(room, member_ids=tuple(dict.fromkeys((*room.member_ids, *newcomers))))
        for member_id in newcomers:
            self._add(room_id, member_id, partial(self._report_member, room_id, member_id))

    def left(self, event: GatewayEvent) -> None:
        """Take a room-leave event."""
        room_id, gone = event.text("roomId"), event.texts("removeeIdList")
        if self._account() in gone:
            self._rooms.pop(room_id, None)
            self._names.pop(room_id, None)
        elif room := self._rooms.get(room_id):
            self._rooms[room_id] = replace(room, member_ids=tuple(m for m in room.member_ids if m not in gone))
            for member_id in gone:
                self._names.get(room_id, {}).pop(member_id, None)

    def renamed(self, event: GatewayEvent) -> None:
        """Take a room-topic event."""
        room_id, topic = event.text("roomId"), clean(event.text("newTopic"))
        room = self._rooms.get(room_id)
        if room:
            self._rooms[room_id] = replace(room, topic=topic)
        self._emit(self._seen(room_id, topic, room.owner_id if room else ""))

    def forget(self, event: GatewayEvent) -> None:
        """Take a dirty event: what the gateway no longer believes is asked for again when needed."""
        stale, now = event.text("payloadId"), self._clock.now()
        if room := self._rooms.get(stale):
            self._rooms[stale] = replace(room, until=now)
        for room_id, members in self._names.items():
            for member_id in members if room_id == stale else {stale} & members.keys():
                members[member_id] = replace(members[member_id], until=now)

    async def run(self) -> None:
        """Work through what was put off, slowly, until cancelled."""
        while True:
            await self._work.wait()
            try:
                if self._soon:
                    await self._soon.pop(next(iter(self._soon)))()
                elif self._someday:
                    await self._complete(next(iter(self._someday)))
                else:
                    self._work.clear()
            except DisconnectedError:  # the next login looks through all rooms anyway
                self._soon.clear()
                self._someday.clear()
            except Exception as error:  # whatever a gateway answers, the next look-up goes on
                structlog.get_logger().info("lookup_failed", error=status_of(error))

    def _add(self, kind: str, subject: str, job: Callable[[], Awaitable[None]]) -> None:
        self._soon.setdefault((kind, subject), job)
        self._work.set()

    def _add_rooms(self, room_ids: Iterable[str]) -> None:
        for room_id in room_ids:
            self._add("room", room_id, partial(self._report_room, room_id))

    async def _report_rooms(self) -> None:
        self._add_rooms(await self._gateway().room_ids())

    async def _report_room(self, room_id: str) -> None:
        """Say at once that the room is there; who is in it follows when all names are known."""
        await self._throttle.take()
        room = await self._fetch_room(room_id)
        self._emit(self._seen(room_id, room.topic, room.owner_id))
        self._someday[room_id] = None

    async def _complete(self, room_id: str) -> None:
        """Look up one more member of a room; when none is missing, report all."""
        room = self._rooms.get(room_id)
        missing = (m for m in room.member_ids if not self._is_known(room_id, m)) if room else iter(())
        member_id = next(missing, "")
        if member_id:
            await self._look_up(room_id, member_id)
            return
        del self._someday[room_id]
        if room:
            names = ((m, self._last_names(room_id, m)) for m in room.member_ids)
            members = [RoomMember(m, known.name, known.room_name) for m, known in names]
            self._emit(self._seen(room_id, room.topic, room.owner_id, members, complete=True))

    async def _report_member(self, room_id: str, member_id: str) -> None:
        if not self._is_known(room_id, member_id):
            await self._look_up(room_id, member_id)
        room, names = self._rooms.get(room_id), self._last_names(room_id, member_id)
        if room and names.name:
            member = RoomMember(member_id, names.name, names.room_name)
            self._emit(self._seen(room_id, room.topic, room.owner_id, [member]))

    async def _look_up(self, room_id: str, member_id: str) -> None:
        """Fetch names, patiently; whom the gateway does not know is left alone for a while."""
        await self._throttle.take()
        try:
            await self._fetch_names(room_id, member_id)
        except (GRPCError, TimeoutError) as error:
            structlog.get_logger().info(
                "lookup_failed", room=room_id, member=logs.mark(member_id), error=status_of(error)
            )
            unknown = _Known(self._last_names(room_id, member_id), self._clock.now() + _UNKNOWN_FOR)
            self._names.setdefault(room_id, {})[member_id] = unknown

    async def _at_once(self, fetch: Callable[[], Awaitable[T]]) -> T | None:
        if not self._throttle.take_now():
            return None
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await fetch()
        except Exception as error:  # a message without a name is better than no message
            structlog.get_logger().info("lookup_failed", error=status_of(error))
            return None

    async def _fetch_room(self, room_id: str) -> _Room:
        payload = await self._gateway().room(room_id)
        until = self._clock.now() + self._ttl
        room = _Room(clean(payload.topic), payload.owner_id, tuple(payload.member_ids), until)
        self._rooms[room_id] = room
        return room

    async def _fetch_names(self, room_id: str, member_id: str) -> Names:
        if room_id:
            member = await self._gateway().member(room_id, member_id)
            names = Names(clean(member.name), clean(member.room_alias))
        else:
            names = Names(clean((await self._gateway().contact(member_id)).name))
        self._names.setdefault(room_id, {})[member_id] = _Known(names, self._clock.now() + self._ttl)
        return names

    def _is_known(self, room_id: str, member_id: str) -> bool:
        known = self._names.get(room_id, {}).get(member_id)
        return known is not None and known.until > self._clock.now()

    def _last_names(self, room_id: str, member_id: str) -> Names:
        known = self._names.get(room_id, {}).get(member_id)
        return known.names if known else Names()

    def _seen(
        self,
        room_id: str,
        topic: str,
        owner_id: str,
        members: Iterable[RoomMember] = (),
        *,
        complete: bool = False,
    ) -> RoomSeen:
        return RoomSeen("wechaty", self._account(), room_id, topic, owner_id, tuple(members), complete)
