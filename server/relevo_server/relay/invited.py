"""Colleagues who were invited by somebody in a session (SPEC C20)."""

from collections.abc import Callable

from relevo_protocol.limits import INVITE_LIFE_S, MAX_INVITES


class Invited:
    """Accounts that may ask to come in, for an hour each, ``MAX_INVITES`` at most; the oldest goes first."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._until_s: dict[str, float] = {}

    def __contains__(self, account_id: str) -> bool:
        return self._until_s.get(account_id, float("-inf")) > self._now_s()

    def add(self, account_id: str) -> None:
        """Invite this account from now on."""
        self.remove(account_id)
        self._until_s[account_id] = self._now_s() + INVITE_LIFE_S
        while len(self._until_s) > MAX_INVITES:
            del self._until_s[next(iter(self._until_s))]

    def remove(self, account_id: str) -> None:
        """They were sent away again."""
        self._until_s.pop(account_id, None)
