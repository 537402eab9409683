"""Who may do what in an organisation's administration: one table, read by every route."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from relevo_protocol.modes import Standing
from relevo_server.accounts.view import AccountView


class Permission(StrEnum):
    """One thing that somebody may be allowed to do; also the scopes of API tokens."""

    PEOPLE_READ = "people.read"
    PEOPLE_WRITE = "people.write"
    AUDIT_READ = "audit.read"
    REPORTS_READ = "reports.read"
    REPORTS_WRITE = "reports.write"
    TOKENS_MANAGE = "tokens.manage"
    POLICY_READ = "policy.read"
    POLICY_WRITE = "policy.write"
    SESSIONS_READ = "sessions.read"
    SESSIONS_END = "sessions.end"
    METRICS_READ = "metrics.read"


ADMINISTRATOR: Final = frozenset(Permission)
OF_STANDING: Final[Mapping[Standing, frozenset[Permission]]] = {
    Standing.TECHNICIAN: frozenset(),
    Standing.EXPERT: frozenset(),
    # Of their own team, which the routes see to.
    Standing.SUPERVISOR: frozenset({Permission.REPORTS_READ, Permission.SESSIONS_READ}),
    Standing.GUEST: frozenset(),
}


def permissions_of(account: AccountView) -> frozenset[Permission]:
    """All that an account may do, now; a token's share of it where a program acts."""
    own = ADMINISTRATOR if account.is_admin else OF_STANDING[account.standing]
    if account.scopes is None:
        return own
    return frozenset(one for one in own if one.value in account.scopes)


def permits(account: AccountView, permission: Permission) -> bool:
    """Whether the account may do this."""
    return permission in permissions_of(account)
