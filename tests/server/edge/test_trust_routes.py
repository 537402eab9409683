"""Fresh proofs, reports, organisations over HTTP, and their effect on sockets and record (C27, C29, N8)."""

from pathlib import Path

import pytest

from relevo_protocol.messages.relay import RecordedAct, RecordNotice, StepUp
from relevo_protocol.modes import Standing
from relevo_server.clock import Clock
from relevo_server.store.audit import AuditEvent
from relevo_server.store.database import Database
from relevo_server.store.organisations import OrganisationStore
from relevo_server.store.reports import Report, ReportStore
from tests.server.edge.test_revocation import viewer_of
from tests.support.peers import agent_at, viewer_at
from tests.support.relay import running_relay

pytestmark = pytest.mark.anyio


async def _reports(folder: Path, organisation: str = "home") -> list[Report]:
    database = Database(f"sqlite:///{folder / 'relevo.db'}")
    try:
        return await ReportStore(database).list(organisation)
    finally:
        await database.close()


async def _found(folder: Path, organisation: str) -> None:
    database = Database(f"sqlite:///{folder / 'relevo.db'}")
    try:
        event = AuditEvent(Clock().wall_s(), "command line", "organisation.created")
        await OrganisationStore(database, "Prueba").create(organisation, "Otra", event)
    finally:
        await database.close()


async def test_C27_a_fresh_sign_in_is_vouched_for_to_the_host_of_its_own_seat(tmp_path: Path) -> None:
    async with running_relay(tmp_path) as relay:
        await relay.add_account("boss", admin_tools=True)
        await relay.add_account("luis")
        async with (
            agent_at(relay) as agent,
            relay.signed_in("boss") as browser,
            relay.signed_in("luis") as other,
            viewer_of(browser, agent) as viewer,
        ):
            path = f"/api/live/{agent.welcome.session_id.hex()}/step-up"
            assert (await browser.post(path, json={})).status_code == 204
            told = await agent.inbox.expect(StepUp)
            assert told.link == viewer.link
            # Who is not in, has not the tools, or asks for what does not exist, gets one and the same answer.
            unknown = await browser.post(f"/api/live/{bytes(16).hex()}/step-up", json={})
            for refused in (await other.post(path, json={}), unknown):
                assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden")
            await relay.audited("step_up", 1)


async def test_C27_an_old_sign_in_is_asked_to_prove_itself_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relevo_server.accounts.guard.FRESH_S", -1.0)
    async with running_relay(tmp_path) as relay:
        await relay.add_account("boss", admin_tools=True)
        async with (
            agent_at(relay) as agent,
            relay.signed_in("boss") as browser,
            viewer_of(browser, agent),
        ):
            answer = await browser.post(f"/api/live/{agent.welcome.session_id.hex()}/step-up", json={})
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "reauth_needed")
            assert not any(isinstance(one, StepUp) for one in agent.inbox.messages)


async def test_N8_a_customers_report_opens_one_for_the_organisation(tmp_path: Path) -> None:
    async with (
        running_relay(tmp_path) as relay,
        agent_at(relay) as agent,
        viewer_at(relay, agent.code) as viewer,
    ):
        await viewer.live()
        agent.tell_relay(RecordNotice(act=RecordedAct.REPORTED, slot=1, number=1))
        await relay.audited("act.reported", 1)
        (report,) = await _reports(tmp_path)
        assert (report.by, report.accused, report.people) == ("customer", relay.account.id, {"1": "Ana Ruiz"})
        assert report.session_id == agent.welcome.session_id


async def test_a_technician_reports_only_a_session_that_they_are_in(tmp_path: Path) -> None:
    async with running_relay(tmp_path) as relay:
        await relay.add_account("luis")
        async with (
            agent_at(relay) as agent,
            relay.signed_in() as browser,
            relay.signed_in("luis") as other,
            viewer_of(browser, agent),
        ):
            path = f"/api/sessions/{agent.welcome.session_id.hex()}/report"
            assert (await other.post(path, json={})).status_code == 403
            assert await _reports(tmp_path) == []
            assert (await browser.post(path, json={})).status_code == 204
            (report,) = await _reports(tmp_path)  # it is kept before the answer comes
            assert report.by == "viewer"


async def test_C29_nothing_of_another_organisation_exists(tmp_path: Path) -> None:
    async with running_relay(tmp_path) as relay:
        await _found(tmp_path, "other")
        zoe = await relay.add_account("zoe", standing=Standing.SUPERVISOR, organisation_id="other")
        async with (
            agent_at(relay) as agent,
            relay.signed_in() as ana,
            relay.signed_in("zoe") as foreign,
            viewer_of(ana, agent),
        ):
            session = agent.welcome.session_id.hex()
            assert (await foreign.get("/api/live")).json() == {"sessions": []}
            assert (await foreign.get("/api/colleagues")).json() == {"colleagues": []}
            key = {"key": "A" * 43}
            assert (await foreign.post(f"/api/live/{session}/join", json=key)).status_code == 404
            invited = {"account_id": zoe.id, "role": "expert"}
            answer = await ana.post(f"/api/live/{session}/invitations", json=invited)
            nobody = {"account_id": "f" * 32, "role": "expert"}
            unknown = await ana.post(f"/api/live/{session}/invitations", json=nobody)
            assert answer.status_code == unknown.status_code == 422
            assert answer.json() == unknown.json()
            for act in ("step-up", "report"):
                path = f"/api/{'live' if act == 'step-up' else 'sessions'}/{session}/{act}"
                assert (await foreign.post(path, json={})).status_code == 403


async def test_C29_who_is_of_another_organisation_comes_in_by_the_customers_code(tmp_path: Path) -> None:
    async with running_relay(tmp_path) as relay:
        await _found(tmp_path, "other")
        await relay.add_account("zoe", organisation_id="other")
        async with (
            agent_at(relay) as agent,
            relay.signed_in("zoe") as foreign,
            viewer_of(foreign, agent) as viewer,
        ):
            assert viewer.welcome.organisation == "Otra"
            agent.tell_relay(RecordNotice(act=RecordedAct.REPORTED, slot=1, number=1))
            await relay.audited("act.reported", 1)
            assert len(await _reports(tmp_path, "other")) == 1
            assert await _reports(tmp_path) == []


async def test_a_ticket_is_in_the_record_without_saying_where_it_leads(tmp_path: Path) -> None:
    async with running_relay(tmp_path) as relay, relay.signed_in() as browser:
        (await browser.post("/api/tickets", json={"routing": "123456"})).raise_for_status()
        (await browser.post("/api/presentations", json={})).raise_for_status()
        await relay.guest_ticket(bytes(16), "Eva")
        assert await relay.audited("ticket.issued", 2) == ['{"by":"code"}', '{"by":"presentation"}']
        assert await relay.audited("guest.ticket", 1) == ["{}"]
