"""Goes through the stores: the system's, then the browsers'."""

import os
import sys
from pathlib import Path

from cryptography import x509

from relevo_server.authority import TlsError, load_leaf
from relevo_server.trust import browsers, system
from relevo_server.trust.report import Report


def run(verb: str, authority: Path, home: Path | None = None) -> Report:
    """Install, remove or look for the authority of a PEM file; `home` is whose browsers are meant."""
    report = Report()
    if not authority.exists():
        report.missing(f"{authority} does not exist: run `relevo-server init` with the same --data first")
        return report
    try:
        certificate = load_leaf(authority)
    except TlsError as error:
        report.missing(str(error))
        return report
    if verb == "install" and not _is_limited(certificate):
        report.missing(
            f"{authority} may vouch for every name in the world, which the authority that this server makes "
            "may not: somebody has put another one there. Nothing was installed"
        )
        return report
    store = system.store_of(sys.platform)
    browser_stores = browsers.stores(home or Path.home())
    match verb:
        case "install":
            store.install(authority, report)
            browsers.install(authority, browser_stores, report)
        case "remove":
            store.remove(authority, report)
            browsers.remove(authority, browser_stores, report)
        case _:
            store.status(authority, report)
            browsers.status(authority, browser_stores, report)
    if "SUDO_USER" in os.environ:
        report.skipped("browsers of the user behind sudo: run the command once more without sudo")
    return report


def _is_limited(certificate: x509.Certificate) -> bool:
    """Whether whoever has the key can only pretend to be some servers (RFC 5280, 4.2.1.10)."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.NameConstraints)
    except x509.ExtensionNotFound:
        return False
    return names.critical and bool(names.value.permitted_subtrees)
