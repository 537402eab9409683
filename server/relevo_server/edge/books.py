"""Records of the relay's core as the store keeps them, and back."""

from typing import assert_never

import msgspec

from relevo_protocol.modes import Role, SessionKind, Standing
from relevo_server.relay.records import Audited, Record, SeatDropped, SeatKept, SessionKept, SessionOver
from relevo_server.relay.seat import Identity
from relevo_server.relay.traits import HOME, Lead, Traits
from relevo_server.relay.vouching import REPORTED
from relevo_server.store.audit import AuditEvent
from relevo_server.store.relay_sessions import RelaySessionWriter, SeatRecord, SessionRecord
from relevo_server.store.reports import NewReport


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
            # Whose record an act belongs to may be another's by the time that the host tells it again.
            if record.number and await store.has_act(record.session_id, record.event_id):
                return
            opens_report = record.action == REPORTED and record.details.get("report", True)
            if await store.append_audit(event_of(record, now_s)) and opens_report:
                await store.add_report(_report(record, now_s))
        case _:
            assert_never(record)


def audited(event: AuditEvent) -> Audited:
    """A line of the record as the relay's core keeps it until it is written."""
    return Audited(
        session_id=event.session_id or b"",
        actor=event.actor,
        action=event.action,
        details=event.details,
        personal=event.personal,
        event_id=event.event_id,
        organisation=event.organisation,
        at_s=event.at_s,
        cause=event.cause,
    )


def event_of(entry: Audited, now_s: float) -> AuditEvent:
    """An entry of the relay's core as a line of the record; ``now_s`` is wall time, where it has none."""
    return AuditEvent(
        at_s=entry.at_s or now_s,
        actor=entry.actor,
        action=entry.action,
        session_id=entry.session_id or None,
        details=entry.details,
        personal=entry.personal,
        cause=entry.cause,
        organisation=entry.organisation,
        event_id=entry.event_id,
    )


def _report(entry: Audited, now_s: float) -> NewReport:
    """The report that belongs to its line in the record; its id is the event's."""
    return NewReport(
        organisation=entry.organisation,
        session_id=entry.session_id,
        at_s=entry.at_s or now_s,
        by=str(entry.details["by"]),
        accused=str(entry.details["accused"]),
        people={slot: name for slot, name in entry.personal.items() if slot.isdecimal()},
        id=entry.event_id.hex(),
    )


def kept_session(row: SessionRecord) -> SessionKept:
    """A stored session."""
    organisation = row.lead_organisation or HOME
    lead = Lead(row.lead_account_id, row.lead_name, row.lead_team, organisation)
    traits = Traits(
        SessionKind(row.kind), lead if row.lead_account_id else None, row.held_until_s, row.back_by_s
    )
    invited = msgspec.json.decode(row.invited or "{}", type=dict[str, float])
    return SessionKept(
        row.session_id,
        row.routing,
        row.agent_token_hash,
        row.created_at_s,
        row.mode,
        traits,
        invited,
        row.furthest_mode,
    )


def kept_seat(row: SeatRecord) -> SeatKept:
    """A stored seat."""
    identity = Identity(
        row.account_id,
        row.display_name,
        row.organisation,
        Standing(row.standing),
        row.team,
        row.admin_tools,
        row.organisation_id or HOME,
        row.sign_in,
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
        lead_organisation=lead.organisation if lead.account_id else "",
        held_until_s=kept.traits.held_until_s,
        back_by_s=kept.traits.back_by_s,
        invited=msgspec.json.encode(kept.invited).decode() if kept.invited else "",
        furthest_mode=kept.furthest_mode,
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
        organisation_id=who.organisation_id,
        sign_in=who.sign_in,
        role=kept.role.value,
    )
