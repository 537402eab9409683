"""The relay's address and the trust in its certificate; whoever types it wrongly is told what to type."""

import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit


class AddressError(ValueError):
    """The address or the file of the authority cannot be used; the text says why and what to do."""


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
        raise AddressError(f"{server}: {error}") from error
    if parts.scheme not in {"https", "http"} or not host:
        raise AddressError(f"{server}: expected an address such as https://relay.example")
    if parts.path not in {"", "/"} or parts.query or parts.fragment or parts.username:
        raise AddressError(f"{server}: give the relay's address alone, without path, sign-in or code")
    if parts.scheme == "http" and not is_loopback(host):
        raise AddressError(f"{server}: a relay on another machine needs https://, plain http is not secret")
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
        raise AddressError(f"{ca_file}: no such file; --ca names the relay's CA certificate (PEM)") from error
    except (ssl.SSLError, OSError) as error:
        raise AddressError(
            f"{ca_file}: holds no readable certificate ({error}); --ca takes a PEM file"
        ) from error
