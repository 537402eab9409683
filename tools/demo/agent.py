"""The demo's agent: started with the relay's address, it reports by one JSON object a line."""

import json
import os
import queue
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from tools import system
from tools.demo.children import Children, DemoError, Program
from tools.demo.options import Options
from tools.demo.relay import Presentation, Relay
from tools.paths import VENV_BIN

Event = dict[str, Any]


class Agent:
    """A running agent and what it reports."""

    def __init__(self, reports: IO[str]) -> None:
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        threading.Thread(target=self._read, args=(reports,), name="agent-events", daemon=True).start()

    def next_event(self, patience_s: float) -> Event | None:
        """The next report; None if there is none in that time."""
        try:
            return self._events.get(timeout=patience_s)
        except queue.Empty:
            return None

    def _read(self, reports: IO[str]) -> None:
        try:
            for line in reports:
                try:
                    event: object = json.loads(line)
                except json.JSONDecodeError:
                    continue
                if isinstance(event, dict) and "event" in event:
                    self._events.put(cast("Event", event))
        except ValueError:  # closed at the end of the demo
            return


@dataclass(frozen=True)
class Customer:
    """What an agent is started with; ``presentation`` makes it a presenter's."""

    relay: Relay
    display: str | None
    options: Options
    state: Path
    presentation: Presentation | None = None
    service: Path | None = None


def start(customer: Customer, children: Children) -> Agent:
    """Start the agent on its display; what the demo alone may ask of it travels in its own words."""
    relay, display, options = customer.relay, customer.display, customer.options
    if options.consent == "ask" and not system.has_tkinter():
        raise DemoError(
            "this Python has no tkinter, so the customer cannot be asked in a window: "
            "install it (Debian/Ubuntu: python3-tk), or let nobody be asked (--consent auto)"
        )
    command = [
        os.fspath(VENV_BIN / "relevo-agent"),
        *(() if customer.presentation is None else ("present",)),
        "--server",
        relay.agent_url,
        "--ca",
        os.fspath(relay.ca_file),
    ]
    command += ["--lang", options.lang, "--state-dir", os.fspath(customer.state), "--json-events"]
    environment = {"RELEVO_DEMO": "1"}
    if display is not None:
        command += ["--display", display]
        environment["DISPLAY"] = display
    if not options.window:
        command += ["--no-window"]
    if customer.service is not None:
        environment["RELEVO_SERVICE_SOCKET"] = os.fspath(customer.service)
    if customer.presentation is not None:
        command += ["--ticket", customer.presentation.ticket]
        environment["RELEVO_DEMO_INVITE"] = customer.presentation.halves
    elif options.consent == "auto":
        command += ["--demo-consent", "auto", "--demo-mode", options.mode]
    reports = children.start(Program("agent", command, environment, events=True, may_finish=True))
    if reports is None:
        raise DemoError("the agent has no stdout to report on")
    return Agent(reports)
