"""The browsers' own stores: NSS databases of Chromium and of every Firefox profile, by `certutil`."""

import shutil
from pathlib import Path

from relevo_server.trust.report import Report, call, told
from relevo_server.trust.system import fingerprint, pem_body

_CERTUTIL_REMEDY = (
    "browsers: certutil is not here (Debian: apt install libnss3-tools; Fedora: dnf install nss-tools; "
    "macOS: brew install nss)"
)
# Chromium on Linux; Firefox as a package, as a snap, as a flatpak, and on macOS.
_CHROMIUM = (".pki/nssdb", "snap/chromium/current/.pki/nssdb")
_FIREFOX = (
    ".mozilla/firefox",
    ".config/mozilla/firefox",
    "snap/firefox/common/.mozilla/firefox",
    ".var/app/org.mozilla.firefox/.mozilla/firefox",
    "Library/Application Support/Firefox/Profiles",
)


def stores(home: Path) -> list[Path]:
    """The NSS databases of a home folder, plus Chromium's usual one where Chromium has not made it yet."""
    found = [home / _CHROMIUM[0]]
    found += [home / place for place in _CHROMIUM[1:] if (home / place / "cert9.db").exists()]
    for place in _FIREFOX:
        found += sorted(file.parent for file in (home / place).glob("*/cert9.db"))
    return found


def install(authority: Path, databases: list[Path], report: Report) -> None:
    """Add the authority to each database, as an issuer of servers' certificates and nothing else."""
    for database in _usable(databases, report, make=True):
        _forget(authority, database)
        where = ("-d", f"sql:{database}", "-n", _nickname(authority))
        command = ("certutil", "-A", *where, "-t", "C,,", "-i", str(authority))
        _report(
            report, command, f"browser store {database}: installed; running browsers see it after a restart"
        )


def remove(authority: Path, databases: list[Path], report: Report) -> None:
    """Delete the authority from each database."""
    for database in _usable(databases, report, make=False):
        if _forget(authority, database):
            report.done(f"browser store {database}: removed")
        else:
            report.done(f"browser store {database}: was not installed")


def status(authority: Path, databases: list[Path], report: Report) -> None:
    """Say for each database whether the authority in it is this one."""
    for database in _usable(databases, report, make=False):
        worked, said = call("certutil", "-L", "-d", f"sql:{database}", "-n", _nickname(authority), "-a")
        if worked and pem_body(authority) in "".join(said.split()):
            report.done(f"browser store {database}: trusted")
        else:
            report.missing(f"browser store {database}: not trusted; run `relevo-server trust install`")


def _usable(databases: list[Path], report: Report, *, make: bool) -> list[Path]:
    if shutil.which("certutil") is None:
        report.missing(_CERTUTIL_REMEDY)
        return []
    return [
        database
        for database in databases
        if (database / "cert9.db").exists() or _made(database, report, make=make)
    ]


def _made(database: Path, report: Report, *, make: bool) -> bool:
    if not make:
        report.skipped(f"browser store {database}: does not exist")
        return False
    database.mkdir(mode=0o700, parents=True, exist_ok=True)
    command = ("certutil", "-N", "-d", f"sql:{database}", "--empty-password")
    worked, said = call(*command)
    if not worked:
        report.missing(told(command, said))
    return worked


def _forget(authority: Path, database: Path) -> bool:
    worked, _said = call("certutil", "-D", "-d", f"sql:{database}", "-n", _nickname(authority))
    return worked


def _nickname(authority: Path) -> str:
    return f"Relevo local authority {fingerprint(authority)[:16]}"


def _report(report: Report, command: tuple[str, ...], success: str) -> None:
    worked, said = call(*command)
    if worked:
        report.done(success)
    else:
        report.missing(told(command, said))
