"""A whole check of the record, however long that is, leaves the event loop to others (SECURITY U1)."""

import asyncio
import contextlib
import shutil
import sqlite3
import threading
from collections.abc import Generator
from pathlib import Path

import pytest
from sqlalchemy import event

from relevo_server.store import audit_chain, audit_check
from relevo_server.store.audit_chain import GENESIS
from relevo_server.store.audit_check import FlawKind
from relevo_server.store.tables import AuditRow
from relevo_server.store.tables_trust import AuditRecordRow, CheckpointRow
from tests.server.store.hands import opened
from tests.server.store.test_audit_check import judge, kinds, write_record

OLD_LINES = 200
CHUNK = 10


def old_record(path: Path, template: Path) -> str:
    """The URL of a database with a record of the first versions, and one line after it."""
    shutil.copyfile(template, path)
    chain = GENESIS
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        for number in range(1, OLD_LINES + 1):
            chain = audit_chain.old_link(chain, (1.0, "ana", "join", b"", "{}"))
            row = (number, 1.0, "ana", "join", None, "{}", chain)
            connection.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    url = f"sqlite:///{path}"
    write_record(url, path.with_suffix(".jsonl"), 3 * CHUNK)
    return url


class Watch:
    """Counts the rows that one turn of the event loop makes, and who links lines on its thread."""

    def __init__(self) -> None:
        self.rows = self.most = self.all = self.links_on_loop = 0
        self._thread = threading.get_ident()

    def loaded(self, *_row: object) -> None:
        self.rows += 1
        self.all += 1
        self.most = max(self.most, self.rows)

    def linked(self) -> None:
        self.links_on_loop += threading.get_ident() == self._thread

    async def others(self) -> None:
        """Whoever else is on the loop."""
        while True:
            self.rows = 0
            await asyncio.sleep(0)


@contextlib.contextmanager
def watching(watch: Watch) -> Generator[None]:
    tables = (AuditRow, AuditRecordRow, CheckpointRow)
    for table in tables:
        event.listen(table, "load", watch.loaded)
    try:
        yield
    finally:
        for table in tables:
            event.remove(table, "load", watch.loaded)


def test_U1_a_check_of_the_whole_record_holds_nobody_up(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    url = old_record(tmp_path / "old.db", sqlite_template)
    monkeypatch.setattr(audit_check, "_CHUNK_ROWS", CHUNK)
    watch, found = Watch(), audit_chain.old_link

    def link(previous: bytes, fields: tuple[float, str, str, bytes, str]) -> bytes:
        watch.linked()
        return found(previous, fields)

    monkeypatch.setattr(audit_chain, "old_link", link)

    async def run() -> None:
        async with opened(url) as database:
            others = asyncio.create_task(watch.others())
            verdict = await audit_check.check_record(database, "home")
            others.cancel()
            assert (verdict.flaws, verdict.lines) == ([], 3 * CHUNK + 1)

    with watching(watch):
        asyncio.run(run())
    assert watch.all > OLD_LINES + 3 * CHUNK
    assert watch.most <= CHUNK
    assert watch.links_on_loop == 0


@pytest.mark.parametrize(("column", "value"), [("session_id", "text"), ("chain", "text"), ("at_s", "text")])
def test_U1_an_old_line_that_cannot_be_read_is_a_flaw_and_ends_no_check(
    sqlite_template: Path, tmp_path: Path, column: str, value: str
):
    url = old_record(tmp_path / "old.db", sqlite_template)
    with contextlib.closing(sqlite3.connect(tmp_path / "old.db")) as connection, connection:
        connection.execute("DROP TRIGGER audit_no_update")
        connection.execute(f"UPDATE audit SET {column} = ? WHERE number = 7", (value,))  # noqa: S608
    assert kinds(judge(url)) == [(7, FlawKind.OLD_RECORD)]
