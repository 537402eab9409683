"""What waits for one receiver: control, never dropped, and media, of which the newest picture wins."""

from collections import deque
from enum import Enum, auto

from relevo_protocol.limits import OUTBOX_MEDIA_BYTES, OUTBOX_PAIRWISE_BYTES


class Offer(Enum):
    """What became of an offered message."""

    TAKEN = auto()
    DROPPED = auto()
    OVERFLOW = auto()
    """There is no room for control: this receiver is too slow and must go."""


class Outbox:
    """A bounded queue for one receiver (SPEC C13, C14).

    Control (relay control, handshake, pairwise) leaves before media and in order, so that an epoch's key is
    delivered before the frames that follow it. Media is the newest keyframe and the deltas after it; when it
    does not fit, everything goes up to the next keyframe. Messages are held by reference: several outboxes
    share the bytes of one frame.
    """

    def __init__(
        self, control_bytes: int = OUTBOX_PAIRWISE_BYTES, media_bytes: int = OUTBOX_MEDIA_BYTES
    ) -> None:
        self._control: deque[bytes] = deque()
        self._media: deque[bytes] = deque()
        self._control_limit = control_bytes
        self._media_limit = media_bytes
        self._needs_keyframe = True
        self._behind = False
        self.control_bytes = 0
        self.media_bytes = 0
        self.dropped_frames = 0

    def __len__(self) -> int:
        return len(self._control) + len(self._media)

    @property
    def starving(self) -> bool:
        """Media was dropped and all that was held has left: only a keyframe helps, and it would fit."""
        return self._behind and not self._media

    def put_control(self, message: bytes) -> Offer:
        """Queue a message that must arrive."""
        if self.control_bytes + len(message) > self._control_limit:
            return Offer.OVERFLOW
        self._control.append(message)
        self.control_bytes += len(message)
        return Offer.TAKEN

    def put_media(self, message: bytes, *, keyframe: bool) -> Offer:
        """Offer a frame; a keyframe makes everything before it needless."""
        if keyframe:
            self.dropped_frames += len(self._media)
            self._clear_media()
            self._needs_keyframe = self._behind = False
        elif self._needs_keyframe:
            self.dropped_frames += 1
            return Offer.DROPPED
        if self.media_bytes + len(message) > self._media_limit:
            self.dropped_frames += len(self._media) + 1
            self._clear_media()
            self._needs_keyframe = self._behind = True
            return Offer.DROPPED
        self._media.append(message)
        self.media_bytes += len(message)
        return Offer.TAKEN

    def restart_media(self) -> None:
        """Forget all media and take none before the next keyframe: the receiver changed its keys."""
        self._clear_media()
        self._needs_keyframe = True
        self._behind = False

    def pop(self) -> bytes | None:
        """Take the message that leaves next."""
        if self._control:
            message = self._control.popleft()
            self.control_bytes -= len(message)
            return message
        if self._media:
            message = self._media.popleft()
            self.media_bytes -= len(message)
            return message
        return None

    def clear(self) -> None:
        """Forget everything: the receiver is gone."""
        self._control.clear()
        self.control_bytes = 0
        self._clear_media()

    def _clear_media(self) -> None:
        self._media.clear()
        self.media_bytes = 0
