"""VNC servers that share an X display, websockify, and noVNC in the browser; all from Debian's packages."""

from collections.abc import Sequence
from typing import Final

from benchmarks.end_to_end.peers.base import Place, Served, answers, free_port, need, version_of

_NOVNC: Final = "/usr/share/novnc"
_CANVAS: Final = "#noVNC_container canvas"


def tigervnc(place: Place) -> Served:
    """TigerVNC's x0vncserver: the program itself, without the script that puts it to the background."""
    need(
        ["X0tigervnc", "websockify", f"{_NOVNC}/vnc.html"],
        ["tigervnc-scraping-server", "novnc", "websockify"],
    )
    port = free_port()
    command = ["X0tigervnc", "-display", place.display, "-rfbport", str(port)]
    return _served(
        place, [*command, "-SecurityTypes", "None", "-localhost"], port, "tigervnc-scraping-server"
    )


def x11vnc(place: Place) -> Served:
    """x11vnc."""
    need(["x11vnc", "websockify", f"{_NOVNC}/vnc.html"], ["x11vnc", "novnc", "websockify"])
    port = free_port()
    command = ["x11vnc", "-display", place.display, "-rfbport", str(port)]
    return _served(place, [*command, "-localhost", "-shared", "-forever", "-nopw", "-quiet"], port, "x11vnc")


def _served(place: Place, command: Sequence[str], vnc_port: int, package: str) -> Served:
    server = place.programs.start("vnc", command)
    place.programs.wait_for(lambda: answers(vnc_port), f"{command[0]} listens")
    port = free_port()
    proxy = place.programs.start(
        "websockify", ["websockify", "--web", _NOVNC, f"0.0.0.0:{port}", f"127.0.0.1:{vnc_port}"]
    )
    place.programs.wait_for(lambda: answers(port), "websockify listens")
    return Served(
        address=f"http://localhost:{port}/vnc.html?autoconnect=1&resize=scale&reconnect=0",
        port=port,
        pids=[server, proxy],
        canvas=_CANVAS,
        ready=f"document.querySelector('{_CANVAS}')?.width >= 640",
        version=", ".join(map(version_of, (package, "novnc", "websockify"))),
    )
