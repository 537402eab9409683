"""Kills PostgreSQL under a relay at work, again and again, now and then the relay with it (SECURITY U9).

While the database is away the picture goes on, what is told is answered out of the spool, and, where the
policy is strict, nothing new begins (SPEC C28). In the end each act is in the record once, the chain whole.
"""

import asyncio
import random
import time
from dataclasses import dataclass, field
from pathlib import Path

from relevo_protocol.messages.relay import RelayError
from relevo_server.store.audit import AuditLog
from relevo_server.store.database import Database, Unavailable
from tests.support.chaos import Acts, at_work, come_back, spooled
from tests.support.fake_agent import FakeAgent
from tests.support.fake_viewer import FakeViewer
from tests.support.postgres import PostgresServer
from tests.support.records import flaws_of
from tests.support.relay import RelayProcess
from tests.support.soak import forget

_DEADLINE_S = 60.0
_LOOK_EVERY_S = 0.1


@dataclass
class DatabaseTally:
    """What the rounds came to."""

    rounds: int = 0
    acts: int = 0
    relay_kills: int = 0
    answered_without: int = 0
    """Acts that were answered while there was no database."""
    refused: int = 0
    """New sessions that were refused meanwhile, as the strict policy says."""
    gap_ms: list[float] = field(default_factory=list[float])
    """The longest time without a new picture around each kill of the database."""
    drained_ms: list[float] = field(default_factory=list[float])
    """From the start of the database until it held everything."""
    restarted_ms: list[float] = field(default_factory=list[float])
    """The same where the relay had to be started as well, and everybody to come back."""


@dataclass(frozen=True)
class Ground:
    """Where it takes place: the relay, its database and its folder; ``seed`` chooses the moments."""

    process: RelayProcess
    postgres: PostgresServer
    url: str
    folder: Path
    seed: int


async def kill_the_database(ground: Ground, *, rounds: int) -> DatabaseTally:
    """Run the rounds against a strict relay that runs; AssertionError when anything is lost or doubled."""
    chance, tally = random.Random(ground.seed), DatabaseTally()
    async with at_work(ground.process) as (agent, viewer):
        acts, session_id = Acts(agent), agent.welcome.session_id
        await _drained(ground, session_id, 0)
        for number in range(rounds):
            acts.tell(chance.randint(1, 30))  # some of these are in the middle of a transaction
            await asyncio.sleep(chance.uniform(0.0, 0.05))
            await asyncio.to_thread(ground.postgres.stop, kill=True)
            await _without(ground, agent, viewer, acts, tally)
            if number % 3 == 2:
                ground.process.kill()
                assert acts.answered, "nothing was answered"
                tally.relay_kills += 1
            began_s = time.monotonic()
            await asyncio.to_thread(ground.postgres.start)
            if number % 3 == 2:
                await asyncio.gather(agent.wire.wait_closed(), viewer.wire.wait_closed())
                await asyncio.to_thread(ground.process.start)
                await come_back(agent, viewer)
                acts.tell_again()
                await acts.all_answered()
            await _drained(ground, session_id, acts.told)
            took = tally.restarted_ms if number % 3 == 2 else tally.drained_ms
            took.append((time.monotonic() - began_s) * 1000.0)
            await _takes_new_ones(ground.process)
            forget(viewer)
            tally.rounds += 1
        tally.acts = acts.told
    ground.process.stop()
    await _whole(ground.url)
    return tally


async def _without(
    ground: Ground, agent: FakeAgent, viewer: FakeViewer, acts: Acts, tally: DatabaseTally
) -> None:
    """What must hold while the database is away."""
    before = len(acts.answered)
    acts.tell(10)
    tally.gap_ms.append(await _longest_gap_ms(viewer, acts))
    tally.answered_without += len(acts.answered) - before
    stranger = FakeAgent(ground.process.relay)
    try:
        await stranger.begin()
        refusal = await stranger.inbox.expect(RelayError)
        assert refusal.code == "internal", refusal
        tally.refused += 1
    finally:
        await stranger.close()


async def _longest_gap_ms(viewer: FakeViewer, acts: Acts) -> float:
    """The longest time without a new picture until every act has been answered."""
    longest_s, last_s, seen = 0.0, time.monotonic(), len(viewer.frames)
    first, end_s = seen, last_s + _DEADLINE_S
    while acts.open or seen == first:
        assert time.monotonic() < end_s, f"not answered without the database: {acts.open}"
        await asyncio.sleep(0.01)
        if len(viewer.frames) > seen:
            now_s = time.monotonic()
            longest_s, last_s, seen = max(longest_s, now_s - last_s), now_s, len(viewer.frames)
    return longest_s * 1000.0


async def _takes_new_ones(process: RelayProcess) -> None:
    """With everything recorded again, a strict relay takes new sessions."""
    agent = FakeAgent(process.relay)
    await agent.connect()
    await agent.close()


async def _drained(ground: Ground, session_id: bytes, count: int) -> None:
    """Return once the database holds each act once and nothing waits in the spool."""
    end_s = time.monotonic() + _DEADLINE_S
    numbers: list[int] = []
    while numbers != list(range(1, count + 1)) or spooled(ground.folder, session_id):
        assert len(numbers) <= count, "an act is recorded twice"
        assert time.monotonic() < end_s, f"{len(numbers)} of {count} acts are recorded"
        await asyncio.sleep(_LOOK_EVERY_S)
        numbers = await _recorded(ground.url, session_id)


async def _recorded(url: str, session_id: bytes) -> list[int]:
    database = Database(url)
    try:
        lines = [line async for line in AuditLog(database).records()]
    except Unavailable:
        return []
    finally:
        await database.close()
    causes = [line.cause for line in lines if line.session_id == session_id]
    return sorted(int(cause.removeprefix("act:")) for cause in causes if cause.startswith("act:"))


async def _whole(url: str) -> None:
    database = Database(url)
    try:
        flaws = await flaws_of(database)
    finally:
        await database.close()
    assert not flaws, flaws
