"""Every session of this relay, found by its id, its routing number or the hash of a token (SPEC C3-C6)."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from relevo_protocol import PROTOCOL_VERSION
from relevo_protocol.codec import agent_to_relay, viewer_to_relay
from relevo_protocol.errors import ErrorCode, ProtocolError
from relevo_protocol.header import MessageType, body_of, parse_header
from relevo_protocol.lifecycle import SessionState
from relevo_protocol.messages.relay import AgentHello, ViewerHello
from relevo_protocol.modes import SessionKind
from relevo_server.access.destination import Destination
from relevo_server.access.throttle import Key, address_keys
from relevo_server.relay.decoy import Decoys
from relevo_server.relay.line import Line
from relevo_server.relay.live import LiveSession, listed, may_see
from relevo_server.relay.party import AgentParty, Party, ViewerParty
from relevo_server.relay.records import SeatKept, SessionKept
from relevo_server.relay.seat import Identity, Seat
from relevo_server.relay.session import Session
from relevo_server.relay.surroundings import Surroundings
from relevo_server.relay.traits import Lead, Traits
from relevo_server.relay.vouching import presenting


@dataclass(frozen=True, slots=True)
class Opening:
    """What the edge knows of an agent that opens a session: from where, and who presents."""

    address: str = ""
    presenter: Lead | None = None


@dataclass(frozen=True, slots=True)
class Census:
    """How many there are now; ``queued_bytes`` lie in outboxes."""

    sessions: int
    viewers: int
    queued_bytes: int


_CROWDED: Final = (
    "this address has all the sessions it may have at once; the server's setting sessions_per_address says "
    "how many"
)
_NOTHING_KNOWN: Final = Opening()


class Registry:
    """The sessions of one relay process."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._sessions: dict[bytes, Session] = {}
        self._decoys = Decoys(around)

    # --- agents

    def open_agent(self, line: Line, hello: AgentHello, opening: Opening = _NOTHING_KNOWN) -> Party | None:
        """Open a session, or take up the one that the token names; None when the line was refused."""
        if hello.version != PROTOCOL_VERSION:
            line.refuse(ErrorCode.UNSUPPORTED_VERSION, f"this relay speaks version {PROTOCOL_VERSION}")
            return None
        if hello.token is not None:
            return self._resume_agent(line, hello.token)
        if self.is_full:
            line.refuse(ErrorCode.THROTTLED, "this relay has all the sessions it can hold")
            return None
        if hello.kind is SessionKind.PRESENTATION and opening.presenter is None:
            line.refuse(ErrorCode.TICKET_INVALID, "a presentation needs a ticket of an account")
            return None
        keys = address_keys(opening.address) if opening.address else ()
        if any(self._crowded(key) for key in keys):
            line.refuse(ErrorCode.THROTTLED, _CROWDED)
            return None
        traits = Traits(hello.kind, opening.presenter if hello.kind is SessionKind.PRESENTATION else None)
        around = self._around
        session = Session(around.token_bytes(16), around, around.wall_s(), traits)
        session.opened_from = keys
        self._sessions[session.session_id] = session
        session.open_host(line, hello.join)
        return AgentParty(session, line)

    @property
    def is_full(self) -> bool:
        """Whether there are as many sessions as one relay holds."""
        return len(self._sessions) >= self._around.policies.max_sessions

    def _resume_agent(self, line: Line, token: str) -> Party | None:
        session_id = self._around.agent_tokens.find(token)
        session = self._sessions.get(session_id) if session_id is not None else None
        if session is None or session.state is SessionState.ENDED:
            line.refuse(ErrorCode.RESUME_INVALID, "no session waits for this agent")
            return None
        session.resume_host(line)
        return AgentParty(session, line)

    def _crowded(self, key: Key) -> bool:
        there = sum(key in session.opened_from for session in self._sessions.values())
        return there >= self._around.policies.sessions_per_address * key.share

    # --- viewers

    def join(self, line: Line, destination: Destination, identity: Identity) -> Party:
        """Seat a viewer whose ticket leads there; where that is nowhere, a decoy answers (SPEC C6, C19)."""
        session_id = self._leads_to(destination, identity)
        session = self._sessions.get(session_id) if session_id is not None else None
        if session is None or session.host is None:
            return self._decoys.join(line, destination, identity)
        session.join(line, identity)
        return ViewerParty(session, line)

    def _leads_to(self, destination: Destination, identity: Identity) -> bytes | None:
        if destination.session_id:
            return destination.session_id
        if destination.invite:
            return self._around.invitations.find(destination.invite, guest=identity.guest)
        return None if identity.guest else self._around.numbers.joinable(destination.routing)

    def seat_holder(self, token: str) -> Identity | None:
        """Whom a resume token belongs to; None when the token is good for nothing."""
        found = self._find_seat(token)
        return found[0].seats[found[1]].identity if found is not None else None

    def resume_viewer(self, line: Line, token: str) -> Party | None:
        """Take up the seat that a token names; None when the line was refused."""
        found = self._find_seat(token)
        if found is None:
            line.refuse(ErrorCode.RESUME_INVALID, "no seat waits for this viewer")
            return None
        session, slot = found
        return ViewerParty(session, line) if session.resume_seat(line, slot) is not None else None

    def _find_seat(self, token: str) -> tuple[Session, int] | None:
        key = self._around.seat_tokens.find(token)
        session = self._sessions.get(key[0]) if key is not None else None
        if key is None or session is None or key[1] not in session.seats:
            return None
        return session, key[1]

    def vouched(self) -> set[Identity]:
        """Whom the relay vouches for now: those of seats, and presenters; guests have no account to lose."""
        every = self._sessions.values()
        seated = {seat.identity for session in every for seat in session.seats.values()}
        presenting_now = {presenting(lead) for session in every if (lead := _presenter(session)) is not None}
        return presenting_now | {who for who in seated | self._decoys.seated() if not who.guest}

    def dismiss(self, account_id: str, sign_in: str = "") -> None:
        """End what an account, or one sign-in of it, has here (SPEC C25); unknown sign-ins go with any."""
        self.withdraw(lambda who: who.account_id == account_id and sign_in in {"", who.sign_in or sign_in})

    def withdraw(self, concerns: Callable[[Identity], bool]) -> None:
        """End every seat of those whom the relay vouches for no more, and what they present."""
        for session in self._sessions.values():
            presenter = _presenter(session)
            if presenter is not None and concerns(presenting(presenter)):
                session.end(ErrorCode.REMOVED, "the presenter's sign-in has ended", "relay")
            for seat in list(session.seats.values()):
                if concerns(seat.identity):
                    session.dismiss(seat)
        self._decoys.withdraw(concerns)

    # --- the whole

    def restore(self, kept: SessionKept, seats: list[SeatKept]) -> None:
        """Take up a stored session whose agent and viewers will come back by their tokens."""
        if len(kept.session_id) != 16 or len(self._sessions) >= self._around.policies.max_sessions:
            return
        if hmac.compare_digest(kept.agent_token_hash, bytes(32)):
            return
        session = Session(kept.session_id, self._around, kept.created_at_s, kept.traits)
        session.restore(kept)
        for seat in seats:
            place = Seat(seat.slot, seat.identity, link=0, role=seat.role, expires_at_s=seat.expires_at_s)
            session.restore_seat(place, seat.token_hash)
        self._sessions[session.session_id] = session

    def tick(self) -> None:
        """Act on deadlines that have passed and forget sessions that have ended.

        Raises:
            ExceptionGroup: of sessions that are out of joint, after all others had their turn.
        """
        failed: list[Exception] = []
        for session_id, session in list(self._sessions.items()):
            try:
                session.tick()
            except Exception as error:  # noqa: BLE001 - raised below; the deadlines of the others hold
                failed.append(error)
            if session.state is SessionState.ENDED:
                del self._sessions[session_id]
        self._decoys.tick()
        if failed:
            raise ExceptionGroup("sessions out of joint", failed)

    def live_for(self, who: Identity) -> list[LiveSession]:
        """The sessions that this person may know of, the newest first."""
        seen = [session for session in self._sessions.values() if may_see(session, who)]
        seen.sort(key=lambda session: session.created_at_s, reverse=True)
        return [listed(session, who) for session in seen]

    def of_organisation(self, organisation: str) -> list[Session]:
        """The sessions that go on under a lead of this organisation, the newest first."""
        found = [
            session
            for session in self._sessions.values()
            if session.state is not SessionState.ENDED
            and session.keeping.traits.lead is not None
            and session.keeping.traits.lead.organisation == organisation
        ]
        return sorted(found, key=lambda session: session.created_at_s, reverse=True)

    def find(self, session_id: bytes) -> Session | None:
        """The session of this id."""
        return self._sessions.get(session_id)

    def census(self) -> Census:
        """Count what there is."""
        live = [s for s in self._sessions.values() if s.state is not SessionState.ENDED]
        lines = [seat.line for s in live for seat in s.seats.values() if seat.line is not None]
        hosts = [s.host for s in live if s.host is not None]
        queued = sum(line.outbox.control_bytes + line.outbox.media_bytes for line in (*lines, *hosts))
        return Census(len(live), len(lines), queued)


def _presenter(session: Session) -> Lead | None:
    return session.keeping.traits.lead if session.kind is SessionKind.PRESENTATION else None


def read_agent_hello(message: bytes) -> AgentHello:
    """Read an agent's first message.

    Raises:
        ProtocolError: it is something else.
    """
    said = agent_to_relay.decode(_control_body(message))
    if not isinstance(said, AgentHello):
        raise ProtocolError("the first message must be AgentHello", ErrorCode.UNEXPECTED)
    return said


def read_viewer_hello(message: bytes) -> ViewerHello:
    """Read a viewer's first message: this version, and a ticket or a resume token, not both.

    Raises:
        ProtocolError: it is something else.
    """
    said = viewer_to_relay.decode(_control_body(message))
    if not isinstance(said, ViewerHello):
        raise ProtocolError("the first message must be ViewerHello", ErrorCode.UNEXPECTED)
    if said.version != PROTOCOL_VERSION:
        raise ProtocolError(f"this relay speaks version {PROTOCOL_VERSION}", ErrorCode.UNSUPPORTED_VERSION)
    if (said.ticket is None) == (said.resume is None):
        raise ProtocolError("exactly one of ticket and resume must be given", ErrorCode.MALFORMED)
    return said


def _control_body(message: bytes) -> memoryview:
    if parse_header(message).type is not MessageType.RELAY:
        raise ProtocolError("the first message must be a relay-control one", ErrorCode.UNEXPECTED)
    return body_of(message)
