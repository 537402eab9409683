"""The session core by rule: a relay's words in, actions out, viewers played with the real protocol."""

import pytest

from relevo_agent.session.actions import (
    Ask,
    NeedKeyframe,
    Perform,
    Phase,
    QuestionKind,
    ReleaseHeld,
    StartCapture,
    StopCapture,
    Tell,
)
from relevo_protocol.crypto.flights import ViewerIdentity
from relevo_protocol.errors import ErrorCode
from relevo_protocol.header import Flags
from relevo_protocol.messages.input import (
    KeyPress,
    PointerButton,
    PointerMove,
    TextInput,
)
from relevo_protocol.messages.relay import (
    AgentHello,
    CodeIssued,
    CodeRequest,
    CodeSpent,
    KeyframeWanted,
    SeatAdmitted,
)
from relevo_protocol.messages.screen import KeyframeRequest, ScreenLayout
from relevo_protocol.messages.session import (
    ConsentPending,
    ConsentResult,
    Epoch,
    Goodbye,
    InputRefused,
    ModeRequest,
    ModeState,
)
from relevo_protocol.messages.team import TokenState
from relevo_protocol.modes import Mode, Role
from relevo_protocol.rights import Factor
from tests.agent.session.samples import SAMPLES
from tests.agent.session.world import FRAME, LAYOUT, World

# --- coming in ---


def test_C1_hello_is_first_and_a_code_is_shown(world: World) -> None:
    assert isinstance(world.said[0], AgentHello)
    assert world.phase() is Phase.WAITING
    code = world.session.snapshot.code
    assert code is not None
    assert code.digits.startswith("482913")
    assert len(code.digits) == 12


def test_P1_P2_consent_then_admission_in_order(world: World) -> None:
    viewer = world.verified()
    assert [type(m) for m in viewer.heard] == [ConsentPending]
    assert world.count(StartCapture) == 0
    world.answer(True)
    world.frame(keyframe=True)
    admitted = [ConsentPending, ConsentResult, Epoch, ModeState, TokenState, ScreenLayout]
    assert [type(m) for m in viewer.heard] == admitted
    assert viewer.keyframes == 1
    assert any(isinstance(m, SeatAdmitted) and m.link == viewer.link for m in world.said)
    assert any(isinstance(m, CodeSpent) for m in world.said)
    assert world.mode() is Mode.FULL


def test_C14_the_capture_says_what_the_relay_may_drop(world: World) -> None:
    viewer = world.live()
    for number, flags in enumerate((Flags.KEYFRAME, Flags.NONE, Flags.DROPPABLE, Flags.SIGNED), 2):
        world.carry(world.session.frame(world.run, number, flags, FRAME, world.now_ms))
    seen = [header.flags for header, _ in viewer.frames[-4:]]
    assert seen == [
        Flags.KEYFRAME,
        Flags.NONE,
        Flags.DROPPABLE,
        Flags.NONE,
    ]  # SIGNED is not the capture's to say


def test_R9_before_consent_not_one_byte_of_the_desktop(world: World) -> None:
    viewer = world.verified()
    world.carry(world.session.layout(1, LAYOUT, world.now_ms))
    world.carry(world.session.frame(1, 1, Flags.KEYFRAME, FRAME, world.now_ms))
    assert viewer.media_messages == 0
    assert world.count(StartCapture) == 0
    assert [type(m) for m in viewer.heard] == [ConsentPending]


def test_R9_a_listener_without_consent_hears_no_media_while_another_is_live(world: World) -> None:
    world.live()
    early = world.verified(2, "Eva")
    world.frame(keyframe=True)
    assert early.frames == []
    assert not any(isinstance(m, (Epoch, ScreenLayout, ModeState)) for m in early.heard)


@pytest.mark.parametrize("granted", [False, None])
def test_P1_no_and_silence_are_no(world: World, granted: bool | None) -> None:
    viewer = world.verified()
    if granted is None:
        world.wait(60_001)
    else:
        world.answer(granted)
    result = viewer.last(ConsentResult)
    expected = ErrorCode.CONSENT_TIMEOUT if granted is None else ErrorCode.CONSENT_DENIED
    assert isinstance(result, ConsentResult)
    assert (result.granted, result.code) == (False, expected)
    assert world.removed() == [expected]
    assert world.session.snapshot.people == ()
    assert world.count(StartCapture) == 0


def test_P1_an_answer_after_the_deadline_is_no(world: World) -> None:
    viewer = world.verified()
    world.now_ms += 60_001
    world.answer(True)
    result = viewer.last(ConsentResult)
    assert isinstance(result, ConsentResult)
    assert not result.granted


def test_P7_third_wrong_code_kills_it_and_a_new_one_is_asked_for(world: World) -> None:
    wrong = f"{(int(world.secret) + 1) % 10**6:06d}"
    for _ in range(3):
        world.give(world.arrive().with_code(wrong))
    assert world.removed() == [ErrorCode.CODE_WRONG, ErrorCode.CODE_WRONG, ErrorCode.CODE_DEAD]
    assert world.count(Tell) == 1
    assert world.count(CodeSpent) == 1
    assert world.count(CodeRequest) == 1


def test_P7_right_code_on_the_third_try_works(world: World) -> None:
    wrong = f"{(int(world.secret) + 1) % 10**6:06d}"
    for _ in range(2):
        world.give(world.arrive().with_code(wrong))
    viewer = world.live()
    assert viewer.keyframes == 1


def test_P7_vanishing_after_flight_2_is_charged(world: World) -> None:
    for _ in range(3):
        viewer = world.arrive()
        hello = viewer.with_code(world.secret)
        world.viewers = []
        world.give(hello)
        world.cut(viewer)
    assert world.count(CodeSpent) == 1


def test_P7_a_code_works_once(world: World) -> None:
    secret = world.secret
    world.live()
    late = world.arrive(2, "Eva")
    world.give(late.with_code(secret))
    assert world.removed() == [ErrorCode.CODE_WRONG]


def test_C5_old_code_is_replaced_by_itself(world: World) -> None:
    world.wait(600_001)
    assert world.count(CodeRequest) == 1
    world.relay(CodeIssued(routing="111222", code_life_s=600))
    assert world.session.snapshot.code is not None
    assert world.session.snapshot.code.digits.startswith("111222")


def test_C8_relay_that_vouches_for_another_name_is_refused(world: World) -> None:
    secret = world.secret
    viewer = world.arrive()
    viewer.identity = ViewerIdentity("id-Ana", "Somebody Else", "Org", "full")
    world.give(viewer.with_code(secret))
    assert world.removed() == [ErrorCode.TAMPERED]
    assert world.count(Ask) == 0


def test_R3_a_mode_that_nobody_knows_does_not_join(world: World) -> None:
    world.verified(mode="root")
    assert world.removed() == [ErrorCode.NOT_PERMITTED]


# --- the gate ---


def test_R6_refusals_come_once_a_second(world: World) -> None:
    viewer = world.live(mode="observer")
    for _ in range(5):
        world.give(viewer.say(SAMPLES[TextInput]))
    assert sum(isinstance(m, InputRefused) for m in viewer.heard) == 1
    world.wait(1001)
    world.give(viewer.say(SAMPLES[TextInput]))
    assert sum(isinstance(m, InputRefused) for m in viewer.heard) == 2


def test_R4_the_second_technician_looks_and_does_not_touch(world: World) -> None:
    world.live()
    second = world.live(2, "Eva")
    world.actions.clear()
    world.give(second.say(SAMPLES[TextInput]))
    assert world.count(Perform) == 0
    refused = second.last(InputRefused)
    assert isinstance(refused, InputRefused)
    assert refused.removed_by is Factor.GRANT


def test_R4_nobody_clicks_while_the_customer_is_asked(world: World) -> None:
    lead = world.live()
    world.verified(2, "Eva")
    world.actions.clear()
    world.give(lead.say(SAMPLES[PointerButton]))
    assert world.count(Perform) == 0
    refused = lead.last(InputRefused)
    assert isinstance(refused, InputRefused)
    assert refused.removed_by is Factor.CONSENT


# --- modes ---


def test_R3_P8_step_up_asks_and_step_down_does_not(world: World) -> None:
    viewer = world.live(mode="observer")
    world.give(viewer.say(ModeRequest(mode=Mode.FULL)))
    assert world.mode() is Mode.OBSERVER
    assert isinstance(viewer.heard[-1], ConsentPending)
    assert world.answer(True).kind is QuestionKind.MODE
    assert world.mode() is Mode.FULL
    assert [type(m) for m in viewer.heard[-3:]] == [ConsentResult, ModeState, TokenState]
    world.actions.clear()
    world.give(viewer.say(ModeRequest(mode=Mode.OBSERVER)))
    assert world.mode() is Mode.OBSERVER
    assert world.count(ReleaseHeld) == 1
    assert world.count(Ask) == 0


def test_R3_customer_steps_down_at_once(world: World) -> None:
    viewer = world.live()
    world.actions.clear()
    world.carry(world.session.step_down(world.now_ms))
    assert isinstance(world.actions[0], ReleaseHeld)
    state = viewer.last(ModeState)
    assert isinstance(state, ModeState)
    assert state.mode is Mode.OBSERVER
    world.give(viewer.say(SAMPLES[KeyPress]))
    assert world.count(Perform) == 0


def test_R3_a_refused_step_up_is_not_asked_again_at_once(world: World) -> None:
    viewer = world.live(mode="observer")
    world.give(viewer.say(ModeRequest(mode=Mode.FULL)))
    world.answer(False)
    world.give(viewer.say(ModeRequest(mode=Mode.FULL)))
    result = viewer.last(ConsentResult)
    assert isinstance(result, ConsentResult)
    assert result.code is ErrorCode.THROTTLED
    assert world.count(Ask) == 2


def test_R3_when_the_lead_leaves_the_mode_goes_down(world: World) -> None:
    lead = world.live()
    second = world.live(2, "Eva")
    world.give(lead.say(Goodbye()))
    state = second.last(ModeState)
    assert isinstance(state, ModeState)
    assert state.mode is Mode.OBSERVER
    assert [p.role for p in world.session.snapshot.people] == [Role.LEAD]
    world.give(second.say(SAMPLES[TextInput]))
    assert world.count(Perform) == 0


# --- picture ---


def test_P3_every_join_and_leave_gets_a_fresh_epoch(world: World) -> None:
    first = world.live()
    second = world.live(2, "Eva")
    assert [m.epoch for m in first.heard if isinstance(m, Epoch)] == [1, 2]
    world.give(second.say(Goodbye()))
    last = first.last(Epoch)
    assert isinstance(last, Epoch)
    assert last.epoch == 3
    assert [m.display_name for m in last.members] == ["Ana"]
    world.viewers = [first]
    seen = first.media_messages
    world.frame()
    assert first.media_messages == seen, "a delta under a new key would open nothing"
    world.frame(keyframe=True)
    assert first.keyframes == 3


def test_F9_frame_ids_rise_over_runs_of_the_capture(world: World) -> None:
    viewer = world.live()
    world.frame()
    world.cut(viewer)
    assert world.count(StopCapture) == 1
    world.back(viewer)
    world.frame(keyframe=True)
    assert [header.frame_id for header, _ in viewer.frames] == [1, 2, 3]


def test_I4_a_picture_out_of_date_for_three_seconds_takes_no_clicks(world: World) -> None:
    viewer = world.live()
    world.actions.clear()
    world.now_ms += 60_000
    world.give(viewer.say(SAMPLES[PointerButton]))
    assert world.count(Perform) == 1, "a screen that stands still is not stale"
    world.frame()
    world.now_ms += 2900
    world.give(viewer.say(SAMPLES[PointerButton]))
    assert world.count(Perform) == 2
    world.now_ms += 200
    world.give(viewer.say(SAMPLES[PointerButton]))
    assert world.count(Perform) == 2
    refused = viewer.last(InputRefused)
    assert isinstance(refused, InputRefused)
    assert refused.code is ErrorCode.STALE_INPUT
    world.give(viewer.say(PointerButton(monitor=0, x=0.5, y=0.5, button=0, down=False, seen=1)))
    assert world.count(Perform) == 3, "letting go is never stale"


@pytest.mark.parametrize("seen", [0, 99])
def test_I4_frames_that_were_never_sent_take_no_clicks(world: World, seen: int) -> None:
    viewer = world.live()
    world.actions.clear()
    world.give(viewer.say(PointerMove(monitor=0, x=0.5, y=0.5, seen=seen)))
    assert world.count(Perform) == 0


def test_F9_that_a_picture_is_gone_is_heard_however_soon_after_another_wish(world: World) -> None:
    viewer = world.live()
    world.actions.clear()
    world.give(viewer.say(KeyframeRequest()))
    world.give(viewer.say(KeyframeRequest(whole=True)))
    world.give(viewer.say(KeyframeRequest()))
    assert [a.whole for a in world.actions if isinstance(a, NeedKeyframe)] == [False, True]


def test_C14_a_wish_for_a_keyframe_reaches_the_capture(world: World) -> None:
    viewer = world.live()
    world.actions.clear()
    world.relay(KeyframeWanted(slot=1))
    world.wait(100)
    world.give(viewer.say(KeyframeRequest()))
    assert [a.urgent for a in world.actions if isinstance(a, NeedKeyframe)] == [False, False]
