"""Writes ``protocol/vectors/wire/*.json``: headers, messages and frames that both languages read alike.

    python protocol/codegen/wire_vectors.py           write them
    python protocol/codegen/wire_vectors.py --check   exit 1 if a committed file has drifted

Every case holds ``hex`` and ``expect``: ``ok`` with what is read, or the error code that reading must give.
"""

import json
import struct
import sys
from pathlib import Path
from typing import Any, Final, cast

import msgspec
from codegen.wire_samples import SAMPLES

from relevo_protocol import codec, frame, messages
from relevo_protocol.errors import ProtocolError
from relevo_protocol.frame import CodecId, Frame, Update, UpdateKind
from relevo_protocol.header import DST_HOST, Flags, Header, MessageType, parse_header

TARGET: Final = Path(__file__).parents[1] / "vectors" / "wire"
Case = dict[str, object]


def _headers() -> list[Case]:
    good = [
        Header(MessageType.RELAY),
        Header(MessageType.MEDIA, Flags.KEYFRAME | Flags.DROPPABLE, 0, 7, 3, 41),
        Header(MessageType.PAIRWISE, Flags.NONE, DST_HOST, 0, 2**63 - 1, 2**32),
        Header(MessageType.HANDSHAKE, Flags.NONE, 5, 0, 12, 0),
        Header(MessageType.TEAM, Flags.NONE, 3, 0, 12, 7),
    ]
    cases: list[Case] = [
        {
            "name": f"{h.type.name.lower()} to {h.dst}",
            "hex": h.pack().hex(),
            "expect": "ok",
            "read": {
                "type": int(h.type),
                "flags": int(h.flags),
                "dst": h.dst,
                "frame_id": h.frame_id,
                "key_id": str(h.key_id),
                "counter": str(h.counter),
            },
        }
        for h in good
    ]
    bad = {
        "too short": bytes(23),
        "version 2": b"\x02" + good[0].pack()[1:],
        "unknown type": b"\x01\x05" + good[0].pack()[2:],
        "unknown flag": b"\x01\x00\x80" + good[0].pack()[3:],
        "media to one viewer": b"\x01\x01\x00\x01" + bytes(20),
        "relay control to the host": b"\x01\x00\x00\xfe" + bytes(20),
        "pairwise to slot 6": b"\x01\x02\x00\x06" + bytes(20),
        "team to the host": b"\x01\x04\x00\xfe" + bytes(20),
        "team to everybody": b"\x01\x04\x00\x00" + bytes(20),
        "team too large": b"\x01\x04\x00\x01" + bytes(64 * 2**10),
        "pairwise too large": b"\x01\x02\x00\xfe" + bytes(128 * 2**10),
    }
    return cases + [_failing(name, data, parse_header) for name, data in bad.items()]


def _failing(name: str, data: bytes, read: object) -> Case:
    try:
        read(data)  # type: ignore[operator]
    except ProtocolError as error:
        shown: Case = (
            {"hex": data.hex()} if len(data) < 4096 else {"hex": data[:24].hex(), "zeros": len(data) - 24}
        )
        return {"name": name, **shown, "expect": error.code.value}
    raise AssertionError(f"{name}: reads, but must not")


_HOSTILE: Final[dict[str, tuple[str, object]]] = {
    "unknown tag": ("HostToViewer", {"t": "Nonsense"}),
    "no tag": ("HostToViewer", {"mode": "full"}),
    "not a map": ("HostToViewer", [1, 2]),
    "wrong direction": ("HostToViewer", {"t": "ReleaseAll"}),
    "missing field": ("HostToViewer", {"t": "ConsentPending", "mode": "full"}),
    "ill-typed field": ("HostToViewer", {"t": "ConsentPending", "mode": "full", "deadline_s": "60"}),
    "unknown mode": ("HostToViewer", {"t": "ConsentPending", "mode": "root", "deadline_s": 60}),
    "short secret": ("HostToViewer", {"t": "Epoch", "epoch": 1, "secret": bytes(31), "members": []}),
    "six members": ("HostToViewer", {"t": "Epoch", "epoch": 1, "secret": bytes(32), "members": [{}] * 6}),
    "screen beyond bounds": (
        "HostToViewer",
        {"t": "ScreenLayout", "width": 8193, "height": 1, "monitors": []},
    ),
    "slot 0": ("RelayToViewer", {"t": "HostBack", "link": 0}),
    "pointer beyond the screen": (
        "ViewerToHost",
        {"t": "PointerMove", "monitor": 0, "x": 1.0, "y": 0.0, "seen": 0},
    ),
    "empty text": ("ViewerToHost", {"t": "TextInput", "text": ""}),
    "team key of 31 bytes": ("ViewerToHost", {"t": "TeamKey", "public": bytes(31)}),
    "control for the host's own slot": ("ViewerToHost", {"t": "ControlGive", "slot": 0}),
    "take-over without a reason": ("ViewerToHost", {"t": "TakeOver", "reason": "no"}),
    "reason of two lines": ("ViewerToHost", {"t": "TakeOver", "reason": "one\ntwo"}),
    "chat that turns the text round": ("ViewerToHost", {"t": "ChatSend", "text": "abc\u202edef"}),
    "chat without a word": ("ViewerToHost", {"t": "ChatSend", "text": ""}),
    "chat too long": ("ViewerToHost", {"t": "ChatSend", "text": "x" * 2001}),
    "stroke without a point": ("ViewerToHost", {"t": "Stroke", "stroke": 1, "monitor": 0, "points": [0.5]}),
    "stroke too long": (
        "ViewerToHost",
        {"t": "Stroke", "stroke": 1, "monitor": 0, "points": [0.5] * 514},
    ),
    "laser beyond the screen": (
        "HostToViewer",
        {"t": "MemberLaser", "slot": 1, "monitor": 0, "x": 0, "y": 1.0},
    ),
    "service name with a space": (
        "ViewerToHost",
        {"t": "ServiceChange", "name": "cups --now", "act": "stop"},
    ),
    "unknown act on a service": ("ViewerToHost", {"t": "ServiceChange", "name": "cups", "act": "mask"}),
    "terminal 5": ("ViewerToHost", {"t": "TerminalClose", "terminal": 5}),
    "hold for a week": ("ViewerToHost", {"t": "HoldRequest", "hours": 168}),
    "process 0": ("ViewerToHost", {"t": "ProcessEnd", "pid": 0, "started_ms": 1}),
    "invite of 15 bytes": (
        "HostToViewer",
        {"t": "InviteIssued", "invite": bytes(15), "secret": bytes(32), "role": "expert", "life_s": 1},
    ),
    "token for slot 6": ("HostToViewer", {"t": "TokenState", "holder": 6, "cause": "taken"}),
    "chat with a number below 0": ("ViewerToHost", {"t": "ChatSend", "text": "hi", "sent": -1}),
    "act with a number below 0": (
        "AgentToRelay",
        {"t": "RecordNotice", "act": "reported", "slot": 0, "number": -1},
    ),
    "unknown act": ("AgentToRelay", {"t": "RecordNotice", "act": "forgotten", "slot": 0}),
    "recorded without a number": ("RelayToAgent", {"t": "Recorded", "number": 0}),
    "step up for an hour": ("RelayToAgent", {"t": "StepUp", "link": 9, "life_s": 3600}),
    "step up of nobody": ("RelayToAgent", {"t": "StepUp", "link": 0, "life_s": 60}),
    "step up by an agent": ("AgentToRelay", {"t": "StepUp", "link": 9, "life_s": 60}),
    "whisper to the host": ("ViewerToHost", {"t": "Whisper", "text": "hi", "at_ms": 1}),
    "chat as a whisper": ("ViewerToViewer", {"t": "ChatSend", "text": "hi"}),
    "a whisper heard before 1970": ("ViewerToViewer", {"t": "WhisperHeard", "at_ms": -1.0}),
    "a whisper heard by the host": ("ViewerToHost", {"t": "WhisperHeard", "at_ms": 1.0}),
}


def _direction_of(cls: type) -> str:
    return next(name for name, union in messages.DIRECTIONS.items() if cls in messages.kinds_of(union))


_DECODERS: Final[dict[str, codec.Direction[Any]]] = {
    "AgentToRelay": codec.agent_to_relay,
    "RelayToAgent": codec.relay_to_agent,
    "ViewerToRelay": codec.viewer_to_relay,
    "RelayToViewer": codec.relay_to_viewer,
    "ViewerToHost": codec.viewer_to_host,
    "HostToViewer": codec.host_to_viewer,
    "ViewerToViewer": codec.viewer_to_viewer,
}


def _messages() -> list[Case]:
    cases: list[Case] = [
        {
            "name": type(message).__name__,
            "direction": _direction_of(type(message)),
            "hex": codec.encode(message).hex(),
            "expect": "ok",
            "read": _hexed(msgspec.to_builtins(message, builtin_types=(bytes,))),
        }
        for message in SAMPLES
    ]
    for name, (direction, body) in _HOSTILE.items():
        failing = _failing(name, msgspec.msgpack.encode(body), _DECODERS[direction].decode)
        cases.append(failing | {"direction": direction})
    return cases


def _hexed(value: object) -> object:
    match value:
        case bytes():
            return {"hex": value.hex()}
        case dict():
            table = cast("dict[str, object]", value)
            return {k: _hexed(v) for k, v in table.items()}
        case list():
            return [_hexed(v) for v in cast("list[object]", value)]
        case _:
            return value


def _frames() -> list[Case]:
    updates = (
        Update(UpdateKind.COPY, CodecId.NONE, 0, 0, 10, 10, frame.copy_payload(20, 20)),
        Update(UpdateKind.LOSSLESS, CodecId.DEFLATE_RGB, 5, 6, 7, 8, b"payload"),
        Update(UpdateKind.LOSSY, CodecId.JPEG, 0, 0, 64, 48, b"\xff\xd8"),
        Update(UpdateKind.VIDEO, CodecId.VP9, 32, 16, 32, 32, b"\x01chunk", 4),
        Update(UpdateKind.CURSOR_SHAPE, CodecId.DEFLATE_RGBA, 3, 4, 24, 24, b"shape"),
        Update(UpdateKind.CURSOR_SHAPE, CodecId.NONE, 0, 0, 0, 0),
        Update(UpdateKind.CURSOR_POSITION, CodecId.NONE, -3, 47, 0, 0),
    )
    good = frame.encode_frame(Frame(64, 48, 123456, updates))
    cases: list[Case] = [
        {
            "name": "every kind",
            "hex": good.hex(),
            "expect": "ok",
            "read": {
                "width": 64,
                "height": 48,
                "time_ms": 123456,
                "updates": [
                    [int(u.kind), int(u.codec), u.stream, u.x, u.y, u.width, u.height, bytes(u.payload).hex()]
                    for u in updates
                ],
            },
        }
    ]
    head = struct.Struct(">BBHHHI")
    one = struct.Struct(">BBHhhHHI")

    def single(*fields: int, payload: bytes = b"") -> bytes:
        return head.pack(1, 0, 1, 64, 48, 0) + one.pack(*fields, len(payload)) + payload

    bad = {
        "empty": b"",
        "container version 2": head.pack(2, 0, 0, 64, 48, 0),
        "screen without width": head.pack(1, 0, 0, 0, 48, 0),
        "screen too large": head.pack(1, 0, 0, 8192, 8192, 0),
        "too many updates": head.pack(1, 0, 4097, 64, 48, 0),
        "ends in an update's head": head.pack(1, 0, 1, 64, 48, 0) + bytes(15),
        "payload longer than the frame": head.pack(1, 0, 1, 64, 48, 0) + one.pack(1, 2, 0, 0, 0, 1, 1, 9),
        "trailing bytes": good + b"\x00",
        "unknown kind": single(9, 0, 0, 0, 0, 1, 1),
        "unknown codec": single(1, 99, 0, 0, 0, 1, 1),
        "codec of another kind": single(1, 16, 0, 0, 0, 1, 1),
        "outside the screen": single(1, 2, 0, 60, 0, 5, 1),
        "left of the screen": single(1, 2, 0, -1, 0, 5, 1),
        "empty rectangle": single(1, 2, 0, 0, 0, 0, 1),
        "copy from outside": single(3, 0, 0, 0, 0, 10, 10, payload=struct.pack(">HH", 60, 0)),
        "copy without source": single(3, 0, 0, 0, 0, 10, 10),
        "cursor too large": single(5, 4, 0, 0, 0, 257, 1),
    }
    return cases + [_failing(name, data, frame.decode_frame) for name, data in bad.items()]


def generate() -> dict[str, str]:
    """Return file name -> text of every vector file of this group."""
    groups = {"headers.json": _headers(), "messages.json": _messages(), "frames.json": _frames()}
    return {name: json.dumps(cases, indent=1, ensure_ascii=False) + "\n" for name, cases in groups.items()}


def main(arguments: list[str]) -> int:
    """Write the files, or with ``--check`` compare them; returns the exit code."""
    stale = 0
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, text in generate().items():
        path = TARGET / name
        if "--check" not in arguments:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            sys.stderr.write(f"{path.name} has drifted: run python protocol/codegen/wire_vectors.py\n")
            stale = 1
    return stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
