"""Sealed messages about the session itself: consent, mode, who is here, keys, heartbeat (SPEC P1-P8)."""

from typing import Annotated

from msgspec import Meta

from relevo_protocol.errors import ErrorCode
from relevo_protocol.limits import MAX_VIEWERS
from relevo_protocol.messages.base import (
    AccountId,
    Epoch64,
    InviteId,
    Link,
    Message,
    Milliseconds,
    Name,
    Part,
    Seconds,
    Secret32,
    Slot,
)
from relevo_protocol.modes import Capability, Mode, Permit, Role
from relevo_protocol.rights import Factor


class Member(Part, frozen=True):
    """One participant as everybody sees them; the list is inside every media epoch's key."""

    slot: Slot
    link: Link
    role: Role
    account_id: AccountId
    display_name: Name
    organisation: Name
    team_key: Secret32 | None = None
    """X25519 key for whispers (SPEC T2); not in the roster's hash, vouched for by the sealed channel."""


class RightView(Part, frozen=True):
    """One effective right and what removed it."""

    permit: Permit
    removed_by: Factor | None = None


class DemoJoin(Part, frozen=True):
    """A place in a presentation: the two halves of its link."""

    invite: InviteId
    secret: Secret32


# --- host to viewer ---


class ConsentPending(Message, frozen=True):
    """The customer is being asked; no answer within the deadline is No."""

    mode: Mode
    deadline_s: Seconds
    capability: Capability | None = None
    """Set when it is about one capability, not about the mode."""


class ConsentResult(Message, frozen=True):
    """The customer's answer, or the clock's. ``code`` says why not."""

    granted: bool
    mode: Mode
    code: ErrorCode | None = None
    capability: Capability | None = None


class ModeState(Message, frozen=True):
    """The mode that holds from now on and the receiver's own rights in it; sent at every change."""

    mode: Mode
    rights: dict[Capability, RightView]


class Epoch(Message, frozen=True):
    """A fresh media key and the list of members that it is bound to; travels ahead of the frames it opens."""

    epoch: Epoch64
    secret: Secret32
    members: Annotated[list[Member], Meta(max_length=MAX_VIEWERS)]


class InputRefused(Message, frozen=True):
    """Something that was not carried out, and why; at most one a second for the same reason.

    ``capability`` is ``None`` where the role forbids an act.
    """

    code: ErrorCode
    capability: Capability | None
    removed_by: Factor | None = None


class HeartbeatEcho(Message, frozen=True):
    """Answer to ``Heartbeat``: the viewer's own time comes back, ms."""

    t_ms: Milliseconds


class HostGoodbye(Message, frozen=True):
    """The customer or the agent ended this viewer's part; ``code`` says why."""

    code: ErrorCode


# --- viewer to host ---


class Heartbeat(Message, frozen=True):
    """Every two seconds; ten without one are a cut. ``rtt_ms`` is the last round trip the viewer measured."""

    t_ms: Milliseconds
    rtt_ms: Milliseconds = 0.0


class ModeRequest(Message, frozen=True):
    """Ask for a mode; a step up asks the customer, a step down happens at once.

    ``demo`` belongs to the mode demo: the presentation that the customer is invited to see (SPEC G13).
    """

    mode: Mode
    demo: DemoJoin | None = None


class Goodbye(Message, frozen=True):
    """The viewer leaves for good."""
