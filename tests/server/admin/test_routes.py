"""Every route of administration: who may, what it leaves in the record, and whose things it reaches."""

import re
from pathlib import Path
from typing import Any, cast

import httpx
from fastapi import FastAPI

from relevo_protocol.modes import Mode, SessionKind
from relevo_server.accounts.permissions import Permission
from relevo_server.edge.desk import Desk
from relevo_server.relay.records import SessionKept
from relevo_server.relay.traits import Lead, Traits
from relevo_server.store.audit import AuditEvent
from relevo_server.store.organisations import HOME
from relevo_server.store.reports import NewReport
from relevo_server.store.tokens import NewToken, TokenStore
from tests.server.admin.company import (
    ADMIN,
    EXPERT,
    FOREIGN,
    SUPERVISOR,
    TECHNICIAN,
    Browser,
    Company,
    run,
)
from tests.support.records import reported

Route = tuple[str, str]
PEOPLE = "/api/admin/people"
TABLE: dict[Route, Permission] = {
    ("get", PEOPLE): Permission.PEOPLE_READ,
    ("post", PEOPLE): Permission.PEOPLE_WRITE,
    ("post", f"{PEOPLE}/{{person}}"): Permission.PEOPLE_WRITE,
    ("post", f"{PEOPLE}/{{person}}/disable"): Permission.PEOPLE_WRITE,
    ("post", f"{PEOPLE}/{{person}}/enable"): Permission.PEOPLE_WRITE,
    ("post", f"{PEOPLE}/{{person}}/link"): Permission.PEOPLE_WRITE,
    ("post", f"{PEOPLE}/{{person}}/reset-factors"): Permission.PEOPLE_WRITE,
    ("post", f"{PEOPLE}/{{person}}/sign-out"): Permission.PEOPLE_WRITE,
    ("get", "/api/admin/sessions"): Permission.SESSIONS_READ,
    ("post", "/api/admin/sessions/{session}/end"): Permission.SESSIONS_END,
    ("get", "/api/admin/reports"): Permission.REPORTS_READ,
    ("post", "/api/admin/reports/{report}"): Permission.REPORTS_WRITE,
    ("get", "/api/admin/activity"): Permission.REPORTS_READ,
    ("get", "/api/admin/audit"): Permission.AUDIT_READ,
    ("post", "/api/admin/audit/verify"): Permission.AUDIT_READ,
    ("get", "/api/admin/audit/export"): Permission.AUDIT_READ,
    ("get", "/api/admin/tokens"): Permission.TOKENS_MANAGE,
    ("post", "/api/admin/tokens/{token}/revoke"): Permission.TOKENS_MANAGE,
    ("get", "/api/admin/policy"): Permission.POLICY_READ,
    ("post", "/api/admin/policy"): Permission.POLICY_WRITE,
}
MAY: dict[str, frozenset[Permission]] = {
    ADMIN: frozenset(Permission),
    SUPERVISOR: frozenset({Permission.REPORTS_READ, Permission.SESSIONS_READ}),
    EXPERT: frozenset(),
    TECHNICIAN: frozenset(),
}
POLICY = {
    "second_factor": "optional",
    "oidc_only": False,
    "retention_days": 30,
    "activity": {"machines_per_day": 5, "night": [21, 7]},
}
BODIES: dict[str, object] = {
    PEOPLE: {"name": "leo", "display_name": "Leo"},
    "/api/admin/reports/{report}": {"state": "closed", "note": "hablado"},
    "/api/admin/policy": POLICY,
}


def routes_of(company: Company) -> set[Route]:
    transport = cast("httpx.ASGITransport", company.site.client._transport)
    paths = cast("FastAPI", transport.app).openapi()["paths"]
    return {
        (method, path)
        for path, methods in paths.items()
        for method in methods
        if path.startswith("/api/admin")
    }


def desk_of(company: Company) -> Desk:
    # The desk plugged its own method in.
    return cast("Desk", cast("Any", company.site.services.switchboard.revoke).__self__)


async def ask(browser: Browser, route: Route, path: str) -> httpx.Response:
    method, pattern = route
    return await (browser.get(path) if method == "get" else browser.post(path, BODIES.get(pattern, {})))


def test_Q14_every_route_asks_the_permission_of_the_table_from_every_role(tmp_path: Path):
    async def play(company: Company):
        assert routes_of(company) == set(TABLE)
        for route, permission in TABLE.items():
            path = re.sub(r"\{\w+\}", "0" * 32, route[1])
            answer = await ask(company["nobody"], route, path)
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "not_signed_in"), route
            for name, permissions in MAY.items():
                answer = await ask(company[name], route, path)
                allowed = permission in permissions
                assert (answer.status_code == 403) is not allowed, (route, name, answer.text)
                if allowed:
                    assert answer.status_code in {200, 204, 404}, (route, answer.text)
        refused = [line for line in await company.lines() if line.action == "forbidden"]
        assert {line.actor for line in refused} == {
            company.person(name).id for name in (SUPERVISOR, EXPERT, TECHNICIAN)
        }

    run(tmp_path, play)


async def furnish(company: Company) -> dict[str, str]:
    """A report, a token and a live session of the home organisation, by the route's parameter."""
    now_s = company.site.hands.now_s()
    database, ana = company.site.database, company.person(TECHNICIAN)

    def event(action: str) -> AuditEvent:
        return AuditEvent(now_s, "test", action)

    report = NewReport(HOME, b"s" * 16, now_s, "customer", ana.id, {"2": "Ana Ruiz"})
    await reported(database, report, event("report.made"))
    # Not Ana's, whose tokens end with what is done to her.
    sol = company.person(SUPERVISOR).id
    token = NewToken("7" * 32, b"h" * 32, HOME, sol, "panel", ("reports.read",), now_s, now_s + 999)
    await TokenStore(database).create(token, event("token.created"))
    lead = Lead(ana.id, ana.display_name, ana.team, HOME)
    traits = Traits(SessionKind.SUPPORT, lead, held_until_s=now_s + 3600)
    desk_of(company).registry.restore(
        SessionKept(b"s" * 16, "", b"t" * 32, now_s, Mode.FULL.value, traits), []
    )
    return {"report": report.id, "token": token.id, "session": (b"s" * 16).hex(), "person": ana.id}


def test_U11_every_changing_route_leaves_exactly_one_line(tmp_path: Path):
    async def play(company: Company):
        known = await furnish(company)
        # `enable` after `disable`, and the link while the account is open.
        order = sorted(
            (route for route in TABLE if route[0] == "post"), key=lambda route: route[1].endswith("/link")
        )
        order.sort(key=lambda route: route[1].endswith("/disable"), reverse=True)
        for route in [*order, ("get", "/api/admin/audit/export")]:
            before = await company.lines()
            path = re.sub(r"\{(\w+)\}", lambda found: known[found[1]], route[1])
            answer = await ask(company[ADMIN], route, path)
            assert answer.status_code in {200, 204}, (route, answer.text)
            added = (await company.lines())[len(before) :]
            assert len(added) == 1, (route, [line.action for line in added])
            assert added[0].actor == company.person(ADMIN).id

    run(tmp_path, play)


def test_U11_what_is_refused_or_not_found_leaves_no_act(tmp_path: Path):
    async def play(company: Company):
        acts = {"account.change", "account.disable", "token.revoked", "report.handled", "session.ended"}
        for route in TABLE:
            path = re.sub(r"\{\w+\}", "0" * 32, route[1])
            if "{" in route[1]:
                assert (await ask(company[ADMIN], route, path)).status_code == 404
        assert not acts & {line.action for line in await company.lines() if line.actor != "test"}

    run(tmp_path, play)


def test_Q14_no_reading_route_tells_another_organisation_anything(tmp_path: Path):
    async def play(company: Company):
        known = await furnish(company)
        secrets = {*known.values(), "Ana Ruiz", "panel", "Prueba"} - {(b"s" * 16).hex()}
        for route in TABLE:
            if route[0] != "get":
                continue
            at_home = await company[ADMIN].get(route[1])
            abroad = await company[FOREIGN].get(route[1])
            assert (at_home.status_code, abroad.status_code) == (200, 200)
            assert not [one for one in secrets if one in abroad.text], route
            assert (b"s" * 16).hex() not in abroad.text
        listed = await company[ADMIN].get("/api/admin/sessions")
        assert [one["id"] for one in listed.json()["sessions"]] == [known["session"]]

    run(tmp_path, play)


def test_Q14_no_changing_route_reaches_another_organisation(tmp_path: Path):
    async def play(company: Company):
        known = await furnish(company)
        before = await company.lines()
        for route in TABLE:
            if route[0] == "post" and "{" in route[1]:
                path = re.sub(r"\{(\w+)\}", lambda found: known[found[1]], route[1])
                answer = await ask(company[FOREIGN], route, path)
                assert answer.status_code == 404, (route, answer.text)
        assert await company.lines() == before
        assert desk_of(company).registry.find(b"s" * 16) is not None

    run(tmp_path, play)
