"""Runs the server: listening socket, TLS, uvicorn, signals."""

import asyncio
import contextlib
import gc
import signal
import socket
import sys
import time
import types
from collections.abc import Callable, Generator
from email.utils import formatdate
from typing import Final

import uvicorn
from fastapi import FastAPI
from uvicorn.server import ServerState

from relevo_server.app import create_app
from relevo_server.clock import Clock
from relevo_server.edge.admission import Door
from relevo_server.edge.hardening import uvicorn_options
from relevo_server.edge.listening import listen_socket
from relevo_server.logs import configure_logs, logger
from relevo_server.settings import Settings
from relevo_server.store.disk import alone_now, holder_of
from relevo_server.store.spool import ERASES, SERVER_LOCK
from relevo_server.tls import TlsKeeper

# What is open gets this long after SIGTERM; the process is gone within five seconds.
_GRACE_S = 3
_BACKLOG = 512
_PREDECESSOR_S: Final = 10.0
"""How long a server that is just being stopped is waited for."""
_ERASURE_S: Final = 600.0
"""How long an erasure is: it ends by itself, once it has written what waited for the database."""
_LOOK_EVERY_S: Final = 0.1
_SERVES: Final = "relevo-server run"
_AFTER_ERASURE: Final = (
    "look at what it says; where it does not go on, stop it, start the server, and erase once more"
)
_log = logger(__name__)


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises TlsError, or OSError where the address cannot be listened on or the data folder is in use.
    """
    configure_logs(settings)
    _take_all_files()
    door = Door(settings.connections_per_address, settings.proxies)
    with contextlib.closing(listen_socket(settings.host, settings.port, door)) as listener, _alone(settings):
        settings = settings.model_copy(update={"port": listener.getsockname()[1]})
        clock = Clock()
        tls = None if settings.plain_http else TlsKeeper(settings, clock)
        app = create_app(settings, clock=clock, tls=tls)
        # uvicorn takes the signals over while it runs and raises them again once everything is closed.
        signal.signal(signal.SIGTERM, _leave)
        signal.signal(signal.SIGINT, _leave)
        _Server(_config(app, tls), settings).run(sockets=[listener])


@contextlib.contextmanager
def _alone(settings: Settings) -> Generator[None]:
    """Be the one server of this data folder: two would write into one spool. Raises OSError."""
    lock, told, began_s = settings.data / "spool" / SERVER_LOCK, None, time.monotonic()
    while True:
        with alone_now(lock, _SERVES) as free:
            if free:
                yield
                return
        holder = holder_of(lock)
        erasing = holder.startswith(ERASES)
        most_s = _ERASURE_S if erasing else _PREDECESSOR_S
        if time.monotonic() - began_s > most_s:
            remedy = _AFTER_ERASURE if erasing else "stop it, or give this one another folder"
            raise OSError(f"{holder or 'another relevo-server'} works in {settings.data}: {remedy}")
        if holder != told:
            told = holder
            what = "an erasure, which ends by itself" if erasing else "the server before this one"
            _log.warning(f"waiting for {what}", holder=holder, folder=str(settings.data), at_most_s=most_s)
        time.sleep(_LOOK_EVERY_S)


def _take_all_files() -> None:
    """Let as many connections be open as the system allows; by default it is far fewer."""
    if sys.platform == "win32":
        return
    import resource

    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # macOS takes less than what it says; then it stays as it is.
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    _log.info("open files", most=resource.getrlimit(resource.RLIMIT_NOFILE)[0])


class _State(ServerState):
    """Writes the Date header when somebody is answered, where uvicorn does it every second for nobody."""

    def __init__(self, config: uvicorn.Config) -> None:
        self._config = config
        super().__init__()

    @property
    def default_headers(self) -> list[tuple[bytes, bytes]]:
        return [(b"date", formatdate(usegmt=True).encode()), *self._config.encoded_headers]

    @default_headers.setter
    def default_headers(  # pyright: ignore[reportIncompatibleVariableOverride]
        self, _headers: list[tuple[bytes, bytes]]
    ) -> None:
        """What uvicorn would keep is old by the next answer."""


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, settings: Settings) -> None:
        super().__init__(config)
        self.server_state = _State(config)
        self._settings = settings
        self._wake: Callable[[], object] = lambda: None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # What is there by now stays. Counted with the rest, it has the collector wait until a quarter as much
        # again has come, which takes an hour and ten megabytes; it counts anew when it next runs.
        gc.collect()
        gc.freeze()
        gc.collect()
        _log.info(
            "listening",
            host=self._settings.host,
            port=self._settings.port,
            origin=self._settings.relay_origin,
        )

    async def main_loop(self) -> None:
        # uvicorn looks ten times a second whether it is to leave, which is most of what idling costs.
        loop, leaving = asyncio.get_running_loop(), asyncio.Event()
        self._wake = lambda: loop.call_soon_threadsafe(leaving.set)
        while not self.should_exit:
            leaving.clear()
            await leaving.wait()

    def handle_exit(self, sig: int, frame: types.FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self._wake()


def _config(app: FastAPI, tls: TlsKeeper | None) -> uvicorn.Config:
    options = uvicorn_options()
    options["timeout_graceful_shutdown"] = _GRACE_S
    return uvicorn.Config(
        app,
        lifespan="on",
        access_log=False,
        log_config=None,
        backlog=_BACKLOG,
        ssl_context_factory=None if tls is None else lambda _config, _default: tls.context,
        **options,
    )


def _leave(_signal: int, _frame: types.FrameType | None) -> None:
    raise SystemExit(0)
