"""One session from connection to end: carries out what the session core wants done."""

import asyncio
import contextlib
import logging
import threading
import webbrowser
from collections.abc import Callable, Sequence
from typing import Final, assert_never

from relevo_agent import __version__
from relevo_agent.capture import CaptureEvents, CaptureRun
from relevo_agent.clock import now_ms
from relevo_agent.config import AgentConfig, session_settings
from relevo_agent.features.base import FeatureRefusal
from relevo_agent.hands import Hands
from relevo_agent.link.client import Link, LinkEvents
from relevo_agent.link.failures import CERTIFICATE_KINDS, LinkFailure
from relevo_agent.pipeline.types import Outgoing
from relevo_agent.platform.elevated import ElevatedFailed
from relevo_agent.pulse import Pulse
from relevo_agent.session.actions import (
    Acked,
    Action,
    Ask,
    CallRestartOff,
    CloseFeatures,
    CloseLink,
    Ended,
    HideMarks,
    Keep,
    NeedKeyframe,
    OpenLink,
    Perform,
    Phase,
    PrepareRestart,
    ReleaseHeld,
    Send,
    SetDecoders,
    SetQuality,
    Show,
    ShowMark,
    Snapshot,
    StartCapture,
    StopCapture,
    Tell,
    Watching,
    WatchLocalInput,
    Withdraw,
)
from relevo_agent.session.core import Session
from relevo_agent.session.entries import Entry
from relevo_agent.ui.front import Front
from relevo_protocol.errors import ErrorCode
from relevo_protocol.frame import CodecId
from relevo_protocol.gate import Refusal
from relevo_protocol.messages import HostToViewer
from relevo_protocol.messages.screen import CaptureState, PictureState, Quality, ScreenLayout

FAREWELL_S: Final = 3.0
"""How long a clean goodbye to the relay may take at the end."""
KEYBOARD_S: Final = 1.0
"""How long letting go of the keyboard may take then."""
_log = logging.getLogger(__name__)
_Choice = SetQuality | SetDecoders


class Life:
    """One session from connection to end, in a network thread of its own."""

    def __init__(
        self,
        config: AgentConfig,
        hands: Hands,
        fronts: Sequence[Front],
        keep: Callable[[Entry], None],
        on_end: Callable[[], None] = lambda: None,
    ) -> None:
        self._config = config
        self._on_end = on_end
        self._ended = threading.Event()
        self._pulse = Pulse()
        self._hands = hands
        self._fronts = fronts
        self._keep = keep
        settings = session_settings(config)
        state = config.restored
        self._session = Session(settings) if state is None else Session.restored(settings, state, now_ms())
        self._capture: CaptureRun | None = None
        self._watching: frozenset[int] = frozenset()
        self._quality = Quality.AUTO
        self._decoders: frozenset[CodecId] = frozenset()
        self._ever_connected = False
        self._restart_left = False
        self._loop = asyncio.new_event_loop()
        events = LinkEvents(self._opened, self._message, self._lost, self._failed)
        self._link = Link(config.address, __version__, events)
        self._crash = self._loop.create_future()
        self.failed = False
        self._thread = threading.Thread(target=self._run, name="network", daemon=True)

    def start(self) -> None:
        """Connect."""
        self._thread.start()

    def join(self, timeout_s: float) -> None:
        """Wait for the end, for so long at most."""
        self._thread.join(timeout_s)

    @property
    def over(self) -> bool:
        """Whether the network thread has ended."""
        return self._ended.is_set()

    def post(self, event: Callable[[Session], list[Action]]) -> None:
        """Give the session an event, from any thread; after the end it goes nowhere."""
        try:
            self._loop.call_soon_threadsafe(self._take, event)
        except RuntimeError:  # the loop is closed: the session has ended meanwhile
            _log.debug("an event came after the end")

    @property
    def backlog_bytes(self) -> int:
        """What waits for the relay beside the picture; any thread may ask."""
        return self._link.backlog_bytes

    def cut_capture(self) -> None:
        """Stop the capture now, from any thread."""
        capture = self._capture
        if capture is not None:
            capture.stop()

    # --- the network thread ---

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._main())
        except Exception:  # noqa: BLE001 - the customer must not be left with a window that says "live"
            _log.exception("the network thread has failed")
            self._give_up()
        finally:
            self.cut_capture()
            self._ended.set()
            self._on_end()

    def _give_up(self) -> None:
        """The session is out of joint: nothing stays held down, and the customer is told that it is over."""
        self.failed = True
        self._hands.release_all()
        for front in self._fronts:
            front.show(Snapshot(phase=Phase.ENDED))
            front.ended(ErrorCode.INTERNAL)

    async def _main(self) -> None:
        tasks = [asyncio.create_task(self._link.run()), asyncio.create_task(self._tick())]
        try:
            done, _ = await asyncio.wait({*tasks, self._crash}, return_when=asyncio.FIRST_COMPLETED)
            for ended in done:
                ended.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _tick(self) -> None:
        while True:
            await self._pulse.pause(pressing=self._hands.hold or self._session.counts_down)
            self._carry(self._session.tick(now_ms()))

    def _take(self, event: Callable[[Session], list[Action]]) -> None:
        try:
            self._carry(event(self._session))
        except Exception as error:  # noqa: BLE001 - the loop would only log it and go on half-way
            if not self._crash.done():
                self._crash.set_exception(error)

    def _opened(self) -> None:
        self._ever_connected = True
        self._carry(self._session.link_opened(now_ms()))

    def _message(self, message: bytes) -> None:
        self._take(lambda session: session.message(message, now_ms()))
        self._pulse.ride()

    def _lost(self, heard_all: bool) -> None:
        self._carry(self._session.link_lost(now_ms(), heard_all=heard_all))

    def _failed(self, failure: LinkFailure) -> bool:
        final = failure.kind in CERTIFICATE_KINDS and not self._ever_connected
        if not self._session.ended:  # else nobody waits for the line but the relay
            self.failed = final
            for front in self._fronts:
                front.failed(failure.kind, final=final)
        return final

    # --- actions ---

    def _carry(self, actions: list[Action]) -> None:
        self._pulse.heed(actions)
        for action in actions:
            self._carry_one(action)

    def _carry_one(self, action: Action) -> None:
        match action:
            case Send() | CloseLink() | Ended():
                self._carry_link(action)
            case StartCapture() | StopCapture() | NeedKeyframe() | Acked() | Watching():
                self._carry_capture(action)
            case SetQuality() | SetDecoders():
                self._carry_capture(action)
            case Perform() | ReleaseHeld() | WatchLocalInput() | CloseFeatures() | ShowMark() | HideMarks():
                self._carry_hands(action)
            case PrepareRestart() | CallRestartOff() | OpenLink():
                self._carry_system(action)
            case Ask() | Withdraw() | Show() | Tell() | Keep():
                self._carry_front(action)
            case _:
                assert_never(action)

    def _carry_link(self, action: Send | CloseLink | Ended) -> None:
        match action:
            case Send():
                if action.media and self._config.halts.stopped.is_set():
                    return
                if not self._link.send(action.message, media=action.media) and self._capture is not None:
                    self._capture.need_keyframe(lost=True)
            case CloseLink():
                _log.info("closing the connection: %s", action.code)
                self._link.close(fatal=action.fatal)
            case Ended():
                self._link.discard_media()
                if self._restart_left and self._config.halts.stopped.is_set():
                    threading.Thread(target=self._call_restart_off, daemon=True).start()
                for front in self._fronts:
                    front.ended(action.code)

    def _carry_capture(
        self, action: StartCapture | StopCapture | NeedKeyframe | Acked | Watching | _Choice
    ) -> None:
        match action:
            case StartCapture():
                self.cut_capture()
                self._start_capture(action.run)
                return
            case Watching():
                self._watching = action.links
            case SetQuality():
                self._quality = action.quality
            case SetDecoders():
                self._decoders = action.codecs
            case _:
                pass
        if self._capture is not None:
            self._tell_capture(self._capture, action)

    def _tell_capture(
        self, capture: CaptureRun, action: StopCapture | NeedKeyframe | Acked | Watching | _Choice
    ) -> None:
        match action:
            case Watching():
                capture.watch(action.links)
            case SetQuality():
                capture.choose_quality(action.quality)
            case SetDecoders():
                capture.choose_decoders(action.codecs)
            case StopCapture():
                capture.stop()
                self._capture = None
            case NeedKeyframe():
                capture.need_keyframe(urgent=action.urgent, whole=action.whole)
            case Acked():
                capture.acked(action.link, action.frame_id, action.decode_ms)
            case _:
                assert_never(action)

    def _start_capture(self, run: int) -> None:
        if self._config.halts.stopped.is_set():
            return
        events = CaptureEvents(self._frame, self._layout, self._condition, self._limit)
        shown = self._config.follow or self._config.display
        self._capture = CaptureRun(run, shown, self._config.halts.stopped, events)
        self._capture.choose_quality(self._quality)
        self._capture.choose_decoders(self._decoders)
        self._capture.watch(self._watching)
        self._capture.start()

    def _carry_hands(
        self, action: Perform | ReleaseHeld | WatchLocalInput | CloseFeatures | ShowMark | HideMarks
    ) -> None:
        match action:
            case Perform():
                self._hands.perform(action)
            case ReleaseHeld():
                self._hands.release_held()
            case WatchLocalInput():
                self._hands.watch(action)
            case CloseFeatures():
                self._hands.forget(action)
            case ShowMark():
                self._hands.show(action)
            case HideMarks():
                self._hands.hide(action)

    def _carry_system(self, action: PrepareRestart | CallRestartOff | OpenLink) -> None:
        """What may take a while: in a thread of its own, so that Stop is still heard."""
        if isinstance(action, PrepareRestart):
            work = threading.Thread(target=self._prepare_restart, args=(action,), daemon=True)
        elif isinstance(action, CallRestartOff):
            work = threading.Thread(target=self._call_restart_off, kwargs={"forget": True}, daemon=True)
        else:
            work = threading.Thread(target=webbrowser.open, args=(action.url,), daemon=True)
        work.start()

    def _prepare_restart(self, action: PrepareRestart) -> None:
        detail = self._left_with_service(action)
        if not detail and self._config.halts.stopped.is_set():
            self._call_restart_off()
        self.post(lambda session: session.restart_prepared(not detail, detail, now_ms()))

    def _left_with_service(self, action: PrepareRestart) -> str:
        """Why the PC does not restart, empty if it does."""
        service = self._config.service
        if service is None:
            return "no service is installed"
        try:
            service.prepare_restart(action.state, action.deadline_s)
            self._restart_left = True
        except ElevatedFailed as error:
            return str(error) or "the service refused"
        return ""

    def _call_restart_off(self, *, forget: bool = False) -> None:
        """The service is not to restart the PC. ``forget``: the customer says so, not a PC that goes down."""
        if self._config.service is not None:
            with contextlib.suppress(ElevatedFailed):
                self._config.service.cancel_restart(forget=forget)

    def _carry_front(self, action: Ask | Withdraw | Show | Tell | Keep) -> None:
        if isinstance(action, Ask) and self._config.auto_consent:
            question = action.question
            ticked = frozenset(question.offers)
            self.post(lambda session: session.answered(question.id, True, ticked, now_ms()))
            return
        if isinstance(action, Keep):
            self._keep(action.entry)
            return
        for front in self._fronts:
            match action:
                case Ask():
                    front.ask(action.question)
                case Withdraw():
                    front.withdraw(action.question_id)
                case Show():
                    front.show(action.snapshot)
                case Tell():
                    front.tell(action.notice, action.who, action.why)

    # --- told by the capture and the input, from their threads ---

    def _frame(self, run: int, outgoing: Outgoing) -> None:
        self.post(lambda session: self._sealed(session, run, outgoing))

    def _sealed(self, session: Session, run: int, outgoing: Outgoing) -> list[Action]:
        """Not one that was made before somebody came who cannot decode it (SPEC D5): a keyframe follows."""
        if not outgoing.codecs <= self._decoders:
            return []
        return session.frame(run, outgoing.frame_id, outgoing.flags, outgoing.data, now_ms())

    def _layout(self, run: int, layout: ScreenLayout) -> None:
        self.post(lambda session: session.layout(run, layout, now_ms()))

    def _condition(self, run: int, state: CaptureState) -> None:
        self.post(lambda session: session.condition(run, state, now_ms()))

    def _limit(self, run: int, link: int, state: PictureState) -> None:
        self.post(lambda session: session.limit(run, link, state, now_ms()))

    def refused(self, link: int, refusal: FeatureRefusal) -> None:
        """A feature could not carry a message out."""
        told = Refusal(refusal.code, refusal.capability, refusal.removed_by)
        self.post(lambda session: session.feature_refused(link, told, now_ms()))

    def said(self, link: int, message: HostToViewer) -> None:
        """A feature answers a viewer."""
        self.post(lambda session: session.feature_said(link, message, now_ms()))

    def local_input(self) -> None:
        """The person at the PC did something: how long they rest is soon told."""
        self.post(lambda session: self._pulse.stirred_by(session.local_input(now_ms())))

    def input_done(self) -> None:
        """Input was carried out: the screen will probably change."""
        capture = self._capture
        if capture is not None:
            capture.input_carried_out()
