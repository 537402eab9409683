"""A line with a rate, a round trip, a queue and loss, between this network namespace and a new one.

Run by :mod:`benchmarks.network` as a program of its own, as root, with the standard library alone. It makes a
TUN device here, moves into a fresh network namespace, makes one there, and carries packets between both. Not
every kernel has ``netem``; this does the same on all of them, can change in mid-session, and nothing of it
outlives the process. Says one line of JSON when it is up; takes lines of JSON: a new shape, or ``{}`` to ask
for figures.
"""

import ctypes
import fcntl
import gc
import heapq
import json
import os
import random
import select
import struct
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Final

CLONE_NEWNET: Final = 0x40000000
TUNSETIFF: Final = 0x400454CA
IFF_TUN: Final = 0x0001
IFF_NO_PI: Final = 0x1000
PR_SET_PDEATHSIG: Final = 1
SIGKILL: Final = 9
MTU_BYTES: Final = 1500
WIRE_BYTES: Final = 14
"""What Ethernet adds to a packet, as netem counts it."""
BURST: Final = 64
"""Packets read in one go."""
_LIBC: Final = ctypes.CDLL(None, use_errno=True)


@dataclass(slots=True)
class Shape:
    """Bits a second (0: as fast as it goes), one-way delay in s, share of packets lost, queue in bytes."""

    rate_bits_s: float
    delay_s: float
    loss: float
    queue_bytes: int


@dataclass(slots=True)
class Direction:
    """One way: packets wait for their turn, take their time on the line, and arrive after the delay."""

    out_fd: int
    shape: Shape
    chance: random.Random
    free_at_s: float = 0.0
    under_way: list[tuple[float, int, bytes]] = field(default_factory=list[tuple[float, int, bytes]])
    carried_bytes: int = 0
    dropped: int = 0
    longest_queue_ms: float = 0.0
    _count: int = 0

    def take(self, packet: bytes, now_s: float) -> None:
        """Queue a packet, or drop it where the queue is full or luck says so."""
        shape = self.shape
        waiting_s = max(self.free_at_s - now_s, 0.0)
        size = len(packet) + WIRE_BYTES
        full = shape.rate_bits_s > 0 and waiting_s * shape.rate_bits_s / 8 + size > shape.queue_bytes
        if full or (shape.loss and self.chance.random() < shape.loss):
            self.dropped += 1
            return
        self.longest_queue_ms = max(self.longest_queue_ms, waiting_s * 1000)
        time_s = size * 8 / shape.rate_bits_s if shape.rate_bits_s > 0 else 0.0
        self.free_at_s = now_s + waiting_s + time_s
        self._count += 1
        heapq.heappush(self.under_way, (self.free_at_s + shape.delay_s, self._count, packet))

    def deliver(self, now_s: float) -> None:
        """Write what has arrived by now."""
        while self.under_way and self.under_way[0][0] <= now_s:
            packet = heapq.heappop(self.under_way)[2]
            self.carried_bytes += len(packet)
            try:
                os.write(self.out_fd, packet)
            except OSError:
                self.dropped += 1  # the device is not up yet, or its queue is full

    def change(self, shape: Shape, now_s: float) -> None:
        """Another shape from now on; what waits already waits for the new rate."""
        waiting_s = max(self.free_at_s - now_s, 0.0)
        if self.shape.rate_bits_s > 0 and shape.rate_bits_s > 0:
            self.free_at_s = now_s + waiting_s * self.shape.rate_bits_s / shape.rate_bits_s
            factor = self.shape.rate_bits_s / shape.rate_bits_s
            horizon_s = now_s + self.shape.delay_s
            self.under_way = [
                (horizon_s + (due_s - horizon_s) * factor if due_s > horizon_s else due_s, number, packet)
                for due_s, number, packet in self.under_way
            ]
            heapq.heapify(self.under_way)
        self.shape = shape
        self.longest_queue_ms = max(self.longest_queue_ms, (self.free_at_s - now_s) * 1000)

    def figures(self) -> dict[str, float]:
        """What has passed since the last time this was asked."""
        told = {
            "carried_bytes": self.carried_bytes,
            "dropped_packets": self.dropped,
            "longest_queue_ms": round(self.longest_queue_ms, 1),
        }
        self.carried_bytes, self.dropped, self.longest_queue_ms = 0, 0, 0.0
        return told


def open_tun(name: str) -> int:
    """A TUN device in the current namespace, which lives as long as the descriptor."""
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return descriptor


def bring_up(name: str, own: str, peer: str) -> None:
    """Give the device its address and turn it on."""
    for command in (
        ["ip", "addr", "add", own, "peer", peer, "dev", name],
        ["ip", "link", "set", name, "mtu", str(MTU_BYTES), "txqueuelen", "1000", "up"],
    ):
        subprocess.run(command, check=True)


def shape_of(told: dict[str, float]) -> Shape:
    """The shape as the parent writes it."""
    return Shape(told["rate_bits_s"], told["round_trip_ms"] / 2000, told["loss"], int(told["queue_bytes"]))


def carry(near_fd: int, far_fd: int, shape: Shape) -> None:
    """Pass packets until standard input ends."""
    down, up = Direction(far_fd, shape, random.Random(1)), Direction(near_fd, shape, random.Random(2))
    into = {near_fd: down, far_fd: up}
    poll = select.epoll()
    for descriptor in (near_fd, far_fd, sys.stdin.fileno()):
        poll.register(descriptor, select.EPOLLIN)
    while True:
        now_s = time.monotonic()
        down.deliver(now_s)
        up.deliver(now_s)
        due_s = min((way.under_way[0][0] for way in (down, up) if way.under_way), default=now_s + 3600)
        for descriptor, _ in poll.poll(max(due_s - time.monotonic(), 0.0)):
            if descriptor in into:
                _drain(descriptor, into[descriptor])
            elif not _obey(down, up):
                return


def _drain(descriptor: int, way: Direction) -> None:
    for _ in range(BURST):
        try:
            packet = os.read(descriptor, 65536)
        except BlockingIOError:
            return
        way.take(packet, time.monotonic())


def _obey(down: Direction, up: Direction) -> bool:
    line = sys.stdin.readline()
    if not line:
        return False
    told, passed = json.loads(line), {"down": down.figures(), "up": up.figures()}
    if told:
        now_s = time.monotonic()
        down.change(shape_of(told), now_s)
        up.change(shape_of(told), now_s)
    print(json.dumps(passed), flush=True)
    return True


def main() -> int:
    """``shaper.py NAME NEAR FAR SHAPE``: device name, both addresses, the first shape as JSON."""
    name, near, far, told = sys.argv[1:]
    _LIBC.prctl(PR_SET_PDEATHSIG, SIGKILL)
    gc.disable()  # nothing here makes cycles, and a pause would be a line's hiccup
    near_fd = open_tun(name)
    bring_up(name, near, far)
    if _LIBC.unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "no new network namespace: this needs root")
    far_fd = open_tun(name)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    bring_up(name, far, near)
    print(json.dumps({"pid": os.getpid()}), flush=True)
    carry(near_fd, far_fd, shape_of(json.loads(told)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
