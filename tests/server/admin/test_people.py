import asyncio
from pathlib import Path

import pytest

from relevo_server.store.organisations import HOME
from relevo_server.store.people import PeopleStore
from tests.server.admin.company import ADMIN, FOREIGN, SECOND, SUPERVISOR, TECHNICIAN, Company, run


def test_Q13_an_administrator_lists_and_changes_people(tmp_path: Path):
    async def play(company: Company):
        answer = await company[ADMIN].get("/api/admin/people")
        people = {one["name"]: one for one in answer.json()["people"]}
        assert {"eva", "noa", "sol", "kim", "ana"} == set(people)
        ana = people["ana"]
        assert (ana["is_admin"], ana["second_factor"], ana["disabled"]) == (False, False, False)
        assert ana["seen_at_s"] == company.site.hands.now_s()
        changed = await company[ADMIN].post(
            f"/api/admin/people/{ana['id']}", {"standing": "expert", "team": " sur ", "admin_tools": True}
        )
        person = changed.json()["person"]
        assert (person["standing"], person["team"], person["admin_tools"]) == ("expert", "sur", True)
        line = (await company.lines())[-1]
        assert (line.action, line.actor) == ("account.change", company.person(ADMIN).id)
        assert dict(line.details) == {"account": ana["id"], "standing": "expert", "admin_tools": True}
        assert line.personal is not None
        assert line.personal["team"] == "sur"
        assert line.cause.startswith("http:")

    run(tmp_path, play)


def test_Q13_somebody_new_comes_in_by_a_link_and_the_name_is_free_once(tmp_path: Path):
    async def play(company: Company):
        body = {"name": " Leo ", "display_name": "Leo Paz"}
        answer = await company[ADMIN].post("/api/admin/people", body)
        assert answer.status_code == 200
        assert answer.json()["person"]["name"] == "leo"
        token = answer.json()["link"].removeprefix("/go#t=")
        entered = await company["nobody"].post("/api/sign-in/link", {"token": token})
        assert entered.json()["account"]["display_name"] == "Leo Paz"
        again = await company[ADMIN].post("/api/admin/people", body)
        assert (again.status_code, again.json()["error"]["code"]) == (409, "taken")
        wrong = await company["nobody"].post("/api/sign-in", {"name": "leo", "password": "x"})
        assert wrong.status_code == 401

    run(tmp_path, play)


def test_names_that_would_hide_something_are_refused(tmp_path: Path):
    async def play(company: Company):
        for field in ("name", "display_name", "team"):
            body = {"name": "leo", "display_name": "Leo", "team": "", field: "a\u202eb"}
            answer = await company[ADMIN].post("/api/admin/people", body)
            assert (answer.status_code, answer.json()["error"]["where"]) == (422, field)

    run(tmp_path, play)


def test_Q13_the_last_administrator_stays_one(tmp_path: Path):
    async def play(company: Company):
        noa, eva = company.person(SECOND).id, company.person(ADMIN).id
        for path, body in (
            (f"/api/admin/people/{eva}", {"is_admin": False}),
            (f"/api/admin/people/{eva}/disable", {}),
        ):
            answer = await company[ADMIN].post(path, body)
            assert (answer.status_code, answer.json()["error"]["code"]) == (409, "last_administrator")
        assert (await company[ADMIN].post(f"/api/admin/people/{noa}/disable")).status_code == 204
        assert (await company[SECOND].get("/api/admin/people")).status_code == 401
        found = await company[ADMIN].get("/api/admin/people")
        assert [one["name"] for one in found.json()["people"] if one["disabled"]] == ["noa"]
        # Noa cannot take the office from Eva any more, and a disabled one does not count.
        assert (await company[ADMIN].post(f"/api/admin/people/{noa}/enable")).status_code == 204
        assert (await company[ADMIN].post(f"/api/admin/people/{noa}", {"is_admin": False})).status_code == 200

    run(tmp_path, play)


def test_Q13_two_administrators_cannot_demote_one_another_at_once(tmp_path: Path):
    async def play(company: Company):
        noa, eva = company.person(SECOND).id, company.person(ADMIN).id
        answers = await asyncio.gather(
            company[ADMIN].post(f"/api/admin/people/{noa}", {"is_admin": False}),
            company[SECOND].post(f"/api/admin/people/{eva}", {"is_admin": False}),
        )
        left = await _admins(company)
        assert left
        assert sorted(answer.status_code for answer in answers) != [200, 200]

    run(tmp_path, play)


async def _admins(company: Company) -> list[str]:
    people = await PeopleStore(company.site.database).everyone(HOME)
    return [one.name for one in people if one.is_admin and not one.disabled]


@pytest.mark.parametrize("act", ["disable", "reset-factors", "sign-out"])
def test_C25_these_acts_end_every_sign_in_and_connection(
    tmp_path: Path, act: str, monkeypatch: pytest.MonkeyPatch
):
    async def play(company: Company):
        cut: list[tuple[str, str]] = []

        def cutting(account: str, sign_in: str) -> None:
            cut.append((account, sign_in))

        monkeypatch.setattr(company.site.services.switchboard, "revoke", cutting)
        ana = company.person(TECHNICIAN).id
        assert (await company[TECHNICIAN].get("/api/me")).status_code == 200
        assert (await company[ADMIN].post(f"/api/admin/people/{ana}/{act}")).status_code == 204
        assert cut == [(ana, "")]
        assert (await company[TECHNICIAN].get("/api/me")).status_code == 401
        since = await company.site.services.revocations.since(0.0)
        assert ana in {one.account_id for one in since}

    run(tmp_path, play)


def test_C25_what_narrows_a_role_cuts_connections_and_what_widens_it_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async def play(company: Company):
        cut: list[str] = []

        def cutting(account: str, _sign_in: str) -> None:
            cut.append(account)

        monkeypatch.setattr(company.site.services.switchboard, "revoke", cutting)
        sol = company.person(SUPERVISOR).id
        for body, cuts in (
            ({"admin_tools": True}, 0),
            ({"display_name": "Sol Mar"}, 0),
            ({"admin_tools": False}, 1),
            ({"standing": "technician"}, 2),
            ({"team": "sur"}, 3),
        ):
            assert (await company[ADMIN].post(f"/api/admin/people/{sol}", body)).status_code == 200
            assert len(cut) == cuts
        assert (await company[SUPERVISOR].get("/api/me")).status_code == 200

    run(tmp_path, play)


def test_Q14_another_organisations_people_are_not_there(tmp_path: Path):
    async def play(company: Company):
        ana = company.person(TECHNICIAN).id
        before = await company.lines()
        for act in ("", "/disable", "/enable", "/link", "/reset-factors", "/sign-out"):
            answer = await company[FOREIGN].post(f"/api/admin/people/{ana}{act}", {})
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
        assert await company.lines() == before
        found = await company[FOREIGN].get("/api/admin/people")
        assert [one["name"] for one in found.json()["people"]] == ["zoe"]

    run(tmp_path, play)


def test_Q8_a_write_needs_a_fresh_proof(tmp_path: Path):
    async def play(company: Company):
        company.site.hands.turn(601)
        ana = company.person(TECHNICIAN).id
        answer = await company[ADMIN].post(f"/api/admin/people/{ana}/disable")
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "reauth_needed")
        assert answer.json()["error"]["methods"] == ["password"]
        assert (await company[ADMIN].get("/api/admin/people")).status_code == 200

    run(tmp_path, play)


def test_Q14_a_name_that_is_taken_tells_nothing_of_other_organisations(tmp_path: Path):
    async def play(company: Company):
        async def add(who: str, name: str) -> tuple[int, str]:
            body = {"name": name, "display_name": "Nueva"}
            answer = await company[who].post("/api/admin/people", body)
            found = answer.json()
            told = found["person"]["name"] if answer.is_success else found["error"]["code"]
            return answer.status_code, told

        # Ana is somebody of the home organisation, and nobody of the other.
        assert await add(ADMIN, "ana") == (409, "taken")
        assert await add(FOREIGN, "Ana") == (200, "ana@other")
        assert await add(FOREIGN, "ana@other") == (409, "taken")
        # Nor can either take what could be the other's.
        assert await add(FOREIGN, "jefa@empresa.example") == (422, "invalid_request")
        assert await add(ADMIN, "jefa@other") == (422, "invalid_request")
        assert await add(ADMIN, "jefa@empresa.example") == (200, "jefa@empresa.example")

    run(tmp_path, play)
