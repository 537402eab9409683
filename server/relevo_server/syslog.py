"""Sends the committed record to a log collector as it grows: RFC 5424, octets counted, over TLS or bare TCP.

RFC 5425 says how over TLS, RFC 6587 over TCP. The collector's certificate is checked, and shown one of ours
where there is one.

What was sent is remembered in a file. A line may come twice after a crash; and as nobody answers in this
protocol, those that a breaking connection had already taken may be missing there: the record itself has them.
"""

import asyncio
import contextlib
import ssl
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
_PATIENCE_S: Final = 5.0
_REFUSED_WITHIN_S: Final = 0.5
_BATCH: Final = 200
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
        self._line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._failing = False

    async def keep(self, stopping: asyncio.Event) -> None:
        """Send what is new every two seconds until `stopping` is set, and what is left then."""
        while not stopping.is_set():
            wait_s = _EVERY_S if await self.send_new() else _AFTER_FAILURE_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await stopping.wait()
        await self.send_new()
        if self._line is not None:
            self._line[1].close()
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(_PATIENCE_S):
                    await self._line[1].wait_closed()
        self._drop()

    async def send_new(self) -> bool:
        """Send every line that was not sent yet; False when collector or database did not take part."""
        try:
            positions = self._read()
            for organisation, end in (await self._parts.audit.ends()).items():
                await self._send(organisation, end, positions)
        except (OSError, TimeoutError, Unavailable) as error:
            if not self._failing:
                _log.warning("the record is not sent on", target=self._parts.target, reason=str(error))
            self._failing = True
            self._drop()
            return False
        except Exception:  # noqa: BLE001 - told with its traceback; what comes later must still be sent
            _log.exception("the record is not sent on", target=self._parts.target)
            self._drop()
            return False
        self._failing = False
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
                if count >= _BATCH:
                    await self._write(bytes(batch), positions)
                    batch, count = bytearray(), 0
        if batch:
            await self._write(bytes(batch), positions)

    async def _write(self, batch: bytes, positions: dict[str, int]) -> None:
        async with asyncio.timeout(_PATIENCE_S):
            reader, writer = self._line or (None, None)
            if reader is None or writer is None or reader.at_eof():
                self._drop()
                reader, writer = await self._connect()
            writer.write(batch)
            await writer.drain()
        self._save(positions)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        context = collector_context(self._parts.files) if self._parts.target.startswith(TLS) else None
        reader, writer = self._line = await asyncio.open_connection(self._host, self._port, ssl=context)
        # What only this process holds is not sent yet.
        writer.transport.set_write_buffer_limits(high=1)
        if context is not None:
            await _see_whether_refused(reader)
        return reader, writer

    def _drop(self) -> None:
        if self._line is not None:
            self._line[1].transport.abort()
            self._line = None

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


async def _see_whether_refused(reader: asyncio.StreamReader) -> None:
    """Give the collector a moment to say no: TLS 1.3 is done here before our certificate is looked at there.

    Raises:
        OSError: it did (RFC 8446, 4.4.2.4); what is sent after it would be lost.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_REFUSED_WITHIN_S):
            if not await reader.read(1):
                raise ConnectionResetError("the collector closed the connection")


def _no_password() -> str:
    """What a key in the file is asked for where it has a password: nobody is there to type it."""
    return ""
