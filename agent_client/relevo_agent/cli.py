"""The command ``relevo-agent``."""

import argparse
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Final

from relevo_agent import __version__
from relevo_agent.app import FAREWELL_S, KEYBOARD_S, Agent
from relevo_agent.complaint import Complaint
from relevo_agent.config import AgentConfig
from relevo_agent.features.worker import Halts
from relevo_agent.link.address import relay_address
from relevo_agent.platform.base import Injector, InjectorFailed
from relevo_agent.platform.choose import open_injector
from relevo_agent.store import default_directory, device_key, log_to, prepare
from relevo_agent.ui.console import FLUSH_S, Console
from relevo_agent.ui.front import Front
from relevo_agent.ui.texts import Texts, choose_language
from relevo_protocol.limits import CODE_DIGITS
from relevo_protocol.modes import Mode

if TYPE_CHECKING:
    from relevo_agent.ui.window import Window

EXIT_USAGE: Final = 2
EXIT_NO_CONNECTION: Final = 3
DEMO_VARIABLE: Final = "RELEVO_DEMO"


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line; the demonstration's options exist only where the environment allows them."""
    parser = argparse.ArgumentParser(
        prog="relevo-agent",
        description="Shows this PC's screen to a technician, once you gave them the code and your consent.",
    )
    parser.add_argument(
        "--server", required=True, metavar="URL", help="the relay, such as https://relay.example"
    )
    parser.add_argument(
        "--ca", type=Path, metavar="FILE", help="trust this certificate authority (PEM) and no other"
    )
    parser.add_argument(
        "--join", type=routing, metavar="ROUTING", help="the six digits that your technician gave you"
    )
    parser.add_argument("--display", metavar=":N", help="the X display to show (default: DISPLAY)")
    parser.add_argument("--lang", choices=("es", "en"), help="language (default: the desktop's)")
    parser.add_argument("--state-dir", type=Path, metavar="DIR", help="where device key and log are kept")
    parser.add_argument("--no-window", action="store_true", help="show and ask everything on this terminal")
    parser.add_argument(
        "--json-events", action="store_true", help="events as JSON lines on stdout, for scripts"
    )
    parser.add_argument("--version", action="version", version=f"relevo-agent {__version__}")
    if os.environ.get(DEMO_VARIABLE) == "1":
        parser.add_argument(
            "--demo-consent", choices=("ask", "auto"), default="ask", help="demonstration only"
        )
        parser.add_argument(
            "--demo-mode", type=Mode, choices=(Mode.OBSERVER, Mode.FULL), help="demonstration only"
        )
    return parser.parse_args(argv)


def routing(text: str) -> str:
    """Read a routing number as people write it: ``482913`` or ``482 913``.

    Raises:
        ArgumentTypeError: it has other than six digits.
    """
    digits = "".join(text.split())
    if len(digits) != CODE_DIGITS or not (digits.isascii() and digits.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} has other than six digits")
    return digits


def main(argv: Sequence[str] | None = None) -> int:
    """Run the agent; the status is 0 after a session, 2 for a wrong start, 3 for an untrusted relay."""
    given = arguments(argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A name that this terminal cannot write must not end the session.
            stream.reconfigure(errors="replace")
    texts = Texts(choose_language(given.lang))
    if given.display:
        os.environ["DISPLAY"] = given.display
    try:
        directory = given.state_dir or default_directory()
        prepare(directory)
        log_to(directory)
        address = relay_address(given.server, given.ca)
        key = device_key(directory)
    except Complaint as error:
        print("relevo-agent: " + texts(f"start.{error.key}", **error.values), file=sys.stderr)
        return EXIT_USAGE
    console = Console(texts, json_events=given.json_events)
    auto = getattr(given, "demo_consent", "ask") == "auto"
    if auto:
        print(texts("demo.loud"), file=sys.stderr, flush=True)
    halts = Halts()
    config = AgentConfig(
        address=address,
        device_key=key,
        display=os.environ.get("DISPLAY"),
        injector=_injector(texts, console, halts),
        halts=halts,
        join=given.join,
        auto_consent=auto,
        start_mode=getattr(given, "demo_mode", None),
    )
    return _run(config, console, texts, windowed=not given.no_window)


def _injector(texts: Texts, console: Console, halts: Halts) -> Injector | None:
    try:
        return open_injector(os.environ.get("DISPLAY"), halts.interrupted.is_set)
    except InjectorFailed as error:
        console.say(texts("no_input", why=str(error)))
        return None


def _window(texts: Texts, console: Console, *, demo: bool) -> "Window | None":
    """The window, where there is a desktop and Tk; else the reason is said and the terminal does it all."""
    try:
        from relevo_agent.ui.window import Window, WindowUnavailable
    except ImportError as error:
        console.say(texts("no_window", why=str(error)))
        return None
    try:
        return Window(texts, demo=demo)
    except WindowUnavailable as error:
        console.say(texts("no_window", why=str(error)))
        return None


def _run(config: AgentConfig, console: Console, texts: Texts, *, windowed: bool) -> int:
    window = _window(texts, console, demo=config.auto_consent) if windowed else None
    fronts: list[Front] = [console] if window is None else [console, window]
    agent = Agent(config, fronts)
    _heed_signals(agent)
    threading.Thread(target=_insist, args=(agent,), name="insist", daemon=True).start()
    agent.start()
    console.listen(agent.commands)
    try:
        if window is None:
            while not agent.over and not agent.quit_asked.wait(0.2):
                pass
        else:
            window.run(agent.commands, agent.quit_asked)
    finally:
        agent.quit()
        agent.close()
        console.close()
    return EXIT_NO_CONNECTION if agent.failed else 0


def _insist(agent: Agent) -> None:
    """A desktop that hangs holds the main thread for ever: the program ends none the less."""
    agent.quit_asked.wait()
    time.sleep(FAREWELL_S + KEYBOARD_S + FLUSH_S + 1)
    os._exit(EXIT_NO_CONNECTION if agent.failed else 0)


def _heed_signals(agent: Agent) -> None:
    """End by SIGINT and SIGTERM without the main thread, which a desktop that hangs holds up."""
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _signal, _frame: None)

    def wait() -> None:
        with ours, theirs:
            while ours.recv(1):
                agent.quit()

    threading.Thread(target=wait, name="signals", daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
