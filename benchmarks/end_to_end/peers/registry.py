"""The peers by name."""

from typing import Final

from benchmarks.end_to_end.peers.base import Serve
from benchmarks.end_to_end.peers.meshcentral import meshcentral
from benchmarks.end_to_end.peers.relevo import relevo
from benchmarks.end_to_end.peers.vnc import tigervnc, x11vnc
from benchmarks.end_to_end.peers.xpra import xpra

PEERS: Final[dict[str, Serve]] = {
    "relevo": relevo,
    "tigervnc": tigervnc,
    "x11vnc": x11vnc,
    "meshcentral": meshcentral,
    "xpra": xpra,
}
USUAL: Final = ("relevo", "tigervnc", "x11vnc")
"""Those that are measured where none are named."""
