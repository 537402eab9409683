"""Targets of the codecs: sizes of pictures, deflate, the zstd stream, and whole frames one after another.

Their seeds are `pictures.json`, made once by `seeds.py`: what an encoder writes may change with its version.
"""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from relevo_protocol.errors import ProtocolError
from relevo_protocol.frame import CodecId, decode_frame
from tests.fuzz.mutate import Outcome, Random, Target, conversation, packed, spoil, unpacked
from tests.fuzz.screen import PictureLost, Screen, Still, announced_size, inflate

PICTURES: Final = Path(__file__).parent / "pictures.json"
_PICTURE_CODECS: Final = (CodecId.PNG, CodecId.JPEG, CodecId.WEBP)
# Numbers at which kinds, codecs, places and sizes turn.
_FIELDS: Final = (0, 1, 2, 3, 4, 5, 6, 8, 16, 17, 32, 33, 34, 35, 255, 256, 257, 2048, 0x7FFF, 0x8000, 0xFFFF)
_PIXELS_BELOW: Final = 4096
_INFLATE_SHARE: Final = 20
_STILL_SHARE: Final = 50
_FRAMES_SHARE: Final = 20


def picture_targets() -> list[Target]:
    """Their seeds are what real encoders have made."""
    seeds = json.loads(PICTURES.read_text(encoding="utf-8"))
    sizes, deflated = _bytes(seeds["sizes"]), _bytes(seeds["deflated"])
    films = [_bytes(one) for one in seeds["streams"]]
    return [
        Target("picture size", partial(_one_of, sizes), _read_size),
        Target("deflate", partial(_one_of, deflated), _read_deflated, _INFLATE_SHARE),
        Target("zstd stream", partial(_talk, films), _read_stream, _STILL_SHARE),
        Target("frames", partial(_film, seeds["films"]), _read_frames, _FRAMES_SHARE),
    ]


def _one_of(seeds: Sequence[bytes], random: Random) -> bytes:
    seed, way = seeds[random.below(len(seeds))], random.below(4)
    if way == 0:
        return seed
    return spoil(seed, random) if way == 1 else seed[:2] + spoil(seed[2:], random)


def _talk(pools: Sequence[Sequence[bytes]], random: Random) -> bytes:
    return conversation(pools[random.below(len(pools))], random)


def _read_size(body: bytes) -> str:
    """Two bytes choose the format, the picture follows."""
    outcome = Outcome()
    size = announced_size(_PICTURE_CODECS[int.from_bytes(body[:2], "big") % 3], body[2:])
    if size is not None:
        outcome.take(*size)
    return outcome.sign


def _read_deflated(body: bytes) -> str:
    """Two bytes say how much it should be, the zlib stream follows."""
    outcome = Outcome()
    try:
        outcome.take(inflate(body[2:], int.from_bytes(body[:2], "big")))
    except ProtocolError:
        outcome.refuse("malformed")
    return outcome.sign


def _read_stream(body: bytes) -> str:
    """Pieces of one stream: two bytes say how many pixels, zero for a keyframe, the payload follows."""
    outcome, still = Outcome(), Still()
    for part in unpacked(body):
        pixels = int.from_bytes(part[:2], "big") % _PIXELS_BELOW
        if pixels == 0:
            still.begin()
            continue
        try:
            outcome.take(still.rgba(part[2:], pixels))
        except ProtocolError:
            outcome.refuse("malformed")
    return outcome.sign


def _read_frames(body: bytes) -> str:
    """Frames one after another, each behind a byte that is odd for a keyframe; the first refusal ends it."""
    outcome, screen = Outcome(), Screen()
    for part in unpacked(body):
        try:
            screen.draw(decode_frame(part[1:]), outcome, keyframe=bool(part[:1] and part[0] & 1))
        except ProtocolError as error:
            outcome.refuse(error.code)
            break
        except PictureLost:
            outcome.refuse("lost")
    return outcome.sign


Film = Sequence[dict[str, Any]]


def _film(films: Sequence[Film], random: Random) -> bytes:
    parts: list[bytes] = []
    for whole in films[random.below(len(films))]:
        frame: dict[str, Any] = {**whole, "updates": [list(one) for one in whole["updates"]]}
        if random.below(3) == 0:
            for _ in range(1 + random.below(3)):
                _change(frame, random)
        data = _laid_out(frame)
        if random.below(12) == 0:
            data = spoil(data, random)
        parts.append(bytes([frame["keyframe"]]) + data)
    return packed(parts)


def _change(frame: dict[str, Any], random: Random) -> None:
    """Change one thing of a frame; its lengths stay right, so that what is inside is read."""
    updates = frame["updates"]
    way, at = random.below(9), random.below(len(updates))
    if way == 0:
        frame["keyframe"] = 1 - frame["keyframe"]
    elif way == 1:
        side = "width" if random.below(2) else "height"
        frame[side] = _FIELDS[random.below(len(_FIELDS))]
    elif not updates:
        return
    elif way == 2:
        updates.append(list(updates[at]))
    elif way == 3:
        del updates[at]
    elif way == 4:
        updates.append(updates.pop(at))
    elif way == 5:
        place = random.below(7)
        updates[at][place] = _FIELDS[random.below(len(_FIELDS))]
    else:
        updates[at][7] = spoil(bytes.fromhex(updates[at][7]), random).hex()


def _laid_out(frame: dict[str, Any]) -> bytes:
    """A frame container as it is, right or wrong; numbers are cut to their fields."""
    updates = frame["updates"]
    sizes = map(_u16, (len(updates), frame["width"], frame["height"]))
    parts: list[bytes] = [b"\x01\x00", *sizes, bytes(4)]
    for kind, codec, stream, x, y, width, height, payload in updates:
        data = bytes.fromhex(payload)
        parts += [bytes([kind & 255, codec & 255]), *map(_u16, (stream, x, y, width, height))]
        parts += [len(data).to_bytes(4, "big"), data]
    return b"".join(parts)


def _u16(number: int) -> bytes:
    return (number & 0xFFFF).to_bytes(2, "big")


def _bytes(texts: Sequence[str]) -> list[bytes]:
    return [bytes.fromhex(one) for one in texts]
