"""Invitations of the session: made, announced, used once, gone (SPEC G14, C19)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from relevo_agent.session.desk import Desk
from relevo_agent.session.invite import Invite, demo_link
from relevo_agent.session.refusals import refuse_haste, refuse_role
from relevo_agent.session.seat import Seat
from relevo_protocol.crypto.schedule import SECRET_BYTES
from relevo_protocol.lifecycle import SeatState
from relevo_protocol.limits import INVITE_DEMO_LIFE_S, INVITE_LIFE_S, MAX_INVITES
from relevo_protocol.messages.relay import InviteClosed, InviteOpened, RecordedAct
from relevo_protocol.messages.team import InviteIssued, InviteOver, InviteRequest, InviteRevoke
from relevo_protocol.modes import Role

INVITE_BYTES: Final = 16
JOIN_LIFE_MS: Final = 60_000
"""How long a secret that was sealed to a browser is good: its ticket lives 30 s, the handshake 20."""
INVITED_AS: Final = frozenset({Role.COLLABORATOR, Role.EXPERT, Role.EXTERNAL})
"""What an invitation can make of somebody: nobody is invited to lead, and a supervisor is one by standing."""


@dataclass(frozen=True, slots=True)
class Colleague:
    """An account that is expected, and as what."""

    role: Role
    expires_ms: float


class Invites:
    """Knows every open invitation and every colleague that is expected."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._open: dict[bytes, Invite] = {}
        self._expected: dict[str, Colleague] = {}
        self._presentation: bytes | None = None

    # --- asked for by the lead or a supervisor ---

    def requested(self, seat: Seat, message: InviteRequest) -> None:
        """Make an invitation for one person, or expect a colleague."""
        if message.role not in INVITED_AS:
            refuse_role(self._desk, seat)
            return
        pace = self._desk.relay_acts if message.account_id is None else seat.acts
        if self._full or not pace.spend(self._desk.now_ms):
            refuse_haste(self._desk, seat)
            return
        self._desk.note(RecordedAct.INVITED, seat.slot, message.role.value)
        if message.account_id is not None:
            until_ms = self._desk.now_ms + INVITE_LIFE_S * 1000
            self._expected[message.account_id] = Colleague(message.role, until_ms)
            return
        guests = message.role is Role.EXTERNAL
        invite = self._make(message.role, guests=guests, asked_by=seat.slot)
        self._announce(invite)
        told = InviteIssued(invite=invite.id, secret=invite.secret, role=invite.role, life_s=INVITE_LIFE_S)
        self._desk.tell(seat, told)

    def revoked(self, message: InviteRevoke) -> None:
        """An invitation leads nowhere any more; one that is not open is nothing to speak of."""
        if message.invite != self._presentation:
            self._close(message.invite)

    @property
    def _full(self) -> bool:
        return len(self._open) + len(self._expected) >= MAX_INVITES

    # --- by way of the relay ---

    def expected(self, account_id: str) -> Role | None:
        """As what this account is expected; ``None`` if it is not."""
        colleague = self._expected.get(account_id)
        return None if colleague is None else colleague.role

    def for_account(self, account_id: str, role: Role, *, returning: bool) -> Invite:
        """Make an invitation that one account has through the relay's hands, sealed (SPEC C20)."""
        for invite in [i for i in self._open.values() if i.account_id == account_id]:
            self._close(invite.id)
        entropy = self._desk.settings.entropy
        invite = Invite(
            id=entropy(INVITE_BYTES),
            secret=entropy(SECRET_BYTES),
            role=role,
            expires_ms=self._desk.now_ms + JOIN_LIFE_MS,
            account_id=account_id,
            announced=False,
            returning=returning,
        )
        self._open[invite.id] = invite
        return invite

    def forget_colleague(self, account_id: str) -> None:
        """Somebody was sent away: what was kept for them is void."""
        self._expected.pop(account_id, None)
        for invite in [i for i in self._open.values() if i.account_id == account_id]:
            self._close(invite.id)

    # --- used ---

    def find(self, seat: Seat, ref: bytes) -> Invite | None:
        """The invitation that this viewer's first flight names, if it is one that they may use."""
        invite = self._open.get(ref)
        if invite is None or self._desk.now_ms >= invite.expires_ms:
            return None
        return invite if invite.account_id in (None, seat.vouched.account_id) else None

    def use(self, invite: Invite | None) -> bool:
        """Somebody has proven to know the secret; tell whether it still lets them in."""
        if invite is None or self._open.get(invite.id) is not invite:
            return False
        if self._desk.now_ms >= invite.expires_ms:
            return False
        if invite.once:
            self._close(invite.id)
        return True

    # --- presentations ---

    @property
    def link(self) -> str | None:
        """The link into the presentation, while there is one."""
        invite = self._open.get(self._presentation) if self._presentation is not None else None
        context = self._desk.context
        return (
            None
            if invite is None or context is None
            else demo_link(context.relay_origin, invite.id, invite.secret)
        )

    def open_presentation(self) -> None:
        """One invitation for everybody who has the link, as often as there is room (SPEC G12)."""
        given = self._desk.settings.invite
        self._open_presentation(*(given or self._drawn()))

    def change_presentation(self) -> None:
        """Another link leads in from now on: who was sent away has the one before (SPEC G12)."""
        if self._presentation is not None:
            self._close(self._presentation)
            self._open_presentation(*self._drawn())

    def _drawn(self) -> tuple[bytes, bytes]:
        entropy = self._desk.settings.entropy
        return entropy(INVITE_BYTES), entropy(SECRET_BYTES)

    def _open_presentation(self, number: bytes, secret: bytes) -> None:
        invite = Invite(
            id=number,
            secret=secret,
            role=Role.DEMO_VIEWER,
            expires_ms=self._desk.now_ms + INVITE_DEMO_LIFE_S * 1000,
            guests=True,
            once=False,
        )
        self._open[invite.id] = invite
        self._presentation = invite.id
        self._announce(invite)

    # --- kept up and gone ---

    def announce_again(self) -> None:
        """The relay has heard from us anew: it may have forgotten (SPEC C19)."""
        for invite in self._open.values():
            if invite.announced:
                self._announce(invite)

    def pass_time(self) -> None:
        """Invitations whose time is over end."""
        now_ms = self._desk.now_ms
        for invite in [i for i in self._open.values() if i.expires_ms <= now_ms]:
            self._close(invite.id)
        late = [account for account, c in self._expected.items() if c.expires_ms <= now_ms]
        for account in late:
            del self._expected[account]

    def forget_all(self) -> None:
        """The session is another one, or over: the relay knows that too."""
        self._open.clear()
        self._expected.clear()
        self._presentation = None

    def _make(self, role: Role, *, guests: bool, asked_by: int) -> Invite:
        entropy: Callable[[int], bytes] = self._desk.settings.entropy
        invite = Invite(
            id=entropy(INVITE_BYTES),
            secret=entropy(SECRET_BYTES),
            role=role,
            expires_ms=self._desk.now_ms + INVITE_LIFE_S * 1000,
            guests=guests,
            asked_by=asked_by,
        )
        self._open[invite.id] = invite
        return invite

    def _announce(self, invite: Invite) -> None:
        life_s = int((invite.expires_ms - self._desk.now_ms) / 1000)
        if life_s > 0:
            opened = InviteOpened(invite=invite.id, guests=invite.guests, life_s=life_s)
            self._desk.tell_relay(opened)

    def _close(self, number: bytes) -> None:
        invite = self._open.pop(number, None)
        if invite is None:
            return
        if invite.announced:
            self._desk.tell_relay(InviteClosed(invite=invite.id))
        seat = self._desk.seats.get(invite.asked_by) if invite.asked_by is not None else None
        if seat is not None and seat.state is SeatState.LIVE:
            self._desk.tell(seat, InviteOver(invite=invite.id))
