"""Which session an invitation leads to (SPEC C19); the secret that belongs to it never comes here."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from relevo_protocol.errors import ErrorCode, ProtocolError
from relevo_protocol.limits import MAX_INVITES


@dataclass(frozen=True, slots=True)
class _Open:
    session_id: bytes
    guests: bool
    until_s: float


class Invitations:
    """The open invitations of every session; ``now_s`` is monotonic.

    They are gone with the host's line: it says them again when it is back.
    """

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._open: dict[bytes, _Open] = {}
        self._of: dict[bytes, set[bytes]] = {}
        self._awaited: dict[bytes, set[bytes]] = {}

    def __len__(self) -> int:
        return len(self._open)

    def open(self, session_id: bytes, invite: bytes, life_s: float, *, guests: bool) -> None:
        """Let this invitation lead to this session for so long.

        Raises:
            ProtocolError: it leads to another session, or this one has as many as it may.
        """
        there = self._open.get(invite)
        if there is not None and there.session_id != session_id:
            raise ProtocolError("this invitation belongs to another session", ErrorCode.UNEXPECTED)
        own = self._of.setdefault(session_id, set())
        if invite not in own and len(own) >= MAX_INVITES:
            self._drop_expired(session_id)
        if invite not in own and len(own) >= MAX_INVITES:
            raise ProtocolError(f"more than {MAX_INVITES} open invitations", ErrorCode.TOO_LARGE)
        own.add(invite)
        self._awaited.get(session_id, set[bytes]()).discard(invite)
        self._open[invite] = _Open(session_id, guests, self._now_s() + life_s)

    def close(self, session_id: bytes, invite: bytes) -> None:
        """Forget an invitation of this session; nothing happens when it is not this one's."""
        if invite in self._of.get(session_id, ()):
            self._of[session_id].discard(invite)
            del self._open[invite]

    def suspend(self, session_id: bytes) -> None:
        """The host's line is down: they lead nowhere until it has said them again."""
        own = self._of.get(session_id, set[bytes]())
        earlier = self._awaited.get(session_id, set[bytes]()) - own
        self._awaited[session_id] = own | set(islice(earlier, MAX_INVITES - len(own)))
        self._close_open(session_id)

    def is_awaited(self, session_id: bytes, invite: bytes) -> bool:
        """Whether this one was open when the host's line went down, and has not been said again since."""
        return invite in self._awaited.get(session_id, ())

    def close_all(self, session_id: bytes) -> None:
        """Forget every invitation of this session."""
        self._awaited.pop(session_id, None)
        self._close_open(session_id)

    def _close_open(self, session_id: bytes) -> None:
        for invite in self._of.pop(session_id, ()):
            del self._open[invite]

    def find(self, invite: bytes, *, guest: bool) -> bytes | None:
        """The session that this person may be seated in; None alike for unknown, expired, not for guests."""
        found = self._open.get(invite)
        if found is None or found.until_s <= self._now_s() or (guest and not found.guests):
            return None
        return found.session_id

    def _drop_expired(self, session_id: bytes) -> None:
        for invite in list(self._of[session_id]):
            if self._open[invite].until_s <= self._now_s():
                self.close(session_id, invite)
