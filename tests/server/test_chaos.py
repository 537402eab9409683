"""What is recorded outlives the relay and the database (SECURITY U8, U9; SPEC C26, C28)."""

import asyncio
import time
from pathlib import Path

import pytest

from relevo_server.store.audit import AuditLog
from relevo_server.store.database import Database, Unavailable
from tests.support.chaos import Acts, kill_again_and_again
from tests.support.peers import agent_at, viewer_at
from tests.support.postgres import NoPostgres, PostgresServer, running_postgres
from tests.support.records import flaws_of
from tests.support.relay import RelayProcess, running_relay


@pytest.mark.slow
def test_U8_ten_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    process = RelayProcess(tmp_path)
    process.start()
    try:
        tally = asyncio.run(kill_again_and_again(process, tmp_path, rounds=10, seed=8))
    finally:
        process.kill()
    assert tally.rounds == 10
    assert tally.answered_before_kill < tally.acts  # some kills came while something was on its way


@pytest.mark.slow
def test_U9_a_database_that_is_killed_and_comes_back_gets_every_act_once(tmp_path: Path) -> None:
    try:
        with running_postgres(durable=True) as postgres:
            url = postgres.make_database("relevo")
            asyncio.run(_through_a_crash(tmp_path, postgres, url))
    except NoPostgres as reason:
        pytest.skip(str(reason))


async def _through_a_crash(folder: Path, postgres: PostgresServer, url: str) -> None:
    async with (
        running_relay(folder, database_url=url) as relay,
        agent_at(relay) as agent,
        viewer_at(relay, agent.code) as viewer,
    ):
        await viewer.live()
        acts = Acts(agent)
        acts.tell(20)
        await acts.all_answered()
        acts.tell(20)  # some of these are in the middle of a transaction
        await asyncio.to_thread(postgres.stop, kill=True)
        acts.tell(20)
        await acts.all_answered()  # the spool has them
        pictures = len(viewer.frames)
        agent.show(b"still live", keyframe=True)
        await viewer.inbox.until(lambda: len(viewer.frames) > pictures, "a picture without the database")
        await asyncio.to_thread(postgres.start)
        database = Database(url)
        try:
            numbers = await _all_there(database, agent.welcome.session_id, acts.told)
            flaws = await flaws_of(database)
        finally:
            await database.close()
    assert sorted(numbers) == list(range(1, 61))
    assert flaws == []


async def _all_there(database: Database, session_id: bytes, count: int) -> list[int]:
    """The numbers of the acts in the record, once there are so many, or after a while."""
    end_s = time.monotonic() + 60.0
    numbers: list[int] = []
    while len(numbers) < count and time.monotonic() < end_s:
        await asyncio.sleep(0.1)
        try:
            lines = [line async for line in AuditLog(database).records()]
        except Unavailable:
            continue
        acts = [line for line in lines if line.session_id == session_id and line.cause.startswith("act:")]
        numbers = [int(line.cause.removeprefix("act:")) for line in acts]
    return numbers
