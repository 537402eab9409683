"""The command ``relevo-agent``."""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final

from relevo_agent import __version__
from relevo_agent.app import Agent, AgentConfig
from relevo_agent.link.address import AddressError, relay_address
from relevo_agent.platform.base import Injector, InjectorFailed
from relevo_agent.platform.choose import open_injector
from relevo_agent.store import StoreError, default_directory, device_key, log_to, prepare
from relevo_agent.ui.console import Console
from relevo_agent.ui.front import Front
from relevo_agent.ui.texts import Texts, choose_language
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


def main(argv: Sequence[str] | None = None) -> int:
    """Run the agent; the status is 0 after a session, 2 for a wrong start, 3 for an untrusted relay."""
    given = arguments(argv)
    texts = Texts(choose_language(given.lang))
    if given.display:
        os.environ["DISPLAY"] = given.display
    try:
        directory = given.state_dir or default_directory()
        prepare(directory)
        log_to(directory)
        address = relay_address(given.server, given.ca)
        key = device_key(directory)
    except (AddressError, StoreError) as error:
        print(f"relevo-agent: {error}", file=sys.stderr)
        return EXIT_USAGE
    console = Console(texts, json_events=given.json_events)
    auto = getattr(given, "demo_consent", "ask") == "auto"
    if auto:
        print(texts("demo.loud"), file=sys.stderr, flush=True)
    halted = threading.Event()
    config = AgentConfig(
        address=address,
        device_key=key,
        display=os.environ.get("DISPLAY"),
        injector=_injector(texts, console, halted),
        halted=halted,
        auto_consent=auto,
        start_mode=getattr(given, "demo_mode", None),
    )
    return _run(config, console, texts, windowed=not given.no_window)


def _injector(texts: Texts, console: Console, halted: threading.Event) -> Injector | None:
    try:
        return open_injector(os.environ.get("DISPLAY"), halted.is_set)
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

    def interrupted(_signal: int, _frame: FrameType | None) -> None:
        agent.quit()

    signal.signal(signal.SIGINT, interrupted)
    signal.signal(signal.SIGTERM, interrupted)
    agent.start()
    console.listen(agent.commands)
    if window is None:
        while not agent.over and not agent.quit_asked.wait(0.2):
            pass
    else:
        window.run(agent.commands, agent.quit_asked)
        agent.quit()
    agent.close()
    return EXIT_NO_CONNECTION if agent.failed else 0


if __name__ == "__main__":
    sys.exit(main())
