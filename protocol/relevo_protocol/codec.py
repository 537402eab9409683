"""Messages to bytes and back, one typed decoder for each direction (SPEC M1-M5)."""

from typing import Generic, TypeVar

import msgspec

from relevo_protocol.errors import LimitError, MalformedError
from relevo_protocol.header import DST_RELAY, Header, MessageType
from relevo_protocol.limits import HEADER_BYTES, MAX_CONTROL_BYTES, MAX_PAIRWISE_BYTES
from relevo_protocol.messages import (
    AgentToRelay,
    HostToViewer,
    RelayToAgent,
    RelayToViewer,
    ViewerToHost,
    ViewerToRelay,
    ViewerToViewer,
)
from relevo_protocol.messages.base import Message

M = TypeVar("M")
_encoder = msgspec.msgpack.Encoder()
_RELAY_HEADER = Header(MessageType.RELAY, dst=DST_RELAY).pack()


class Direction(Generic[M]):
    """Decoder for the messages of one direction, bounded before it parses."""

    def __init__(self, union: object, max_bytes: int) -> None:
        self._decoder: msgspec.msgpack.Decoder[M] = msgspec.msgpack.Decoder(union)
        self._max_bytes = max_bytes

    def decode(self, body: bytes | memoryview) -> M:
        """Read one message body.

        Raises:
            LimitError: the body is longer than this direction allows.
            MalformedError: not msgpack, unknown tag, missing or ill-typed or out-of-range field.
        """
        if len(body) > self._max_bytes:
            raise LimitError(f"a body of {len(body)} bytes, at most {self._max_bytes}")
        try:
            return self._decoder.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise MalformedError(f"message not understood: {error}") from error


agent_to_relay: Direction[AgentToRelay] = Direction(AgentToRelay, MAX_CONTROL_BYTES)
relay_to_agent: Direction[RelayToAgent] = Direction(RelayToAgent, MAX_CONTROL_BYTES)
viewer_to_relay: Direction[ViewerToRelay] = Direction(ViewerToRelay, MAX_CONTROL_BYTES)
relay_to_viewer: Direction[RelayToViewer] = Direction(RelayToViewer, MAX_CONTROL_BYTES)
viewer_to_host: Direction[ViewerToHost] = Direction(ViewerToHost, MAX_PAIRWISE_BYTES)
viewer_to_viewer: Direction[ViewerToViewer] = Direction(ViewerToViewer, MAX_CONTROL_BYTES)
host_to_viewer: Direction[HostToViewer] = Direction(HostToViewer, MAX_PAIRWISE_BYTES)


def encode(message: Message) -> bytes:
    """Return the msgpack body of a message."""
    return _encoder.encode(message)


def relay_message(message: Message) -> bytes:
    """Return a whole relay-control WebSocket message, header and body.

    Raises:
        LimitError: longer than a control message may be.
    """
    whole = _RELAY_HEADER + _encoder.encode(message)
    if len(whole) > MAX_CONTROL_BYTES:
        raise LimitError(f"a control message of {len(whole) - HEADER_BYTES} bytes")
    return whole
