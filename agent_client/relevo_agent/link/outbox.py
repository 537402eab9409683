"""What waits for the socket, in order: keys travel ahead of the frames that they open (SPEC P3)."""

from collections import deque
from dataclasses import dataclass
from typing import Final

from relevo_protocol.limits import MAX_MEDIA_BYTES, OUTBOX_PAIRWISE_BYTES

MAX_MEDIA_WAITING_BYTES: Final = 2 * MAX_MEDIA_BYTES
"""Pacing keeps far less in flight; beyond this the socket stands still and the picture is thrown away."""


class OutboxFull(Exception):
    """Messages that must not be dropped have piled up: the connection is as good as dead."""


@dataclass(slots=True)
class _Entry:
    message: bytes | bytearray
    media: bool


class Outbox:
    """A bounded queue. Media may be discarded, in whole, everything else never."""

    def __init__(self) -> None:
        self._entries: deque[_Entry] = deque()
        self._media_bytes = 0
        self._other_bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def other_bytes(self) -> int:
        """Bytes that wait and may not be dropped."""
        return self._other_bytes

    def push(self, message: bytes | bytearray, *, media: bool) -> bool:
        """Add a message; false if media had to be thrown away, so that a keyframe is due.

        Raises:
            OutboxFull: more than the bound of what may not be dropped.
        """
        size = len(message)
        if media:
            if self._media_bytes + size > MAX_MEDIA_WAITING_BYTES:
                self.discard_media()
                return False
            self._media_bytes += size
        else:
            if self._other_bytes + size > OUTBOX_PAIRWISE_BYTES:
                raise OutboxFull(f"{self._other_bytes + size} bytes wait, at most {OUTBOX_PAIRWISE_BYTES}")
            self._other_bytes += size
        self._entries.append(_Entry(message, media))
        return True

    def pop(self) -> bytes | bytearray | None:
        """The next message for the socket, ``None`` if nothing waits."""
        if not self._entries:
            return None
        entry = self._entries.popleft()
        if entry.media:
            self._media_bytes -= len(entry.message)
        else:
            self._other_bytes -= len(entry.message)
        return entry.message

    def discard_media(self) -> None:
        """Throw every waiting frame away: Stop, or a socket that stands still."""
        self._entries = deque(entry for entry in self._entries if not entry.media)
        self._media_bytes = 0

    def clear(self) -> None:
        """A new socket starts with nothing: the old keys are gone."""
        self._entries.clear()
        self._media_bytes = self._other_bytes = 0
