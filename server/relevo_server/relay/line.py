"""One socket as the relay's core sees it: an outbox, a bell to ring, and how it is to end."""

from collections.abc import Callable
from dataclasses import dataclass

from relevo_protocol.codec import relay_message
from relevo_protocol.errors import ErrorCode
from relevo_protocol.messages.base import Message
from relevo_protocol.messages.relay import RelayError
from relevo_server.relay.outbox import Kind, Offer, Outbox
from relevo_server.relay.policies import Policies, Side


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a socket ends; ``abort`` when what is queued for it cannot be expected to arrive."""

    code: ErrorCode
    detail: str
    abort: bool = False


def _no_bell() -> None:
    """Nobody waits yet."""


class Line:
    """What the core knows of one socket; ``ring`` is called whenever there is something to write or to end.

    ``unconfirmed`` is true until an agent has shown, by any message, that it received its welcome.
    ``proven``: a handshake on this line has succeeded, so the viewer has more than a ticket or a token.
    """

    def __init__(self, side: Side, policies: Policies, ring: Callable[[], None] = _no_bell) -> None:
        self.side = side
        self.outbox = Outbox(policies.control_bytes, policies.media_bytes)
        self.ring = ring
        self.ending: Ending | None = None
        self.unconfirmed = True
        self.proven = False
        self.first_link = 0
        self.verified: Callable[[], None] = _no_bell

    def send(self, message: Message) -> None:
        """Queue a relay-control message; a receiver without room for it is ended as slow."""
        self.forward(relay_message(message))

    def forward(self, message: bytes) -> bool:
        """Queue a whole message that must arrive; False when there was no room and the line ends."""
        if self.ending is not None:
            return False
        if self.outbox.put_control(message) is Offer.OVERFLOW:
            self.abort(ErrorCode.SLOW, "the control queue is full")
            return False
        self.ring()
        return True

    def show(self, frame: bytes, kind: Kind) -> None:
        """Offer a media message; it may be dropped."""
        if self.ending is None and self.outbox.put_media(frame, kind) is Offer.TAKEN:
            self.ring()

    def refuse(self, code: ErrorCode, detail: str) -> None:
        """Tell the peer what is wrong, then close."""
        self.send(RelayError(code=code, detail=detail[:500]))
        self.end(code, detail)

    def withhold(self, code: ErrorCode, detail: str) -> None:
        """Take back what waits for the peer, tell it what is wrong, then close."""
        if self.ending is None:
            self.outbox.clear()
        self.refuse(code, detail)

    def end(self, code: ErrorCode, detail: str = "") -> None:
        """Close once everything queued as control has been written."""
        if self.ending is None:
            self.ending = Ending(code, detail)
            self.outbox.restart_media()
            self.ring()

    def abort(self, code: ErrorCode, detail: str) -> None:
        """Cut at once, as nothing more will arrive there."""
        if self.ending is None:
            self.ending = Ending(code, detail, abort=True)
            self.outbox.clear()
            self.ring()
