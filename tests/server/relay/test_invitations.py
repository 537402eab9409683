"""Invitations, guests, and who takes a seat in a presentation (SPEC C19, C22-C24, G1, G12)."""

import pytest

from relevo_protocol.errors import ErrorCode, ProtocolError
from relevo_protocol.limits import MAX_INVITES
from relevo_protocol.messages.relay import (
    AgentHello,
    AgentWelcome,
    CodeRequest,
    InviteClosed,
    InviteOpened,
    ModeNotice,
    RemoveViewer,
    SeatAdmitted,
    ViewerGone,
    ViewerJoining,
    ViewerWelcome,
)
from relevo_protocol.modes import Mode, Role, SessionKind, Standing
from relevo_server.access.destination import Destination
from relevo_server.relay.invitations import Invitations
from relevo_server.relay.policies import Policies
from relevo_server.relay.records import Audited
from relevo_server.relay.registry import Opening
from tests.server.relay.hands import (
    ANA,
    LUIS,
    Bench,
    Peer,
    guest,
    media,
    recorded,
    refused_as,
    stage,
    team,
)

INVITE = b"i" * 16


def _came_in(agent: Peer) -> list[ViewerJoining]:
    return [said for said in agent.heard() if isinstance(said, ViewerJoining)]


def test_C19_an_invitation_leads_to_its_session_and_the_relay_says_what_a_guest_is() -> None:
    made = team((ANA, Role.LEAD))
    made.agent.say(InviteOpened(invite=INVITE, guests=True, life_s=60))
    viewer = made.bench.enter(Destination(invite=INVITE), guest())
    assert viewer.only(ViewerWelcome).session_id == made.opened.session_id
    (joining,) = _came_in(made.agent)
    assert (joining.standing, joining.organisation, joining.admin_tools) == (Standing.GUEST, "", False)


def test_C8_standing_and_tools_of_an_account_are_vouched_for() -> None:
    made = team()
    made.agent.say(InviteOpened(invite=INVITE, guests=False, life_s=60))
    made.bench.enter(Destination(invite=INVITE), ANA)
    (joining,) = _came_in(made.agent)
    assert (joining.standing, joining.admin_tools) == (Standing.TECHNICIAN, True)


@pytest.mark.parametrize("how", ["closed", "expired", "host gone", "not for guests", "never opened"])
def test_C19_C6_what_leads_nowhere_is_answered_by_a_decoy(how: str) -> None:
    made = team((ANA, Role.LEAD))
    if how != "never opened":
        made.agent.say(InviteOpened(invite=INVITE, guests=how != "not for guests", life_s=60))
    match how:
        case "closed":
            made.agent.say(InviteClosed(invite=INVITE))
        case "expired":
            made.bench.turn(60)
        case "host gone":
            made.lose_host()
        case _:
            pass
    viewer = made.bench.enter(Destination(invite=INVITE), guest())
    welcome = viewer.only(ViewerWelcome)
    assert welcome.session_id != made.opened.session_id
    assert welcome.host_present
    assert _came_in(made.agent) == []


def test_C19_a_host_that_is_back_says_its_invitations_again() -> None:
    made = team((ANA, Role.LEAD))
    made.agent.say(InviteOpened(invite=INVITE, guests=True, life_s=60))
    made.lose_host()
    agent = made.bench.agent(made.opened.token)
    assert made.bench.around.invitations.find(INVITE, guest=True) is None
    agent.say(InviteOpened(invite=INVITE, guests=True, life_s=60))
    assert made.bench.around.invitations.find(INVITE, guest=True) == made.opened.session_id


def test_C19_a_session_cannot_take_or_close_anothers_invitation() -> None:
    made = team()
    made.agent.say(InviteOpened(invite=INVITE, guests=True, life_s=60))
    other = made.bench.agent()
    other.raw()
    other.say(InviteClosed(invite=INVITE))
    assert made.bench.around.invitations.find(INVITE, guest=True) == made.opened.session_id
    other.say(InviteOpened(invite=INVITE, guests=True, life_s=60))
    assert refused_as(other) is ErrorCode.UNEXPECTED
    assert made.bench.around.invitations.find(INVITE, guest=True) == made.opened.session_id


def test_C19_at_most_32_are_open_and_expired_ones_make_room() -> None:
    now = [0.0]
    book = Invitations(lambda: now[0])
    for number in range(MAX_INVITES):
        book.open(b"s" * 16, number.to_bytes(16, "big"), 60, guests=True)
    book.open(b"s" * 16, bytes(16), 60, guests=True)  # said again
    with pytest.raises(ProtocolError):
        book.open(b"s" * 16, INVITE, 60, guests=True)
    book.open(b"z" * 16, INVITE, 60, guests=True)
    now[0] = 60.0
    book.open(b"s" * 16, b"j" * 16, 60, guests=True)
    assert len(book) == 2
    book.close_all(b"s" * 16)
    book.close_all(b"z" * 16)
    assert len(book) == 0


def test_C19_the_end_of_a_session_closes_its_invitations() -> None:
    made = team((ANA, Role.LEAD))
    made.agent.say(InviteOpened(invite=INVITE, guests=True, life_s=60))
    made.session.end(ErrorCode.SESSION_ENDED, "", "test")
    assert len(made.bench.around.invitations) == 0


@pytest.mark.parametrize("role", [Role.LEAD, Role.COLLABORATOR, Role.EXPERT, Role.SUPERVISOR, Role.CUSTOMER])
def test_G1_a_guest_is_never_more_than_external(role: Role) -> None:
    made = team((ANA, Role.LEAD))
    made.let_in(guest(), role)
    assert not made.session.seats[2].admitted
    assert made.agent.line.ending is not None
    assert made.agent.line.ending.code is ErrorCode.NOT_PERMITTED


def test_C19_a_guest_is_kept_and_comes_back_and_is_no_account_to_check() -> None:
    made = team((ANA, Role.LEAD), (guest(), Role.EXTERNAL))
    made.cut(2)
    assert {who.account_id for who in made.bench.registry.vouched()} == {ANA.account_id}
    back = made.bench.back(made.tokens[2])
    assert back.only(ViewerWelcome).account_id == guest().account_id


def test_C19_a_guest_has_no_use_for_a_routing_number() -> None:
    made = team()
    routing = made.opened.routing
    assert routing is not None
    made.bench.enter(Destination(routing=routing), guest()).raw()
    assert _came_in(made.agent) == []


# --- presentations


def test_C24_a_presentation_needs_a_presenter() -> None:
    bench = Bench()
    hello = AgentHello(version=1, agent_version="1", kind=SessionKind.PRESENTATION)
    assert refused_as(bench.open(hello, Opening())) is ErrorCode.TICKET_INVALID
    assert bench.registry.census().sessions == 0


def test_G12_a_presentation_has_no_code_and_names_who_presents() -> None:
    made = stage()
    assert made.opened.routing is None
    made.agent.say(InviteOpened(invite=INVITE, guests=True, life_s=60))
    welcome = made.bench.enter(Destination(invite=INVITE), guest()).only(ViewerWelcome)
    assert (welcome.kind, welcome.host_name) == (SessionKind.PRESENTATION, "Ana Ruiz")
    made.agent.raw()
    made.agent.say(CodeRequest())
    assert refused_as(made.agent) is ErrorCode.NOT_PERMITTED


def test_G12_a_presentation_comes_back_as_what_it_is() -> None:
    made = stage(1)
    made.lose_host()
    agent = made.bench.agent(made.opened.token)  # no ticket: the token is enough
    welcome = agent.heard()[0]
    assert isinstance(welcome, AgentWelcome)
    assert (welcome.resumed, welcome.routing) == (True, None)
    assert made.session.kind is SessionKind.PRESENTATION


def test_C22_a_presentation_shows_from_its_beginning() -> None:
    made = stage(1)
    made.agent.say(media(1, keyframe=True))
    assert made.people[1].raw() == [media(1, keyframe=True)]


def test_C22_in_a_demo_no_picture_of_the_customers_pc_passes_and_afterwards_it_does() -> None:
    made = team((ANA, Role.LEAD))
    made.agent.say(media(1, keyframe=True))
    made.agent.say(ModeNotice(mode=Mode.DEMO))
    made.agent.say(media(2))
    made.agent.say(media(3, keyframe=True))
    assert made.people[1].raw() == []
    made.agent.say(ModeNotice(mode=Mode.OBSERVER))
    made.agent.say(media(4))
    assert made.people[1].raw() == []
    assert [type(said).__name__ for said in made.agent.heard()] == ["KeyframeWanted"]
    made.agent.say(media(5, keyframe=True))
    assert made.people[1].raw() == [media(5, keyframe=True)]


def test_C23_five_are_seated_and_the_sixth_is_told_why() -> None:
    made = stage(5)
    made.agent.say(InviteOpened(invite=INVITE, guests=True, life_s=60))
    assert refused_as(made.bench.enter(Destination(invite=INVITE), guest(6))) is ErrorCode.SESSION_FULL


def test_C23_who_closed_the_page_makes_room_after_a_while() -> None:
    made = stage(5)
    made.agent.say(InviteOpened(invite=INVITE, guests=True, life_s=600))
    made.cut(3)
    made.agent.raw()
    assert refused_as(made.bench.enter(Destination(invite=INVITE), guest(6))) is ErrorCode.SESSION_FULL
    made.bench.turn(20)
    assert made.bench.enter(Destination(invite=INVITE), guest(6)).only(ViewerWelcome).slot == 3
    gone, joining = made.agent.heard()
    assert isinstance(gone, ViewerGone)
    assert (gone.slot, gone.left) == (3, True)
    assert isinstance(joining, ViewerJoining)
    assert refused_as(made.bench.back(made.tokens[3])) is ErrorCode.RESUME_INVALID


def test_L8_in_a_support_session_nobody_makes_room_for_a_stranger() -> None:
    made = team((ANA, Role.LEAD), *((guest(n), Role.EXTERNAL) for n in range(4)))
    made.agent.say(InviteOpened(invite=INVITE, guests=True, life_s=600))
    made.cut(3)
    made.bench.turn(60)
    assert refused_as(made.bench.enter(Destination(invite=INVITE), LUIS)) is ErrorCode.SESSION_FULL


def test_G10_a_removed_viewer_gets_nothing_more_although_its_socket_stays() -> None:
    made = stage(2)
    removed = made.people[1]
    made.agent.say(RemoveViewer(link=made.links[1], code=ErrorCode.REMOVED))
    removed.raw()
    made.agent.say(media(1, keyframe=True))
    made.agent.say(SeatAdmitted(link=made.links[1], role=Role.DEMO_VIEWER))
    made.agent.say(media(2, keyframe=True))
    made.whisper(1, 2)
    assert removed.raw() == []
    assert len(made.people[2].raw()) == 1  # the newest keyframe


def test_C18_a_presentation_ends_with_its_presenters_account() -> None:
    made = stage(1)
    assert {who.account_id for who in made.bench.registry.vouched()} == {ANA.account_id}
    made.bench.registry.dismiss(ANA.account_id)
    made.people[1].raw()
    assert made.people[1].line.ending is not None
    assert made.agent.line.ending is not None


# --- what one address may cost


def test_C17_an_address_has_its_share_of_sessions_at_once() -> None:
    bench = Bench(Policies(sessions_per_address=2))
    first = bench.agent(address="192.0.2.7")
    bench.agent(address="192.0.2.7")
    assert refused_as(bench.agent(address="192.0.2.7")) is ErrorCode.THROTTLED
    bench.agent(address="192.0.2.8").only(AgentWelcome)
    session = bench.registry.find(first.only(AgentWelcome).session_id)
    assert session is not None
    session.end(ErrorCode.SESSION_ENDED, "", "test")
    bench.turn(1)
    bench.agent(address="192.0.2.7").only(AgentWelcome)


def test_C17_of_ipv6_a_household_has_its_share_and_wider_networks_more_of_them() -> None:
    bench = Bench(Policies(sessions_per_address=2))
    bench.agent(address="2001:db8:0:1::5").only(AgentWelcome)
    bench.agent(address="2001:db8:0:1:ffff::9").only(AgentWelcome)
    assert refused_as(bench.agent(address="2001:db8:0:1::6")) is ErrorCode.THROTTLED
    own = [bench.agent(address=f"2001:db8:0:{number:x}::5") for number in range(2, 0x10000, 97)]
    # Of the /48, however many /64 it has.
    assert sum(agent.line.ending is None for agent in own) == 2 * 16 - 2
    bench.agent(address="2001:db8:1::5").only(AgentWelcome)


def test_a_guests_admission_is_recorded_once_with_the_name() -> None:
    made = team((ANA, Role.LEAD), (guest(), Role.EXTERNAL))
    made.cut(2)
    back = made.bench.back(made.tokens[2])
    made.go_live(back, back.only(ViewerWelcome), Role.EXTERNAL)
    lines = [line for line in recorded(made.bench, Audited) if isinstance(line, Audited)]
    admitted = [line for line in lines if line.action == "viewer.admitted" and line.actor == "guest-0"]
    assert [line.details for line in admitted] == [{"slot": 2, "mode": "observer", "role": "external"}]
    assert admitted[0].personal == {"name": "Guest 0"}
