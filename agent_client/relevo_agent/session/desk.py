"""What all rooms of the session share: who is here, in which mode, and the actions that have come up."""

from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from relevo_agent.features.base import INPUT_CAPABILITIES
from relevo_agent.session.actions import Action, Person, ReleaseHeld, Send
from relevo_agent.session.code import Draw
from relevo_agent.session.seat import SEATED, Seat
from relevo_protocol.codec import encode, relay_message
from relevo_protocol.crypto.flights import HostIdentity
from relevo_protocol.crypto.handshake import Entropy
from relevo_protocol.crypto.schedule import ChannelContext
from relevo_protocol.errors import ErrorCode
from relevo_protocol.lifecycle import SeatState
from relevo_protocol.messages import AgentToRelay, HostToViewer
from relevo_protocol.messages.relay import RemoveViewer
from relevo_protocol.messages.screen import CaptureState, ScreenLayout
from relevo_protocol.modes import Capability, Mode, Role
from relevo_protocol.rights import Circumstances

MODES_HERE: Final = (Mode.OBSERVER, Mode.FULL)
"""Modes that this version can hold at most; the others are refused (factor platform)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a session is started with.

    ``modes`` are those that can be held on this PC; ``join`` is a routing number that the technician has
    reserved; ``start_mode`` overrides the viewer's wish (demo only).
    """

    identity: HostIdentity
    device_key: Ed25519PrivateKey = field(repr=False)
    agent_version: str
    unavailable: frozenset[Capability]
    modes: tuple[Mode, ...]
    entropy: Entropy
    draw: Draw
    join: str | None = None
    start_mode: Mode | None = None


@dataclass(slots=True)
class Desk:
    """Shared state. ``seats`` is by slot; ``out`` is emptied by :meth:`Session` after each event."""

    settings: Settings
    out: list[Action] = field(default_factory=list[Action])
    seats: dict[int, Seat] = field(default_factory=dict[int, Seat])
    mode: Mode = Mode.OBSERVER
    context: ChannelContext | None = None
    layout: ScreenLayout | None = None
    condition: CaptureState | None = None
    now_ms: float = 0.0
    asking: bool = False

    def act(self, *actions: Action) -> None:
        """Leave actions to be carried out, in this order."""
        self.out.extend(actions)

    def tell_relay(self, message: AgentToRelay) -> None:
        """Send a relay-control message."""
        self.act(Send(relay_message(message)))

    def tell(self, seat: Seat, message: HostToViewer) -> None:
        """Send a sealed message to one viewer; without a channel there is nobody to tell."""
        if seat.channel is not None:
            self.act(Send(seat.seal(encode(message))))

    def remove(self, seat: Seat, code: ErrorCode) -> None:
        """Have the relay close this viewer's socket."""
        self.tell_relay(RemoveViewer(link=seat.link, code=code))

    def seat_of(self, link: int) -> Seat | None:
        """The viewer on this link; ``None`` for a link that is past."""
        return next((seat for seat in self.seats.values() if seat.link == link), None)

    def in_state(self, *states: SeatState) -> list[Seat]:
        """Viewers in any of these states, by slot."""
        return [seat for _, seat in sorted(self.seats.items()) if seat.state in states]

    @property
    def live(self) -> list[Seat]:
        """Viewers that see the screen now."""
        return self.in_state(SeatState.LIVE)

    @property
    def seated(self) -> list[Seat]:
        """Viewers whom the customer let in, also while their connection is cut."""
        return self.in_state(*SEATED)

    @property
    def lead(self) -> Seat | None:
        """Who may ask for more and move the pointer."""
        return next((seat for seat in self.seated if seat.role is Role.LEAD), None)

    def people(self) -> tuple[Person, ...]:
        """Everybody whom the banner names."""
        return tuple(
            Person(s.slot, s.vouched.display_name, s.vouched.organisation, s.role, s.state is SeatState.LIVE)
            for s in self.seated
        )

    def circumstances(self, seat: Seat) -> Circumstances:
        """Everything that this viewer's rights depend on.

        While the customer is being asked nobody else moves the pointer: a technician must not click Yes.
        """
        refused = frozenset(INPUT_CAPABILITIES) if self.asking else frozenset[Capability]()
        unavailable = self.settings.unavailable
        return Circumstances(mode=self.mode, role=seat.role, refused=refused, unavailable=unavailable)

    def release_held(self) -> None:
        """Every key and button goes up; asked once in a row is enough."""
        if not self.out or not isinstance(self.out[-1], ReleaseHeld):
            self.act(ReleaseHeld())
