"""People who come, look, fall out, come back and leave, as long as one likes; and what is left of them."""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from relevo_protocol.messages.relay import EndSession, Leave, RecordedAct, RecordNotice
from relevo_server.edge.desk import Desk
from tests.support.fake_agent import FakeAgent
from tests.support.fake_viewer import FakeViewer
from tests.support.relay import Relay

_PICTURE_BYTES = 30_000
_FRAME_EVERY_S = 0.05
_ACT_EVERY_S = 1.0
"""Within what the relay allows one address: four connections a second."""
_DEADLINE_S = 60.0
_KEPT = 50


@dataclass
class Tally:
    """How often what was done."""

    frames: int = 0
    seen: int = 0
    done: dict[str, int] = field(default_factory=dict[str, int])

    def count(self, what: str) -> None:
        """One more of it."""
        self.done[what] = self.done.get(what, 0) + 1


class Room:
    """One customer's PC and who looks at it: a technician by code, others by an invitation, as guests."""

    def __init__(self, relay: Relay, tally: Tally, seed: int) -> None:
        self._relay = relay
        self._tally = tally
        self._chance = random.Random(seed)
        self._agent = FakeAgent(relay)
        self._viewers: list[FakeViewer] = []
        self._acts = 0

    async def play(self, seconds: float, viewers: int) -> None:
        """Open the session, keep everybody busy, end it."""
        await self._agent.connect()
        await self._lead()
        for _ in range(1, viewers):
            await self._come()
        showing = asyncio.create_task(self._show())
        try:
            end_s = time.monotonic() + seconds
            while time.monotonic() < end_s:
                await asyncio.sleep(_ACT_EVERY_S)
                await self._act()
                self._forget()  # not while somebody waits for what comes in
        finally:
            showing.cancel()
            await asyncio.gather(showing, return_exceptions=True)
        await self._end()

    async def _show(self) -> None:
        while True:
            self._agent.show(self._chance.randbytes(_PICTURE_BYTES))
            self._tally.frames += 1
            await asyncio.sleep(_FRAME_EVERY_S)

    async def _act(self) -> None:
        acts = {"viewer falls out": 4, "viewer leaves": 2, "agent falls out": 1, "act is told": 3}
        what = self._chance.choices(list(acts), weights=list(acts.values()))[0]
        viewer = self._chance.choice(self._viewers)
        async with asyncio.timeout(_DEADLINE_S):
            match what:
                case "viewer falls out":
                    await viewer.cut()
                    await viewer.resume()
                    await viewer.live(_DEADLINE_S)
                case "viewer leaves":
                    await self._leave(viewer)
                    await self._come()
                case "agent falls out":
                    await self._agent.wire.cut()
                    await self._agent.connect()
                    for one in self._viewers:
                        await one.live(_DEADLINE_S)
                case _:
                    self._acts += 1
                    said = RecordNotice(act=RecordedAct.TAKE_OVER, slot=0, number=self._acts)
                    self._agent.tell_relay(said)
        self._tally.count(what)

    async def _lead(self) -> None:
        """Somebody with an account comes first: strangers among themselves are granted little (SPEC C17)."""
        technician = FakeViewer(self._relay)
        await technician.join(self._agent.code)
        await technician.live(_DEADLINE_S)
        self._viewers.append(technician)

    async def _come(self) -> None:
        link = self._agent.invite()
        viewer = FakeViewer(self._relay)
        await viewer.join_invited(*link, await self._relay.guest_ticket(link[0], "Eva"))
        await viewer.live(_DEADLINE_S)
        self._viewers.append(viewer)
        self._tally.count("viewer comes")

    async def _leave(self, viewer: FakeViewer) -> None:
        self._viewers.remove(viewer)
        viewer.tell_relay(Leave())
        await viewer.wire.wait_closed()
        await viewer.close()

    async def _end(self) -> None:
        self._agent.tell_relay(EndSession(reason="that is all"))
        for one in self._everybody:
            await one.wire.wait_closed()
            await one.close()

    @property
    def _everybody(self) -> list[FakeAgent | FakeViewer]:
        return [self._agent, *self._viewers]

    def _forget(self) -> None:
        """What the doubles remember is not what is measured."""
        self._tally.seen += sum(forget(viewer) for viewer in self._viewers)
        _empty(self._agent)


def forget(viewer: FakeViewer) -> int:
    """Let a viewer forget what it has seen but for the last picture; how many those were."""
    seen = max(0, len(viewer.frames) - 1)
    del viewer.frames[:-1], viewer.key_flags[:-1]
    _empty(viewer)
    return seen


def _empty(one: FakeAgent | FakeViewer) -> None:
    if len(one.inbox.messages) > _KEPT:
        one.inbox.messages.clear()
        one.inbox._taken = 0


async def keep_busy(
    relay: Relay, seconds: float, tally: Tally | None = None, *, rooms: int = 3, viewers: int = 2
) -> Tally:
    """Several sessions at once; what was done in them goes to ``tally``, or a new one."""
    tally = tally or Tally()
    async with asyncio.TaskGroup() as group:
        for number in range(rooms):
            group.create_task(Room(relay, tally, number).play(seconds, viewers))
    return tally


def residue(desk: Desk) -> dict[str, int]:
    """What a relay holds for people; all of it is 0 when everybody has gone."""
    around = desk.around
    census = desk.registry.census()
    return {
        "sessions": census.sessions,
        "viewers": census.viewers,
        "bytes queued": census.queued_bytes,
        "agents' rooms": len(desk.room),
        "addresses connected": len(desk.connections),
        "invitations": len(around.invitations),
        "agents' tokens": len(around.agent_tokens),
        "viewers' tokens": len(around.seat_tokens),
        "records": len(around.records),
        "tickets": len(desk.services.tickets) + len(desk.services.guest_tickets),
    }


async def until_nothing_is_left(look: Callable[[], dict[str, int]], deadline_s: float) -> dict[str, int]:
    """What is left of what ``look`` finds, empty as soon as that is nothing."""
    end_s = time.monotonic() + deadline_s
    while left := {what: count for what, count in look().items() if count}:
        if time.monotonic() > end_s:
            break
        await asyncio.sleep(0.05)
    return left
