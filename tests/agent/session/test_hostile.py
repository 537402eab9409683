"""What a hostile relay, or a hostile viewer inside the sealed channel, does to the session."""

import pytest

from relevo_agent.session.actions import (
    Acked,
    Ask,
    CloseLink,
    NeedKeyframe,
    Notice,
    Perform,
    Phase,
    StopCapture,
    Tell,
)
from relevo_agent.ui.words.session import TABLE
from relevo_protocol.crypto.schedule import Credential
from relevo_protocol.errors import ErrorCode
from relevo_protocol.messages.base import Message
from relevo_protocol.messages.input import KeyPress, ReleaseAll
from relevo_protocol.messages.relay import (
    AgentHello,
    AgentWelcome,
    CodeIssued,
    CodeRequest,
    KeyframeWanted,
    RelayError,
    ViewerGone,
    ViewerJoining,
)
from relevo_protocol.messages.screen import CaptureCondition, CaptureState, FrameAck, KeyframeRequest
from relevo_protocol.messages.session import ConsentResult, Heartbeat, ModeRequest, ModeState
from relevo_protocol.modes import Mode
from tests.agent.fakes import Viewer
from tests.agent.session.world import ORIGIN, SESSION_ID, TOKEN, World, new_world


def welcome(*, resumed: bool, origin: str = ORIGIN, session_id: bytes = SESSION_ID) -> AgentWelcome:
    return AgentWelcome(session_id=session_id, origin=origin, token=TOKEN, resumed=resumed)


def notices(world: World) -> list[Notice]:
    return [action.notice for action in world.actions if isinstance(action, Tell)]


# --- the relay ---


@pytest.mark.parametrize(
    "message", [KeyframeWanted(slot=1), CodeIssued(routing="482913", code_life_s=600)], ids=["frame", "code"]
)
def test_C1_nothing_is_heard_before_the_welcome(world: World, message: Message) -> None:
    world.carry(world.session.link_lost(world.now_ms))
    world.carry(world.session.link_opened(world.now_ms))
    shown = world.session.snapshot.code
    world.relay(message)
    assert world.count(CloseLink) == 1
    assert world.session.snapshot.code == shown


def test_C1_a_second_welcome_closes_the_link_and_ends_nobody(world: World) -> None:
    world.live()
    world.relay(welcome(resumed=False))
    assert world.count(CloseLink) == 1
    assert [person.present for person in world.session.snapshot.people] == [True]


@pytest.mark.parametrize(
    "other",
    [welcome(resumed=True, origin="https://evil.example"), welcome(resumed=True, session_id=b"x" * 16)],
    ids=["origin", "session"],
)
def test_C4_a_relay_that_resumes_another_session_starts_over(world: World, other: AgentWelcome) -> None:
    world.live()
    world.carry(world.session.link_lost(world.now_ms))
    world.carry(world.session.link_opened(world.now_ms))
    world.relay(other)
    assert world.count(CloseLink) == 1
    assert world.session.snapshot.people == ()
    assert notices(world) == [Notice.SESSION_LOST]
    world.carry(world.session.link_lost(world.now_ms))
    world.connect()
    hello = next(m for m in reversed(world.said) if isinstance(m, AgentHello))
    assert hello.token is None


def test_C4_nothing_is_resumed_that_never_was() -> None:
    world = new_world(join="482913")
    world.carry(world.session.link_opened(world.now_ms))
    world.relay(welcome(resumed=True))
    assert world.count(CloseLink) == 1
    assert world.phase() is Phase.CONNECTING


@pytest.mark.parametrize("life_s", [0, 86_400])
def test_C5_the_relay_does_not_decide_how_long_a_code_lives(world: World, life_s: int) -> None:
    world.carry(world.session.new_code(world.now_ms))
    before = world.count(CodeRequest)
    world.relay(CodeIssued(routing="000001", code_life_s=life_s))
    assert world.count(CodeRequest) == before, "a code without life must not be a loop"
    code = world.session.snapshot.code
    assert code is not None
    assert 10_000 <= code.expires_ms - world.now_ms <= 600_000


def test_C17_a_relay_that_takes_no_more_from_this_network_is_told_of_as_that() -> None:
    world = new_world(connected=False)
    world.carry(world.session.link_opened(world.now_ms))
    world.relay(RelayError(code=ErrorCode.THROTTLED, detail="this address has all the sessions"))
    assert notices(world) == [Notice.RELAY_FULL]
    assert all("sessions_per_address" in text for text in TABLE["notice.relay_full"])


def test_C5_a_relay_that_gives_no_codes_is_left_in_peace(world: World) -> None:
    world.carry(world.session.new_code(world.now_ms))
    world.relay(RelayError(code=ErrorCode.THROTTLED))
    assert notices(world) == [Notice.RELAY_BUSY]
    world.carry(world.session.link_lost(world.now_ms))
    asked = world.count(CodeRequest)
    world.connect(resumed=True)
    world.wait(59_000)
    assert world.count(CodeRequest) == asked
    world.wait(1_001)
    assert world.count(CodeRequest) == asked + 1


def test_C8_a_relay_cannot_rename_somebody_who_comes_back(world: World) -> None:
    viewer = world.live()
    world.cut(viewer)
    joining = ViewerJoining(
        link=99, slot=1, account_id="id-Ana", display_name="Policía", organisation="Org", resumed=True
    )
    world.relay(joining)
    assert "Policía" not in [person.display_name for person in world.session.snapshot.people]


def test_S1_who_lacks_the_resume_secret_does_not_end_the_seat(world: World) -> None:
    viewer = world.live()
    world.cut(viewer)
    right = viewer.resume
    assert right is not None
    viewer.resume = Credential("resume", bytes(32), right.ref)
    world.back(viewer)
    assert world.removed() == [ErrorCode.TAMPERED]
    assert [person.present for person in world.session.snapshot.people] == [False]
    viewer.resume = right
    world.back(viewer)
    assert [person.present for person in world.session.snapshot.people] == [True]


# --- reserved numbers ---


def test_C16_a_reserved_number_is_named_once_and_shown_as_such() -> None:
    world = new_world(join="482913")
    world.connect()
    assert isinstance(world.said[0], AgentHello)
    assert world.said[0].join == "482913"
    code = world.session.snapshot.code
    assert code is not None
    assert code.reserved
    world.carry(world.session.link_lost(world.now_ms))
    world.carry(world.session.link_opened(world.now_ms))
    assert isinstance(world.said[-1], AgentHello)
    assert world.said[-1].join is None


def test_C16_a_number_that_is_gone_is_said_and_a_fresh_one_taken() -> None:
    world = new_world(join="111111")
    world.carry(world.session.link_opened(world.now_ms))
    world.relay(RelayError(code=ErrorCode.TICKET_INVALID))
    assert notices(world) == [Notice.NUMBER_GONE]
    assert world.count(CloseLink) == 1
    world.carry(world.session.link_lost(world.now_ms))
    world.connect()
    assert isinstance(world.said[-1], AgentHello)
    assert world.said[-1].join is None
    code = world.session.snapshot.code
    assert code is not None
    assert not code.reserved


# --- viewers ---


def test_R10_a_flood_ends_the_viewer_and_not_the_agent(world: World) -> None:
    viewer = world.live()
    for number in range(10_000):
        if world.removed():
            break
        world.give(viewer.say(Heartbeat(t_ms=number)))
    assert world.removed() == [ErrorCode.THROTTLED]
    assert world.session.snapshot.people == ()
    assert world.count(StopCapture) == 1


def test_R10_a_thousand_messages_a_second_are_nothing_special(world: World) -> None:
    viewer = world.live()
    for number in range(6000):
        world.now_ms += 1
        world.give(viewer.say(Heartbeat(t_ms=number)))
    assert world.removed() == []


def test_R3_mode_requests_in_a_row_are_answered_now_and_then(world: World) -> None:
    lead = world.live(mode="observer")
    other = world.live(slot=2, name="Luis")
    world.wait(1000)
    told = [sum(isinstance(m, ModeState) for m in v.heard) for v in (lead, other)]
    for _ in range(1000):
        world.give(lead.say(ModeRequest(mode=Mode.OBSERVER)))
    assert [sum(isinstance(m, ModeState) for m in v.heard) for v in (lead, other)] == [told[0] + 1, told[1]]


def test_R3_asking_and_taking_back_is_no_way_to_pester(world: World) -> None:
    viewer = world.live(mode="observer")
    asked = world.count(Ask)
    for _ in range(100):
        world.give(viewer.say(ModeRequest(mode=Mode.FULL)))
        world.give(viewer.say(ModeRequest(mode=Mode.OBSERVER)))
    assert world.count(Ask) == asked + 1
    result = viewer.last(ConsentResult)
    assert isinstance(result, ConsentResult)
    assert result.code is ErrorCode.THROTTLED
    world.wait(10_000)
    world.give(viewer.say(Heartbeat(t_ms=1)))
    world.give(viewer.say(ModeRequest(mode=Mode.FULL)))
    assert world.count(Ask) == asked + 2


def test_I5_only_the_one_who_holds_keys_lets_them_go(world: World) -> None:
    lead = world.live()
    other = world.live(slot=2, name="Luis")
    world.give(lead.say(KeyPress(code="KeyA", key="a", down=True)))
    before = world.count(Perform)
    world.give(other.say(ReleaseAll()))
    assert world.count(Perform) == before
    world.give(lead.say(ReleaseAll()))
    assert world.count(Perform) == before + 1


def test_D2_an_acknowledgement_counts_once(world: World) -> None:
    viewer = world.live()
    for _ in range(100):
        world.give(viewer.say(FrameAck(frame_id=1)))
        world.give(viewer.say(FrameAck(frame_id=2)))
    assert world.count(Acked) == 1


def test_C14_wishes_for_keyframes_do_not_wake_the_capture_each(world: World) -> None:
    viewer = world.live()
    world.actions.clear()
    for _ in range(100):
        world.give(viewer.say(KeyframeRequest()))
    assert world.count(NeedKeyframe) == 1


# --- the customer is told ---


@pytest.mark.parametrize("how", ["cut", "left", "agent"])
def test_P1_a_question_that_vanishes_is_explained(world: World, how: str) -> None:
    viewer: Viewer = world.verified()
    match how:
        case "agent":
            world.carry(world.session.link_lost(world.now_ms))
        case _:
            code = ErrorCode.HOST_GONE
            world.relay(ViewerGone(link=viewer.link, slot=viewer.slot, left=how == "left", code=code))
    assert notices(world) == [Notice.VISITOR_LOST]


def test_P1_a_no_needs_no_explanation(world: World) -> None:
    world.verified()
    world.answer(False)
    assert notices(world) == []


def test_D1_who_comes_later_is_told_why_there_is_no_picture(world: World) -> None:
    world.live()
    state = CaptureState(condition=CaptureCondition.LOCKED, detail="locked")
    world.carry(world.session.condition(world.run, state, world.now_ms))
    other = world.live(slot=2, name="Luis")
    assert other.last(CaptureState) == state
