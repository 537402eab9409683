"""Relevo as ``make demo`` starts it: relay, agent, and the viewer's page."""

import json
import os
import ssl
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Final

from benchmarks.end_to_end.peers.base import Place, Served, free_port
from benchmarks.end_to_end.processes import NotRunning
from tools.paths import VENV_BIN

_SCREEN: Final = '[data-testid="screen"]'
_PASSWORD: Final = "correct horse battery staple"  # noqa: S105 - of a relay that lives for a minute
_NAME: Final = "bench"


def relevo(place: Place) -> Served:
    """A relay with a technician, and an agent whose customer says yes."""
    port = free_port()
    data = place.folder / "relay"
    settings = {"RELEVO_PUBLIC_ORIGIN": f"https://localhost:{port}", "RELEVO_SECOND_FACTOR": "optional"}
    _command(data, settings, "init")
    account = ("account", "create", "--name", _NAME, "--display-name", "Bench", "--password-stdin")
    _command(data, settings, *account)
    server = str(VENV_BIN / "relevo-server")
    run = [server, "run", "--data", str(data), "--host", place.host, "--port", str(port)]
    relay = place.programs.start("relay", run, **settings)
    reached = "127.0.0.1" if place.host == "0.0.0.0" else place.host  # noqa: S104 - a name, not a listener
    place.programs.wait_for(lambda: _ready(reached, port, data / "ca.pem"), "the relay is ready", 40)
    agent = place.programs.start("agent", _agent(place, f"https://localhost:{port}"), RELEVO_DEMO="1")
    place.programs.wait_for(lambda: _code(place) != "", "the agent has a code", 40)
    path = _command(data, settings, "link", "create", "--name", _NAME).strip().splitlines()[-1]
    return Served(
        address=f"https://localhost:{port}{path}&code={_code(place)}&mode=full",
        port=port,
        pids=[relay, agent],
        canvas=_SCREEN,
        ready=f"document.querySelector('{_SCREEN}')?.width >= 640",
        version="this checkout",
    )


def _agent(place: Place, server: str) -> list[str]:
    program = str(VENV_BIN / "relevo-agent")
    where = ["--server", server, "--ca", str(place.folder / "relay" / "ca.pem"), "--display", place.display]
    state = ["--state-dir", str(place.folder / "agent")]
    return [program, "--demo-consent", "auto", *where, *state, "--lang", "en", "--no-window", "--json-events"]


def _command(data: Path, settings: dict[str, str], *arguments: str) -> str:
    command = [str(VENV_BIN / "relevo-server"), *arguments, "--data", str(data)]
    environment = {**os.environ, **settings}
    done = subprocess.run(
        command, input=f"{_PASSWORD}\n", capture_output=True, text=True, check=False, env=environment
    )
    if done.returncode != 0:
        raise NotRunning(f"relevo-server {arguments[0]}: {done.stderr[-800:]}")
    return done.stdout


def _ready(host: str, port: int, ca_file: Path) -> bool:
    if not ca_file.exists():
        return False
    trust = ssl.create_default_context(cafile=str(ca_file))
    try:
        with urllib.request.urlopen(f"https://{host}:{port}/readyz", context=trust, timeout=2) as answer:
            ready: bool = answer.status == 200
            return ready
    except (OSError, urllib.error.URLError):
        return False


def _code(place: Place) -> str:
    """The session's code as the agent reports it by a line of JSON; empty before."""
    for line in place.programs.log("agent").splitlines():
        if line.startswith("{"):
            event = json.loads(line)
            if event.get("event") == "code":
                return str(event["code"])
    return ""
