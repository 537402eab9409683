"""A whole Relevo on this machine: X display, relay, agent, with cables that a test can pull."""

import contextlib
import os
import signal
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from Xlib import X
from Xlib import display as xdisplay

from tests.agent.desktop import xvfb
from tests.support.nested import Hand, xephyr
from tests.support.ports import free_port
from tests.support.processes import EventProcess, wait_until
from tests.support.wire_cutter import WireCutter

_BIN = Path(sys.executable).parent
PASSWORD = "correct horse battery"
TECHNICIAN = "nuria"


class Display:
    """A virtual X display with a window manager."""

    def __init__(self, size: str, folder: Path) -> None:
        reader, writer = os.pipe()
        command = [
            "Xvfb",
            "-displayfd",
            str(writer),
            "-screen",
            "0",
            f"{size}x24",
            "-nolisten",
            "tcp",
            "-noreset",
        ]
        self._folder = folder
        self._processes = [self._start("xvfb", command, pass_fds=(writer,))]
        os.close(writer)
        with os.fdopen(reader) as answer:
            self.name = f":{int(answer.readline())}"
        self._processes.append(self._start("openbox", ["openbox", "--sm-disable"]))
        wait_until(self._managed, "a window manager")

    def _managed(self) -> bool:
        command = ["xprop", "-display", self.name, "-root", "_NET_SUPPORTING_WM_CHECK"]
        return "window id" in subprocess.run(command, capture_output=True, text=True, check=False).stdout

    def _start(
        self, name: str, command: list[str], pass_fds: tuple[int, ...] = ()
    ) -> subprocess.Popen[bytes]:
        with (self._folder / f"{name}.log").open("ab") as sink:
            environment = os.environ | ({"DISPLAY": self.name} if hasattr(self, "name") else {})
            return subprocess.Popen(
                command, stdout=sink, stderr=sink, env=environment, pass_fds=pass_fds, start_new_session=True
            )

    def paint(self, colour: int) -> None:
        """Give the bare desktop a colour, 0xRRGGBB."""
        with contextlib.closing(xdisplay.Display(self.name)) as connection:
            root = connection.screen().root
            root.change_attributes(background_pixel=colour)
            root.clear_area()
            connection.sync()

    def colours(self, x: int, y: int, width: int, height: int) -> set[str]:
        """Every colour of a piece of the real screen, as ``#rrggbb``."""
        with contextlib.closing(xdisplay.Display(self.name)) as connection:
            root = connection.screen().root
            data = root.get_image(x, y, width, height, X.ZPixmap, 0xFFFFFFFF).data
        return {f"#{data[i + 2]:02x}{data[i + 1]:02x}{data[i]:02x}" for i in range(0, len(data), 4)}

    def patch_of(self, colour: int, side: int = 6) -> tuple[int, int] | None:
        """A pixel amid a square of one colour, 0xRRGGBB, on the real screen; ``None`` if there is none."""
        with contextlib.closing(xdisplay.Display(self.name)) as connection:
            root = connection.screen().root
            width, height = root.get_geometry().width, root.get_geometry().height
            data = root.get_image(0, 0, width, height, X.ZPixmap, 0xFFFFFFFF).data
        alike = np.frombuffer(data, np.uint32).reshape(height, width) & 0xFFFFFF == colour
        squares = sliding_window_view(alike, (side, side)).all(axis=(2, 3))
        found = np.argwhere(squares)
        return None if not len(found) else (int(found[0][1]) + side // 2, int(found[0][0]) + side // 2)

    def close(self) -> None:
        """End what was started, last first."""
        for process in reversed(self._processes):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=60)


class NestedDisplay(Display):
    """A display inside another one: ``hand`` is the person at the PC, whose input is real there."""

    def __init__(self, size: str, folder: Path) -> None:
        self._inside = contextlib.ExitStack()
        outer = self._inside.enter_context(xvfb(f"{size}x24"))
        self.name = self._inside.enter_context(xephyr(outer, size))
        self.hand = Hand(outer)
        self._folder = folder
        self._processes = [self._start("openbox", ["openbox", "--sm-disable"])]
        wait_until(self._managed, "a window manager")

    def close(self) -> None:
        """See :class:`Display`."""
        super().close()
        self.hand.close()
        self._inside.close()


class Stack:
    """Relay and agent behind one cuttable cable each."""

    def __init__(self, folder: Path, display: Display, language: str = "en") -> None:
        self.folder, self.display, self.language = folder, display, language
        self.data = folder / "relay"
        self.port = free_port()
        self.viewer_cable = WireCutter(self.port)
        self.agent_cable = WireCutter(self.port)
        self.origin = f"https://localhost:{self.viewer_cable.port}"
        self.relay: subprocess.Popen[bytes] | None = None
        self.agent: EventProcess | None = None
        # Further settings of the relay, as its environment names them.
        self.settings: dict[str, str] = {}
        self._command("init")
        self.account(TECHNICIAN, "Núria Peña", "--admin-tools")

    def account(self, name: str, display_name: str, *more: str) -> None:
        """Add an account of the organisation."""
        given = ("--name", name, "--display-name", display_name, "--password-stdin", *more)
        self._command("account", "create", *given)

    def administrator(self, name: str, display_name: str) -> None:
        """Add somebody who administers the organisation."""
        given = ("--name", name, "--display-name", display_name, "--password-stdin")
        self._command("admin", "create", *given)

    @property
    def ca_file(self) -> Path:
        """The relay's own authority."""
        return self.data / "ca.pem"

    def _environment(self) -> dict[str, str]:
        return os.environ | {
            "RELEVO_PUBLIC_ORIGIN": self.origin,
            "RELEVO_ORGANISATION": "Ayuda Ejemplo",
            "RELEVO_SECOND_FACTOR": "optional",
            **self.settings,
        }

    def _command(self, *arguments: str) -> str:
        done = subprocess.run(
            [_BIN / "relevo-server", *arguments, "--data", self.data],
            input=PASSWORD + "\n",
            capture_output=True,
            text=True,
            check=False,
            env=self._environment(),
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start_relay(self) -> None:
        """Start the relay and wait until it is ready."""
        with (self.folder / "relay.log").open("ab") as sink:
            self.relay = subprocess.Popen(
                [
                    _BIN / "relevo-server",
                    "run",
                    "--data",
                    self.data,
                    "--host",
                    "127.0.0.1",
                    "--port",
                    str(self.port),
                ],
                stdout=sink,
                stderr=sink,
                env=self._environment(),
                start_new_session=True,
            )
        wait_until(self._ready, f"the relay is ready; see {self.folder / 'relay.log'}")

    def _ready(self) -> bool:
        assert self.relay is not None
        assert self.relay.poll() is None, (self.folder / "relay.log").read_text(encoding="utf-8")[-3000:]
        trust = ssl.create_default_context(cafile=str(self.ca_file))
        try:
            with urllib.request.urlopen(
                f"https://localhost:{self.port}/readyz", context=trust, timeout=30
            ) as answer:
                ready: bool = answer.status == 200
                return ready
        except (OSError, urllib.error.URLError):
            return False

    def kill_relay(self) -> None:
        """End the relay as a power cut would."""
        assert self.relay is not None
        os.killpg(self.relay.pid, signal.SIGKILL)
        self.relay.wait()

    def start_agent(self, consent: str = "auto", *words: str, **environment: str) -> EventProcess:
        """Start an agent whose customer says yes by itself, unless ``consent`` is ``ask``.

        ``words`` are further options, ``environment`` goes beside the machine's.
        """
        if consent == "auto":
            words = (*words, "--demo-consent", "auto")
        self.agent = self._agent("agent", words, environment)
        return self.agent

    def start_presenter(self, ticket: str, halves: str) -> EventProcess:
        """Start a presenter's agent whose link is ``/demo#i=halves``."""
        environment = {"RELEVO_DEMO_INVITE": halves}
        return self._agent("presenter", ("present", "--ticket", ticket), environment)

    def _agent(self, name: str, words: tuple[str, ...], environment: Mapping[str, str]) -> EventProcess:
        command = [
            str(_BIN / "relevo-agent"),
            *words,
            *("--server", f"https://localhost:{self.agent_cable.port}", "--ca", str(self.ca_file)),
            *(
                "--display",
                self.display.name,
                "--lang",
                self.language,
                "--state-dir",
                str(self.folder / name),
            ),
            *("--no-window", "--json-events"),
        ]
        return EventProcess(command, self.folder / f"{name}.log", {"RELEVO_DEMO": "1", **environment})

    def link(self, code: str, mode: str = "full", name: str = TECHNICIAN) -> str:
        """A one-time address that signs the technician in and joins."""
        return f"{self.signed_in(name)}&code={code}&mode={mode}"

    def signed_in(self, name: str) -> str:
        """A one-time address that signs somebody in."""
        path = self._command("link", "create", "--name", name).strip().splitlines()[-1]
        return f"{self.origin}{path}"

    def close(self) -> None:
        """End everything."""
        if self.agent is not None:
            self.agent.stop()
        if self.relay is not None and self.relay.poll() is None:
            os.killpg(self.relay.pid, signal.SIGTERM)
            try:
                self.relay.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.kill_relay()
        self.viewer_cable.close()
        self.agent_cable.close()
