"""HTTP: how much each technician does in a day, and what of it is unusual.

Counted from the record, which knows neither machines nor addresses of customers: a session is a machine.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from relevo_server.accounts.permissions import Permission
from relevo_server.accounts.view import AccountView
from relevo_server.admin.acts import AdminParts
from relevo_server.store.activity import Visit
from relevo_server.store.organisations import OrganisationPolicy
from relevo_server.store.people import Person
from relevo_server.store.reports import Report

Reason = Literal["many_sessions", "night", "reported"]
MAX_DAYS: Final = 90
_DAY_S: Final = 86_400
_MAX_REPORTS: Final = 1000
_NIGHT_SESSIONS: Final = 3
_NIGHT_SHARE: Final = 0.5


class DayOut(BaseModel):
    """One technician's day (UTC): sessions they were let into, those at night, reports about them."""

    day: str
    account_id: str
    account_name: str
    sessions: int
    night_share: float
    reports: int
    unusual: list[Reason]


class ActivityAnswer(BaseModel):
    """`GET /api/admin/activity`, the newest day first, within a day the most sessions first."""

    days: list[DayOut]


def build_router(parts: AdminParts) -> APIRouter:
    """The routes over the server's parts."""
    router = APIRouter(prefix="/api/admin/activity")

    @router.get("")
    async def activity(
        request: Request, days: Annotated[int, Query(ge=1, le=MAX_DAYS)] = 14
    ) -> ActivityAnswer:
        account = await parts.gate.may(request, Permission.REPORTS_READ)
        organisation = account.organisation_id
        from_s = (parts.services.clock.wall_s() // _DAY_S - days + 1) * _DAY_S
        visits = await parts.activity.visits(organisation, from_s)
        reports = await parts.reports.list(organisation, None, _MAX_REPORTS)
        people = {one.id: one for one in await parts.people.everyone(organisation)}
        found = await parts.organisations.get(organisation)
        policy = found.policy if found is not None else OrganisationPolicy()
        table = _Table(policy, {one.id: one for one in people.values() if _sees(account, one)})
        return ActivityAnswer(days=table.days(visits, [one for one in reports if one.at_s >= from_s]))

    _ = activity
    return router


class _Table:
    """Counts by day and person, for those whom the asking person may see."""

    def __init__(self, policy: OrganisationPolicy, people: Mapping[str, Person]) -> None:
        self._policy = policy
        self._people = people

    def days(self, visits: Iterable[Visit], reports: Iterable[Report]) -> list[DayOut]:
        """A line for each person's day on which there was something."""
        sessions: dict[tuple[int, str], dict[bytes, bool]] = {}
        # The newest come first, so what stays of a session is its first visit of the day.
        for visit in visits:
            if visit.account_id in self._people:
                key = int(visit.at_s // _DAY_S), visit.account_id
                sessions.setdefault(key, {})[visit.session_id] = self._at_night(visit.at_s)
        about: dict[tuple[int, str], int] = {}
        for report in reports:
            if report.accused in self._people:
                key = int(report.at_s // _DAY_S), report.accused
                about[key] = about.get(key, 0) + 1

        def order(key: tuple[int, str]) -> tuple[int, int, str, str]:
            day, account = key
            return -day, -len(sessions.get(key, ())), self._people[account].display_name, account

        keys = sorted(sessions.keys() | about.keys(), key=order)
        return [self._day(key, sessions.get(key, {}), about.get(key, 0)) for key in keys]

    def _day(self, key: tuple[int, str], sessions: Mapping[bytes, bool], reports: int) -> DayOut:
        night = sum(sessions.values())
        share = night / len(sessions) if sessions else 0.0
        unusual: list[Reason] = []
        if len(sessions) > self._policy.machines_per_day:
            unusual.append("many_sessions")
        if night >= _NIGHT_SESSIONS and share > _NIGHT_SHARE:
            unusual.append("night")
        if reports:
            unusual.append("reported")
        return DayOut(
            day=dt.datetime.fromtimestamp(key[0] * _DAY_S, dt.UTC).date().isoformat(),
            account_id=key[1],
            account_name=self._people[key[1]].display_name,
            sessions=len(sessions),
            night_share=round(share, 3),
            reports=reports,
            unusual=unusual,
        )

    def _at_night(self, at_s: float) -> bool:
        begins, ends = self._policy.night
        hour = int(at_s % _DAY_S // 3600)
        return begins <= hour < ends if begins <= ends else hour >= begins or hour < ends


def _sees(account: AccountView, person: Person) -> bool:
    """An administrator sees everybody; a supervisor the own team, but not themselves."""
    return account.is_admin or (person.team == account.team and person.id != account.id)
