"""Who speaks on a line, for the edge: a message in, the end of the line, and when to look again."""

from typing import Protocol

from relevo_protocol.errors import ErrorCode, ProtocolError
from relevo_protocol.header import parse_header
from relevo_server.relay.line import Line
from relevo_server.relay.session import Session
from relevo_server.relay.traffic import from_agent, from_viewer


class Party(Protocol):
    """What the edge needs of whoever is on a line."""

    @property
    def session(self) -> Session:
        """The session that the line belongs to."""
        ...

    @property
    def host(self) -> Line | None:
        """The line to which this party's messages go, for back-pressure; None when there is none."""
        ...

    def receive(self, message: bytes) -> None:
        """Take one whole WebSocket message.

        Raises:
            ProtocolError: the peer sent what it may not; the line is to be refused with its code.
        """
        ...

    def drained(self) -> None:
        """Everything queued has been written."""
        ...

    def gone(self, code: ErrorCode) -> None:
        """The socket is down."""
        ...

    def due_in_s(self) -> float | None:
        """Seconds until :meth:`act` is due; None when nothing is."""
        ...

    def act(self) -> None:
        """Do what is due."""
        ...


class AgentParty:
    """The agent of a session."""

    host = None

    def __init__(self, session: Session, line: Line) -> None:
        self._session = session
        self._line = line

    @property
    def session(self) -> Session:
        """See :class:`Party`."""
        return self._session

    def receive(self, message: bytes) -> None:
        """See :class:`Party`."""
        from_agent(self.session, self._line, message, parse_header(message))

    def drained(self) -> None:
        """Nothing waits for an agent's outbox."""

    def gone(self, code: ErrorCode) -> None:
        """See :class:`Party`; to viewers a host that is gone is gone, whatever the reason."""
        del code
        self.session.host_gone(self._line)

    def due_in_s(self) -> float | None:
        """Nothing is ever due: deadlines are the registry's."""
        return None

    def act(self) -> None:
        """Nothing is ever due."""


class ViewerParty:
    """A viewer of a session."""

    def __init__(self, session: Session, line: Line) -> None:
        self._session = session
        self._line = line

    @property
    def session(self) -> Session:
        """See :class:`Party`."""
        return self._session

    @property
    def host(self) -> Line | None:
        """See :class:`Party`."""
        return self.session.host

    def receive(self, message: bytes) -> None:
        """See :class:`Party`."""
        from_viewer(self.session, self._line, message, parse_header(message))

    def drained(self) -> None:
        """See :class:`Party`."""
        if self._line.outbox.starving:
            seat = self.session.seat_of(self._line)
            if seat is not None:
                self.session.want_keyframe(seat)

    def gone(self, code: ErrorCode) -> None:
        """See :class:`Party`."""
        self.session.viewer_gone(self._line, code)

    def due_in_s(self) -> float | None:
        """Nothing is ever due: deadlines are the registry's."""
        return None

    def act(self) -> None:
        """Nothing is ever due."""


def deliver(party: Party, line: Line, message: bytes) -> None:
    """Hand a message to its party; what is not allowed ends the line with its reason."""
    try:
        party.receive(message)
    except ProtocolError as error:
        line.refuse(error.code, str(error))
