"""A program on a Wayland desktop, in plain Python: a full-screen window of known pixels that tells its input.

Run inside the test's desktop; the standard library and numpy are enough. Commands come as lines on stdin:
``fill SEED`` and ``rect X Y WIDTH HEIGHT SEED``; each is answered ``drawn`` once the compositor has shown it.
Input is told as lines ``motion X Y``, ``button CODE STATE``, ``wheel AXIS STEPS`` and ``key CODE STATE``.

Source: the Wayland protocol and xdg-shell, "Wire Format".
"""

import array
import mmap
import os
import select
import socket
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 800, 600
CURSOR_PX, CURSOR_HOT = 16, (3, 5)
CURSOR_BGRA = (0, 0, 128, 128)
"""Half transparent red, multiplied by alpha."""
_XRGB, _ARGB = 1, 0


def noise(seed: int, width: int, height: int) -> NDArray[np.uint8]:
    """The pixels that a seed stands for, BGRX."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 4), np.uint8)


class Client:
    """Objects are numbers; what they tell is looked up in a table."""

    def __init__(self) -> None:
        path = Path(os.environ["XDG_RUNTIME_DIR"]) / os.environ["WAYLAND_DISPLAY"]
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(str(path))
        self.inbox = b""
        self.last_id = 1
        self.handlers: dict[tuple[int, int], Callable[[bytes], None]] = {(1, 0): self.on_error}
        self.globals: dict[str, tuple[int, int]] = {}
        self.pixels = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
        self.configured = False
        self.has_pointer = self.has_keyboard = False

    def new(self) -> int:
        self.last_id += 1
        return self.last_id

    def send(self, target: int, opcode: int, body: bytes = b"", fd: int | None = None) -> None:
        data = struct.pack("<II", target, (8 + len(body)) << 16 | opcode) + body
        control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))] if fd is not None else []
        self.sock.sendmsg([data], control)

    def read(self) -> None:
        data, control, _, _ = self.sock.recvmsg(65536, socket.CMSG_SPACE(64))
        for _, _, handles in control:
            for handle in array.array("i", handles):
                os.close(handle)
        if not data:
            sys.exit("the compositor is gone")
        self.inbox += data
        while len(self.inbox) >= 8:
            target, word = struct.unpack_from("<II", self.inbox)
            if len(self.inbox) < word >> 16:
                return
            body, self.inbox = self.inbox[8 : word >> 16], self.inbox[word >> 16 :]
            handler = self.handlers.get((target, word & 0xFFFF))
            if handler is not None:
                handler(body)

    def on_error(self, body: bytes) -> None:
        sys.exit(f"the compositor objects: {body!r}")

    def sync(self) -> None:
        done: list[bytes] = []
        callback = self.new()
        self.handlers[callback, 0] = done.append
        self.send(1, 0, struct.pack("<I", callback))
        while not done:
            self.read()

    # --- set up

    def bind(self, name: str, version: int) -> int:
        number, offered = self.globals[name]
        made = self.new()
        told = name.encode() + b"\0"
        text = struct.pack("<I", len(told)) + told + bytes(-len(told) % 4)
        self.send(
            self.registry,
            0,
            struct.pack("<I", number) + text + struct.pack("<II", min(version, offered), made),
        )
        return made

    def on_global(self, body: bytes) -> None:
        name, length = struct.unpack_from("<II", body)
        told = body[8 : 8 + length - 1].decode()
        (version,) = struct.unpack_from("<I", body, 8 + length + -length % 4)
        self.globals[told] = (name, version)

    def open(self) -> None:
        self.registry = self.new()
        self.handlers[self.registry, 0] = self.on_global
        self.send(1, 1, struct.pack("<I", self.registry))
        self.sync()
        self.compositor = self.bind("wl_compositor", 4)
        self.shm = self.bind("wl_shm", 1)
        self.base = self.bind("xdg_wm_base", 1)
        self.seat = self.bind("wl_seat", 5)
        self.handlers[self.base, 0] = lambda body: self.send(self.base, 3, body)
        self.handlers[self.seat, 0] = self.on_capabilities
        self.window()

    def window(self) -> None:
        self.surface, self.shell, toplevel = self.new(), self.new(), self.new()
        self.send(self.compositor, 0, struct.pack("<I", self.surface))
        self.send(self.base, 2, struct.pack("<II", self.shell, self.surface))
        self.handlers[self.shell, 0] = self.on_configure
        self.send(self.shell, 1, struct.pack("<I", toplevel))
        self.send(toplevel, 11, struct.pack("<I", 0))
        self.send(self.surface, 6)
        while not self.configured:
            self.read()

    def on_configure(self, body: bytes) -> None:
        self.send(self.shell, 4, body)
        self.configured = True

    # --- pixels

    def buffer(self, pixels: NDArray[np.uint8], kind: int) -> int:
        height, width = pixels.shape[:2]
        handle = os.memfd_create("pixels")
        os.ftruncate(handle, pixels.nbytes)
        with mmap.mmap(handle, pixels.nbytes) as memory:
            memory[:] = pixels.tobytes()
        pool, made = self.new(), self.new()
        self.send(self.shm, 0, struct.pack("<II", pool, pixels.nbytes), handle)
        self.send(pool, 0, struct.pack("<IIIIII", made, 0, width, height, width * 4, kind))
        os.close(handle)
        return made

    def show(self, x: int, y: int, width: int, height: int) -> None:
        self.send(self.surface, 1, struct.pack("<III", self.buffer(self.pixels, _XRGB), 0, 0))
        done: list[bytes] = []
        callback = self.new()
        self.handlers[callback, 0] = done.append
        self.send(self.surface, 9, struct.pack("<IIII", x, y, width, height))
        self.send(self.surface, 3, struct.pack("<I", callback))
        self.send(self.surface, 6)
        while not done:
            self.read()
        self.told("drawn")

    def obey(self, line: str) -> None:
        words = line.split()
        numbers = [int(word) for word in words[1:]]
        x, y, width, height, seed = (0, 0, WIDTH, HEIGHT, *numbers) if words[0] == "fill" else numbers
        self.pixels[y : y + height, x : x + width] = noise(seed, width, height)
        self.show(x, y, width, height)

    # --- input

    def on_capabilities(self, body: bytes) -> None:
        (told,) = struct.unpack("<I", body)
        if told & 1 and not self.has_pointer:
            self.has_pointer, pointer = True, self.new()
            self.send(self.seat, 0, struct.pack("<I", pointer))
            self.handlers[pointer, 0] = lambda body: self.on_enter(pointer, body)
            self.handlers[pointer, 2] = lambda body: self.told("motion", *self.fixed(body[4:12]))
            self.handlers[pointer, 3] = lambda body: self.told("button", *struct.unpack("<II", body[8:16]))
            self.handlers[pointer, 8] = lambda body: self.told("wheel", *struct.unpack("<Ii", body))
        if told & 2 and not self.has_keyboard:
            self.has_keyboard, keyboard = True, self.new()
            self.send(self.seat, 1, struct.pack("<I", keyboard))
            self.handlers[keyboard, 3] = lambda body: self.told("key", *struct.unpack("<II", body[8:16]))

    def on_enter(self, pointer: int, body: bytes) -> None:
        picture = self.new()
        self.send(self.compositor, 0, struct.pack("<I", picture))
        pixels = np.full((CURSOR_PX, CURSOR_PX, 4), CURSOR_BGRA, np.uint8)
        self.send(picture, 1, struct.pack("<III", self.buffer(pixels, _ARGB), 0, 0))
        self.send(picture, 9, struct.pack("<IIII", 0, 0, CURSOR_PX, CURSOR_PX))
        self.send(picture, 6)
        self.send(pointer, 0, body[:4] + struct.pack("<Iii", picture, *CURSOR_HOT))
        self.told("motion", *self.fixed(body[8:16]))

    @staticmethod
    def fixed(body: bytes) -> tuple[int, int]:
        x, y = struct.unpack("<ii", body)
        return x // 256, y // 256

    @staticmethod
    def told(*words: object) -> None:
        sys.stdout.write(" ".join(map(str, words)) + "\n")
        sys.stdout.flush()

    def run(self) -> None:
        self.open()
        self.told("ready")
        waiting = b""
        while True:
            readable, _, _ = select.select([self.sock.fileno(), 0], [], [])
            if self.sock.fileno() in readable:
                self.read()
            if 0 in readable:
                data = os.read(0, 4096)
                if not data:
                    return
                *lines, waiting = (waiting + data).split(b"\n")
                for line in lines:
                    self.obey(line.decode())


if __name__ == "__main__":
    Client().run()
