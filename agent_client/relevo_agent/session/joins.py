"""Somebody of the organisation asks, through the relay, to come in without a code (SPEC C20)."""

from typing import Final

from relevo_agent.session.allowance import Allowance
from relevo_agent.session.desk import Desk
from relevo_agent.session.invites import Invites
from relevo_protocol.crypto.errors import CryptoError
from relevo_protocol.crypto.invitation import JoinPurpose, seal_invitation
from relevo_protocol.errors import ErrorCode
from relevo_protocol.messages.relay import JoinAnswered, JoinAsked
from relevo_protocol.modes import Role, SessionKind, Standing

TURNED_AWAY_MS: Final = 600_000
"""Whom the customer has turned away, or somebody has removed, does not come back this way for so long."""
TURNED_AWAY_AT_MOST: Final = 100
ASKED_AT_ONCE: Final = 10
ASKED_PER_S: Final = 0.5


class Joins:
    """Decides who may come in so, and as what; the customer still has their say at the door."""

    def __init__(self, desk: Desk, invites: Invites) -> None:
        self._desk = desk
        self._invites = invites
        self._turned_away: dict[str, float] = {}
        self._asked = Allowance(ASKED_AT_ONCE, ASKED_PER_S)

    def asked(self, message: JoinAsked) -> None:
        """Answer with an invitation that only the asking browser can open, or with the reason why not."""
        role = self._role(message)
        if isinstance(role, ErrorCode):
            self._desk.tell_relay(JoinAnswered(request=message.request, code=role))
            return
        context = self._desk.context
        assert context is not None  # noqa: S101 - nothing is heard before the welcome
        returning = self._desk.mode_for_return(message.account_id) is not None
        invite = self._invites.for_account(message.account_id, role, returning=returning)
        purpose = JoinPurpose(context, invite.id, message.account_id)
        try:
            sealed = seal_invitation(invite.secret, message.key, purpose)
        except CryptoError as error:
            self._desk.tell_relay(JoinAnswered(request=message.request, code=error.code))
            return
        self._desk.tell_relay(JoinAnswered(request=message.request, invite=invite.id, sealed=sealed))

    def _role(self, message: JoinAsked) -> Role | ErrorCode:
        """As what they may come in; a code if not at all."""
        desk = self._desk
        if desk.settings.kind is SessionKind.PRESENTATION or message.standing is Standing.GUEST:
            return ErrorCode.NOT_PERMITTED
        if not self._asked.spend(desk.now_ms):
            return ErrorCode.THROTTLED
        if self.is_turned_away(message.account_id):
            return ErrorCode.CONSENT_DENIED
        if desk.mode_for_return(message.account_id) is not None:
            return Role.LEAD
        return self._role_beside_others(message) or ErrorCode.NOT_PERMITTED

    def _role_beside_others(self, message: JoinAsked) -> Role | None:
        """Into a session that others are in; into an empty one leads the code alone."""
        if not self._desk.seated:
            return None
        if message.standing is Standing.SUPERVISOR:
            return Role.SUPERVISOR
        return self._invites.expected(message.account_id)

    def is_turned_away(self, account_id: str) -> bool:
        """Whether somebody said No to this person, or sent them away, a moment ago."""
        return self._turned_away.get(account_id, self._desk.now_ms) > self._desk.now_ms

    def turn_away(self, account_id: str) -> None:
        """Somebody was refused at the door or removed: asking again at once would be pestering."""
        self._invites.forget_colleague(account_id)
        self._turned_away.pop(account_id, None)
        self._turned_away[account_id] = self._desk.now_ms + TURNED_AWAY_MS
        while len(self._turned_away) > TURNED_AWAY_AT_MOST:
            del self._turned_away[next(iter(self._turned_away))]
