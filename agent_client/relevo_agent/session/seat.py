"""One viewer as the agent knows them: link, lifecycle, keys (SPEC S1, P6)."""

from dataclasses import dataclass, field
from typing import Final

from relevo_agent.session.allowance import Allowance
from relevo_agent.session.code import JoinCode
from relevo_agent.session.invite import Invite
from relevo_protocol.crypto import roster
from relevo_protocol.crypto.handshake import HostHandshake
from relevo_protocol.crypto.pairwise import PairwiseChannel
from relevo_protocol.crypto.schedule import Credential, SessionKeys
from relevo_protocol.frame import CodecId
from relevo_protocol.header import Header, MessageType
from relevo_protocol.lifecycle import SeatEvent, SeatState, next_seat_state
from relevo_protocol.limits import HEADER_BYTES, VIEWER_MESSAGES_AT_ONCE, VIEWER_MESSAGES_PER_S
from relevo_protocol.messages.relay import ViewerJoining
from relevo_protocol.messages.screen import Quality
from relevo_protocol.messages.session import Member
from relevo_protocol.modes import Capability, Role
from relevo_protocol.rights import Circumstances

SEATED: Final = frozenset({SeatState.LIVE, SeatState.AWAY, SeatState.RESUMING})
"""States of somebody whom the customer has let in."""


ACTS_AT_ONCE: Final = 20
ACTS_PER_S: Final = 2
"""What everybody is told of (roles, grants, invitations, control): so much of it may one viewer cause."""
ANSWERS_AT_ONCE: Final = 20
ANSWERS_PER_S: Final = 5
"""What a viewer is told without anybody having been asked (heartbeats, refused modes); no more of it."""


def _messages() -> Allowance:
    return Allowance(VIEWER_MESSAGES_AT_ONCE, VIEWER_MESSAGES_PER_S)


def _acts() -> Allowance:
    return Allowance(ACTS_AT_ONCE, ACTS_PER_S)


def _answers() -> Allowance:
    return Allowance(ANSWERS_AT_ONCE, ANSWERS_PER_S)


@dataclass(slots=True)
class Seat:
    """One viewer. ``vouched`` is what the relay said of them; ``link`` changes with every reconnection.

    ``role`` is theirs from the moment they are asked about, ``entered_as`` the one that they came with.
    ``granted`` is what they have beyond it. Of the chat, ``first_line`` was the last before they came,
    ``told_line`` is the last that they were sent.
    """

    vouched: ViewerJoining
    link: int
    since_ms: float
    state: SeatState = SeatState.JOINING
    role: Role = Role.COLLABORATOR
    entered_as: Role = Role.COLLABORATOR
    granted: frozenset[Capability] = frozenset()
    lent: frozenset[Capability] = frozenset()
    """Of what a guest was granted that which came with the control, and goes with it (SPEC G6)."""
    quality: Quality = Quality.AUTO
    decoders: frozenset[CodecId] = frozenset()
    decoders_told: int = 0
    handshake: HostHandshake | None = None
    code: JoinCode | None = None
    invite: Invite | None = None
    channel: PairwiseChannel | None = None
    resume: Credential | None = None
    resume_before: Credential | None = None
    team_key: bytes | None = field(default=None, repr=False)
    heard_ms: float = 0.0
    heard_before_ms: float = float("-inf")
    may_hold: bool = False
    """Whether something may be held down for them: they have used mouse or keyboard since all was let go."""
    first_line: int = 0
    told_line: int = 0
    sent_lines: dict[int, int] = field(default_factory=dict[int, int])
    """Of the chat, which line each of their own numbers became, the newest last (SPEC T8)."""
    control_agreed: bool = False
    """An external only: the customer has agreed that this person drives (SPEC G6)."""
    rest_until_ms: dict[Capability | None, float] = field(default_factory=dict[Capability | None, float])
    """Until when the customer is not asked again: about a mode (``None``), or one capability."""
    proved_until_ms: float = float("-inf")
    """Until when a fresh proof of who this is counts, on this link (SPEC C27)."""
    asked_until_ms: float = float("-inf")
    """Until when it counts for what the customer was asked while it did."""
    mode_told_ms: float = float("-inf")
    rights_told: Circumstances | None = None
    token_told_link: int | None = None
    acked: int = 0
    allowance: Allowance = field(default_factory=_messages)
    acts: Allowance = field(default_factory=_acts)
    answers: Allowance = field(default_factory=_answers)
    refused_ms: dict[tuple[object, ...], float] = field(default_factory=dict[tuple[object, ...], float])

    @property
    def slot(self) -> int:
        """Destination of headers to this viewer."""
        return self.vouched.slot

    def follow(self, event: SeatEvent, now_ms: float) -> None:
        """Go where the lifecycle's table leads.

        Raises:
            UnknownTransition: the table has no such pair; nothing has changed.
        """
        self.state = next_seat_state(self.state, event)
        self.since_ms = now_ms

    def attach(self, joining: ViewerJoining) -> None:
        """A new link for a known viewer: the old link's keys are gone."""
        self.vouched = joining
        self.link = joining.link
        self.decoders_told = 0
        self.proved_until_ms = self.asked_until_ms = float("-inf")
        self.drop_keys()

    def drop_keys(self) -> None:
        """Forget handshake, channel and key for whispers; the resume secrets stay."""
        self.handshake = None
        self.channel = None
        self.team_key = None

    def take_keys(self, keys: SessionKeys, now_ms: float) -> None:
        """Open the channel of a finished handshake; the secret it came by is kept until this one is used."""
        came_by = None if self.handshake is None else self.handshake.credential
        self.channel = PairwiseChannel.of_host(keys)
        self.resume_before = came_by if came_by is not None and came_by.kind == "resume" else None
        self.resume = keys.resume_credential()
        self.handshake = None
        self.heard_before_ms, self.heard_ms = self.heard_ms, now_ms

    def resume_secret(self, ref: bytes) -> bytes | None:
        """Return the resume secret that ``ref`` names, if it still counts."""
        for credential in (self.resume, self.resume_before):
            if credential is not None and credential.ref == ref:
                return credential.secret
        return None

    def open(self, header: Header, message: bytes) -> bytes:
        """Return the plaintext of a pairwise message.

        Raises:
            CryptoError: wrong counter, or the seal does not fit.
        """
        assert self.channel is not None  # noqa: S101 - the caller has looked
        head, sealed = message[:HEADER_BYTES], message[HEADER_BYTES:]
        plain = self.channel.receiver.open(head, header.counter, sealed)
        self.resume_before = None
        return plain

    def seal(self, body: bytes) -> bytes:
        """Return a whole pairwise message for this viewer."""
        assert self.channel is not None  # noqa: S101 - the caller has looked
        sender = self.channel.sender
        header = Header(
            MessageType.PAIRWISE, dst=self.slot, key_id=self.link, counter=sender.next_counter
        ).pack()
        return header + sender.seal(header, body)

    def member(self) -> Member:
        """This viewer as every viewer sees them."""
        v = self.vouched
        return Member(
            slot=v.slot,
            link=self.link,
            role=self.role,
            account_id=v.account_id,
            display_name=v.display_name,
            organisation=v.organisation,
            team_key=self.team_key,
        )


def roster_member(member: Member) -> roster.Member:
    """The same member as it enters the hash of the media key."""
    return roster.Member(
        slot=member.slot,
        role=member.role.value,
        account_id=member.account_id,
        display_name=member.display_name,
        organisation=member.organisation,
        link_id=member.link,
    )
