from dataclasses import replace
from pathlib import Path
from typing import Any

from relevo_protocol.modes import Standing
from relevo_server.store.audit import AuditEvent
from relevo_server.store.factors import OidcStore
from relevo_server.store.organisations import HOME, OrganisationPolicy, OrganisationStore
from relevo_server.store.people import PeopleStore, PersonChange
from relevo_server.store.relay_sessions import RelaySessionWriter, SessionRecord
from relevo_server.store.reports import NewReport
from tests.server.admin.company import ADMIN, EXPERT, FOREIGN, OTHER, SUPERVISOR, TECHNICIAN, Company, run
from tests.support.records import reported

POLICY: dict[str, Any] = {
    "second_factor": "optional",
    "oidc_only": False,
    "retention_days": 30,
    "activity": {"machines_per_day": 5, "night": [21, 7]},
}


def test_the_policy_is_read_and_replaced_whole(tmp_path: Path):
    async def play(company: Company):
        found = (await company[ADMIN].get("/api/admin/policy")).json()
        assert (found["floor"], found["oidc"], found["organisation"]) == ("optional", False, "Prueba")
        assert found["policy"]["retention_days"] == 0
        answer = await company[ADMIN].post("/api/admin/policy", POLICY)
        assert answer.json()["policy"] == POLICY
        assert (await company[ADMIN].get("/api/admin/policy")).json()["policy"] == POLICY
        line = (await company.lines())[-1]
        assert (line.action, line.details["retention_days"]) == ("policy.changed", 30)

    run(tmp_path, play)


def test_a_policy_that_cannot_be_is_refused_by_its_field(tmp_path: Path):
    async def play(company: Company):
        for where, change in (
            ("second_factor", {"second_factor": "never"}),
            ("retention_days", {"retention_days": -1}),
            ("retention_days", {"retention_days": 36_501}),
            ("activity.night", {"activity": {"machines_per_day": 5, "night": [24, 7]}}),
            ("activity.machines_per_day", {"activity": {"machines_per_day": 0, "night": [21, 7]}}),
            ("admin", {"admin": True}),
        ):
            answer = await company[ADMIN].post("/api/admin/policy", POLICY | change)
            assert answer.status_code == 422
            assert answer.json()["error"]["where"].startswith(where)

    run(tmp_path, play)


def test_Q7_nobody_locks_everybody_out_by_a_provider_that_there_is_not(tmp_path: Path):
    async def play(company: Company):
        answer = await company[ADMIN].post("/api/admin/policy", POLICY | {"oidc_only": True})
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_configured")
        assert (await company[ADMIN].get("/api/admin/policy")).json()["policy"]["oidc_only"] is False

    run(tmp_path, play)


def test_Q7_nobody_locks_the_administrators_out_who_have_not_come_by_the_provider(tmp_path: Path):
    issuer, body = "https://sign-in.example", POLICY | {"oidc_only": True}

    async def play(company: Company):
        links, event = OidcStore(company.site.database), _event(company, "account.linked")
        await links.link(issuer, "s-ana", company.person(TECHNICIAN).id, event)
        await links.link("https://other.example", "s-eva", company.person(ADMIN).id, event)
        answer = await company[ADMIN].post("/api/admin/policy", body)
        error = answer.json()["error"]
        assert (answer.status_code, error["code"], error["where"]) == (409, "last_administrator", "oidc_only")
        await links.link(issuer, "s-eva", company.person(ADMIN).id, event)
        assert (await company[ADMIN].post("/api/admin/policy", body)).status_code == 200

    run(tmp_path, play, oidc_issuer=issuer, oidc_client_id="relevo")


def test_Q7_the_provider_is_the_home_organisations_alone(tmp_path: Path):
    async def play(company: Company):
        answer = await company[FOREIGN].post("/api/admin/policy", POLICY | {"oidc_only": True})
        error = answer.json()["error"]
        assert (answer.status_code, error["code"], error["where"]) == (404, "not_configured", "oidc_only")
        assert (await company[FOREIGN].get("/api/admin/policy")).json()["oidc"] is False
        assert (await company[ADMIN].get("/api/admin/policy")).json()["oidc"] is True
        # Where an earlier version took it, nobody stays locked out.
        wanted, event = OrganisationPolicy(oidc_only=True), _event(company, "policy.changed")
        organisations = OrganisationStore(company.site.database, "Prueba")
        assert await organisations.set_policy(OTHER, wanted, replace(event, organisation=OTHER))
        assert (await company.site.sign_in(name=FOREIGN)).status_code == 200

    run(tmp_path, play, oidc_issuer="https://sign-in.example", oidc_client_id="relevo")


def test_Q10_a_stricter_policy_sends_the_unenrolled_to_their_account_at_once(tmp_path: Path):
    async def play(company: Company):
        body = POLICY | {"second_factor": "administrators"}
        assert (await company[ADMIN].post("/api/admin/policy", body)).status_code == 200
        answer = await company[ADMIN].get("/api/admin/people")
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "second_factor_needed")
        assert (await company[ADMIN].get("/api/me")).status_code == 200
        assert (await company[SUPERVISOR].get("/api/admin/reports")).status_code == 200

    run(tmp_path, play)


def test_N8_reports_are_listed_and_handled_with_their_line(tmp_path: Path):
    async def play(company: Company):
        report = await _report(company, TECHNICIAN)
        found = (await company[ADMIN].get("/api/admin/reports")).json()["reports"]
        assert [(one["id"], one["accused_name"], one["people"]) for one in found] == [
            (report, "Ana Ruiz", {"2": "Ana Ruiz"})
        ]
        body = {"state": "kept", "note": " hablado\ncon Ana "}
        answer = await company[ADMIN].post(f"/api/admin/reports/{report}", body)
        assert answer.status_code == 204
        kept = (await company[ADMIN].get("/api/admin/reports?state=kept")).json()["reports"][0]
        assert (kept["state"], kept["note"], kept["handled_by_name"]) == ("kept", "hablado\ncon Ana", "Eva")
        assert (await company[ADMIN].get("/api/admin/reports?state=open")).json()["reports"] == []
        hostile = await company[ADMIN].post(
            f"/api/admin/reports/{report}", {"state": "open", "note": "a\u202eb"}
        )
        assert (hostile.status_code, hostile.json()["error"]["where"]) == (422, "note")

    run(tmp_path, play)


def test_Q14_a_supervisor_reads_the_own_teams_reports_but_none_about_themselves(tmp_path: Path):
    async def play(company: Company):
        of_ana = await _report(company, TECHNICIAN)
        await _report(company, SUPERVISOR)
        await _report(company, EXPERT)
        change = PersonChange(team="sur", standing=Standing.EXPERT)
        event = _event(company, "account.change")
        await PeopleStore(company.site.database).change(HOME, company.person(EXPERT).id, change, event)
        found = (await company[SUPERVISOR].get("/api/admin/reports")).json()["reports"]
        assert [one["id"] for one in found] == [of_ana]
        assert len((await company[ADMIN].get("/api/admin/reports")).json()["reports"]) == 3

    run(tmp_path, play)


def _event(company: Company, action: str) -> AuditEvent:
    return AuditEvent(company.site.hands.now_s(), "test", action)


async def _report(company: Company, name: str) -> str:
    accused = company.person(name)
    report = NewReport(
        HOME, b"s" * 16, company.site.hands.now_s(), "customer", accused.id, {"2": accused.display_name}
    )
    await reported(company.site.database, report, _event(company, "act.reported"))
    return report.id


def test_N8_a_report_tells_which_session_it_was_as_long_as_that_is_kept(tmp_path: Path):
    async def play(company: Company):
        await _report(company, TECHNICIAN)
        lost = (await company[ADMIN].get("/api/admin/reports")).json()["reports"][0]
        assert (lost["lead"], lost["mode"], lost["kind"], lost["began_at_s"]) == ("", "", "", 0)
        session = SessionRecord(b"s" * 16, "482913", bytes(32), 1_790_000_000.0, "full", ended=True)
        async with company.site.database.write() as writing:
            writer = RelaySessionWriter(writing, company.site.hands.clock)
            await writer.save_session(
                replace(session, lead_name="Ana Ruiz", mode="observer", furthest_mode="full")
            )
        found = (await company[ADMIN].get("/api/admin/reports")).json()["reports"][0]
        assert (found["lead"], found["mode"], found["kind"]) == ("Ana Ruiz", "full", "support")
        assert found["began_at_s"] == 1_790_000_000.0

    run(tmp_path, play)


def test_Q9_a_token_does_what_its_scope_and_its_account_both_may(tmp_path: Path):
    async def play(company: Company):
        body = {"name": "panel", "scopes": ["reports.read", "people.write", "people.read"], "days": 30}
        made = await company[ADMIN].post("/api/me/tokens", body)
        assert made.status_code == 200, made.text
        bearer = {"authorization": f"Bearer {made.json()['token']}"}
        program = company["nobody"]
        assert (await program.get("/api/admin/reports", **bearer)).status_code == 200
        assert (await program.get("/api/admin/policy", **bearer)).status_code == 403
        ana, eva = company.person(TECHNICIAN).id, company.person(ADMIN).id
        for path, change, status in (
            (f"/api/admin/people/{ana}", {"team": "sur"}, 200),
            (f"/api/admin/people/{ana}", {"is_admin": True}, 403),
            (f"/api/admin/people/{eva}", {"team": "sur"}, 403),
            (f"/api/admin/people/{eva}/link", {}, 403),
            (f"/api/admin/people/{ana}/link", {}, 403),
            (f"/api/admin/people/{ana}/reset-factors", {}, 403),
            (f"/api/admin/people/{ana}", {"admin_tools": True}, 403),
            ("/api/admin/people", {"name": "leo", "display_name": "Leo", "admin_tools": True}, 403),
        ):
            answer = await program.client.post(path, json=change, headers=bearer)
            assert answer.status_code == status, (path, change, answer.text)
        body = {"name": "leo", "display_name": "Leo"}
        made = await program.client.post("/api/admin/people", json=body, headers=bearer)
        assert (made.status_code, made.json()["link"], made.json()["expires_in_s"]) == (200, "", 0)
        line = next(one for one in reversed(await company.lines()) if one.action == "account.change")
        listed = (await company[ADMIN].get("/api/admin/tokens")).json()["tokens"]
        assert line.actor == f"token:{listed[0]['id']}"
        assert (listed[0]["account_name"], listed[0]["name"]) == ("Eva", "panel")
        assert (await company[ADMIN].post(f"/api/admin/tokens/{listed[0]['id']}/revoke")).status_code == 204
        assert (await program.get("/api/admin/reports", **bearer)).status_code == 401

    run(tmp_path, play)


def test_Q9_a_token_of_that_scope_reads_metrics_from_afar_and_another_does_not(tmp_path: Path):
    async def play(company: Company):
        # They count what all organisations do: they are for those of the home one.
        for name, scope, status in (
            (ADMIN, "metrics.read", 200),
            (ADMIN, "audit.read", 403),
            (FOREIGN, "metrics.read", 403),
        ):
            made = await company[name].post("/api/me/tokens", {"name": "x", "scopes": [scope], "days": 1})
            bearer = {"authorization": f"Bearer {made.json()['token']}"}
            assert (await company["nobody"].get("/metrics", **bearer)).status_code == status
        assert (await company["nobody"].get("/metrics")).status_code == 403
        wrong = {"authorization": "Bearer relevo_" + "x" * 43}
        assert (await company["nobody"].get("/metrics", **wrong)).status_code == 401

    run(tmp_path, play, metrics_token="m" * 16)
