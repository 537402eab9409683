import pytest

from relevo_protocol.limits import TICKET_LIFE_S
from relevo_server.access.destination import Destination
from relevo_server.access.tickets import TICKET_CHARS, TicketOffice
from relevo_server.accounts.view import AccountView
from tests.server.hands import Hands


def view(account_id: str = "1") -> AccountView:
    return AccountView(account_id, "ana", "Ana", "Prueba", "es", is_admin=False)


def test_C3_ticket_is_redeemed_once_and_tells_account_and_routing():
    office = TicketOffice(Hands().now_s)
    ticket = office.issue(view(), Destination(routing="482913"))
    assert len(ticket) == TICKET_CHARS
    found = office.redeem(ticket)
    assert found is not None
    assert (found.account, found.destination) == (view(), Destination(routing="482913"))
    assert office.redeem(ticket) is None


def test_C24_a_ticket_can_stand_on_a_command_line(monkeypatch: pytest.MonkeyPatch):
    drawn = iter(["-" + "A" * 42, "-" * 43, "A-" + "_" * 41])

    def draw(_count: int) -> str:
        return next(drawn)

    monkeypatch.setattr("secrets.token_urlsafe", draw)
    assert TicketOffice(Hands().now_s).issue(view(), Destination(routing="482913")) == "A-" + "_" * 41


def test_C3_ticket_ends_after_its_lifetime():
    hands = Hands()
    office = TicketOffice(hands.now_s)
    ticket = office.issue(view(), Destination(routing="482913"))
    hands.turn(TICKET_LIFE_S)
    assert office.redeem(ticket) is None


def test_wrong_shapes_are_refused():
    office = TicketOffice(Hands().now_s)
    for wrong in ("", "x", "ñ" * TICKET_CHARS, "A" * TICKET_CHARS, "A" * 10_000):
        assert office.redeem(wrong) is None


def test_expired_tickets_are_forgotten():
    hands = Hands()
    office = TicketOffice(hands.now_s)
    for number in range(50):
        office.issue(view(str(number)), Destination(routing="000000"))
    hands.turn(TICKET_LIFE_S)
    office.issue(view(), Destination(routing="000000"))
    assert len(office) == 1


def test_memory_is_bounded_for_all_and_for_one_account():
    office = TicketOffice(Hands().now_s, capacity=20, per_account=4)
    first = office.issue(view("greedy"), Destination(routing="000000"))
    for _ in range(10):
        office.issue(view("greedy"), Destination(routing="000000"))
    assert len(office) == 4
    assert office.redeem(first) is None
    for number in range(50):
        office.issue(view(str(number)), Destination(routing="000000"))
    assert len(office) == 20


def test_revoked_account_has_no_tickets_left_but_others_do():
    office = TicketOffice(Hands().now_s)
    gone, stays = (
        office.issue(view("1"), Destination(routing="000000")),
        office.issue(view("2"), Destination(routing="000000")),
    )
    office.revoke("1")
    assert office.redeem(gone) is None
    assert office.redeem(stays) is not None
