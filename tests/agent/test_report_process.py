"""Report and end over the real wire: the relay has it, and the PC's own receipt says so (SPEC N8, C26)."""

import asyncio
import json
import sys
from pathlib import Path

from relevo_protocol.messages.session import HostGoodbye
from relevo_server.store.database import Database
from relevo_server.store.reports import Report, ReportStore
from tests.agent.desktop import xvfb
from tests.support.fake_viewer import FakeViewer
from tests.support.processes import EventProcess
from tests.support.relay import Relay, running_relay


async def reports(relay: Relay) -> list[Report]:
    database = Database(f"sqlite+aiosqlite:///{relay.ca_file.parent / 'relevo.db'}")
    try:
        return await ReportStore(database).list("home")
    finally:
        await database.close()


def test_N8_C26_a_report_reaches_the_organisation_and_the_session_is_over(tmp_path: Path) -> None:
    async def play(display: str) -> Path:
        async with running_relay(tmp_path / "relay") as relay:
            command = [sys.executable, "-m", "relevo_agent.cli", "--server", relay.origin]
            command += ["--ca", str(relay.ca_file), "--state-dir", str(tmp_path / "home"), "--lang", "en"]
            command += ["--display", display, "--no-window", "--json-events", "--demo-consent", "auto"]
            agent = EventProcess(command, tmp_path / "agent.log", {"RELEVO_DEMO": "1"})
            try:
                return await _report(relay, agent)
            finally:
                agent.kill()
                agent.stop()

    with xvfb("640x480x24") as display:
        receipt = asyncio.run(play(display))
    assert "Your report was sent" in receipt.read_text("utf-8")


async def _report(relay: Relay, agent: EventProcess) -> Path:
    """Somebody is in, and the customer reports them; the receipt."""
    code = (await asyncio.to_thread(agent.expect, "code"))["code"]
    viewer = FakeViewer(relay)
    await viewer.join(code)
    await viewer.live(60)
    agent.type("report")
    await asyncio.to_thread(agent.expect, "notice", notice="reported")
    receipt = (await asyncio.to_thread(agent.expect, "receipt"))["path"]
    await viewer.inbox.expect(HostGoodbye)
    (told,) = await relay.audited("act.reported", 1)
    (kept,) = await reports(relay)
    account = relay.account.id
    assert (kept.by, kept.accused, list(kept.people.values())) == (
        "customer",
        account,
        [relay.account.display_name],
    )
    assert json.loads(told)["slot"] == 0
    assert not any("report" in str(said) for said in viewer.inbox.messages), "nobody in the session is told"
    await viewer.close()
    return Path(receipt)
