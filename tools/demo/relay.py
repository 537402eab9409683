"""The demo's relay: its data, its technician, its readiness, its one-time links."""

import base64
import contextlib
import http
import http.client
import json
import os
import secrets
import shutil
import socket
import ssl
import time
from dataclasses import dataclass
from pathlib import Path

from tools.demo.children import Children, DemoError, Program, run
from tools.demo.options import USUAL_PORT
from tools.paths import VENV_BIN

_PATIENCE_S = 40.0
_CALL_S = 5.0
_HEADERS = {"Content-Type": "application/json"}
_SERVER = os.fspath(VENV_BIN / "relevo-server")
TECHNICIAN = "demo"


@dataclass(frozen=True)
class Relay:
    """A running relay: where it is and how the demo's technician signs in."""

    port: int
    data: Path
    password: str

    @property
    def url(self) -> str:
        """What a browser opens."""
        return f"https://localhost:{self.port}"

    @property
    def agent_url(self) -> str:
        """What the agent connects to: an address, so that no name look-up stands in between."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def ca_file(self) -> Path:
        """The certificate of the relay's own authority."""
        return self.data / "ca.pem"

    def new_link(self, code: str, mode: str) -> str:
        """A one-time address that signs the technician in and joins; its secrets stand behind the ``#``."""
        path = run(
            "relevo-server link", [_SERVER, "link", "create", "--name", TECHNICIAN, *self._where()]
        ).strip()
        if not path.startswith("/"):
            raise DemoError(f"'relevo-server link create' printed no path: {path[:80]!r}")
        return f"{self.url}{path}&code={code}&mode={mode}"

    def presenter_link(self) -> str:
        """A one-time address of the page on which the technician may present from a browser instead."""
        path = run(
            "relevo-server link", [_SERVER, "link", "create", "--name", TECHNICIAN, *self._where()]
        ).strip()
        return f"{self.url}{path}&page=present"

    def presentation(self) -> "Presentation":
        """Sign the technician in, and get a ticket for a presentation with a link of our own making.

        Raises:
            DemoError: the relay does not give one.
        """
        with contextlib.closing(self._connection()) as connection:
            sign_in = {"name": TECHNICIAN, "password": self.password}
            origin = {"Origin": self.url}
            cookie, _ = _post(connection, "/api/sign-in", sign_in, origin)
            _, answer = _post(connection, "/api/presentations", {}, origin | {"Cookie": cookie})
        return Presentation(
            str(answer["ticket"]), f"{_text(secrets.token_bytes(16))}.{_text(secrets.token_bytes(32))}"
        )

    def join_link(self, presentation: "Presentation") -> str:
        """What everybody opens who is to see the presentation."""
        return f"{self.url}/demo#i={presentation.halves}"

    def start(self, children: Children) -> None:
        """Start it and wait until it says that it is ready."""
        command = [_SERVER, "run", *self._where(), "--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--second-factor", "optional"]  # nobody is there to enter a code
        children.start(Program("relay", command))
        deadline = time.monotonic() + _PATIENCE_S
        while not self._is_ready():
            children.check()
            if time.monotonic() > deadline:
                raise DemoError(
                    f"the relay is not ready after {_PATIENCE_S:.0f} s:\n{children.tail('relay')}"
                )
            time.sleep(0.1)

    def _is_ready(self) -> bool:
        if not self.ca_file.is_file():
            return False
        try:
            with contextlib.closing(self._connection()) as connection:
                connection.request("GET", "/readyz")
                return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):  # not listening yet, or not ready yet
            return False

    def _connection(self) -> http.client.HTTPSConnection:
        context = ssl.create_default_context(cafile=self.ca_file)
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=_CALL_S, context=context)

    def _where(self) -> list[str]:
        return ["--data", os.fspath(self.data)]


@dataclass(frozen=True)
class Presentation:
    """A ticket for a presentation, and the two halves of its link as they stand behind ``#i=``."""

    ticket: str
    halves: str


def _post(
    connection: http.client.HTTPSConnection, path: str, body: dict[str, str], headers: dict[str, str]
) -> tuple[str, dict[str, object]]:
    """The cookie that was set, if any, and the answer."""
    connection.request("POST", path, json.dumps(body), {**_HEADERS, **headers})
    answer = connection.getresponse()
    said = answer.read()
    if answer.status != http.HTTPStatus.OK:
        raise DemoError(f"the relay answers {path} with {answer.status}: {said[:200]!r}")
    cookie = (answer.headers["Set-Cookie"] or "").partition(";")[0]
    return cookie, json.loads(said)


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def prepare(folder: Path, port: int | None, lang: str) -> Relay:
    """A relay's data with the demo's technician in it, who reads ``lang``; made once, kept for later runs."""
    data, sign_in = folder / lang / "relay", folder / lang / "technician.json"
    chosen = port or _free_port()
    kept: dict[str, str | bool] = {}
    if sign_in.is_file():
        kept = json.loads(sign_in.read_text(encoding="utf-8"))
    if data.is_dir() and kept.get("admin_tools"):
        return Relay(chosen, data, str(kept["password"]))
    # Half made, of an interrupted first run or of an older version: nothing in it is worth keeping.
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True, mode=0o700)
    password = secrets.token_hex(12)  # digits and a to f: the account's name is never part of it
    where = ["--data", os.fspath(data)]
    run("relevo-server init", [_SERVER, "init", *where])
    create = [
        _SERVER,
        "admin",
        "create",
        "--name",
        TECHNICIAN,
        "--display-name",
        "Demo",
        "--password-stdin",
        "--account-language",
        lang,
        "--admin-tools",
        *where,
    ]
    run("relevo-server admin create", create, given=f"{password}\n")
    sign_in.touch(mode=0o600)
    facts = {"name": TECHNICIAN, "password": password, "admin_tools": True}
    sign_in.write_text(json.dumps(facts), encoding="utf-8")
    return Relay(chosen, data, password)


def _free_port() -> int:
    """The usual port, or one that the system gives."""
    for wanted in (USUAL_PORT, 0):
        with socket.socket() as probe:
            # A port whose last connection is just closing is free for a listener.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DemoError("this machine has no free port")
