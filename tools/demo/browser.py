"""A browser for the person at the desktop, that knows the demo's certificate; no store is touched."""

import base64
import hashlib
import os
import shutil
import webbrowser
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tools import system
from tools.demo.children import Children, Program, run

_PATIENCE_S = 1.5


def open_browser(url: str, ca_file: Path, children: Children, folder: Path) -> str:
    """Open ``url`` and tell in a line what was done.

    Chromium gets a home of its own, whose certificate store trusts the demo's authority. Its sandbox does
    not run as root, and without it it is not started. Any other browser warns of the certificate.
    """
    chromium = system.find_chromium()
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if chromium and not is_root:
        home = folder / "browser"
        command = [
            chromium,
            f"--user-data-dir={home / 'profile'}",
            "--no-first-run",
            "--no-default-browser-check",
        ]
        if not _trust(home, ca_file):
            command.append(
                f"--ignore-certificate-errors-spki-list={_key_digest(ca_file.with_name('server.pem'))}"
            )
        command += ["--new-window", url]
        children.start(Program("browser", command, {"HOME": os.fspath(home)}, vital=False))
        if children.fails_within("browser", _PATIENCE_S):
            return f"open the address in a browser; {chromium} did not start:\n{children.tail('browser')}"
        return "opened in a browser window of its own"
    if not is_root and webbrowser.open(url):
        return "opened in your browser, which will warn of the demo's certificate"
    return "open the address in a browser"


def _trust(home: Path, ca_file: Path) -> bool:
    """Put the authority into the store that Chromium reads under this home; False where there is no tool."""
    certutil = shutil.which("certutil")
    if certutil is None:
        return False
    store = home / ".pki" / "nssdb"
    shutil.rmtree(store, ignore_errors=True)
    store.mkdir(parents=True)
    database = ["-d", f"sql:{store}"]
    run("certutil", [certutil, "-N", *database, "--empty-password"])
    run("certutil", [certutil, "-A", *database, "-n", "relevo", "-t", "C,,", "-i", os.fspath(ca_file)])
    return True


def _key_digest(certificate_file: Path) -> str:
    """SHA-256 of a certificate's public key, as Chromium's switch wants it."""
    certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    key = certificate.public_key().public_bytes(serialization.Encoding.DER, form)
    return base64.b64encode(hashlib.sha256(key).digest()).decode()
