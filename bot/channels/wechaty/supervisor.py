"""Connects again and again, for ever, with waits that grow and differ."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable

import structlog

from bot.channels.protocol import Link
from bot.channels.wechaty.diagnosis import find_fault
from bot.channels.wechaty.faults import Fault, StreamEndedError, replaced
from bot.channels.wechaty.settings import WechatySettings
from core.clock import Clock, monotonic

_REFUSALS = 4
_SHORT_S = 30.0
"""A stream that ends in good order sooner than this, twice in a row, was taken away by another client."""


class Backoff:
    """Waits that double from ``least`` to ``most`` seconds, each between half and the whole of its figure."""

    def __init__(self, least: float, most: float, uniform: Callable[[float, float], float] | None = None) -> None:
        self._least = least
        self._most = most
        self._uniform = uniform or random.SystemRandom().uniform
        self._failures = 0

    def next(self) -> float:
        """Return the next wait in seconds."""
        full = min(self._most, self._least * 2 ** min(self._failures, 30))
        self._failures += 1
        return self._uniform(full / 2, full)

    def spread(self, seconds: float) -> float:
        """Return a fixed wait, made a little different each time."""
        return self._uniform(seconds * 0.8, seconds * 1.2)

    def reset(self) -> None:
        """Begin with the shortest wait again."""
        self._failures = 0


class Supervisor:
    """Runs ``attempt`` (one connection; it always ends with an error) for ever and ``report``s what ended it.

    ``attempt`` gets true when it shall take the stream away from whoever holds it.
    """

    def __init__(
        self,
        *,
        settings: WechatySettings,
        clock: Clock,
        attempt: Callable[[bool], Awaitable[None]],
        report: Callable[[Fault], None],
        backoff: Backoff | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._attempt = attempt
        self._report = report
        self._backoff = backoff or Backoff(settings.backoff_min_s, settings.backoff_max_s)
        self._short_ends = 0
        self._refusals = 0
        self._was_taken = False

    async def run(self) -> None:
        """Connect for ever, until cancelled."""
        take_over = False
        while True:
            began = monotonic()
            try:
                await self._attempt(take_over)
            except Exception as error:  # supervision means: no fault ends it
                fault = await self._name(error)
                self._report(fault)
                leave_alone = self._leaves_alone(fault, error)
                wait = self._wait(monotonic() - began, leave_alone=leave_alone)
                take_over = leave_alone and self._settings.take_over
                structlog.get_logger().warning(
                    "gateway_fault",
                    link=fault.link.value,
                    detail=fault.detail,
                    error=type(error).__name__,
                    again_in_s=round(wait, 1),
                )
                await self._clock.sleep(wait)

    def _leaves_alone(self, fault: Fault, error: Exception) -> bool:
        """Whether to stay away for long. Asking for a stream that is held disturbs nobody, and the holder may be a
        connection of our own that the gateway has not yet seen die; so ask some times before staying away, unless
        our stream was ended in good order just before, as only another client does.
        """
        if fault.link is not Link.REPLACED:
            self._refusals = 0
            self._was_taken = isinstance(error, StreamEndedError)
            return False
        self._refusals += 1
        return self._was_taken or isinstance(error, StreamEndedError) or self._refusals > _REFUSALS

    def _wait(self, lasted_s: float, *, leave_alone: bool) -> float:
        if leave_alone:
            return self._backoff.spread(self._settings.replaced_backoff_s)
        if lasted_s > self._settings.backoff_max_s:
            self._backoff.reset()
        return self._backoff.next()

    async def _name(self, error: Exception) -> Fault:
        settings = self._settings
        if isinstance(error, StreamEndedError):
            self._short_ends = self._short_ends + 1 if error.after_s < _SHORT_S else 0
            if self._short_ends >= 2:
                return replaced(settings.endpoint)
        else:
            self._short_ends = 0
        return await find_fault(error, settings)
