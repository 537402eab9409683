"""What encryption adds to a frame on the agent."""

import os
from collections.abc import Callable
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.measure import Table, kilobytes, spread, timed_ms
from relevo_protocol.crypto.media import MediaSender
from relevo_protocol.header import DST_ALL, Flags, Header, MessageType

EPOCH: Final = 1
SIZES_BYTES: Final = (200, 16_384, 131_072, 524_288)


def measured(times: int) -> list[Table]:
    """One table: sealing frames of some sizes, alone and signed."""
    table = Table(
        "Sealing a frame (SFrame, AES-256-GCM)",
        f"Median of {times}; signed with Ed25519 where two or more viewers watch.",
        ("kB", "ms", "ms signed"),
    )
    for size in SIZES_BYTES:
        plain, signed = (
            spread(timed_ms(_sealer(size, flags), times)).median for flags in (Flags.NONE, Flags.SIGNED)
        )
        table.rows.append((kilobytes(size), round(plain, 3), round(signed, 3)))
    return [table]


def _sealer(size: int, flags: Flags) -> Callable[[], object]:
    sender = MediaSender(os.urandom(32), os.urandom(32), EPOCH, Ed25519PrivateKey.generate())
    payload = os.urandom(size)

    def seal() -> object:
        counter = sender.next_counter
        header = Header(MessageType.MEDIA, flags | Flags.DROPPABLE, DST_ALL, counter + 1, EPOCH, counter)
        return sender.seal_message(header.pack(), counter, payload)

    return seal
