"""Signed heads: when they are made, where they go, what they prove (SECURITY U1)."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from relevo_server.store.audit import AuditEvent, AuditLog, append_audit
from relevo_server.store.checkpoints import (
    BadHeads,
    BadKey,
    HeadKeeper,
    key_id,
    load_or_make_key,
    read_heads,
    verify_head,
)
from relevo_server.store.database import Database
from relevo_server.store.schema import migrate
from tests.server.store.hands import opened
from tests.support.records import heads_of

ORIGIN = "https://relay.example"


async def _append(database: Database, count: int, organisation: str = "home") -> None:
    log = AuditLog(database)
    for number in range(count):
        await log.append(AuditEvent(float(number), "ana", "join", organisation=organisation))


def test_U1_a_head_is_signed_when_it_moved_and_a_minute_passed(database_url: str, tmp_path: Path):
    file = tmp_path / "heads.jsonl"

    async def run():
        async with opened(database_url) as database:
            keeper = HeadKeeper(database, Ed25519PrivateKey.generate(), ORIGIN, file)
            made = [len(await keeper.sign_due(1000.0))]  # nothing is there to be signed
            await _append(database, 2)
            await _append(database, 1, "other")
            # The first at once, then nothing has moved.
            made += [len(await keeper.sign_due(now_s)) for now_s in (1000.0, 1030.0)]
            await _append(database, 1)
            made += [len(await keeper.sign_due(now_s)) for now_s in (1059.0, 1060.0, 1061.0)]
            await _append(database, 1)
            made.append(len(await keeper.sign_due(1062.0, at_once=True)))
            await _append(database, 1)
            made.append(len(await keeper.sign_due(500.0)))  # a clock that was set back
            return made, await heads_of(database), keeper.public_key

    made, heads, public_key = asyncio.run(run())
    assert made == [0, 2, 0, 0, 1, 0, 1, 1]
    assert [head.seq for head in heads] == [2, 3, 4, 5]
    assert all(verify_head(head, public_key) for head in heads)
    changed = replace(heads[0], seq=9)
    assert not verify_head(changed, public_key)
    assert not verify_head(replace(heads[0], organisation="other"), public_key)
    copies = read_heads(file.read_bytes().splitlines(keepends=True))
    assert [one for one in copies if one.organisation == "home"] == heads


def test_U1_two_processes_sign_a_head_once(database_url: str, tmp_path: Path):
    key = Ed25519PrivateKey.generate()

    async def run():
        async with opened(database_url) as one, opened(database_url) as other:
            await _append(one, 1)
            keepers = [HeadKeeper(each, key, ORIGIN, tmp_path / "heads.jsonl") for each in (one, other)]
            made = await asyncio.gather(*(keeper.sign_due(5.0) for keeper in keepers))
            return sum(len(heads) for heads in made), await heads_of(one)

    count, heads = asyncio.run(run())
    assert count == len(heads) == 1


def test_U1_many_lines_are_signed_without_waiting(sqlite_database: str, tmp_path: Path):
    async def run():
        async with opened(sqlite_database) as database:
            keeper = HeadKeeper(database, Ed25519PrivateKey.generate(), ORIGIN, tmp_path / "heads.jsonl")
            await _append(database, 1)
            await keeper.sign_due(1000.0)
            async with database.write() as session:
                for number in range(256):
                    await append_audit(session, AuditEvent(float(number), "ana", "join"))
            return [head.seq for head in await keeper.sign_due(1001.0)]

    assert asyncio.run(run()) == [257]


def test_U1_a_torn_line_of_the_file_is_left_out_and_a_bad_one_named(tmp_path: Path):
    key = Ed25519PrivateKey.generate()

    async def run(url: str):
        async with opened(url) as database:
            await migrate(database)
            keeper = HeadKeeper(database, key, ORIGIN, tmp_path / "heads.jsonl")
            await _append(database, 1)
            await keeper.sign_due(1.0)
            with (tmp_path / "heads.jsonl").open("ab") as file:
                file.write(b'{"origin":"https://re')
            await _append(database, 1)
            await keeper.sign_due(2.0, at_once=True)

    asyncio.run(run(f"sqlite:///{tmp_path / 'relevo.db'}"))
    lines = (tmp_path / "heads.jsonl").read_bytes().splitlines(keepends=True)
    assert [head.seq for head in read_heads(lines)] == [1, 2]
    assert [head.seq for head in read_heads([lines[0], lines[1][:-9]])] == [1]
    with pytest.raises(BadHeads, match="line 2"):
        read_heads([lines[0], b"{}\n", lines[1]])


def test_U1_a_head_that_only_half_fits_on_the_disk_is_not_left_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    file = tmp_path / "heads.jsonl"
    write = os.write

    def half(to: int, block: bytes) -> int:
        return write(to, block[:40])

    async def run(url: str) -> bytes:
        async with opened(url) as database:
            await migrate(database)
            keeper = HeadKeeper(database, Ed25519PrivateKey.generate(), ORIGIN, file)
            await _append(database, 1)
            await keeper.sign_due(1.0)
            before = file.read_bytes()
            monkeypatch.setattr(os, "write", half)
            await _append(database, 1)
            with pytest.raises(OSError, match="only 40 of"):
                await keeper.sign_due(2.0, at_once=True)
            return before

    before = asyncio.run(run(f"sqlite:///{tmp_path / 'relevo.db'}"))
    assert file.read_bytes() == before


def test_U1_heads_that_the_file_could_not_take_are_written_with_the_next(database_url: str, tmp_path: Path):
    file = tmp_path / "heads.jsonl"
    key = Ed25519PrivateKey.generate()

    async def run():
        async with opened(database_url) as database:
            keeper = HeadKeeper(database, key, ORIGIN, file)
            for number in range(2):
                await _append(database, 1)
                await _append(database, 1, "other")
                await keeper.sign_due(1000.0 + number, at_once=True)
            whole = file.read_bytes()
            file.unlink()
            file.mkdir()  # nothing can be appended to that
            for number in range(3):
                await _append(database, 1)
                with pytest.raises(OSError, match="heads"):
                    await keeper.sign_due(2000.0 + number, at_once=True)
            file.rmdir()
            file.write_bytes(whole)
            await _append(database, 1)
            # After a restart as well: it is the file that tells what it has.
            later = HeadKeeper(database, key, ORIGIN, file)
            await later.sign_due(3000.0, at_once=True)
            copies = read_heads(file.read_bytes().splitlines(keepends=True))
            file.unlink()
            await _append(database, 1, "other")
            await later.sign_due(4000.0, at_once=True)
            anew = read_heads(file.read_bytes().splitlines(keepends=True))
            return copies, anew, await heads_of(database), await heads_of(database, "other")

    copies, anew, home, other = asyncio.run(run())
    assert [head.seq for head in home] == [1, 2, 3, 4, 5, 6]
    assert [one for one in copies if one.organisation == "home"] == home
    assert [one for one in copies if one.organisation == "other"] == other[:2]
    assert anew == other


def test_U1_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path):
    first = load_or_make_key(tmp_path)
    again = load_or_make_key(tmp_path)
    assert first.private_bytes_raw() == again.private_bytes_raw()
    assert [one.name for one in tmp_path.iterdir()] == ["audit.key"]
    assert (tmp_path / "audit.key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "audit.key").chmod(0o644)
    load_or_make_key(tmp_path)
    assert (tmp_path / "audit.key").stat().st_mode & 0o777 == 0o600
    assert len(key_id(first.public_key())) == 16


def test_U1_a_key_that_is_none_is_refused_in_words(tmp_path: Path):
    (tmp_path / "audit.key").write_bytes(b"nonsense")
    with pytest.raises(BadKey, match="backup"):
        load_or_make_key(tmp_path)
    other = X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "audit.key").write_bytes(other)
    with pytest.raises(BadKey, match="another kind"):
        load_or_make_key(tmp_path)
