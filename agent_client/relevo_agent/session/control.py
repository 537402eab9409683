"""What a viewer who is in may do: every message passes the gate, then goes on (SPEC R2-R9, S3)."""

from collections.abc import Callable
from enum import Enum, auto
from typing import Final, assert_never

from relevo_agent.features.base import AdminMessage, InputMessage
from relevo_agent.session.actions import Notice, Perform, QuestionKind, Tell
from relevo_agent.session.administration import Administration
from relevo_agent.session.consent import Consent
from relevo_agent.session.desk import Desk
from relevo_agent.session.driving import Driving
from relevo_agent.session.entries import Entry, EntryKind
from relevo_agent.session.modes import Modes
from relevo_agent.session.questions import Decision, Matter, Questions
from relevo_agent.session.refusals import refuse, refuse_haste
from relevo_agent.session.screen import Screen
from relevo_agent.session.seat import Seat
from relevo_protocol.codec import viewer_to_host
from relevo_protocol.errors import ErrorCode, ProtocolError
from relevo_protocol.gate import Refusal, admit
from relevo_protocol.messages import ViewerToHost
from relevo_protocol.messages import administration as admin
from relevo_protocol.messages.chat import ChatSend
from relevo_protocol.messages.input import (
    KeyPress,
    PointerButton,
    PointerMove,
    PointerWheel,
    ReleaseAll,
    SpecialKeys,
    TextInput,
)
from relevo_protocol.messages.marks import ClearMarks, Laser, LaserOff, Stroke
from relevo_protocol.messages.relay import RecordedAct
from relevo_protocol.messages.screen import Decoders, FrameAck, KeyframeRequest, QualityChoice
from relevo_protocol.messages.session import Goodbye, Heartbeat, HeartbeatEcho, ModeRequest
from relevo_protocol.messages.team import (
    CapabilityRequest,
    ControlGive,
    ControlRelease,
    ControlRequest,
    GrantChange,
    HandOver,
    InviteRequest,
    InviteRevoke,
    MicroHandover,
    RemoveMember,
    TakeOver,
    TeamKey,
)
from relevo_protocol.modes import Capability, Mode, Role
from relevo_protocol.rights import Circumstances, Factor

PeopleMessage = (
    TeamKey
    | TakeOver
    | HandOver
    | GrantChange
    | RemoveMember
    | InviteRequest
    | InviteRevoke
    | ChatSend
    | Laser
    | LaserOff
    | Stroke
    | ClearMarks
)
"""What people say to and about one another; see :attr:`Control.people`."""
_Power = admin.RestartRequest | admin.RestartCancel | admin.HoldRequest | admin.HoldEnd
_Driving = ControlRequest | ControlRelease | ControlGive | MicroHandover
_COSTLY: Final = (
    admin.SystemInfoRequest,
    admin.ProcessesRequest,
    admin.ProcessEnd,
    admin.ServicesRequest,
    admin.ServiceChange,
)
"""What costs this PC work or a line of its record: not by the thousand, where the customer is not asked."""
_STILL_HEARD: Final = (Heartbeat, Goodbye, FrameAck, Decoders, KeyframeRequest, ReleaseAll)
"""While the service has the session's state: nobody changes what it was given (SPEC V6)."""
_EVERYDAY: Final = (Heartbeat, FrameAck)
"""Most of what comes: no right is needed for it, and nothing follows from it for anybody else."""
_NO_RIGHTS: Final = Circumstances(mode=Mode.OBSERVER, role=Role.DEMO_VIEWER)
_Plain = Heartbeat | FrameAck | Decoders | KeyframeRequest | QualityChoice | ModeRequest | CapabilityRequest


class Heard(Enum):
    """What a viewer's message was."""

    ACTED = auto()
    EVERYDAY = auto()
    """It has no consequences beyond the actions that it left."""
    LEAVE = auto()
    """The viewer takes leave."""


def _nobody(_seat: Seat, _message: PeopleMessage) -> None:
    raise AssertionError("the session has not said who hears people")


class Control:
    """Judges the opened messages of viewers and hands each to the room that it belongs to."""

    def __init__(self, desk: Desk, questions: Questions, screen: Screen) -> None:
        self._desk = desk
        self._screen = screen
        self.power: Final = Administration(desk)
        self.driving: Final = Driving(desk, questions)
        self.modes: Final = Modes(desk, questions, screen, self.driving, self.power)
        self.consent: Final = Consent(desk, questions)
        self.people: Callable[[Seat, PeopleMessage], None] = _nobody
        """Hears what people say to and about one another: set once, when the session is put together."""

    def heard(self, seat: Seat, body: bytes) -> Heard:
        """Judge one opened message and act on it; what it was.

        Raises:
            ProtocolError: the body does not parse, or too many messages come.
        """
        if not seat.allowance.spend(self._desk.now_ms):
            raise ProtocolError("more messages than anybody can mean", ErrorCode.THROTTLED)
        message = viewer_to_host.decode(body)
        seat.heard_ms = self._desk.now_ms
        if isinstance(message, _EVERYDAY) and admit(type(message), seat.state, _NO_RIGHTS) is None:
            self._plain(seat, message)
            return Heard.EVERYDAY
        self.driving.expire()
        if self.power.frozen and not isinstance(message, _STILL_HEARD):
            refuse(self._desk, seat, Refusal(ErrorCode.SHUTTING_DOWN))
            return Heard.ACTED
        refusal = admit(type(message), seat.state, self._desk.circumstances(seat))
        if refusal is None and isinstance(message, _COSTLY) and not seat.acts.spend(self._desk.now_ms):
            refuse_haste(self._desk, seat)
        elif refusal is None:
            return Heard.LEAVE if self._obey(seat, message) else Heard.ACTED
        elif refusal.ask is not None and refusal.capability is not None:
            self.consent.ask(seat, refusal.capability, message)
        else:
            self._refused(seat, refusal)
        return Heard.ACTED

    def _obey(self, seat: Seat, message: ViewerToHost) -> bool:
        match message:
            case Goodbye():
                return True
            case (
                Heartbeat()
                | FrameAck()
                | Decoders()
                | KeyframeRequest()
                | QualityChoice()
                | ModeRequest()
                | CapabilityRequest()
            ):
                self._plain(seat, message)
            case PointerMove() | PointerButton() | PointerWheel():
                self._pointer(seat, message)
            case KeyPress() | TextInput() | SpecialKeys() | ReleaseAll():
                # ReleaseAll in its turn: text that was sent before a blur is still typed.
                self._input(seat, message)
            case ControlRequest() | ControlRelease() | ControlGive() | MicroHandover():
                self._drive(seat, message)
            case (
                TeamKey()
                | TakeOver()
                | HandOver()
                | GrantChange()
                | RemoveMember()
                | InviteRequest()
                | InviteRevoke()
                | ChatSend()
                | Laser()
                | LaserOff()
                | Stroke()
                | ClearMarks()
            ):
                self.people(seat, message)
            case _:
                self._administer(seat, message)
        return False

    def _plain(self, seat: Seat, message: _Plain) -> None:
        match message:
            case Heartbeat():
                self._desk.answer(seat, HeartbeatEcho(t_ms=message.t_ms))
            case FrameAck():
                self._screen.ack(seat, message)
            case Decoders():
                self._screen.decoders(seat, message)
            case KeyframeRequest():
                self._screen.want_keyframe(seat, whole=message.whole)
            case QualityChoice():
                seat.quality = message.quality
                self._screen.choose_quality()
            case ModeRequest():
                self.modes.requested(seat, message)
            case CapabilityRequest():
                self.consent.requested(seat, message)

    def _drive(self, seat: Seat, message: _Driving) -> None:
        if not seat.acts.spend(self._desk.now_ms):
            refuse(self._desk, seat, Refusal(ErrorCode.THROTTLED))
            return
        match message:
            case ControlRequest() if self.driving.must_ask(seat):
                self.consent.ask(seat, Capability.INPUT_POINTER, message)
            case ControlRequest():
                self.driving.requested(seat, message)
            case ControlRelease():
                self.driving.released(seat)
            case ControlGive():
                self.driving.given(seat, message)
            case MicroHandover():
                self.driving.borrowed(seat)

    # --- input ---

    def _pointer(self, seat: Seat, message: PointerMove | PointerButton | PointerWheel) -> None:
        # Letting go is never refused for age: a button that stays down does more harm.
        lets_go = isinstance(message, PointerButton) and not message.down
        if not lets_go and self._screen.is_stale(message.seen):
            refuse(self._desk, seat, Refusal(ErrorCode.STALE_INPUT, Capability.INPUT_POINTER))
            return
        self._input(seat, message)

    def _input(self, seat: Seat, message: InputMessage) -> None:
        """Hand input to its feature; before there was a picture nobody can mean anything by it.

        Only who drives holds keys, so only that one's ReleaseAll lets any go.
        """
        drives = self._desk.token.holder == seat.slot
        if self._desk.layout is None or not drives:
            return
        seat.may_hold = not isinstance(message, ReleaseAll)
        if seat.may_hold:
            self.driving.used(seat)
        self._desk.act(Perform(seat.link, message, self._desk.layout))

    # --- administration ---

    def _administer(self, seat: Seat, message: AdminMessage | _Power) -> None:
        match message:
            case admin.RestartRequest():
                self.power.restart(seat)
            case admin.RestartCancel():
                self.power.call_off(seat)
            case admin.HoldRequest():
                self.power.hold(seat, message.hours)
            case admin.HoldEnd():
                self.power.end_hold()
            case (
                admin.SystemInfoRequest()
                | admin.ProcessesRequest()
                | admin.ProcessEnd()
                | admin.ServicesRequest()
                | admin.ServiceChange()
                | admin.TerminalOpen()
                | admin.AdminTerminalOpen()
                | admin.TerminalInput()
                | admin.TerminalSize()
                | admin.TerminalClose()
            ):
                self._perform(seat, message)
            case _:
                assert_never(message)

    def _perform(self, seat: Seat, message: AdminMessage) -> None:
        done = _recorded(message)
        if done is not None:
            act, what, detail = done
            # What a program is called stays on this PC; the relay has its number.
            own = detail
            if isinstance(message, admin.ProcessEnd):
                own = self._desk.process(message.pid, message.started_ms)
            self._keep(seat, EntryKind.ACT, f"{what} {own}")
            self._desk.note(act, seat.slot, detail[:120])
        self._desk.act(Perform(seat.link, message, self._desk.layout))

    # --- answers ---

    def answered(self, seat: Seat, matter: Matter, decision: Decision, code: ErrorCode | None) -> None:
        """The customer, or the clock, has decided about one capability; what waited is carried out."""
        if matter.kind is QuestionKind.CONTROL:
            self.driving.agreed(seat, matter, decision, code)
            return
        message = self.consent.answered(seat, matter, decision, code)
        if message is not None:
            self._obey(seat, message)

    def refused_by_feature(self, link: int, refusal: Refusal) -> None:
        """A feature could not carry a message out."""
        seat = self._desk.seat_of(link)
        if seat is not None:
            refuse(self._desk, seat, refusal)

    def _refused(self, seat: Seat, refusal: Refusal) -> None:
        told = refuse(self._desk, seat, refusal)
        if told and refusal.removed_by is Factor.FLOOR and refusal.capability is not None:
            self._keep(seat, EntryKind.REFUSED, "", (refusal.capability,))

    def _keep(
        self, seat: Seat, kind: EntryKind, detail: str, capabilities: tuple[Capability, ...] = ()
    ) -> None:
        vouched = seat.vouched
        self._desk.keep(
            Entry(
                kind,
                self._desk.now_ms,
                who=vouched.display_name,
                organisation=vouched.organisation,
                role=seat.role,
                mode=self._desk.mode,
                capabilities=capabilities,
                detail=detail,
            )
        )

    def pass_time(self) -> None:
        """Let hold, restart and the grant of administrator mode end when their time has come."""
        self.driving.expire()
        self.power.tick()
        if self.power.grant_over():
            self.modes.step_down(Mode.FULL)
            self._desk.act(Tell(Notice.GRANT_ENDED))


def _recorded(message: AdminMessage) -> tuple[RecordedAct, str, str] | None:
    """What the records have of an act; what only looks leaves no trace."""
    match message:
        case admin.ProcessEnd():
            return RecordedAct.PROCESS_ENDED, "process ended", f"{message.pid}"
        case admin.ServiceChange():
            return RecordedAct.SERVICE_CHANGED, "service", f"{message.act.value} {message.name}"
        case admin.TerminalOpen():
            return RecordedAct.TERMINAL_OPENED, "terminal opened", "user"
        case admin.AdminTerminalOpen():
            return RecordedAct.TERMINAL_OPENED, "terminal opened", "administrator"
        case _:
            return None
