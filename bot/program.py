"""The composition root of the running bot: channels and scheduler around the parts of ``bootstrap``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

import structlog

from bot.bootstrap import Parts
from bot.channels.local.channel import LocalChannel
from bot.channels.local.repository import ChatLog
from bot.channels.protocol import Channel, SendRefusedError
from bot.dispatcher import Dispatcher
from bot.intake import Intake
from bot.jobs import program_jobs
from bot.lane import Lane
from bot.pacing import Pace
from bot.rooms import RoomMaker
from bot.settings import Settings
from catalog.service import SyncBusyError
from core import logs
from core.messages import ChannelEvent, Gap, MemberLeft, RoomInvitation, RoomSeen
from scheduler import jobs
from scheduler.plans import Plan, parse_schedule
from scheduler.tick import Scheduler

_log = structlog.get_logger(__name__)


class Program:
    """The running bot: channels, one lane, a dispatcher for each channel, the scheduler."""

    def __init__(self, settings: Settings, parts: Parts, *, stocked: Callable[[], None] = lambda: None) -> None:
        """``stocked`` is called when the shelf is full, before anything is heard."""
        self._stocked = stocked
        self.settings = settings
        self.parts = parts
        self.channels = tuple(channels(settings, parts))
        paces = {id(channel): Pace() for channel in self.channels}
        self._dispatchers = [
            Dispatcher(
                parts.database,
                parts.clock,
                channel,
                pacing=settings.pacing,
                recommender=settings.recommender,
                zone=settings.zone,
                segments=parts.groups.segments,
                pace=paces[id(channel)],
            )
            for channel in self.channels
        ]
        self._lane = Lane(parts.pipeline, committed=self._wake_senders)
        self._makers = [self._maker(channel, paces[id(channel)]) for channel in self.channels]
        self._intake = Intake(parts.database, parts.clock, stored=self._lane.wake, observe=self._observe)
        kinds = program_jobs(settings, parts.storefront, ChatLog(parts.database))
        self._scheduler = Scheduler(settings.scheduler, parts.database, parts.clock, kinds, self._plans)

    async def run(self) -> None:
        """Run everything until cancelled; a channel that cannot work at all ends the program with its error."""
        await self._first_sync()
        await self.parts.storefront.fill()
        self._stocked()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._lane.run())
            for dispatcher in self._dispatchers:
                tasks.create_task(dispatcher.run())
            for maker in self._makers:
                tasks.create_task(maker.run())
            tasks.create_task(self._scheduler.run())
            for channel in self.channels:
                tasks.create_task(channel.run(self._intake))

    async def _first_sync(self) -> None:
        """Read the feeds that were never read: a new shop should not wait for its schedule."""
        for supplier in self.parts.catalog.suppliers:
            if not await self.parts.catalog.runs(supplier.id, 1):
                with suppress(SyncBusyError):  # another process is at it
                    await self.parts.catalog.sync(supplier.id)

    async def _observe(self, event: ChannelEvent) -> None:
        match event:
            case RoomSeen() | MemberLeft():
                await self._lane.observe(event)
            case RoomInvitation():
                await self._invited(event)
            case Gap():
                _log.warning("channel.gap", channel=event.channel, since=str(event.since), until=str(event.until))
                await self._lane.missed(event)

    async def _invited(self, invitation: RoomInvitation) -> None:
        """Follow leaders and allow-listed people into their rooms, nobody else."""
        if not self.parts.groups.may_enter(invitation.inviter_id):
            _log.info("invitation.refused", inviter=logs.mark(invitation.inviter_id))
            return
        for channel in self.channels:
            if (channel.name, channel.account) == (invitation.channel, invitation.account):
                try:
                    await channel.accept_invitation(invitation.invitation_id)
                except SendRefusedError as error:
                    _log.warning("invitation.failed", inviter=logs.mark(invitation.inviter_id), error=str(error))

    def _maker(self, channel: Channel, pace: Pace) -> RoomMaker:
        return RoomMaker(
            self.parts.database,
            self.parts.clock,
            channel,
            groups=self.parts.groups,
            pacing=self.settings.pacing,
            pace=pace,
            stuck_seconds=self.settings.scheduler.stuck_sending_seconds,
            at_desk=self._lane.at_desk,
            committed=self._wake_senders,
        )

    def _wake_senders(self) -> None:
        for dispatcher in self._dispatchers:
            dispatcher.wake()
        for maker in self._makers:
            maker.wake()

    def _plans(self) -> Sequence[Plan]:
        suppliers = [(supplier.id, supplier.schedule) for supplier in self.parts.catalog.suppliers if supplier.schedule]
        plans = jobs.standing_plans(self.settings.scheduler, suppliers)
        proposals = self.settings.groups.proposals
        if proposals.enabled:
            schedule = parse_schedule(proposals.time, self.settings.scheduler.zone)
            plans.append(Plan(jobs.GROUP_PROPOSALS, schedule))
        return plans


def channels(settings: Settings, parts: Parts) -> Sequence[Channel]:
    """Build the configured channels."""
    built: list[Channel] = []
    if settings.channels.local is not None:
        built.append(LocalChannel(settings.channels.local, ChatLog(parts.database), parts.clock))
    if settings.channels.wechaty is not None:
        from bot.channels.wechaty.channel import WechatyChannel  # noqa: PLC0415 - the vendor's SDK, only when configured

        built.append(WechatyChannel(settings.channels.wechaty, parts.clock))
    return built
