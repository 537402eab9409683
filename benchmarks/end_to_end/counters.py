"""Bytes that have come down to the browser: what its connections to a port received, as the kernel counts.

That is all that is carried: HTTP, TLS, WebSocket framing, heartbeats; not the headers of TCP and IP.
"""

import re
import subprocess
from collections.abc import Mapping, Sequence

_RECEIVED = re.compile(r"\bbytes_received:(\d+)")
_BROWSER = re.compile(r'users:\(\("chrom')


def received(port: int, line: Sequence[str] = ()) -> dict[str, int]:
    """Bytes received by each of Chromium's connections to ``port``; ``line`` is put before the command."""
    asked = [
        *line,
        "ss",
        "--tcp",
        "--info",
        "--numeric",
        "--processes",
        "--no-header",
        "state",
        "established",
    ]
    done = subprocess.run(
        [*asked, "dport", "=", f":{port}"], capture_output=True, text=True, check=True, timeout=10
    )
    return parsed(done.stdout)


def parsed(said: str) -> dict[str, int]:
    """The browser's connections by their addresses, from what ``ss`` prints.

    That is a line of addresses and programs, then indented figures. Others to the same port do not count: a
    relay's agent has one.
    """
    counts: dict[str, int] = {}
    connection = ""
    for line in said.splitlines():
        if line and not line[0].isspace():
            connection = " ".join(line.split()[2:4]) if _BROWSER.search(line) else ""
            if connection:
                counts[connection] = 0
        elif connection and (found := _RECEIVED.search(line)):
            counts[connection] = int(found.group(1))
    return counts


def difference(before: Mapping[str, int], after: Mapping[str, int]) -> int:
    """Bytes between two readings; a connection that has come since counts whole."""
    return sum(count - before.get(connection, 0) for connection, count in after.items())
