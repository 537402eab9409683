"""What the command line does with the record: check it, and write it elsewhere."""

import contextlib
import os
import sys
from collections.abc import AsyncGenerator, Generator, Sequence
from pathlib import Path
from typing import BinaryIO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from relevo_server import export as files
from relevo_server.clock import Clock
from relevo_server.commands import CommandError, opened_database
from relevo_server.commands_trust import Outcome, check_organisation, event
from relevo_server.export_check import check_export
from relevo_server.settings import Settings
from relevo_server.store.audit import AuditLog
from relevo_server.store.audit_check import Verdict, check_record, organisations_with_record
from relevo_server.store.checkpoints import (
    HEADS_FILE,
    BadHeads,
    BadKey,
    Head,
    HeadKeeper,
    Keys,
    key_id,
    known_keys,
    load_or_make_key,
    read_heads,
)
from relevo_server.store.database import Database
from relevo_server.tls import make_data_folder


async def verify(settings: Settings, organisation: str | None, heads_file: Path | None) -> Outcome:
    """Check the record of one organisation or of all; the outcome is bad where anything does not fit.

    Signed heads are taken from the database, from the file beside it, and from the copies given. An
    organisation that only they know has lost its whole record. Raises CommandError.
    """
    keys = _keys(settings)
    beside = settings.data / HEADS_FILE
    heads = [*(_heads_of(beside) if beside.exists() else ()), *(_heads_of(heads_file) if heads_file else ())]
    lines: list[str] = []
    fine = True
    async with opened_database(settings) as database:
        found = {*await organisations_with_record(database), *(head.organisation for head in heads)}
        if organisation is not None and organisation not in found:
            await check_organisation(database, settings, organisation)
        for one in sorted(found) if organisation is None else [organisation]:
            verdict = await check_record(database, one, heads, keys)
            lines += _told(verdict)
            fine = fine and not verdict.flaws
    return lines, fine


async def verify_file(settings: Settings, file: Path, key_hex: str | None) -> Outcome:
    """Check an export by itself, with a public key in hex or this server's own."""
    key = _keeper_key(settings).public_key() if key_hex is None else _public_key(key_hex)
    with file.open("rb") as texts:
        report = check_export(texts, key)
    if report.flaws:
        return [f"FAIL  {file.name}: {flaw}" for flaw in report.flaws], False
    erased = f", personal data erased in {report.erased}" if report.erased else ""
    return [
        f"ok    {file.name}: {report.lines} line(s), {report.first} to {report.last}, signed{erased}"
    ], True


async def export(settings: Settings, wanted: files.WantedExport, output: Path | None) -> Outcome:
    """Write the record to a new file or to standard output; the export itself is recorded first."""
    async with opened_database(settings) as database:
        await check_organisation(database, settings, wanted.organisation)
        keeper = keeper_of(settings, database)
        audit = AuditLog(database)
        told = {"format": wanted.kind, "from": wanted.first}
        await audit.append(event("export", wanted.organisation, told))
        await keeper.sign_due(Clock().wall_s(), at_once=True)
        head = await keeper.newest(wanted.organisation)
        pieces = files.pieces(audit, head, wanted)
        try:
            if output is None:
                await _write(pieces, sys.stdout.buffer)
                return [], True
            with _new_file(output) as file:
                await _write(pieces, file)
        except files.PrunedMeanwhile as error:
            raise CommandError(str(error)) from error
    last = head.seq if head is not None else 0
    return [f"record of {wanted.organisation} up to line {last} written to {output}"], True


async def key(settings: Settings) -> Outcome:
    """Print the public key of the signed heads, and its short name."""
    public_key = _keeper_key(settings).public_key()
    raw = public_key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return [f"{raw.hex()}  Ed25519, key id {key_id(public_key)}"], True


async def _write(pieces: AsyncGenerator[bytes], file: BinaryIO) -> None:
    async for piece in pieces:
        file.write(piece)
    file.flush()


@contextlib.contextmanager
def _new_file(path: Path) -> Generator[BinaryIO]:
    """A file for nobody but who asked, as addresses and names are in it; whole, or not there at all.

    Raises:
        CommandError: there is one of that name.
        OSError: it cannot be written.
    """
    try:
        file = open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600))  # noqa: SIM115 - closed below
    except FileExistsError as error:
        raise CommandError(f"{path} exists already; choose another name") from error
    with file:
        try:
            yield file
        except BaseException:
            path.unlink()
            raise


def _told(verdict: Verdict) -> Sequence[str]:
    who = verdict.organisation
    if verdict.flaws:
        return [f"FAIL  {who}, line {one.seq}: {one.kind.value}" for one in verdict.flaws]
    unsigned = verdict.last_seq - verdict.signed_seq
    tail = f"; the last {unsigned} not yet under a signed head" if unsigned else ", all under a signed head"
    return [f"ok    {who}: {verdict.lines} line(s){tail if verdict.lines else ''}"]


def keeper_of(settings: Settings, database: Database) -> HeadKeeper:
    """Who signs the heads of the record of this data folder. Raises CommandError."""
    return HeadKeeper(database, _keeper_key(settings), settings.relay_origin, settings.data / HEADS_FILE)


def _keeper_key(settings: Settings) -> Ed25519PrivateKey:
    make_data_folder(settings.data)
    try:
        return load_or_make_key(settings.data)
    except BadKey as error:
        raise CommandError(str(error)) from error


def _keys(settings: Settings) -> Keys:
    """Whose heads are believed. Raises CommandError."""
    try:
        return known_keys(settings.data, _keeper_key(settings).public_key())
    except BadKey as error:
        raise CommandError(str(error)) from error


def _heads_of(file: Path) -> list[Head]:
    try:
        with file.open("rb") as lines:
            return read_heads(lines)
    except BadHeads as error:
        raise CommandError(f"{file}: {error}") from error


def _public_key(text: str) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(text))
    except ValueError as error:
        raise CommandError("a key has 64 hexadecimal digits, as `audit key` prints it") from error
