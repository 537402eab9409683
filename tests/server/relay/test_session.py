"""The relay's sessions without sockets, by rule."""

import pytest

from relevo_protocol.errors import ErrorCode
from relevo_protocol.header import Header, MessageType
from relevo_protocol.lifecycle import SeatState, SessionState
from relevo_protocol.messages.base import Message
from relevo_protocol.messages.relay import (
    AgentHello,
    AgentWelcome,
    CodeIssued,
    CodeRequest,
    EndSession,
    KeyframeWanted,
    ModeNotice,
    RelayError,
    SeatAdmitted,
    ViewerGone,
    ViewerHello,
    ViewerJoining,
    ViewerWelcome,
)
from relevo_protocol.modes import Mode
from relevo_server.relay.policies import Policies
from relevo_server.relay.records import SessionKept
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
    to_viewer,
)

# --- coming in


def test_C16_an_agent_gets_the_number_that_was_reserved_once() -> None:
    bench = Bench()
    bench.numbers.reserved.add("482913")
    assert bench.agent(join="482913").only(AgentWelcome).routing == "482913"
    assert refused_as(bench.agent(join="482913")) is ErrorCode.TICKET_INVALID


def test_C16_a_number_that_nobody_reserved_opens_no_session() -> None:
    bench = Bench()
    assert refused_as(bench.agent(join="482913")) is ErrorCode.TICKET_INVALID
    assert bench.registry.census().sessions == 0
    assert bench.numbers.led == {}


def test_C16_an_agent_that_comes_back_does_not_claim() -> None:
    bench = Bench()
    first = bench.agent().only(AgentWelcome)
    bench.numbers.reserved.add("482913")
    assert bench.agent(token=first.token, join="482913").only(AgentWelcome).resumed
    assert bench.numbers.reserved == {"482913"}


def test_C3_C5_an_agent_gets_a_session_a_number_and_a_token() -> None:
    bench = Bench()
    welcome = bench.agent().only(AgentWelcome)
    assert welcome.origin == "https://relay.example"
    assert not welcome.resumed
    assert bench.numbers.led == {welcome.routing: welcome.session_id}
    (kept,) = recorded(bench, SessionKept)
    assert isinstance(kept, SessionKept)
    assert kept.agent_token_hash == token_hash(welcome.token)
    assert welcome.token not in repr(bench.records)


def test_C8_a_viewer_is_welcomed_and_announced_with_its_identity() -> None:
    bench = Bench()
    agent = bench.agent()
    routing = agent.only(AgentWelcome).routing
    viewer = bench.viewer(str(routing))
    welcome, joining = viewer.only(ViewerWelcome), agent.only(ViewerJoining)
    assert (joining.link, joining.slot, joining.resumed) == (welcome.link, 1, False)
    assert (joining.account_id, joining.display_name, joining.organisation) == ("a1", "Ana Ruiz", "Prueba")
    assert welcome.host_present


def test_L8_W6_five_viewers_fit_and_links_are_never_reused() -> None:
    bench = Bench()
    agent = bench.agent()
    routing = str(agent.only(AgentWelcome).routing)
    welcomes = [bench.viewer(routing).only(ViewerWelcome) for _ in range(5)]
    assert [w.slot for w in welcomes] == [1, 2, 3, 4, 5]
    assert len({w.link for w in welcomes}) == 5
    assert refused_as(bench.viewer(routing)) is ErrorCode.SESSION_FULL


def test_W6_links_grow_over_a_restart() -> None:
    first, second = scene(), scene()
    assert second.bench.at_s == first.bench.at_s
    later = Bench(at_s=first.bench.at_s + 1)
    routing = str(later.agent().only(AgentWelcome).routing)
    assert later.viewer(routing).only(ViewerWelcome).link > first.joined.link


def test_a_full_relay_says_so() -> None:
    bench = Bench(Policies(max_sessions=1))
    bench.agent()
    assert refused_as(bench.agent()) is ErrorCode.THROTTLED


@pytest.mark.parametrize("token", ["x" * 43])
def test_an_unknown_token_is_refused(token: str) -> None:
    bench = Bench()
    assert refused_as(bench.agent(token)) is ErrorCode.RESUME_INVALID
    assert refused_as(bench.back(token)) is ErrorCode.RESUME_INVALID


# --- the handshake passes unread


def test_W7_flights_pass_unaltered_and_advance_the_seat() -> None:
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


def test_W8_flights_out_of_turn_end_the_viewer() -> None:
    made = scene()
    made.viewer.say(to_host(MessageType.HANDSHAKE, made.joined.link))
    made.viewer.say(to_host(MessageType.HANDSHAKE, made.joined.link))
    assert refused_as(made.viewer) is ErrorCode.UNEXPECTED


def test_W8_an_agents_flight_that_answers_nothing_is_dropped() -> None:
    made = scene()
    made.agent.say(to_viewer(MessageType.HANDSHAKE, 1, made.joined.link))
    assert made.viewer.raw() == []
    assert made.agent.line.ending is None


@pytest.mark.parametrize("wrong", ["link", "slot", "sealed early"])
def test_W8_what_the_agent_says_to_another_link_is_dropped(wrong: str) -> None:
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
def test_W8_what_a_viewer_may_not_send_ends_its_line_alone(message: bytes) -> None:
    made = scene(live=True)
    made.viewer.say(message)
    assert made.viewer.line.ending is not None
    assert made.agent.raw() == []
    assert made.agent.line.ending is None


def test_M2_the_relay_does_not_take_an_agents_words_from_a_viewer() -> None:
    made = scene(live=True)
    made.viewer.say(EndSession())
    assert refused_as(made.viewer) is ErrorCode.MALFORMED
    assert made.session.state is SessionState.ACTIVE


@pytest.mark.parametrize("message", [AgentHello(version=1, agent_version="1")])
def test_C1_a_second_hello_ends_the_agents_line(message: Message) -> None:
    made = scene()
    made.agent.say(message)
    assert refused_as(made.agent) is ErrorCode.UNEXPECTED


def test_C1_a_second_hello_ends_the_viewers_line() -> None:
    made = scene()
    made.viewer.say(ViewerHello(version=1, ticket="x" * 43))
    assert refused_as(made.viewer) is ErrorCode.UNEXPECTED


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


def test_C14_a_viewer_that_caught_up_gets_a_keyframe_wanted_at_a_limited_rate() -> None:
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


def test_C13_a_viewer_whose_control_overflows_is_slow_and_may_come_back() -> None:
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


# --- what costs everybody


def test_C17_an_agent_that_floods_with_requests_is_ended_and_leaves_few_records() -> None:
    made = scene(live=True)
    made.bench.records.clear()
    modes = [ModeNotice(mode=Mode.FULL), ModeNotice(mode=Mode.OBSERVER)]
    for number in range(1000):
        made.agent.say(modes[number % 2])
    assert refused_as(made.agent) is ErrorCode.THROTTLED
    assert len(made.bench.records) < 200
    # A new connection does not begin with a new allowance.
    again = made.bench.agent(token=made.opened.token)
    again.raw()
    again.say(modes[0])
    assert refused_as(again) is ErrorCode.THROTTLED


def test_C18_a_disabled_accounts_seats_end_and_the_agent_is_told() -> None:
    made = scene(live=True)
    assert {who.account_id for who in made.bench.registry.vouched()} == {ANA.account_id}
    made.bench.registry.dismiss("somebody else")
    assert made.viewer.raw() == []
    made.bench.registry.dismiss(ANA.account_id)
    assert refused_as(made.viewer) is ErrorCode.REMOVED
    assert made.agent.only(ViewerGone).left
    assert made.bench.registry.vouched() == set()
    assert made.bench.back(made.joined.resume).only(RelayError).code is ErrorCode.RESUME_INVALID
