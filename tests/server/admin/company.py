"""An application with two organisations and people of every role, each with a browser of their own."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from argon2 import PasswordHasher

from relevo_protocol.modes import Standing
from relevo_server.store.accounts import AccountStore
from relevo_server.store.audit import AuditEvent, AuditLog
from relevo_server.store.audit_line import AuditLine
from relevo_server.store.organisations import HOME, OrganisationStore
from relevo_server.store.people import NewPerson, PeopleStore, Person, PersonChange
from tests.server.hands import ORIGIN, PASSWORD, QUICK, Site, site

OTHER = "other"
ADMIN, SECOND, SUPERVISOR, TECHNICIAN, EXPERT, FOREIGN = "eva", "noa", "sol", "ana", "kim", "zoe"
_HASHER: PasswordHasher = QUICK


@dataclass
class Browser:
    """Somebody's browser, with its cookies."""

    client: httpx.AsyncClient
    person: Person | None = None

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get(path, headers={"sec-fetch-site": "same-origin", **headers})

    async def post(self, path: str, body: object = None, **headers: str) -> httpx.Response:
        return await self.client.post(
            path, json={} if body is None else body, headers={"origin": ORIGIN, **headers}
        )


@dataclass
class Company:
    """The site and everybody's browser by name; `nobody` is not signed in."""

    site: Site
    browsers: dict[str, Browser] = field(default_factory=dict[str, Browser])

    def __getitem__(self, name: str) -> Browser:
        return self.browsers[name]

    def person(self, name: str) -> Person:
        found = self.browsers[name].person
        assert found is not None
        return found

    async def lines(self, organisation: str = HOME) -> list[AuditLine]:
        """The record, the oldest first."""
        return [line async for line in AuditLog(self.site.database).records(organisation)]

    async def record(self, action: str, organisation: str = HOME, **details: Any) -> None:
        """Put a line into the record."""
        event = AuditEvent(
            self.site.hands.now_s(), "relay", action, details=details, organisation=organisation
        )
        await AuditLog(self.site.database).append(event)


def run(folder: Path, play: Callable[[Company], Awaitable[None]], **settings: Any) -> None:
    """Play with everybody signed in."""

    async def on_site() -> None:
        async with site(folder, **settings) as found, AsyncExitStack() as stack:
            company = Company(found)
            await _hire(company, stack)
            await play(company)

    asyncio.run(on_site())


async def _hire(company: Company, stack: AsyncExitStack) -> None:
    people = PeopleStore(company.site.database)
    event = AuditEvent(company.site.hands.now_s(), "test", "organisation.created", organisation=OTHER)
    await OrganisationStore(company.site.database, "Prueba").create(OTHER, "Otra", event)
    for name, place, standing, is_admin in (
        (ADMIN, HOME, Standing.TECHNICIAN, True),
        (SECOND, HOME, Standing.TECHNICIAN, True),
        (SUPERVISOR, HOME, Standing.SUPERVISOR, False),
        (EXPERT, HOME, Standing.EXPERT, False),
        (FOREIGN, OTHER, Standing.TECHNICIAN, True),
    ):
        await people.create(place, _new(name, standing, is_admin=is_admin), _made(company, place))
    await _demote_ana(company)
    for name in (ADMIN, SECOND, SUPERVISOR, EXPERT, FOREIGN, TECHNICIAN):
        await _sign_in(company, stack, name, people)
    company.browsers["nobody"] = Browser(await _client(company, stack))


def _new(name: str, standing: Standing, *, is_admin: bool) -> NewPerson:
    return NewPerson(
        name=name,
        display_name=name.capitalize(),
        language="es",
        standing=standing,
        team="north",
        admin_tools=False,
        is_admin=is_admin,
        link_hash=name.encode().ljust(32),
        link_expires_at_s=0.0,
    )


def _made(company: Company, place: str) -> AuditEvent:
    return AuditEvent(company.site.hands.now_s(), "test", "account.create", organisation=place)


async def _demote_ana(company: Company) -> None:
    change = PersonChange(is_admin=False, team="north")
    people = PeopleStore(company.site.database)
    await people.change(HOME, company.site.ana.id, change, _made(company, HOME))


async def _sign_in(company: Company, stack: AsyncExitStack, name: str, people: PeopleStore) -> None:
    accounts: AccountStore = company.site.accounts
    await accounts.set_password(name, _HASHER.hash(PASSWORD), "test")
    client = await _client(company, stack)
    place = OTHER if name == FOREIGN else HOME
    found = {one.name: one for one in await people.everyone(place)}
    browser = Browser(client, found[name])
    answer = await browser.post("/api/sign-in", {"name": name, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    company.browsers[name] = browser


async def _client(company: Company, stack: AsyncExitStack) -> httpx.AsyncClient:
    transport = company.site.client._transport  # the one application of this site
    return await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url=ORIGIN))
