"""A real agent's picture through the kills: a viewer that decodes it and comes back by itself."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from relevo_protocol.header import Flags, Header
from tests.support.chaos import Watcher
from tests.support.decoder import Viewer
from tests.support.processes import EventProcess
from tests.support.relay import Relay
from tests.support.soak import forget
from tests.support.soak_agent import Technician

_RETRY_S = 0.1
_DEADLINE_S = 60.0


class Eye(Technician, Watcher):
    """A technician who looks at pixels. It dials again every 100 ms, until there is a relay to dial."""

    def __init__(self, relay: Relay) -> None:
        super().__init__(relay)
        self.drawn = 0
        self._screen = Viewer()

    async def back(self, killed_s: float) -> float:
        """See :class:`Watcher`."""
        await self.wire.wait_closed()
        before = self.drawn
        async with asyncio.timeout(_DEADLINE_S):
            while True:
                try:
                    await self.resume()
                    break
                except OSError:
                    await asyncio.sleep(_RETRY_S)
        await self.inbox.until(lambda: self.drawn > before, "a picture of the real agent", _DEADLINE_S)
        forget(self)
        return (time.monotonic() - killed_s) * 1000.0

    def _frame(self, header: Header, message: bytes) -> None:
        before = len(self.frames)
        super()._frame(header, message)
        if len(self.frames) > before:
            frame_id, data = self.frames[-1]
            self._screen.apply(frame_id, data, keyframe=bool(header.flags & Flags.KEYFRAME))
            self.drawn += 1
            self.inbox.ring()


@asynccontextmanager
async def eye_at(relay: Relay, agent: EventProcess) -> AsyncGenerator[Eye]:
    """Somebody who looks at a real agent's screen."""
    said = await asyncio.to_thread(agent.expect, "code", _DEADLINE_S)
    eye = Eye(relay)
    await eye.join(str(said["code"]))
    await eye.live(_DEADLINE_S)
    try:
        yield eye
    finally:
        await eye.close()
