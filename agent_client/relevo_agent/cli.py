"""The command ``relevo-agent``."""

import argparse
import base64
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from relevo_agent import __version__
from relevo_agent.app import Agent
from relevo_agent.complaint import Complaint
from relevo_agent.config import AgentConfig
from relevo_agent.features.worker import Halts
from relevo_agent.floor import floor_files, read_floor
from relevo_agent.life import FAREWELL_S, KEYBOARD_S
from relevo_agent.link.address import relay_address
from relevo_agent.platform.base import Injector, InjectorFailed
from relevo_agent.platform.choose import open_injector
from relevo_agent.records import Records
from relevo_agent.service.envelope import Resumption
from relevo_agent.service.link import ServiceLink
from relevo_agent.store import default_directory, device_key, log_to, prepare
from relevo_agent.ui.console import FLUSH_S, Console
from relevo_agent.ui.front import Front
from relevo_agent.ui.texts import Texts, choose_language
from relevo_protocol.limits import CODE_DIGITS
from relevo_protocol.modes import Mode, SessionKind

if TYPE_CHECKING:
    from relevo_agent.ui.window import Window

EXIT_USAGE: Final = 2
EXIT_NO_CONNECTION: Final = 3
SERVICE: Final = "service"
PRESENT: Final = "present"
DOCTOR: Final = "doctor"
_HELPS: Final = "Shows this PC's screen to a technician, once you gave them the code and your consent."
_PRESENTS: Final = "Shows this PC's screen to at most five people who open your link."
_OTHERS: Final = """\
other commands:
  relevo-agent present   show this PC's screen to an audience
  relevo-agent service   the service for administrator mode: install, remove, status
  relevo-agent doctor    what this PC can show and do, why, and what it costs
"""
DEMO_VARIABLE: Final = "RELEVO_DEMO"
INVITE_VARIABLE: Final = "RELEVO_DEMO_INVITE"
"""The two halves of a presentation's link, as they stand in it: for scripts that must know it beforehand."""


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line; the demonstration's options exist only where the environment allows them."""
    presenting = argv[:1] == [PRESENT]
    parser = argparse.ArgumentParser(
        prog=f"relevo-agent {PRESENT}" if presenting else "relevo-agent",
        description=_PRESENTS if presenting else _HELPS,
        epilog=None if presenting else _OTHERS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--server", required=True, metavar="URL", help="the relay, such as https://relay.example")
    add("--ca", type=Path, metavar="FILE", help="trust this certificate authority (PEM) and no other")
    if presenting:
        add("--ticket", required=True, metavar="TICKET", help="the ticket that your relay gave you for it")
    else:
        add("--join", type=routing, metavar="ROUTING", help="the six digits that your technician gave you")
    add("--display", metavar=":N", help="the X display to show (default: DISPLAY)")
    add("--lang", choices=("es", "en"), help="language (default: the desktop's)")
    add("--state-dir", type=Path, metavar="DIR", help="where device key, record and log are kept")
    add("--no-window", action="store_true", help="show and ask everything on this terminal")
    add("--json-events", action="store_true", help="events as JSON lines on stdout, for scripts")
    add("--version", action="version", version=f"relevo-agent {__version__}")
    parser.set_defaults(join=None, ticket=None, demo_consent="ask", demo_mode=None)
    if os.environ.get(DEMO_VARIABLE) == "1":
        add("--demo-consent", choices=("ask", "auto"), default="ask", help="demonstration only")
        add("--demo-mode", type=Mode, choices=tuple(Mode), help="demonstration only")
    given = parser.parse_args(argv[1:] if presenting else argv)
    given.kind = SessionKind.PRESENTATION if presenting else SessionKind.SUPPORT
    return given


def invite_beforehand() -> tuple[bytes, bytes] | None:
    """The link that a demonstration was given beforehand: id and secret.

    Raises:
        Complaint: it is no link.
    """
    halves = os.environ.get(INVITE_VARIABLE)
    if halves is None or os.environ.get(DEMO_VARIABLE) != "1":
        return None
    try:
        invite, secret = (
            base64.urlsafe_b64decode(half + "=" * (-len(half) % 4)) for half in halves.split(".")
        )
    except ValueError as error:
        raise Complaint("invite", name=INVITE_VARIABLE) from error
    if (len(invite), len(secret)) != (16, 32):
        raise Complaint("invite", name=INVITE_VARIABLE)
    return invite, secret


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
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] == [SERVICE]:
        return _service(words[1:])
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A name that this terminal cannot write must not end the session.
            stream.reconfigure(errors="replace")
    if words[:1] == [DOCTOR]:
        from relevo_agent.doctor import main as doctor

        return doctor(words[1:])
    given = arguments(words)
    texts = Texts(choose_language(given.lang))
    if given.display:
        os.environ["DISPLAY"] = given.display
    console = Console(texts, json_events=given.json_events)
    try:
        config = _config(given, texts, console)
    except Complaint as error:
        print("relevo-agent: " + texts(f"start.{error.key}", **error.values), file=sys.stderr)
        return EXIT_USAGE
    return _run(given, config, console, texts)


def _service(words: list[str]) -> int:
    try:
        from relevo_agent.service.cli import main as service
    except ImportError as error:  # users and sockets of Unix
        print(f"relevo-agent: the service does not run on {sys.platform} yet ({error})", file=sys.stderr)
        return EXIT_USAGE
    return service(words)


def _config(given: argparse.Namespace, texts: Texts, console: Console) -> AgentConfig:
    """Everything that the agent is started with; raises Complaint."""
    directory: Path = given.state_dir or default_directory()
    prepare(directory)
    log_to(directory)
    address = relay_address(given.server, given.ca)
    key = device_key(directory)
    floor = read_floor(floor_files())
    auto = given.demo_consent == "auto"
    if auto:
        print(texts("demo.loud"), file=sys.stderr, flush=True)
    halts = Halts()
    return AgentConfig(
        address=address,
        device_key=key,
        display=os.environ.get("DISPLAY"),
        injector=_injector(texts, console, halts),
        halts=halts,
        join=given.join,
        auto_consent=auto,
        start_mode=given.demo_mode,
        kind=given.kind,
        ticket=given.ticket,
        invite=invite_beforehand(),
        floor=floor,
        service=_service_link(given, texts, directory, key),
    )


def _service_link(
    given: argparse.Namespace, texts: Texts, directory: Path, key: Ed25519PrivateKey
) -> ServiceLink | None:
    """This PC's service, if it is there and this user may ask it; a presenter's PC is not administered."""
    if given.kind is SessionKind.PRESENTATION:
        return None
    authority = given.ca.read_text(encoding="utf-8") if given.ca is not None else None
    told = Resumption(
        given.server, authority, texts.language.value, str(directory.absolute()), key.private_bytes_raw()
    )
    return ServiceLink.found(told)


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


def _run(given: argparse.Namespace, config: AgentConfig, console: Console, texts: Texts) -> int:
    window = None if given.no_window else _window(texts, console, demo=config.auto_consent)
    fronts: list[Front] = [console] if window is None else [console, window]
    records = Records(
        given.state_dir or default_directory(),
        texts,
        __version__,
        _receipt_to(fronts),
        restored=config.restored is not None,
    )
    agent = Agent(config, fronts, records.keep)
    _heed_signals(agent)
    threading.Thread(target=_insist, args=(agent,), name="insist", daemon=True).start()
    agent.start()
    console.listen(agent.commands)
    try:
        if window is None:
            agent.wait()
        else:
            window.run(agent.commands, agent.quit_asked)
    finally:
        agent.quit()
        agent.close()
        records.close(FLUSH_S)
        console.close()
    return EXIT_NO_CONNECTION if agent.failed else 0


def _receipt_to(fronts: Sequence[Front]) -> Callable[[Path], None]:
    def told(path: Path) -> None:
        for front in fronts:
            front.receipt(path)

    return told


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
            while told := ours.recv(1):
                # Ctrl+C is the customer's; by the other the system ends programs when the PC goes down.
                (agent.leave if told[0] == signal.SIGINT else agent.quit)()

    threading.Thread(target=wait, name="signals", daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
