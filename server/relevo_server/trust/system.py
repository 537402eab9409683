"""The operating system's store of trusted authorities."""

import hashlib
import os
import shutil
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from relevo_server.trust.report import Report, call, told


class SystemStore(Protocol):
    """One operating system's way."""

    def install(self, authority: Path, report: Report) -> None:
        """Make the system trust the authority."""
        ...

    def remove(self, authority: Path, report: Report) -> None:
        """Make it forget it."""
        ...

    def status(self, authority: Path, report: Report) -> None:
        """Say whether it is trusted."""
        ...


@dataclass(frozen=True)
class LinuxStore:
    """A folder of certificates and a program that gathers them into bundles."""

    folder: Path
    suffix: str
    update: tuple[str, ...]
    # The bundle the program makes; what OpenSSL, curl and Python read.
    bundle: Path

    def install(self, authority: Path, report: Report) -> None:
        """Copy the certificate into the folder and gather."""
        target = self._target(authority)
        try:
            shutil.copyfile(authority, target)
            target.chmod(0o644)
        except OSError as error:
            report.missing(f"system store: {error}; run the command as root")
            return
        self._gather(report, f"system store: {target.name} installed")

    def remove(self, authority: Path, report: Report) -> None:
        """Delete the copy and gather."""
        target = self._target(authority)
        if not target.exists():
            report.done("system store: was not installed")
            return
        try:
            target.unlink()
        except OSError as error:
            report.missing(f"system store: {error}; run the command as root")
            return
        self._gather(report, f"system store: {target.name} removed")

    def status(self, authority: Path, report: Report) -> None:
        """Look into the bundle itself, not at the copy."""
        bundle = self.bundle.read_text(encoding="utf-8", errors="replace") if self.bundle.exists() else ""
        if pem_body(authority) in "".join(bundle.split()):
            report.done("system store: trusted")
        else:
            report.missing("system store: not trusted; run `relevo-server trust install` as root")

    def _target(self, authority: Path) -> Path:
        return self.folder / f"relevo-{fingerprint(authority)[:16]}{self.suffix}"

    def _gather(self, report: Report, success: str) -> None:
        worked, said = call(*self.update)
        if worked:
            report.done(success)
        else:
            report.missing(f"system store: {told(self.update, said)}")


class MacStore:
    """The system key chain by `security`, after its manual page. Not yet run on macOS."""

    _keychain = "/Library/Keychains/System.keychain"

    def install(self, authority: Path, report: Report) -> None:
        """`security add-trusted-cert`."""
        command = (
            "security",
            "add-trusted-cert",
            "-d",
            "-r",
            "trustRoot",
            "-k",
            self._keychain,
            str(authority),
        )
        _report(report, command, "system key chain: installed (not yet run on macOS)")

    def remove(self, authority: Path, report: Report) -> None:
        """`security delete-certificate` by SHA-1, with its trust settings (-t)."""
        sha1 = fingerprint(authority, "sha1").upper()
        command = ("security", "delete-certificate", "-Z", sha1, "-t", self._keychain)
        _report(report, command, "system key chain: removed (not yet run on macOS)")

    def status(self, authority: Path, report: Report) -> None:
        """`security verify-cert`."""
        command = ("security", "verify-cert", "-c", str(authority), "-p", "basic", "-L")
        _report(report, command, "system key chain: trusted (not yet run on macOS)")


class WindowsStore:
    """The machine's Root store by `certutil`, after its documentation. Not yet run on Windows."""

    def install(self, authority: Path, report: Report) -> None:
        """`certutil -addstore`."""
        command = ("certutil", "-f", "-addstore", "Root", str(authority))
        _report(report, command, "Windows Root store: installed (not yet run on Windows)")

    def remove(self, authority: Path, report: Report) -> None:
        """`certutil -delstore` by SHA-1."""
        command = ("certutil", "-delstore", "Root", fingerprint(authority, "sha1"))
        _report(report, command, "Windows Root store: removed (not yet run on Windows)")

    def status(self, authority: Path, report: Report) -> None:
        """`certutil -store` by SHA-1."""
        command = ("certutil", "-store", "Root", fingerprint(authority, "sha1"))
        _report(report, command, "Windows Root store: trusted (not yet run on Windows)")


class UnknownStore:
    """A system whose store we do not know."""

    def install(self, authority: Path, report: Report) -> None:
        """Say what has to be done by hand."""
        report.missing(
            "system store: neither update-ca-certificates (Debian: apt install ca-certificates) nor "
            f"update-ca-trust (Fedora) is here; add {authority} by your system's means"
        )

    def remove(self, authority: Path, report: Report) -> None:
        """Nothing was installed."""
        report.skipped(
            f"system store: unknown here; nothing of {authority.name} was installed by this command"
        )

    def status(self, authority: Path, report: Report) -> None:
        """Nothing is known."""
        report.missing(f"system store: unknown here; whether {authority.name} is trusted cannot be told")


_DEBIAN = LinuxStore(
    Path("/usr/local/share/ca-certificates"),
    ".crt",
    ("update-ca-certificates",),
    Path("/etc/ssl/certs/ca-certificates.crt"),
)
_FEDORA = LinuxStore(
    Path("/etc/pki/ca-trust/source/anchors"),
    ".pem",
    ("update-ca-trust", "extract"),
    Path("/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"),
)


def store_of(platform: str) -> SystemStore:
    """The store of a `sys.platform`."""
    if platform == "darwin":
        return MacStore()
    if platform == "win32":
        return WindowsStore()
    for store in (_DEBIAN, _FEDORA):
        if store.folder.is_dir() and _program(store.update[0]) is not None:
            return LinuxStore(
                store.folder, store.suffix, (_program(store.update[0]) or "", *store.update[1:]), store.bundle
            )
    return UnknownStore()


def fingerprint(authority: Path, algorithm: str = "sha256") -> str:
    """The hash of the certificate's DER form, in hexadecimal."""
    return hashlib.new(algorithm, ssl.PEM_cert_to_DER_cert(authority.read_text(encoding="ascii"))).hexdigest()


def pem_body(authority: Path) -> str:
    """The base64 between the markers, without line breaks."""
    return "".join(authority.read_text(encoding="ascii").split("-----")[2].split())


def _program(name: str) -> str | None:
    # sbin is not on everybody's path, although everybody may look whether the program is there.
    return shutil.which(
        name, path=os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
    )


def _report(report: Report, command: tuple[str, ...], success: str) -> None:
    worked, said = call(*command)
    if worked:
        report.done(success)
    else:
        report.missing(told(command, said))
