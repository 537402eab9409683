"""A real relay for tests: the whole server over TLS on an ephemeral port, in this process or in its own."""

import asyncio
import base64
import contextlib
import os
import signal
import sqlite3
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from secrets import randbelow
from typing import Any, cast

import httpx
import psutil
import uvicorn
from argon2 import PasswordHasher
from fastapi import FastAPI
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from relevo_server.access.destination import Destination
from relevo_server.accounts.view import AccountView
from relevo_server.app import create_app
from relevo_server.clock import Clock
from relevo_server.edge.admission import Door
from relevo_server.edge.hardening import Deadlines, uvicorn_options
from relevo_server.edge.listening import listen_socket
from relevo_server.services import Services
from relevo_server.settings import SecondFactor, Settings
from relevo_server.store.accounts import AccountStore, NewAccount
from relevo_server.store.database import Database
from relevo_server.store.schema import migrate
from relevo_server.tls import TlsKeeper
from tests.support.ports import free_port

NAME = "ana"
PASSWORD = "correct horse battery"
HOST = "127.0.0.1"
# The weakest profile argon2 takes: these tests are not about its strength.
_QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class _QuietServer(uvicorn.Server):
    """uvicorn without its grip on the process's signals."""

    @contextlib.contextmanager
    def capture_signals(self):
        yield


@dataclass
class Relay:
    """A running relay: where it listens, how to trust it, and who may sign in.

    ``services`` is None when the relay is a process of its own.
    """

    origin: str
    port: int
    ca_file: Path
    account: AccountView
    services: Services | None = None
    app: FastAPI | None = None
    address: str = HOST
    """Where its sockets are dialled; its name stays what the certificate says."""
    tls: ssl.SSLContext = field(init=False)

    def __post_init__(self) -> None:
        self.tls = ssl.create_default_context(cafile=str(self.ca_file))

    def told(self) -> dict[str, Any]:
        """What a viewer in another process must know, as JSON takes it; see :meth:`of`."""
        return {"origin": self.origin, "port": self.port, "ca_file": str(self.ca_file)}

    @classmethod
    def of(cls, told: dict[str, Any], address: str = HOST) -> "Relay":
        """The relay that another process has told, dialled at this address, by nobody with an account."""
        nobody = AccountView("", "", "", "", "es", is_admin=False)
        return cls(told["origin"], told["port"], Path(told["ca_file"]), nobody, address=address)

    @property
    def ws(self) -> str:
        """The WebSocket address without a path."""
        return f"wss://{HOST}:{self.port}"

    async def refuses(self, path: str, origin: str | None) -> bool:
        """Whether a WebSocket with this origin is turned away before it is accepted."""
        try:
            async with connect(
                self.ws + path,
                ssl=self.tls,
                origin=cast("Origin | None", origin),
                proxy=None,
                open_timeout=60,
                close_timeout=1,
            ):
                return False
        except InvalidStatus as error:
            return error.response.status_code == HTTPStatus.FORBIDDEN

    async def stored(self, seats: int, deadline_s: float = 60.0) -> None:
        """Return once the database holds so many seats; AssertionError when the deadline passes first."""
        end_s = time.monotonic() + deadline_s
        file = self.ca_file.parent / "relevo.db"
        while True:
            with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
                (found,) = database.execute("SELECT count(*) FROM relay_seats").fetchone()
            if found == seats:
                return
            assert time.monotonic() < end_s, f"{found} seats are stored, {seats} were due"
            await asyncio.sleep(0.02)

    async def audited(self, action: str, lines: int, deadline_s: float = 60.0) -> list[str]:
        """The details of the recorded lines of this action, once there are so many and no more."""
        end_s = time.monotonic() + deadline_s
        file = self.ca_file.parent / "relevo.db"
        while True:
            with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
                wanted = "SELECT details FROM audit_records WHERE action = ?"
                rows = database.execute(wanted, (action,)).fetchall()
            if len(rows) == lines:
                return [str(details) for (details,) in rows]
            assert time.monotonic() < end_s, f"{len(rows)} lines of {action}, {lines} were due"
            await asyncio.sleep(0.02)

    async def guest_ticket(self, invite: bytes, name: str) -> str:
        """A ticket for an invitation, as a browser without an account gets it, from an address of its own."""
        body = {"invite": base64.urlsafe_b64encode(invite).rstrip(b"=").decode(), "name": name}
        own = f"127.{randbelow(256)}.{randbelow(256)}.{1 + randbelow(254)}"
        async with self._browser(httpx.AsyncHTTPTransport(verify=self.tls, local_address=own)) as browser:
            answer = await browser.post("/api/guest-tickets", json=body)
            answer.raise_for_status()
            return str(answer.json()["ticket"])

    def browser(self) -> httpx.AsyncClient:
        """A browser on the relay's own page, not signed in."""
        return self._browser()

    def _browser(self, transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
        headers = {"origin": self.origin, "sec-fetch-site": "same-origin"}
        return httpx.AsyncClient(
            base_url=self.origin, verify=self.tls, headers=headers, timeout=30, transport=transport
        )

    @asynccontextmanager
    async def signed_in(self, name: str = NAME) -> AsyncGenerator[httpx.AsyncClient]:
        """A browser in which this account is signed in."""
        async with self.browser() as browser:
            answer = await browser.post("/api/sign-in", json={"name": name, "password": PASSWORD})
            answer.raise_for_status()
            yield browser

    async def add_account(self, name: str, **more: Any) -> AccountView:
        """A further account with the password of all; ``more`` are fields of ``NewAccount``."""
        database = Database(f"sqlite+aiosqlite:///{self.ca_file.parent / 'relevo.db'}")
        try:
            accounts = AccountStore(database, Clock(), "Prueba")
            new = NewAccount(name, name.title(), "es", False, _QUICK.hash(PASSWORD), **more)
            return await accounts.create(new, "test")
        finally:
            await database.close()

    async def ticket(self, routing: str) -> str:
        """A ticket for this routing number, as a signed-in browser gets it."""
        if self.services is not None:
            return self.services.tickets.issue(self.account, Destination(routing=routing))
        async with self.signed_in() as browser:
            answer = await browser.post("/api/tickets", json={"routing": routing})
            answer.raise_for_status()
            return str(answer.json()["ticket"])


@asynccontextmanager
async def running_relay(
    folder: Path, deadlines: Deadlines | None = None, port: int = 0, **given: Any
) -> AsyncGenerator[Relay]:
    """The whole server in this event loop; its data stays in ``folder``, so that a second one takes it up.

    ``given`` are further settings.
    """
    with contextlib.closing(listen_socket(HOST, port)) as listener:
        settings = _settings(folder, listener.getsockname()[1], **given)
        listener.door = Door(settings.connections_per_address, settings.proxies)
        account = await _ensure_account(settings)
        clock = Clock()
        keeper = TlsKeeper(settings, clock)
        app = create_app(settings, clock=clock, tls=keeper)
        config = uvicorn.Config(
            app,
            lifespan="on",
            access_log=False,
            log_config=None,
            ssl_context_factory=lambda _config, _default: keeper.context,
            **uvicorn_options(deadlines),
        )
        server = _QuietServer(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            while not server.started:
                assert not serving.done(), "the server did not start"
                await asyncio.sleep(0.01)
            services: Services = app.state.services
            yield Relay(settings.relay_origin, settings.port, folder / "ca.pem", account, services, app)
        finally:
            server.should_exit = True
            await serving


class RelayProcess:
    """The server as a process of its own, to be killed and started again on the same port."""

    def __init__(self, folder: Path, port: int | None = None, listen: str = HOST, **given: Any) -> None:
        """``given`` are further settings."""
        self._folder = folder
        self._listen = listen
        self._given = given
        self.under: Sequence[str] = ()
        """What the next process is started under, as strace is: the relay is its child then."""
        self.port = port or free_port()
        self._process: subprocess.Popen[bytes] | None = None
        settings = _settings(folder, self.port, **given)
        account = asyncio.run(_ensure_account(settings))  # hence not to be made inside a running loop
        TlsKeeper(settings, Clock())
        self.relay = Relay(settings.relay_origin, self.port, folder / "ca.pem", account)

    def start(self) -> None:
        """Start it and return once it answers."""
        environment = os.environ | {
            "RELEVO_DATA": str(self._folder),
            "RELEVO_HOST": self._listen,
            "RELEVO_PORT": str(self.port),
            "RELEVO_SECOND_FACTOR": "optional",
            **{f"RELEVO_{name.upper()}": str(value) for name, value in self._given.items()},
        }
        with (self._folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self.under, sys.executable, "-m", "relevo_server.cli", "run"],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline_s = time.monotonic() + 60  # much else may run on this machine
        while time.monotonic() < deadline_s:
            assert self._process.poll() is None, (self._folder / "server.log").read_text()
            with contextlib.suppress(httpx.TransportError):
                httpx.get(f"{self.relay.origin}/healthz", verify=self.relay.tls)
                return
            time.sleep(0.05)
        raise AssertionError("the relay does not answer")

    @property
    def pid(self) -> int:
        """The process id while it runs."""
        assert self._process is not None
        started = self._process.pid
        return psutil.Process(started).children()[0].pid if self.under else started

    def kill(self) -> None:
        """SIGKILL: nothing is said, nothing is flushed."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM, as an administrator does."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            if self._process.poll() is None:
                os.kill(self.pid, how)
            self._process.wait(60)
            self._process = None


def _settings(folder: Path, port: int, **given: Any) -> Settings:
    return Settings(
        data=folder,
        host=HOST,
        port=port,
        organisation="Prueba",
        log_level="warning",
        second_factor=SecondFactor.OPTIONAL,
        **given,
    )


async def _ensure_account(settings: Settings) -> AccountView:
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = Database(settings.database)
    try:
        await migrate(database)
        accounts = AccountStore(database, Clock(), settings.organisation)
        if await accounts.count() == 0:
            new = NewAccount(NAME, "Ana Ruiz", "es", is_admin=True, password_hash=_QUICK.hash(PASSWORD))
            return await accounts.create(new, "test")
        found = await accounts.by_name(NAME)
        assert found is not None
        return found.view
    finally:
        await database.close()
