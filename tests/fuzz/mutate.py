"""The seeded mutator and the targets of the fuzzing, the same in `viewer/tests/fuzz/mutate.ts`.

Case number n of a target is made from the seed and n alone: a difference between the languages has a name.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from relevo_protocol import codec
from relevo_protocol.crypto.flights import Accept, Hello, Offer, Proof, decode_flight
from relevo_protocol.errors import MalformedError, ProtocolError
from relevo_protocol.frame import decode_frame
from relevo_protocol.header import parse_header

ROOT: Final = Path(__file__).resolve().parents[2]
VECTORS: Final = ROOT / "protocol" / "vectors"
_MASK: Final = 0xFFFFFFFF
_MAX_BYTES: Final = 4096
# Octets at which readers of msgpack and of lengths turn.
_TURNS: Final = (
    0,
    1,
    0x7F,
    0x80,
    0x8F,
    0x90,
    0xA0,
    0xC0,
    0xC1,
    0xC3,
    0xC4,
    0xC7,
    0xCA,
    0xCB,
    0xCF,
    0xD3,
    0xD9,
    0xDC,
)
_TURNS_MORE: Final = (*_TURNS, 0xDF, 0xE0, 0xFF)


class Random:
    """mulberry32: the same numbers in every run and in both languages."""

    def __init__(self, seed: int) -> None:
        self._state = seed & _MASK

    def below(self, limit: int) -> int:
        """A whole number from 0 to limit - 1; 0 where limit is 0."""
        self._state = (self._state + 0x6D2B79F5) & _MASK
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 15)) * (mixed | 1)) & _MASK
        mixed = ((mixed + (((mixed ^ (mixed >> 7)) * (mixed | 61)) & _MASK)) & _MASK) ^ mixed
        return int((mixed ^ (mixed >> 14)) / 2**32 * limit)


def spoil(message: bytes, random: Random) -> bytes:
    """The message, spoilt one to three times in ways in which lines and liars spoil them."""
    for _ in range(1 + random.below(3)):
        message = _spoil_once(message, random)[:_MAX_BYTES]
    return message


def _spoil_once(message: bytes, random: Random) -> bytes:  # noqa: PLR0911 - one for each way
    way, at = random.below(8), random.below(len(message))
    head, tail = message[:at], message[at + 1 :]
    match way:
        case 0:
            return head
        case 1:
            return message + message[at:]
        case 2:
            return bytes(random.below(256) for _ in range(min(at, 64)))
        case 3:
            return head + bytes([random.below(256)]) + tail
        case 4:
            return head + bytes([(message[at] if message else 0) ^ (1 << random.below(8))]) + tail
        case 5:
            return head + bytes([random.below(256)]) + message[at:]
        case 6:
            return head + tail
        case _:
            return head + bytes([_TURNS_MORE[random.below(len(_TURNS_MORE))]]) + tail


@dataclass(frozen=True, slots=True)
class Target:
    """What is fuzzed: a reader, and the right messages that are spoilt for it."""

    name: str
    read: Callable[[bytes], object]
    seeds: Sequence[bytes]

    def accepts(self, body: bytes) -> bool:
        """Whether the reader takes it; any failure but a typed one of the wire is a mistake of ours."""
        try:
            self.read(body)
        except ProtocolError:
            return False
        return True

    def case(self, seed: int, number: int) -> bytes:
        """Case number n of this target."""
        random = Random(seed * 1_000_003 + number)
        return spoil(self.seeds[random.below(len(self.seeds))], random)

    def verdicts(self, seed: int, count: int) -> str:
        """A sign for each case, in groups of four as a hexadecimal digit: 1 is taken, 0 is refused."""
        bits = 0
        for number in range(count):
            bits = bits << 1 | self.accepts(self.case(seed, number))
        return f"{bits:0{(count + 3) // 4}x}"


_DIRECTIONS: Final[Mapping[str, codec.Direction[Any]]] = {
    "AgentToRelay": codec.agent_to_relay,
    "RelayToAgent": codec.relay_to_agent,
    "ViewerToRelay": codec.viewer_to_relay,
    "RelayToViewer": codec.relay_to_viewer,
    "ViewerToHost": codec.viewer_to_host,
    "HostToViewer": codec.host_to_viewer,
    "ViewerToViewer": codec.viewer_to_viewer,
}


def targets() -> list[Target]:
    """Every target, its seeds from the vectors that both languages share, in the order of the files."""
    messages = _vectors("wire/messages.json")
    found = [
        Target("header", parse_header, _bytes(_vectors("wire/headers.json"))),
        Target("frame", decode_frame, _bytes(_vectors("wire/frames.json"))),
    ]
    for name, direction in _DIRECTIONS.items():
        seeds = _bytes([one for one in messages if one["direction"] == name])
        found.append(Target(name, partial(_whole, direction.decode), seeds))
    flights: list[bytes] = []
    for case in _vectors("crypto/handshake.json")["cases"]:
        flights += [bytes.fromhex(step["output"]) for step in case["steps"] if "output" in step]
    kinds: tuple[type[Hello | Offer | Proof | Accept], ...] = (Hello, Offer, Proof, Accept)
    for number, kind in enumerate(kinds, start=1):
        found.append(Target(f"flight {number}", partial(_whole, partial(_flight, kind)), flights))
    return found


def _flight(kind: type[Hello | Offer | Proof | Accept], body: bytes) -> object:
    return decode_flight(body, kind)


def _whole(read: Callable[[bytes], object], body: bytes) -> None:
    """Read it, and then what the reader passes over: the viewer refuses texts there that are not UTF-8.

    Nor does it take whispers without a tag, as a decoder of one kind alone does; only viewers read them.
    """
    read(body)
    try:
        whole: object = msgspec.msgpack.decode(body)
        if not isinstance(whole, dict) or not {"t", "flight"} & whole.keys():
            raise MalformedError("no tag")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedError(str(error)) from error


def _vectors(name: str) -> Any:
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


def _bytes(cases: Sequence[Mapping[str, Any]]) -> list[bytes]:
    return [bytes.fromhex(one["hex"]) for one in cases if not one.get("zeros") and one["hex"]]
