"""Sends the committed record to a log collector as it grows: RFC 5424, octets counted, over TLS or bare TCP.

RFC 5425 says how over TLS, RFC 6587 over TCP. The collector's certificate is checked, and shown one of ours
where there is one.

Nobody answers in this protocol. So each batch has a connection of its own, which the collector ends after it
has read our end; only then a file says that the batch was sent. Whatever goes wrong before, or is not said in
time, and it is sent again, by the next process too: a line comes once or more, told apart by its `event`.
That happens in a thread, which no end of the server waits for longer than two seconds.
"""

import asyncio
import concurrent.futures
import contextlib
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from relevo_server.export import syslog_line
from relevo_server.logs import logger
from relevo_server.settings import Settings
from relevo_server.store.audit import AuditLog
from relevo_server.store.database import Unavailable

TLS: Final = "tls://"
POSITIONS_FILE: Final = "syslog-positions.json"
_EVERY_S: Final = 2.0
_AFTER_FAILURE_S: Final = 15.0
_PATIENCE_S: Final = 10.0
_PARTING_S: Final = 2.0
"""How long what is left is sent once the server ends: no collector holds up its end."""
_LOOK_EVERY_S: Final = 0.01
_BATCH: Final = 500
_DISCARDED_BYTES: Final = 4096
_TCP_CLOSE: Final = b"\x07"
"""The state of a connection of which nothing is under way any more (Linux, `tcp(7)`, TCP_INFO)."""
_log = logger(__name__)


@dataclass(frozen=True)
class CollectorFiles:
    """PEM files for TLS: `ca` of the collector's authorities (None: the system's), the others of our own."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


@dataclass(frozen=True)
class SyslogParts:
    """The record, the collector as `host:port`, this server's origin, and the folder of what was sent.

    With `tls://` before it the collector is spoken to over TLS, with these files.
    """

    audit: AuditLog
    target: str
    origin: str
    folder: Path
    files: CollectorFiles = CollectorFiles()


class SyslogSender:
    """One for each server; `keep` runs as a task beside it."""

    def __init__(self, parts: SyslogParts) -> None:
        self._parts = parts
        host, _, port = parts.target.removeprefix(TLS).rpartition(":")
        self._host, self._port = host.strip("[]"), int(port)
        self._failing = ""
        """Which of collector and database did not take part the last time."""
        self._lines = _BATCH
        """Of the next batch: half as many after one that was not taken, which may have been too many."""
        self._late = asyncio.Event()
        """The server ends, and waits no longer."""

    async def keep(self, stopping: asyncio.Event) -> None:
        """Send what is new every two seconds until `stopping` is set, and what is left then, in two more."""
        parting = asyncio.create_task(self._part(stopping))
        while not stopping.is_set():
            wait_s = _EVERY_S if await self.send_new() else _AFTER_FAILURE_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await stopping.wait()
        if not self._failing:  # what it does not take now it gets from the next process
            await self.send_new()
        parting.cancel()

    async def _part(self, stopping: asyncio.Event) -> None:
        await stopping.wait()
        await asyncio.sleep(_PARTING_S)
        self._late.set()

    async def send_new(self) -> bool:
        """Send every line that was not sent yet; False when collector or database did not take part."""
        try:
            positions = self._read()
            for organisation, end in (await self._parts.audit.ends()).items():
                await self._send(organisation, end, positions)
        except (OSError, Unavailable) as error:
            failing = "database" if isinstance(error, Unavailable) else "collector"
            if failing != self._failing:
                _log.warning("the record is not sent on", target=self._parts.target, reason=str(error))
            self._failing = failing
            return False
        except Exception:  # noqa: BLE001 - told with its traceback; what comes later must still be sent
            _log.exception("the record is not sent on", target=self._parts.target)
            return False
        self._failing = ""
        return True

    async def _send(self, organisation: str, end: int, positions: dict[str, int]) -> None:
        batch, count = bytearray(), 0
        sent = positions.get(organisation, 0)
        if sent > end:
            # A backup was put back, or the end was cut off: what comes has numbers that were there before.
            _log.warning(
                "the record is shorter than what was sent on", organisation=organisation, sent=sent, end=end
            )
            sent = positions[organisation] = end
            self._save(positions)
        lines = self._parts.audit.records(organisation, sent + 1)
        async with contextlib.aclosing(lines):
            async for line in lines:
                if line.seq != positions.get(organisation, 0) + 1:
                    _log.warning(
                        "lines are gone that were not sent on", organisation=organisation, before=line.seq
                    )
                message = syslog_line(line, self._parts.origin).rstrip(b"\n")
                batch += b"%d %s" % (len(message), message)
                positions[organisation], count = line.seq, count + 1
                if count >= self._lines:
                    await self._deliver(bytes(batch), positions)
                    batch, count = bytearray(), 0
        if batch:
            await self._deliver(bytes(batch), positions)

    async def _deliver(self, batch: bytes, positions: dict[str, int]) -> None:
        late = asyncio.create_task(self._late.wait())
        handed_over = _in_background(lambda: self._hand_over(batch))
        await asyncio.wait((handed_over, late), return_when=asyncio.FIRST_COMPLETED)
        late.cancel()
        if not handed_over.done():
            handed_over.cancel()
            raise TimeoutError("the server ends before the collector has ended the connection")
        try:
            await handed_over
        except OSError:
            self._lines = max(1, self._lines // 2)
            raise
        self._lines = min(_BATCH, 2 * self._lines)
        self._save(positions)

    def _hand_over(self, batch: bytes) -> None:
        """Send it over a connection of its own; returns once the collector has read all of it.

        Raises:
            OSError: it has not, or did not say so in time.
        """
        with socket.create_connection((self._host, self._port), _PATIENCE_S) as line:
            if not self._parts.target.startswith(TLS):
                line.sendall(batch)
                _see_it_read(line)
                return
            context = collector_context(self._parts.files)
            with context.wrap_socket(line, server_hostname=self._host) as sealed:
                sealed.sendall(batch)
                with contextlib.suppress(ssl.SSLEOFError):  # not every collector says good-bye in TLS too
                    sealed.unwrap()
                _see_it_read(sealed)

    def _read(self) -> dict[str, int]:
        path = self._parts.folder / POSITIONS_FILE
        try:
            return msgspec.json.decode(path.read_bytes(), type=dict[str, int])
        except FileNotFoundError:
            return {}
        except msgspec.DecodeError:
            _log.warning("what was sent on is not known any more; all of it is sent again", file=str(path))
            return {}

    def _save(self, positions: dict[str, int]) -> None:
        path = self._parts.folder / POSITIONS_FILE
        aside = path.with_suffix(".new")
        aside.write_bytes(msgspec.json.encode(positions, order="deterministic"))
        aside.replace(path)


def collector_files(settings: Settings) -> CollectorFiles:
    """What the settings name."""
    return CollectorFiles(settings.syslog_ca, settings.syslog_certificate, settings.syslog_key)


def collector_context(files: CollectorFiles) -> ssl.SSLContext:
    """TLS that checks the collector's name and certificate (RFC 5425, 5.2), and shows it ours (4.2).

    Raises:
        OSError: a file cannot be read, holds no certificate or no key, or key and certificate do not fit.
    """
    context = ssl.create_default_context(cafile=files.ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if files.certificate is not None:
        context.load_cert_chain(files.certificate, files.key, password=_no_password)
    return context


def _in_background(work: Callable[[], None]) -> asyncio.Future[None]:
    """Do it in a thread that the process does not wait for when it ends, as it does for those of the loop."""
    outcome = concurrent.futures.Future[None]()
    outcome.set_running_or_notify_cancel()  # whoever waits may give up: this one goes on

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            outcome.set_exception(error)
        else:
            outcome.set_result(None)

    threading.Thread(target=run, name="syslog", daemon=True).start()
    return asyncio.wrap_future(outcome)


def _see_it_read(line: socket.socket) -> None:
    """End what is sent and wait for the collector's end, which comes after it has read ours.

    Raises:
        OSError: it refused what was sent, or some of it (RFC 9293, 3.10.7.1), or did not end in time.
    """
    until_s = time.monotonic() + _PATIENCE_S
    line.shutdown(socket.SHUT_WR)
    try:
        while line.recv(_DISCARDED_BYTES) or not _answered(line):
            if time.monotonic() > until_s:
                raise TimeoutError
            time.sleep(_LOOK_EVERY_S)
    except TimeoutError:
        raise TimeoutError("the collector does not end the connection after what was sent") from None
    error = line.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if error:
        raise OSError(error, os.strerror(error))


def _answered(line: socket.socket) -> bool:
    """Whether all that was sent has been taken or refused: who hangs up first has done neither by that."""
    if hasattr(socket, "TCP_INFO"):  # Linux
        return line.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1) == _TCP_CLOSE
    return True


def _no_password() -> str:
    """What a key in the file is asked for where it has a password: nobody is there to type it."""
    return ""
