"""The session core by rule: a relay's words in, actions out, viewers played with the real protocol."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from relevo_agent.session.actions import (
    Action,
    Ask,
    CloseLink,
    Ended,
    NeedKeyframe,
    Perform,
    Phase,
    Question,
    ReleaseHeld,
    Send,
    Show,
    StartCapture,
    StopCapture,
    Tell,
)
from relevo_agent.session.core import Session
from relevo_agent.session.desk import MODES_HERE, Settings
from relevo_protocol.codec import agent_to_relay, relay_message
from relevo_protocol.crypto.flights import HostIdentity, ViewerIdentity
from relevo_protocol.crypto.schedule import ChannelContext
from relevo_protocol.errors import ErrorCode
from relevo_protocol.frame import CodecId, Frame, Update, UpdateKind, encode_frame
from relevo_protocol.gate import NEEDS, admit
from relevo_protocol.header import MessageType, body_of, parse_header
from relevo_protocol.lifecycle import SeatState
from relevo_protocol.messages import AgentToRelay, ViewerToHost
from relevo_protocol.messages.base import Message
from relevo_protocol.messages.input import (
    KeyPress,
    PointerButton,
    PointerMove,
    PointerWheel,
    ReleaseAll,
    SpecialCombo,
    SpecialKeys,
    TextInput,
)
from relevo_protocol.messages.relay import (
    AgentHello,
    AgentWelcome,
    CodeIssued,
    CodeRequest,
    CodeSpent,
    EndSession,
    KeyframeWanted,
    RelayError,
    RemoveViewer,
    SeatAdmitted,
    ViewerGone,
    ViewerJoining,
)
from relevo_protocol.messages.screen import FrameAck, KeyframeRequest, Quality, QualityChoice, ScreenLayout
from relevo_protocol.messages.session import (
    ConsentPending,
    ConsentResult,
    Epoch,
    Goodbye,
    Heartbeat,
    HeartbeatEcho,
    HostGoodbye,
    InputRefused,
    ModeRequest,
    ModeState,
)
from relevo_protocol.modes import Capability, Mode, Role
from relevo_protocol.rights import Circumstances, Factor
from tests.agent.fakes import Viewer

ORIGIN = "https://relay.example"
SESSION_ID = bytes(16)
TOKEN = "t" * 32
LAYOUT = ScreenLayout(width=100, height=50, monitors=[])
FRAME = encode_frame(Frame(100, 50, 0, (Update(UpdateKind.LOSSLESS, CodecId.DEFLATE_RGB, 0, 0, 1, 1, b"x"),)))
AVAILABLE = frozenset(
    {
        Capability.SCREEN_VIEW,
        Capability.INPUT_POINTER,
        Capability.INPUT_TEXT,
        Capability.INPUT_KEYS,
        Capability.INPUT_SPECIAL,
    }
)


@dataclass
class World:
    """A session, the relay's side of its link, and the viewers behind it."""

    session: Session
    now_ms: float = 1_000_000.0
    said: list[AgentToRelay] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    viewers: list[Viewer] = field(default_factory=list)
    links: Iterator[int] = field(default_factory=lambda: iter(range(1, 1000)))
    run: int = 0
    frames: int = 0

    def carry(self, actions: list[Action]) -> None:
        """Do what the session wants, until it wants nothing more."""
        self.actions += actions
        for action in actions:
            if isinstance(action, StartCapture):
                self.run, self.frames = action.run, 0
                self.carry(self.session.layout(self.run, LAYOUT, self.now_ms))
            if not isinstance(action, Send):
                continue
            message = bytes(action.message)
            if parse_header(message).type is MessageType.RELAY:
                self.said.append(agent_to_relay.decode(body_of(message)))
                continue
            for viewer in self.viewers:
                for answer in viewer.take(message):
                    self.give(answer)

    def give(self, message: bytes) -> None:
        self.carry(self.session.message(message, self.now_ms))

    def relay(self, message: Message) -> None:
        self.give(relay_message(message))

    def wait(self, ms: float) -> None:
        self.now_ms += ms
        self.carry(self.session.tick(self.now_ms))

    def connect(self, *, resumed: bool = False) -> None:
        self.carry(self.session.link_opened(self.now_ms))
        self.relay(
            AgentWelcome(
                session_id=SESSION_ID,
                origin=ORIGIN,
                token=TOKEN,
                resumed=resumed,
                routing=None if resumed else "482913",
                code_life_s=0 if resumed else 600,
            )
        )

    @property
    def secret(self) -> str:
        code = self.session.snapshot.code
        assert code is not None
        return code.digits[6:]

    def arrive(self, slot: int = 1, name: str = "Ana", mode: str = "full") -> Viewer:
        link = next(self.links)
        viewer = Viewer(
            ChannelContext(ORIGIN, SESSION_ID), link, slot, ViewerIdentity(f"id-{name}", name, "Org", mode)
        )
        self.viewers = [*(v for v in self.viewers if v.slot != slot), viewer]
        self.relay(self.joining(viewer))
        return viewer

    @staticmethod
    def joining(viewer: Viewer, *, resumed: bool = False) -> ViewerJoining:
        return ViewerJoining(
            link=viewer.link,
            slot=viewer.slot,
            account_id=viewer.identity.account_id,
            display_name=viewer.identity.display_name,
            organisation="Org",
            resumed=resumed,
        )

    def verified(self, slot: int = 1, name: str = "Ana", mode: str = "full") -> Viewer:
        if self.session.snapshot.code is None:
            self.carry(self.session.new_code(self.now_ms))
            self.relay(CodeIssued(routing="482914", code_life_s=600))
        secret = self.secret
        viewer = self.arrive(slot, name, mode)
        self.give(viewer.with_code(secret))
        return viewer

    def live(self, slot: int = 1, name: str = "Ana", mode: str = "full") -> Viewer:
        viewer = self.verified(slot, name, mode)
        self.answer(True)
        self.frame(keyframe=True)
        return viewer

    def answer(self, granted: bool) -> Question:
        question = next(a.question for a in reversed(self.actions) if isinstance(a, Ask))
        self.carry(self.session.answered(question.id, granted, self.now_ms))
        return question

    def frame(self, *, keyframe: bool = False) -> None:
        self.frames += 1
        self.carry(self.session.frame(self.run, self.frames, keyframe, FRAME, self.now_ms))

    def cut(self, viewer: Viewer) -> None:
        self.relay(ViewerGone(link=viewer.link, slot=viewer.slot, left=False, code=ErrorCode.HOST_GONE))

    def back(self, viewer: Viewer) -> None:
        link = next(self.links)
        hello = viewer.back(link)
        self.relay(self.joining(viewer, resumed=True))
        self.give(hello)

    def removed(self) -> list[ErrorCode]:
        return [m.code for m in self.said if isinstance(m, RemoveViewer)]

    def mode(self) -> Mode:
        return self.session.snapshot.mode

    def phase(self) -> Phase:
        return self.session.snapshot.phase

    def count(self, kind: type[object]) -> int:
        return sum(isinstance(x, kind) for x in [*self.actions, *self.said])


@pytest.fixture
def world() -> World:
    key = Ed25519PrivateKey.generate()
    settings = Settings(
        identity=HostIdentity(key.public_key().public_bytes_raw(), "0", ("observer", "full"), "off"),
        device_key=key,
        agent_version="0",
        unavailable=frozenset(Capability) - AVAILABLE,
        modes=MODES_HERE,
        entropy=secrets.token_bytes,
        draw=secrets.randbelow,
    )
    world = World(Session(settings))
    world.connect()
    return world


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
    assert [type(m) for m in viewer.heard] == [ConsentPending, ConsentResult, Epoch, ModeState, ScreenLayout]
    assert viewer.keyframes == 1
    assert any(isinstance(m, SeatAdmitted) and m.link == viewer.link for m in world.said)
    assert any(isinstance(m, CodeSpent) for m in world.said)
    assert world.mode() is Mode.FULL


def test_R9_before_consent_not_one_byte_of_the_desktop(world: World) -> None:
    viewer = world.verified()
    world.carry(world.session.layout(1, LAYOUT, world.now_ms))
    world.carry(world.session.frame(1, 1, True, FRAME, world.now_ms))
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


@pytest.mark.parametrize("mode", ["shared", "administrator", "demo", "root"])
def test_R3_modes_that_are_not_here_do_not_join(world: World, mode: str) -> None:
    world.verified(mode=mode)
    assert world.removed() == [ErrorCode.NOT_PERMITTED]


# --- the gate ---

SAMPLES: dict[type[Message], ViewerToHost] = {
    Heartbeat: Heartbeat(t_ms=1.0),
    Goodbye: Goodbye(),
    ModeRequest: ModeRequest(mode=Mode.OBSERVER),
    ReleaseAll: ReleaseAll(),
    FrameAck: FrameAck(frame_id=1),
    KeyframeRequest: KeyframeRequest(),
    QualityChoice: QualityChoice(quality=Quality.FAST),
    PointerMove: PointerMove(monitor=0, x=0.5, y=0.5, seen=1),
    PointerButton: PointerButton(monitor=0, x=0.5, y=0.5, button=0, down=True, seen=1),
    PointerWheel: PointerWheel(monitor=0, x=0.5, y=0.5, dx=0, dy=1, seen=1),
    KeyPress: KeyPress(code="Enter", key="Enter", down=True),
    TextInput: TextInput(text="ñ"),
    SpecialKeys: SpecialKeys(combo=SpecialCombo.SUPER),
}


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("kind", list(NEEDS), ids=lambda kind: kind.__name__)
def test_R6_every_message_in_every_mode_obeys_the_table(
    world: World, mode: Mode, kind: type[Message]
) -> None:
    viewer = world.live(mode="observer")
    world.session._desk.mode = mode
    before_performed, before_heard = world.count(Perform), len(viewer.heard)
    world.give(viewer.say(SAMPLES[kind]))
    given = Circumstances(mode=mode, role=Role.LEAD, unavailable=frozenset(Capability) - AVAILABLE)
    refusal = admit(kind, SeatState.LIVE, given)
    performed = world.count(Perform) - before_performed
    refused = [m for m in viewer.heard[before_heard:] if isinstance(m, InputRefused)]
    inputs = (PointerMove, PointerButton, PointerWheel, KeyPress, TextInput, SpecialKeys)
    if refusal is None:
        assert performed == (1 if issubclass(kind, inputs) else 0)
        assert refused == []
    else:
        assert performed == 0
        assert [(r.code, r.capability, r.removed_by) for r in refused] == [
            (refusal.code, refusal.capability, refusal.removed_by)
        ]


@pytest.mark.parametrize("kind", list(NEEDS), ids=lambda kind: kind.__name__)
def test_R7_before_consent_only_heartbeat_and_goodbye_are_heard(world: World, kind: type[Message]) -> None:
    viewer = world.verified()
    world.actions.clear()
    world.give(viewer.say(SAMPLES[kind]))
    assert world.count(Perform) == world.count(NeedKeyframe) == 0
    assert (viewer.last(HeartbeatEcho) is not None) == (kind is Heartbeat)
    assert (world.session._desk.seats == {}) == (kind is Goodbye)


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
    assert world.answer(True).step_up
    assert world.mode() is Mode.FULL
    assert isinstance(viewer.heard[-1], ModeState)
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


@pytest.mark.parametrize("mode", [Mode.SHARED, Mode.ADMINISTRATOR, Mode.DEMO])
def test_R5_modes_that_are_not_here_are_refused_by_the_platform(world: World, mode: Mode) -> None:
    viewer = world.live(mode="observer")
    world.give(viewer.say(ModeRequest(mode=mode)))
    refused, result = viewer.last(InputRefused), viewer.last(ConsentResult)
    assert isinstance(refused, InputRefused)
    assert isinstance(result, ConsentResult)
    assert (refused.code, refused.removed_by) == (ErrorCode.NOT_PERMITTED, Factor.PLATFORM)
    assert (result.granted, result.code) == (False, ErrorCode.NOT_PERMITTED)


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


def test_C14_a_wish_for_a_keyframe_reaches_the_capture(world: World) -> None:
    viewer = world.live()
    world.actions.clear()
    world.relay(KeyframeWanted(slot=1))
    world.give(viewer.say(KeyframeRequest()))
    assert [a.urgent for a in world.actions if isinstance(a, NeedKeyframe)] == [False, False]


# --- cuts ---


def test_S4_P6_cut_releases_and_resume_needs_no_consent(world: World) -> None:
    viewer = world.live()
    world.actions.clear()
    world.cut(viewer)
    assert world.count(ReleaseHeld) == 1
    assert world.count(StopCapture) == 1
    assert [p.present for p in world.session.snapshot.people] == [False]
    world.back(viewer)
    world.frame(keyframe=True)
    assert world.count(Ask) == 0
    assert viewer.keyframes == 2
    assert world.mode() is Mode.FULL


def test_P6_previous_resume_secret_holds_until_the_new_keys_are_used(world: World) -> None:
    viewer = world.live()
    first = viewer.resume
    world.cut(viewer)
    world.back(viewer)
    world.cut(viewer)
    viewer.resume = first
    world.back(viewer)
    assert world.session.snapshot.people[0].present, (
        "flight 4 may have been lost: the old secret must still work"
    )
    stale = first
    world.give(viewer.say(Heartbeat(t_ms=1)))
    world.cut(viewer)
    viewer.resume = stale
    world.back(viewer)
    assert world.removed() == [ErrorCode.RESUME_INVALID]


def test_C11_agent_comes_back_and_viewers_resume(world: World) -> None:
    viewer = world.live()
    world.actions.clear()
    world.carry(world.session.link_lost(world.now_ms))
    assert world.count(ReleaseHeld) == 1
    assert world.count(StopCapture) == 1
    assert world.phase() is Phase.RECONNECTING
    world.connect(resumed=True)
    hello = next(m for m in reversed(world.said) if isinstance(m, AgentHello))
    assert hello.token == TOKEN
    world.back(viewer)
    world.frame(keyframe=True)
    assert viewer.keyframes == 2
    assert world.phase() is Phase.LIVE


def test_C5_the_code_outlives_a_cut_of_the_agent(world: World) -> None:
    secret = world.secret
    world.carry(world.session.link_lost(world.now_ms))
    world.connect(resumed=True)
    assert world.secret == secret


def test_C10_a_relay_that_forgot_the_session_starts_over(world: World) -> None:
    world.live()
    world.carry(world.session.link_lost(world.now_ms))
    world.carry(world.session.link_opened(world.now_ms))
    world.relay(RelayError(code=ErrorCode.RESUME_INVALID))
    assert world.count(CloseLink) == 1
    world.carry(world.session.link_lost(world.now_ms))
    world.connect()
    hello = next(m for m in reversed(world.said) if isinstance(m, AgentHello))
    assert hello.token is None
    assert world.session.snapshot.people == ()
    assert world.phase() is Phase.WAITING


def test_C10_somebody_away_for_ten_minutes_is_gone(world: World) -> None:
    viewer = world.live()
    world.cut(viewer)
    world.wait(600_001)
    assert world.session.snapshot.people == ()


def test_P4_ten_seconds_of_silence_are_a_cut_and_three_release(world: World) -> None:
    world.live()
    world.actions.clear()
    world.wait(3100)
    assert world.count(ReleaseHeld) == 1
    world.wait(250)
    assert world.count(ReleaseHeld) == 1
    world.wait(7000)
    assert world.removed() == [ErrorCode.DESYNC]
    assert [p.present for p in world.session.snapshot.people] == [False]


def test_P5_wrong_counter_is_desync_and_keeps_the_seat(world: World) -> None:
    viewer = world.live()
    viewer.say(Heartbeat(t_ms=1))
    world.give(viewer.say(Heartbeat(t_ms=2)))
    assert world.removed() == [ErrorCode.DESYNC]
    world.back(viewer)
    assert world.session.snapshot.people[0].present


def test_K12_altered_message_ends_the_seat_and_tells_the_customer(world: World) -> None:
    viewer = world.live()
    message = bytearray(viewer.say(Heartbeat(t_ms=1)))
    message[-1] ^= 1
    world.give(bytes(message))
    assert world.removed() == [ErrorCode.TAMPERED]
    assert world.count(Tell) == 1


def test_W8_messages_on_a_past_link_go_nowhere(world: World) -> None:
    viewer = world.live()
    late = viewer.say(TextInput(text="x"))
    world.cut(viewer)
    world.back(viewer)
    world.actions.clear()
    world.give(late)
    assert world.actions == []


def test_W2_garbage_from_the_relay_closes_the_link(world: World) -> None:
    world.give(b"\x01\x00\x00\xff" + bytes(20) + b"nonsense")
    assert [a.code for a in world.actions if isinstance(a, CloseLink)] == [ErrorCode.MALFORMED]


# --- the end ---


def test_stop_says_goodbye_and_ends(world: World) -> None:
    viewer = world.live()
    world.actions.clear()
    world.carry(world.session.stop(world.now_ms))
    assert isinstance(viewer.heard[-1], HostGoodbye)
    assert isinstance(world.said[-1], EndSession)
    assert world.count(StopCapture) == 1
    assert world.count(ReleaseHeld) >= 1
    assert isinstance(world.actions[-1], Show)
    assert world.count(Ended) == 1
    assert world.session.ended


def test_stop_works_while_the_network_is_down(world: World) -> None:
    world.live()
    world.carry(world.session.link_lost(world.now_ms))
    world.carry(world.session.stop(world.now_ms))
    assert world.phase() is Phase.ENDED
    assert world.session.message(b"", world.now_ms) == []


def test_customer_sends_one_person_away(world: World) -> None:
    first = world.live()
    second = world.live(2, "Eva")
    world.carry(world.session.dismiss(2, world.now_ms))
    assert isinstance(second.heard[-1], HostGoodbye)
    assert world.removed() == [ErrorCode.REMOVED]
    last = first.last(Epoch)
    assert isinstance(last, Epoch)
    assert len(last.members) == 1
