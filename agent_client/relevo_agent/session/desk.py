"""What all rooms of the session share: who is here, in which mode, and the actions that have come up."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from relevo_agent.features.base import INPUT_CAPABILITIES
from relevo_agent.session.actions import Action, Keep, Perform, Person, ReleaseHeld, Send
from relevo_agent.session.allowance import Allowance, relay_acts
from relevo_agent.session.code import Draw
from relevo_agent.session.entries import Entry
from relevo_agent.session.records import Notices
from relevo_agent.session.seat import SEATED, Seat
from relevo_agent.session.token import ControlToken
from relevo_protocol.codec import encode, relay_message
from relevo_protocol.crypto.flights import HostIdentity
from relevo_protocol.crypto.handshake import Entropy
from relevo_protocol.crypto.schedule import ChannelContext
from relevo_protocol.errors import ErrorCode
from relevo_protocol.lifecycle import SeatState
from relevo_protocol.messages import AgentToRelay, HostToViewer
from relevo_protocol.messages.relay import RecordedAct, RemoveViewer, ViewerJoining
from relevo_protocol.messages.screen import CaptureState, ScreenLayout
from relevo_protocol.messages.session import DemoJoin
from relevo_protocol.messages.team import GrantsState, MemberGrants
from relevo_protocol.modes import Capability, Mode, Role, SessionKind
from relevo_protocol.rights import Circumstances, Policy

BY_SERVICE: Final = frozenset(
    {
        Capability.ELEVATE,
        Capability.POWER_LOGOFF,
        Capability.POWER_REBOOT,
        Capability.POWER_SAFE_MODE,
        Capability.SCRIPT_RUN,
        Capability.SESSION_RECONNECT,
        Capability.SYSTEM_SERVICES,
        Capability.TERMINAL_ADMIN,
    }
)
"""What the service alone can do: without it these are not to be had here (SPEC V2, V8)."""


def wall_clock_ms() -> float:
    """Return the time of day, ms since 1970."""
    return time.time() * 1000


def _nameless(_pid: int, _started_ms: int) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a session is started with.

    ``modes`` are those that can be held on this PC; ``join`` is a routing number that the technician has
    reserved; ``start_mode`` overrides the viewer's wish (demo only). ``wall_ms`` is the time of day, ms since
    1970; ``floor`` this PC's own word, which no server lowers (SPEC N4); ``service``: the helper for
    administrator mode is installed (SPEC V2). A presentation has the ``ticket`` of its presenter's account,
    and may have been given its ``invite`` (id and secret) beforehand. ``process_name`` is what this PC calls
    the process of a number and a start (ms since 1970), one inert line, empty if it does not run.
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
    wall_ms: Callable[[], float] = wall_clock_ms
    kind: SessionKind = SessionKind.SUPPORT
    ticket: str | None = field(default=None, repr=False)
    invite: tuple[bytes, bytes] | None = field(default=None, repr=False)
    floor: Mapping[Capability, Policy] = field(default_factory=dict[Capability, Policy])
    policy: Mapping[Capability, Policy] = field(default_factory=dict[Capability, Policy])
    service: bool = False
    process_name: Callable[[int, int], str] = _nameless


@dataclass(frozen=True, slots=True)
class Hold:
    """Who may come back to the session, into which mode, until when on the session's clock (SPEC V6, V7)."""

    account_id: str
    mode: Mode
    until_ms: float
    grant_ends_ms: float | None = None


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
    token: ControlToken = field(default_factory=ControlToken)
    consented: frozenset[Capability] = frozenset()
    """What the customer has allowed for this session beyond the mode itself (SPEC N3)."""
    grant_ends_ms: float | None = None
    """When the grant of administrator mode ends (SPEC V1)."""
    granted_to: str | None = None
    """The account that administrator mode was granted to, while it holds (SPEC V10)."""
    hold: Hold | None = None
    returning: Hold | None = None
    """The lead of before a restart, until they are here again or the time is over (SPEC V6)."""
    restart_until_ms: float = float("-inf")
    """After a restart: until when its secrets are good."""
    demo: DemoJoin | None = None
    """The presentation that the customer agreed to see, while the mode is demo (SPEC G13)."""
    removed: dict[int, RemoveViewer] = field(default_factory=dict[int, RemoveViewer])
    """Whose seat has ended here, by slot, as the relay was told it: a cut may have swallowed the word."""
    notices: Notices = field(default_factory=Notices)
    relay_acts: Allowance = field(default_factory=relay_acts)
    unavailable: frozenset[Capability] = field(init=False)

    def __post_init__(self) -> None:
        self.unavailable = self.settings.unavailable | (frozenset() if self.settings.service else BY_SERVICE)

    def process(self, pid: int, started_ms: int) -> str:
        """A process as people know it: by its name, with its number."""
        name = self.settings.process_name(pid, started_ms)
        return f"{name} ({pid})" if name else f"{pid}"

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

    def answer(self, seat: Seat, message: HostToViewer) -> None:
        """Tell a viewer what they may cause by the thousand; beyond what anybody needs they hear nothing."""
        if seat.answers.spend(self.now_ms):
            self.tell(seat, message)

    def remove(self, seat: Seat, code: ErrorCode) -> None:
        """Have the relay close this viewer's socket."""
        self._remove(seat.slot, RemoveViewer(link=seat.link, code=code))

    def turn_away(self, message: ViewerJoining) -> None:
        """The relay brings back somebody whose seat has ended here: they hear why (SPEC C11)."""
        ended = self.removed.get(message.slot)
        code = ErrorCode.RESUME_INVALID if ended is None else ended.code
        self._remove(message.slot, RemoveViewer(link=message.link, code=code))

    def _remove(self, slot: int, order: RemoveViewer) -> None:
        self.removed[slot] = order
        self.tell_relay(order)

    def seat_of(self, link: int) -> Seat | None:
        """The viewer on this link; ``None`` for a link that is past."""
        return next((seat for seat in self.seats.values() if seat.link == link), None)

    def in_state(self, *states: SeatState) -> list[Seat]:
        """Viewers in any of these states, by slot."""
        return [seat for _, seat in sorted(self.seats.items()) if seat.state in states]

    @property
    def presents(self) -> bool:
        """Whether this session is a presentation, from beginning to end (SPEC G12)."""
        return self.settings.kind is SessionKind.PRESENTATION

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

    @property
    def lead_is_here(self) -> bool:
        """Whether the lead is connected, so that whoever comes is a further person beside them (SPEC G11)."""
        return any(seat.role is Role.LEAD for seat in self.live)

    def asks_to_show(self) -> bool:
        """Whether policy or floor want the customer asked before anybody sees the screen."""
        words = (self.settings.policy, self.settings.floor)
        return any(word.get(Capability.SCREEN_VIEW) is Policy.ASK for word in words)

    def people(self) -> tuple[Person, ...]:
        """Everybody whom the banner names."""
        return tuple(
            Person(
                slot=s.slot,
                display_name=s.vouched.display_name,
                organisation=s.vouched.organisation,
                role=s.role,
                present=s.state is SeatState.LIVE,
                may_mark=Capability.POINT_ANNOTATE in s.granted,
            )
            for s in self.seated
        )

    def circumstances(self, seat: Seat) -> Circumstances:
        """Everything that this viewer's rights depend on.

        While the customer is being asked nobody else moves the pointer: a technician must not click Yes.
        A micro-handover needs no grant (SPEC G7).
        """
        lent = frozenset(INPUT_CAPABILITIES) if self.token.micro == seat.slot else frozenset[Capability]()
        return Circumstances(
            mode=self.mode,
            role=seat.role,
            policy=self.settings.policy,
            granted=seat.granted | lent,
            refused=frozenset(INPUT_CAPABILITIES) if self.asking else frozenset(),
            consented=self.consented,
            floor=self.settings.floor,
            unavailable=self.unavailable,
            admin_tools=seat.vouched.admin_tools,
            token=self.token.holder == seat.slot,
        )

    def mode_for_return(self, account_id: str) -> Mode | None:
        """The mode in which this account may come back as the lead without a question (SPEC V6, V7)."""
        for kept in (self.hold, self.returning):
            if kept is not None and kept.account_id == account_id and self.now_ms < kept.until_ms:
                grant_over = kept.grant_ends_ms is not None and self.now_ms >= kept.grant_ends_ms
                return Mode.FULL if grant_over and kept.mode is Mode.ADMINISTRATOR else kept.mode
        return None

    @property
    def kept_until_ms(self) -> float:
        """Until when seats are kept beyond their ten minutes (SPEC C21)."""
        return self.restart_until_ms if self.hold is None else max(self.restart_until_ms, self.hold.until_ms)

    @property
    def is_kept(self) -> bool:
        """Whether the session waits for somebody who held it, or for its lead after a restart."""
        kept = [k for k in (self.hold, self.returning) if k is not None]
        return any(self.now_ms < k.until_ms for k in kept)

    def tell_grants(self) -> None:
        """Tell everybody what every member was granted; to be called at every change (SPEC G6)."""
        grants = [MemberGrants(slot=s.slot, granted=sorted(s.granted)) for s in self.seated]
        for seat in self.live:
            self.tell(seat, GrantsState(grants=grants))

    def keep(self, entry: Entry) -> None:
        """Have this PC's own record keep something (SPEC N5)."""
        self.act(Keep(entry))

    def note(self, act: RecordedAct, slot: int, detail: str = "") -> None:
        """Tell the relay's record, now or as soon as the relay may be told (SPEC C26)."""
        self.notices.add(act, slot, detail)
        self.send_notices()

    def send_notices(self, *, at_once: bool = False) -> None:
        """Send what the record is still to be told, as far as it is time; ``at_once``: before the end."""
        for notice in self.notices.farewell() if at_once else self.notices.due(self.now_ms):
            self.tell_relay(notice)

    def release_held(self) -> None:
        """Every key and button goes up; once is enough until something is pressed again."""
        last = next((a for a in reversed(self.out) if isinstance(a, ReleaseHeld | Perform)), None)
        if not isinstance(last, ReleaseHeld):
            self.act(ReleaseHeld())
