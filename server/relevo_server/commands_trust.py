"""What the command line does with tokens, organisations, reports and the sign-ins of accounts."""

import datetime as dt
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from relevo_server.accounts.names import BadName, display_name, normal_name
from relevo_server.accounts.names import label as token_label
from relevo_server.accounts.permissions import Permission
from relevo_server.accounts.view import AccountView
from relevo_server.clock import Clock
from relevo_server.commands import ACTOR, CommandError, nobody, opened_database
from relevo_server.settings import SecondFactor, Settings
from relevo_server.store.accounts import AccountStore
from relevo_server.store.audit import AuditEvent
from relevo_server.store.audit_line import Detail
from relevo_server.store.database import Database
from relevo_server.store.factors import FactorStore, OidcStore
from relevo_server.store.organisations import HOME, OrganisationStore, OrganisationTaken
from relevo_server.store.reports import ReportState, ReportStore
from relevo_server.store.sign_ins import SignInStore
from relevo_server.store.tokens import MAX_TOKEN_DAYS, NewToken, TokenStore

Outcome = tuple[list[str], bool]
"""The lines to print, and whether all was well; if not, the exit status is 1."""
MAX_RETENTION_DAYS: Final = 36_500
_ORGANISATION_ID: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
_DAY_S: Final = 86_400


@dataclass(frozen=True)
class WantedToken:
    """A token as asked for: for which account, what for, what it may do, and for how long."""

    name: str
    label: str
    scopes: tuple[Permission, ...]
    days: int


@dataclass(frozen=True)
class WantedPolicy:
    """What of a policy is to be otherwise; None leaves it as it is."""

    second_factor: SecondFactor | None
    oidc_only: bool | None
    retention_days: int | None


def event(
    action: str, organisation: str, details: Mapping[str, Detail], personal: Mapping[str, str] | None = None
) -> AuditEvent:
    """The line of the record for something done here."""
    return AuditEvent(
        at_s=Clock().wall_s(),
        actor=ACTOR,
        action=action,
        details=details,
        personal=personal or {},
        cause="cli",
        organisation=organisation,
    )


async def account_of(database: Database, settings: Settings, typed: str) -> AccountView:
    """The account of a typed name, disabled or not. Raises CommandError."""
    name = normal_name(typed)
    found = await AccountStore(database, Clock(), settings.organisation).by_name(name)
    if found is None:
        raise CommandError(nobody(name))
    return found.view


async def check_organisation(database: Database, settings: Settings, organisation: str) -> None:
    """Nothing, where there is such an organisation: none begins to exist by a line in its record.

    Raises:
        CommandError: there is none.
    """
    if await OrganisationStore(database, settings.organisation).get(organisation) is None:
        raise CommandError(f"there is no organisation {organisation}; see relevo-server organisation list")


async def sign_out(settings: Settings, typed: str) -> Outcome:
    """End every sign-in and every connection of an account; a running server hears it within seconds."""
    async with opened_database(settings) as database:
        account = await account_of(database, settings, typed)
        done = event("sign_in.revoked", account.organisation_id, {"account": account.id})
        ended = await SignInStore(database).revoke_all(account.id, "", done)
    return [
        f"{account.name} signed out everywhere ({len(ended)} sign-in(s)); live sessions end within seconds"
    ], True


async def reset_factors(settings: Settings, typed: str) -> Outcome:
    """Remove the second factors of an account, and sign it out everywhere."""
    async with opened_database(settings) as database:
        account = await account_of(database, settings, typed)
        done = event("factor.removed", account.organisation_id, {"account": account.id, "kind": "all"})
        await FactorStore(database).reset(account.id, done)
    return [f"{account.name} has no second factor any more and is signed out everywhere"], True


async def create_token(settings: Settings, wanted: WantedToken) -> Outcome:
    """Make a token and print it: nobody can ask for it again. Raises CommandError."""
    # Brings the web framework, which few commands need.
    from relevo_server.accounts.sign_in import hash_token
    from relevo_server.accounts.token_auth import new_token

    try:
        label = token_label(wanted.label)
    except BadName as error:
        raise CommandError(str(error)) from error
    if not 1 <= wanted.days <= MAX_TOKEN_DAYS:
        raise CommandError(f"a token lives 1 to {MAX_TOKEN_DAYS} days")
    secret, now_s = new_token(), Clock().wall_s()
    scopes = tuple(sorted({one.value for one in wanted.scopes}))
    async with opened_database(settings) as database:
        account = await account_of(database, settings, wanted.name)
        new = NewToken(
            id=uuid.uuid4().hex,
            token_hash=hash_token(secret),
            organisation=account.organisation_id,
            account_id=account.id,
            name=label,
            scopes=scopes,
            created_at_s=now_s,
            expires_at_s=now_s + wanted.days * _DAY_S,
        )
        details: dict[str, Detail] = {
            "token": new.id,
            "account": account.id,
            "scopes": " ".join(scopes),
            "days": wanted.days,
        }
        await TokenStore(database).create(
            new, event("token.created", account.organisation_id, details, {"name": label})
        )
    return [secret], True


async def list_tokens(settings: Settings, organisation: str) -> Outcome:
    """A line for each token of an organisation."""
    async with opened_database(settings) as database:
        found = await TokenStore(database).of_organisation(organisation)
        every = await AccountStore(database, Clock(), settings.organisation).every()
    names = {one.view.id: one.view.name for one in every}
    lines = [
        "\t".join(
            (
                one.id,
                names.get(one.account_id, "-"),
                one.name,
                ",".join(one.scopes),
                f"until {_day(one.expires_at_s)}",
                f"used {_day(one.used_at_s)}" if one.used_at_s is not None else "never used",
            )
        )
        for one in found
    ]
    return lines or ["no token"], True


async def revoke_token(settings: Settings, organisation: str, token_id: str) -> Outcome:
    """End a token. Raises CommandError."""
    async with opened_database(settings) as database:
        done = event("token.revoked", organisation, {"token": token_id[:32]})
        if not await TokenStore(database).revoke(organisation, token_id, done):
            raise CommandError(f"{organisation} has no token {token_id}; see relevo-server token list")
    return [f"token {token_id} revoked"], True


async def create_organisation(settings: Settings, organisation: str, shown: str) -> Outcome:
    """Add an organisation. Raises CommandError."""
    if not _ORGANISATION_ID.fullmatch(organisation):
        raise CommandError(
            "an organisation's id has 1 to 32 small letters, digits and hyphens, no hyphen at its ends"
        )
    try:
        name = display_name(shown)
    except BadName as error:
        raise CommandError(str(error)) from error
    async with opened_database(settings) as database:
        done = event("organisation.created", organisation, {"organisation": organisation})
        try:
            await OrganisationStore(database, settings.organisation).create(organisation, name, done)
        except OrganisationTaken as error:
            raise CommandError(f"an organisation {organisation} exists already") from error
    return [f"organisation {organisation} created"], True


async def list_organisations(settings: Settings) -> Outcome:
    """A line for each organisation."""
    async with opened_database(settings) as database:
        found = await OrganisationStore(database, settings.organisation).every()
    return [
        "\t".join(
            (
                one.id,
                one.name,
                f"second factor: {one.policy.second_factor.value}",
                "OIDC only" if one.policy.oidc_only else "-",
                f"keeps {one.policy.retention_days} days" if one.policy.retention_days else "keeps for ever",
            )
        )
        for one in found
    ], True


async def set_policy(settings: Settings, organisation: str, wanted: WantedPolicy) -> Outcome:
    """Change what is given of a policy. Raises CommandError."""
    given = {name: value for name, value in vars(wanted).items() if value is not None}
    if not given:
        raise CommandError(
            "nothing to change: give --ask-second-factor, --only-oidc, --no-only-oidc or --retention-days"
        )
    if wanted.retention_days is not None and not 0 <= wanted.retention_days <= MAX_RETENTION_DAYS:
        raise CommandError(f"a record is kept 1 to {MAX_RETENTION_DAYS} days, or with 0 for ever")
    if wanted.oidc_only and organisation != HOME:
        raise CommandError(
            f"oidc_issuer signs in people of {HOME} alone: in {organisation} nobody could sign in any more"
        )
    async with opened_database(settings) as database:
        organisations = OrganisationStore(database, settings.organisation)
        found = await organisations.get(organisation)
        if found is None:
            raise CommandError(
                f"there is no organisation {organisation}; see relevo-server organisation list"
            )
        if wanted.oidc_only:
            await _check_provider(settings, database)
        done = event("policy.changed", organisation, given)
        await organisations.set_policy(organisation, replace(found.policy, **given), done)
    return [f"policy of {organisation} changed"], True


async def _check_provider(settings: Settings, database: Database) -> None:
    """Nothing, where somebody could still administer by the provider alone. Raises CommandError."""
    if settings.oidc_issuer is None:
        raise CommandError("without oidc_issuer nobody could sign in any more; set it first")
    if not await OidcStore(database).has_administrator(settings.oidc_issuer, HOME):
        raise CommandError(
            "no administrator has come by the provider yet: let one sign in by it first, by an account whose "
            "name is the address that the provider has verified"
        )


async def list_reports(settings: Settings, organisation: str, state: str | None) -> Outcome:
    """A line for each report, the newest first."""
    async with opened_database(settings) as database:
        wanted = ReportState(state) if state is not None else None
        found = await ReportStore(database).list(organisation, wanted)
    lines = [
        "\t".join(
            (
                _moment(one.at_s),
                one.state.value,
                f"by {one.by}",
                f"session {one.session_id.hex()}",
                f"about {one.accused or 'everybody'}",
                ", ".join(one.people.values()) or "-",
                one.note.replace("\n", " ") or "-",
            )
        )
        for one in found
    ]
    return lines or ["no report"], True


def _day(at_s: float) -> str:
    return dt.datetime.fromtimestamp(at_s, dt.UTC).date().isoformat()


def _moment(at_s: float) -> str:
    return dt.datetime.fromtimestamp(at_s, dt.UTC).isoformat(timespec="seconds")
