import datetime as dt
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from relevo_server import trust
from relevo_server.clock import Clock
from relevo_server.settings import Settings
from relevo_server.tls import TlsKeeper
from relevo_server.trust import browsers, system
from relevo_server.trust.report import Report, call
from tests.server.hands import Hands

needs_certutil = pytest.mark.skipif(shutil.which("certutil") is None, reason="libnss3-tools is not installed")


def _nowhere(_program: str, *_mode: int, **_path: str) -> None:
    """Instead of `shutil.which`."""


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    TlsKeeper(Settings(data=tmp_path / "data"), Hands().clock)
    return tmp_path / "data" / "ca.pem"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a Firefox profile and no Chromium yet."""
    profile = tmp_path / "home" / ".mozilla" / "firefox" / "abc.default-release"
    profile.mkdir(parents=True)
    subprocess.run(["certutil", "-N", "-d", f"sql:{profile}", "--empty-password"], check=True)
    return tmp_path / "home"


def lines(verb: str, authority: Path, home: Path) -> Report:
    report = Report()
    {"install": browsers.install, "remove": browsers.remove, "status": browsers.status}[verb](
        authority, browsers.stores(home), report
    )
    return report


@needs_certutil
def test_browsers_learn_and_forget_the_authority(authority: Path, home: Path):
    before = lines("status", authority, home)
    assert not before.complete
    installed = lines("install", authority, home)
    assert installed.complete
    assert len(installed.lines) == 2
    assert any(".pki/nssdb" in line for line in installed.lines)
    assert any("abc.default-release" in line for line in installed.lines)
    assert lines("install", authority, home).complete, "a second time changes nothing"
    assert lines("status", authority, home).complete
    assert lines("remove", authority, home).complete
    assert not lines("status", authority, home).complete
    assert any("was not installed" in line for line in lines("remove", authority, home).lines)


@needs_certutil
def test_browser_store_verifies_the_servers_certificate_and_trusts_it_for_servers_only(
    tmp_path: Path, home: Path
):
    # certutil judges by today's date, so this authority has to be made today.
    TlsKeeper(Settings(data=tmp_path / "now"), Clock())
    authority = tmp_path / "now" / "ca.pem"
    lines("install", authority, home)
    database = f"sql:{home / '.pki/nssdb'}"
    nickname = browsers._nickname(authority)
    listed = subprocess.run(
        ["certutil", "-L", "-d", database], check=True, capture_output=True, text=True
    ).stdout
    assert nickname in listed
    assert "C,," in listed
    leaf = tmp_path / "now" / "server.pem"
    subprocess.run(["certutil", "-A", "-d", database, "-n", "leaf", "-t", ",,", "-i", leaf], check=True)
    judged = subprocess.run(
        ["certutil", "-V", "-d", database, "-n", "leaf", "-u", "V"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_missing_certutil_is_said_with_the_package_to_install(
    authority: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("shutil.which", _nowhere)
    report = lines("install", authority, tmp_path)
    assert not report.complete
    assert "libnss3-tools" in report.lines[0]


def test_missing_authority_is_said(tmp_path: Path):
    report = trust.run("install", tmp_path / "ca.pem", home=tmp_path)
    assert not report.complete
    assert "relevo-server init" in report.lines[0]


def test_an_authority_over_the_whole_world_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Relevo local authority")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    authority = tmp_path / "ca.pem"
    authority.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    store = a_linux_store(tmp_path)

    def ours(_platform: str) -> system.LinuxStore:
        return store

    monkeypatch.setattr(system, "store_of", ours)
    report = trust.run("install", authority, home=tmp_path)
    assert not report.complete
    assert "every name in the world" in report.lines[0]
    assert list(store.folder.iterdir()) == []
    assert not (tmp_path / ".pki").exists()


def test_what_a_program_says_need_not_be_utf_8():
    assert call("printf", r"\351xito") == (True, "\ufffdxito")


def test_a_system_without_its_bundle_trusts_nobody(authority: Path, tmp_path: Path):
    report = Report()
    system.LinuxStore(tmp_path, ".crt", ("true",), tmp_path / "none.pem").status(authority, report)
    assert (report.complete, "not trusted" in report.lines[0]) == (False, True)


def a_linux_store(tmp_path: Path) -> system.LinuxStore:
    """The Debian way with folders of our own: gathering is concatenating."""
    folder, bundle = tmp_path / "anchors", tmp_path / "bundle.pem"
    folder.mkdir()
    bundle.write_text("", encoding="ascii")
    gather = f"cat {folder}/*.crt > {bundle} 2>/dev/null || : > {bundle}"
    return system.LinuxStore(folder, ".crt", ("sh", "-c", gather), bundle)


def test_system_store_learns_and_forgets(authority: Path, tmp_path: Path):
    store = a_linux_store(tmp_path)

    def does(verb: str) -> Report:
        report = Report()
        getattr(store, verb)(authority, report)
        return report

    assert not does("status").complete
    assert does("install").complete
    assert does("status").complete
    assert does("remove").complete
    assert not does("status").complete
    assert "was not installed" in does("remove").lines[0]


def test_system_store_that_cannot_be_written_or_gathered_is_said(authority: Path, tmp_path: Path):
    gone = system.LinuxStore(tmp_path / "none", ".crt", ("true",), tmp_path / "bundle.pem")
    report = Report()
    gone.install(authority, report)
    assert not report.complete
    assert "as root" in report.lines[0]
    (tmp_path / "folder").mkdir()
    failing = system.LinuxStore(tmp_path / "folder", ".crt", ("false",), tmp_path / "bundle.pem")
    report = Report()
    failing.install(authority, report)
    assert "`false` failed" in report.lines[0]


def test_other_systems_commands_after_their_documentation(authority: Path, monkeypatch: pytest.MonkeyPatch):
    called: list[tuple[str, ...]] = []

    def call(*command: str) -> tuple[bool, str]:
        called.append(command)
        return True, ""

    monkeypatch.setattr(system, "call", call)
    report = Report()
    for platform in ("darwin", "win32"):
        store = system.store_of(platform)
        store.install(authority, report)
        store.remove(authority, report)
        store.status(authority, report)
    assert [command[:2] for command in called] == [
        ("security", "add-trusted-cert"),
        ("security", "delete-certificate"),
        ("security", "verify-cert"),
        ("certutil", "-f"),
        ("certutil", "-delstore"),
        ("certutil", "-store"),
    ]
    assert all("not yet run on" in line for line in report.lines)


def test_unknown_system_is_said(authority: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("shutil.which", _nowhere)
    report = Report()
    system.store_of("linux").install(authority, report)
    assert not report.complete
    assert str(authority) in report.lines[0]
