from pathlib import Path

from relevo_server.store.audit import AuditEvent, AuditLog
from relevo_server.store.organisations import HOME
from relevo_server.store.reports import NewReport
from tests.server.admin.company import ADMIN, FOREIGN, OTHER, SUPERVISOR, TECHNICIAN, Company, run
from tests.support.records import reported

DAY_S = 86_400


async def _visit(company: Company, name: str, at_s: float, session: bytes, organisation: str = HOME) -> None:
    event = AuditEvent(at_s, company.person(name).id, "viewer.admitted", session, organisation=organisation)
    await AuditLog(company.site.database).append(event)


def test_activity_counts_sessions_nights_and_reports_of_a_day(tmp_path: Path):
    async def play(company: Company):
        # 8:00 UTC of a day; the night of the default policy is from 22 to 6.
        now_s = company.site.hands.now_s()
        for n in range(21):
            await _visit(company, TECHNICIAN, now_s - n, bytes([n]) * 16)
        await _visit(company, TECHNICIAN, now_s, bytes(16))
        for n in range(3):
            await _visit(company, SUPERVISOR, now_s - 3 * 3600 - n, bytes([100 + n]) * 16)
        await _visit(company, TECHNICIAN, now_s - 20 * DAY_S, b"o" * 16)
        ana = company.person(TECHNICIAN).id
        report = NewReport(HOME, b"s" * 16, now_s - DAY_S, "customer", ana)
        await reported(company.site.database, report, AuditEvent(now_s, "customer", "act.reported"))
        found = (await company[ADMIN].get("/api/admin/activity")).json()["days"]
        assert [
            (one["day"], one["account_name"], one["sessions"], one["night_share"], one["unusual"])
            for one in found
        ] == [
            ("2027-01-15", "Ana Ruiz", 21, 0.0, ["many_sessions"]),
            ("2027-01-15", "Sol", 3, 1.0, ["night"]),
            ("2027-01-14", "Ana Ruiz", 0, 0.0, ["reported"]),
        ]
        longer = (await company[ADMIN].get("/api/admin/activity?days=30")).json()["days"]
        assert len(longer) == 4

    run(tmp_path, play)


def test_Q14_a_supervisor_sees_the_activity_of_the_own_team_and_nobody_that_of_others(tmp_path: Path):
    async def play(company: Company):
        now_s = company.site.hands.now_s()
        await _visit(company, TECHNICIAN, now_s, b"a" * 16)
        await _visit(company, SUPERVISOR, now_s, b"b" * 16)
        await _visit(company, FOREIGN, now_s, b"c" * 16, OTHER)
        await _visit(company, FOREIGN, now_s, b"d" * 16)
        seen = (await company[SUPERVISOR].get("/api/admin/activity")).json()["days"]
        assert [one["account_name"] for one in seen] == ["Ana Ruiz"]
        abroad = (await company[FOREIGN].get("/api/admin/activity")).json()["days"]
        assert [(one["account_name"], one["sessions"]) for one in abroad] == [("Zoe", 1)]
        for wrong in ("days=0", "days=91", "days=x"):
            assert (await company[ADMIN].get(f"/api/admin/activity?{wrong}")).status_code == 422

    run(tmp_path, play)
