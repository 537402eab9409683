"""A session's standing outside itself: tokens, routing number, and what of it must survive the relay."""

import hashlib
import struct
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from relevo_protocol.limits import MAX_VIEWERS
from relevo_protocol.modes import Mode, is_step_up
from relevo_server.access.throttle import Key
from relevo_server.relay.invited import Invited
from relevo_server.relay.records import Audited, SeatDropped, SeatKept, SessionKept, SessionOver
from relevo_server.relay.seat import Seat
from relevo_server.relay.surroundings import Surroundings
from relevo_server.relay.traits import HOME, Traits

_EVENT_ID_BYTES: Final = 16


class Keeping:
    """Keeps one session findable: in the token books, by its number, and in the records."""

    def __init__(self, session_id: bytes, created_at_s: float, around: Surroundings) -> None:
        self.routing: str | None = None
        self.mode = self.furthest_mode = ""
        self.traits = Traits()
        self.invited = Invited(around.wall_s)
        self.session_id = session_id
        self._created_at_s = created_at_s
        self._around = around
        self._code_times_s: list[float] = []

    def begin_in(self, mode: Mode) -> None:
        """The mode that the session begins in."""
        self.mode = self.furthest_mode = mode.value

    def change_mode(self, mode: Mode) -> None:
        """Another mode holds from now on."""
        self.mode = mode.value
        if is_step_up(Mode(self.furthest_mode), mode):
            self.furthest_mode = mode.value
        self.save()

    def issue_agent_token(self) -> str:
        """Return the agent's next token; to be followed by :meth:`save`."""
        return self._around.agent_tokens.issue(self.session_id)

    def restore(self, kept: SessionKept) -> None:
        """Take up what was stored."""
        self.mode = kept.mode
        self.furthest_mode = kept.furthest_mode or kept.mode
        self.traits = kept.traits
        self.invited.restore(kept.invited)
        self._around.agent_tokens.restore(self.session_id, kept.agent_token_hash)
        if kept.routing:
            self.routing = kept.routing
            self._around.numbers.restore(kept.routing, self.session_id)

    def stay_s(self) -> float:
        """How long whoever is away now may still come back (SPEC C10, C21)."""
        return self.traits.stay_s(self._around.wall_s(), self._around.policies.resume_life_s)

    def save(self) -> None:
        """Record the session as it is now."""
        self._around.records.append(
            SessionKept(
                session_id=self.session_id,
                routing=self.routing or "",
                agent_token_hash=self._around.agent_tokens.hashes(self.session_id),
                created_at_s=self._created_at_s,
                mode=self.mode,
                traits=self.traits,
                invited=self.invited.kept,
                furthest_mode=self.furthest_mode,
            )
        )

    def invite(self, account_id: str) -> None:
        """This account may ask to come in, for an hour."""
        self.invited.add(account_id)
        self.save()

    def uninvite(self, account_id: str) -> None:
        """They may not any more."""
        if self.invited.remove(account_id):
            self.save()

    def issue_seat_token(self, slot: int) -> str:
        """Return the seat's next token."""
        return self._around.seat_tokens.issue((self.session_id, slot))

    def restore_seat(self, slot: int, hashes: bytes) -> None:
        """Take up a stored token."""
        self._around.seat_tokens.restore((self.session_id, slot), hashes)

    def save_seat(self, seat: Seat) -> None:
        """Record that the seat may be resumed, for a full resume life from now."""
        seat.expires_at_s = self._around.wall_s() + self.stay_s()
        self._around.records.append(
            SeatKept(
                session_id=self.session_id,
                slot=seat.slot,
                identity=seat.identity,
                role=seat.role,
                token_hash=self._around.seat_tokens.hashes((self.session_id, seat.slot)),
                expires_at_s=seat.expires_at_s,
            )
        )

    def prolong(self, seat: Seat) -> None:
        """Record the seat anew when half of its stored life is over while its viewer is present."""
        half_s = self._around.policies.resume_life_s / 2
        if seat.established and self._around.wall_s() > seat.expires_at_s - half_s:
            self.save_seat(seat)

    def confirm_seat(self, seat: Seat) -> None:
        """The viewer has its newest token, and the secret: others are dead, also after a restart."""
        self._around.seat_tokens.confirm((self.session_id, seat.slot))
        if seat.established:
            self.save_seat(seat)

    def confirm_agent(self) -> None:
        """The agent has its newest token: any other is dead, also after a restart of the relay."""
        self._around.agent_tokens.confirm(self.session_id)
        self.save()

    def drop_seat(self, seat: Seat) -> None:
        """Forget a seat for good."""
        self._around.seat_tokens.revoke((self.session_id, seat.slot))
        if seat.expires_at_s > 0:
            self._around.records.append(SeatDropped(self.session_id, seat.slot))

    def take_number(self) -> str | None:
        """Return a fresh number, the earlier one dies; None when none is free or too many were asked for."""
        now_s = self._around.monotonic_s()
        policies = self._around.policies
        self._code_times_s = [at_s for at_s in self._code_times_s if at_s > now_s - policies.code_life_s]
        if len(self._code_times_s) >= policies.code_requests:
            return None
        self._code_times_s.append(now_s)
        self.drop_number()
        self.routing = self._around.numbers.take(self.session_id)
        return self.routing

    def claim_number(self, routing: str) -> str | None:
        """Return the reserved number, which leads here from now on; None when it is not reserved any more."""
        self.routing = self._around.numbers.claim(routing, self.session_id)
        return self.routing

    def drop_number(self) -> None:
        """Nobody finds the session by a number any more."""
        if self.routing is not None:
            self._around.numbers.release(self.routing)
            self.routing = None

    def close(self, code: str) -> None:
        """The session is over: nothing leads to it any more."""
        for slot in range(1, MAX_VIEWERS + 1):
            self._around.seat_tokens.revoke((self.session_id, slot))
        self.drop_number()
        self._around.agent_tokens.revoke(self.session_id)
        self._around.invitations.close_all(self.session_id)
        self._around.records.append(SessionOver(self.session_id, code))

    def audit(
        self, actor: str, action: str, details: Mapping[str, str | int | float | bool], organisation: str = ""
    ) -> None:
        """Add a line to the record: the organisation's that is named, else of whoever leads the session."""
        self.keep(Audited(self.session_id, actor, action, details), organisation)

    def keep(self, entry: Audited, organisation: str = "", number: int = 0) -> None:
        """Add a line to the record, with its time and organisation; ``number`` is the host's own for it."""
        event_id = event_id_of(self.session_id, number) if number else entry.event_id
        self._around.records.append(
            replace(
                entry,
                event_id=event_id,
                organisation=organisation or self._organisation(),
                number=number,
                at_s=self._around.wall_s(),
            )
        )

    def leave_out(self, action: str, opened_from: Sequence[Key] = (), what: str = "") -> None:
        """Have a line of the host's counted that would be one too many: one tells how many, and of what.

        Those of all sessions that were opened from a network are told together, if it is given.
        """
        network = opened_from[-1].name if opened_from else ""
        entry = Audited(
            b"" if network else self.session_id,
            "agent",
            action,
            {"what": what} if what else {},
            {"address": network.removeprefix("address:")},
            organisation=self._organisation(),
            at_s=self._around.wall_s(),
        )
        whose = network or self.session_id.hex()
        self._around.left_out(f"{action}:{what}:{whose}:{entry.organisation}", entry)

    def _organisation(self) -> str:
        return self.traits.lead.organisation if self.traits.lead is not None else HOME


def event_id_of(session_id: bytes, number: int) -> bytes:
    """The event id of a host's numbered act, 16 bytes: the same whenever and however often it is told."""
    digest = hashlib.sha256(b"act" + session_id + struct.pack(">Q", number))
    return digest.digest()[:_EVENT_ID_BYTES]
