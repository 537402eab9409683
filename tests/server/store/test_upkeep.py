"""What the record needs from time to time is done, and again after it failed (SECURITY U1, U7)."""

import asyncio
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from relevo_server.store.audit import AuditEvent, AuditLog
from relevo_server.store.checkpoints import BadKey, HeadKeeper
from relevo_server.store.database import Database
from relevo_server.store.organisations import HOME, OrganisationPolicy, OrganisationStore
from relevo_server.store.revocations import RevocationStore, revoke
from relevo_server.store.upkeep import Upkeep, UpkeepParts
from tests.server.hands import Hands
from tests.server.store.hands import opened

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
            signed = [len(await keeper.heads(HOME))]
            for _ in range(40):  # for ever, unless somebody says otherwise
                hands.turn(DAY_S)
                await tended.tend()
            assert await RevocationStore(database).since(0.0) == []
            policy = OrganisationPolicy(retention_days=30)
            changed = AuditEvent(hands.now_s(), "ana", "policy.changed")
            await OrganisationStore(database, "").set_policy(HOME, policy, changed)
            hands.turn(DAY_S)
            await tended.tend()
            signed.append(len(await keeper.heads(HOME)))
            return signed, [line.action for line in await log.newest()], await log.verify()

    signed, actions, flaws = asyncio.run(run())
    assert signed == [1, 3]
    assert actions == ["pruned", "policy.changed"]
    assert flaws == []


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
            return (await keeper.heads(HOME))[-1].seq

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
            return len(await keeper.heads(HOME)), await RevocationStore(database).since(0.0)

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
            assert await keeper.heads(HOME) == []
            await tended.tend()
            return len(await keeper.heads(HOME))

    assert asyncio.run(run()) == 1
