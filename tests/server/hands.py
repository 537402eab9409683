"""Clocks whose hands tests turn, and the server's application over ASGI without sockets."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from relevo_server.accounts.passwords import Passwords
from relevo_server.accounts.view import AccountView
from relevo_server.app import create_app
from relevo_server.clock import Clock
from relevo_server.services import Services
from relevo_server.settings import Settings
from relevo_server.store.accounts import AccountStore, NewAccount
from relevo_server.store.database import Database

PASSWORD = "correct horse battery"
PORT = 18443
ORIGIN = f"https://127.0.0.1:{PORT}"
# The same server by a name: passkeys know no addresses.
NAMED_ORIGIN = f"https://localhost:{PORT}"
# The weakest profile argon2 takes: these tests are not about its strength.
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def settings(**given: Any) -> Settings:
    """Settings from what a person would write: texts that are still to be read."""
    return Settings(**given)


class Hands:
    """A clock that stands still until it is turned."""

    def __init__(self, at_s: float = 1_800_000_000.0) -> None:
        self.at_s = at_s
        self.clock = Clock(wall_s=self.now_s, monotonic_s=self.now_s)

    def now_s(self) -> float:
        return self.at_s

    def turn(self, seconds: float) -> None:
        self.at_s += seconds


@dataclass
class Site:
    """A running application with one technician, `ana`."""

    client: httpx.AsyncClient
    hands: Hands
    services: Services
    database: Database
    accounts: AccountStore
    ana: AccountView
    app: FastAPI
    origin: str = ORIGIN

    async def post(self, path: str, body: object = None, **headers: str) -> httpx.Response:
        return await self.client.post(
            path, json={} if body is None else body, headers={"origin": self.origin, **headers}
        )

    async def sign_in(self, password: str = PASSWORD, name: str = "ana") -> httpx.Response:
        return await self.post("/api/sign-in", {"name": name, "password": password})


def routes(app: FastAPI) -> list[tuple[str, str]]:
    """Every method and path that the application answers, its parameters by their names."""
    found: list[tuple[str, str]] = []
    for context in iter_route_contexts(app.routes):
        if isinstance(context.original_route, APIRoute):
            found += [(method, context.path or "") for method in sorted(context.methods or ())]
    return found


@asynccontextmanager
async def site(
    folder: Path, address: str = "127.0.0.1", origin: str = ORIGIN, **given: Any
) -> AsyncGenerator[Site]:
    hands = Hands()
    made = settings(data=folder, port=PORT, organisation="Prueba", **{"second_factor": "optional", **given})
    app = create_app(made, clock=hands.clock, passwords=Passwords(QUICK))
    database = Database(made.database)
    accounts = AccountStore(database, hands.clock, made.organisation)
    transport = httpx.ASGITransport(app, client=(address, 50_000))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url=origin) as client,
    ):
        new = NewAccount("ana", "Ana Ruiz", "es", is_admin=True, password_hash=QUICK.hash(PASSWORD))
        ana = await accounts.create(new, "test")
        try:
            yield Site(client, hands, app.state.services, database, accounts, ana, app, origin)
        finally:
            await database.close()
