"""A port for a server that goes away and comes back."""

import contextlib
import random
import socket
from typing import Final

_LOWEST: Final = 10_000
_BEYOND: Final = 32_000
"""Below what kernels give to outgoing connections: while the server is away none of them takes its port, nor
does a client that tries to reach it reach itself."""


def free_port() -> int:
    """A TCP port on which nobody listens now, on any address."""
    dice = random.SystemRandom()
    while True:
        port = dice.randrange(_LOWEST, _BEYOND)
        with contextlib.suppress(OSError), socket.create_server(("", port)):
            return port
