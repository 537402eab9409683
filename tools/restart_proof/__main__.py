"""Prove on a booting system that a session survives a restart of the PC; ``make test-reboot``.

A Debian 12 is made once (root, debootstrap, some minutes) and kept under ``.cache``. Each run boots it under
QEMU with a disk of its own, installs the agent from this checkout's wheels as people do, and plays the
technician against a real relay on this machine. Nothing of this machine is restarted or changed.
"""

import argparse
import asyncio
import contextlib
import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, cast

from PIL import Image as Picture

from relevo_protocol.limits import RESTART_COUNTDOWN_S
from relevo_protocol.messages.administration import SystemInfo
from tools import wheels
from tools.restart_proof import machine, relay
from tools.restart_proof.image import CUSTOMER, ImageError, image
from tools.restart_proof.machine import Machine
from tools.restart_proof.technician import ProofRelay, Technician

BOOT_S: Final = 1200.0
"""Emulated, on a busy machine; a minute where KVM works."""
ANSWER_S: Final = 120.0
EXIT_TERMINATED: Final = 143
AUTHORITY: Final = "/etc/relevo/ca.pem"
EVENTS: Final = "/dev/ttyS1"

_SETUP: Final = """\
mkdir -p /etc/relevo
cp /media/run/ca.pem {authority}
chmod 644 {authority}
/opt/relevo/bin/pip install --quiet --no-index --no-deps --no-compile /media/run/*.whl
/opt/relevo/bin/relevo-agent service install --allow {customer}
/opt/relevo/bin/relevo-agent service status
install -m 755 /media/run/first-session /usr/local/bin/first-session
"""
_FIRST_SESSION: Final = """\
#!/bin/sh
# The customer starts the agent once, before the restart; after it only the service can bring it back.
[ -e "$HOME/.agent-was-started" ] && exit 0
touch "$HOME/.agent-was-started"
export RELEVO_DEMO=1
exec /opt/relevo/bin/relevo-agent --server {server} --ca {authority} --lang es --demo-consent auto \\
    --json-events < /dev/null > {events} 2>> "$HOME/agent.err"
"""


class ProofFailed(Exception):
    """What was not as it should be."""


@dataclass(frozen=True)
class Seen:
    """What tells one boot of the PC from another: process 1 begins with it."""

    info: SystemInfo
    first_started_ms: int


@dataclass
class Table:
    """What was done and how long it took, printed as it happens."""

    started_s: float = field(default_factory=time.monotonic)
    rows: list[tuple[str, float, str]] = field(default_factory=list[tuple[str, float, str]])

    @contextlib.contextmanager
    def step(self, name: str) -> Generator[list[str]]:
        """One row; what is put into the list stands at its end."""
        begun_s, told = time.monotonic(), list[str]()
        print(f"... {name}", file=sys.stderr, flush=True)
        yield told
        took_s = time.monotonic() - begun_s
        self.rows.append((name, took_s, ", ".join(told)))
        print(f"    {took_s:6.1f} s  {', '.join(told)}", file=sys.stderr, flush=True)

    def print(self) -> None:
        """The whole."""
        width = max(len(name) for name, _, _ in self.rows)
        for name, took_s, told in self.rows:
            print(f"{name:<{width}}  {took_s:7.1f} s  {told}")
        print(f"{'in all':<{width}}  {time.monotonic() - self.started_s:7.1f} s")


def main() -> int:
    """0 if the session came back; 1 if not; 2 if it cannot be tried here."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--anew", action="store_true", help="make the image anew")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep logs and pictures in this folder")
    options = parser.parse_args()
    # Whoever ends this ends machine and relay with it.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(EXIT_TERMINATED))
    table = Table()
    folder = Path(tempfile.mkdtemp(prefix="relevo-restart-"))
    try:
        _prove(table, folder, anew=options.anew)
    except ImageError as error:
        print(f"test-reboot: {error}", file=sys.stderr)
        return 2
    except (ProofFailed, AssertionError, relay.RelayFailed, subprocess.CalledProcessError) as error:
        print(f"test-reboot: FAILED: {error}", file=sys.stderr)
        _explain(folder)
        return 1
    finally:
        if options.keep is not None:
            wanted = ("*.log", "*.jsonl", "*.png", "relay/server.log")
            options.keep.mkdir(parents=True, exist_ok=True)
            for path in (path for pattern in wanted for path in folder.glob(pattern)):
                shutil.copy(path, options.keep / path.name)
        shutil.rmtree(folder, ignore_errors=True)
    table.print()
    print("test-reboot: the session came back")
    return 0


def _prove(table: Table, folder: Path, *, anew: bool) -> None:
    with table.step("image of the customer's PC"):
        made = image(anew=anew)
    with table.step("way to run it") as told:
        way = machine.speed(made)
        told.append("KVM" if "-enable-kvm" in way else "emulated: KVM does not run a kernel here")
    data = folder / "relay"
    data.mkdir(mode=0o700)
    with relay.running(data, _free_port()) as serving:
        contents = folder / "contents"
        _fill(contents, serving)
        with machine.running(made, way, contents, folder) as guest:
            asyncio.run(_play(table, serving, guest, folder))


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _fill(contents: Path, serving: ProofRelay) -> None:
    """What the guest is given: wheels, the relay's authority, and what it does with them."""
    contents.mkdir()
    for wheel in wheels.build(contents):
        if "relevo_server" in wheel.name:
            wheel.unlink()
    shutil.copy(serving.ca_file, contents / "ca.pem")
    words = {"authority": AUTHORITY, "customer": CUSTOMER, "server": serving.origin, "events": EVENTS}
    (contents / "setup.sh").write_text(_SETUP.format(**words), encoding="utf-8")
    (contents / "first-session").write_text(_FIRST_SESSION.format(**words), encoding="utf-8")


async def _play(table: Table, serving: ProofRelay, guest: Machine, folder: Path) -> None:
    with table.step("first boot, installation, code on the customer's screen"):
        code = await _code(guest)
    async with Technician.joined(serving, code, ANSWER_S) as technician:
        with table.step("first picture") as told:
            told.append("{}x{}, {} colours".format(*await technician.picture()))
        _save(technician, folder / "before.png")
        with table.step("administrator mode"):
            await technician.administrator()
        await _terminals(table, technician)
        before = await _look(table, technician, "before")
        session, asked = technician.viewer.welcome.session_id, technician.asked
        await _restart(table, technician, guest, folder)
        with table.step("picture after the restart") as told:
            told.append("{}x{}, {} colours".format(*await technician.picture()))
        _save(technician, folder / "after.png")
        after = await _look(table, technician, "after")
        _save(technician, folder / "end.png")
        _compare(before, after)
        _require(technician.viewer.welcome.session_id == session, "it is another session")
        _require(technician.asked == asked, "the customer was asked again")


async def _restart(table: Table, technician: Technician, guest: Machine, folder: Path) -> None:
    with table.step("countdown, then the socket is gone") as told:
        begun_s = time.monotonic()
        counted_s = await technician.restart()
        gone = await technician.gone(counted_s + ANSWER_S)
        took_s = time.monotonic() - begun_s
        told.append(f"countdown {counted_s} s, HostGone with restarting_s={gone.restarting_s}")
    _require(gone.restarting_s > 0, "the viewer was not told that the PC restarts")
    _require(took_s >= counted_s - 1, f"the socket was gone after {took_s:.0f} s already")
    with table.step("restart of the machine, session resumed by the service"):
        try:
            await technician.back(BOOT_S)
        finally:
            guest.picture(folder / "monitor.ppm")
            with contextlib.suppress(OSError), Picture.open(folder / "monitor.ppm") as picture:
                picture.save(folder / "monitor.png")


async def _look(table: Table, technician: Technician, when: str) -> Seen:
    with table.step(f"what the technician reads {when} it") as told:
        info = await technician.system()
        processes, services = await technician.processes(), await technician.services()
        told.append(f"up {info.up_s} s, user {info.user}")
        told.append(f"{len(processes.processes)} processes, {len(services.services)} services")
    _require(info.user == CUSTOMER, f"the agent runs as {info.user}")
    own = [service for service in services.services if service.name == "relevo-agent.service"]
    _require(
        bool(own) and own[0].running and not own[0].changeable, "the service itself is not shown as kept"
    )
    first = next(process for process in processes.processes if process.pid == 1)
    return Seen(info, first.started_ms)


async def _terminals(table: Table, technician: Technician) -> None:
    with table.step("terminals, the customer's and the administrator's") as told:
        own = await technician.terminal(elevated=False)
        root = await technician.terminal(elevated=True)
        told.append(f"users {own.user} and {root.user}, boot {own.boot_id[:8]}")
    _require(own.user != 0, "the customer's terminal is root's")
    _require(root.user == 0, "the administrator's terminal is not root's")


def _compare(before: Seen, after: Seen) -> None:
    apart_s = (after.first_started_ms - before.first_started_ms) / 1000
    _require(apart_s > RESTART_COUNTDOWN_S, f"process 1 began {apart_s:.0f} s after the one of before")
    _require(before.info.host_name == after.info.host_name, "it is another machine")


def _require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise ProofFailed(otherwise)


async def _code(guest: Machine) -> str:
    """Wait until the agent in the guest shows its code."""
    end_s = time.monotonic() + BOOT_S
    while time.monotonic() < end_s:
        if guest.process.poll() is not None:
            raise ProofFailed("the machine has ended")
        for line in guest.events.read_text(encoding="utf-8", errors="replace").splitlines():
            with contextlib.suppress(json.JSONDecodeError):
                event = cast("dict[str, object]", json.loads(line))
                if event.get("event") == "code":
                    return str(event["code"])
        await asyncio.sleep(0.5)
    raise ProofFailed(f"no code within {BOOT_S:.0f} s")


def _save(technician: Technician, path: Path) -> None:
    Picture.fromarray(technician.screen.picture).save(path)


def _explain(folder: Path) -> None:
    for name in ("console.log", "events.jsonl", "relay/server.log"):
        path = folder / name
        if path.exists():
            print(f"--- the end of {name}", file=sys.stderr)
            print(path.read_text(encoding="utf-8", errors="replace")[-3000:], file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
