"""As what somebody comes in, and how the customer is asked: the whole table (SPEC G1, G11)."""

import itertools

import pytest

from relevo_agent.session.actions import QuestionKind
from relevo_agent.session.entrance import (
    EXTERNAL_GRANTS,
    entrance,
    heir,
    role_on_entry,
    role_when_let_in,
)
from relevo_agent.session.invite import Invite
from relevo_agent.session.seat import Seat
from relevo_protocol.messages.relay import ViewerJoining
from relevo_protocol.modes import Role, SessionKind, Standing

ENTRY, VETO = QuestionKind.ENTRY, QuestionKind.VETO
LEAD, COLLABORATOR, SUPERVISOR = Role.LEAD, Role.COLLABORATOR, Role.SUPERVISOR
EXPERT, EXTERNAL = Role.EXPERT, Role.EXTERNAL


def who(standing: Standing, organisation: str = "Org", account: str = "id-1") -> ViewerJoining:
    return ViewerJoining(
        link=2,
        slot=2,
        account_id=account,
        display_name="Eva",
        organisation=organisation,
        resumed=False,
        standing=standing,
    )


def seat(role: Role, slot: int = 1, account: str = "id-lead") -> Seat:
    joining = ViewerJoining(
        link=slot, slot=slot, account_id=account, display_name="Ana", organisation="Org", resumed=False
    )
    return Seat(joining, slot, 0.0, role=role)


def by(role: Role, *, account: str | None = None, returning: bool = False) -> Invite:
    return Invite(b"i" * 16, b"s" * 32, role, 1e9, account_id=account, returning=returning)


@pytest.mark.parametrize(
    ("standing", "invited", "has_lead", "role"),
    [
        # by a code
        (Standing.TECHNICIAN, None, False, LEAD),
        (Standing.TECHNICIAN, None, True, COLLABORATOR),
        (Standing.EXPERT, None, True, COLLABORATOR),
        (Standing.SUPERVISOR, None, False, LEAD),
        (Standing.SUPERVISOR, None, True, COLLABORATOR),
        (Standing.GUEST, None, False, EXTERNAL),
        (Standing.GUEST, None, True, EXTERNAL),
        # by a link
        (Standing.TECHNICIAN, by(COLLABORATOR), True, COLLABORATOR),
        (Standing.TECHNICIAN, by(COLLABORATOR), False, LEAD),
        (Standing.TECHNICIAN, by(EXPERT), True, EXPERT),
        (Standing.TECHNICIAN, by(EXTERNAL), True, EXTERNAL),
        (Standing.TECHNICIAN, by(EXTERNAL), False, EXTERNAL),
        (Standing.SUPERVISOR, by(COLLABORATOR), True, COLLABORATOR),
        (Standing.SUPERVISOR, by(SUPERVISOR), True, COLLABORATOR),
        (Standing.TECHNICIAN, by(LEAD), True, COLLABORATOR),
        # as a colleague, through the relay
        (Standing.SUPERVISOR, by(SUPERVISOR, account="id-1"), True, SUPERVISOR),
        (Standing.SUPERVISOR, by(SUPERVISOR, account="id-1"), False, SUPERVISOR),
        (Standing.EXPERT, by(EXPERT, account="id-1"), True, EXPERT),
    ],
)
def test_G1_role_on_entry(standing: Standing, invited: Invite | None, has_lead: bool, role: Role) -> None:
    assert role_on_entry(standing, invited, has_lead) is role


@pytest.mark.parametrize(
    ("invited", "has_lead"), list(itertools.product([None, *(by(role) for role in Role)], [True, False]))
)
def test_G1_a_guest_is_never_more_than_external(invited: Invite | None, has_lead: bool) -> None:
    assert role_on_entry(Standing.GUEST, invited, has_lead) is EXTERNAL


@pytest.mark.parametrize(
    ("role", "has_lead", "then"),
    [
        (LEAD, True, COLLABORATOR),
        (LEAD, False, LEAD),
        (COLLABORATOR, False, LEAD),
        (EXPERT, False, LEAD),
        (EXPERT, True, EXPERT),
        (SUPERVISOR, False, SUPERVISOR),
        (EXTERNAL, False, EXTERNAL),
        (Role.DEMO_VIEWER, False, Role.DEMO_VIEWER),
    ],
)
def test_G1_role_at_the_moment_of_the_yes(role: Role, has_lead: bool, then: Role) -> None:
    assert role_when_let_in(role, has_lead) is then


@pytest.mark.parametrize(
    ("standing", "organisation", "invited", "lead", "kind"),
    [
        (Standing.TECHNICIAN, "Org", None, None, ENTRY),
        (Standing.TECHNICIAN, "Org", None, seat(LEAD), VETO),
        (Standing.TECHNICIAN, "Otra", None, seat(LEAD), ENTRY),
        (Standing.TECHNICIAN, "", None, seat(LEAD), ENTRY),
        (Standing.GUEST, "Org", by(EXTERNAL), seat(LEAD), ENTRY),
        (Standing.GUEST, "", by(EXTERNAL), seat(LEAD), ENTRY),
        (Standing.SUPERVISOR, "Org", by(SUPERVISOR, account="id-1"), seat(LEAD), VETO),
        (Standing.SUPERVISOR, "Org", by(SUPERVISOR, account="id-1"), None, ENTRY),
        (Standing.TECHNICIAN, "Org", by(EXPERT), None, ENTRY),
        (Standing.TECHNICIAN, "Org", by(LEAD, account="id-1", returning=True), None, None),
        (
            Standing.TECHNICIAN,
            "Org",
            by(LEAD, account="id-1", returning=True),
            seat(LEAD, account="id-1"),
            None,
        ),
        (Standing.TECHNICIAN, "Org", by(LEAD, account="id-1", returning=True), seat(LEAD), VETO),
    ],
)
def test_G11_how_the_customer_is_asked(
    standing: Standing,
    organisation: str,
    invited: Invite | None,
    lead: Seat | None,
    kind: QuestionKind | None,
) -> None:
    found = entrance(SessionKind.SUPPORT, who(standing, organisation), invited, lead)
    assert found.kind is kind
    assert found.granted == (EXTERNAL_GRANTS if found.role is EXTERNAL else frozenset())


@pytest.mark.parametrize("standing", list(Standing))
def test_G12_in_a_presentation_everybody_is_a_demo_viewer_without_a_question(standing: Standing) -> None:
    found = entrance(SessionKind.PRESENTATION, who(standing), by(Role.DEMO_VIEWER), None)
    assert (found.role, found.kind, found.granted) == (Role.DEMO_VIEWER, None, frozenset())


@pytest.mark.parametrize(
    ("there", "slot"),
    [
        ([EXTERNAL], None),
        ([Role.DEMO_VIEWER], None),
        ([EXTERNAL, COLLABORATOR], 2),
        ([SUPERVISOR, EXPERT], 2),
        ([SUPERVISOR, EXTERNAL], 1),
        ([EXPERT, COLLABORATOR], 2),
        ([], None),
    ],
)
def test_G8_nobody_from_outside_inherits_the_lead(there: list[Role], slot: int | None) -> None:
    found = heir([seat(role, number) for number, role in enumerate(there, 1)])
    assert (found.slot if found is not None else None) == slot
