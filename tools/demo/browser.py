"""A browser for the person at the desktop, that knows the demo's certificate; no store is touched."""

import base64
import hashlib
import os
import webbrowser
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tools import system
from tools.demo.children import Children, Program


def open_browser(url: str, ca_file: Path, children: Children, folder: Path) -> str:
    """Open ``url`` and tell in a line what was done.

    Chromium gets a profile of its own and the digest of the demo's authority. Its sandbox does not run
    as root, and without it it is not started. Any other browser warns of the certificate.
    """
    chromium = system.find_chromium()
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if chromium and not is_root:
        command = [
            chromium,
            f"--user-data-dir={folder / 'browser'}",
            "--no-first-run",
            "--no-default-browser-check",
        ]
        command += [f"--ignore-certificate-errors-spki-list={_key_digest(ca_file)}", "--new-window", url]
        children.start(Program("browser", command, vital=False))
        return "opened in a browser window of its own"
    if not is_root and webbrowser.open(url):
        return "opened in your browser, which will warn of the demo's certificate"
    return "open the address in a browser"


def _key_digest(ca_file: Path) -> str:
    """SHA-256 of the authority's public key, as Chromium's switch wants it."""
    certificate = x509.load_pem_x509_certificate(ca_file.read_bytes())
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    key = certificate.public_key().public_bytes(serialization.Encoding.DER, form)
    return base64.b64encode(hashlib.sha256(key).digest()).decode()
