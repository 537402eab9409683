import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relevo_server import export
from relevo_server.export import WantedExport
from relevo_server.export_check import check_export
from relevo_server.store.audit import AuditEvent, AuditLog
from relevo_server.store.audit_line import AuditLine
from relevo_server.store.checkpoints import HeadKeeper
from relevo_server.store.database import Database
from relevo_server.store.erasure import Erasure, erase, prune
from relevo_server.store.organisations import HOME
from relevo_server.store.schema import migrate

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
ORIGIN = "https://relay.example"
HOSTILE = 'a"]\\\n<165>1 - forged\r\x1b[31m\x07\x7f\x9b\u202e\u2066=cmd|"/c calc"!A1\u2028\U0001f600ñ'


def line(**given_: Any) -> AuditLine:
    fields: dict[str, Any] = {
        "organisation": HOME,
        "seq": 1,
        "at_s": 1_800_000_000.25,
        "actor": "agent",
        "action": "act.chat",
        "session_id": b"s" * 16,
        "cause": "act:1",
        "details": {},
        "personal": None,
        "salt": None,
        "personal_hash": bytes(32),
        "event_id": b"e" * 16,
        "chain": b"c" * 32,
    }
    return AuditLine(**(fields | given_))


async def exported(folder: Path, events: list[AuditEvent], *, first: int = 1) -> list[bytes]:
    database = Database(f"sqlite:///{folder / 'record.db'}")
    try:
        await migrate(database)
        audit, keeper = AuditLog(database), HeadKeeper(database, KEY, ORIGIN, folder / "heads.jsonl")
        for event in events:
            await audit.append(event)
        await keeper.sign_due(1_800_000_000.0, at_once=True)
        wanted = WantedExport(HOME, "jsonl", first, ORIGIN)
        # In pieces of one line, as the longest record is.
        pieces = export.pieces(audit, await keeper.newest(HOME), wanted, bytes_at_once=1)
        return b"".join([piece async for piece in pieces]).splitlines(keepends=True)
    finally:
        await database.close()


def some(count: int = 4) -> list[AuditEvent]:
    return [
        AuditEvent(
            1_800_000_000.0 + n, "agent", "act.chat", b"s" * 16, {"n": n, "x": 1.0}, {"address": f"::{n}"}
        )
        for n in range(count)
    ]


def test_U10_json_lines_carry_hostile_text_and_do_nothing_with_it():
    written = export.jsonl_line(line(actor=HOSTILE, details={HOSTILE: HOSTILE}, personal={"name": HOSTILE}))
    assert re.fullmatch(rb"[\x20-\x7e]+\n", written)
    read = json.loads(written)
    assert read["actor"] == read["details"][HOSTILE] == read["personal"]["name"] == HOSTILE
    assert (read["at"], read["at_s"]) == ("2027-01-15T08:00:00.250Z", 1_800_000_000.25)
    assert read["session"] == "73" * 16


def test_U10_syslog_carries_hostile_text_and_no_personal_data():
    hostile = line(
        actor=HOSTILE, action="sign_in.refused", details={"x": HOSTILE}, personal={"address": "192.0.2.7"}
    )
    written = export.syslog_line(hostile, ORIGIN)
    assert re.fullmatch(rb"[\x20-\x7e]+\n", written)
    assert b"192.0.2.7" not in written
    head, _, structured = written.decode().partition(" [")
    assert head == "<108>1 2027-01-15T08:00:00.250Z relay.example relevo - sign_in.refused"
    # One element: nothing that stands unescaped ends a value, the element or the message (RFC 5424, 6.3.3).
    value = r'"(?:[^"\\\]]|\\["\\\]])*"'
    assert re.fullmatch(rf"relevo@32473(?: \w+={value})+\]\n", structured)


@given(st.text(), st.text())
def test_U10_no_text_breaks_a_line_of_either_kind(actor: str, detail: str):
    entry = line(actor=actor, action=detail or "x", details={"text": detail})
    assert json.loads(export.jsonl_line(entry))["details"] == {"text": detail}
    for written in (export.jsonl_line(entry), export.syslog_line(entry, ORIGIN)):
        assert re.fullmatch(rb"[\x20-\x7e]+\n", written)


def test_U10_an_export_is_complete_and_verifies_by_itself(tmp_path: Path):
    lines = asyncio.run(exported(tmp_path, some()))
    report = check_export(lines, KEY.public_key())
    assert (report.flaws, report.lines, report.first, report.last) == ([], 4, 1, 4)
    assert report.head is not None
    assert [json.loads(one)["seq"] for one in lines[:-1]] == [1, 2, 3, 4]


def test_U10_an_export_from_the_middle_verifies_too(tmp_path: Path):
    lines = asyncio.run(exported(tmp_path, some(), first=3))
    report = check_export(lines, KEY.public_key())
    assert (report.flaws, report.first, report.last) == ([], 3, 4)


def test_U10_an_export_after_erasure_and_pruning_verifies(tmp_path: Path):
    async def play() -> list[bytes]:
        database = Database(f"sqlite:///{tmp_path / 'record.db'}")
        await migrate(database)
        audit, keeper = AuditLog(database), HeadKeeper(database, KEY, ORIGIN, tmp_path / "heads.jsonl")
        for event in some(3):
            await audit.append(event)
        await keeper.sign_due(1_800_000_100.0, at_once=True)
        await prune(database, keeper, HOME, 1_800_000_101.0, AuditEvent(1_800_000_102.0, "relay", "pruned"))
        for event in some(2):
            await audit.append(event)
        told = AuditEvent(1_800_000_103.0, "relay", "erased")
        await erase(database, HOME, Erasure(session_id=b"s" * 16), told)
        await keeper.sign_due(1_800_000_200.0, at_once=True)
        pieces = export.pieces(audit, await keeper.newest(HOME), WantedExport(HOME, "jsonl", 1, ORIGIN))
        written = b"".join([piece async for piece in pieces])
        await database.close()
        return written.splitlines(keepends=True)

    lines = asyncio.run(play())
    report = check_export(lines, KEY.public_key())
    assert (report.flaws, report.first, report.erased) == ([], 4, 2)
    assert b"::1" not in b"".join(lines)


@pytest.mark.parametrize("kind", ["jsonl", "syslog"])
def test_U10_an_export_that_the_retention_overtakes_is_broken_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: export.Format
):
    monkeypatch.setattr("relevo_server.store.audit._PAGE", 2)

    async def play() -> bytes:
        database = Database(f"sqlite:///{tmp_path / 'record.db'}")
        await migrate(database)
        audit, keeper = AuditLog(database), HeadKeeper(database, KEY, ORIGIN, tmp_path / "heads.jsonl")
        for number, event in enumerate(some(9)):
            await audit.append(event)
            await keeper.sign_due(1_800_000_000.0 + number, at_once=True)
        pieces = export.pieces(
            audit, await keeper.newest(HOME), WantedExport(HOME, kind, 1, ORIGIN), bytes_at_once=1
        )
        written = [await anext(pieces)]
        told = AuditEvent(1_800_009_000.0, "relay", "pruned")
        assert await prune(database, keeper, HOME, 1_800_000_004.5, told) == 5
        written.append(await anext(pieces))  # of the page that was read before
        with pytest.raises(export.PrunedMeanwhile):
            await anext(pieces)
        # Begun anew it is whole: from the first line that is left.
        anew = export.pieces(audit, await keeper.newest(HOME), WantedExport(HOME, kind, 1, ORIGIN))
        whole = b"".join([piece async for piece in anew])
        await database.close()
        assert all(one.endswith(b"\n") for one in written)
        return whole

    whole = asyncio.run(play())
    if kind == "jsonl":
        report = check_export(whole.splitlines(keepends=True), KEY.public_key())
        assert (report.flaws, report.first, report.last) == ([], 6, 10)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    return asyncio.run(exported(tmp_path_factory.mktemp("export"), some()))


HARMS: list[Callable[[list[bytes]], list[bytes]]] = [
    lambda lines: lines[:-1],
    lambda lines: lines[:1] + lines[2:],
    lambda lines: lines[1:],
    lambda lines: [lines[1], lines[0], *lines[2:]],
    lambda lines: [*lines, lines[0]],
    lambda lines: lines[:2] + lines[-1:],
    lambda lines: lines[-1:],
    lambda lines: [lines[0].replace(b"::0", b"::9"), *lines[1:]],
    lambda lines: [b"{}\n", *lines],
    lambda lines: [],
    lambda _lines: [b"\xff\n"],
]


@pytest.mark.parametrize("harm", HARMS)
def test_U10_a_harmed_export_does_not_verify(good: list[bytes], harm: Callable[[list[bytes]], list[bytes]]):
    assert check_export(harm(list(good)), KEY.public_key()).flaws


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'"seq":1,', b'"seq":-1,'),
        (b'"seq":1,', b'"seq":18446744073709551616,'),
        (b'"at_s":1800000000.0,', b'"at_s":1e300,'),
        (b'"at_s":1800000000.0,', b'"at_s":-1e300,'),
        (b'"actor":', b'"\x1b[31m":1,"actor":'),
        (b'"actor":', b'"\\u001b[31m":1,"actor":'),
        (b'"details":{', b'"details":{"deep":' + b"[" * 50_000 + b'],"x":{'),
        (b'"chain":"', b'"chain":"zz'),
        (b'"v":2', b'"v":3'),
    ],
)
def test_X6_a_hostile_export_is_told_in_plain_words(good: list[bytes], before: bytes, after: bytes):
    assert before in good[0]
    report = check_export([good[0].replace(before, after), *good[1:]], KEY.public_key())
    assert report.flaws
    assert all(re.fullmatch(r"[ -~]{1,300}", flaw) for flaw in report.flaws)


def test_U10_another_key_does_not_verify(good: list[bytes]):
    stranger = Ed25519PrivateKey.generate().public_key()
    assert check_export(good, stranger).flaws


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.data())
def test_U10_no_single_changed_sign_goes_unnoticed(good: list[bytes], data: st.DataObject):
    number = data.draw(st.integers(0, len(good) - 1))
    text = good[number]
    at = data.draw(st.integers(0, len(text) - 2))
    sign = data.draw(st.integers(0x20, 0x7E).filter(lambda one: one != text[at]))
    harmed = [*good]
    harmed[number] = text[:at] + bytes([sign]) + text[at + 1 :]
    assert check_export(harmed, KEY.public_key()).flaws
