"""MeshCentral from npm, with the agent that the package carries; its server, one account, one device.

The package and its dependencies (some 450 MB) go into ``.cache/peers``. Neither the agent nor the server
needs anything else; what they try to reach on the Internet (a time stamp, updates) they can do without.
"""

import json
import os
import re
import shutil
import ssl
import subprocess
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Final

from benchmarks.end_to_end.peers.base import Place, Served, answers, free_port
from benchmarks.end_to_end.processes import NotRunning
from benchmarks.measure import Unavailable
from tools import node
from tools.paths import CACHE

VERSION: Final = "1.1.55"
_HOME: Final = CACHE / "peers" / "meshcentral"
_PACKAGE: Final = _HOME / "node_modules" / "meshcentral"
_LINUX_X86_64: Final = 6
"""MeshCentral's number of that agent."""
_NAME: Final = "bench"
_PASSWORD: Final = "correct-Horse-7-battery"  # noqa: S105 - of a server that lives for some minutes
_SIGN_IN: Final = f"""(() => {{
  document.querySelector('#username').value = '{_NAME}';
  document.querySelector('#password').value = '{_PASSWORD}';
  const button = document.querySelector('#loginButton');
  button.disabled = false;
  button.click();
}})()"""


def meshcentral(place: Place) -> Served:
    """The server with TLS, the agent on the display, the page's desktop tab."""
    _install()
    port, data = free_port(), place.folder / "data"
    data.mkdir()
    (data / "config.json").write_text(json.dumps(_settings(port)), encoding="utf-8")
    where = ["--datapath", str(data), "--filespath", str(place.folder / "files")]
    account = [
        "--createaccount",
        _NAME,
        "--pass",
        _PASSWORD,
        "--email",
        "bench@example.org",
        "--name",
        "Bench",
    ]
    _node([str(_PACKAGE), *where, *account])
    _node([str(_PACKAGE), *where, "--adminaccount", _NAME])
    server = place.programs.start("meshcentral", [_program(), str(_PACKAGE), *where])
    # It makes its keys and signs its agents first.
    place.programs.wait_for(lambda: answers(port), "MeshCentral listens", 120)
    group = re.search(r"mesh//(\S+)", _control(port, "AddDeviceGroup", "--name", "bench"))
    if group is None:
        raise NotRunning("MeshCentral makes no group of devices")
    agent = _start_agent(place, port, group.group(1))
    place.programs.wait_for(lambda: _is_connected(port), "MeshCentral's agent is connected", 60)
    return Served(
        address=f"https://localhost:{port}/",
        port=port,
        pids=[server, agent],
        canvas="#Desk",
        ready="desktop?.State === 3 && document.querySelector('#Desk').width >= 1280",
        version=f"MeshCentral {VERSION}",
        steps=(
            ("document.querySelector('#loginButton')", _SIGN_IN),
            ("globalThis.nodes?.length > 0 && nodes[0].conn & 1", "gotoDevice(nodes[0]._id, 11)"),
            ("document.querySelector('#Desk') && currentNode", "connectDesktop(null, 1)"),
        ),
    )


def _install() -> None:
    record = _PACKAGE / "package.json"
    if record.exists() and json.loads(record.read_text(encoding="utf-8"))["version"] == VERSION:
        return
    _HOME.mkdir(parents=True, exist_ok=True)
    command = ["npm", "install", "--prefix", ".", "--no-audit", "--no-fund", "--loglevel=error"]
    if node.run([*command, f"meshcentral@{VERSION}"], cwd=_HOME) != 0:
        raise Unavailable(f"'npm install meshcentral@{VERSION}' failed, see above")


def _settings(port: int) -> dict[str, object]:
    settings = {"cert": "localhost", "port": port, "aliasPort": port, "redirPort": 0, "mpsPort": 0}
    return {
        "settings": {**settings, "exactPorts": True, "LANonly": True, "selfUpdate": False},
        "domains": {"": {}},
    }


def _program() -> str:
    found = shutil.which("node", path=node.environment().get("PATH"))
    if found is None:
        raise Unavailable("no Node was found; MeshCentral needs one")
    return found


def _node(arguments: list[str]) -> str:
    command = [_program(), *arguments]
    environment = {**node.environment(), "NODE_NO_WARNINGS": "1"}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment, timeout=120, cwd=_HOME
    )
    if done.returncode != 0:
        raise NotRunning(f"node {arguments[0]}: {(done.stdout + done.stderr)[-600:]}")
    return done.stdout


def _control(port: int, *arguments: str) -> str:
    sign_in = ["--url", f"wss://localhost:{port}", "--loginuser", _NAME, "--loginpass", _PASSWORD]
    return _node([str(_PACKAGE / "meshctrl.js"), *sign_in, *arguments])


def _is_connected(port: int) -> bool:
    """Whether the list has a device: address, name, icon, 1 for connected by its agent."""
    return re.search(r'", "[^"]*", \d+, 1, ', _control(port, "ListDevices")) is not None


def _start_agent(place: Place, port: int, group: str) -> int:
    home = place.folder / "agent"
    home.mkdir()
    program = home / "meshagent"
    program.write_bytes(_fetched(port, f"meshagents?id={_LINUX_X86_64}"))
    program.chmod(0o755)
    settings = _fetched(port, f"meshsettings?id={urllib.parse.quote(group, safe='')}").decode()
    # Its "local" would ask the whole network who the server is.
    settings = settings.replace("MeshServer=local", f"MeshServer=wss://localhost:{port}/agent.ashx")
    Path(home / "meshagent.msh").write_text(settings, encoding="utf-8")
    return place.programs.start("meshagent", [str(program), "connect"], HOME=os.fspath(home))


def _fetched(port: int, path: str) -> bytes:
    """From the server that was just started, whose certificate nobody knows yet."""
    trust = ssl.create_default_context()
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    with urllib.request.urlopen(f"https://localhost:{port}/{path}", context=trust, timeout=30) as answer:
        body: bytes = answer.read()
    return body
