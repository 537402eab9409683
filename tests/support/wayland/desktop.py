"""A whole Wayland desktop without a screen: Mutter, PipeWire, the desktop's portal, and a scripted person."""

import contextlib
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from relevo_agent.portal.bus import Bus, CallRefused, Place
from tests.support.wayland.backend import NAME, PERSON
from tests.support.wayland.client import HEIGHT, WIDTH

ROOT = Path(__file__).parents[3]
PORTALS = ("/usr/libexec/xdg-desktop-portal", "/usr/lib/xdg-desktop-portal")
START_S = 60.0
_IMPL = "org.freedesktop.impl.portal."


def missing() -> str:
    """What this machine lacks for it; empty if nothing."""
    lacking = [
        one for one in ("mutter", "pipewire", "wireplumber", "dbus-daemon") if shutil.which(one) is None
    ]
    if not any(Path(portal).exists() for portal in PORTALS):
        lacking.append("xdg-desktop-portal")
    return ", ".join(lacking)


class Program:
    """A process of the desktop, or on it, whose lines are read as they come."""

    def __init__(self, command: Sequence[str], environment: dict[str, str], log: Path) -> None:
        with log.open("ab") as sink:
            self.process = subprocess.Popen(
                list(command),
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=sink,
                text=True,
            )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.strip())
        self._lines.put("")

    def line(self, timeout_s: float = START_S) -> str:
        """The next line that it says; nothing once it has ended, or says nothing for a while."""
        try:
            return self._lines.get(timeout=timeout_s)
        except queue.Empty:
            return ""

    def lines_until(self, last: str) -> list[str]:
        """Its lines up to this one."""
        found: list[str] = []
        while not found or found[-1] != last:
            line = self.line()
            assert line, f"it did not say {last!r}: {found}"
            found.append(line)
        return found

    def say(self, line: str) -> None:
        """A line for it to read."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def end(self) -> None:
        """Kill it."""
        self.process.kill()
        self.process.wait(60)
        self._reader.join(60)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


class Desktop:
    """Runs while it is entered; ``environment`` is what a program inside it finds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs: list[Program] = []
        runtime, home, portals = (folder / name for name in ("run", "home", "portals"))
        for made in (runtime, home, portals):
            made.mkdir(mode=0o700)
        interfaces = f"{_IMPL}ScreenCast;{_IMPL}RemoteDesktop"
        told = f"[portal]\nDBusName={NAME}\nInterfaces={interfaces}\nUseIn=relevotest\n"
        (portals / "relevotest.portal").write_text(told, encoding="ascii")
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in {"DISPLAY", "DBUS_SESSION_BUS_ADDRESS"}
        }
        self.environment = {
            **kept,
            "HOME": str(home),
            "XDG_CACHE_HOME": str(home),
            "XDG_CONFIG_HOME": str(home),
            "XDG_DATA_HOME": str(home),
            "XDG_RUNTIME_DIR": str(runtime),
            "XDG_CURRENT_DESKTOP": "relevotest",
            "XDG_SESSION_TYPE": "wayland",
            "XDG_DESKTOP_PORTAL_DIR": str(portals),
            "WAYLAND_DISPLAY": "wayland-9",
            "PYTHONPATH": str(ROOT),
            "GSETTINGS_BACKEND": "memory",
        }
        self.runtime = runtime

    def __enter__(self) -> Self:
        """Start everything, in the order in which each needs the one before."""
        try:
            bus = self.run(["dbus-daemon", "--session", "--nofork", "--print-address"])
            self.environment["DBUS_SESSION_BUS_ADDRESS"] = bus.line()
            self.run(["pipewire"])
            self.await_path("pipewire-0")
            self.run(["wireplumber"])
            size = f"{WIDTH}x{HEIGHT}"
            self.run(
                ["mutter", "--headless", "--no-x11", "--wayland-display=wayland-9", "--virtual-monitor", size]
            )
            self.await_path("wayland-9")
            backend = self.run([sys.executable, "-W", "ignore", str(Path(__file__).with_name("backend.py"))])
            assert backend.line() == "ready", self.logs()
            self.run([next(portal for portal in PORTALS if Path(portal).exists())])
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End everything."""
        while self.programs:
            self.programs.pop().end()

    def run(self, command: Sequence[str]) -> Program:
        """A program inside the desktop."""
        program = Program(command, self.environment, self.folder / f"{Path(command[0]).name}.log")
        self.programs.append(program)
        return program

    def window(self) -> Program:
        """A full-screen window of known pixels (client.py)."""
        client = self.run([sys.executable, str(Path(__file__).with_name("client.py"))])
        assert client.line() == "ready", self.logs()
        return client

    def person(self, bus: Bus, answer: str) -> None:
        """How the person answers the portal from now on: yes, no or wait; stop ends what was given."""
        place = Place(PERSON, "/", PERSON)
        bus.call(place, "Stop", "", ()) if answer == "stop" else bus.call(place, "Say", "s", (answer,))

    def await_portal(self, bus: Bus) -> None:
        """Until the portal asks for screens."""
        place = Place(
            "org.freedesktop.portal.Desktop",
            "/org/freedesktop/portal/desktop",
            "org.freedesktop.DBus.Properties",
        )
        end = time.monotonic() + START_S
        while True:
            try:
                bus.call(place, "Get", "ss", ("org.freedesktop.portal.ScreenCast", "version"))
            except CallRefused:
                assert time.monotonic() < end, self.logs()
                time.sleep(0.05)
            else:
                return

    def await_path(self, name: str) -> None:
        """Until a program listens there."""
        end = time.monotonic() + START_S
        while not (self.runtime / name).exists():
            assert time.monotonic() < end, f"nobody listens at {name}\n{self.logs()}"
            time.sleep(0.02)

    def logs(self) -> str:
        """The end of what the programs complained about."""
        return "\n".join(
            f"{log.name}: {log.read_text(errors='replace')[-2000:]}" for log in self.folder.glob("*.log")
        )
