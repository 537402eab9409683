"""What changed between two snapshots, as events for scripts (``--json-events``)."""

from collections.abc import Iterator
from typing import Final

from relevo_agent.session.actions import Phase, Question, Snapshot
from relevo_protocol.modes import Role

OFFLINE: Final = frozenset({Phase.CONNECTING, Phase.RECONNECTING})
ONLINE: Final = frozenset({Phase.WAITING, Phase.LIVE})

Event = tuple[str, dict[str, object]]
"""A name, and its fields."""


def changes(before: Snapshot, after: Snapshot, at_ms: float) -> Iterator[Event]:
    """Every event of this change, in the order in which a script wants them. Times are seconds from now."""
    if before.phase in OFFLINE and after.phase in ONLINE:
        yield "connected", {"resumed": before.phase is Phase.RECONNECTING}
    if after.phase is Phase.RECONNECTING and before.phase is not Phase.RECONNECTING:
        yield "reconnecting", {}
    if after.code is not None and after.code != before.code:
        yield "code", {"code": after.code.digits, "expires_in_s": _in_s(after.code.expires_ms, at_ms)}
    if after.link is not None and after.link != before.link:
        yield "link", {"url": after.link}
    yield from _people(before, after)
    if after.mode is not before.mode:
        yield "mode", {"mode": after.mode.value}
    yield from _control(before, after, at_ms)
    for entry in after.chat:
        if entry not in before.chat:
            yield "chat", {"line": entry.line, "slot": entry.slot, "name": entry.name, "text": entry.text}


def _people(before: Snapshot, after: Snapshot) -> Iterator[Event]:
    if after.people != before.people:
        viewers = [
            {
                "slot": p.slot,
                "name": p.display_name,
                "organisation": p.organisation,
                "role": p.role.value,
                "present": p.present,
                "may_mark": p.may_mark,
            }
            for p in after.people
        ]
        yield "live", {"viewers": viewers}
    lead = _lead(after)
    if lead != _lead(before):
        yield "lead", {"slot": lead[0] if lead else None, "name": lead[1] if lead else ""}


def _lead(snapshot: Snapshot) -> tuple[int, str] | None:
    return next(((p.slot, p.display_name) for p in snapshot.people if p.role is Role.LEAD), None)


def _control(before: Snapshot, after: Snapshot, at_ms: float) -> Iterator[Event]:
    token = after.token
    if token != before.token:
        returns_in_s = _in_s(token.returns_at_ms, at_ms)
        yield "token", {"holder": token.holder, "next": token.next_slot, "returns_in_s": returns_in_s}
    if after.restart_at_ms != before.restart_at_ms:
        yield "restart", {"in_s": _in_s(after.restart_at_ms, at_ms)}
    if after.grant_ends_at_ms != before.grant_ends_at_ms:
        yield "grant", {"ends_in_s": _in_s(after.grant_ends_at_ms, at_ms)}
    if after.hold_ends_at_ms != before.hold_ends_at_ms:
        yield "hold", {"ends_in_s": _in_s(after.hold_ends_at_ms, at_ms)}
    if after.marks is not before.marks:
        yield "marks", {"shown": after.marks}


def asking(question: Question, at_ms: float) -> Event:
    """A question to the customer."""
    return "asking", {
        "question": question.id,
        "kind": question.kind.value,
        "name": question.display_name,
        "organisation": question.organisation,
        "role": question.role.value,
        "mode": question.mode.value,
        "offers": [capability.value for capability in question.offers],
        "each_time": [capability.value for capability in question.each_time],
        "capability": question.capability.value if question.capability else None,
        "detail": question.detail,
        "deadline_s": _in_s(question.deadline_ms, at_ms),
    }


def _in_s(time_ms: float | None, at_ms: float) -> int | None:
    return None if time_ms is None else max(0, round((time_ms - at_ms) / 1000))
