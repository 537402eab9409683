"""The relay's address and the trust in its certificate; whoever types it wrongly is told what to type."""

import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from relevo_agent.complaint import Complaint


class AddressError(Complaint):
    """The address or the file of the authority cannot be used."""


@dataclass(frozen=True, slots=True)
class RelayAddress:
    """Where the agent's WebSocket is, and how its certificate is checked (``None``: HTTP on this machine)."""

    url: str
    host: str
    tls: ssl.SSLContext | None


def is_loopback(host: str) -> bool:
    """Tell whether a host name can only be this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def relay_address(server: str, ca_file: Path | None) -> RelayAddress:
    """Read what stands behind ``--server`` and ``--ca``.

    Plain HTTP is taken for this machine only, where nobody listens on the way.

    Raises:
        AddressError: cause and remedy.
    """
    text = server.strip()
    parts = urlsplit(text if "://" in text else f"https://{text}")
    try:
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise AddressError("address", server=server) from error
    if parts.scheme not in {"https", "http"} or not host:
        raise AddressError("address", server=server)
    if parts.path not in {"", "/"} or parts.query or parts.fragment or parts.username:
        raise AddressError("address_only", server=server)
    if parts.scheme == "http" and not is_loopback(host):
        raise AddressError("address_https", server=server)
    authority = f"[{host}]" if ":" in host else host
    if port is not None:
        authority += f":{port}"
    if parts.scheme == "http":
        return RelayAddress(f"ws://{authority}/ws/agent", host, None)
    return RelayAddress(f"wss://{authority}/ws/agent", host, _trust(ca_file))


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    """The system's certificate authorities, or the one file and nothing else."""
    if ca_file is None:
        return ssl.create_default_context()
    try:
        return ssl.create_default_context(cafile=str(ca_file))
    except FileNotFoundError as error:
        raise AddressError("ca_missing", path=ca_file) from error
    except (ssl.SSLError, OSError) as error:
        raise AddressError("ca_unreadable", path=ca_file, why=error) from error
