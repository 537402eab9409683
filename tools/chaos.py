"""``make chaos``: kills the relay a hundred times in the middle of its work; nothing may be lost."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.support.chaos import Tally, kill_again_and_again
from tests.support.relay import RelayProcess


def main() -> int:
    """Run the rounds and print what they came to; 1 when something was lost, doubled or changed."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=100, help="how many kills (default: 100)")
    parser.add_argument("--seed", type=int, default=1, help="which moments they come at (default: 1)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="relevo-chaos-") as name:
        folder = Path(name)
        process = RelayProcess(folder)
        process.start()
        try:
            tally = asyncio.run(kill_again_and_again(process, folder, rounds=given.rounds, seed=given.seed))
        except AssertionError as error:
            print(f"FAILED: {error}")
            return 1
        finally:
            process.kill()
    print(_told(tally))
    return 0


def _told(tally: Tally) -> str:
    rows = (
        ("kills (SIGKILL)", f"{tally.rounds}"),
        ("acts told", f"{tally.acts}"),
        ("answered before a kill, all of them on the disk", f"{tally.answered_before_kill}"),
        ("told again after one", f"{tally.told_again}"),
        ("lost, doubled, chain broken", "0"),
        ("picture back after the start of the new process, p95", f"{tally.back_p95_ms:.0f} ms"),
    )
    return "\n".join(f"{what:<54}{value:>10}" for what, value in rows)


if __name__ == "__main__":
    sys.exit(main())
