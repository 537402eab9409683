"""The installed command as a process: real sockets, real TLS, real signals."""

import contextlib
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import pytest

from relevo_server import serve
from relevo_server.serve import _alone, _take_all_files
from relevo_server.settings import Settings
from relevo_server.store.disk import alone_now
from relevo_server.store.spool import ERASES, SERVER_LOCK, Spool
from tests.server.hands import PASSWORD
from tests.support.ports import free_port

# Once more alone with the machine it takes two seconds; seven neighbours make it slow.
_START_S = 60.0


def command(*arguments: str | Path, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "relevo_server.cli", *arguments],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=_START_S,
    )


class Server:
    """A running `relevo-server run`."""

    def __init__(self, data: Path, port: int, *options: str) -> None:
        self.data, self.port = data, port
        self.origin = f"https://127.0.0.1:{port}"
        self.log = data.parent / "server.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "relevo_server.cli",
                    "run",
                    "--data",
                    data,
                    "--port",
                    str(port),
                    "--second-factor",
                    "optional",
                    *options,
                ],
                stdout=log,
                stderr=log,
            )
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        end = time.monotonic() + _START_S
        while True:
            with contextlib.suppress(OSError):
                if self.request("GET", "/readyz")[0] == 200:
                    return
            assert self.process.poll() is None, self.log.read_text(encoding="utf-8")
            assert time.monotonic() < end, self.log.read_text(encoding="utf-8")
            time.sleep(0.05)

    def request(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[int, bytes, http.client.HTTPMessage]:
        trust = ssl.create_default_context(cafile=self.data / "ca.pem")
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=trust, timeout=60)
        try:
            sent = {"content-type": "application/json"} if method == "POST" else {}
            connection.request(method, path, json.dumps(body) if body is not None else None, sent | headers)
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers
        finally:
            connection.close()

    def post(self, path: str, body: object, **headers: str) -> tuple[int, bytes, http.client.HTTPMessage]:
        return self.request("POST", path, body, origin=self.origin, **headers)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    made = command("init", "--data", tmp_path / "data")
    assert made.returncode == 0, made.stderr
    named = ("--name", "Ana", "--display-name", "Ana Ruiz", "--password-stdin", "--data", tmp_path / "data")
    made = command("admin", "create", *named, given=f"{PASSWORD}\n")
    assert made.returncode == 0, made.stderr
    return tmp_path / "data"


@pytest.fixture
def server(data: Path) -> Iterator[Server]:
    running = Server(data, free_port())
    try:
        yield running
    finally:
        running.process.kill()
        running.process.wait()


def test_killed_server_comes_back_with_accounts_sign_ins_and_certificates(server: Server):
    status, _body, headers = server.post("/api/sign-in", {"name": "ana", "password": PASSWORD})
    assert status == 200
    assert "server" not in headers
    cookie = headers["set-cookie"].partition(";")[0]
    certificates = {file.name: file.read_bytes() for file in server.data.glob("*.pem")}
    assert len(certificates) == 4
    server.process.kill()
    server.process.wait()
    again = Server(server.data, server.port)
    try:
        status, body, _headers = again.request("GET", "/api/me", cookie=cookie)
        assert (status, json.loads(body)["account"]["name"]) == (200, "ana")
        status, body, _headers = again.post("/api/tickets", {"routing": "482913"}, cookie=cookie)
        assert (status, json.loads(body)["expires_in_s"]) == (200, 30)
        assert {file.name: file.read_bytes() for file in server.data.glob("*.pem")} == certificates
        again.process.send_signal(signal.SIGTERM)
        assert again.process.wait(timeout=60) == 0
    finally:
        again.process.kill()
        again.process.wait()
    log = again.log.read_text(encoding="utf-8")
    assert '"event": "listening"' in log
    for secret in (PASSWORD, cookie.partition("=")[2], json.loads(body)["ticket"]):
        assert secret not in log


def test_command_line_beside_the_running_server(server: Server):
    made = command("link", "create", "--name", "ana", "--data", server.data)
    assert made.stdout.startswith("/go#t=")
    token = made.stdout.strip().removeprefix("/go#t=")
    status, _body, headers = server.post("/api/sign-in/link", {"token": token})
    assert status == 200
    assert server.post("/api/sign-in/link", {"token": token})[0] == 401
    cookie = headers["set-cookie"].partition(";")[0]
    assert command("account", "disable", "--name", "ana", "--data", server.data).returncode == 0
    assert server.request("GET", "/api/me", cookie=cookie)[0] == 401
    assert server.request("POST", "/api/sign-out", {}, origin="https://evil.example")[0] == 403


def test_stops_although_somebody_holds_a_connection(server: Server):
    trust = ssl.create_default_context(cafile=server.data / "ca.pem")
    with (
        socket.create_connection(("127.0.0.1", server.port)) as idle,
        socket.create_connection(("127.0.0.1", server.port)) as plain,
        trust.wrap_socket(plain, server_hostname="127.0.0.1") as half,
    ):
        half.sendall(b"POST /api/sign-in HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n")
        assert idle.fileno() > 0
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=60) == 0


def test_occupied_port_is_said(server: Server):
    made = command("run", "--data", server.data, "--port", str(server.port))
    assert made.returncode == 1
    assert f"port {server.port}" in made.stderr
    assert "Traceback" not in made.stderr


def test_plain_http_without_a_proxy_does_not_start(tmp_path: Path):
    made = command("run", "--plain-http", "--data", tmp_path / "data")
    assert made.returncode == 2
    assert "behind_proxy" in made.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(("given", "says"), [("short\n", "at least 10"), ("", "0 characters")])
def test_weak_password_is_refused_with_the_reason_and_makes_no_account(tmp_path: Path, given: str, says: str):
    where = ("--data", tmp_path / "data")
    made = command("admin", "create", "--name", "eve", "--password-stdin", *where, given=given)
    assert made.returncode == 1
    assert says in made.stderr
    assert "eve" not in command("account", "list", *where).stdout


def test_without_terminal_and_password_nothing_is_made_up(tmp_path: Path):
    made = command("admin", "create", "--name", "eve", "--data", tmp_path / "data")
    assert made.returncode == 1
    assert "--password-stdin" in made.stderr


def test_accounts_from_the_command_line(data: Path):
    where = ("--data", data)
    made = command(
        "account", "create", "--name", "luis", "--password-stdin", *where, given="otra clave larga\n"
    )
    assert made.returncode == 0
    assert (
        command(
            "account", "create", "--name", "LUIS", "--password-stdin", *where, given="otra clave larga\n"
        ).returncode
        == 1
    )
    listed = command("account", "list", *where).stdout.splitlines()
    assert [line.split("\t")[:3] for line in listed] == [
        ["ana", "Ana Ruiz", "administrator"],
        ["luis", "luis", "technician"],
    ]
    assert (
        command(
            "account", "password", "--name", "nobody", "--password-stdin", *where, given="otra clave larga\n"
        ).returncode
        == 1
    )
    assert command("link", "create", "--name", "nobody", *where).returncode == 1
    checked = command("check", *where)
    assert checked.returncode == 0
    assert "2 account(s)" in checked.stdout
    modes = {file.name: file.stat().st_mode & 0o077 for file in data.iterdir() if file.suffix != ".pem"}
    assert modes
    assert not any(modes.values()), "others may read the database"


def test_standing_team_and_tools_from_the_command_line(data: Path):
    where = ("--data", data)
    new = ("--standing", "supervisor", "--team", "Sur", "--admin-tools", "--password-stdin")
    assert (
        command("accounts", "add", "--name", "sue", *new, *where, given="otra clave larga\n").returncode == 0
    )
    changed = command("account", "change", "--name", "SUE", "--team", "Norte", "--no-admin-tools", *where)
    assert changed.returncode == 0, changed.stderr
    (line,) = [one for one in command("account", "list", *where).stdout.splitlines() if one.startswith("sue")]
    assert line.split("\t")[2:] == ["technician", "es", "active", "supervisor", "Norte", "-"]
    for wrong in (("--team", "Sur\u202e"), ()):
        refused = command("account", "change", "--name", "sue", *wrong, *where)
        assert refused.returncode == 1
        assert refused.stderr.startswith("relevo-server: ")
    assert command("account", "change", "--name", "nobody", "--team", "Sur", *where).returncode == 1
    assert command("account", "change", "--name", "sue", "--standing", "guest", *where).returncode == 2


def test_U5_two_servers_do_not_work_in_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("relevo_server.serve._PREDECESSOR_S", 0.0)
    settings = Settings(data=tmp_path)
    with _alone(settings):
        other = _alone(settings)
        with pytest.raises(OSError, match=rf"relevo-server run, process {os.getpid()} works in .*: stop it"):
            other.__enter__()
    with _alone(settings), alone_now(tmp_path / "spool" / SERVER_LOCK) as free:
        assert not free


@dataclass
class Wait:
    """A clock for whoever waits; after so many seconds somebody is gone."""

    gone_at_s: float
    go: Callable[[], None]
    at_s: float = 0.0

    def monotonic(self) -> float:
        return self.at_s

    def sleep(self, seconds: float) -> None:
        self.at_s += seconds
        if self.at_s >= self.gone_at_s:
            self.go()


@pytest.mark.parametrize("ends", [True, False])
def test_U6_a_server_that_starts_during_an_erasure_waits_for_it_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: bool
):
    with contextlib.ExitStack() as erasure, mock.patch.object(serve, "_log") as log:
        assert erasure.enter_context(alone_now(tmp_path / "spool" / SERVER_LOCK, ERASES))
        monkeypatch.setattr(serve, "time", Wait(120.0 if ends else 1e9, erasure.close))
        if ends:
            with _alone(Settings(data=tmp_path)):
                pass
        else:
            with pytest.raises(OSError, match=r"relevo-server erase, process \d+ works in .*erase once more"):
                _alone(Settings(data=tmp_path)).__enter__()
    ((text,), told) = log.warning.call_args
    assert log.warning.call_count == 1
    assert ("erasure" in text, told["holder"]) == (True, f"relevo-server erase, process {os.getpid()}")


def test_check_tells_of_a_broken_certificate(data: Path):
    (data / "ca.pem").write_text("damaged", encoding="ascii")
    checked = command("check", "--data", data)
    assert checked.returncode == 1
    assert "FAIL  certificate" in checked.stdout


def test_C28_check_tells_of_records_that_were_set_aside(data: Path):
    Spool(data / "spool").refuse([b"one", b"two"])
    (data / "spool" / "cut.bin").write_bytes(b"torn")
    checked = command("check", "--data", data)
    assert checked.returncode == 0
    told = [line for line in checked.stdout.splitlines() if line.startswith("warn") and "spool" in line]
    assert [line.split()[1] for line in told] == ["2", "4"]


@pytest.mark.skipif(sys.platform == "win32", reason="has no such limit")
def test_C17_as_many_files_may_be_open_as_the_system_allows():
    import resource

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
        _take_all_files()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (before[1], before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_settings_come_from_the_environment_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(os.environ, "RELEVO_DATA", str(tmp_path / "there"))
    assert command("init").returncode == 0
    assert (tmp_path / "there" / "relevo.db").exists()
