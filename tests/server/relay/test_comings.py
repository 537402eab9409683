"""People who come and go without end: they cost the session's agent nothing (SPEC C17, C23)."""

from relevo_protocol.errors import ErrorCode
from relevo_protocol.header import MessageType
from relevo_protocol.messages.relay import (
    AgentWelcome,
    InviteClosed,
    InviteOpened,
    Leave,
    ModeNotice,
    RemoveViewer,
    SeatAdmitted,
    ViewerWelcome,
)
from relevo_protocol.modes import Mode, Role
from relevo_server.access.destination import Destination
from relevo_server.relay.records import Audited
from tests.server.relay.hands import (
    ANA,
    LUIS,
    Team,
    guest,
    recorded,
    refused_as,
    scene,
    stage,
    team,
    to_host,
    to_viewer,
)

INVITE = b"i" * 16
COMINGS = 400


def _knock(made: Team) -> tuple[ViewerWelcome, int]:
    """A guest comes as far as the proof and has the wrong one; the agent turns them away."""
    peer = made.bench.enter(Destination(invite=INVITE), guest())
    welcome = peer.only(ViewerWelcome)
    peer.say(to_host(MessageType.HANDSHAKE, welcome.link))
    made.agent.say(to_viewer(MessageType.HANDSHAKE, welcome.slot, welcome.link))
    peer.say(to_host(MessageType.HANDSHAKE, welcome.link))
    made.agent.say(RemoveViewer(link=welcome.link, code=ErrorCode.CODE_WRONG))
    made.agent.raw()
    return welcome, len(made.session.seats)


def test_C17_a_guest_who_fails_without_end_does_not_get_the_agent_thrown_out() -> None:
    made = team((ANA, Role.LEAD))
    made.agent.say(InviteOpened(invite=INVITE, guests=True, life_s=3600))
    made.bench.records.clear()
    for _ in range(COMINGS):
        made.bench.at_s += 1.0
        assert _knock(made)[1] == 1
    assert made.agent.line.ending is None
    removals = [r for r in recorded(made.bench, Audited) if isinstance(r, Audited)]
    assert 0 < len(removals) < 300


def test_C17_a_viewer_who_comes_and_leaves_without_end_does_not_get_the_presenter_thrown_out() -> None:
    made = stage()
    made.agent.say(InviteOpened(invite=INVITE, guests=True, life_s=3600))
    for _ in range(COMINGS):
        made.bench.at_s += 1.0
        peer = made.bench.enter(Destination(invite=INVITE), guest())
        made.go_live(peer, peer.only(ViewerWelcome), Role.DEMO_VIEWER)
        peer.say(Leave())
        made.agent.raw()
    assert made.agent.line.ending is None


def test_C17_who_reconnects_without_end_does_not_get_the_agent_thrown_out() -> None:
    made = scene(live=True)
    token = made.joined.resume
    for _ in range(COMINGS):
        made.bench.at_s += 0.25
        back = made.bench.back(token)
        welcome = back.only(ViewerWelcome)
        token = welcome.resume
        for _ in range(2):
            back.say(to_host(MessageType.HANDSHAKE, welcome.link))
            made.agent.say(to_viewer(MessageType.HANDSHAKE, welcome.slot, welcome.link))
        made.agent.say(SeatAdmitted(link=welcome.link, role=Role.LEAD))
        made.agent.raw()
    assert made.agent.line.ending is None


def test_C17_C19_an_agent_on_a_bad_line_may_say_its_invitations_again_each_time() -> None:
    made = team((ANA, Role.LEAD))
    invites = [bytes([number]) * 16 for number in range(32)]
    for invite in invites:
        made.bench.at_s += 5.0
        made.agent.say(InviteOpened(invite=invite, guests=False, life_s=3600))
    made.cut(1)
    agent, token = made.agent, made.opened.token
    for _ in range(30):
        made.bench.at_s += 2.0
        agent = made.bench.agent(token=token)
        token = agent.only(AgentWelcome).token
        for invite in invites:
            agent.say(InviteOpened(invite=invite, guests=False, life_s=3600))
        agent.say(ModeNotice(mode=Mode.OBSERVER))
        assert agent.line.ending is None
    peer = made.bench.enter(Destination(invite=invites[-1]), LUIS)
    assert peer.only(ViewerWelcome).session_id == made.opened.session_id
    # The same words within one connection are charged as ever.
    for _ in range(100):
        agent.say(InviteOpened(invite=invites[0], guests=False, life_s=3600))
    agent.raw()
    assert agent.line.ending is not None
    assert agent.line.ending.code is ErrorCode.THROTTLED


def test_C19_what_was_closed_before_the_line_went_down_is_not_opened_for_nothing() -> None:
    made = team()
    agent, token = made.agent, made.opened.token
    agent.say(InviteOpened(invite=INVITE, guests=False, life_s=3600))
    agent.say(InviteClosed(invite=INVITE))
    for _ in range(70):
        agent = made.bench.agent(token=token)
        token = agent.only(AgentWelcome).token
        agent.say(InviteOpened(invite=INVITE, guests=False, life_s=3600))
        agent.say(InviteClosed(invite=INVITE))
    assert agent.line.ending is not None


def test_C17_an_agent_that_admits_the_same_again_and_again_is_ended() -> None:
    made = scene(live=True)
    for _ in range(100):
        made.admit()
    assert refused_as(made.agent) is ErrorCode.THROTTLED


def test_V9_whoever_was_in_and_is_sent_away_is_always_on_record() -> None:
    made = stage()
    made.agent.say(InviteOpened(invite=INVITE, guests=True, life_s=3600))
    for _ in range(200):
        made.bench.at_s += 1.0
        _knock(made)
    made.bench.records.clear()
    peer = made.bench.enter(Destination(invite=INVITE), guest())
    welcome = peer.only(ViewerWelcome)
    made.go_live(peer, welcome, Role.DEMO_VIEWER)
    made.agent.say(RemoveViewer(link=welcome.link, code=ErrorCode.REMOVED))
    actions = [r.action for r in recorded(made.bench, Audited) if isinstance(r, Audited)]
    assert actions == ["viewer.admitted", "viewer.removed"]
