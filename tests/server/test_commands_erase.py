"""Erasure at the command line reaches what the database does not have (SECURITY U6)."""

import asyncio
import io
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import structlog

from relevo_protocol.modes import Role
from relevo_server import cli, commands_erase
from relevo_server.edge.packing import pack, unpack
from relevo_server.relay.records import Audited, Record, SeatKept, SessionKept
from relevo_server.relay.seat import Identity
from relevo_server.relay.traits import Lead, Traits
from relevo_server.settings import Settings
from relevo_server.store.accounts import AccountStore
from relevo_server.store.database import Database
from relevo_server.store.disk import alone_now, holder_of
from relevo_server.store.spool import ERASES, SERVER_LOCK, Spool, set_aside, waiting
from tests.server.hands import PASSWORD, Hands

Type = Callable[..., tuple[int, str]]
ONE, OTHER = b"1" * 16, b"2" * 16
GUEST = "guest-" + "0" * 24


@pytest.fixture
def typed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Type]:
    """Type a command with this test's folder; gives its status and output."""

    def run(*words: str) -> tuple[int, str]:
        capsys.readouterr()
        status = cli.main([*words, "--data", str(tmp_path)])
        return status, capsys.readouterr().out

    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    monkeypatch.setattr(commands_erase, "_LOOK_EVERY_S", 0.02)
    assert run("admin", "create", "--name", "eva", "--password-stdin")[0] == 0
    yield run
    structlog.reset_defaults()


def eva(folder: Path) -> str:
    async def find() -> str:
        database = Database(f"sqlite:///{folder / 'relevo.db'}")
        found = await AccountStore(database, Hands().clock, "Prueba").by_name("eva")
        await database.close()
        assert found is not None
        return found.view.id

    return asyncio.run(find())


def act(session: bytes, actor: str, organisation: str = "home", **details: str) -> Audited:
    personal = {"name": "Pepa"}
    return Audited(session, actor, "act.chat", details, personal, organisation=organisation, at_s=1.0)


def refused(folder: Path) -> list[Record]:
    data = (folder / "spool" / "refused.bin").read_bytes()
    found: list[Record] = []
    while data:
        size = int.from_bytes(data[:4])
        found.append(unpack(data[8 : 8 + size]))
        data = data[8 + size :]
    return found


def test_U6_what_the_database_never_took_is_erased_too(typed: Type, tmp_path: Path):
    who = Identity(GUEST, "Pepa", "")
    kept = (
        act(ONE, "customer"),
        act(OTHER, "customer"),
        act(OTHER, GUEST),
        act(b"", "command line", account=GUEST),
        act(b"", GUEST, "other"),
        SeatKept(OTHER, 2, who, Role.EXTERNAL, b"t" * 32, 9e12),
        SessionKept(ONE, "1", b"h" * 32, 1.0, "full", Traits(lead=Lead(GUEST, "Pepa", ""))),
    )
    spool = Spool(tmp_path / "spool")
    spool.refuse([pack(one) for one in kept])
    (tmp_path / "spool" / "cut.bin").write_bytes(b"torn")
    status, out = typed("erase", "--guest", GUEST)
    assert (status, "from 4 record(s)" in out, "cut.bin (4 bytes)" in out) == (0, True, True)
    people = [bool(one.personal) for one in refused(tmp_path) if isinstance(one, Audited)]
    assert (people, len(refused(tmp_path))) == ([True, True, False, False, True], 5)
    assert typed("erase", "--session", ONE.hex())[0] == 0
    people = [bool(one.personal) for one in refused(tmp_path) if isinstance(one, Audited)]
    assert people == [False, True, False, False, True]
    assert set_aside(tmp_path / "spool").refused == 5
    assert (tmp_path / "spool" / "refused.bin").stat().st_mode & 0o777 == 0o600


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[None]:
    """As if a server ran there."""
    with alone_now(tmp_path / "spool" / SERVER_LOCK) as free:
        assert free
        yield


@pytest.mark.usefixtures("serving")
def test_U6_what_waits_in_the_spool_is_waited_for(typed: Type, tmp_path: Path):
    spool = Spool(tmp_path / "spool")
    spool.append([pack(act(ONE, eva(tmp_path))), pack(act(OTHER, "customer"))])
    assert len(waiting(tmp_path / "spool")) == 2
    drained = threading.Timer(0.3, lambda: spool.done(2))  # the server, as soon as the database is back
    drained.start()
    status, out = typed("erase", "--account", "eva")
    drained.join()
    assert (status, "FAIL" in out) == (0, False)
    assert waiting(tmp_path / "spool") == []


@pytest.mark.usefixtures("serving")
def test_U6_what_stays_in_the_spool_is_told_and_only_where_it_concerns_them(
    typed: Type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(commands_erase, "_PATIENCE_S", 0.1)
    Spool(tmp_path / "spool").append([pack(act(ONE, "customer"))])
    before = (tmp_path / "spool" / "records.bin").read_bytes()
    status, out = typed("erase", "--session", ONE.hex())
    assert (status, "FAIL  1 record(s) about them wait" in out) == (1, True)
    assert "personal data erased from 0 line(s)" in out
    assert typed("erase", "--session", OTHER.hex())[0] == 0
    # They are the server's, which runs.
    assert (tmp_path / "spool" / "records.bin").read_bytes() == before


def test_U6_where_no_server_runs_what_waits_is_written_and_erased(
    typed: Type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    holders, bring_in = list[str](), commands_erase._bring_in

    async def watched(settings: Settings, database: Database) -> None:
        holders.append(holder_of(tmp_path / "spool" / SERVER_LOCK))
        await bring_in(settings, database)

    monkeypatch.setattr(commands_erase, "_bring_in", watched)
    acts = [act(ONE, "customer"), act(OTHER, "customer"), act(ONE, eva(tmp_path))]
    spool = Spool(tmp_path / "spool")
    spool.append([pack(replace(one, event_id=bytes([at]) * 16)) for at, one in enumerate(acts)])
    spool.lose(3)
    status, out = typed("erase", "--session", ONE.hex())
    assert (status, "personal data erased from 2 line(s)" in out, "FAIL" in out) == (0, True, False)
    # A server that starts meanwhile reads whom it waits for.
    assert holders == [f"{ERASES}, process {os.getpid()}"]
    assert waiting(tmp_path / "spool") == []
    assert b"Pepa" not in (tmp_path / "spool" / "records.bin").read_bytes()
    status, out = typed("audit", "verify")
    assert (status, "FAIL" in out) == (0, False)
    status, out = typed("audit", "export")
    lines = [line for line in out.splitlines() if '"act.chat"' in line]
    assert ["Pepa" in line for line in lines] == [False, True, False]
    assert sum('"record.gap"' in line for line in out.splitlines()) == 1
