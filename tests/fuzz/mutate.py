"""The seeded mutator of the fuzzing, the same in `viewer/tests/fuzz/mutate.ts`.

Case number n of a target is made from the seed and n alone: a difference between the languages has a name.
"""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from relevo_protocol.errors import ProtocolError

_MASK: Final = 0xFFFFFFFF
_MAX_BYTES: Final = 4096
_SEED_STEP: Final = 1_000_003
# Octets at which readers of msgpack and of lengths turn.
# fmt: off
_TURNS: Final = (
    0, 1, 0x7F, 0x80, 0x8F, 0x90, 0xA0, 0xC0, 0xC1, 0xC3, 0xC4, 0xC7, 0xCA, 0xCB, 0xCF, 0xD3, 0xD9, 0xDC,
    0xDF, 0xE0, 0xFF,
)
# fmt: on
Made = Callable[["Random"], bytes]


class Random:
    """mulberry32: the same numbers in every run and in both languages."""

    def __init__(self, seed: int) -> None:
        self._state = seed & _MASK

    def below(self, limit: int) -> int:
        """A whole number from 0 to limit - 1; 0 where limit is 0."""
        self._state = state = (self._state + 0x6D2B79F5) & _MASK
        mixed = ((state ^ (state >> 15)) * (state | 1)) & _MASK
        mixed = ((mixed + (mixed ^ (mixed >> 7)) * (mixed | 61)) & _MASK) ^ mixed
        return (mixed ^ (mixed >> 14)) * limit >> 32


def spoil(message: bytes, random: Random) -> bytes:
    """The message, spoilt one to three times in ways in which lines and liars spoil them."""
    for _ in range(1 + random.below(3)):
        message = _spoil_once(message, random)[:_MAX_BYTES]
    return message


def _spoil_once(message: bytes, random: Random) -> bytes:  # noqa: PLR0911 - one for each way
    way, at = random.below(9), random.below(len(message))
    head, tail = message[:at], message[at + 1 :]
    match way:
        case 0:
            return head
        case 1:
            return message + message[at:]
        case 2:
            return bytes([random.below(256) for _ in range(min(at, 64))])
        case 3:
            return head + bytes([random.below(256)]) + tail
        case 4:
            return head + bytes([(message[at] if message else 0) ^ (1 << random.below(8))]) + tail
        case 5:
            return head + bytes([random.below(256)]) + message[at:]
        case 6:
            return head + tail
        case 7:
            return head + bytes([_TURNS[random.below(len(_TURNS))]]) + tail
        case _:
            return head + bytes([255 * random.below(2)]) * 4 + message[at + 4 :]


def packed(parts: Sequence[bytes]) -> bytes:
    """Several messages as one case: each behind its length in two bytes."""
    return b"".join(len(part).to_bytes(2, "big") + part for part in parts)


def unpacked(body: bytes) -> list[bytes]:
    """What `packed` has put together, and of anything else what its lengths reach."""
    parts: list[bytes] = []
    at = 0
    while at + 2 <= len(body):
        end = at + 2 + int.from_bytes(body[at : at + 2], "big")
        parts.append(body[at + 2 : end])
        at = end
    return parts


def conversation(pool: Sequence[bytes], random: Random) -> bytes:
    """One to six messages of a pool: in turn, spoilt, repeated or out of turn."""
    parts: list[bytes] = []
    at = 0
    for _ in range(1 + random.below(6)):
        way = random.below(4)
        if way == 0:
            at = random.below(len(pool))
        message = pool[at % len(pool)]
        parts.append(spoil(message, random) if way == 1 else message)
        at += 1
    return packed(parts)


class Outcome:
    """What came of a case, as one hexadecimal sign: 0 for nothing taken, else a digest of what was read."""

    def __init__(self) -> None:
        self._digest = 0
        self._taken = False

    def take(self, *read: bytes | int) -> None:
        """Something was taken: these numbers (below 2**32) and bytes were read."""
        self._taken = True
        self._add(b"+")
        for one in read:
            self._add(one.to_bytes(4, "big") if isinstance(one, int) else one)

    def refuse(self, kind: str) -> None:
        """Something was refused, for a reason that both languages name alike."""
        self._add(b"-" + kind.encode())

    @property
    def sign(self) -> str:
        """One of 0 to f."""
        return f"{1 + self._digest % 15:x}" if self._taken else "0"

    def _add(self, data: bytes) -> None:
        self._digest = zlib.crc32(data, self._digest)


@dataclass(frozen=True, slots=True)
class Target:
    """What is fuzzed: how its cases are made, and what comes of one.

    ``share`` is how many of a hundred cases of a full target it gets: what costs more gets fewer.
    """

    name: str
    make: Made
    read: Callable[[bytes], str]
    share: int = 100

    def case(self, seed: int, number: int) -> bytes:
        """Case number n of this target."""
        return self.make(Random(seed * _SEED_STEP + number))

    def signs(self, seed: int, first: int, count: int) -> str:
        """A sign for each of these cases; any failure that is none of the wire is ours, and goes through."""
        return "".join(self.read(self.case(seed, first + n)) for n in range(count))


def reader(name: str, read: Callable[[bytes], object], seeds: Sequence[bytes]) -> Target:
    """A target that takes a message or refuses it: 1 or 0."""

    def make(random: Random) -> bytes:
        return spoil(seeds[random.below(len(seeds))], random)

    def sign(body: bytes) -> str:
        try:
            read(body)
        except ProtocolError:
            return "0"
        return "1"

    return Target(name, make, sign)
