"""``make soak``: keeps a relay busy for a while and watches whether it grows.

Sessions come and go, people fall out and come back, pictures flow; now and then the relay's process is looked
at. It fails when its memory still rises in the second half faster than allowed, or when files or threads are
left once everybody has gone.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from tests.support.relay import Relay, RelayProcess
from tests.support.soak import Tally, keep_busy

_MIB: Final = 1024 * 1024
_HOUR_S: Final = 3600.0
_LOOKS: Final = 120
_LEAST_S: Final = 0.5
_LEAVING_S: Final = 10.0
_LEAST_GROWTH_MIB: Final = 4.0
"""Less than this in the second half says nothing of a slope: an allocator keeps what it may need again."""


@dataclass(frozen=True)
class Look:
    """What the process held at a moment, seconds from the start."""

    at_s: float
    resident_mib: float
    files: int
    threads: int


def main() -> int:
    """Run it and print what it came to; 1 when the relay grew or something was left."""
    given = _arguments()
    with tempfile.TemporaryDirectory(prefix="relevo-soak-") as name:
        relay = RelayProcess(Path(name))
        relay.start()
        try:
            process = psutil.Process(relay.pid)
            tally, looks, after = asyncio.run(_soak(relay.relay, process, given))
            relay.stop()
        finally:
            relay.kill()
    slope = slope_mib_per_hour([look for look in looks if look.at_s >= looks[-1].at_s / 2])
    print(_told(tally, looks, after, slope))
    found = failures(looks, after, slope, given.mib_per_hour)
    for why in found:
        print(f"FAILED: {why}")
    return int(bool(found))


def slope_mib_per_hour(looks: list[Look]) -> float:
    """How fast memory rose, by least squares, MiB in an hour."""
    count = len(looks)
    mean_s = sum(look.at_s for look in looks) / count
    mean_mib = sum(look.resident_mib for look in looks) / count
    spread = sum((look.at_s - mean_s) ** 2 for look in looks)
    if spread == 0.0:
        return 0.0
    return _HOUR_S * sum((one.at_s - mean_s) * (one.resident_mib - mean_mib) for one in looks) / spread


def failures(looks: list[Look], after: Look, slope: float, allowed: float) -> list[str]:
    """What is wrong with what was seen."""
    half = [look for look in looks if look.at_s >= looks[-1].at_s / 2]
    grown_mib = slope / _HOUR_S * (half[-1].at_s - half[0].at_s)
    found: list[str] = []
    if slope > allowed and grown_mib > _LEAST_GROWTH_MIB:
        found.append(f"memory rises by {slope:.1f} MiB an hour, {allowed:g} are allowed")
    if after.files > looks[0].files:
        found.append(f"{after.files - looks[0].files} files are still open though everybody has gone")
    if after.threads > max(look.threads for look in looks):
        found.append(f"{after.threads} threads run though everybody has gone")
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long (default: 60)")
    parser.add_argument("--minutes", type=float, default=0.0, help="the same in minutes")
    parser.add_argument("--rooms", type=int, default=3, help="sessions at once (default: 3)")
    parser.add_argument("--viewers", type=int, default=2, help="people in each (default: 2)")
    parser.add_argument(
        "--mib-per-hour", type=float, default=8.0, help="allowed slope in the second half (default: 8)"
    )
    return parser.parse_args()


async def _soak(
    relay: Relay, process: psutil.Process, given: argparse.Namespace
) -> tuple[Tally, list[Look], Look]:
    start_s = time.monotonic()
    await keep_busy(relay, 0.0, rooms=1, viewers=1)  # what is made once, is made
    looks = [await _settled(process, start_s, None)]
    seconds = max(given.seconds, given.minutes * 60.0)
    busy = asyncio.create_task(keep_busy(relay, seconds, rooms=given.rooms, viewers=given.viewers))
    while not busy.done():
        await asyncio.wait({busy}, timeout=max(_LEAST_S, seconds / _LOOKS))
        looks.append(_look(process, start_s))
    return await busy, looks, await _settled(process, start_s, looks[0].files)


async def _settled(process: psutil.Process, start_s: float, files: int | None) -> Look:
    """A look once nobody's connections are left, as far as that comes to pass."""
    end_s = time.monotonic() + _LEAVING_S
    while time.monotonic() < end_s:
        sockets = [one for one in process.net_connections("tcp") if one.status == psutil.CONN_ESTABLISHED]
        if not sockets and (files is None or process.num_fds() <= files):
            break
        await asyncio.sleep(_LEAST_S)
    return _look(process, start_s)


def _look(process: psutil.Process, start_s: float) -> Look:
    with process.oneshot():
        resident_mib = process.memory_info().rss / _MIB
        return Look(time.monotonic() - start_s, resident_mib, process.num_fds(), process.num_threads())


def _told(tally: Tally, looks: list[Look], after: Look, slope: float) -> str:
    resident_mib = [look.resident_mib for look in looks]
    rows = [
        ("pictures shown, and seen", f"{tally.frames}, {tally.seen}"),
        *((what, str(count)) for what, count in sorted(tally.done.items())),
        (
            "memory: first, highest, after (MiB)",
            _three(resident_mib, after.resident_mib),
        ),
        ("memory: slope of the second half (MiB an hour)", f"{slope:.1f}"),
        ("open files: first, highest, after", _three([look.files for look in looks], after.files)),
        ("threads: first, highest, after", _three([look.threads for look in looks], after.threads)),
    ]
    return "\n".join(f"{what:<50}{value:>24}" for what, value in rows)


def _three(seen: list[float] | list[int], after: float) -> str:
    return f"{seen[0]:.0f}, {max(seen):.0f}, {after:.0f}"


if __name__ == "__main__":
    sys.exit(main())
