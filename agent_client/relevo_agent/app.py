"""The top: the only file that wires session, link, capture, features and fronts together.

Three threads beside the front's: the network (session and link), the capture, the input. They hand things
over by queues and never wait for one another, so that Stop works whatever hangs.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, assert_never

from relevo_agent import __version__
from relevo_agent.capture import CaptureEvents, CaptureRun
from relevo_agent.clock import now_ms
from relevo_agent.config import AgentConfig, session_settings
from relevo_agent.features.base import FeatureRefusal
from relevo_agent.features.input import InputFeature
from relevo_agent.features.worker import FeatureWorker, Task
from relevo_agent.link.client import Link, LinkEvents
from relevo_agent.link.failures import CERTIFICATE_KINDS, LinkFailure
from relevo_agent.pipeline.types import Outgoing
from relevo_agent.session.actions import (
    Acked,
    Action,
    Ask,
    CloseLink,
    Ended,
    NeedKeyframe,
    Perform,
    Phase,
    ReleaseHeld,
    Send,
    SetQuality,
    Show,
    Snapshot,
    StartCapture,
    StopCapture,
    Tell,
    Watching,
    Withdraw,
)
from relevo_agent.session.core import Session
from relevo_agent.ui.front import Commands, Front
from relevo_protocol.errors import ErrorCode
from relevo_protocol.gate import Refusal
from relevo_protocol.messages.screen import CaptureState, Quality, ScreenLayout

TICK_S: Final = 0.25
FAREWELL_S: Final = 3.0
"""How long a clean goodbye to the relay may take at the end."""
KEYBOARD_S: Final = 1.0
"""How long letting go of the keyboard may take then."""
_log = logging.getLogger(__name__)


class Life:
    """One session from connection to end, in a network thread of its own."""

    def __init__(self, config: AgentConfig, worker: FeatureWorker | None, fronts: Sequence[Front]) -> None:
        self._config = config
        self._worker = worker
        self._fronts = fronts
        self._session = Session(session_settings(config))
        self._capture: CaptureRun | None = None
        self._watching: frozenset[int] = frozenset()
        self._quality = Quality.AUTO
        self._ever_connected = False
        self._loop = asyncio.new_event_loop()
        self._link: Link | None = None
        self._crash: asyncio.Future[None] | None = None
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
        return not self._thread.is_alive()

    def post(self, event: Callable[[Session], list[Action]]) -> None:
        """Give the session an event, from any thread; after the end it goes nowhere."""
        try:
            self._loop.call_soon_threadsafe(self._take, event)
        except RuntimeError:  # the loop is closed: the session has ended meanwhile
            _log.debug("an event came after the end")

    def cut_capture(self) -> None:
        """Stop the capture now, from any thread."""
        capture = self._capture
        if capture is not None:
            capture.stop()

    # --- the network thread ---

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            try:
                runner.run(self._main())
            except Exception:  # noqa: BLE001 - the customer must not be left with a window that says "live"
                _log.exception("the network thread has failed")
                self._give_up()
            finally:
                self.cut_capture()

    def _give_up(self) -> None:
        """The session is out of joint: nothing stays held down, and the customer is told that it is over."""
        self.failed = True
        if self._worker is not None:
            self._worker.release()
        for front in self._fronts:
            front.show(Snapshot(phase=Phase.ENDED))
            front.ended(ErrorCode.INTERNAL)

    async def _main(self) -> None:
        self._crash = self._loop.create_future()
        events = LinkEvents(self._opened, self._message, self._lost, self._failed)
        self._link = Link(self._config.address, __version__, events)
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
            await asyncio.sleep(TICK_S)
            self._carry(self._session.tick(now_ms()))

    def _take(self, event: Callable[[Session], list[Action]]) -> None:
        try:
            self._carry(event(self._session))
        except Exception as error:  # noqa: BLE001 - the loop would only log it and go on half-way
            if self._crash is not None and not self._crash.done():
                self._crash.set_exception(error)

    def _opened(self) -> None:
        self._ever_connected = True
        self._carry(self._session.link_opened(now_ms()))

    def _message(self, message: bytes) -> None:
        self._carry(self._session.message(message, now_ms()))

    def _lost(self) -> None:
        self._carry(self._session.link_lost(now_ms()))

    def _failed(self, failure: LinkFailure) -> bool:
        final = failure.kind in CERTIFICATE_KINDS and not self._ever_connected
        self.failed = final
        for front in self._fronts:
            front.failed(failure.kind, final=final)
        return final

    # --- actions ---

    def _carry(self, actions: list[Action]) -> None:
        for action in actions:
            self._carry_one(action)

    def _carry_one(self, action: Action) -> None:
        match action:
            case Send() | CloseLink() | Ended():
                self._carry_link(action)
            case StartCapture() | StopCapture() | NeedKeyframe() | Acked() | Watching() | SetQuality():
                self._carry_capture(action)
            case Perform() | ReleaseHeld():
                self._carry_input(action)
            case Ask() | Withdraw() | Show() | Tell():
                self._carry_front(action)
            case _:
                assert_never(action)

    def _carry_link(self, action: Send | CloseLink | Ended) -> None:
        if self._link is None:
            return
        match action:
            case Send():
                if action.media and self._config.halts.stopped.is_set():
                    return
                if not self._link.send(action.message, media=action.media) and self._capture is not None:
                    self._capture.need_keyframe(urgent=False)
            case CloseLink():
                _log.info("closing the connection: %s", action.code)
                self._link.close(fatal=action.fatal)
            case Ended():
                self._link.discard_media()
                self._link.close(fatal=True)
                for front in self._fronts:
                    front.ended(action.code)

    def _carry_capture(
        self, action: StartCapture | StopCapture | NeedKeyframe | Acked | Watching | SetQuality
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
            case _:
                pass
        if self._capture is not None:
            self._tell_capture(self._capture, action)

    def _tell_capture(
        self, capture: CaptureRun, action: StopCapture | NeedKeyframe | Acked | Watching | SetQuality
    ) -> None:
        match action:
            case Watching():
                capture.watch(action.links)
            case SetQuality():
                capture.choose_quality(action.quality)
            case StopCapture():
                capture.stop()
                self._capture = None
            case NeedKeyframe():
                capture.need_keyframe(urgent=action.urgent)
            case Acked():
                capture.acked(action.link, action.frame_id)
            case _:
                assert_never(action)

    def _start_capture(self, run: int) -> None:
        if self._config.halts.stopped.is_set():
            return
        events = CaptureEvents(self._frame, self._layout, self._condition)
        self._capture = CaptureRun(run, self._config.display, self._config.halts.stopped, events)
        self._capture.choose_quality(self._quality)
        self._capture.watch(self._watching)
        self._capture.start()

    def _carry_input(self, action: Perform | ReleaseHeld) -> None:
        if self._worker is None:
            return
        match action:
            case Perform():
                self._worker.put(Task(action.link, action.message, action.layout))
            case ReleaseHeld():
                self._worker.release()

    def _carry_front(self, action: Ask | Withdraw | Show | Tell) -> None:
        if isinstance(action, Ask) and self._config.auto_consent:
            question_id = action.question.id
            self.post(lambda session: session.answered(question_id, True, now_ms()))
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
                    front.tell(action.notice, action.who)

    # --- told by the capture and the input, from their threads ---

    def _frame(self, run: int, outgoing: Outgoing) -> None:
        self.post(lambda s: s.frame(run, outgoing.frame_id, outgoing.keyframe, outgoing.data, now_ms()))

    def _layout(self, run: int, layout: ScreenLayout) -> None:
        self.post(lambda session: session.layout(run, layout, now_ms()))

    def _condition(self, run: int, state: CaptureState) -> None:
        self.post(lambda session: session.condition(run, state, now_ms()))

    def refused(self, link: int, refusal: FeatureRefusal) -> None:
        """A feature could not carry a message out."""
        told = Refusal(refusal.code, refusal.capability, refusal.removed_by)
        self.post(lambda session: session.feature_refused(link, told, now_ms()))

    def input_done(self) -> None:
        """Input was carried out: the screen will probably change."""
        capture = self._capture
        if capture is not None:
            capture.input_carried_out()


class Agent:
    """The agent: one life after another, and the commands of the customer."""

    def __init__(self, config: AgentConfig, fronts: Sequence[Front]) -> None:
        self._config = config
        self._fronts = fronts
        self._worker: FeatureWorker | None = None
        if config.injector is not None:
            feature = InputFeature(config.injector)
            self._worker = FeatureWorker(feature, config.halts, self._refused, self._input_done)
            self._worker.start()
        self.quit_asked = threading.Event()
        self._life = Life(config, self._worker, fronts)

    @property
    def commands(self) -> Commands:
        """What fronts may command."""
        return Commands(
            answer=lambda number, yes: self._life.post(lambda s: s.answered(number, yes, now_ms())),
            step_down=self._step_down,
            new_code=lambda: self._life.post(lambda session: session.new_code(now_ms())),
            dismiss=lambda slot: self._life.post(lambda session: session.dismiss(slot, now_ms())),
            stop=self.stop,
            start_again=self.start_again,
            quit=self.quit,
        )

    @property
    def over(self) -> bool:
        """Whether the present session's network has ended."""
        return self._life.over

    @property
    def failed(self) -> bool:
        """Whether it ended because there was no way to connect."""
        return self._life.failed

    def start(self) -> None:
        """Begin the first session."""
        self._life.start()

    def stop(self) -> None:
        """Cut capture and input here and now, then tell the others (SPEC S4)."""
        self._config.halts.stopped.set()
        self._life.cut_capture()
        if self._worker is not None:
            self._worker.release()
        self._life.post(lambda session: session.stop(now_ms()))

    def _step_down(self) -> None:
        if self._worker is not None:
            self._worker.release()
        self._life.post(lambda session: session.step_down(now_ms()))

    def start_again(self) -> None:
        """After the end: a new session, with a new code."""
        if not self._life.over:
            self._life.join(FAREWELL_S)
        self._config.halts.stopped.clear()
        self._life = Life(replace(self._config, join=None), self._worker, self._fronts)
        self._life.start()

    def quit(self) -> None:
        """End the session and the program."""
        self.stop()
        self.quit_asked.set()

    def close(self) -> None:
        """Wait for a clean goodbye, but not for ever, and put the keyboard back as it was."""
        self._life.join(FAREWELL_S)
        if self._worker is not None:
            self._worker.close(KEYBOARD_S)

    def _refused(self, link: int, refusal: FeatureRefusal) -> None:
        self._life.refused(link, refusal)

    def _input_done(self) -> None:
        self._life.input_done()
