"""No pointer, and the reason."""

from dataclasses import dataclass

from relevo_agent.pipeline.types import CursorState


@dataclass(frozen=True, slots=True)
class NoCursor:
    """A pointer that is never there; ``unavailable`` says why."""

    unavailable: str

    @property
    def signal(self) -> int | None:
        """Nothing to tell."""
        return None

    def poll(self) -> CursorState | None:
        """Nothing."""
        return None

    def close(self) -> None:
        """Nothing to give back."""
