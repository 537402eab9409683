"""Signed heads of the record: what shows that its end was cut off or its whole chain written anew.

A head is signed with Ed25519 (RFC 8032), kept in the database, appended to a file beside it and written to
the log; a copy of a head that is out of reach of whoever has the database pins everything before it.
"""

import contextlib
import errno
import hashlib
import mmap
import os
import stat
import struct
from asyncio import to_thread
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from relevo_server.logs import logger
from relevo_server.store.audit_chain import head_bytes
from relevo_server.store.database import Database
from relevo_server.store.disk import BINARY, lock, sync_folder
from relevo_server.store.tables_trust import AuditHeadRow, CheckpointRow

KEY_FILE: Final = "audit.key"
HEADS_FILE: Final = "audit-heads.jsonl"
EARLIER_KEYS_FILE: Final = "audit-keys.txt"
"""Public keys of before, one a line as `audit key` prints them: what they signed stays proven."""
Keys: TypeAlias = Mapping[str, Ed25519PublicKey]
"""Public keys by their `key_id`."""
_DUE_ROWS: Final = 256
_DUE_S: Final = 60.0
_BLOCK_BYTES: Final = 1 << 16
_MOST_MISSING: Final = 4096
"""What a file that was moved away is begun with, at most."""
_log = logger(__name__)


class BadKey(Exception):
    """The key of the record's heads cannot be used; the text says why and what to do."""


class BadHeads(Exception):
    """A file of heads cannot be read; the text says which line."""


@dataclass(frozen=True)
class Head:
    """The end of an organisation's record at a time, signed."""

    origin: str
    organisation: str
    seq: int
    chain: bytes
    at_s: float
    key_id: str
    signature: bytes


class _HeadLine(msgspec.Struct, forbid_unknown_fields=True):
    origin: str
    organisation: str
    seq: int
    chain: str
    at_s: float
    key_id: str
    signature: str


class HeadKeeper:
    """Signs the heads of all organisations when they have moved, and gives copies away."""

    def __init__(self, database: Database, key: Ed25519PrivateKey, origin: str, file: Path) -> None:
        self._database = database
        self._key = key
        self._key_id = key_id(key.public_key())
        self._origin = origin
        self._file = file

    @property
    def public_key(self) -> Ed25519PublicKey:
        """What the heads are verified with."""
        return self._key.public_key()

    async def sign_due(self, now_s: float, *, at_once: bool = False) -> list[Head]:
        """Sign each head that has moved by 256 lines or is unsigned for 60 s; `at_once` all that have moved.

        Raises Unavailable, or OSError when the file of heads cannot be written.
        """
        async with self._database.read() as session:
            found = await session.scalars(select(AuditHeadRow).order_by(AuditHeadRow.organisation_id))
            moved = [head for head in found if await _is_due(session, head, now_s, at_once=at_once)]
        signed = [await self._sign(head.organisation_id, now_s, at_once=at_once) for head in moved]
        due = [head for head in signed if head is not None]
        for head in due:
            _log.info("audit head", **head_line(head))
        if due:
            await to_thread(_append, self._file, [*await self._not_in_file(due), *due])
        return due

    async def newest(self, organisation: str) -> Head | None:
        """The organisation's newest signed head in the database."""
        async with self._database.read() as session:
            row = await session.scalar(
                select(CheckpointRow)
                .where(CheckpointRow.organisation_id == organisation)
                .order_by(CheckpointRow.seq.desc())
                .limit(1)
            )
        return head_of(row) if row is not None else None

    async def _not_in_file(self, due: Iterable[Head]) -> list[Head]:
        """Signed heads before these that could not be written to the file when it was their time."""
        found: list[Head] = []
        for head in due:
            newest = await to_thread(_newest_seq, self._file, head.organisation)
            between = CheckpointRow.seq > newest, CheckpointRow.seq < head.seq
            wanted = (
                select(CheckpointRow)
                .where(CheckpointRow.organisation_id == head.organisation, *between)
                .order_by(CheckpointRow.seq.desc())
                .limit(_MOST_MISSING)
            )
            async with self._database.read() as session:
                rows = (await session.scalars(wanted)).all()
            found += [head_of(row) for row in reversed(rows)]
        return found

    async def _sign(self, organisation: str, now_s: float, *, at_once: bool) -> Head | None:
        async with self._database.write() as session:
            # One organisation in a transaction, and its head locked: another process may be about to sign it.
            locked = select(AuditHeadRow).where(AuditHeadRow.organisation_id == organisation)
            head = (await session.scalars(locked.with_for_update())).one()
            if not await _is_due(session, head, now_s, at_once=at_once):
                return None
            signed = self._signed(head, now_s)
            session.add(_row(signed))
        return signed

    def _signed(self, head: AuditHeadRow, now_s: float) -> Head:
        text = head_bytes(self._origin, head.organisation_id, head.seq, head.chain, now_s)
        return Head(
            origin=self._origin,
            organisation=head.organisation_id,
            seq=head.seq,
            chain=head.chain,
            at_s=now_s,
            key_id=self._key_id,
            signature=self._key.sign(text),
        )


def load_or_make_key(folder: Path) -> Ed25519PrivateKey:
    """The key in `folder`, made when there is none. Raises BadKey, OSError."""
    path = folder / KEY_FILE
    with contextlib.suppress(FileExistsError):
        _make_key(path)
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        path.chmod(0o600)
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except ValueError as error:
        raise BadKey(
            f"{path} is no private key: put its backup back, or delete it and note its public key in "
            f"{EARLIER_KEYS_FILE} (without that, what it signed counts as forged)"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise BadKey(f"{path} holds a key of another kind than Ed25519")
    return key


def key_id(public_key: Ed25519PublicKey) -> str:
    """A short name of the key: 8 bytes of the SHA-256 of its 32 bytes, hex."""
    return hashlib.sha256(public_key.public_bytes(Encoding.Raw, PublicFormat.Raw)).digest()[:8].hex()


def known_keys(folder: Path, own: Ed25519PublicKey) -> Keys:
    """The server's own key and those of before, which a file in `folder` names. Raises BadKey, OSError."""
    keys = {key_id(own): own}
    path = folder / EARLIER_KEYS_FILE
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(line.split()[0]))
        except ValueError as error:
            raise BadKey(
                f"{path}, line {number}: a public key has 64 hexadecimal digits, as `audit key` prints it"
            ) from error
        keys[key_id(key)] = key
    return keys


def verify_head(head: Head, public_key: Ed25519PublicKey) -> bool:
    """Whether the holder of the key has signed this head, whatever stands in its fields."""
    try:
        text = head_bytes(head.origin, head.organisation, head.seq, head.chain, head.at_s)
        public_key.verify(head.signature, text)
    except (InvalidSignature, AttributeError, TypeError, ValueError, struct.error):
        # SQLite keeps anything in any column, and a file says what it likes.
        return False
    return True


def head_line(head: Head) -> dict[str, str | int | float]:
    """A head as JSON takes it: bytes in hex."""
    return {**vars(head), "chain": head.chain.hex(), "signature": head.signature.hex()}


def read_heads(lines: Iterable[bytes]) -> list[Head]:
    """The heads of a file of JSON lines; a torn last line is left out. Raises BadHeads."""
    found: list[Head] = []
    for number, line in enumerate(lines, start=1):
        if not line.endswith(b"\n"):
            break
        try:
            one = msgspec.json.decode(line, type=_HeadLine)
            chain, signature = bytes.fromhex(one.chain), bytes.fromhex(one.signature)
        except ValueError as error:
            raise BadHeads(f"line {number} is no signed head: {error}") from error
        found.append(Head(one.origin, one.organisation, one.seq, chain, one.at_s, one.key_id, signature))
    return found


def head_of(row: CheckpointRow) -> Head:
    """A stored checkpoint."""
    return Head(row.origin, row.organisation_id, row.seq, row.chain, row.at_s, row.key_id, row.signature)


async def _is_due(session: AsyncSession, head: AuditHeadRow, now_s: float, *, at_once: bool) -> bool:
    last = (
        await session.execute(
            select(CheckpointRow.seq, CheckpointRow.at_s)
            .where(CheckpointRow.organisation_id == head.organisation_id)
            .order_by(CheckpointRow.seq.desc())
            .limit(1)
        )
    ).one_or_none()
    if last is None:
        return head.seq > 0
    if head.seq <= last.seq:
        return False
    # A clock that was set back must not put the next head off for ever.
    late = not 0.0 <= now_s - last.at_s < _DUE_S
    return at_once or late or head.seq - last.seq >= _DUE_ROWS


def _row(head: Head) -> CheckpointRow:
    return CheckpointRow(
        organisation_id=head.organisation,
        seq=head.seq,
        origin=head.origin,
        chain=head.chain,
        at_s=head.at_s,
        key_id=head.key_id,
        signature=head.signature,
    )


def _make_key(path: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    # Written aside and linked into place: two processes at their first start end up with one whole key.
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        aside.unlink()
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        os.link(aside, path)
    finally:
        aside.unlink()
    # A key that a loss of power took along would leave heads that nobody seems to have signed.
    sync_folder(path.parent)


def _newest_seq(path: Path, organisation: str) -> int:
    """Up to where the file has an organisation's heads; 0 where it has none."""
    mark = b'"organisation":' + msgspec.json.encode(organisation) + b","
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            at = data.rfind(mark)
            line = data[data.rfind(b"\n", 0, at) + 1 : data.find(b"\n", at)] if at >= 0 else b""
    except (FileNotFoundError, ValueError):
        return 0  # there is none, or an empty one
    try:
        return msgspec.json.decode(line, type=_HeadLine).seq
    except ValueError:
        return 0


def _append(path: Path, heads: Iterable[Head]) -> None:
    lines = b"".join(msgspec.json.encode(head_line(head), order="deterministic") + b"\n" for head in heads)
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | BINARY, 0o600)
    try:
        lock(file)  # a line that another process is writing is not a torn one
        size = os.fstat(file).st_size
        whole = _whole_bytes(file, size)
        if whole < size:
            os.ftruncate(file, whole)
        written = os.write(file, lines)
        if written < len(lines):
            os.ftruncate(file, whole)
            raise OSError(errno.ENOSPC, f"only {written} of {len(lines)} bytes could be written", str(path))
        os.fsync(file)
    finally:
        os.close(file)


def _whole_bytes(file: int, size: int) -> int:
    """Where the last whole line ends: what is behind it was torn by a loss of power or by a full disk."""
    end = size
    while end:
        start = max(0, end - _BLOCK_BYTES)
        os.lseek(file, start, os.SEEK_SET)
        newline = os.read(file, end - start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0
