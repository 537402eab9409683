"""A target of messages whose fields are changed one by one: each stays msgpack, its values are at the bounds.

What a flipped bit seldom reaches is reached here: the longest text, the largest number, a text of letters
that take two places in JavaScript, another type, a field too many or too few. `values.json` holds the values.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from relevo_protocol.errors import ProtocolError
from tests.fuzz.mutate import Random, Target
from tests.fuzz.wire import flights, messages_of, wire_readers

_SHARE: Final = 300
_VALUES: Final = json.loads((Path(__file__).parent / "values.json").read_text(encoding="utf-8"))
_SIZES: Final[Sequence[int]] = _VALUES["sizes"]
_LETTERS: Final = [chr(int(code, 16)) for code in _VALUES["letters"]]
_RAW: Final = [bytes.fromhex(one) for one in _VALUES["raw"]]
_WORDS: Final[Sequence[str]] = _VALUES["words"]


def field_targets() -> list[Target]:
    """One target of all directions and flights; its seeds are the messages that both sides take."""
    readers = wire_readers()
    seeds = [
        _Seed(number, parts[1])
        for number, name in enumerate(readers)
        for body in (flights() if name.startswith("flight") else messages_of(name))
        if _taken(readers[name], body) and (parts := _parted(body))[0]
    ]
    return [Target("fields", partial(_changed, seeds), partial(_read, readers), _SHARE)]


@dataclass(frozen=True)
class _Seed:
    reader: int
    items: Sequence[bytes]


def _taken(read: Callable[[bytes], object], body: bytes) -> bool:
    try:
        read(body)
    except ProtocolError:
        return False
    return True


def _read(readers: Mapping[str, Callable[[bytes], object]], body: bytes) -> str:
    """A byte chooses the reader, the message follows."""
    names = list(readers)
    return "1" if _taken(readers[names[(body[0] if body else 0) % len(names)]], body[1:]) else "0"


def _changed(seeds: Sequence[_Seed], random: Random) -> bytes:
    seed = seeds[random.below(len(seeds))]
    items = list(seed.items)
    for _ in range(1 + random.below(2)):
        _change(items, random)
    return bytes([seed.reader]) + _map(items)


def _change(items: list[bytes], random: Random) -> None:
    """Change one of the fields, which are key, value, key, value."""
    way, at = random.below(10), 2 * random.below(len(items) // 2)
    if way == 0 and items:
        del items[at : at + 2]
    elif way in {1, 2}:
        items += [b"\xa2z" + bytes([0x61 + len(items) // 2]), _value(random)]
    elif way == 3 and items:
        other = 2 * random.below(len(items) // 2) + 1
        items[at + 1], items[other] = items[other], items[at + 1]
    elif items:
        items[at + 1] = _inside(items[at + 1], random) if way < 7 else _value(random)


def _inside(value: bytes, random: Random) -> bytes:
    """Another value, or in a list or a map: another one in it."""
    is_map, items = _parted(value)
    if not items:
        return _value(random)
    at = random.below(len(items))
    items[at] = _inside(items[at], random)
    return _map(items) if is_map else _array(items)


def _value(random: Random) -> bytes:
    way = random.below(4)
    if way == 0:
        letter = _LETTERS[random.below(len(_LETTERS))].encode()
        return _text(letter * _SIZES[random.below(len(_SIZES))])
    if way == 1:
        size = _SIZES[random.below(len(_SIZES))]
        return b"\xc5" + size.to_bytes(2, "big") + bytes(size)
    if way == 2:
        return _text(_WORDS[random.below(len(_WORDS))].encode())
    return _RAW[random.below(len(_RAW))]


def _text(data: bytes) -> bytes:
    return (bytes([0xA0 + len(data)]) if len(data) < 32 else b"\xda" + len(data).to_bytes(2, "big")) + data


def _map(items: Sequence[bytes]) -> bytes:
    return b"\xde" + (len(items) // 2).to_bytes(2, "big") + b"".join(items)


def _array(items: Sequence[bytes]) -> bytes:
    return b"\xdc" + len(items).to_bytes(2, "big") + b"".join(items)


def _parted(body: bytes) -> tuple[bool, list[bytes]]:
    """Whether it is a map, and the pieces of a map or a list; nothing of anything else."""
    first = body[0]
    at, count, is_map = 0, 0, False
    if 0x80 <= first <= 0x9F:
        at, count, is_map = 1, first & 15, first < 0x90
    elif first in {0xDC, 0xDE}:
        at, count, is_map = 3, int.from_bytes(body[1:3], "big"), first == 0xDE
    pieces: list[bytes] = []
    for _ in range(count * (2 if is_map else 1)):
        end = _end(body, at)
        pieces.append(body[at:end])
        at = end
    return is_map, pieces


_FIXED: Final = dict.fromkeys((0xC0, 0xC1, 0xC2, 0xC3), 1) | {
    **dict(zip((0xC7, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8, 0xDD, 0xDF), (3, 3, 4, 6, 10, 18, 5, 5), strict=True)),
    **dict(zip(range(0xCA, 0xD4), (5, 9, 2, 3, 5, 9, 2, 3, 5, 9), strict=True)),
}
_COUNTED: Final = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4}


def _end(body: bytes, at: int) -> int:
    """Where the value that begins here ends; only what right messages and the values above hold."""
    first = body[at]
    if first < 0x80 or first >= 0xE0:
        return at + 1
    if 0xA0 <= first <= 0xBF:
        return at + 1 + (first & 31)
    if first in _FIXED:
        return at + _FIXED[first]
    if first in _COUNTED:
        size = _COUNTED[first]
        return at + 1 + size + int.from_bytes(body[at + 1 : at + 1 + size], "big")
    for_each = 2 if first < 0x90 or first == 0xDE else 1
    wide = first >= 0xDC
    count = int.from_bytes(body[at + 1 : at + 3], "big") if wide else first & 15
    at += 3 if wide else 1
    for _ in range(count * for_each):
        at = _end(body, at)
    return at
