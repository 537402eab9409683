"""Who leaves, who comes back, and what time and a killed relay do to a session; without sockets."""

import pytest

from relevo_protocol.errors import ErrorCode
from relevo_protocol.header import DST_HOST, Header, MessageType
from relevo_protocol.lifecycle import SeatState, SessionState
from relevo_protocol.messages.relay import (
    AgentWelcome,
    CodeIssued,
    CodeRequest,
    CodeSpent,
    EndSession,
    HostBack,
    HostGone,
    Leave,
    ModeNotice,
    RemoveViewer,
    SeatAdmitted,
    SessionEnded,
    ViewerGone,
    ViewerJoining,
    ViewerWelcome,
)
from relevo_protocol.modes import Mode
from relevo_server.relay.policies import Policies, Side
from relevo_server.relay.records import Audited, SeatDropped, SeatKept, SessionKept, SessionOver
from relevo_server.relay.tokens import token_hash
from tests.server.relay.hands import (
    ANA,
    Bench,
    Scene,
    media,
    recorded,
    refused_as,
    scene,
    to_host,
)

# --- going and coming back


@pytest.mark.parametrize("stage", ["joining", "verifying", "asking"])
def test_S1_a_viewer_cut_before_it_was_live_is_gone(stage: str) -> None:
    made = scene()
    if stage == "verifying":
        made.viewer.say(to_host(MessageType.HANDSHAKE, made.joined.link))
    if stage == "asking":
        made.flights()
    made.agent.raw()
    assert made.viewer.party is not None
    made.viewer.party.gone(ErrorCode.DEADLINE)
    assert made.agent.only(ViewerGone).left
    assert made.session.seats == {}
    assert refused_as(made.bench.back(made.joined.resume)) is ErrorCode.RESUME_INVALID


def test_S1_a_live_viewer_that_is_cut_comes_back_on_a_new_link() -> None:
    made = scene(live=True)
    assert made.viewer.party is not None
    made.viewer.party.gone(ErrorCode.DEADLINE)
    assert made.agent.only(ViewerGone) == ViewerGone(
        link=made.joined.link, slot=1, left=False, code=ErrorCode.DEADLINE
    )
    made.agent.say(media(9, keyframe=True))
    back = made.bench.back(made.joined.resume)
    welcome = back.only(ViewerWelcome)
    assert welcome.link > made.joined.link
    assert welcome.resume != made.joined.resume
    joining = made.agent.only(ViewerJoining)
    assert (joining.link, joining.resumed) == (welcome.link, True)
    made.agent.say(media(10, keyframe=True))
    assert back.raw() == []  # not admitted on the new link yet
    again = Scene(made.bench, made.agent, back, made.opened, welcome)
    again.flights()
    again.admit()
    assert made.session.seats[1].state is SeatState.LIVE


def test_C11_host_gone_and_back() -> None:
    made = scene(live=True)
    assert made.agent.party is not None
    made.agent.party.gone(ErrorCode.DEADLINE)
    made.viewer.only(HostGone)
    made.viewer.say(to_host(MessageType.PAIRWISE, made.joined.link))
    assert made.viewer.line.ending is None
    agent = made.bench.agent(made.opened.token)
    said = agent.heard()
    assert [type(m) for m in said] == [AgentWelcome, ViewerJoining]
    back = made.viewer.only(HostBack)
    assert isinstance(said[1], ViewerJoining)
    assert (said[1].link, said[1].resumed) == (back.link, True)
    made.viewer.say(to_host(MessageType.PAIRWISE, made.joined.link))  # said before it knew
    assert made.viewer.line.ending is None
    assert agent.raw() == []
    again = Scene(made.bench, agent, made.viewer, made.opened, made.joined)
    again.flights(back.link)
    agent.say(SeatAdmitted(link=back.link))
    agent.say(media(1, keyframe=True))
    assert media(1, keyframe=True) in made.viewer.raw()


def test_C11_a_viewer_not_live_yet_goes_with_the_host() -> None:
    made = scene()
    assert made.agent.party is not None
    made.agent.party.gone(ErrorCode.DEADLINE)
    assert refused_as(made.viewer) is ErrorCode.HOST_GONE
    assert made.session.seats == {}


def test_an_agent_learns_of_who_left_while_it_was_away() -> None:
    made = scene(live=True)
    assert made.agent.party is not None
    made.agent.party.gone(ErrorCode.DEADLINE)
    made.viewer.say(Leave())
    said = made.bench.agent(made.opened.token).heard()
    assert [type(m) for m in said] == [AgentWelcome, ViewerGone]


def test_the_agent_replaces_its_own_old_connection() -> None:
    made = scene(live=True)
    agent = made.bench.agent(made.opened.token)
    assert refused_as(made.agent) is ErrorCode.REPLACED
    assert [type(m) for m in made.viewer.heard()] == [HostGone, HostBack]
    made.agent.say(media(1, keyframe=True))  # the old line has no say any more
    assert made.viewer.raw() == []
    assert agent.line.ending is None


# --- the agent decides


@pytest.mark.parametrize(
    ("code", "told", "comes_back"),
    [
        (ErrorCode.REMOVED, ErrorCode.REMOVED, False),
        (ErrorCode.CODE_DEAD, ErrorCode.CODE_WRONG, False),
        (ErrorCode.DESYNC, ErrorCode.DESYNC, True),
    ],
)
def test_C10_removal(code: ErrorCode, told: ErrorCode, comes_back: bool) -> None:
    made = scene(live=True)
    made.agent.say(RemoveViewer(link=made.joined.link, code=code))
    assert refused_as(made.viewer) is told
    back = made.bench.back(made.joined.resume)
    assert (back.party is not None) is comes_back


@pytest.mark.parametrize(
    ("code", "comes_back"),
    [(ErrorCode.DESYNC, True), (ErrorCode.TAMPERED, True), (ErrorCode.REMOVED, False)],
)
def test_C10_a_cut_that_both_notice_at_once_leaves_the_seat(code: ErrorCode, comes_back: bool) -> None:
    made = scene(live=True)
    assert made.viewer.party is not None
    made.viewer.party.gone(ErrorCode.DEADLINE)
    made.agent.say(RemoveViewer(link=made.joined.link, code=code))
    back = made.bench.back(made.joined.resume)
    assert (back.party is not None) is comes_back


@pytest.mark.parametrize(("code", "stays"), [(ErrorCode.CODE_WRONG, True), (ErrorCode.REMOVED, False)])
def test_S1_a_failed_resume_leaves_the_seat_to_its_owner(code: ErrorCode, stays: bool) -> None:
    made = scene(live=True)
    back = made.bench.back(made.joined.resume)
    welcome = back.only(ViewerWelcome)
    made.agent.raw()
    made.agent.say(RemoveViewer(link=welcome.link, code=code))
    assert refused_as(back) is code
    assert (1 in made.session.seats) is stays


def test_C5_a_new_code_kills_the_old_one_and_a_spent_one_leads_nowhere() -> None:
    made = scene()
    made.agent.say(CodeRequest())
    issued = made.agent.only(CodeIssued)
    assert list(made.bench.numbers.led) == [issued.routing]
    made.agent.say(CodeSpent())
    assert made.bench.numbers.led == {}
    last = made.bench.records[-1]
    assert isinstance(last, SessionKept)
    assert last.routing == ""


def test_an_agent_that_asks_for_numbers_without_end_is_ended() -> None:
    made = scene(policies=Policies(code_requests=5))
    for _ in range(5):
        made.agent.say(CodeRequest())
    assert refused_as(made.agent) is ErrorCode.THROTTLED


def test_E2_the_end_is_told_to_all_and_recorded() -> None:
    made = scene(live=True)
    made.agent.say(EndSession(reason="fin"))
    assert made.viewer.only(SessionEnded).reason == "fin"
    for peer in (made.viewer, made.agent):
        assert peer.line.ending is not None
        assert peer.line.ending.code is ErrorCode.SESSION_ENDED
    assert recorded(made.bench, SessionOver)
    made.bench.turn(1)
    assert made.bench.registry.find(made.opened.session_id) is None
    assert refused_as(made.bench.agent(made.opened.token)) is ErrorCode.RESUME_INVALID
    assert refused_as(made.bench.back(made.joined.resume)) is ErrorCode.RESUME_INVALID
    made.agent.say(CodeSpent())
    assert made.bench.records[-1] == recorded(made.bench, Audited)[-1]  # nothing more is kept of it


def test_C10_leaving_drops_the_seat() -> None:
    made = scene(live=True)
    made.viewer.say(Leave())
    assert made.agent.only(ViewerGone).left
    assert recorded(made.bench, SeatDropped) == [SeatDropped(made.opened.session_id, 1)]
    assert made.session.state is SessionState.WAITING


def test_mode_and_admission_are_recorded() -> None:
    made = scene(live=True)
    made.agent.say(ModeNotice(mode=Mode.FULL))
    kept = [record for record in made.bench.records if isinstance(record, SessionKept)]
    assert kept[-1].mode == "full"
    audited = [record.action for record in made.bench.records if isinstance(record, Audited)]
    assert audited == ["session.opened", "viewer.admitted", "mode.changed"]


# --- time


def test_deadlines_of_the_handshake_and_of_consent() -> None:
    made = scene()
    made.bench.turn(21)
    assert refused_as(made.viewer) is ErrorCode.DEADLINE
    made = scene()
    made.flights()
    made.viewer.raw()
    made.bench.turn(21)
    assert made.viewer.line.ending is None
    made.bench.turn(60)
    assert refused_as(made.viewer) is ErrorCode.DEADLINE


def test_C10_an_away_seat_and_an_away_host_expire() -> None:
    made = scene(live=True)
    assert made.viewer.party is not None
    made.viewer.party.gone(ErrorCode.DEADLINE)
    made.agent.raw()
    made.bench.turn(599)
    assert made.agent.raw() == []
    made.bench.turn(2)
    assert made.agent.only(ViewerGone).left
    assert made.agent.party is not None
    made.agent.party.gone(ErrorCode.DEADLINE)
    made.bench.turn(601)
    made.bench.turn(1)
    assert made.bench.registry.find(made.opened.session_id) is None


def test_a_viewer_that_waits_for_the_host_does_not_expire_before_the_session() -> None:
    made = scene(live=True)
    assert made.agent.party is not None
    made.agent.party.gone(ErrorCode.DEADLINE)
    made.viewer.raw()
    made.bench.turn(599)
    assert made.viewer.line.ending is None
    made.bench.turn(2)
    assert made.viewer.only(SessionEnded).code is ErrorCode.HOST_GONE


def test_a_present_viewers_record_is_kept_ahead_of_its_expiry() -> None:
    made = scene(live=True)
    for _ in range(4):
        made.bench.turn(400)
    kept = [record for record in made.bench.records if isinstance(record, SeatKept)]
    assert kept[-1].expires_at_s > made.bench.at_s + 500
    assert kept[-1].token_hash == token_hash(made.joined.resume)


# --- the relay was killed


def test_C12_a_restored_session_waits_for_both_in_any_order() -> None:
    for viewer_first in (True, False):
        made = scene(live=True)
        kept = [record for record in made.bench.records if isinstance(record, SessionKept)][-1]
        seats = [record for record in made.bench.records if isinstance(record, SeatKept)]
        bench = Bench(at_s=made.bench.at_s + 5)
        bench.registry.restore(kept, seats)
        if viewer_first:
            viewer = bench.back(made.joined.resume)
            assert not viewer.only(ViewerWelcome).host_present
            agent = bench.agent(made.opened.token)
            viewer.only(HostBack)
        else:
            agent = bench.agent(made.opened.token)
            agent.only(AgentWelcome)
            viewer = bench.back(made.joined.resume)
            assert viewer.only(ViewerWelcome).host_present
        joining = [m for m in agent.heard() if isinstance(m, ViewerJoining)]
        assert len(joining) == 1
        assert joining[0].resumed
        assert joining[0].link > made.joined.link


def test_a_restored_session_does_not_wait_for_ever() -> None:
    made = scene(live=True)
    kept = [record for record in made.bench.records if isinstance(record, SessionKept)][-1]
    bench = Bench(at_s=made.bench.at_s)
    bench.registry.restore(kept, [])
    bench.turn(601)
    assert bench.registry.find(made.opened.session_id) is None
    assert recorded(bench, SessionOver)


def test_who_pretends_to_be_a_header_of_the_host_reaches_nobody() -> None:
    made = scene(live=True)
    made.agent.say(Header(MessageType.PAIRWISE, dst=DST_HOST, key_id=made.joined.link).pack())
    assert refused_as(made.agent) is ErrorCode.UNEXPECTED
    assert ANA.account_id == "a1"
    assert made.agent.line.side is Side.AGENT


def test_C4_C12_a_relay_killed_while_a_welcome_is_on_its_way_knows_both_tokens() -> None:
    made = scene(live=True)
    made.viewer.say(Header(MessageType.PAIRWISE, dst=DST_HOST, key_id=made.joined.link).pack())
    given = made.bench.back(made.joined.resume).only(ViewerWelcome).resume
    welcome = made.bench.agent(token=made.opened.token).heard()[0]
    assert isinstance(welcome, AgentWelcome)
    agents = welcome.token
    kept = [record for record in made.bench.records if isinstance(record, SessionKept)][-1]
    seats = [record for record in made.bench.records if isinstance(record, SeatKept)][-1:]
    for of_agent, of_viewer in ((made.opened.token, made.joined.resume), (agents, given)):
        after = Bench()
        after.registry.restore(kept, seats)
        assert isinstance(after.agent(token=of_agent).heard()[0], AgentWelcome)
        assert isinstance(after.back(of_viewer).heard()[0], ViewerWelcome)


@pytest.mark.parametrize("how", ["expired", "revoked"])
def test_C12_what_an_agent_is_told_of_a_seat_that_nobody_came_back_to_is_a_message(how: str) -> None:
    made = scene(live=True)
    kept = [record for record in made.bench.records if isinstance(record, SessionKept)][-1]
    seats = [record for record in made.bench.records if isinstance(record, SeatKept)][-1:]
    bench = Bench(at_s=made.bench.at_s)
    bench.registry.restore(kept, seats)
    agent = bench.agent(made.opened.token)
    agent.raw()
    if how == "revoked":
        bench.registry.dismiss(ANA.account_id)
    else:
        bench.turn(601)
    gone = agent.only(ViewerGone)  # read as the agent reads it
    assert (gone.slot, gone.left) == (1, True)


@pytest.mark.parametrize("let_in", [True, False])
def test_C17_nobody_ends_a_host_by_leaving_before_its_answer(let_in: bool) -> None:
    made = scene()
    for _ in range(200):
        viewer = made.bench.viewer(made.opened.routing or "")
        welcome = viewer.only(ViewerWelcome)
        viewer.say(to_host(MessageType.HANDSHAKE, welcome.link))
        assert viewer.party is not None
        viewer.party.gone(ErrorCode.DEADLINE)
        if let_in:
            made.agent.say(SeatAdmitted(link=welcome.link))
        made.agent.say(RemoveViewer(link=welcome.link, code=ErrorCode.CODE_WRONG))
        made.agent.raw()
    assert made.agent.line.ending is None


def test_C17_what_is_said_of_a_link_that_is_past_changes_and_costs_nothing() -> None:
    made = scene()
    assert made.viewer.party is not None
    made.viewer.party.gone(ErrorCode.DEADLINE)
    made.agent.say(CodeSpent())
    before = len(made.bench.records)
    for _ in range(200):
        made.agent.say(RemoveViewer(link=made.joined.link, code=ErrorCode.CODE_WRONG))
        made.agent.say(SeatAdmitted(link=made.joined.link))
    assert made.agent.line.ending is None
    assert len(made.bench.records) == before
