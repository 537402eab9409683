"""Tickets over HTTP for those who have no account, for presenters and for invitations (SPEC C19, C24)."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from relevo_protocol.modes import Standing
from relevo_server.access.destination import Destination
from relevo_server.accounts.names import MAX_GUEST_NAME_CHARS, BadName, guest_name, team_name
from relevo_server.accounts.view import guest_view, is_guest
from relevo_server.store.audit import AuditLog
from tests.server.hands import Site, site

INVITE = b"0123456789abcdef"
TEXT = base64.urlsafe_b64encode(INVITE).rstrip(b"=").decode()


def run(tmp_path: Path, play: Callable[[Site], Awaitable[None]], **settings: Any):
    async def on_site():
        async with site(tmp_path, **settings) as found:
            await play(found)

    asyncio.run(on_site())


@pytest.mark.parametrize(
    "name",
    ["Eva", "  Zoë Müller ", "José María Ñ.", "李雷", "Nguyễn Thị Ánh", "مريم", "שָׁלוֹם", "O'Neil 2", "x" * 60],
)
def test_C19_names_of_people_are_taken_as_they_are(name: str):
    assert guest_name(name) == name.strip()


@pytest.mark.parametrize(
    "name",
    [
        "", "   ", "...", "x" * (MAX_GUEST_NAME_CHARS + 1), "e" + "\u0301" * 9,
        "Eva\u202egnp", "Eva\u2066", "\u200b", "Eva\u200b", "\ufeffEva", "Eva\u00ad", "Eva\u180e",
        "E\x00va", "Eva\nMax", "Eva\u2028Max", "\u3164\u3164", "\ud800", "\ue000", "\U000e0041 Eva",
    ],
)  # fmt: skip
def test_C19_M5_names_that_hide_or_reorder_are_refused(name: str):
    with pytest.raises(BadName):
        guest_name(name)


def test_a_teams_name_is_one_line():
    assert team_name(" Sur ") == "Sur"
    assert team_name("") == ""
    for wrong in ("x" * 65, "Sur\u202e", "Sur\nNorte"):
        with pytest.raises(BadName):
            team_name(wrong)


def test_C19_a_guest_is_nobodys_account():
    one, other = guest_view("Eva", "es"), guest_view("Eva", "es")
    assert one.id != other.id
    assert len(one.id) <= 64
    assert is_guest(one.id)
    assert not is_guest("0" * 32)
    assert (one.organisation, one.standing, one.admin_tools) == ("", Standing.GUEST, False)


def test_C19_a_guest_gets_a_ticket_without_a_sign_in_whether_the_invitation_is_known_or_not(tmp_path: Path):
    async def play(found: Site):
        body = {"invite": TEXT, "name": "  Eva "}
        answer = await found.post("/api/guest-tickets", body)
        assert answer.status_code == 200
        given = answer.json()
        assert set(given) == {"ticket", "expires_in_s", "account_id", "display_name"}
        assert (given["display_name"], given["expires_in_s"]) == ("Eva", 30)
        assert "set-cookie" not in answer.headers
        assert found.services.tickets.redeem(given["ticket"]) is None
        redeemed = found.services.guest_tickets.redeem(given["ticket"])
        assert redeemed is not None
        assert redeemed.account.id == given["account_id"]
        assert redeemed.destination == Destination(invite=INVITE)

    run(tmp_path, play)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"name": "Eva"}, "invite"),
        ({"invite": TEXT}, "name"),
        ({"invite": TEXT[:-1], "name": "Eva"}, "invite"),
        ({"invite": TEXT[:-1] + "B", "name": "Eva"}, "invite"),
        ({"invite": TEXT + "==", "name": "Eva"}, "invite"),
        ({"invite": TEXT, "name": "Eva\u202e"}, "name"),
        ({"invite": TEXT, "name": "\u200b"}, "name"),
        ({"invite": TEXT, "name": "x" * 5000}, "name"),
        ({"invite": TEXT, "name": "Eva", "standing": "supervisor"}, "standing"),
        ({"invite": TEXT, "name": "Eva", "organisation": "Prueba"}, "organisation"),
    ],
)
def test_C19_what_a_guest_may_not_say_is_named(tmp_path: Path, body: dict[str, str], where: str):
    async def play(found: Site):
        answer = await found.post("/api/guest-tickets", body)
        assert (answer.status_code, answer.json()["error"]["where"]) == (422, where)

    run(tmp_path, play)


def test_C7_C19_guests_are_throttled_by_address_and_leave_technicians_alone(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        kept = (await found.post("/api/tickets", {"routing": "482913"})).json()["ticket"]
        answers = [
            await found.post("/api/guest-tickets", {"invite": TEXT, "name": f"Eva {n}"}) for n in range(125)
        ]
        assert [answer.status_code for answer in answers] == [200] * 120 + [429] * 5
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert found.services.tickets.redeem(kept) is not None
        assert (await found.post("/api/tickets", {"routing": "482913"})).status_code == 200
        # Each left a line in the record: one address leaves no more than six in a minute for long.
        found.hands.turn(60)
        more = [await found.post("/api/guest-tickets", {"invite": TEXT, "name": "Eva"}) for _ in range(8)]
        assert [answer.status_code for answer in more] == [200] * 6 + [429] * 2

    run(tmp_path, play)


def test_C19_an_account_gets_a_ticket_for_an_invitation_and_says_one_thing_only(tmp_path: Path):
    async def play(found: Site):
        assert (await found.post("/api/tickets", {"invite": TEXT})).status_code == 401
        await found.sign_in()
        ticket = (await found.post("/api/tickets", {"invite": TEXT})).json()["ticket"]
        redeemed = found.services.tickets.redeem(ticket)
        assert redeemed is not None
        assert redeemed.destination == Destination(invite=INVITE)
        for body in ({}, {"invite": TEXT, "routing": "482913"}):
            assert (await found.post("/api/tickets", body)).status_code == 422

    run(tmp_path, play)


def test_C24_a_presenters_ticket_lives_ten_minutes_and_dies_with_the_sign_in(tmp_path: Path):
    async def play(found: Site):
        assert (await found.post("/api/presentations")).status_code == 401
        await found.sign_in()
        answers = [(await found.post("/api/presentations")).json() for _ in range(3)]
        assert answers[0]["expires_in_s"] == 600
        office = found.services.presentations
        found.hands.turn(599)
        assert office.redeem(answers[0]["ticket"]) is not None
        assert office.redeem(answers[0]["ticket"]) is None
        # It opens a session and lets nobody into one.
        assert found.services.tickets.redeem(answers[1]["ticket"]) is None
        await found.post("/api/sign-out")
        assert office.redeem(answers[1]["ticket"]) is None

    run(tmp_path, play)


def test_me_tells_standing_team_and_tools(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        account = (await found.client.get("/api/me")).json()["account"]
        assert (account["standing"], account["team"], account["admin_tools"]) == ("technician", "", False)

    run(tmp_path, play)


def test_nobody_who_waits_for_presentations_presents_without_bound(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        answers = [await found.post("/api/presentations") for _ in range(11)]
        assert [answer.status_code for answer in answers] == [200] * 10 + [429]

    run(tmp_path, play)


def test_U8_a_ticket_that_somebody_holds_is_in_the_record(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        for path, body, action in (
            ("/api/tickets", {"routing": "482913"}, "ticket.issued"),
            ("/api/guest-tickets", {"invite": TEXT, "name": "Eva"}, "guest.ticket"),
            ("/api/presentations", {}, "ticket.issued"),
        ):
            before = len(await AuditLog(found.database).newest())
            assert (await found.post(path, body)).status_code == 200
            # Of whatever kills the server after its answer.
            newest = await AuditLog(found.database).newest()
            assert (len(newest), newest[0].action) == (before + 1, action)

    run(tmp_path, play)
