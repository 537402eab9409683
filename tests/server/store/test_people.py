"""People and their activity, in both databases."""

import asyncio

import pytest

from relevo_protocol.modes import Standing
from relevo_server.store.accounts import NameTaken
from relevo_server.store.activity import ActivityStore, Visit
from relevo_server.store.audit import AuditEvent, AuditLog
from relevo_server.store.organisations import HOME, OrganisationStore
from relevo_server.store.people import LastAdministrator, NewPerson, PeopleStore, PersonChange
from relevo_server.store.revocations import RevocationStore
from relevo_server.store.sign_ins import NewSignIn, SignInStore
from tests.server.store.hands import opened


def event(action: str = "act", at_s: float = 10.0, organisation: str = HOME) -> AuditEvent:
    return AuditEvent(at_s, "tester", action, organisation=organisation)


def new(name: str, *, is_admin: bool = False) -> NewPerson:
    return NewPerson(
        name=name,
        display_name=name.capitalize(),
        language="es",
        standing=Standing.TECHNICIAN,
        team="",
        admin_tools=False,
        is_admin=is_admin,
        link_hash=name.encode().ljust(32, b"."),
        link_expires_at_s=100.0,
    )


def test_Q13_people_are_made_with_their_link_found_in_their_organisation_and_changed(database_url: str):
    async def play() -> None:
        async with opened(database_url) as database:
            people, sign_ins = PeopleStore(database), SignInStore(database)
            await OrganisationStore(database, "Casa").create("other", "Otra", event(organisation="other"))
            ana = new("ana")
            await people.create(HOME, ana, event("account.create"))
            with pytest.raises(NameTaken):
                await people.create("other", new("ana"), event("account.create", organisation="other"))
            assert await sign_ins.take_link(ana.link_hash, 50.0) == ana.id
            await sign_ins.open(NewSignIn(b"t" * 32, "s1", ana.id), event("sign_in.link", 60.0))
            found = await people.one(HOME, ana.id)
            assert found is not None
            assert (found.seen_at_s, found.second_factor, found.created_at_s) == (60.0, False, 10.0)
            assert await people.one("other", ana.id) is None
            assert await people.everyone("other") == []
            wider = PersonChange(display_name="Ana Ruiz", admin_tools=True)
            assert await people.change(HOME, ana.id, wider, event("account.change")) is False
            narrower = PersonChange(admin_tools=False)
            assert await people.change(HOME, ana.id, narrower, event("account.change", 20.0)) is True
            assert await people.change("other", ana.id, narrower, event("account.change")) is None
            assert [one.account_id for one in await RevocationStore(database).since(20.0)] == [ana.id]
            actions = [line.action async for line in AuditLog(database).records(HOME)]
            assert actions == ["account.create", "sign_in.link", "account.change", "account.change"]

    asyncio.run(play())


def test_Q13_of_administrators_who_give_up_at_once_one_stays(database_url: str):
    async def play() -> None:
        async with opened(database_url) as first, opened(database_url) as second:
            eva, noa = new("eva", is_admin=True), new("noa", is_admin=True)
            for one in (eva, noa):
                await PeopleStore(first).create(HOME, one, event("account.create"))
            # Two servers, so that no lock of one process decides it.
            outcomes = await asyncio.gather(
                PeopleStore(first).change(
                    HOME, eva.id, PersonChange(is_admin=False), event("account.change")
                ),
                PeopleStore(second).set_disabled(HOME, noa.id, event("account.disable"), disabled=True),
                return_exceptions=True,
            )
            assert sum(isinstance(one, LastAdministrator) for one in outcomes) == 1
            left = [
                one for one in await PeopleStore(first).everyone(HOME) if one.is_admin and not one.disabled
            ]
            assert len(left) == 1
            assert len([line async for line in AuditLog(first).records(HOME)]) == 3

    asyncio.run(play())


def test_visits_are_those_whom_a_host_let_in(database_url: str):
    async def play() -> None:
        async with opened(database_url) as database:
            audit = AuditLog(database)
            for at_s, actor, action in (
                (10.0, "a1", "viewer.admitted"),
                (20.0, "a1", "viewer.removed"),
                (30.0, "a2", "viewer.admitted"),
            ):
                await audit.append(AuditEvent(at_s, actor, action, b"s" * 16))
            store = ActivityStore(database)
            assert await store.visits(HOME, 0.0) == [
                Visit("a2", b"s" * 16, 30.0),
                Visit("a1", b"s" * 16, 10.0),
            ]
            assert await store.visits(HOME, 11.0) == [Visit("a2", b"s" * 16, 30.0)]
            assert await store.visits("other", 0.0) == []

    asyncio.run(play())
