"""Who may do what in a session, and who drives: control token, roles, grants, invites (SPEC G1-G14)."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from relevo_protocol.inert import INERT
from relevo_protocol.limits import MAX_TOLD_REASON_CHARS, MAX_VIEWERS
from relevo_protocol.messages.base import (
    AccountId,
    InviteId,
    Message,
    Milliseconds,
    Part,
    Seconds,
    Secret32,
    Slot,
    SlotOrHost,
)
from relevo_protocol.modes import Capability, Role

ToldReason = Annotated[str, Meta(min_length=3, max_length=MAX_TOLD_REASON_CHARS, pattern=INERT)]
"""Why somebody takes over: the customer and the record have it, so it is one inert line."""


class TokenCause(StrEnum):
    """Why the control token is where it is."""

    MODE = "mode"
    TAKEN = "taken"
    GIVEN = "given"
    RELEASED = "released"
    LOCAL_INPUT = "local_input"
    LOCAL_QUIET = "local_quiet"
    MICRO_HANDOVER = "micro_handover"
    MICRO_HANDOVER_OVER = "micro_handover_over"
    LEFT = "left"


class MemberGrants(Part, frozen=True):
    """What the lead has granted to one member beyond the role's own."""

    slot: Slot
    granted: Annotated[list[Capability], Meta(max_length=64)]


# --- viewer to host ---


class TeamKey(Message, frozen=True):
    """The viewer's X25519 key for whispers, fresh for each link; the host passes it on in the member list."""

    public: Secret32


class ControlRequest(Message, frozen=True):
    """Take the control token, if the rights allow it and the customer is not at work in shared mode."""


class ControlRelease(Message, frozen=True):
    """Give the token up: a lead to the customer, anybody else to the lead."""


class ControlGive(Message, frozen=True):
    """The lead hands the token to a member; an external's needs the customer's consent."""

    slot: Slot


class MicroHandover(Message, frozen=True):
    """A supervisor takes the token for ``MICRO_HANDOVER_S`` seconds; it then returns by itself."""


class TakeOver(Message, frozen=True):
    """A supervisor becomes the lead; the reason is told to everybody, and recorded."""

    reason: ToldReason


class HandOver(Message, frozen=True):
    """The lead makes a member the lead; never an external or a demo viewer."""

    slot: Slot


class GrantChange(Message, frozen=True):
    """The lead (in a demo the presenter's page) gives a member a capability, or takes it back."""

    slot: Slot
    capability: Capability
    granted: bool


class RemoveMember(Message, frozen=True):
    """The lead or a supervisor sends a member away; their next frame is under a key that the member lacks."""

    slot: Slot


class InviteRequest(Message, frozen=True):
    """Ask the host for an invitation for one person, with this role: by link, or for a colleague's account.

    A colleague needs no link: the host lets that account in when the relay brings its request (SPEC C20).
    """

    role: Role
    account_id: AccountId | None = None


class InviteRevoke(Message, frozen=True):
    """The invitation leads nowhere any more."""

    invite: InviteId


class CapabilityRequest(Message, frozen=True):
    """Ask the customer for a capability before it is needed."""

    capability: Capability


# --- host to viewer ---


class TokenState(Message, frozen=True):
    """Who holds the control token: a slot, 0 for the host's own person, nobody in a mode without input.

    ``returns_ms``: after so long it goes by itself to ``next_slot`` (micro-handover, local quiet);
    0 if it does not.
    """

    holder: SlotOrHost | None
    cause: TokenCause
    returns_ms: Milliseconds = 0.0
    next_slot: SlotOrHost | None = None


class GrantsState(Message, frozen=True):
    """What every member was granted; sent to everybody at every change."""

    grants: Annotated[list[MemberGrants], Meta(max_length=MAX_VIEWERS)]


class InviteIssued(Message, frozen=True):
    """The invitation asked for: the link's two halves, to be put together behind a ``#``."""

    invite: InviteId
    secret: Secret32
    role: Role
    life_s: Seconds


class InviteOver(Message, frozen=True):
    """An invitation of yours leads nowhere any more: it was used, revoked, or too old."""

    invite: InviteId


class LeadChanged(Message, frozen=True):
    """Somebody else leads from now on. ``reason`` is set when a supervisor took over."""

    slot: Slot
    reason: ToldReason | None = None
