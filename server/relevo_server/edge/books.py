"""Records of the relay's core as the store keeps them, and back."""

from typing import assert_never

from relevo_protocol.modes import Role, SessionKind, Standing
from relevo_server.relay.records import Audited, Record, SeatDropped, SeatKept, SessionKept, SessionOver
from relevo_server.relay.seat import Identity
from relevo_server.relay.traits import Lead, Traits
from relevo_server.store.audit import AuditEvent
from relevo_server.store.relay_sessions import RelaySessionWriter, SeatRecord, SessionRecord


async def write(store: RelaySessionWriter, record: Record, now_s: float) -> None:
    """Write one record; ``now_s`` is wall time."""
    match record:
        case SessionKept():
            await store.save_session(_session_row(record))
        case SeatKept():
            await store.save_seat(_seat_row(record))
        case SeatDropped():
            await store.drop_seat(record.session_id, record.slot)
        case SessionOver():
            await store.end_session(record.session_id, record.reason)
        case Audited():
            event = AuditEvent(now_s, record.actor, record.action, record.session_id, record.details)
            await store.append_audit(event)
        case _:
            assert_never(record)


def kept_session(row: SessionRecord) -> SessionKept:
    """A stored session."""
    lead = Lead(row.lead_account_id, row.lead_name, row.lead_team) if row.lead_account_id else None
    traits = Traits(SessionKind(row.kind), lead, row.held_until_s, row.back_by_s)
    return SessionKept(row.session_id, row.routing, row.agent_token_hash, row.created_at_s, row.mode, traits)


def kept_seat(row: SeatRecord) -> SeatKept:
    """A stored seat."""
    identity = Identity(
        row.account_id, row.display_name, row.organisation, Standing(row.standing), row.team, row.admin_tools
    )
    return SeatKept(row.session_id, row.slot, identity, Role(row.role), row.token_hash, row.expires_at_s)


def _session_row(kept: SessionKept) -> SessionRecord:
    lead = kept.traits.lead or Lead("", "", "")
    return SessionRecord(
        session_id=kept.session_id,
        routing=kept.routing,
        agent_token_hash=kept.agent_token_hash,
        created_at_s=kept.created_at_s,
        mode=kept.mode,
        ended=False,
        kind=kept.traits.kind.value,
        lead_account_id=lead.account_id,
        lead_name=lead.display_name,
        lead_team=lead.team,
        held_until_s=kept.traits.held_until_s,
        back_by_s=kept.traits.back_by_s,
    )


def _seat_row(kept: SeatKept) -> SeatRecord:
    who = kept.identity
    return SeatRecord(
        session_id=kept.session_id,
        slot=kept.slot,
        account_id=who.account_id,
        display_name=who.display_name,
        organisation=who.organisation,
        token_hash=kept.token_hash,
        expires_at_s=kept.expires_at_s,
        standing=who.standing.value,
        team=who.team,
        admin_tools=who.admin_tools,
        role=kept.role.value,
    )
