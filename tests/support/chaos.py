"""Kills the relay in the middle of its work, again and again, and looks at what is left (SECURITY U8).

An agent tells numbered acts. What the relay has answered by ``Recorded`` must be on the disk when the process
is gone; what it has not is told again; in the end each act is recorded once and the chain is whole. Agent and
viewer come back by their tokens each time, and the viewer has a picture again.
"""

import asyncio
import contextlib
import random
import sqlite3
import time
from dataclasses import dataclass, field
from pathlib import Path

from relevo_protocol.messages.relay import Recorded, RecordedAct, RecordNotice
from relevo_server.edge.packing import unpack
from relevo_server.relay.records import Audited
from relevo_server.store.audit_check import Verdict, check_record
from relevo_server.store.checkpoints import HEADS_FILE, load_or_make_key, read_heads
from relevo_server.store.database import Database, sqlite_url
from relevo_server.store.spool import Spool
from tests.support.fake_agent import FakeAgent
from tests.support.fake_viewer import FakeViewer
from tests.support.relay import RelayProcess

_DEADLINE_S = 30.0
_LONGEST_WAIT_S = 0.06


@dataclass
class Tally:
    """What the rounds came to: acts told, acts answered before a kill, milliseconds to a picture."""

    rounds: int = 0
    acts: int = 0
    answered_before_kill: int = 0
    told_again: int = 0
    back_ms: list[float] = field(default_factory=list[float])

    @property
    def back_p95_ms(self) -> float:
        """How long at most 95 of 100 waited for the picture, from the moment the new process was started."""
        ordered = sorted(self.back_ms)
        return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))] if ordered else 0.0


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


async def kill_again_and_again(process: RelayProcess, folder: Path, *, rounds: int, seed: int) -> Tally:
    """Run the rounds against a relay that was started; AssertionError when anything is lost or doubled."""
    chance = random.Random(seed)
    agent, viewer, tally = FakeAgent(process.relay), FakeViewer(process.relay), Tally()
    await agent.connect()
    await viewer.join(agent.code)
    await viewer.live()
    await process.relay.stored(1)
    acts = Acts(agent)
    session_id = agent.welcome.session_id
    try:
        for _ in range(rounds):
            before = acts.answered
            count = chance.randint(1, 30)
            acts.tell(count)
            if chance.random() < 0.5:
                await acts.answered_of_late(len(before) + chance.randint(1, count))
            await asyncio.sleep(chance.uniform(0.0, _LONGEST_WAIT_S))
            process.kill()
            safe = acts.answered
            assert safe <= on_disk(folder, session_id), "an act that was answered is not on the disk"
            tally.answered_before_kill += len(safe - before)
            await _come_back(process, agent, viewer, tally)
            tally.told_again += acts.tell_again()
            await acts.all_answered()
            tally.rounds += 1
    finally:
        await viewer.close()
        await agent.close()
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
    found = set(recorded(folder, session_id))
    for packed in (one for batch in Spool(folder / "spool").replay(256) for one in batch):
        record = unpack(packed)
        if isinstance(record, Audited) and record.session_id == session_id and record.number:
            found.add(record.number)
    return found


async def _come_back(process: RelayProcess, agent: FakeAgent, viewer: FakeViewer, tally: Tally) -> None:
    await asyncio.gather(agent.wire.wait_closed(), viewer.wire.wait_closed())
    began_s = time.monotonic()
    await asyncio.to_thread(process.start)
    await agent.connect()
    assert agent.welcome.resumed, "the agent's token was lost"
    pictures = len(viewer.frames)
    await viewer.resume()
    await viewer.inbox.until(lambda: len(viewer.frames) > pictures, "a picture", _DEADLINE_S)
    tally.back_ms.append((time.monotonic() - began_s) * 1000.0)


async def _judged(folder: Path) -> Verdict:
    database = Database(sqlite_url(str(folder / "relevo.db")))
    try:
        with (folder / HEADS_FILE).open("rb") as lines:
            heads = read_heads(lines)
        return await check_record(database, "home", heads, load_or_make_key(folder).public_key())
    finally:
        await database.close()
