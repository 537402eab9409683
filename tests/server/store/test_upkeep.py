"""What the record needs from time to time is done, and again after it failed (SECURITY U1, U7)."""

import asyncio
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from relevo_server.clock import Clock
from relevo_server.store.audit import AuditEvent, AuditLog
from relevo_server.store.checkpoints import BadKey, HeadKeeper
from relevo_server.store.database import Database
from relevo_server.store.organisations import HOME, OrganisationPolicy, OrganisationStore
from relevo_server.store.revocations import RevocationStore, revoke
from relevo_server.store.upkeep import Upkeep, UpkeepParts
from tests.server.hands import Hands
from tests.server.store.hands import opened
from tests.support.records import flaws_of, heads_of

DAY_S = 86_400.0


def upkeep(database: Database, keeper: HeadKeeper, hands: Hands) -> Upkeep:
    organisations = OrganisationStore(database, "Prueba")
    revocations = RevocationStore(database)
    return Upkeep(UpkeepParts(database, lambda: keeper, organisations, revocations, hands.clock))


def test_U7_lines_go_after_the_days_that_the_policy_says(sqlite_database: str, tmp_path: Path):
    hands = Hands()

    async def run():
        async with opened(sqlite_database) as database:
            log = AuditLog(database)
            keeper = HeadKeeper(database, Ed25519PrivateKey.generate(), "o", tmp_path / "heads.jsonl")
            tended = upkeep(database, keeper, hands)
            await log.append(AuditEvent(hands.now_s(), "ana", "join"))
            async with database.write() as session:
                revoke(session, "ana", hands.now_s())
            await tended.tend()
            signed = [len(await heads_of(database))]
            for _ in range(40):  # for ever, unless somebody says otherwise
                hands.turn(DAY_S)
                await tended.tend()
            assert await RevocationStore(database).since(0.0) == []
            policy = OrganisationPolicy(retention_days=30)
            changed = AuditEvent(hands.now_s(), "ana", "policy.changed")
            await OrganisationStore(database, "").set_policy(HOME, policy, changed)
            hands.turn(DAY_S)
            await tended.tend()
            signed.append(len(await heads_of(database)))
            return signed, [line.action for line in await log.newest()], await flaws_of(database)

    signed, actions, flaws = asyncio.run(run())
    assert signed == [1, 3]
    assert actions == ["pruned", "policy.changed"]
    assert flaws == []


def test_U7_a_clock_that_is_set_back_does_not_put_the_retention_off(sqlite_database: str, tmp_path: Path):
    wall, passed = Hands(), Hands(0.0)

    async def run() -> list[str]:
        async with opened(sqlite_database) as database:
            keeper = HeadKeeper(database, Ed25519PrivateKey.generate(), "o", tmp_path / "heads.jsonl")
            organisations = OrganisationStore(database, "Prueba")
            clock = Clock(wall_s=wall.now_s, monotonic_s=passed.now_s)
            parts = UpkeepParts(database, lambda: keeper, organisations, RevocationStore(database), clock)
            tended = Upkeep(parts)
            await AuditLog(database).append(AuditEvent(wall.now_s() - 40 * DAY_S, "ana", "join"))
            wall.turn(-40 * DAY_S)
            await keeper.sign_due(wall.now_s())
            wall.turn(140 * DAY_S)  # for a while it is months ahead
            await tended.tend()
            wall.turn(-100 * DAY_S)
            changed = AuditEvent(wall.now_s(), "ana", "policy.changed")
            await organisations.set_policy(HOME, OrganisationPolicy(retention_days=30), changed)
            passed.turn(3601.0)
            await tended.tend()
            return [line.action for line in await AuditLog(database).newest()]

    assert asyncio.run(run()) == ["pruned", "policy.changed"]


def test_U1_the_last_lines_are_signed_when_the_server_stops(sqlite_database: str, tmp_path: Path):
    hands = Hands()

    async def run():
        async with opened(sqlite_database) as database:
            keeper = HeadKeeper(database, Ed25519PrivateKey.generate(), "o", tmp_path / "heads.jsonl")
            stopping = asyncio.Event()
            keeping = asyncio.create_task(upkeep(database, keeper, hands).keep(stopping))
            for _ in range(2):
                await AuditLog(database).append(AuditEvent(hands.now_s(), "ana", "join"))
            stopping.set()
            await keeping
            return (await heads_of(database))[-1].seq

    assert asyncio.run(run()) == 2


def test_U1_lines_are_signed_while_others_cannot_be_pruned(sqlite_database: str, tmp_path: Path):
    async def run():
        async with opened(sqlite_database) as database:
            keeper = HeadKeeper(database, Ed25519PrivateKey.generate(), "o", tmp_path / "heads.jsonl")
            async with database.write() as session:
                # Of a version that knew more, or by somebody's hand.
                await session.execute(text('UPDATE organisations SET policy = \'{"second_factor":"fax"}\''))
                revoke(session, "ana", 1.0)
            tended = upkeep(database, keeper, Hands())
            for number in range(2):
                await AuditLog(database).append(AuditEvent(1.0 + number, "ana", "join"))
                await tended.tend(at_once=number == 1)
            return len(await heads_of(database)), await RevocationStore(database).since(0.0)

    assert asyncio.run(run()) == (2, [])


def test_U1_an_upkeep_that_fails_comes_again(sqlite_database: str, tmp_path: Path):
    async def run():
        async with opened(sqlite_database) as database:
            keeper = HeadKeeper(database, Ed25519PrivateKey.generate(), "o", tmp_path / "heads.jsonl")
            tries = iter([False, True])

            def sometimes() -> HeadKeeper:
                if not next(tries):
                    raise BadKey("no key")
                return keeper

            organisations = OrganisationStore(database, "Prueba")
            parts = UpkeepParts(database, sometimes, organisations, RevocationStore(database), Hands().clock)
            tended = Upkeep(parts)
            await AuditLog(database).append(AuditEvent(1.0, "ana", "join"))
            await tended.tend()
            assert await heads_of(database) == []
            await tended.tend()
            return len(await heads_of(database))

    assert asyncio.run(run()) == 1
