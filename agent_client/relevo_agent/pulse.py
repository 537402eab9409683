"""When the session is asked what has run out: often while something goes on, seldom when all is calm."""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from relevo_agent.session.actions import Acked, Action, Send

TICK_S: Final = 0.25
CALM_AFTER_S: Final = 2.0
"""It is calm when nothing that stirs has happened for so long."""
CALM_TICK_S: Final = 4.5
"""Between two calm ticks at most: more than from one heartbeat to the next, so that each rides on one."""
RIDE_S: Final = 1.0
"""A calm tick so long after the one before goes with a message that comes: one wake for both."""
_EVERYDAY: Final = (Send, Acked)
"""What comes of frames and heartbeats: nothing that could run out soon."""


class Pulse:
    """The pause between two ticks; for the event loop's own thread."""

    def __init__(self) -> None:
        self._calm: asyncio.Future[bool] | None = None
        self._calm_since_s = float("-inf")
        self._stirred_s = float("-inf")

    def heed(self, actions: Sequence[Action]) -> None:
        """Stir, where one of these is more than a session's everyday."""
        if any(not isinstance(action, _EVERYDAY) for action in actions):
            self.stir()

    def stirred_by(self, actions: list[Action]) -> list[Action]:
        """Stir, whatever these are; they are given back."""
        self.stir()
        return actions

    def stir(self) -> None:
        """Something happened that seconds may hang on: ticks come often again, from now on."""
        self._stirred_s = time.monotonic()
        self._wake(stirred=True)

    def ride(self) -> None:
        """The loop is awake: a calm tick that would be due soon comes now."""
        if time.monotonic() - self._calm_since_s >= RIDE_S:
            self._wake(stirred=False)

    async def pause(self, *, pressing: bool = False) -> None:
        """Sleep until the next tick; a calm sleep ends an everyday tick after what stirs.

        Ticks stay often while something is ``pressing``: a key that is held down, which is let go within
        seconds of a silent line (SPEC S4), or seconds that somebody sees run out.
        """
        calm = not pressing and time.monotonic() - self._stirred_s > CALM_AFTER_S
        if not calm or await self._sleep_calmly():
            await asyncio.sleep(TICK_S)

    async def _sleep_calmly(self) -> bool:
        """Sleep for long; whether something stirred meanwhile."""
        loop = asyncio.get_running_loop()
        self._calm, self._calm_since_s = loop.create_future(), time.monotonic()
        timer = loop.call_later(CALM_TICK_S, lambda: self._wake(stirred=False))
        try:
            return await self._calm
        finally:
            timer.cancel()

    def _wake(self, *, stirred: bool) -> None:
        if self._calm is not None and not self._calm.done():
            self._calm.set_result(stirred)
