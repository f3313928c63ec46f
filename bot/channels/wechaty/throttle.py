"""How often the gateway may be asked: a bucket that fills at a steady rate."""

from __future__ import annotations

from core.clock import Clock


class Throttle:
    """Allows ``rate`` calls per second and ``burst`` at once after a pause.

    A message takes what is there (``take_now``); background work waits and leaves one for messages (``take``).
    """

    def __init__(self, clock: Clock, rate: float, burst: int) -> None:
        self._clock = clock
        self._rate = rate
        self._burst = float(burst)
        self._filled = float(burst)
        self._at = clock.now()

    def take_now(self) -> bool:
        """Take one if there is one."""
        return self._take(leave=0)

    async def take(self) -> None:
        """Wait until one is there beside the one that messages may need at any moment, and take it."""
        leave = 1 if self._burst >= 2 else 0
        while not self._take(leave):
            await self._clock.sleep((1 + leave - self._filled) / self._rate)

    def _take(self, leave: int) -> bool:
        now = self._clock.now()
        elapsed = max(0.0, (now - self._at).total_seconds())  # the machine's clock may be set back
        self._at = now
        self._filled = min(self._burst, self._filled + elapsed * self._rate)
        if self._filled < 1 + leave - 1e-9:  # a sleep of just long enough must be enough
            return False
        self._filled -= 1
        return True
