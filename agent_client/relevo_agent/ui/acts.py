"""What the person at this PC can do about the session now: the same in the banner and in the window."""

from collections.abc import Callable

from relevo_agent.session.actions import Phase, Snapshot
from relevo_agent.ui.front import Commands
from relevo_agent.ui.people import yours
from relevo_protocol.modes import SessionKind


def acts(commands: Commands) -> dict[str, Callable[[], None]]:
    """Every act by the key of its text, in the order of their buttons."""
    return {
        "token.take": commands.take_control,
        "token.give": commands.give_control,
        "grant.revoke": commands.revoke_grant,
        "hold.revoke": commands.revoke_grant,
        "marks.clear": commands.clear_marks,
        "report.end": commands.report,
    }


def sensible(snapshot: Snapshot) -> frozenset[str]:
    """The keys of the acts that make sense now."""
    granted, held = snapshot.grant_ends_at_ms is not None, snapshot.hold_ends_at_ms is not None
    wanted = {
        "token.take": snapshot.token.holder not in (None, 0),
        "token.give": yours(snapshot),
        "grant.revoke": granted,
        "hold.revoke": held and not granted,
        "marks.clear": snapshot.marks,
        "report.end": bool(snapshot.people) and snapshot.kind is SessionKind.SUPPORT,
    }
    if snapshot.phase is Phase.ENDED:
        return frozenset()
    return frozenset(key for key, now in wanted.items() if now)
