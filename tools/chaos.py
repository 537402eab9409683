"""``make chaos``: kills the relay a hundred times in the middle of its work; nothing may be lost.

make chaos                                    a hundred kills of the relay (SIGKILL)
make chaos ARGS="--agent"                     the same beside a real agent whose picture is decoded (Xvfb)
make chaos ARGS="--database --rounds 30"      PostgreSQL is killed instead, every third time the relay too
    make chaos ARGS="--power --rounds 4"          what is left without the page cache, by strace
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.support.chaos import Tally, kill_again_and_again, percentile
from tests.support.chaos_database import DatabaseTally, Ground, kill_the_database
from tests.support.chaos_eye import eye_at
from tests.support.chaos_power import cut_again_and_again
from tests.support.postgres import NoPostgres, running_postgres
from tests.support.power_cut import NoStrace
from tests.support.processes import EventProcess
from tests.support.relay import RelayProcess
from tests.support.soak_agent import customer

_ALL_WELL = ("lost, doubled, chain broken", "0")


def main() -> int:
    """Run the rounds and print what they came to; 1 when something was lost, doubled or changed."""
    parser = argparse.ArgumentParser(
        prog="make chaos", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=100, help="how many kills (default: 100)")
    parser.add_argument("--seed", type=int, default=1, help="which moments they come at (default: 1)")
    parser.add_argument("--agent", action="store_true", help="with a real agent before a display of its own")
    parser.add_argument("--database", action="store_true", help="kill PostgreSQL, and the relay now and then")
    parser.add_argument("--power", action="store_true", help="cut the power: what was not synced is gone")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="relevo-chaos-") as name:
        folder = Path(name)
        try:
            told = (_power if given.power else _database if given.database else _relay)(folder, given)
        except AssertionError as error:
            print(f"FAILED: {error}")
            return 1
        except (NoPostgres, NoStrace) as reason:
            print(f"not tried: {reason}")
            return 2
    print("\n".join(f"{what:<62}{value:>22}" for what, value in told))
    return 0


def _relay(folder: Path, given: argparse.Namespace) -> Sequence[tuple[str, str]]:
    process = RelayProcess(folder)
    process.start()
    try:
        if given.agent:
            with customer(process.relay, folder) as agent:
                tally = asyncio.run(_beside(process, folder, given, agent))
        else:
            tally = asyncio.run(kill_again_and_again(process, folder, rounds=given.rounds, seed=given.seed))
    finally:
        process.kill()
    return _told(tally)


async def _beside(
    process: RelayProcess, folder: Path, given: argparse.Namespace, agent: EventProcess
) -> Tally:
    async with eye_at(process.relay, agent) as eye:
        return await kill_again_and_again(process, folder, rounds=given.rounds, seed=given.seed, watcher=eye)


def _database(folder: Path, given: argparse.Namespace) -> Sequence[tuple[str, str]]:
    with running_postgres(durable=True) as postgres:
        url = postgres.make_database("relevo")
        process = RelayProcess(folder, database_url=url, audit_strict=True)
        process.start()
        try:
            ground = Ground(process, postgres, url, folder, given.seed)
            tally = asyncio.run(kill_the_database(ground, rounds=given.rounds))
        finally:
            process.kill()
    return _told_of_the_database(tally)


def _power(folder: Path, given: argparse.Namespace) -> Sequence[tuple[str, str]]:
    tally = asyncio.run(cut_again_and_again(folder, rounds=given.rounds, seed=given.seed))
    return [
        ("relays under strace, every other one with the spool in use", f"{tally.runs}"),
        ("power cuts, and states of the disk looked at", f"{tally.cuts}, {tally.states}"),
        ("syncs, and writes that these states did without", f"{tally.syncs}, {tally.lost_deeds}"),
        ("acts answered before a cut, of all states, all of them there", f"{tally.answered}"),
        ("missing, broken databases, broken chains", "0"),
    ]


def _told(tally: Tally) -> Sequence[tuple[str, str]]:
    rows = [
        ("kills of the relay (SIGKILL)", f"{tally.rounds}"),
        ("acts told", f"{tally.acts}"),
        ("answered before a kill, all of them on the disk", f"{tally.answered_before_kill}"),
        ("told again after one", f"{tally.told_again}"),
        _ALL_WELL,
        ("kill to a new picture, p50, p95, highest (ms)", _three(tally.back_ms)),
    ]
    rows.append(("  of this, until the new process answers (ms)", _three(tally.start_ms)))
    if tally.seen_back_ms:
        rows.append(("the same of a real agent, decoded (ms)", _three(tally.seen_back_ms)))
    return rows


def _told_of_the_database(tally: DatabaseTally) -> Sequence[tuple[str, str]]:
    return [
        ("kills of PostgreSQL (immediate: no checkpoint)", f"{tally.rounds}"),
        ("kills of the relay while it was away", f"{tally.relay_kills}"),
        ("acts told", f"{tally.acts}"),
        ("answered while there was no database", f"{tally.answered_without}"),
        ("new sessions refused meanwhile (strict)", f"{tally.refused}"),
        _ALL_WELL,
        ("longest time without a picture, p50, p95, highest (ms)", _three(tally.gap_ms)),
        ("database started to all recorded, p50, p95, highest (ms)", _three(tally.drained_ms)),
        ("the same with the relay started anew (ms)", _three(tally.restarted_ms)),
    ]


def _three(values: Sequence[float]) -> str:
    return ", ".join(f"{percentile(values, part):.0f}" for part in (0.5, 0.95, 1.0))


if __name__ == "__main__":
    sys.exit(main())
