"""Colleagues who were invited by somebody in a session (SPEC C20)."""

from collections.abc import Callable, Mapping

from relevo_protocol.limits import INVITE_LIFE_S, MAX_INVITES


class Invited:
    """Accounts that may ask to come in, for an hour each, ``MAX_INVITES`` at most; the oldest goes first.

    ``wall_s`` is wall time: it goes on over a restart of the relay.
    """

    def __init__(self, wall_s: Callable[[], float]) -> None:
        self._wall_s = wall_s
        self._until_s: dict[str, float] = {}

    def __contains__(self, account_id: str) -> bool:
        return self._until_s.get(account_id, float("-inf")) > self._wall_s()

    def add(self, account_id: str) -> None:
        """Invite this account from now on."""
        self.remove(account_id)
        self._until_s[account_id] = self._wall_s() + INVITE_LIFE_S
        while len(self._until_s) > MAX_INVITES:
            del self._until_s[next(iter(self._until_s))]

    def remove(self, account_id: str) -> bool:
        """They were sent away again; tell whether they were invited."""
        return self._until_s.pop(account_id, None) is not None

    def restore(self, kept: Mapping[str, float]) -> None:
        """Take up what was stored."""
        self._until_s = dict(kept)

    @property
    def kept(self) -> dict[str, float]:
        """What to store: until when each account may ask, the oldest first."""
        return {who: until_s for who, until_s in self._until_s.items() if until_s > self._wall_s()}
