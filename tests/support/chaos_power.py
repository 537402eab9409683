"""Cuts the power under a relay at work: what it has acknowledged is there without its page cache (U8)."""

import asyncio
import contextlib
import random
import shutil
import sqlite3
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from relevo_protocol.messages.base import Message
from relevo_protocol.messages.relay import Recorded
from relevo_server.store.database import Database
from tests.support.chaos import Acts, at_work, on_disk
from tests.support.power_cut import deeds, left_behind, watched
from tests.support.records import flaws_of
from tests.support.relay import RelayProcess
from tests.support.wires import Inbox

_DEADLINE_S: Final = 60.0
_ACT_EVERY_S: Final = 0.02
_MOST_ACTS: Final = 60
_MOMENTS: Final = 8
"""Of each run, at which the power is cut; each with a disk that lost all it could, and one that lost some."""


@dataclass
class PowerTally:
    """What the cuts came to."""

    runs: int = 0
    cuts: int = 0
    """Moments at which the power is cut; several of each run."""
    states: int = 0
    answered: int = 0
    """Acts that were answered before a cut, counted in each state: all of them are there."""
    lost_deeds: int = 0
    """Writes that these states did without."""
    syncs: int = 0


class Receipts(Inbox):
    """An agent's inbox that notes when each act was answered, seconds since 1970."""

    def __init__(self) -> None:
        super().__init__()
        self.at_s: dict[int, float] = {}

    def put(self, message: Message) -> None:
        """See :class:`Inbox`."""
        if isinstance(message, Recorded):
            self.at_s[message.number] = time.time()
        super().put(message)

    def until_then(self, at_s: float) -> set[int]:
        """The acts that were answered by this time."""
        return {number for number, answered_s in self.at_s.items() if answered_s <= at_s}


async def cut_again_and_again(folder: Path, *, rounds: int, seed: int) -> PowerTally:
    """Run the rounds, each with a relay of its own; AssertionError when anything acknowledged is gone."""
    chance, tally = random.Random(seed), PowerTally()
    for number in range(rounds):
        here, receipts = folder / f"cut-{number}", Receipts()
        session_id = await _work(here, receipts, is_locked=number % 2 == 1)
        done = deeds(here / "data", here / "trace")
        syncs = [deed.at_s for deed in done if deed.is_sync and receipts.until_then(deed.at_s)]
        tally.runs += 1
        tally.syncs += len(syncs)
        # Just before a sync most is on its way; the last moment is that of the kill.
        for moment_s in (*chance.sample(syncs, min(_MOMENTS, len(syncs))), time.time()):
            tally.cuts += 1
            for draw in (None, random.Random(chance.random())):
                left = here / f"left-{tally.states}"
                past = [deed for deed in done if deed.at_s < moment_s]
                tally.lost_deeds += left_behind(here / "before", left, past, draw)
                safe = receipts.until_then(moment_s)
                missing = safe - on_disk(left, session_id)
                assert not missing, f"acts that were answered are gone with the page cache: {sorted(missing)}"
                await _whole(left)
                tally.states += 1
                tally.answered += len(safe)
    return tally


async def _work(folder: Path, receipts: Receipts, *, is_locked: bool) -> bytes:
    """Let a relay work under strace and kill it; the session's id.

    ``is_locked``: while somebody else holds the database, so that the spool takes what is told.
    """
    data = folder / "data"
    process = await asyncio.to_thread(RelayProcess, data)
    shutil.copytree(data, folder / "before")
    process.under = watched(data, folder / "trace")
    await asyncio.to_thread(process.start)
    try:
        async with at_work(process, receipts) as (agent, _):
            acts = Acts(agent)
            acts.tell(20)
            await acts.all_answered()
            with _locked(data / "relevo.db") if is_locked else contextlib.nullcontext():
                await _keep_telling(acts)
                await acts.answered_of_late(_MOST_ACTS // 2)
                process.kill()
            return agent.welcome.session_id
    finally:
        process.kill()


async def _keep_telling(acts: Acts) -> None:
    """One act after another, so that there are many syncs."""
    while acts.told < _MOST_ACTS:
        acts.tell(1)
        await asyncio.sleep(_ACT_EVERY_S)


@contextmanager
def _locked(file: Path) -> Generator[None]:
    """Hold the database, as a backup that hangs does."""
    with contextlib.closing(sqlite3.connect(file, timeout=_DEADLINE_S, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        yield


async def _whole(data: Path) -> None:
    """What is left is a database, and its chain has no flaw."""
    with contextlib.closing(sqlite3.connect(data / "relevo.db")) as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database = Database(f"sqlite:///{data / 'relevo.db'}")
    try:
        flaws = await flaws_of(database)
    finally:
        await database.close()
    assert not flaws, flaws
