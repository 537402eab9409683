"""The one code that is open at a time, and when the next is asked for (SPEC C5, P7)."""

from typing import Final

from relevo_agent.session.actions import ShownCode
from relevo_agent.session.code import JoinCode, draw_secret
from relevo_agent.session.desk import Desk
from relevo_protocol.limits import CODE_LIFE_S
from relevo_protocol.messages.relay import CodeRequest
from relevo_protocol.modes import SessionKind

MIN_LIFE_S: Final = 10
"""Whatever the relay says, codes are not changed faster than they can be read aloud."""
REST_MS: Final = 60_000


class Codes:
    """Issues, charges and kills codes. Without a code nobody can come in."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._current: JoinCode | None = None
        self._requested = False
        self._rest_until_ms = float("-inf")

    @property
    def shown(self) -> ShownCode | None:
        """What stands on the screen."""
        code = self._current
        if code is None:
            return None
        return ShownCode(code.digits, code.expires_ms, reserved=code.routing == self._desk.settings.join)

    @property
    def _wanted(self) -> bool:
        return self._desk.settings.kind is SessionKind.SUPPORT

    def issue(self, routing: str, life_s: int) -> None:
        """The relay has given a routing number: put our secret behind it, for ten minutes at most.

        A presentation has no use for one: its viewers come by invitation.
        """
        self._requested = False
        if not self._wanted:
            return
        secret = draw_secret(self._desk.settings.draw)
        life_ms = 1000 * max(MIN_LIFE_S, min(life_s, CODE_LIFE_S))
        self._current = JoinCode(routing, secret, self._desk.now_ms + life_ms)

    def request(self) -> None:
        """Ask for another; the old one stops working now."""
        self._current = None
        if self._wanted and not self._requested and self._desk.now_ms >= self._rest_until_ms:
            self._requested = True
            self._desk.tell_relay(CodeRequest())

    def refused(self) -> None:
        """The relay gives none at the moment: asking again at once would only make it worse."""
        self._rest_until_ms = self._desk.now_ms + REST_MS

    def link_lost(self) -> None:
        """What was asked for will not come; the code itself outlives a cut (SPEC C5)."""
        self._requested = False

    def spend(self) -> None:
        """The code has been used."""
        self._current = None

    def secret(self) -> str | None:
        """The secret half for a run that begins now; ``None`` if none is open."""
        code = self._current
        return code.secret if code is not None and code.open_at(self._desk.now_ms) else None

    def charge(self) -> JoinCode | None:
        """Flight 2 leaves: charge the code, if there is one that counts."""
        if self.secret() is None or self._current is None:
            return None
        self._current.charge()
        return self._current

    def is_current(self, run: JoinCode | None) -> bool:
        """Tell whether the code of a run may still let somebody in."""
        return run is not None and run is self._current and self._desk.now_ms < run.expires_ms

    def failed(self, run: JoinCode | None) -> bool:
        """A run is over without success; tell whether that has killed the code that is on the screen."""
        if run is None or not run.fail() or run is not self._current:
            return False
        self._current = None
        return True

    def renew_when_due(self) -> None:
        """While nobody is here there is always a code; with somebody here an old one just ends."""
        if self._current is not None and self._desk.now_ms >= self._current.expires_ms:
            self._current = None
        if self._current is None and not self._desk.seats and not self._desk.is_kept:
            self.request()
