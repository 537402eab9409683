"""Organisations, sign-ins, second factors, tokens, revocations and reports, in both databases."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from relevo_server.settings import SecondFactor
from relevo_server.store.accounts import AccountChange, AccountStore, NewAccount
from relevo_server.store.audit import AuditEvent, AuditLog
from relevo_server.store.database import Database
from relevo_server.store.factors import (
    ConfirmedTotp,
    FactorStore,
    LastFactor,
    LinkTaken,
    NewPasskey,
    OidcStore,
    PasskeyTaken,
)
from relevo_server.store.organisations import (
    HOME,
    OrganisationPolicy,
    OrganisationStore,
    OrganisationTaken,
)
from relevo_server.store.relay_sessions import RelaySessionStore, SessionRecord
from relevo_server.store.reports import NewReport, ReportState, ReportStore
from relevo_server.store.revocations import RevocationStore
from relevo_server.store.sign_ins import NewSignIn, SignInStore
from relevo_server.store.tokens import NewToken, TokenStore
from tests.server.hands import Hands
from tests.server.store.hands import opened
from tests.support.records import flaws_of, reported

Work = Callable[[Database], Awaitable[Any]]


def event(action: str = "act", at_s: float = 10.0) -> AuditEvent:
    return AuditEvent(at_s, "tester", action)


def carry_out(url: str, work: Work) -> Any:
    async def run() -> Any:
        async with opened(url) as database:
            found = await work(database)
            assert await flaws_of(database) == []
            return found

    return asyncio.run(run())


def accounts_of(database: Database) -> AccountStore:
    return AccountStore(database, Hands().clock, "Prueba")


async def somebody(database: Database, name: str = "ana", organisation: str = HOME) -> str:
    new = NewAccount(name, name.title(), "es", False, "x", admin_tools=True, organisation_id=organisation)
    return (await accounts_of(database).create(new, "test")).id


async def revoked(database: Database, since_s: float = 0.0) -> list[tuple[str, str]]:
    return [(one.account_id, one.sign_in) for one in await RevocationStore(database).since(since_s)]


async def actions(database: Database) -> list[str]:
    return [line.action for line in reversed(await AuditLog(database).newest())]


def sign_in(account_id: str, name: str) -> NewSignIn:
    return NewSignIn(name.encode().ljust(32), name, account_id, "192.0.2.1", "Browser\x00" * 90, "password")


def test_Q14_organisations_have_names_policies_and_people_of_their_own(database_url: str):
    async def work(database: Database):
        store = OrganisationStore(database, "Prueba")
        await store.create("north", "Norte", event("organisation.create"))
        with pytest.raises(OrganisationTaken):
            await store.create("north", "Otra", event())
        policy = OrganisationPolicy(SecondFactor.EVERYBODY, True, 30, 7, (21, 5))
        assert await store.set_policy("north", policy, event("policy.changed"))
        assert not await store.set_policy("south", policy, event())
        await somebody(database)
        await somebody(database, "eva", "north")
        accounts = accounts_of(database)
        here, there = [await accounts.in_good_standing(one) for one in (HOME, "north")]
        assert [(one.name, one.organisation, one.organisation_id) for one in here] == [
            ("ana", "Prueba", HOME)
        ]
        assert [(one.name, one.organisation) for one in there] == [("eva", "Norte")]
        lines = [line.organisation for line in await AuditLog(database).newest("north")]
        assert lines == ["north"]  # eva's account; who makes an organisation acts at home
        return await store.every(), policy, await store.get("south")

    (home, north), policy, nothing = carry_out(database_url, work)
    assert (home.id, home.name, home.policy) == (HOME, "Prueba", OrganisationPolicy())
    assert (north.name, north.policy, nothing) == ("Norte", policy, None)


def test_Q1_sign_ins_are_listed_and_ended_one_by_one_or_all(database_url: str):
    async def work(database: Database):
        ana, store = await somebody(database), SignInStore(database)
        for number, name in enumerate(("one", "two", "three")):
            await store.open(sign_in(ana, name), event("sign_in.password", float(number)))
        newest = (await store.of_account(ana))[0]
        assert (newest.id, newest.method, newest.address) == ("three", "password", "192.0.2.1")
        assert (newest.agent, newest.authenticated_at_s) == (("Browser" * 90)[:200], 2.0)
        assert await store.mark_authenticated("two", 50.0, event("reauth"))
        assert not await store.mark_authenticated("none", 50.0, event())
        assert not await store.revoke("somebody else", "one", event())
        assert await store.revoke(ana, "one", event("sign_in.revoked"))
        assert await store.revoke_all(ana, "two", event("sign_in.revoked")) == ["three"]
        found = await store.find(b"two".ljust(32))
        assert found is not None
        assert (found.id, found.authenticated_at_s) == ("two", 50.0)
        await store.close("two", event("sign_out"))
        await store.close("two", event("sign_out"))  # nothing is there any more
        assert await store.of_account(ana) == []
        return ana, await revoked(database), (await actions(database))[4:]

    ana, cut, recorded = carry_out(database_url, work)
    assert cut == [(ana, "one"), (ana, "three"), (ana, "")]
    assert recorded == ["reauth", "sign_in.revoked", "sign_in.revoked", "sign_out"]


@pytest.mark.parametrize(
    ("act", "expected", "left"),
    [
        ("password", [""], 0),
        ("password but this", ["two"], 1),
        ("disable", [""], 0),
        ("tools", [""], 2),
        ("team", [""], 2),
        ("name", [], 2),
    ],
)
def test_C25_what_takes_something_away_cuts_connections(
    database_url: str, act: str, expected: list[str], left: int
):
    async def work(database: Database):
        ana, store, accounts = await somebody(database), SignInStore(database), accounts_of(database)
        for name in ("one", "two"):
            await store.open(sign_in(ana, name), event("sign_in.password"))
        doing = {
            "password": lambda: accounts.set_password("ana", "y", "test"),
            "password but this": lambda: accounts.set_password("ana", "y", event(), but="one"),
            "disable": lambda: accounts.set_disabled("ana", True, "test"),
            "tools": lambda: accounts.change("ana", AccountChange(admin_tools=False), "test"),
            "team": lambda: accounts.change("ana", AccountChange(team="Norte"), "test"),
            "name": lambda: accounts.change("ana", AccountChange(display_name="Norte"), "test"),
        }
        assert await doing[act]()
        line = (await AuditLog(database).newest(limit=1))[0]
        assert line.details["account"] == ana
        assert line.personal is not None
        assert line.personal["name"] == "ana"
        assert "Norte" not in str(line.details)
        return ana, await revoked(database), len(await store.of_account(ana))

    ana, cut, still = carry_out(database_url, work)
    assert (cut, still) == ([(ana, one) for one in expected], left)


def test_C25_revocations_are_seen_by_time_and_swept(database_url: str):
    async def work(database: Database):
        ana, store = await somebody(database), SignInStore(database)
        for at_s in (10.0, 20.0):
            await store.revoke_all(ana, "", event("sign_in.revoked", at_s))
        assert len(await revoked(database, 20.0)) == 1
        await RevocationStore(database).sweep(20.0)
        return await RevocationStore(database).since(0.0)

    (one,) = carry_out(database_url, work)
    assert (one.at_s, one.sign_in) == (20.0, "")


def test_Q4_an_apps_secret_counts_once_confirmed_and_each_step_once(database_url: str):
    async def work(database: Database):
        ana, store = await somebody(database), FactorStore(database)
        assert await store.totp(ana) is None
        assert await store.save_totp(ana, b"first")
        assert await store.save_totp(ana, b"second")
        assert not await store.has_second(ana)
        assert not await store.confirm_totp(ConfirmedTotp(ana, b"first", 7), [], event())
        shown = ConfirmedTotp(ana, b"second", 7)
        assert await store.confirm_totp(shown, [b"1" * 32, b"2" * 32], event("factor.added"))
        assert not await store.confirm_totp(replace(shown, step=8), [], event())
        assert not await store.save_totp(ana, b"third")
        assert await store.has_second(ana)
        used = [await store.use_step(ana, step) for step in (6, 7, 8, 8, 9)]
        found = await store.totp(ana)
        assert found is not None
        assert (found.sealed, found.confirmed, found.last_step) == (b"second", True, 9)
        assert await store.remove_totp(ana, event("factor.removed"))
        assert not await store.remove_totp(ana, event())
        return used, await store.totp(ana), (await actions(database))[1:]

    used, nothing, recorded = carry_out(database_url, work)
    assert (used, nothing) == ([False, False, True, False, True], None)
    assert recorded == ["factor.added", "factor.removed"]


def test_Q5_a_recovery_code_works_once_and_for_its_account_alone(database_url: str):
    async def work(database: Database):
        ana, eva, store = await somebody(database), await somebody(database, "eva"), FactorStore(database)
        await store.set_recovery(ana, [b"1" * 32, b"2" * 32], event("recovery.made"))
        used = [
            await store.use_recovery(who, code, event("sign_in.recovery"))
            for who, code in ((eva, b"1" * 32), (ana, b"1" * 32), (ana, b"1" * 32), (ana, b"9" * 32))
        ]
        left = [await store.recovery_left(ana)]
        await store.set_recovery(ana, [b"3" * 32], event("recovery.made"))
        left.append(await store.recovery_left(ana))
        used.append(await store.use_recovery(ana, b"2" * 32, event()))
        return used, left, await store.has_second(ana)

    assert carry_out(database_url, work) == ([False, True, False, False, False], [1, 1], False)


def test_Q6_passkeys_are_known_by_their_id_and_their_counter_must_rise(database_url: str):
    async def work(database: Database):
        ana, eva, store = await somebody(database), await somebody(database, "eva"), FactorStore(database)
        new = NewPasskey(b"key", ana, b"public", 5, "Phone")
        await store.add_passkey(new, event("factor.added"))
        await store.add_passkey(replace(new, credential_id=b"quiet", sign_count=0), event("factor.added"))
        with pytest.raises(PasskeyTaken):
            await store.add_passkey(replace(new, account_id=eva), event())
        rising = [await store.touch_passkey(b"key", count, 99.0) for count in (5, 0, 6)]
        quiet = [await store.touch_passkey(b"quiet", 0, 99.0) for _ in range(2)]
        found = await store.passkey(b"key")
        assert found is not None
        assert (found.account_id, found.sign_count, found.used_at_s) == (ana, 6, 99.0)
        assert not await store.remove_passkey(eva, b"key", event())
        assert await store.remove_passkey(ana, b"key", event("factor.removed"))
        names = [one.credential_id for one in await store.passkeys(ana)]
        await store.reset(ana, event("factor.removed"))
        return ana, rising, quiet, names, await store.has_second(ana), await revoked(database)

    ana, rising, quiet, names, has_second, cut = carry_out(database_url, work)
    assert (rising, quiet, names) == ([False, False, True], [True, True], [b"quiet"])
    assert (has_second, cut) == (False, [(ana, "")])


def test_Q5_recovery_codes_go_with_the_last_factor_which_stays_where_it_is_needed(database_url: str):
    async def work(database: Database):
        ana, store = await somebody(database), FactorStore(database)
        assert await store.save_totp(ana, b"sealed")
        await store.confirm_totp(ConfirmedTotp(ana, b"sealed", 7), [b"1" * 32], event("factor.added"))
        await store.add_passkey(NewPasskey(b"key", ana, b"public", 5, "Phone"), event("factor.added"))
        assert await store.remove_totp(ana, event("factor.removed"), needed=True)
        left = [await store.recovery_left(ana)]
        with pytest.raises(LastFactor):
            await store.remove_passkey(ana, b"key", event(), needed=True)
        left += [len(await store.passkeys(ana)), await store.recovery_left(ana)]
        assert await store.remove_passkey(ana, b"key", event("factor.removed"))
        return [*left, await store.recovery_left(ana)], (await actions(database))[1:]

    left, recorded = carry_out(database_url, work)
    assert left == [1, 1, 1, 0]
    assert recorded == ["factor.added", "factor.added", "factor.removed", "factor.removed"]


def test_Q7_a_providers_person_is_one_account(database_url: str):
    async def work(database: Database):
        ana, eva, store = await somebody(database), await somebody(database, "eva"), OidcStore(database)
        await store.link("https://idp.example", "s1", ana, event("factor.added"))
        with pytest.raises(LinkTaken):
            await store.link("https://idp.example", "s1", eva, event())
        with pytest.raises(LinkTaken):
            await store.link("https://idp.example", "s2", ana, event())
        asked = (("https://idp.example", "s1"), ("https://other.example", "s1"))
        return ana, [await store.account(*one) for one in asked]

    ana, found = carry_out(database_url, work)
    assert found == [ana, None]


def test_Q9_tokens_are_found_by_hash_and_revoked_within_the_organisation(database_url: str):
    async def work(database: Database):
        ana, store = await somebody(database), TokenStore(database)
        new = NewToken("t1", b"h" * 32, HOME, ana, "Export", ("audit.read", "reports.read"), 1.0, 9.0)
        await store.create(new, event("token.created"))
        await store.touch("t1", 5.0, event("token.used"))
        await store.touch("t1", 6.0)
        found = await store.by_hash(b"h" * 32)
        assert found is not None
        assert (found.scopes, found.used_at_s, found.account_id) == (new.scopes, 6.0, ana)
        assert await store.of_account(ana) == await store.of_organisation(HOME) == [found]
        assert not await store.revoke("north", "t1", event())
        assert await store.revoke(HOME, "t1", event("token.revoked"))
        return await store.by_hash(b"h" * 32), (await actions(database))[1:]

    assert carry_out(database_url, work) == (None, ["token.created", "token.used", "token.revoked"])


def test_N8_reports_are_kept_once_and_handled_within_the_organisation(database_url: str):
    async def work(database: Database):
        store = ReportStore(database)
        report = NewReport(HOME, b"s" * 16, 5.0, "customer", "guest-1", {"2": "Eva"})
        made = event("report.made")
        for _ in range(2):
            await reported(database, report, made)
        assert not await store.handle("north", report.id, state=ReportState.KEPT, note="", event=event())
        note = "called back\x00" + "x" * 600
        assert await store.handle(
            HOME, report.id, state=ReportState.CLOSED, note=note, event=event("report.handled")
        )
        assert await store.list("north") == []
        assert await store.list(HOME, ReportState.OPEN) == []
        async with database.read() as session:
            assert await session.scalar(text("SELECT count(*) FROM reports")) == 1
        return report, await store.list(HOME), await actions(database)

    report, (found,), recorded = carry_out(database_url, work)
    assert (found.id, found.people, found.state) == (report.id, {"2": "Eva"}, ReportState.CLOSED)
    assert (found.handled_by, len(found.note), found.note[:11]) == ("tester", 500, "called back")
    assert recorded == ["report.made", "report.handled"]


def test_U7_an_ended_session_is_forgotten_and_one_that_goes_on_is_not(database_url: str):
    hands = Hands()

    def kept(number: int) -> SessionRecord:
        return SessionRecord(
            bytes([number]) * 16, "", b"t" * 32, hands.now_s(), "full", ended=False, lead_name="Ana Ruiz"
        )

    async def work(database: Database) -> Any:
        store = RelaySessionStore(database, hands.clock)
        for number, ends in ((1, True), (2, True), (3, False)):
            async with store.writing() as writer:
                await writer.save_session(kept(number))
                if ends:
                    await writer.end_session(kept(number).session_id, "session_ended")
            hands.turn(10.0)
        await store.sweep(hands.now_s() - 20.0)
        async with database.read() as session:
            left = await session.scalars(
                text("SELECT created_at_s FROM relay_sessions ORDER BY created_at_s")
            )
            return [hands.now_s() - at_s for at_s in left]

    assert carry_out(database_url, work) == [20.0, 10.0]
