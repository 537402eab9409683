"""The top: with :mod:`life` and :mod:`hands` what wires session, link, capture, features and fronts.

Three threads beside the front's: the network (session and link), the capture, the input. They hand things
over by queues and never wait for one another, so that Stop works whatever hangs.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, get_args

from relevo_agent.clock import now_ms
from relevo_agent.config import AgentConfig
from relevo_agent.features.administration import AdministrationFeature
from relevo_agent.features.base import Feature, FeatureRefusal, InputMessage
from relevo_agent.features.input import InputFeature
from relevo_agent.features.terminal import TerminalFeature
from relevo_agent.features.worker import FeatureWorker, Halts
from relevo_agent.hands import Hands, Route
from relevo_agent.life import FAREWELL_S, KEYBOARD_S, Life
from relevo_agent.session.actions import Action
from relevo_agent.session.core import Session
from relevo_agent.session.entries import Entry
from relevo_agent.session.local_side import EVERYBODY
from relevo_agent.ui.front import Commands, Front
from relevo_protocol.messages import HostToViewer
from relevo_protocol.messages.administration import (
    AdminTerminalOpen,
    ProcessEnd,
    ProcessesRequest,
    ServiceChange,
    ServicesRequest,
    SystemInfoRequest,
    TerminalClose,
    TerminalInput,
    TerminalOpen,
    TerminalSize,
)
from relevo_protocol.messages.base import Message
from relevo_protocol.modes import Capability

_ADMINISTRATION: Final = (SystemInfoRequest, ProcessesRequest, ProcessEnd, ServicesRequest, ServiceChange)
_TERMINAL: Final = (TerminalOpen, AdminTerminalOpen, TerminalInput, TerminalSize, TerminalClose)


class Agent:
    """The agent: one life after another, and the commands of the customer."""

    def __init__(self, config: AgentConfig, fronts: Sequence[Front], keep: Callable[[Entry], None]) -> None:
        self._config = config
        self._fronts = fronts
        self._keep = keep
        self._hands = Hands(config.display, self._routes())
        self._hands.start(self._local_input, self.stop)
        self.quit_asked = threading.Event()
        self._turned = threading.Event()
        self._life = Life(config, self._hands, fronts, keep, self._turned.set)
        self._earlier: list[Life] = []

    @property
    def commands(self) -> Commands:
        """What fronts may command."""
        return Commands(
            answer=lambda number, yes, ticked: self._post(
                lambda s: s.answered(number, yes, ticked, now_ms())
            ),
            step_down=self._step_down,
            new_code=lambda: self._post(lambda session: session.new_code(now_ms())),
            dismiss=lambda slot: self._post(lambda session: session.dismiss(slot, now_ms())),
            say=lambda text: self._post(lambda session: session.say(text, now_ms())),
            take_control=self._take_control,
            give_control=lambda: self._post(lambda session: session.give_control(now_ms())),
            cancel_restart=lambda: self._post(lambda session: session.cancel_restart(now_ms())),
            revoke_grant=lambda: self._post(lambda session: session.revoke_grant(now_ms())),
            clear_marks=lambda: self._post(lambda session: session.clear_marks(now_ms())),
            allow_marks=lambda slot, yes: self._post(lambda s: s.allow_marks(slot, yes, now_ms())),
            stop=self.stop,
            report=self.report,
            start_again=self.start_again,
            quit=self.leave,
        )

    @property
    def over(self) -> bool:
        """Whether the present session's network has ended."""
        return self._life.over

    def wait(self) -> None:
        """Return once the present session's network has ended, or the end was asked for."""
        while not self.over and not self.quit_asked.is_set():
            self._turned.wait()
            self._turned.clear()

    @property
    def failed(self) -> bool:
        """Whether it ended because there was no way to connect."""
        return self._life.failed

    def start(self) -> None:
        """Begin the first session."""
        self._life.start()

    def desktop_changed(self, display: str | None) -> None:
        """The desktop that the session shows is another one, or gone."""
        self._hands.desktop_changed(display)

    def stop(self) -> None:
        """Cut capture and input here and now, then tell the others (SPEC S4)."""
        self._cut()
        self._post(lambda session: session.cancel_restart(now_ms()))
        self._post(lambda session: session.stop(now_ms()))

    def report(self) -> None:
        """Stop, and report everybody who is in (SPEC N8)."""
        self._cut()
        self._post(lambda session: session.cancel_restart(now_ms()))
        self._post(lambda session: session.stop(now_ms(), reported=EVERYBODY))

    def _cut(self) -> None:
        self._config.halts.stopped.set()
        self._life.cut_capture()
        self._hands.release_all()

    def _post(self, event: Callable[[Session], list[Action]]) -> None:
        self._life.post(event)

    def _answer(self, question_id: int, granted: bool, ticked: frozenset[Capability]) -> None:
        self._post(lambda session: session.answered(question_id, granted, ticked, now_ms()))

    def _step_down(self) -> None:
        self._hands.release_held()
        self._post(lambda session: session.step_down(now_ms()))

    def _take_control(self) -> None:
        self._hands.release_held()
        self._post(lambda session: session.take_control(now_ms()))

    def _local_input(self) -> None:
        self._life.local_input()

    def start_again(self) -> None:
        """After the end: a new session, with a new code. The one before may still have to tell the relay."""
        self._earlier = [life for life in (*self._earlier, self._life) if not life.over]
        self._config.halts.stopped.clear()
        self._life = Life(
            replace(self._config, join=None, restored=None),
            self._hands,
            self._fronts,
            self._keep,
            self._turned.set,
        )
        self._life.start()

    def leave(self) -> None:
        """The customer closes the program: that is their Stop, also where the PC is about to go down."""
        self.stop()
        self.quit()

    def quit(self) -> None:
        """End the session and the program; where the PC goes down, the session comes back (SPEC V6)."""
        self._cut()
        self._post(lambda session: session.stop(now_ms()))
        self.quit_asked.set()
        self._turned.set()

    def close(self) -> None:
        """Wait for a clean goodbye, but not for ever, and put the keyboard back as it was."""
        end_s = time.monotonic() + FAREWELL_S
        for life in (*self._earlier, self._life):
            life.join(max(0.0, end_s - time.monotonic()))
        self._hands.close(KEYBOARD_S)

    def _routes(self) -> list[Route]:
        """One worker for each feature that this PC has."""
        config, routes = self._config, list[Route]()
        if config.injector is not None:
            feature = InputFeature(config.injector)
            worker = FeatureWorker(feature, config.halts, self._refused, self._input_done)
            routes.append(Route(get_args(InputMessage), worker, lambda: feature.holds))
        stopped = config.halts.stopped
        own: tuple[tuple[tuple[type[Message], ...], Feature], ...] = (
            (_ADMINISTRATION, AdministrationFeature(self._said, config.service)),
            (_TERMINAL, TerminalFeature(self._said, config.service, self._backlog_bytes)),
        )
        for kinds, acting in own:
            worker = FeatureWorker(acting, Halts(stopped=stopped), self._refused, lambda: None)
            routes.append(Route(kinds, worker))
        return routes

    def _backlog_bytes(self) -> int:
        return self._life.backlog_bytes

    def _said(self, link: int, message: HostToViewer) -> None:
        self._life.said(link, message)

    def _refused(self, link: int, refusal: FeatureRefusal) -> None:
        self._life.refused(link, refusal)

    def _input_done(self) -> None:
        self._life.input_done()
