"""Targets of the wire: the header, the frame container, the messages of each direction, the flights."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

import msgspec

from relevo_protocol import codec
from relevo_protocol.crypto.flights import Accept, Hello, Offer, Proof, decode_flight
from relevo_protocol.errors import MalformedError
from relevo_protocol.frame import decode_frame
from relevo_protocol.header import parse_header
from tests.fuzz.mutate import Target, reader

ROOT: Final = Path(__file__).resolve().parents[2]
_VECTORS: Final = ROOT / "protocol" / "vectors"
_DIRECTIONS: Final[Mapping[str, codec.Direction[Any]]] = {
    "AgentToRelay": codec.agent_to_relay,
    "RelayToAgent": codec.relay_to_agent,
    "ViewerToRelay": codec.viewer_to_relay,
    "RelayToViewer": codec.relay_to_viewer,
    "ViewerToHost": codec.viewer_to_host,
    "HostToViewer": codec.host_to_viewer,
    "ViewerToViewer": codec.viewer_to_viewer,
}
_FLIGHTS: Final[tuple[type[Hello | Offer | Proof | Accept], ...]] = (Hello, Offer, Proof, Accept)


def vectors(name: str) -> Any:
    """A file of the vectors that both languages share."""
    return json.loads((_VECTORS / name).read_text(encoding="utf-8"))


def wire_targets() -> list[Target]:
    """Their seeds are the vectors, in the order of the files."""
    found = [
        reader("header", parse_header, _bytes(vectors("wire/headers.json"))),
        reader("frame", decode_frame, _bytes(vectors("wire/frames.json"))),
    ]
    for name, read in wire_readers().items():
        found.append(reader(name, read, flights() if name.startswith("flight") else messages_of(name)))
    return found


def wire_readers() -> dict[str, Callable[[bytes], object]]:
    """What reads the messages of each direction, and each flight of the handshake."""
    found: dict[str, Callable[[bytes], object]] = {}
    for name, direction in _DIRECTIONS.items():
        found[name] = partial(_whole, direction.decode)
    for number, kind in enumerate(_FLIGHTS, start=1):
        found[f"flight {number}"] = partial(_whole, partial(_flight, kind))
    return found


def messages_of(direction: str) -> list[bytes]:
    """The vectors of a direction, right and wrong ones."""
    return _bytes([one for one in vectors("wire/messages.json") if one["direction"] == direction])


def flights() -> list[bytes]:
    """Every flight that the vectors of the handshake hold."""
    steps = [step for case in vectors("crypto/handshake.json")["cases"] for step in case["steps"]]
    return [bytes.fromhex(step["output"]) for step in steps if "output" in step]


def _flight(kind: type[Hello | Offer | Proof | Accept], body: bytes) -> object:
    return decode_flight(body, kind)


def _whole(read: Callable[[bytes], object], body: bytes) -> None:
    """Read it, and then what the reader passes over: the viewer refuses strange texts and keys there."""
    read(body)
    try:
        whole: object = msgspec.msgpack.decode(body, ext_hook=_refuse_extension)
        if not _is_plain(whole):
            raise MalformedError("extension -1, or a key that is no text")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedError(str(error)) from error


def _refuse_extension(code: int, _data: memoryview) -> object:
    raise MalformedError(f"extension {code}")


def _is_plain(value: Any) -> bool:
    """Whether its keys are texts and no point in time is in it, which is read without being asked for."""
    if isinstance(value, dict):
        pairs = cast("dict[object, object]", value)
        return all(isinstance(key, str) and _is_plain(one) for key, one in pairs.items())
    if isinstance(value, list):
        return all(_is_plain(one) for one in cast("list[object]", value))
    return not isinstance(value, datetime)


def _bytes(cases: Sequence[Mapping[str, Any]]) -> list[bytes]:
    return [bytes.fromhex(one["hex"]) for one in cases if not one.get("zeros") and one["hex"]]
