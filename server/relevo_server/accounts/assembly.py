"""Puts the parts of accounts together: services, gate and routes."""

import functools
from collections.abc import Callable
from dataclasses import dataclass

from fastapi import APIRouter

from relevo_server.accounts import oidc_routes, routes, security_routes
from relevo_server.accounts.factors import FactorParts, Factors
from relevo_server.accounts.guard import Gate
from relevo_server.accounts.known_device import KnownDevices
from relevo_server.accounts.oidc import Client, Provider, provider_client
from relevo_server.accounts.oidc_sign_in import OidcSignIn
from relevo_server.accounts.own import OwnAccount
from relevo_server.accounts.passkeys import Passkeys
from relevo_server.accounts.passwords import Passwords
from relevo_server.accounts.proofs import Proofs
from relevo_server.accounts.seal import Seal, load_or_make_seal
from relevo_server.accounts.security_routes import SecurityParts
from relevo_server.accounts.sign_in import SignInParts, SignInService
from relevo_server.accounts.token_auth import TokenAuth
from relevo_server.accounts.tries import Tries
from relevo_server.services import Services
from relevo_server.store.accounts import AccountStore
from relevo_server.store.database import Database
from relevo_server.store.factors import FactorStore, OidcStore
from relevo_server.store.organisations import OrganisationStore
from relevo_server.store.sign_ins import SignInStore
from relevo_server.store.tokens import TokenStore


@dataclass(frozen=True)
class AccountParts:
    """What accounts are made of besides the shared services."""

    database: Database
    accounts: AccountStore
    passwords: Passwords


@dataclass(frozen=True)
class Accounts:
    """The gate that every route asks, and the routes of accounts themselves."""

    gate: Gate
    routers: tuple[APIRouter, ...]


def assemble(services: Services, parts: AccountParts) -> Accounts:
    """Everything about accounts, over one database."""
    sign_ins, tokens = SignInStore(parts.database), TokenStore(parts.database)

    @functools.cache
    def seal() -> Seal:
        return load_or_make_seal(services.settings.data)

    factors = _factors(services, parts.database, seal)
    tries = Tries(services, KnownDevices(seal, services.clock))
    service = SignInService(services, SignInParts(parts.accounts, sign_ins, parts.passwords, factors, tries))
    proofs = Proofs(services, service, factors)
    gate = Gate(services, service, factors, TokenAuth(services, tokens))
    own = OwnAccount(services, parts.accounts, sign_ins, service, tokens, parts.passwords)
    oidc = _oidc(services, service, parts)
    security = SecurityParts(gate, service, sign_ins, factors, own)
    return Accounts(
        gate,
        (
            routes.build_router(service, proofs, factors, gate),
            security_routes.build_router(security),
            oidc_routes.build_router(oidc, service),
        ),
    )


def _oidc(services: Services, service: SignInService, parts: AccountParts) -> OidcSignIn | None:
    """The sign-in by the configured provider; its secret is read once. Raises OSError."""
    settings = services.settings
    if settings.oidc_issuer is None:
        return None
    file = settings.oidc_client_secret_file
    secret = file.read_text(encoding="utf-8").strip() if file is not None else ""
    callback = settings.relay_origin + oidc_routes.CALLBACK
    client = Client(settings.oidc_issuer, settings.oidc_client_id, secret, callback)
    provider = Provider(client, services.clock, provider_client)
    return OidcSignIn(services, service, provider, (parts.accounts, OidcStore(parts.database)))


def _factors(services: Services, database: Database, seal: Callable[[], Seal]) -> Factors:
    settings = services.settings
    store = FactorStore(database)
    passkeys = Passkeys(store, services.clock.monotonic_s, settings.organisation)
    return Factors(
        services, FactorParts(store, OrganisationStore(database, settings.organisation), passkeys, seal)
    )
