"""An authority of the test's own, as the relay makes it, for both ends of a connection."""

import datetime as dt
import ssl
from pathlib import Path

from relevo_server.authority import LeafNames, ensure_authority, ensure_leaf


def tls_contexts(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The server's side and the client's, for 127.0.0.1."""
    now = dt.datetime.now(dt.UTC)
    authority = ensure_authority(folder, ("127.0.0.1",), now)
    ensure_leaf(folder, authority, LeafNames((), ("127.0.0.1",)), now)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(folder / "server.pem", folder / "server-key.pem")
    return server, ssl.create_default_context(cafile=str(folder / "ca.pem"))
