"""After the customer's Stop: what the relay has still to hear, said once it can be (SPEC C30).

Everything on this PC has ended by then; what is left is the line.
"""

from relevo_agent.session.actions import CloseLink, Notice, Tell
from relevo_agent.session.desk import Desk
from relevo_protocol.errors import ErrorCode
from relevo_protocol.limits import RESUME_LIFE_S
from relevo_protocol.messages.relay import EndSession


class Farewell:
    """The end of the session as the relay hears of it; ``owed`` while it may not have."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._until_ms: float | None = None

    @property
    def owed(self) -> bool:
        """Whether the relay may still wait for this PC."""
        return self._until_ms is not None

    def owe(self) -> None:
        """From now on the relay has to be told, for as long as it would keep the session without this PC."""
        held_ms = 0.0 if self._desk.hold is None else self._desk.hold.until_ms
        self._until_ms = max(self._desk.now_ms + RESUME_LIFE_S * 1000, held_ms)

    def begin(self, *, link_up: bool, reported: bool) -> None:
        """Part from the relay: at once, or when its line is back."""
        if not self.owed:
            self.over()
        elif link_up:
            self.say()
        elif not reported:
            self._desk.act(Tell(Notice.END_WAITS))

    def say(self) -> None:
        """Tell the relay. It is told again over the next line, unless it closes this one in return."""
        self._desk.send_notices(at_once=True)
        self._desk.tell_relay(EndSession())
        self._desk.act(CloseLink(ErrorCode.SESSION_ENDED))

    def over(self) -> None:
        """The relay knows, or need not: nothing follows any more."""
        self._until_ms = None
        self._desk.act(CloseLink(ErrorCode.SESSION_ENDED, fatal=True))

    def pass_time(self) -> None:
        """Give it up when the relay has given this PC up."""
        if self._until_ms is not None and self._desk.now_ms >= self._until_ms:
            self.over()
