"""One-time tickets: the only thing that opens a viewer's WebSocket (SPEC C3).

A cookie is sent by the browser whoever asks; a ticket only by a page that was given one.
"""

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from relevo_protocol.limits import TICKET_LIFE_S
from relevo_server.access.destination import Destination
from relevo_server.accounts.view import AccountView

TICKET_BYTES = 32
TICKET_CHARS = 43  # 32 bytes in base64url without padding


@dataclass(frozen=True)
class Ticket:
    """Who may go where, until when (monotonic seconds)."""

    account: AccountView
    destination: Destination
    expires_at_s: float


class TicketOffice:
    """Issues and redeems tickets; holds at most `capacity` of them and `per_account` for one account."""

    def __init__(
        self,
        now_s: Callable[[], float],
        capacity: int = 10_000,
        per_account: int = 16,
        life_s: float = TICKET_LIFE_S,
    ) -> None:
        self._now_s = now_s
        self._capacity = capacity
        self._per_account = per_account
        self._life_s = life_s
        # All tickets live equally long, so the order of issue is the order of expiry.
        self._tickets: OrderedDict[bytes, Ticket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._tickets)

    def issue(self, account: AccountView, destination: Destination) -> str:
        """A fresh ticket of 43 base64url characters, bound to account and destination.

        It never begins with a hyphen: a presenter gives it to the agent on a command line (SPEC C24).
        """
        now_s = self._now_s()
        self._drop_expired(now_s)
        self._make_room(account.id)
        while (ticket := secrets.token_urlsafe(TICKET_BYTES)).startswith("-"):
            pass
        self._tickets[_digest(ticket)] = Ticket(account, destination, now_s + self._life_s)
        return ticket

    def redeem(self, ticket: str) -> Ticket | None:
        """What the ticket stands for, once; None when unknown, used or expired."""
        if len(ticket) != TICKET_CHARS or not ticket.isascii():
            return None
        found = self._tickets.pop(_digest(ticket), None)
        if found is None or found.expires_at_s <= self._now_s():
            return None
        return found

    def holder(self, ticket: str) -> AccountView | None:
        """Whom a living ticket was given to; it stays as good as it was."""
        if len(ticket) != TICKET_CHARS or not ticket.isascii():
            return None
        found = self._tickets.get(_digest(ticket))
        return found.account if found is not None and found.expires_at_s > self._now_s() else None

    def revoke(self, account_id: str, sign_in: str = "") -> None:
        """Forget the tickets of an account, or only those that one sign-in of it was given (SPEC C25)."""
        for key, ticket in list(self._tickets.items()):
            account = ticket.account
            if account.id == account_id and sign_in in {"", account.sign_in or sign_in}:
                del self._tickets[key]

    def _drop_expired(self, now_s: float) -> None:
        while self._tickets:
            key, oldest = next(iter(self._tickets.items()))
            if oldest.expires_at_s > now_s:
                return
            del self._tickets[key]

    def _make_room(self, account_id: str) -> None:
        own = [key for key, ticket in self._tickets.items() if ticket.account.id == account_id]
        for key in own[: max(0, len(own) - self._per_account + 1)]:
            del self._tickets[key]
        while len(self._tickets) >= self._capacity:
            self._tickets.popitem(last=False)


def _digest(ticket: str) -> bytes:
    # Looked up by digest: the time of a dictionary lookup then says nothing about the ticket itself.
    return hashlib.sha256(ticket.encode("ascii")).digest()
