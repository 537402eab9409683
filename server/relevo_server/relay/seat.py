"""One viewer's place in a session, as the relay knows it."""

from dataclasses import dataclass

from relevo_protocol.lifecycle import SeatEvent, SeatState, next_seat_state
from relevo_protocol.modes import Role, Standing
from relevo_server.relay.line import Line
from relevo_server.relay.traits import HOME

FLIGHTS_EACH_WAY = 2


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the relay vouches for."""

    account_id: str
    display_name: str
    organisation: str
    standing: Standing = Standing.TECHNICIAN
    team: str = ""
    admin_tools: bool = False
    organisation_id: str = HOME
    """Whose people it may meet (SPEC C29); ``organisation`` is only the name that is shown."""
    sign_in: str = ""
    """The public id of the sign-in that its ticket was had with; empty where nobody knows it (any more)."""

    @property
    def guest(self) -> bool:
        """Whether this is somebody without an account, under a name of their own choice."""
        return self.standing is Standing.GUEST


@dataclass(slots=True)
class Seat:
    """A place 1..5. ``line`` is None while the viewer is away; ``deadline_s`` is monotonic."""

    slot: int
    identity: Identity
    link: int
    state: SeatState = SeatState.JOINING
    line: Line | None = None
    admitted: bool = False
    role: Role = Role.COLLABORATOR
    """The host's word since the seat was admitted for the first time."""
    viewer_flights: int = 0
    host_flights: int = 0
    deadline_s: float | None = None
    expires_at_s: float = 0.0
    keyframe_wanted_s: float = float("-inf")
    away_since_s: float = float("inf")

    @property
    def established(self) -> bool:
        """Whether the viewer was live once, so that it may come back."""
        return self.state in {SeatState.LIVE, SeatState.AWAY, SeatState.RESUMING}

    def follow(self, event: SeatEvent) -> None:
        """Take a step of the lifecycle.

        Raises:
            UnknownTransition: the table has no such step; nothing has changed.
        """
        self.state = next_seat_state(self.state, event)

    def relink(self, link: int) -> None:
        """Begin anew on another link: no flight seen, nothing admitted."""
        self.link = link
        self.viewer_flights = self.host_flights = 0
        self.unadmit()

    def unadmit(self) -> None:
        """Let no more media through before the agent admits this seat again."""
        self.admitted = False
        if self.line is not None:
            self.line.outbox.restart_media()
