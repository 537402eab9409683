"""How the picture of one run travelled, for the log."""

from collections import Counter

from relevo_agent.pipeline.types import Outgoing
from relevo_protocol.frame import CodecId


class Tally:
    """Frames, bytes and updates by kind and codec; nothing of what they showed."""

    def __init__(self) -> None:
        self._frames = self._keyframes = self._bytes = 0
        self._parts: Counter[str] = Counter()

    def add(self, outgoing: Outgoing) -> None:
        """Count one frame."""
        self._frames += 1
        self._keyframes += outgoing.keyframe
        self._bytes += len(outgoing.data)
        self._parts.update(
            kind.name if codec is CodecId.NONE else f"{kind.name}/{codec.name}"
            for kind, codec in outgoing.parts
        )

    def __str__(self) -> str:
        parts = ", ".join(f"{name} {count}" for name, count in sorted(self._parts.items()))
        return f"{self._frames} frames, {self._keyframes} keyframes, {self._bytes} bytes; {parts.lower()}"
