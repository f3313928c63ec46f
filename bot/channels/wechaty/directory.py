"""Rooms and names as the gateway knows them: remembered, and asked for slowly.

Look-ups cost the account: many in a second look like a machine. A message therefore takes a name that is known,
or one look-up if the throttle has one to spare, and otherwise goes on without; the name follows as ``RoomSeen``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

import structlog
from wechaty_grpc.wechaty.puppet import ContactPayloadResponse, RoomMemberPayloadResponse, RoomPayloadResponse

from bot.channels.wechaty.payloads import GatewayEvent, clean
from bot.channels.wechaty.throttle import Throttle
from core.clock import Clock
from core.messages import RoomMember, RoomSeen

T = TypeVar("T")

_PATIENCE_S = 2.0
"""Seconds a message waits for a name."""


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
class _Room:
    topic: str
    owner_id: str
    member_ids: tuple[str, ...]
    until: datetime


class Directory:
    """Everything known about rooms and names of one account."""

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
        self._names: dict[tuple[str, str], tuple[Names, datetime]] = {}
        self._jobs: dict[tuple[str, str], Callable[[], Awaitable[None]]] = {}
        self._work = asyncio.Event()

    async def topic(self, room_id: str) -> str:
        """Return a room's topic for a message, empty if it cannot be known at once."""
        room = self._rooms.get(room_id)
        if room and room.until > self._clock.now():
            return room.topic
        fetched = await self._at_once(lambda: self._fetch_room(room_id))
        if fetched:
            return fetched.topic
        self._later("room", room_id, lambda: self._report_room(room_id))
        return room.topic if room else ""

    async def names(self, room_id: str, member_id: str) -> Names:
        """Return somebody's names for a message, empty if they cannot be known at once."""
        known, until = self._names.get((room_id, member_id), (Names(), self._clock.now()))
        if until > self._clock.now():
            return known
        fetched = await self._at_once(lambda: self._fetch_names(room_id, member_id))
        if fetched:
            return fetched
        self._later(room_id, member_id, lambda: self._report_member(room_id, member_id))
        return known

    def ids_by_name(self, room_id: str) -> dict[str, str]:
        """Return who goes by which name in a room, as far as known; a name of two people stands for nobody."""
        found: dict[str, set[str]] = {}
        for (room, member_id), (names, _) in self._names.items():
            if room == room_id:
                for name in {names.name, names.room_name} - {""}:
                    found.setdefault(name, set()).add(member_id)
        return {name: next(iter(ids)) for name, ids in found.items() if len(ids) == 1}

    def own_names(self, room_id: str) -> set[str]:
        """Return the names by which the account itself is mentioned in a room."""
        account = self._account()
        both = (self._names.get((room, account)) for room in (room_id, ""))
        return {name for known in both if known for name in (known[0].name, known[0].room_name)} - {""}

    def refresh(self) -> None:
        """Look through all rooms again, in the background; names that are still believed are not asked for."""
        account = self._account()
        self._later("", account, lambda: self._report_member("", account))
        self._later("rooms", "", self._report_rooms)

    def joined(self, event: GatewayEvent) -> None:
        """Take a room-join event: new members, or the account itself in a new room."""
        room_id, newcomers = event.text("roomId"), event.texts("inviteeIdList")
        room = self._rooms.get(room_id)
        if room is None or self._account() in newcomers:
            self._later("room", room_id, lambda: self._report_room(room_id))
            return
        self._rooms[room_id] = replace(room, member_ids=tuple(dict.fromkeys((*room.member_ids, *newcomers))))
        for member_id in newcomers:
            self._later(room_id, member_id, self._reporter(room_id, member_id))

    def left(self, event: GatewayEvent) -> None:
        """Take a room-leave event."""
        room_id, gone = event.text("roomId"), event.texts("removeeIdList")
        for member_id in gone:
            self._names.pop((room_id, member_id), None)
        if self._account() in gone:
            self._rooms.pop(room_id, None)
        elif room := self._rooms.get(room_id):
            self._rooms[room_id] = replace(room, member_ids=tuple(m for m in room.member_ids if m not in gone))

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
        for key in [key for key in self._names if stale and stale in key]:
            self._names[key] = self._names[key][0], now

    async def run(self) -> None:
        """Work through what was put off, slowly, until cancelled."""
        while True:
            await self._work.wait()
            if not self._jobs:
                self._work.clear()
                continue
            key = next(iter(self._jobs))
            job = self._jobs.pop(key)
            try:
                await job()
            except Exception as error:  # whatever a gateway answers, the next look-up goes on
                structlog.get_logger().info("lookup_failed", kind=key[0], id=key[1], error=type(error).__name__)

    def _later(self, kind: str, subject: str, job: Callable[[], Awaitable[None]]) -> None:
        self._jobs.setdefault((kind, subject), job)
        self._work.set()

    def _reporter(self, room_id: str, member_id: str) -> Callable[[], Awaitable[None]]:
        return lambda: self._report_member(room_id, member_id)

    async def _report_rooms(self) -> None:
        for room_id in await self._gateway().room_ids():
            self._later("room", room_id, self._room_reporter(room_id))

    def _room_reporter(self, room_id: str) -> Callable[[], Awaitable[None]]:
        return lambda: self._report_room(room_id)

    async def _report_room(self, room_id: str) -> None:
        """Say at once that the room is there, and who is in it when all names are known."""
        await self._throttle.take()
        room = await self._fetch_room(room_id)
        self._emit(self._seen(room_id, room.topic, room.owner_id))
        members = [await self._member(room_id, member_id) for member_id in room.member_ids]
        self._emit(self._seen(room_id, room.topic, room.owner_id, members, complete=True))

    async def _report_member(self, room_id: str, member_id: str) -> None:
        member = await self._member(room_id, member_id)
        room = self._rooms.get(room_id)
        if room and member.name:
            self._emit(self._seen(room_id, room.topic, room.owner_id, [member]))

    async def _member(self, room_id: str, member_id: str) -> RoomMember:
        """Return a member with the names that are known or can be had; patient."""
        names, until = self._names.get((room_id, member_id), (Names(), self._clock.now()))
        if until <= self._clock.now():
            await self._throttle.take()
            try:
                names = await self._fetch_names(room_id, member_id)
            except Exception as error:  # one member without a name does not hide the others
                structlog.get_logger().info("lookup_failed", kind="member", id=member_id, error=type(error).__name__)
        return RoomMember(member_id, names.name, names.room_name)

    async def _at_once(self, fetch: Callable[[], Awaitable[T]]) -> T | None:
        if not self._throttle.take_now():
            return None
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await fetch()
        except Exception as error:  # a message without a name is better than no message
            structlog.get_logger().info("lookup_failed", kind="at_once", error=type(error).__name__)
            return None

    async def _fetch_room(self, room_id: str) -> _Room:
        payload = await self._gateway().room(room_id)
        room = _Room(clean(payload.topic), payload.owner_id, tuple(payload.member_ids), self._clock.now() + self._ttl)
        self._rooms[room_id] = room
        return room

    async def _fetch_names(self, room_id: str, member_id: str) -> Names:
        if room_id:
            member = await self._gateway().member(room_id, member_id)
            names = Names(clean(member.name), clean(member.room_alias))
        else:
            names = Names(clean((await self._gateway().contact(member_id)).name))
        self._names[room_id, member_id] = names, self._clock.now() + self._ttl
        return names

    def _seen(
        self,
        room_id: str,
        topic: str,
        owner_id: str,
        members: list[RoomMember] | None = None,
        *,
        complete: bool = False,
    ) -> RoomSeen:
        return RoomSeen("wechaty", self._account(), room_id, topic, owner_id, tuple(members or ()), complete)
