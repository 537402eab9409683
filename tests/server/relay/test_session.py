"""The relay's sessions without sockets, by rule."""

import pytest

from relevo_protocol.errors import ErrorCode
from relevo_protocol.header import DST_HOST, Header, MessageType
from relevo_protocol.lifecycle import SeatState, SessionState
from relevo_protocol.messages.base import Message
from relevo_protocol.messages.relay import (
    AgentHello,
    AgentWelcome,
    CodeIssued,
    CodeRequest,
    CodeSpent,
    EndSession,
    HostBack,
    HostGone,
    KeyframeWanted,
    Leave,
    ModeNotice,
    RelayError,
    RemoveViewer,
    SeatAdmitted,
    SessionEnded,
    ViewerGone,
    ViewerHello,
    ViewerJoining,
    ViewerWelcome,
)
from relevo_protocol.modes import Mode
from relevo_server.relay.policies import Policies, Side
from relevo_server.relay.records import Audited, Record, SeatDropped, SeatKept, SessionKept, SessionOver
from relevo_server.relay.tokens import token_hash
from tests.server.relay.hands import ANA, Bench, Peer, Scene, media, scene, to_host, to_viewer


def _records(bench: Bench, kind: type[Record]) -> list[Record]:
    return [record for record in bench.records if isinstance(record, kind)]


def _error(peer: Peer) -> ErrorCode:
    errors = [m for m in peer.heard() if isinstance(m, RelayError)]
    assert len(errors) == 1, errors
    assert peer.line.ending is not None
    assert peer.line.ending.code is errors[0].code
    return errors[0].code


# --- coming in


def test_C2_an_agent_gets_a_session_a_number_and_a_token() -> None:
    bench = Bench()
    welcome = bench.agent().only(AgentWelcome)
    assert welcome.origin == "https://relay.example"
    assert not welcome.resumed
    assert bench.numbers.led == {welcome.routing: welcome.session_id}
    (kept,) = _records(bench, SessionKept)
    assert isinstance(kept, SessionKept)
    assert kept.agent_token_hash == token_hash(welcome.token)
    assert welcome.token not in repr(bench.records)


def test_C3_a_viewer_is_welcomed_and_announced_with_its_identity() -> None:
    bench = Bench()
    agent = bench.agent()
    routing = agent.only(AgentWelcome).routing
    viewer = bench.viewer(str(routing))
    welcome, joining = viewer.only(ViewerWelcome), agent.only(ViewerJoining)
    assert (joining.link, joining.slot, joining.resumed) == (welcome.link, 1, False)
    assert (joining.account_id, joining.display_name, joining.organisation) == ("a1", "Ana Ruiz", "Prueba")
    assert welcome.host_present


def test_five_viewers_fit_and_links_are_never_reused() -> None:
    bench = Bench()
    agent = bench.agent()
    routing = str(agent.only(AgentWelcome).routing)
    welcomes = [bench.viewer(routing).only(ViewerWelcome) for _ in range(5)]
    assert [w.slot for w in welcomes] == [1, 2, 3, 4, 5]
    assert len({w.link for w in welcomes}) == 5
    assert _error(bench.viewer(routing)) is ErrorCode.SESSION_FULL


def test_links_grow_over_a_restart() -> None:
    first, second = scene(), scene()
    assert second.bench.at_s == first.bench.at_s
    later = Bench(at_s=first.bench.at_s + 1)
    routing = str(later.agent().only(AgentWelcome).routing)
    assert later.viewer(routing).only(ViewerWelcome).link > first.joined.link


def test_a_full_relay_says_so() -> None:
    bench = Bench(Policies(max_sessions=1))
    bench.agent()
    assert _error(bench.agent()) is ErrorCode.THROTTLED


@pytest.mark.parametrize("token", ["x" * 43])
def test_an_unknown_token_is_refused(token: str) -> None:
    bench = Bench()
    assert _error(bench.agent(token)) is ErrorCode.RESUME_INVALID
    assert _error(bench.back(token)) is ErrorCode.RESUME_INVALID


# --- the handshake passes unread


def test_C6_flights_pass_unaltered_and_advance_the_seat() -> None:
    made = scene()
    seat = made.session.seats[1]
    states = [seat.state]
    for number in range(2):
        out = to_host(MessageType.HANDSHAKE, made.joined.link, b"v%d" % number)
        made.viewer.say(out)
        assert made.agent.raw() == [out]
        states.append(seat.state)
        back = to_viewer(MessageType.HANDSHAKE, 1, made.joined.link, b"h%d" % number)
        made.agent.say(back)
        assert made.viewer.raw() == [back]
        states.append(seat.state)
    wanted = [
        SeatState.JOINING,
        SeatState.VERIFYING,
        SeatState.VERIFYING,
        SeatState.VERIFYING,
        SeatState.ASKING,
    ]
    assert states == wanted


def test_C6_flights_out_of_turn_end_the_viewer() -> None:
    made = scene()
    made.viewer.say(to_host(MessageType.HANDSHAKE, made.joined.link))
    made.viewer.say(to_host(MessageType.HANDSHAKE, made.joined.link))
    assert _error(made.viewer) is ErrorCode.UNEXPECTED


def test_C6_an_agents_flight_that_answers_nothing_is_dropped() -> None:
    made = scene()
    made.agent.say(to_viewer(MessageType.HANDSHAKE, 1, made.joined.link))
    assert made.viewer.raw() == []
    assert made.agent.line.ending is None


@pytest.mark.parametrize("wrong", ["link", "slot", "sealed early"])
def test_C7_what_the_agent_says_to_another_link_is_dropped(wrong: str) -> None:
    made = scene()
    made.viewer.say(to_host(MessageType.HANDSHAKE, made.joined.link))
    link, slot, kind = made.joined.link, 1, MessageType.HANDSHAKE
    match wrong:
        case "link":
            link += 1
        case "slot":
            slot = 2
        case _:
            kind = MessageType.PAIRWISE
    made.agent.say(to_viewer(kind, slot, link))
    assert made.viewer.raw() == []
    assert made.agent.line.ending is None


@pytest.mark.parametrize(
    "message",
    [
        to_host(MessageType.PAIRWISE, 1),
        media(1, keyframe=True),
        b"",
        b"\x02" + bytes(30),
        Header(MessageType.PAIRWISE, dst=1, key_id=1).pack(),
        Header(MessageType.RELAY).pack() + b"\x81\xa1t\xa9SeatAdmit",
    ],
)
def test_C1_what_a_viewer_may_not_send_ends_its_line_alone(message: bytes) -> None:
    made = scene(live=True)
    made.viewer.say(message)
    assert made.viewer.line.ending is not None
    assert made.agent.raw() == []
    assert made.agent.line.ending is None


def test_C1_the_relay_does_not_take_an_agents_words_from_a_viewer() -> None:
    made = scene(live=True)
    made.viewer.say(EndSession())
    assert _error(made.viewer) is ErrorCode.MALFORMED
    assert made.session.state is SessionState.ACTIVE


@pytest.mark.parametrize("message", [AgentHello(version=1, agent_version="1")])
def test_a_second_hello_ends_the_agents_line(message: Message) -> None:
    made = scene()
    made.agent.say(message)
    assert _error(made.agent) is ErrorCode.UNEXPECTED


def test_a_second_hello_ends_the_viewers_line() -> None:
    made = scene()
    made.viewer.say(ViewerHello(version=1, ticket="x" * 43))
    assert _error(made.viewer) is ErrorCode.UNEXPECTED


# --- media


def test_C9_no_media_before_admission_and_a_keyframe_first() -> None:
    made = scene()
    made.flights()
    made.viewer.raw()
    made.agent.say(media(1, keyframe=True))
    made.agent.say(media(2))
    assert made.viewer.raw() == []
    made.admit()
    made.agent.say(media(3))
    assert made.viewer.raw() == []
    made.agent.say(media(4, keyframe=True))
    made.agent.say(media(5))
    assert made.viewer.raw() == [media(4, keyframe=True), media(5)]


def test_C9_admission_before_the_handshake_is_refused_and_changes_nothing() -> None:
    made = scene()
    made.agent.say(SeatAdmitted(link=made.joined.link))
    assert made.agent.line.ending is not None
    assert not made.session.seats[1].admitted


def test_C9_admission_of_a_link_that_is_gone_is_no_fault() -> None:
    made = scene()
    made.agent.say(SeatAdmitted(link=made.joined.link + 1))
    assert made.agent.line.ending is None


def test_frames_of_one_message_are_shared_between_viewers() -> None:
    made = scene(live=True)
    made.agent.say(CodeRequest())
    routing = made.agent.only(CodeIssued).routing
    second = made.bench.viewer(routing)
    joined = second.only(ViewerWelcome)
    other = Scene(made.bench, made.agent, second, made.opened, joined)
    made.agent.raw()
    other.flights()
    other.admit()
    second.raw()
    frame = media(1, keyframe=True)
    made.agent.say(frame)
    assert made.viewer.raw()[0] is frame
    assert second.raw()[0] is frame


def test_C10_a_viewer_that_caught_up_gets_a_keyframe_wanted_at_a_limited_rate() -> None:
    made = scene(live=True, policies=Policies(media_bytes=2000))
    made.agent.say(media(1, keyframe=True))
    made.agent.say(media(2))
    made.agent.say(media(3))
    assert made.agent.raw() == []  # the viewer has not asked for more yet
    assert made.viewer.raw() == []
    assert made.viewer.party is not None
    for _ in range(3):
        made.viewer.party.drained()
    assert made.agent.only(KeyframeWanted).slot == 1
    made.bench.turn(1.1)
    assert made.agent.only(KeyframeWanted).slot == 1
    made.agent.say(media(4, keyframe=True))
    made.bench.turn(1.1)
    assert made.agent.raw() == []
    assert made.viewer.raw() == [media(4, keyframe=True)]


def test_a_viewer_whose_control_overflows_is_slow_and_may_come_back() -> None:
    made = scene(live=True, policies=Policies(control_bytes=3000))
    for _ in range(4):
        made.agent.say(to_viewer(MessageType.PAIRWISE, 1, made.joined.link, bytes(1000)))
    ending = made.viewer.line.ending
    assert ending is not None
    assert (ending.code, ending.abort) == (ErrorCode.SLOW, True)
    assert made.viewer.party is not None
    made.viewer.party.gone(ErrorCode.SLOW)
    gone = made.agent.only(ViewerGone)
    assert (gone.left, gone.code) == (False, ErrorCode.SLOW)
    assert made.bench.back(made.joined.resume).only(ViewerWelcome).slot == 1


def test_a_flooding_viewer_ends_itself_not_the_agent() -> None:
    made = scene(live=True, policies=Policies(control_bytes=4000))
    for _ in range(5):
        made.viewer.say(to_host(MessageType.PAIRWISE, made.joined.link, bytes(1000)))
    assert made.viewer.line.ending is not None
    assert made.viewer.line.ending.code is ErrorCode.SLOW
    assert made.agent.line.ending is None


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
    assert _error(made.bench.back(made.joined.resume)) is ErrorCode.RESUME_INVALID


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


def test_a_second_window_replaces_the_first() -> None:
    made = scene(live=True)
    back = made.bench.back(made.joined.resume)
    assert _error(made.viewer) is ErrorCode.REPLACED
    assert [type(m) for m in made.agent.heard()] == [ViewerGone, ViewerJoining]
    assert made.viewer.party is not None
    made.viewer.party.gone(ErrorCode.REPLACED)  # its socket goes down later: nothing happens
    assert made.agent.raw() == []
    assert back.only(ViewerWelcome).slot == 1


def test_a_token_shown_while_joining_ends_both() -> None:
    made = scene()
    assert _error(made.bench.back(made.joined.resume)) is ErrorCode.RESUME_INVALID
    assert _error(made.viewer) is ErrorCode.REPLACED


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
    assert _error(made.viewer) is ErrorCode.HOST_GONE
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
    assert _error(made.agent) is ErrorCode.REPLACED
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
def test_C12_removal(code: ErrorCode, told: ErrorCode, comes_back: bool) -> None:
    made = scene(live=True)
    made.agent.say(RemoveViewer(link=made.joined.link, code=code))
    assert _error(made.viewer) is told
    back = made.bench.back(made.joined.resume)
    assert (back.party is not None) is comes_back


@pytest.mark.parametrize(("code", "stays"), [(ErrorCode.CODE_WRONG, True), (ErrorCode.REMOVED, False)])
def test_C12_a_failed_resume_leaves_the_seat_to_its_owner(code: ErrorCode, stays: bool) -> None:
    made = scene(live=True)
    back = made.bench.back(made.joined.resume)
    welcome = back.only(ViewerWelcome)
    made.agent.raw()
    made.agent.say(RemoveViewer(link=welcome.link, code=code))
    assert _error(back) is code
    assert (1 in made.session.seats) is stays


def test_a_new_code_kills_the_old_one_and_a_spent_one_leads_nowhere() -> None:
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
    assert _error(made.agent) is ErrorCode.THROTTLED


def test_the_end_is_told_to_all_and_recorded() -> None:
    made = scene(live=True)
    made.agent.say(EndSession(reason="fin"))
    assert made.viewer.only(SessionEnded).reason == "fin"
    for peer in (made.viewer, made.agent):
        assert peer.line.ending is not None
        assert peer.line.ending.code is ErrorCode.SESSION_ENDED
    assert _records(made.bench, SessionOver)
    made.bench.turn(1)
    assert made.bench.registry.find(made.opened.session_id) is None
    assert _error(made.bench.agent(made.opened.token)) is ErrorCode.RESUME_INVALID
    assert _error(made.bench.back(made.joined.resume)) is ErrorCode.RESUME_INVALID
    made.agent.say(CodeSpent())
    assert made.bench.records[-1] == _records(made.bench, Audited)[-1]  # nothing more is kept of it


def test_leaving_drops_the_seat() -> None:
    made = scene(live=True)
    made.viewer.say(Leave())
    assert made.agent.only(ViewerGone).left
    assert _records(made.bench, SeatDropped) == [SeatDropped(made.opened.session_id, 1)]
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
    assert _error(made.viewer) is ErrorCode.DEADLINE
    made = scene()
    made.flights()
    made.viewer.raw()
    made.bench.turn(21)
    assert made.viewer.line.ending is None
    made.bench.turn(60)
    assert _error(made.viewer) is ErrorCode.DEADLINE


def test_an_away_seat_and_an_away_host_expire() -> None:
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


def test_a_restored_session_waits_for_both_in_any_order() -> None:
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
    assert _records(bench, SessionOver)


def test_who_pretends_to_be_a_header_of_the_host_reaches_nobody() -> None:
    made = scene(live=True)
    made.agent.say(Header(MessageType.PAIRWISE, dst=DST_HOST, key_id=made.joined.link).pack())
    assert _error(made.agent) is ErrorCode.UNEXPECTED
    assert ANA.account_id == "a1"
    assert made.agent.line.side is Side.AGENT
