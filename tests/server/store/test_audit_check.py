"""Any change of the record behind the server's back is found (SECURITY U1)."""

import asyncio
import contextlib
import itertools
import shutil
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from relevo_server.store import audit_check
from relevo_server.store.audit import AuditEvent, AuditLog
from relevo_server.store.audit_chain import GENESIS, old_link
from relevo_server.store.audit_check import FlawKind, Verdict, check_record
from relevo_server.store.checkpoints import Head, HeadKeeper, key_id
from tests.server.store.hands import opened
from tests.support.records import heads_of

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEYS = {key_id(KEY.public_key()): KEY.public_key()}
ORIGIN = "https://relay.example"
LINES = 6
PRUNED = (
    "UPDATE audit_heads SET pruned_seq = {0}, "
    "pruned_chain = (SELECT chain FROM audit_records WHERE seq = {0})"
)
COLUMNS = (
    "organisation_id",
    "seq",
    "event_id",
    "at_s",
    "actor",
    "action",
    "session_id",
    "cause",
    "details",
    "personal",
    "salt",
    "personal_hash",
    "chain",
)


def write_record(url: str, file: Path, lines: int = LINES) -> list[Head]:
    async def run() -> list[Head]:
        async with opened(url) as database:
            log, keeper = AuditLog(database), HeadKeeper(database, KEY, ORIGIN, file)
            for number in range(lines):
                personal = {"address": f"192.0.2.{number}"} if number % 2 else {}
                await log.append(AuditEvent(float(number), "ana", "join", b"s" * 16, {"n": number}, personal))
                if number == 3:
                    await keeper.sign_due(100.0, at_once=True)
            return await heads_of(database)

    return asyncio.run(run())


def judge(url: str, heads: Sequence[Head] = ()) -> Verdict:
    async def run() -> Verdict:
        async with opened(url) as database:
            return await check_record(database, "home", heads, KEYS)

    return asyncio.run(run())


def kinds(verdict: Verdict) -> list[tuple[int, FlawKind]]:
    return [(flaw.seq, flaw.kind) for flaw in verdict.flaws]


def unguarded(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in names:
        connection.execute(f"DROP TRIGGER {name}")
    return connection


@pytest.fixture
def record(sqlite_database: str, tmp_path: Path) -> Path:
    write_record(sqlite_database, tmp_path / "heads.jsonl")
    return tmp_path / "relevo.db"


def test_U1_an_untouched_record_is_whole(database_url: str, tmp_path: Path):
    heads = write_record(database_url, tmp_path / "heads.jsonl")
    found = judge(database_url, heads)
    assert (found.flaws, found.lines, found.last_seq, found.signed_seq) == ([], LINES, LINES, 4)


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (["UPDATE audit_records SET actor = 'eve' WHERE seq = 2"], (2, FlawKind.CHANGED)),
        (["DELETE FROM audit_records WHERE seq = 2"], (2, FlawKind.REMOVED)),
        (["DELETE FROM audit_records WHERE seq = 1"], (1, FlawKind.REMOVED)),
        (["DELETE FROM audit_records WHERE seq = 6"], (6, FlawKind.CUT_OFF)),
        (
            ["DELETE FROM audit_records WHERE seq > 2", "UPDATE audit_heads SET seq = 2"],
            (3, FlawKind.CUT_OFF),  # the signed head of line 4 tells
        ),
        (
            ["UPDATE audit_heads SET seq = 5, chain = (SELECT chain FROM audit_records WHERE seq = 5)"],
            (6, FlawKind.ADDED),
        ),
        (
            ["UPDATE audit_records SET personal = NULL, salt = NULL WHERE seq = 2"],
            (2, FlawKind.ERASED_WITHOUT_RECORD),
        ),
        (['UPDATE audit_records SET personal = \'{"address":"x"}\' WHERE seq = 2'], (2, FlawKind.CHANGED)),
        (["UPDATE audit_checkpoints SET at_s = 1"], (4, FlawKind.BAD_HEAD)),
        (["UPDATE audit_checkpoints SET seq = 5"], (5, FlawKind.BAD_HEAD)),
        (["DELETE FROM audit_heads"], (6, FlawKind.BAD_HEAD)),
        (
            [
                PRUNED.format(3),
                "DELETE FROM audit_records WHERE seq <= 3",
            ],
            (3, FlawKind.BAD_HEAD),
        ),
        (
            [
                PRUNED.format(4),
                "DELETE FROM audit_records WHERE seq <= 4",
            ],
            (4, FlawKind.REMOVED),  # nobody recorded a pruning
        ),
    ],
)
def test_U1_what_was_done_to_the_record_has_a_name(
    record: Path, statements: list[str], expected: tuple[int, FlawKind]
):
    with contextlib.closing(unguarded(record)) as connection:
        for statement in statements:
            connection.execute(statement)
    assert expected in kinds(judge(f"sqlite:///{record}"))


def test_U1_a_wiped_database_is_told_by_a_head_kept_elsewhere(record: Path):
    url = f"sqlite:///{record}"
    heads = asyncio.run(_heads(url))
    with contextlib.closing(unguarded(record)) as connection:
        for table in ("audit_records", "audit_heads", "audit_checkpoints"):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608 - constants
    assert kinds(judge(url)) == []
    assert kinds(judge(url, heads)) == [(1, FlawKind.CUT_OFF)]


def test_U1_a_record_written_anew_differs_from_a_head_kept_elsewhere(
    record: Path, sqlite_template: Path, tmp_path: Path
):
    heads = asyncio.run(_heads(f"sqlite:///{record}"))
    other = tmp_path / "forged.db"
    shutil.copyfile(sqlite_template, other)
    url = f"sqlite:///{other}"
    write_record(url, tmp_path / "forged.jsonl")
    assert kinds(judge(url, heads)) == [(4, FlawKind.CHANGED)]
    assert kinds(judge(url, [replace(heads[0], chain=b"x" * 32)])) == [(4, FlawKind.BAD_HEAD)]


async def _heads(url: str) -> list[Head]:
    async with opened(url) as database:
        return await heads_of(database)


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    seq=st.integers(1, LINES),
    column=st.sampled_from(COLUMNS),
    value=st.one_of(st.none(), st.text("ab\x00é", max_size=3), st.binary(max_size=33), st.integers(0, 9)),
)
def test_U1_any_cell_that_is_changed_is_found(
    record: Path, tmp_path: Path, seq: int, column: str, value: object
):
    copy = tmp_path / "copy.db"
    shutil.copyfile(record, copy)
    with contextlib.closing(unguarded(copy)) as connection:
        asked = f"SELECT {column}, typeof({column}) FROM audit_records WHERE seq = ?"  # noqa: S608 - constants
        before = connection.execute(asked, (seq,)).fetchone()
        try:
            changing = f"UPDATE audit_records SET {column} = ? WHERE seq = ?"  # noqa: S608 - constants
            connection.execute(changing, (value, seq))
        except sqlite3.IntegrityError:
            return  # the table itself does not take it
        after = connection.execute(asked, (value if column == "seq" else seq,)).fetchone()
    assert bool(kinds(judge(f"sqlite:///{copy}"))) == (before != after)


STRANGE = (None, "x", "", "é", -1, 10**18, 2.5, 1e308, b"", b"\xff\xfe")


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("audit_heads", ("seq", "chain", "pruned_seq", "pruned_chain")),
        ("audit_checkpoints", ("seq", "origin", "chain", "at_s", "key_id", "signature")),
        ("audit", ("at_s", "actor", "action", "details", "chain")),
    ],
)
def test_U1_whatever_stands_in_a_head_is_a_flaw_and_no_fault(
    sqlite_database: str, tmp_path: Path, table: str, columns: tuple[str, ...]
):
    chain = old_link(GENESIS, (1.0, "ana", "join", b"", "{}"))
    whole = tmp_path / "relevo.db"
    with contextlib.closing(sqlite3.connect(whole, isolation_level=None)) as connection:
        connection.execute("INSERT INTO audit VALUES (1, 1.0, 'ana', 'join', NULL, '{}', ?)", (chain,))
    write_record(sqlite_database, tmp_path / "heads.jsonl")
    copy = tmp_path / "copy.db"
    assert judge(sqlite_database).flaws == []
    for column, value in itertools.product(columns, STRANGE):
        shutil.copyfile(whole, copy)
        with contextlib.closing(unguarded(copy)) as connection:
            asked = f"SELECT {column} FROM {table}"  # noqa: S608 - constants
            before = connection.execute(asked).fetchone()
            try:
                connection.execute(f"UPDATE {table} SET {column} = ?", (value,))  # noqa: S608 - constants
            except sqlite3.IntegrityError:
                continue  # the table itself does not take it
            after = connection.execute(asked).fetchone()
        changed = before != after
        assert bool(kinds(judge(f"sqlite:///{copy}"))) is changed, (column, value)


def test_U1_the_old_record_is_tied_to_the_first_line(record: Path, sqlite_template: Path, tmp_path: Path):
    path = tmp_path / "old.db"
    shutil.copyfile(sqlite_template, path)
    chain = old_link(GENESIS, (1.0, "ana", "join", b"", "{}"))
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("INSERT INTO audit VALUES (1, 1.0, 'ana', 'join', NULL, '{}', ?)", (chain,))
    url = f"sqlite:///{path}"
    write_record(url, tmp_path / "old.jsonl", 1)
    assert (judge(url).flaws, judge(url).lines) == ([], 2)
    with contextlib.closing(unguarded(path)) as connection:
        connection.execute("DELETE FROM audit")
    assert kinds(judge(url)) == [(1, FlawKind.OLD_RECORD)]


def test_U1_a_line_that_comes_while_the_record_is_read_is_no_flaw(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    heads = write_record(database_url, tmp_path / "heads.jsonl")

    async def run() -> Verdict:
        async with opened(database_url) as database, opened(database_url) as server:
            added: list[float] = []

            async def old_record(session: AsyncSession) -> object:
                # The head has been read, the lines have not.
                await AuditLog(server).append(AuditEvent(9.0, "ana", "join"))
                added.append(9.0)
                return await found_old(session)

            found_old = audit_check._old_record
            monkeypatch.setattr(audit_check, "_old_record", old_record)
            verdict = await check_record(database, "home", heads)
            assert added
            return verdict

    verdict = asyncio.run(run())
    assert verdict.flaws == []
    assert verdict.last_seq == LINES
