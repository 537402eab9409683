from pathlib import Path

from sqlalchemy import text

from relevo_server.export_check import check_export
from relevo_server.store.audit import AuditEvent, AuditLog
from relevo_server.store.checkpoints import load_or_make_key
from tests.server.admin.company import ADMIN, FOREIGN, OTHER, Company, run


def test_U1_the_record_is_read_in_pages_and_by_what_is_asked(tmp_path: Path):
    async def play(company: Company):
        for n in range(7):
            await company.record("act.chat" if n % 2 else "act.mode", n=n)
        await company.record("act.chat", OTHER)
        seen: list[int] = []
        path = "/api/admin/audit?limit=3&action=act."
        before = None
        while True:
            answer = await company[ADMIN].get(path if before is None else f"{path}&before={before}")
            page = answer.json()
            seen += [line["details"]["n"] for line in page["lines"]]
            before = page["before"]
            if before is None:
                break
        assert seen == [6, 5, 4, 3, 2, 1, 0]
        only = await company[ADMIN].get("/api/admin/audit?action=act.chat&actor=relay")
        assert [line["details"]["n"] for line in only.json()["lines"]] == [5, 3, 1]
        named = await company[ADMIN].get(f"/api/admin/audit?actor={company.person(ADMIN).id}")
        assert {line["actor_name"] for line in named.json()["lines"]} == {"Eva"}

    run(tmp_path, play)


def test_what_cannot_be_asked_of_the_record_is_said_with_its_field(tmp_path: Path):
    async def play(company: Company):
        for wrong in ("limit=0", "limit=201", "before=0", "before=x", "session=zz", "action=", "colour=red"):
            answer = await company[ADMIN].get(f"/api/admin/audit?{wrong}")
            assert answer.status_code == 422, wrong
            assert wrong.partition("=")[0] in answer.json()["error"]["where"]
        assert (await company[ADMIN].get("/api/admin/audit/export?format=csv")).status_code == 422
        assert (await company[ADMIN].get("/api/admin/audit/export?from=0")).status_code == 422

    run(tmp_path, play)


def test_X6_hostile_text_is_told_as_it_is_in_json(tmp_path: Path):
    hostile = "<img src=x onerror=alert(1)>\u202e\x1b[31m"

    async def play(company: Company):
        event = AuditEvent(1.0, "agent", "act.chat", personal={"text": hostile})
        await AuditLog(company.site.database).append(event)
        answer = await company[ADMIN].get("/api/admin/audit?action=act.chat")
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.json()["lines"][0]["personal"] == {"text": hostile}

    run(tmp_path, play)


def test_U1_verify_tells_a_changed_line_and_what_is_not_signed_yet(tmp_path: Path):
    async def play(company: Company):
        answer = await company[ADMIN].post("/api/admin/audit/verify", {})
        good = answer.json()
        assert (good["good"], good["flaws"]) == (True, [])
        told = (await company.lines())[-1]
        assert (told.action, told.actor) == ("record.checked", company.person(ADMIN).id)
        assert told.details == {"lines": told.seq - 1, "good": True}
        assert good["lines"] == told.seq - 1
        await company.record("act.chat")
        async with company.site.database.write() as session:
            for verb in ("update", "delete"):
                await session.execute(text(f"DROP TRIGGER IF EXISTS audit_records_no_{verb}"))
            names = await session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
            for name in [one for one in names if "record" in one]:
                await session.execute(text(f'DROP TRIGGER "{name}"'))
            await session.execute(text("UPDATE audit_records SET actor = 'x' WHERE seq = 3"))
        bad = (await company[ADMIN].post("/api/admin/audit/verify", {})).json()
        assert bad["good"] is False
        assert {"seq": 3, "kind": "changed"} in bad["flaws"]

    run(tmp_path, play)


def test_U1_an_organisation_has_its_record_checked_so_often_and_no_more(tmp_path: Path):
    async def play(company: Company):
        path = "/api/admin/audit/verify"
        answers = [await company[ADMIN].post(path, {}) for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200] * 3 + [429] * 2
        assert 0 < int(answers[-1].headers["retry-after"]) <= 60
        assert (await company[FOREIGN].post(path, {})).json()["lines"] < answers[0].json()["lines"]
        company.site.hands.turn(60)
        assert (await company[ADMIN].post(path, {})).status_code == 200
        checked = [line for line in await company.lines() if line.action == "record.checked"]
        assert len(checked) == 4  # what was refused is none

    run(tmp_path, play)


def test_U1_a_line_whose_details_were_changed_is_shown_as_that_and_everything_else_goes_on(tmp_path: Path):
    async def play(company: Company):
        for n in range(3):
            await company.record("act.chat", n=n)
        async with company.site.database.write() as session:
            await session.execute(text("DROP TRIGGER audit_records_no_update"))
            await session.execute(
                text("UPDATE audit_records SET details = :odd WHERE action = 'act.chat' AND details = :was"),
                {"odd": "<b>x\u202e", "was": '{"n":1}'},
            )
        answer = await company[ADMIN].get("/api/admin/audit?action=act.chat")
        lines = answer.json()["lines"]
        assert [line["changed"] for line in lines] == [False, True, False]
        assert [line["details"] for line in lines] == [
            {"n": 2},
            {"unreadable_details": "'<b>x\\u202e'"},
            {"n": 0},
        ]
        flaws = (await company[ADMIN].post("/api/admin/audit/verify", {})).json()["flaws"]
        assert flaws == [{"seq": lines[1]["seq"], "kind": "changed"}]
        assert (await company[ADMIN].get("/api/admin/activity")).status_code == 200
        head = await company[ADMIN].get("/api/admin/audit/export")
        key = load_or_make_key(tmp_path).public_key()
        report = check_export(head.content.splitlines(keepends=True), key)
        assert report.flaws == [f"seq {lines[1]['seq']}: changed, or a line before it is missing"]
        assert report.last == len(await company.lines())
        syslog = await company[ADMIN].get("/api/admin/audit/export?format=syslog")
        assert len(syslog.text.splitlines()) == len(await company.lines())

    run(tmp_path, play)


def test_U10_an_export_is_a_file_that_verifies_and_names_itself_safely(tmp_path: Path):
    async def play(company: Company):
        answer = await company[ADMIN].get("/api/admin/audit/export?format=jsonl")
        assert answer.status_code == 200
        name = "relevo-audit-2027-01-15.jsonl"
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
        assert answer.headers["content-type"] == "application/x-ndjson"
        assert answer.headers["cache-control"] == "no-store"
        report = check_export(
            answer.content.splitlines(keepends=True), load_or_make_key(tmp_path).public_key()
        )
        assert report.flaws == []
        # Its own line is the last.
        assert report.last == len(await company.lines())
        assert (await company.lines())[-1].action == "export"
        syslog = await company[ADMIN].get("/api/admin/audit/export?format=syslog&from=2")
        assert syslog.headers["content-disposition"].endswith('.log"')
        assert syslog.text.startswith("<10")
        assert len(syslog.text.splitlines()) == len(await company.lines()) - 1

    run(tmp_path, play)


def test_Q8_an_export_needs_a_fresh_proof(tmp_path: Path):
    async def play(company: Company):
        company.site.hands.turn(601)
        answer = await company[ADMIN].get("/api/admin/audit/export")
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "reauth_needed")

    run(tmp_path, play)
