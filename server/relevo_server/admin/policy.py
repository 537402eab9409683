"""HTTP: what the organisation asks of its people, and how long it keeps its record."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from relevo_server.accounts.permissions import Permission
from relevo_server.accounts.view import AccountView
from relevo_server.admin.acts import AdminParts, Body
from relevo_server.errors import LAST_ADMINISTRATOR, NOT_CONFIGURED, NOT_FOUND, Refusal
from relevo_server.settings import SecondFactor
from relevo_server.store.factors import OidcStore
from relevo_server.store.organisations import HOME, OrganisationPolicy

Hour = Annotated[int, Field(ge=0, le=23)]


class ActivityPolicy(Body):
    """From when on activity is unusual: machines in a day, and the hours of the night (UTC, from, to)."""

    machines_per_day: Annotated[int, Field(ge=1, le=10_000)] = 20
    night: tuple[Hour, Hour] = (22, 6)


class PolicyBody(Body):
    """The whole policy; `retention_days` 0 keeps the record for ever."""

    second_factor: SecondFactor
    oidc_only: bool
    retention_days: Annotated[int, Field(ge=0, le=36_500)]
    activity: ActivityPolicy


class PolicyAnswer(BaseModel):
    """`GET /api/admin/policy`; `floor` is what the server's settings ask in any case.

    `oidc`: there is a provider whose people these are.
    """

    policy: PolicyBody
    floor: SecondFactor
    oidc: bool
    organisation: str


def build_router(parts: AdminParts) -> APIRouter:
    """The routes over the server's parts."""
    router = APIRouter(prefix="/api/admin/policy")

    @router.get("")
    async def policy(request: Request) -> PolicyAnswer:
        account = await parts.gate.may(request, Permission.POLICY_READ)
        return await _answer(parts, account)

    @router.post("")
    async def set_policy(body: PolicyBody, request: Request) -> PolicyAnswer:
        account = await parts.writer(request, Permission.POLICY_WRITE)
        if body.oidc_only:
            await _check_provider(parts, account.organisation_id)
        details = {
            "second_factor": body.second_factor.value,
            "oidc_only": body.oidc_only,
            "retention_days": body.retention_days,
            "machines_per_day": body.activity.machines_per_day,
            "night": "-".join(str(hour) for hour in body.activity.night),
        }
        event = parts.event(request, account, "policy.changed", details)
        wanted = OrganisationPolicy(
            second_factor=body.second_factor,
            oidc_only=body.oidc_only,
            retention_days=body.retention_days,
            machines_per_day=body.activity.machines_per_day,
            night=body.activity.night,
        )
        if not await parts.organisations.set_policy(account.organisation_id, wanted, event):
            raise Refusal(NOT_FOUND)
        return await _answer(parts, account)

    _ = (policy, set_policy)
    return router


async def _check_provider(parts: AdminParts, organisation: str) -> None:
    """Nothing, where somebody could still administer by the provider alone. Raises Refusal."""
    issuer = parts.services.settings.oidc_issuer
    if issuer is None or organisation != HOME:
        # Nobody could sign in any more: the provider is the home organisation's.
        raise Refusal(NOT_CONFIGURED, where="oidc_only")
    if not await OidcStore(parts.database).has_administrator(issuer, organisation):
        raise Refusal(LAST_ADMINISTRATOR, where="oidc_only")


async def _answer(parts: AdminParts, account: AccountView) -> PolicyAnswer:
    found = await parts.organisations.get(account.organisation_id)
    if found is None:
        raise Refusal(NOT_FOUND)
    kept, settings = found.policy, parts.services.settings
    return PolicyAnswer(
        policy=PolicyBody(
            second_factor=kept.second_factor,
            oidc_only=kept.oidc_only,
            retention_days=kept.retention_days,
            activity=ActivityPolicy(machines_per_day=kept.machines_per_day, night=kept.night),
        ),
        floor=settings.second_factor,
        oidc=settings.oidc_issuer is not None and account.organisation_id == HOME,
        organisation=found.name,
    )
