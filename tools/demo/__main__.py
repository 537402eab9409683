"""``make demo``: a relay, an agent and, where needed, a desktop; they live until Ctrl+C."""

import fcntl
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from tools import node, viewer
from tools.demo import agent, relay, service
from tools.demo.browser import open_browser
from tools.demo.children import Children, DemoError
from tools.demo.desktop import open_desktop
from tools.demo.options import Options, parse
from tools.paths import ROOT

_CODE_PATIENCE_S = 40.0
_STATE = ROOT / ".relevo" / "demo"
_INTRODUCTION = """
  Relevo's demo is running on {display}.

    address      {url}
    technician   {name}    password  {password}
    code         {code}

    or, all in one (works once, for {mode}):
    {link}

  A browser warns of the certificate unless the demo's authority is trusted:
    .venv/bin/relevo-server trust install --data {data}   (and later: trust remove)

  Ctrl+C ends it.
"""
_PRESENTATION = """
  {display} is being presented. Up to five people see it, in any browser and without an account:
    {join}

  To present from a browser instead (signs in as {name}, works once):
    {page}

    address      {url}
    technician   {name}    password  {password}

  A browser warns of the certificate unless the demo's authority is trusted:
    .venv/bin/relevo-server trust install --data {data}   (and later: trust remove)

  Ctrl+C ends it.
"""
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Ended(BaseException):
    """Somebody asked the demo to end. Not an Exception: nothing on the way up may take it for a failure."""


def main() -> int:
    """Run the demo until it is ended (0) or something it needs ends (1)."""
    options = parse(sys.argv[1:])
    for number in _ENDINGS:
        signal.signal(number, _end)
    try:
        viewer.build()
        with _folder() as folder, Children(folder) as children:
            try:
                _run(options, children, folder)
            finally:
                # The ending takes a moment and must not be cut short by a second Ctrl+C.
                for number in _ENDINGS:
                    signal.signal(number, signal.SIG_IGN)
    except _Ended:
        _say("demo: ended")
        return 0
    except (viewer.ViewerError, node.NodeError) as error:
        _say(f"demo: {error}")
        return 1
    except DemoError as error:
        _say(f"demo: {error}\ndemo: to start afresh, remove {_STATE.relative_to(ROOT)}")
        return 1
    return 0


def _run(options: Options, children: Children, folder: Path) -> None:
    if options.consent == "auto":
        _say("demo: CONSENT IS AUTOMATIC: nobody is asked before this screen is shown. For demos only.")
    display = open_desktop(options, children, folder / "home")
    server = relay.prepare(folder, options.port, options.lang)
    server.start(children)
    socket = service.start(children, folder) if options.administers else None
    stage = _Stage(options, children, folder, display, server, socket)
    if options.presents:
        _present(stage)
        return
    customer = stage.start_agent()
    code = stage.first_code(customer)
    link = server.new_link(code, options.mode)
    if options.json:
        stage.print_facts({"code": code, "viewer_url": link})
    else:
        stage.introduce(_INTRODUCTION, code=_in_groups(code), mode=options.mode, link=link)
        stage.open_browser(link)
    stage.watch(customer)


def _present(stage: "_Stage") -> None:
    """The technician's desktop, for up to five people."""
    server = stage.server
    presentation = server.presentation()
    presenter = stage.start_agent(presentation)
    stage.first(presenter, "link")
    join, page = server.join_link(presentation), server.presenter_link()
    if stage.options.json:
        stage.print_facts({"join_url": join, "presenter_url": page})
    else:
        stage.introduce(_PRESENTATION, join=join, page=page)
        stage.open_browser(join)
    stage.watch(presenter)


@dataclass(frozen=True)
class _Stage:
    """Everything that is set up before the customer's agent comes on."""

    options: Options
    children: Children
    folder: Path
    display: str | None
    server: relay.Relay
    service: Path | None = None

    def start_agent(self, presentation: relay.Presentation | None = None) -> agent.Agent:
        state = self.folder / "agent"
        customer = agent.Customer(self.server, self.display, self.options, state, presentation, self.service)
        return agent.start(customer, self.children)

    def first_code(self, customer: agent.Agent) -> str:
        return str(self.first(customer, "code")["code"])

    def first(self, customer: agent.Agent, name: str) -> agent.Event:
        """Wait for the agent's first report of this name."""
        deadline = time.monotonic() + _CODE_PATIENCE_S
        while time.monotonic() < deadline:
            self.children.check()
            event = customer.next_event(0.2)
            if event and event["event"] == name:
                return event
        raise DemoError(
            f"the agent has no {name} after {_CODE_PATIENCE_S:.0f} s:\n{self.children.tail('agent')}"
        )

    def print_facts(self, ways_in: dict[str, str]) -> None:
        facts: dict[str, object] = {
            "url": self.server.url,
            "ca_file": os.fspath(self.server.ca_file),
            "technician": {"name": relay.TECHNICIAN, "password": self.server.password},
            "mode": self.options.mode,
            "display": self.display,
            "pids": self.children.pids,
        }
        print(json.dumps(facts | ways_in, ensure_ascii=False), flush=True)

    def introduce(self, text: str, **facts: str) -> None:
        print(
            text.format(
                display=self.display or "this desktop",
                url=self.server.url,
                name=relay.TECHNICIAN,
                password=self.server.password,
                data=self.server.data.relative_to(ROOT),
                **facts,
            ),
            flush=True,
        )

    def open_browser(self, address: str) -> None:
        if self.options.browser and os.environ.get("DISPLAY"):
            _say(f"demo: {open_browser(address, self.server.ca_file, self.children, self.folder)}")

    def watch(self, customer: agent.Agent) -> None:
        """Tell what happens until something that the demo needs has ended."""
        while True:
            self.children.check()
            event = customer.next_event(0.5)
            if event is None:
                if self.children.has_finished("agent") and not self.options.presents:
                    # A session is over and its agent with it; a customer who needs help again starts anew.
                    customer = self.start_agent()
            elif event["event"] == "code":
                code = str(event["code"])
                link = self.server.new_link(code, self.options.mode)
                _say(f"demo: new code {_in_groups(code)}, all in one: {link}")
            else:
                _say(f"demo: {' '.join(f'{name}={value}' for name, value in event.items())}")


@contextmanager
def _folder() -> Generator[Path]:
    """The demo's own folder in the checkout; a second demo beside it gets one that goes away with it."""
    _STATE.mkdir(parents=True, exist_ok=True)
    with (_STATE / "lock").open("w", encoding="utf-8") as handle:
        if _is_ours(handle.fileno()):
            yield _STATE
            return
    other = _STATE.with_name(f"demo-{os.getpid()}")
    other.mkdir(parents=True, exist_ok=True)
    try:
        yield other
    finally:
        shutil.rmtree(other, ignore_errors=True)


def _is_ours(handle: int) -> bool:
    """True if no other demo holds the lock; it is held until the file is closed."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _end(_number: int, _frame: FrameType | None) -> None:
    raise _Ended


def _in_groups(code: str) -> str:
    return " ".join(code[start : start + 3] for start in range(0, len(code), 3))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
