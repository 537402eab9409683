"""TigerVNC's Tight encoding, measured on the wire: its own server on a display on which a film is shown.

The client below asks for updates and counts bytes; of the pictures it reads no more than where they end
(RFB protocol, 7.6.1 and 7.7; Tight: rfbproto, 7.7.6).
"""

import contextlib
import os
import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from Xlib import X
from Xlib.display import Display

from benchmarks.display import x_server
from benchmarks.measure import Unavailable
from benchmarks.play import FilmChange
from relevo_agent.pipeline.types import PixelBuffer

PROGRAM: Final = "X0tigervnc"
CONNECT_WITHIN_S: Final = 10.0
QUIET_S: Final = 0.08
"""Without a byte for this long a change is counted as sent: the server looks every 30 ms."""
SETTLED_S: Final = 1.0
"""After the first picture: what was lossy is sent again, so that the changes alone are counted."""
FIRST_S: Final = 0.5
"""So long the first byte of a change may take."""
_TIGHT, _COPY_RECT, _RAW, _LAST_RECT = 7, 1, 0, -224
_QUALITY_0, _COMPRESSION_2 = -32, -254
_PUT_ROWS_BYTES: Final = 200_000
"""One PutImage request at most: below the length that every X server takes."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What one change cost: bytes on the wire, and the server's CPU time."""

    size_bytes: int
    cpu_ms: float


class Screen:
    """A display on which changes are painted."""

    def __init__(self, name: str) -> None:
        self._display = Display(name)
        self._root = self._display.screen().root
        self._gc = self._root.create_gc()

    def show(self, change: FilmChange, pixels: PixelBuffer) -> None:
        """Paint the change (it is applied to ``pixels`` first); done when this returns."""
        change.apply(pixels)
        for rect in change.rects:
            block = np.ascontiguousarray(rect.of(pixels))
            rows = max(1, _PUT_ROWS_BYTES // (rect.width * 4))
            for top in range(0, rect.height, rows):
                part = block[top : top + rows]
                place = (rect.x, rect.y + top, rect.width, len(part))
                self._root.put_image(self._gc, *place, X.ZPixmap, 24, 0, part.tobytes())
        self._display.sync()

    def close(self) -> None:
        """Leave the display."""
        self._display.close()


class Client:
    """An RFB 3.8 client that counts; ``quality`` 0 to 9 allows JPEG, ``None`` asks for lossless pictures."""

    def __init__(self, port: int, quality: int | None) -> None:
        self._socket = _connected(port)
        self.size_bytes = 0
        self._exactly(12)
        self._socket.sendall(b"RFB 003.008\n")
        self._exactly(self._exactly(1)[0])
        self._socket.sendall(b"\x01")  # security type None
        self._exactly(4)
        self._socket.sendall(b"\x01")  # shared
        head = self._exactly(24)
        self._width, self._height = struct.unpack(">HH", head[:4])
        self._exactly(struct.unpack(">I", head[20:])[0])
        encodings = [_TIGHT, _COPY_RECT, _LAST_RECT, _COMPRESSION_2]
        encodings += [] if quality is None else [_QUALITY_0 + quality]
        self._socket.sendall(struct.pack(f">BxH{len(encodings)}i", 2, len(encodings), *encodings))
        self._ask(incremental=False)

    def drain(self, quiet_s: float = QUIET_S) -> int:
        """Read until nothing comes for so long; the bytes that came."""
        before, wait_s = self.size_bytes, FIRST_S
        while True:
            self._socket.settimeout(wait_s)
            try:
                kind = self._exactly(1)[0]
            except TimeoutError:
                return self.size_bytes - before
            self._socket.settimeout(CONNECT_WITHIN_S)
            self._message(kind)
            wait_s = quiet_s

    def close(self) -> None:
        """Leave."""
        self._socket.close()

    def _ask(self, *, incremental: bool) -> None:
        self._socket.sendall(struct.pack(">BBHHHH", 3, incremental, 0, 0, self._width, self._height))

    def _message(self, kind: int) -> None:
        if kind == 0:
            self._update(struct.unpack(">xH", self._exactly(3))[0])
            self._ask(incremental=True)
        elif kind == 3:
            self._exactly(struct.unpack(">3xI", self._exactly(7))[0])
        elif kind != 2:
            raise ValueError(f"message {kind} was not asked for")

    def _update(self, rects: int) -> None:
        for _ in range(rects):
            _, _, width, height, encoding = struct.unpack(">HHHHi", self._exactly(12))
            if encoding == _LAST_RECT:
                return
            if encoding == _TIGHT:
                self._tight(width, height)
            elif encoding in {_COPY_RECT, _RAW}:
                self._exactly(4 if encoding == _COPY_RECT else width * height * 4)
            else:
                raise ValueError(f"encoding {encoding} was not asked for")

    def _tight(self, width: int, height: int) -> None:
        control = self._exactly(1)[0]
        if control >> 4 == 8:
            self._exactly(3)
        elif control >> 4 == 9:
            self._exactly(self._length())
        else:
            size = self._filtered_bytes(width, height) if control & 0x40 else width * height * 3
            self._exactly(size if size < 12 else self._length())

    def _filtered_bytes(self, width: int, height: int) -> int:
        if self._exactly(1)[0] != 1:
            return width * height * 3
        colours = self._exactly(1)[0] + 1
        self._exactly(colours * 3)
        return -(-width // 8) * height if colours == 2 else width * height

    def _length(self) -> int:
        length = 0
        for shift in (0, 7, 14):
            byte = self._exactly(1)[0]
            length |= (byte if shift == 14 else byte & 0x7F) << shift
            if byte < 0x80:
                break
        return length

    def _exactly(self, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            part = self._socket.recv(min(size - len(parts), 1 << 16))
            if not part:
                raise ConnectionError("the VNC server hung up")
            parts += part
        self.size_bytes += size
        return bytes(parts)


@dataclass
class Server:
    """A running x0vncserver with one client, and the screen it looks at."""

    screen: Screen
    client: Client
    pid: int
    pixels: PixelBuffer

    def sample(self, change: FilmChange, quiet_s: float = QUIET_S) -> Sample:
        """Show one change and read all that comes of it."""
        cpu_ms = _cpu_ms(self.pid)
        self.screen.show(change, self.pixels)
        size_bytes = self.client.drain(quiet_s)
        return Sample(size_bytes, _cpu_ms(self.pid) - cpu_ms)


@contextlib.contextmanager
def tight_server(width: int, height: int, quality: int | None) -> Generator[Server]:
    """TigerVNC on a display of its own.

    Raises:
        Unavailable: TigerVNC is not installed.
    """
    if shutil.which(PROGRAM) is None:
        raise Unavailable("TigerVNC is not installed (apt-get install tigervnc-scraping-server)")
    with x_server() as (display, _):
        port = _free_port()
        command = [PROGRAM, "-display", display, "-rfbport", str(port)]
        command += ["-SecurityTypes", "None", "-localhost"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            with (
                contextlib.closing(Screen(display)) as screen,
                contextlib.closing(Client(port, quality)) as client,
            ):
                client.drain(SETTLED_S)
                yield Server(screen, client, process.pid, np.zeros((height, width, 4), np.uint8))
        finally:
            process.kill()  # it ends at nothing less while somebody is connected
            process.wait()


def _connected(port: int) -> socket.socket:
    end_s = time.monotonic() + CONNECT_WITHIN_S
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), CONNECT_WITHIN_S)
        except ConnectionRefusedError:
            if time.monotonic() > end_s:
                raise
            time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _cpu_ms(pid: int) -> float:
    """From the scheduler's own account: finer than the ticks of stat."""
    with contextlib.suppress(OSError, ValueError):
        return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0]) / 1e6
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")
