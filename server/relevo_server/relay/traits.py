"""What a session is and how long it is kept with nobody there (SPEC C21, C22, G12, V5, V7)."""

import math
from dataclasses import dataclass, field
from typing import Final

from relevo_protocol.modes import SessionKind

HOME: Final = "home"
"""The organisation that every deployment has: whose a session is before anybody leads it."""


@dataclass(frozen=True, slots=True)
class Lead:
    """Who leads a session, in a presentation who presents, as the relay knows the account."""

    account_id: str
    display_name: str
    team: str
    organisation: str = HOME
    """The id of the lead's organisation: from then on the session is one of theirs (SPEC C29)."""
    sign_in: str = field(default="", compare=False)
    """Of a presenter: the sign-in that their ticket was had with; not stored."""


@dataclass(frozen=True, slots=True)
class Traits:
    """Stored with the session. Times are wall time, seconds; 0 when there is no hold and no restart."""

    kind: SessionKind = SessionKind.SUPPORT
    lead: Lead | None = None
    held_until_s: float = 0.0
    back_by_s: float = 0.0

    def held(self, wall_s: float) -> bool:
        """Whether the session is held now."""
        return self.held_until_s > wall_s

    def restarting_s(self, wall_s: float) -> int:
        """How many more seconds the host's restart may take; 0 when it does not restart."""
        return max(0, math.ceil(self.back_by_s - wall_s))

    def stay_s(self, wall_s: float, usual_s: float) -> float:
        """How long whoever is away now may still come back: the usual time, or hold or restart if longer."""
        return max(usual_s, self.held_until_s - wall_s, self.back_by_s - wall_s)
