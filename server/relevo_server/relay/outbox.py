"""What waits for one receiver: control, never dropped, and media, of which the newest picture wins."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, NamedTuple

from relevo_protocol.limits import OUTBOX_MEDIA_AGE_MS, OUTBOX_MEDIA_BYTES, OUTBOX_PAIRWISE_BYTES

_LEAST_BACKLOG_BYTES: Final = 32 * 1024
"""Less than this is sooner written than a keyframe that would take its place."""


class Offer(Enum):
    """What became of an offered message."""

    TAKEN = auto()
    DROPPED = auto()
    OVERFLOW = auto()
    """There is no room for control: this receiver is too slow and must go."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What the header says of a media message: SPEC W4, and the epoch that it is sealed under (W6)."""

    keyframe: bool = False
    droppable: bool = True
    epoch: int = 0


class _Held(NamedTuple):
    message: bytes
    droppable: bool
    came_s: float


class Outbox:
    """A bounded queue for one receiver (SPEC C13, C14).

    Control (relay control, handshake, pairwise) leaves before media and in order, so that an epoch's key is
    delivered before the frames that follow it. Media is a *run*: a keyframe, what completes it (not
    droppable), and the deltas after it. A run that has begun to leave is completed before the next one: a
    receiver that is slower than keyframes come still sees whole pictures. Messages are held by reference:
    several outboxes share the bytes of one frame.
    """

    def __init__(
        self,
        control_bytes: int = OUTBOX_PAIRWISE_BYTES,
        media_bytes: int = OUTBOX_MEDIA_BYTES,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._control: deque[bytes] = deque()
        self._leaving: deque[_Held] = deque()
        self._next: deque[_Held] = deque()
        self._control_limit = control_bytes
        self._media_limit = media_bytes
        self._clock_s = clock_s
        self._begun = False
        self._epoch = 0
        self._needs_keyframe = True
        self._behind = False
        self._picture_bytes = 0
        self._delta_bytes = 0
        self._free_s = float("-inf")
        self.control_bytes = 0
        self.media_bytes = 0
        self.dropped_frames = 0

    def __len__(self) -> int:
        return len(self._control) + len(self._leaving) + len(self._next)

    @property
    def starving(self) -> bool:
        """Media was dropped and all that was held has left: only a keyframe helps, and it would fit."""
        return self._behind and not self._leaving

    def put_control(self, message: bytes) -> Offer:
        """Queue a message that must arrive."""
        if self.control_bytes + len(message) > self._control_limit:
            return Offer.OVERFLOW
        self._control.append(message)
        self.control_bytes += len(message)
        return Offer.TAKEN

    def put_media(self, message: bytes, kind: Kind) -> Offer:
        """Offer a frame; a keyframe makes the deltas before it needless, and of what has not begun all."""
        if kind.keyframe:
            self._make_way(kind.epoch)
        elif self._needs_keyframe:
            self.dropped_frames += 1
            return Offer.DROPPED
        if self.media_bytes + len(message) > self._media_limit:
            self._fall_behind(keep_picture=kind.keyframe or kind.droppable)
            return Offer.DROPPED
        if kind.droppable and not kind.keyframe and self._is_behind():
            self._fall_behind(keep_picture=True)
            return Offer.DROPPED
        self._take(message, kind)
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
        if not self._leaving:
            return None
        held = self._leaving.popleft()
        self._begun = True
        self._forget(held)
        if not held.droppable:
            self._free_s = self._clock_s()
        if not self._leaving:
            self._leaving, self._next = self._next, self._leaving
            self._begun = False
        return held.message

    def clear(self) -> None:
        """Forget everything: the receiver is gone."""
        self._control.clear()
        self.control_bytes = 0
        self._clear_media()

    def _make_way(self, epoch: int) -> None:
        """A keyframe comes: what it replaces goes."""
        self._drop(self._next, 0)
        keeps = self._begun and epoch == self._epoch
        self._drop(self._leaving, _picture_length(self._leaving) if keeps else 0)
        self._epoch, self._picture_bytes = epoch, 0
        self._needs_keyframe = self._behind = False
        self._begun = bool(self._leaving)

    def _take(self, message: bytes, kind: Kind) -> None:
        queue = self._next if self._next or (kind.keyframe and self._leaving) else self._leaving
        queue.append(_Held(message, kind.droppable, self._clock_s()))
        self.media_bytes += len(message)
        if kind.droppable:
            self._delta_bytes += len(message)
        else:
            self._picture_bytes += len(message)

    def _is_behind(self) -> bool:
        """Whether what waits is old, and a keyframe would be here sooner than all of it.

        A host that marks nothing as not droppable completes keyframes with deltas: bytes alone bound them.
        """
        backlog_bytes = max(self._picture_bytes // 2, _LEAST_BACKLOG_BYTES)
        if not self._picture_bytes or self._delta_bytes <= backlog_bytes:
            return False
        head = self._leaving[0]
        if not head.droppable or self._next:
            return self._delta_bytes > 2 * backlog_bytes
        waiting_s = self._clock_s() - max(head.came_s, self._free_s)
        return waiting_s * 1000 > OUTBOX_MEDIA_AGE_MS

    def _fall_behind(self, *, keep_picture: bool) -> None:
        """Drop the deltas, and unless a picture on its way can be completed, that too."""
        self.dropped_frames += 1
        self._drop(self._next, _picture_length(self._next) if keep_picture else 0)
        self._drop(self._leaving, _picture_length(self._leaving) if keep_picture else 0)
        self._needs_keyframe = self._behind = True

    def _drop(self, queue: deque[_Held], kept: int) -> None:
        """Drop what comes after the first so many."""
        while len(queue) > kept:
            self._forget(queue.pop())
            self.dropped_frames += 1

    def _forget(self, held: _Held) -> None:
        self.media_bytes -= len(held.message)
        if held.droppable:
            self._delta_bytes -= len(held.message)

    def _clear_media(self) -> None:
        self._leaving.clear()
        self._next.clear()
        self._begun = False
        self.media_bytes = self._delta_bytes = self._picture_bytes = 0


def _picture_length(queue: deque[_Held]) -> int:
    """How many messages at the front belong to a keyframe and what completes it."""
    return next((number for number, held in enumerate(queue) if held.droppable), len(queue))
