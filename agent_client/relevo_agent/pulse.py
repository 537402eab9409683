"""When the session is asked what has run out: often while something goes on, seldom when all is calm."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from typing import Final

from relevo_agent.session.actions import Acked, Action, Send

TICK_S: Final = 0.25
SLOWER: Final = ((15.0, 2.0), (2.0, 1.0))
"""Longer pauses, the longest first: how long nothing has happened, and the pause from then on, s."""
_EVERYDAY: Final = (Send, Acked)
"""What comes of frames and heartbeats: nothing that could run out soon."""


class Pulse:
    """The pause between two ticks; for the event loop's own thread."""

    def __init__(self) -> None:
        self._stirred = asyncio.Event()
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
        self._stirred.set()

    async def pause(self, *, held: bool = False) -> None:
        """Sleep until the next tick; a longer sleep ends a tick after what stirs.

        While a key is ``held`` down ticks stay often: it is let go within seconds of a silent line (SPEC S4).
        """
        calm_s = 0.0 if held else time.monotonic() - self._stirred_s
        longer_s = next((pause_s for after_s, pause_s in SLOWER if calm_s > after_s), TICK_S)
        if longer_s > TICK_S:
            self._stirred.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stirred.wait(), longer_s - TICK_S)
        await asyncio.sleep(TICK_S)
