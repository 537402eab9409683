"""A real agent is stopped while its relay is dead: the relay hears of it when it is back (SPEC C30, N8)."""

import asyncio
import contextlib
import sqlite3
import sys
from pathlib import Path

from tests.agent.desktop import xvfb
from tests.support.fake_viewer import FakeViewer
from tests.support.processes import EventProcess, wait_until
from tests.support.relay import Relay, RelayProcess


def ends(relay: Relay) -> list[str]:
    """Why the sessions that are over have ended."""
    file = relay.ca_file.parent / "relevo.db"
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        found = database.execute("SELECT end_reason FROM relay_sessions WHERE ended").fetchall()
    return [str(reason) for (reason,) in found]


async def _come(relay: Relay, agent: EventProcess) -> None:
    code = (await asyncio.to_thread(agent.expect, "code"))["code"]
    viewer = FakeViewer(relay)
    await viewer.join(code)
    await viewer.live(60)
    await relay.stored(1)
    await viewer.close()


def test_C30_N8_the_end_over_a_killed_relay_is_one_there_too_and_the_report_arrives(tmp_path: Path) -> None:
    relay = RelayProcess(tmp_path / "relay")
    relay.start()
    with xvfb("640x480x24") as display:
        command = [sys.executable, "-m", "relevo_agent.cli", "--server", relay.relay.origin, "--lang", "en"]
        command += ["--ca", str(relay.relay.ca_file), "--state-dir", str(tmp_path / "home")]
        command += ["--display", display, "--no-window", "--json-events", "--demo-consent", "auto"]
        agent = EventProcess(command, tmp_path / "agent.log", {"RELEVO_DEMO": "1"})
        try:
            asyncio.run(_come(relay.relay, agent))
            relay.kill()
            agent.expect("reconnecting")
            agent.type("report")
            agent.expect("notice", notice="report_kept")
            agent.expect("ended")
            relay.start()
            assert agent.process.wait(60) == 0
            wait_until(lambda: ends(relay.relay) == ["session_ended"], "the relay knows")
            asyncio.run(_reported(relay.relay))
        finally:
            agent.kill()
            agent.stop()
            relay.kill()


async def _reported(relay: Relay) -> None:
    await relay.audited("act.reported", 1)
