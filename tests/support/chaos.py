"""Kills the relay in the middle of its work, again and again, and looks at what is left (SECURITY U8).

An agent tells numbered acts. What the relay has answered by ``Recorded`` must be on the disk when the process
is gone; what it has not is told again; in the end each act is recorded once and the chain is whole. Agent and
viewer come back by their tokens each time, and the viewer has a picture again.
"""

import asyncio
import contextlib
import math
import random
import sqlite3
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from relevo_protocol.messages.relay import Recorded, RecordedAct, RecordNotice
from relevo_server.edge.packing import unpack
from relevo_server.relay.records import Audited
from relevo_server.store.audit_check import Verdict, check_record
from relevo_server.store.checkpoints import HEADS_FILE, known_keys, load_or_make_key, read_heads
from relevo_server.store.database import Database
from relevo_server.store.spool import Spool
from tests.support.fake_agent import FakeAgent
from tests.support.fake_viewer import FakeViewer
from tests.support.relay import RelayProcess
from tests.support.soak import forget
from tests.support.wires import Inbox

_DEADLINE_S = 60.0
_LONGEST_WAIT_S = 0.06
_PICTURE_BYTES = 30_000
_PICTURE_EVERY_S = 0.05


@dataclass
class Tally:
    """What the rounds came to: acts told, acts answered before a kill, milliseconds to a new picture."""

    rounds: int = 0
    acts: int = 0
    answered_before_kill: int = 0
    told_again: int = 0
    back_ms: list[float] = field(default_factory=list[float])
    """From the kill to a new picture at the played viewer, the start of the new process included."""
    start_ms: list[float] = field(default_factory=list[float])
    """Of this, from the start of the new process until it answers."""
    seen_back_ms: list[float] = field(default_factory=list[float])
    """The same for what a real agent shows, decoded."""


def percentile(values: Sequence[float], part: float) -> float:
    """The smallest value that is not below this part of all (nearest rank); 0 of none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)] if ordered else 0.0


class Acts:
    """The agent's numbered acts and which of them it knows to be safe."""

    def __init__(self, agent: FakeAgent) -> None:
        self._agent = agent
        self.told = 0

    @property
    def answered(self) -> set[int]:
        """The numbers that the relay has said to be recorded."""
        return {said.number for said in self._agent.inbox.messages if isinstance(said, Recorded)}

    @property
    def open(self) -> list[int]:
        """Those that were told and not answered."""
        return sorted(set(range(1, self.told + 1)) - self.answered)

    def tell(self, count: int) -> None:
        """Tell so many new ones."""
        for _ in range(count):
            self.told += 1
            self._say(self.told)

    def tell_again(self) -> int:
        """Repeat the open ones; how many."""
        for number in self.open:
            self._say(number)
        return len(self.open)

    async def answered_of_late(self, count: int) -> None:
        """Return once so many of all acts are answered."""
        await self._agent.inbox.until(
            lambda: len(self.answered) >= count, "some acts are recorded", _DEADLINE_S
        )

    async def all_answered(self) -> None:
        """Return once the relay has answered all of them."""
        await self._agent.inbox.until(lambda: not self.open, "every act is recorded", _DEADLINE_S)

    def _say(self, number: int) -> None:
        self._agent.tell_relay(RecordNotice(act=RecordedAct.HELD, slot=0, number=number))


class Watcher:
    """Somebody else whose picture must come back after each kill."""

    async def back(self, killed_s: float) -> float:
        """Come back and see a new picture; how long after the kill, ms."""
        raise NotImplementedError


@asynccontextmanager
async def at_work(
    process: RelayProcess, inbox: Inbox | None = None
) -> AsyncGenerator[tuple[FakeAgent, FakeViewer]]:
    """A played customer whose picture changes all the time, and who looks at it."""
    agent, viewer = FakeAgent(process.relay), FakeViewer(process.relay)
    agent.inbox = inbox or agent.inbox
    await agent.connect()
    await viewer.join(agent.code)
    await viewer.live()
    showing = asyncio.create_task(_show(agent))
    try:
        yield agent, viewer
    finally:
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)
        await viewer.close()
        await agent.close()


async def _show(agent: FakeAgent) -> None:
    """Pictures for whoever is there."""
    picture = bytes(_PICTURE_BYTES)
    while True:
        await asyncio.sleep(_PICTURE_EVERY_S)
        if any(guest.admitted for guest in agent.guests.values()):
            agent.show(picture)


async def kill_again_and_again(
    process: RelayProcess, folder: Path, *, rounds: int, seed: int, watcher: Watcher | None = None
) -> Tally:
    """Run the rounds against a relay that was started; AssertionError when anything is lost or doubled."""
    chance, tally = random.Random(seed), Tally()
    async with at_work(process) as (agent, viewer):
        await process.relay.stored(1 if watcher is None else 2)
        acts = Acts(agent)
        session_id = agent.welcome.session_id
        for _ in range(rounds):
            before = acts.answered
            count = chance.randint(1, 30)
            acts.tell(count)
            if chance.random() < 0.5:
                await acts.answered_of_late(len(before) + chance.randint(1, count))
            await asyncio.sleep(chance.uniform(0.0, _LONGEST_WAIT_S))
            killed_s = time.monotonic()
            process.kill()
            safe = acts.answered
            assert safe <= on_disk(folder, session_id), "an act that was answered is not on the disk"
            tally.answered_before_kill += len(safe - before)
            await _come_back(process, (agent, viewer), killed_s, tally, watcher)
            tally.told_again += acts.tell_again()
            await acts.all_answered()
            forget(viewer)
            tally.rounds += 1
    tally.acts = acts.told
    process.stop()
    assert sorted(recorded(folder, session_id)) == list(range(1, acts.told + 1)), "lost or doubled"
    verdict = await _judged(folder)
    assert not verdict.flaws, verdict.flaws
    assert verdict.signed_seq == verdict.last_seq, "the last lines were not signed when the relay stopped"
    return tally


def recorded(folder: Path, session_id: bytes) -> list[int]:
    """The numbers of a session's acts that the database holds, doubles included."""
    with contextlib.closing(sqlite3.connect(folder / "relevo.db")) as database:
        asked = "SELECT cause FROM audit_records WHERE session_id = ? AND cause LIKE 'act:%'"
        return [int(cause.removeprefix("act:")) for (cause,) in database.execute(asked, (session_id,))]


def on_disk(folder: Path, session_id: bytes) -> set[int]:
    """The numbers of a session's acts that are in the database or in the spool."""
    return set(recorded(folder, session_id)) | spooled(folder, session_id)


def spooled(folder: Path, session_id: bytes) -> set[int]:
    """The numbers of a session's acts that are in the spool."""
    found: set[int] = set()
    for packed in (one for batch in Spool(folder / "spool").replay(256) for one in batch):
        record = unpack(packed)
        if isinstance(record, Audited) and record.session_id == session_id and record.number:
            found.add(record.number)
    return found


async def come_back(agent: FakeAgent, viewer: FakeViewer) -> None:
    """Connect again, both by their tokens, and see a new picture; the relay runs."""
    await agent.connect()
    assert agent.welcome.resumed, "the agent's token was lost"
    pictures = len(viewer.frames)
    await viewer.resume()
    await viewer.inbox.until(lambda: len(viewer.frames) > pictures, "a picture", _DEADLINE_S)


async def _come_back(
    process: RelayProcess,
    people: tuple[FakeAgent, FakeViewer],
    killed_s: float,
    tally: Tally,
    watcher: Watcher | None,
) -> None:
    agent, viewer = people
    watching = None if watcher is None else asyncio.create_task(watcher.back(killed_s))
    await asyncio.gather(agent.wire.wait_closed(), viewer.wire.wait_closed())
    began_s = time.monotonic()
    await asyncio.to_thread(process.start)
    tally.start_ms.append((time.monotonic() - began_s) * 1000.0)
    await come_back(agent, viewer)
    tally.back_ms.append((time.monotonic() - killed_s) * 1000.0)
    if watching is not None:
        tally.seen_back_ms.append(await watching)


async def _judged(folder: Path) -> Verdict:
    database = Database(f"sqlite:///{folder / 'relevo.db'}")
    try:
        with (folder / HEADS_FILE).open("rb") as lines:
            heads = read_heads(lines)
        keys = known_keys(folder, load_or_make_key(folder).public_key())
        return await check_record(database, "home", heads, keys)
    finally:
        await database.close()
