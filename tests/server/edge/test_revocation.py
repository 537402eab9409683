"""What ends a right ends its connections, over real sockets and real sign-ins (SPEC C25)."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import cast

import httpx
import pytest
from sqlalchemy import update

from relevo_protocol.codec import relay_message
from relevo_protocol.errors import ErrorCode
from relevo_protocol.messages.relay import RelayError, ViewerGone, ViewerHello
from relevo_protocol.modes import SessionKind, Standing
from relevo_server.clock import Clock
from relevo_server.edge import desk
from relevo_server.edge.desk import Desk
from relevo_server.relay.policies import Policies
from relevo_server.relay.seat import Identity
from relevo_server.services import Services
from relevo_server.store.accounts import AccountChange, AccountStore
from relevo_server.store.audit import AuditEvent
from relevo_server.store.database import Database
from relevo_server.store.revocations import RevocationStore
from relevo_server.store.sign_ins import SignInStore
from relevo_server.store.tables import WebSessionRow
from tests.support.peers import FakeAgent, FakeViewer, agent_at
from tests.support.relay import NAME, Relay, RelayProcess, running_relay

pytestmark = pytest.mark.anyio


def _desk(relay: Relay) -> Desk:
    assert relay.services is not None
    return cast("Desk", relay.services.switchboard.revoke.__self__)  # type: ignore[attr-defined]


async def _ticket(browser: httpx.AsyncClient, routing: str) -> str:
    answer = await browser.post("/api/tickets", json={"routing": routing})
    answer.raise_for_status()
    return str(answer.json()["ticket"])


@asynccontextmanager
async def viewer_of(browser: httpx.AsyncClient, agent: FakeAgent) -> AsyncGenerator[FakeViewer]:
    """A live viewer with a ticket of this browser's sign-in."""
    viewer = FakeViewer(agent.relay)
    viewer.expect_code(agent.code)
    await viewer._open(ViewerHello(version=1, ticket=await _ticket(browser, agent.code[:6])))
    try:
        await viewer.live()
        yield viewer
    finally:
        await viewer.close()


async def _removed(viewer: FakeViewer) -> None:
    assert (await viewer.inbox.expect(RelayError)).code is ErrorCode.REMOVED
    assert await viewer.wire.wait_closed() == (1000, "removed")


async def _own_id(browser: httpx.AsyncClient) -> str:
    answer = await browser.get("/api/me/sign-ins")
    answer.raise_for_status()
    return next(str(one["id"]) for one in answer.json()["sign_ins"] if one["current"])


@asynccontextmanager
async def _other_process(folder: Path) -> AsyncGenerator[Database]:
    database = Database(f"sqlite:///{folder / 'relevo.db'}")
    try:
        yield database
    finally:
        await database.close()


async def test_C25_a_sign_out_closes_the_sockets_of_the_account_at_once(tmp_path: Path) -> None:
    async with (
        running_relay(tmp_path) as relay,
        agent_at(relay) as agent,
        relay.signed_in() as browser,
        viewer_of(browser, agent) as viewer,
    ):
        (await browser.post("/api/sign-out", json={})).raise_for_status()
        assert _desk(relay).registry.vouched() == set()
        await _removed(viewer)
        assert (await agent.inbox.expect(ViewerGone)).left


async def test_C25_a_revoked_sign_in_takes_its_own_sockets_and_tickets_and_no_others(tmp_path: Path) -> None:
    async with (
        running_relay(tmp_path) as relay,
        agent_at(relay) as agent,
        relay.signed_in() as here,
        relay.signed_in() as there,
    ):
        lost = await _ticket(there, agent.code[:6])
        kept = await _ticket(here, agent.code[:6])
        async with viewer_of(there, agent) as viewer:
            answer = await here.post(f"/api/me/sign-ins/{await _own_id(there)}/revoke", json={})
            answer.raise_for_status()
            await _removed(viewer)
        assert relay.services is not None
        assert relay.services.tickets.holder(lost) is None
        assert relay.services.tickets.holder(kept) is not None
        assert (await there.get("/api/me")).status_code == 401
        assert (await here.get("/api/me")).status_code == 200


async def test_C25_a_presentation_ends_with_its_presenters_sign_in(tmp_path: Path) -> None:
    async with running_relay(tmp_path) as relay, relay.signed_in() as browser:
        answer = await browser.post("/api/presentations", json={})
        agent = FakeAgent(relay, kind=SessionKind.PRESENTATION, ticket=str(answer.json()["ticket"]))
        await agent.connect()
        (await browser.post("/api/sign-out", json={})).raise_for_status()
        code, _reason = await agent.wire.wait_closed()
        assert code == 1000
        await agent.close()


async def test_C25_a_socket_that_has_not_said_hello_gets_nowhere(tmp_path: Path) -> None:
    async with running_relay(tmp_path) as relay, agent_at(relay) as agent, relay.signed_in() as browser:
        viewer = FakeViewer(relay)
        await viewer.dial()
        ticket = await _ticket(browser, agent.code[:6])
        (await browser.post("/api/sign-out", json={})).raise_for_status()
        await viewer.wire.send(relay_message(ViewerHello(version=1, ticket=ticket)))
        assert (await viewer.inbox.expect(RelayError)).code is ErrorCode.TICKET_INVALID
        await viewer.close()


async def test_C25_a_ticket_revoked_while_the_database_is_asked_gets_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_relay(tmp_path) as relay, agent_at(relay) as agent:
        there = _desk(relay)
        looked_up = there.stands

        async def stands(who: Identity) -> bool:
            found = await looked_up(who)
            there.revoke(who.account_id)
            return found

        monkeypatch.setattr(there, "stands", stands)
        viewer = FakeViewer(relay)
        await viewer.dial()
        ticket = await relay.ticket(agent.code[:6])
        await viewer.wire.send(relay_message(ViewerHello(version=1, ticket=ticket)))
        assert (await viewer.inbox.expect(RelayError)).code is ErrorCode.TICKET_INVALID
        await viewer.close()


@pytest.mark.parametrize("act", ["sign_out", "disable", "lower", "move", "password"])
async def test_C25_what_another_process_does_cuts_within_five_seconds(tmp_path: Path, act: str) -> None:
    async with running_relay(tmp_path) as relay:
        boss = await relay.add_account("boss", standing=Standing.SUPERVISOR, admin_tools=True)
        async with (
            agent_at(relay) as agent,
            relay.signed_in("boss") as browser,
            viewer_of(browser, agent) as viewer,
            _other_process(tmp_path) as database,
        ):
            accounts = AccountStore(database, Clock(), "Prueba")
            match act:
                case "sign_out":
                    event = AuditEvent(Clock().wall_s(), "command line", "account.sign_out")
                    await SignInStore(database).revoke_all(boss.id, "", event)
                case "disable":
                    assert await accounts.set_disabled("boss", disabled=True, actor="command line")
                case "lower" | "move":
                    change = (
                        AccountChange(admin_tools=False) if act == "lower" else AccountChange(team="south")
                    )
                    assert await accounts.change("boss", change, "command line")
                case _:
                    assert await accounts.set_password("boss", "another hash", "command line")
            await _removed(viewer)


async def test_C25_who_signs_in_anew_is_not_cut_by_what_was_revoked_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "Policies", partial(Policies, revocation_check_s=0.02))
    async with running_relay(tmp_path) as relay, agent_at(relay) as agent:
        async with relay.signed_in() as before:
            (await before.post("/api/sign-out", json={})).raise_for_status()
        async with relay.signed_in() as browser, viewer_of(browser, agent) as viewer:
            vigil = _desk(relay).vigil
            seen: set[int] = set()
            assert await vigil.fallen(0.0, seen) == set()
            assert seen
            assert viewer.wire.closed is None


@pytest.mark.parametrize("column", ["seen_at_s", "created_at_s"])
async def test_C25_a_sign_in_that_runs_out_takes_its_sockets_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, column: str
) -> None:
    often = partial(Policies, revocation_check_s=0.02, account_check_rounds=1)
    monkeypatch.setattr(desk, "Policies", often)
    async with (
        running_relay(tmp_path, sign_in_idle_s=3600, sign_in_absolute_s=7200) as relay,
        agent_at(relay) as agent,
        relay.signed_in() as browser,
        viewer_of(browser, agent) as viewer,
        _other_process(tmp_path) as database,
    ):
        mine = await _own_id(browser)
        assert await _desk(relay).vigil.unfit() == set()
        async with database.write() as session:
            long_ago = update(WebSessionRow).where(WebSessionRow.id == mine).values({column: 1.0})
            await session.execute(long_ago)
        await _removed(viewer)


async def test_C25_an_idle_relay_asks_the_database_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds = iter([False] * 50 + [True])
    asked: list[float] = []

    async def stops_within(_self: Desk, _seconds: float) -> bool:
        return next(rounds)

    async def since(_self: RevocationStore, at_s: float) -> list[object]:
        asked.append(at_s)
        return []

    async with running_relay(tmp_path) as relay:
        monkeypatch.setattr(Desk, "_stops_within", stops_within)
        monkeypatch.setattr(RevocationStore, "since", since)
        await _desk(relay)._keep_watch()
        assert asked == []


@pytest.mark.parametrize("lasts", [1000, 11, 1])
async def test_C25_a_sign_in_runs_out_in_time_though_a_database_that_nobody_changes_is_hardly_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lasts: int
) -> None:
    """``lasts``: looks from one commit to the next."""
    monkeypatch.setattr(desk, "Policies", partial(Policies, revocation_check_s=3600.0))
    looks = asked = ended = 0

    def trace(_self: Database) -> int:
        return (looks - 1) // lasts

    def lives(_self: Services, _sign_in: object) -> bool:
        nonlocal ended
        ended = looks if looks >= 100 else 0
        return looks < 100

    async def stops_within(_self: Desk, _seconds: float) -> bool:
        nonlocal looks
        looks += 1
        return looks > 200

    async def since(_self: RevocationStore, _at_s: float) -> list[object]:
        nonlocal asked
        asked += 1
        return []

    monkeypatch.setattr(Database, "trace", trace)
    async with (
        running_relay(tmp_path) as relay,
        agent_at(relay) as agent,
        relay.signed_in() as browser,
        viewer_of(browser, agent) as viewer,
    ):
        monkeypatch.setattr(Desk, "_stops_within", stops_within)
        monkeypatch.setattr(RevocationStore, "since", since)
        monkeypatch.setattr(Services, "lives", lives)
        await _desk(relay)._keep_watch()
        await _removed(viewer)
        assert 100 <= ended <= 112
        assert asked == 1 + (ended - 1) // lasts, "at first, and after each commit"


def test_C25_what_was_revoked_while_the_relay_was_down_is_cut_when_it_starts(tmp_path: Path) -> None:
    process = RelayProcess(tmp_path)

    async def come_in() -> str:
        async with (
            agent_at(process.relay) as agent,
            process.relay.signed_in() as browser,
            viewer_of(browser, agent) as viewer,
        ):
            await process.relay.stored(1)
            return viewer.welcome.resume

    async def sign_out() -> None:
        async with _other_process(tmp_path) as database:
            found = await AccountStore(database, Clock(), "").by_name(NAME)
            assert found is not None
            event = AuditEvent(Clock().wall_s(), "command line", "account.sign_out")
            await SignInStore(database).revoke_all(found.view.id, "", event)

    async def come_back(token: str) -> ErrorCode:
        viewer = FakeViewer(process.relay)
        await viewer.dial()
        await viewer.wire.send(relay_message(ViewerHello(version=1, resume=token)))
        code = (await viewer.inbox.expect(RelayError)).code
        await viewer.close()
        return code

    process.start()
    token = asyncio.run(come_in())
    process.kill()
    asyncio.run(sign_out())
    process.start()
    try:
        assert asyncio.run(come_back(token)) is ErrorCode.RESUME_INVALID
    finally:
        process.kill()
