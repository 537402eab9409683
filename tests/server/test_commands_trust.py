"""The commands of the record, erasure, tokens, organisations and reports, as somebody types them."""

import asyncio
import io
import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog

from relevo_server import cli
from relevo_server.clock import Clock
from relevo_server.store.accounts import AccountStore
from relevo_server.store.audit import AuditEvent, AuditLog
from relevo_server.store.database import Database
from relevo_server.store.factors import OidcStore
from relevo_server.store.organisations import HOME
from relevo_server.store.reports import NewReport
from tests.server.hands import PASSWORD
from tests.support.records import reported

Type = Callable[..., tuple[int, str, str]]
SESSION = (b"s" * 16).hex()


@pytest.fixture
def typed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Type]:
    """Type a command with this test's folder; gives its status, output and errors."""

    def run(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        status = cli.main([*words, "--data", str(tmp_path)])
        said = capsys.readouterr()
        return status, said.out, said.err

    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    assert run("admin", "create", "--name", "eva", "--password-stdin")[0] == 0
    yield run
    structlog.reset_defaults()


def database(folder: Path) -> Database:
    return Database(f"sqlite+aiosqlite:///{folder / 'relevo.db'}")


def record(folder: Path) -> None:
    async def write() -> None:
        found = database(folder)
        for n in range(3):
            personal = {"address": f"192.0.2.{n}", "name": "Pepa"}
            await AuditLog(found).append(AuditEvent(1.0 + n, "agent", "act.chat", b"s" * 16, {}, personal))
        await found.close()

    asyncio.run(write())


def test_U1_verify_says_ok_or_the_line_that_was_changed(typed: Type, tmp_path: Path):
    record(tmp_path)
    status, out, _ = typed("audit", "verify")
    assert status == 0
    assert re.match(r"ok {4}home: \d+ line\(s\); the last \d+ not yet under a signed head", out)
    with sqlite3.connect(tmp_path / "relevo.db") as raw:
        names = [
            name
            for (name,) in raw.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_records'"
            )
        ]
        for name in names:
            raw.execute(f'DROP TRIGGER "{name}"')
        raw.execute("UPDATE audit_records SET cause = 'x' WHERE seq = 2")
    raw.close()
    status, out, _ = typed("audit", "verify")
    assert status == 1
    assert "FAIL  home, line 2: changed" in out
    assert typed("check")[0] == 1


def test_U1_a_copy_of_a_head_elsewhere_finds_a_record_that_was_cut_off(typed: Type, tmp_path: Path):
    record(tmp_path)
    assert typed("audit", "export", "--output", str(tmp_path / "a.jsonl"))[0] == 0
    copy = tmp_path / "kept-elsewhere.jsonl"
    (tmp_path / "audit-heads.jsonl").rename(copy)
    with sqlite3.connect(tmp_path / "relevo.db") as raw:
        for (name,) in list(raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")):
            raw.execute(f'DROP TRIGGER "{name}"')
        raw.execute("DELETE FROM audit_records WHERE seq > 2")
        raw.execute("DELETE FROM audit_checkpoints")
        raw.execute("UPDATE audit_heads SET seq = 2, chain = (SELECT chain FROM audit_records WHERE seq = 2)")
    raw.close()
    assert typed("audit", "verify")[0] == 0
    status, out, _ = typed("audit", "verify", "--heads", str(copy))
    assert status == 1
    assert "FAIL  home, line 3: cut off" in out


def test_U1_an_organisation_whose_whole_record_is_gone_is_found_by_its_heads(typed: Type, tmp_path: Path):
    typed("organisation", "create", "--id", "clinica", "--display-name", "Clínica")
    assert typed("audit", "export", "--organisation-id", "clinica", "--output", str(tmp_path / "a"))[0] == 0
    with sqlite3.connect(tmp_path / "relevo.db") as raw:
        raw.execute("DROP TRIGGER audit_records_no_delete")
        raw.execute("DELETE FROM audit_records WHERE organisation_id = 'clinica'")
        raw.execute("DELETE FROM audit_checkpoints WHERE organisation_id = 'clinica'")
        raw.execute("DELETE FROM audit_heads WHERE organisation_id = 'clinica'")
    raw.close()
    status, out, _ = typed("audit", "verify")
    assert (status, "FAIL  clinica, line 1: cut off" in out) == (1, True)


def test_U1_heads_by_an_earlier_key_count_where_that_is_noted(typed: Type, tmp_path: Path):
    assert typed("audit", "export", "--output", str(tmp_path / "a.jsonl"))[0] == 0
    earlier = typed("audit", "key")[1]
    (tmp_path / "audit.key").rename(tmp_path / "away")
    assert typed("audit", "export", "--output", str(tmp_path / "b.jsonl"))[0] == 0
    status, out, _ = typed("audit", "verify")
    assert (status, "bad head" in out) == (1, True)  # anybody might have signed that
    assert typed("check")[0] == 1
    (tmp_path / "audit-keys.txt").write_text(earlier)
    assert typed("audit", "verify") == (0, "ok    home: 3 line(s), all under a signed head\n", "")
    assert typed("check")[0] == 0
    (tmp_path / "audit-keys.txt").write_text(f"{earlier}zz\n")
    status, _, err = typed("audit", "verify")
    assert (status, "audit-keys.txt, line 2" in err) == (1, True)


def test_U10_an_exported_file_verifies_by_itself_and_with_a_key_that_was_printed(typed: Type, tmp_path: Path):
    record(tmp_path)
    file = tmp_path / "record.jsonl"
    status, out, _ = typed("audit", "export", "--output", str(file))
    assert (status, "written to" in out) == (0, True)
    assert file.stat().st_mode & 0o777 == 0o600  # names and addresses are in it
    key = typed("audit", "key")[1].split()[0]
    assert re.fullmatch(r"[0-9a-f]{64}", key)
    for more in ((), ("--key", key)):
        status, out, _ = typed("audit", "verify", "--file", str(file), *more)
        assert (status, out[:30]) == (0, "ok    record.jsonl: 5 line(s),")
    status, _, err = typed("audit", "export", "--output", str(file))
    assert (status, "exists already" in err) == (1, True)
    file.write_bytes(file.read_bytes().replace(b"192.0.2.1", b"192.0.2.9"))
    status, out, _ = typed("audit", "verify", "--file", str(file))
    assert (status, "its personal data were changed" in out) == (1, True)
    assert typed("audit", "verify", "--file", str(file), "--key", "zz")[0] == 1


def test_U10_an_export_goes_to_standard_output_as_syslog_too(typed: Type, tmp_path: Path):
    record(tmp_path)
    status, out, _ = typed("audit", "export", "--format", "syslog", "--from", "2")
    lines = out.splitlines()
    assert (status, len(lines)) == (0, 4)
    assert all(line.startswith("<109>1 ") and "192.0.2" not in line for line in lines)


@pytest.mark.parametrize("whose", [("--session", SESSION), ("--guest", "guest-" + "0" * 24)])
def test_U6_erasure_takes_what_is_personal_and_the_record_still_verifies(
    typed: Type, tmp_path: Path, whose: tuple[str, str]
):
    record(tmp_path)
    status, out, _ = typed("erase", *whose)
    count = 3 if whose[0] == "--session" else 0
    assert (status, f"from {count} line(s)" in out) == (0, True)
    assert typed("audit", "verify")[0] == 0
    status, out, _ = typed("audit", "export", "--output", str(tmp_path / "after.jsonl"))
    text = (tmp_path / "after.jsonl").read_text()
    assert ("Pepa" in text) is (count == 0)
    assert '"action":"erased"' in text


IMPOSSIBLE = [
    (("audit", "export", "--organisation-id", "gone"), "no organisation gone"),
    (("audit", "verify", "--organisation-id", "gone"), "no organisation gone"),
    (("erase", "--session", SESSION, "--organisation-id", "gone"), "no organisation gone"),
    (("erase", "--session", "abc"), "32 hexadecimal"),
    (("erase", "--guest", "ana"), "guest-"),
    (("erase", "--account", "nadie"), "no account"),
    (("token", "create", "--name", "eva", "--label", "", "--scope", "audit.read"), "label"),
    (
        ("token", "create", "--name", "eva", "--label", "x", "--scope", "audit.read", "--days", "366"),
        "days",
    ),
    (("token", "revoke", "--id", "0" * 32), "no token"),
    (("organisation", "create", "--id", "Bad!", "--display-name", "x"), "id has"),
    (("organisation", "create", "--id", "home", "--display-name", "x"), "exists already"),
    (("organisation", "set"), "nothing to change"),
    (("organisation", "set", "--only-oidc"), "oidc_issuer"),
    (("organisation", "set", "--id", "gone", "--retention-days", "1"), "no organisation"),
    (("organisation", "set", "--retention-days", "-1"), "days"),
    (("account", "sign-out", "--name", "nadie"), "no account"),
    (("account", "reset-factors", "--name", "nadie"), "no account"),
]


def test_what_cannot_be_done_is_said_in_a_line(typed: Type):
    for words, reason in IMPOSSIBLE:
        status, out, err = typed(*words)
        assert (status, out) == (1, ""), words
        assert reason in err
        assert len(err.splitlines()) == 1


def test_Q9_a_token_is_printed_once_listed_without_its_secret_and_revoked(typed: Type, tmp_path: Path):
    scopes = ("--scope", "reports.read", "--scope", "audit.read")
    status, out, _ = typed("token", "create", "--name", "EVA", "--label", "panel", *scopes, "--days", "1")
    secret = out.strip()
    assert (status, bool(re.fullmatch(r"relevo_[A-Za-z0-9_-]{43}", secret))) == (0, True)
    listed = typed("token", "list")[1].split("\t")
    assert listed[1:4] == ["eva", "panel", "audit.read,reports.read"]
    assert secret.encode() not in (tmp_path / "relevo.db").read_bytes()
    assert typed("token", "revoke", "--id", listed[0])[0] == 0
    assert typed("token", "list")[1] == "no token\n"


def test_organisations_are_made_listed_and_given_a_policy(typed: Type):
    assert typed("organisation", "create", "--id", "clinica", "--display-name", "Clínica")[0] == 0
    changed = ("--ask-second-factor", "administrators", "--retention-days", "90")
    assert typed("organisation", "set", "--id", "clinica", *changed)[0] == 0
    lines = typed("organisation", "list")[1].splitlines()
    assert lines[0] == "clinica\tClínica\tsecond factor: administrators\t-\tkeeps 90 days"
    assert lines[1].startswith("home\tRelevo\t")


def test_Q14_an_account_is_made_in_its_organisation(
    typed: Type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    typed("organisation", "create", "--id", "clinica", "--display-name", "Clínica")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n{PASSWORD}\n"))
    words = ("account", "create", "--name", "leo", "--password-stdin", "--organisation-id")
    status, _, err = typed(*words, "gone")
    assert (status, "no organisation gone" in err) == (1, True)
    assert typed(*words, "clinica") == (0, "technician leo@clinica created\n", "")
    lines = typed("account", "list")[1].splitlines()
    assert [line.split("\t")[-1] for line in lines] == ["-", "clinica"]
    # Whose data are to go is looked for where they are.
    status, _, err = typed("erase", "--account", "leo@clinica")
    assert (status, "belongs to clinica" in err) == (1, True)
    # So is the line of the record for what is done to them.
    assert typed("link", "create", "--name", "leo@clinica")[0] == 0
    last = _lines(tmp_path, "clinica")[-1]
    assert (last["actor"], last["action"]) == ("command line", "account.link")
    assert typed("erase", "--account", "leo@clinica", "--organisation-id", "clinica")[0] == 0
    with sqlite3.connect(tmp_path / "relevo.db") as raw:
        kept = [row for row in raw.execute("SELECT personal FROM audit_records") if "leo" in str(row)]
    raw.close()
    assert kept == []
    assert typed("audit", "verify")[0] == 0


def test_Q7_only_the_home_organisation_goes_by_the_provider_and_once_an_administrator_came_by_it(
    typed: Type, tmp_path: Path
):
    typed("organisation", "create", "--id", "clinica", "--display-name", "Clínica")
    issuer = "https://sign-in.example"
    words = ("organisation", "set", "--only-oidc", "--oidc-issuer", issuer, "--oidc-client-id", "relevo")
    for where, reason in (((), "no administrator"), (("--id", "clinica"), "in clinica nobody could sign in")):
        status, _, err = typed(*words, *where)
        assert (status, reason in err) == (1, True), err
    assert "OIDC only" not in typed("organisation", "list")[1]

    async def come() -> None:
        found = database(tmp_path)
        eva = await AccountStore(found, Clock(), "Prueba").by_name("eva")
        assert eva is not None
        await OidcStore(found).link(issuer, "s-1", eva.view.id, AuditEvent(1.0, "test", "account.linked"))
        await found.close()

    asyncio.run(come())
    assert typed(*words)[0] == 0
    assert "OIDC only" in typed("organisation", "list")[1].splitlines()[1]


def test_N8_reports_are_listed(typed: Type, tmp_path: Path):
    assert typed("report", "list")[1] == "no report\n"

    async def report() -> None:
        found = database(tmp_path)
        new = NewReport(HOME, b"s" * 16, 1.0, "customer", "", {"2": "Ana"})
        await reported(found, new, AuditEvent(1.0, "customer", "act.reported", b"s" * 16))
        await found.close()

    asyncio.run(report())
    line = typed("report", "list", "--state", "open")[1].strip().split("\t")
    assert line == [
        *("1970-01-01T00:00:01+00:00", "open", "by customer", f"session {SESSION}", "about everybody"),
        *("Ana", "-"),
    ]


def test_U11_each_command_that_changes_something_leaves_exactly_one_line(typed: Type, tmp_path: Path):
    typed("token", "create", "--name", "eva", "--label", "x", "--scope", "audit.read")
    token = typed("token", "list")[1].split("\t")[0]
    for words, action in (
        (("account", "sign-out", "--name", "eva"), "sign_in.revoked"),
        (("token", "revoke", "--id", token), "token.revoked"),
        (("account", "reset-factors", "--name", "eva"), "factor.removed"),
        (("token", "create", "--name", "eva", "--label", "x", "--scope", "audit.read"), "token.created"),
        (("organisation", "set", "--retention-days", "7"), "policy.changed"),
        (("erase", "--session", SESSION), "erased"),
        (("audit", "export", "--output", str(tmp_path / "x.jsonl")), "export"),
        (("account", "change", "--name", "eva", "--team", "norte"), "account.change"),
        (("link", "create", "--name", "eva"), "account.link"),
        (("account", "disable", "--name", "eva"), "account.disable"),
    ):
        before = _lines(tmp_path)
        assert typed(*words)[0] == 0, words
        after = _lines(tmp_path)
        added = after[len(before) :]
        assert [one["action"] for one in added] == [action], words
        assert added[0]["actor"] == "command line"
        assert "eva" not in json.dumps(added[0]["details"])


def _lines(folder: Path, organisation: str = HOME) -> list[dict[str, object]]:
    raw = sqlite3.connect(folder / "relevo.db")
    found = raw.execute(
        "SELECT actor, action, details FROM audit_records WHERE organisation_id = ? ORDER BY seq",
        (organisation,),
    ).fetchall()
    raw.close()
    return [
        {"actor": actor, "action": action, "details": json.loads(details)} for actor, action, details in found
    ]


def test_a_command_does_not_wait_for_the_web_framework():
    loaded = "import sys, relevo_server.cli; print({'fastapi', 'webauthn'} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert said.stdout == "set()\n"
