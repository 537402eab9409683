"""``make soak``: keeps a relay and an agent busy for a while and watches whether they grow.

Sessions come and go, people fall out, stall and come back, pictures flow: several played customers at the
relay, and a real agent before a real display with a technician who looks. Now and then both processes are
looked at. It fails when some of the relay's files or threads are left once everybody has gone; and, where the
run is long enough to tell, when the memory of one still rises after the warm-up faster than allowed, or its
files or threads pile up.
"""

import argparse
import asyncio
import math
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from tests.support.relay import Relay, RelayProcess
from tests.support.soak import Tally, keep_busy
from tests.support.soak_agent import Visits, customer

_MIB: Final = 1024 * 1024
_HOUR_S: Final = 3600.0
_LOOKS: Final = 240
_DATABASE: Final = "relevo.db"
_LEAST_S: Final = 0.5
_LEAVING_S: Final = 10.0
_WARM_PART: Final = 1 / 3
"""Of the time: what comes in it is made once, and caches fill."""
_LEAST_SPAN_S: Final = 300.0
"""What was seen in less than this after the warm-up is told, and not judged."""
_POOL_THREADS: Final = min(32, (os.cpu_count() or 1) + 4)
"""asyncio's pool grows to this, and keeps those that were once needed at the same time."""
_LEAST_GROWTH_MIB: Final = 4.0
"""Less than this after the warm-up says nothing of a slope: an allocator keeps what it may need again."""


@dataclass(frozen=True)
class Look:
    """What a process held at a moment, seconds from the start.

    ``files`` and ``threads`` are without those of the database, which are a thread for each connection: its
    pool keeps what was once needed at the same time.
    """

    at_s: float
    resident_mib: float
    files: int
    threads: int


@dataclass(frozen=True)
class Slope:
    """How fast memory rose, MiB in an hour, and how far off that may be (two standard errors)."""

    mib_per_hour: float
    give: float = 0.0

    def __str__(self) -> str:
        return f"{self.mib_per_hour:+.1f} +- {self.give:.1f}"


@dataclass(frozen=True)
class Seen:
    """What was seen of a process; ``after`` once everybody had gone, None where it was not looked at then."""

    looks: Sequence[Look]
    after: Look | None = None

    @property
    def warm(self) -> list[Look]:
        """The looks after the warm-up."""
        return [look for look in self.looks if look.at_s >= self.looks[-1].at_s * _WARM_PART]


def main() -> int:
    """Run it and print what it came to; 1 when something grew or was left."""
    given = _arguments()
    with tempfile.TemporaryDirectory(prefix="relevo-soak-") as name:
        folder = Path(name)
        relay = RelayProcess(folder)
        relay.start()
        try:
            work = _Work(given, relay.relay, Tally(), time.monotonic())
            seen = _watched(work, psutil.Process(relay.pid), folder)
            relay.stop()
        finally:
            relay.kill()
    print(_told(work.tally, seen))
    if given.samples is not None:
        given.samples.write_text(_samples(seen), encoding="utf-8")
    found = [why for who, one in seen.items() for why in failures(who, one, given.mib_per_hour)]
    for why in found:
        print(f"FAILED: {why}")
    return int(bool(found))


@dataclass(frozen=True)
class _Work:
    """What is to be done, and what has been."""

    given: argparse.Namespace
    relay: Relay
    tally: Tally
    start_s: float

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return float(max(self.given.seconds, self.given.minutes * 60.0))

    def look(self, process: psutil.Process) -> Look:
        """What a process holds now."""
        with process.oneshot():
            resident_mib = process.memory_info().rss / _MIB
            at_s = time.monotonic() - self.start_s
            connections = sum(Path(one.path).name == _DATABASE for one in process.open_files())
            return Look(at_s, resident_mib, files_of(process), process.num_threads() - connections)

    async def do(self, visits: Visits | None) -> None:
        """Keep everybody busy for the whole time."""
        given = self.given
        async with asyncio.TaskGroup() as group:
            group.create_task(
                keep_busy(self.relay, self.seconds, self.tally, rooms=given.rooms, viewers=given.viewers)
            )
            if visits is not None:
                group.create_task(visits.play(self.seconds))


def _watched(work: _Work, relay: psutil.Process, folder: Path) -> dict[str, Seen]:
    """Everybody comes, is busy and goes; what was seen of each process."""
    first = asyncio.run(_first(work, relay))
    looks = {"relay": [first]}
    if work.given.no_agent:
        asyncio.run(_soak(work, {"relay": relay}, looks, None))
    else:
        with customer(work.relay, folder) as agent:
            watched = {"relay": relay, "agent": psutil.Process(agent.process.pid)}
            looks["agent"] = []
            asyncio.run(_soak(work, watched, looks, Visits(work.relay, agent, work.tally)))
    after = asyncio.run(_settled(work, relay, first.files))
    return {who: Seen(found, after if who == "relay" else None) for who, found in looks.items()}


async def _first(work: _Work, relay: psutil.Process) -> Look:
    """How it is when what is made once is made, and nobody is there."""
    await keep_busy(work.relay, 0.0, Tally(), rooms=1, viewers=1)
    return await _settled(work, relay, None)


async def _soak(
    work: _Work,
    watched: Mapping[str, psutil.Process],
    looks: Mapping[str, list[Look]],
    visits: Visits | None,
) -> None:
    busy = asyncio.create_task(work.do(visits))
    while not busy.done():
        await asyncio.wait({busy}, timeout=max(_LEAST_S, work.seconds / _LOOKS))
        for who, process in watched.items():
            looks[who].append(work.look(process))
    await busy


async def _settled(work: _Work, process: psutil.Process, files: int | None) -> Look:
    """A look once nobody's connections are left, as far as that comes to pass."""
    end_s = time.monotonic() + _LEAVING_S
    while time.monotonic() < end_s:
        sockets = [one for one in process.net_connections("tcp") if one.status == psutil.CONN_ESTABLISHED]
        if not sockets and (files is None or files_of(process) <= files):
            break
        await asyncio.sleep(_LEAST_S)
    return work.look(process)


def files_of(process: psutil.Process) -> int:
    """How many files and sockets a process has open beside its database."""
    return process.num_fds() - sum(Path(one.path).name.startswith(_DATABASE) for one in process.open_files())


def slope(looks: Sequence[Look]) -> Slope:
    """How fast memory rose, by least squares."""
    count = len(looks)
    mean_s = sum(look.at_s for look in looks) / count
    mean_mib = sum(look.resident_mib for look in looks) / count
    spread = sum((look.at_s - mean_s) ** 2 for look in looks)
    if spread == 0.0:
        return Slope(0.0)
    rise: float = sum((one.at_s - mean_s) * (one.resident_mib - mean_mib) for one in looks) / spread
    missed = sum((one.resident_mib - mean_mib - rise * (one.at_s - mean_s)) ** 2 for one in looks)
    give = 2.0 * math.sqrt(missed / max(count - 2, 1) / spread)
    return Slope(_HOUR_S * rise, _HOUR_S * give)


def failures(who: str, seen: Seen, allowed: float) -> list[str]:
    """What is wrong with what was seen of a process."""
    warm, after = seen.warm, seen.after
    rise, span_s = slope(warm).mib_per_hour, warm[-1].at_s - warm[0].at_s
    found: list[str] = []
    if span_s >= _LEAST_SPAN_S:
        if rise > allowed and rise / _HOUR_S * span_s > _LEAST_GROWTH_MIB:
            found.append(f"{who}: memory rises by {rise:.1f} MiB an hour, {allowed:g} are allowed")
        found += _piled_up(who, warm)
    if after is None:
        return found
    if after.files > seen.looks[0].files:
        found.append(f"{who}: {after.files - seen.looks[0].files} files are open though everybody has gone")
    if after.threads > max(look.threads for look in seen.looks):
        found.append(f"{who}: {after.threads} threads run though everybody has gone")
    return found


def _piled_up(who: str, warm: Sequence[Look]) -> list[str]:
    """Files and threads of a process in which somebody is at all times: their lowest number must not rise."""
    third = max(len(warm) // 3, 1)
    early, late = warm[:third], warm[-third:]
    files = min(look.files for look in late) - min(look.files for look in early)
    threads = min(look.threads for look in late) - min(look.threads for look in early)
    allowed = {"files": (files, 0), "threads": (threads, _POOL_THREADS)}
    return [
        f"{who}: {more} {what} more than after the warm-up"
        for what, (more, most) in allowed.items()
        if more > most
    ]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long (default: 60)")
    parser.add_argument("--minutes", type=float, default=0.0, help="the same in minutes")
    parser.add_argument("--rooms", type=int, default=3, help="played sessions at once (default: 3)")
    parser.add_argument("--viewers", type=int, default=2, help="people in each (default: 2)")
    parser.add_argument("--no-agent", action="store_true", help="without the real agent, which needs Xvfb")
    parser.add_argument("--samples", type=Path, help="a file for every look, as CSV")
    parser.add_argument(
        "--mib-per-hour", type=float, default=8.0, help="allowed slope after the warm-up (default: 8)"
    )
    return parser.parse_args()


def _told(tally: Tally, seen: Mapping[str, Seen]) -> str:
    rows = [
        ("pictures shown by the played ones, and seen by all", f"{tally.frames}, {tally.seen}"),
        *((what, str(count)) for what, count in sorted(tally.done.items())),
    ]
    for who, one in seen.items():
        resident_mib = [look.resident_mib for look in one.looks]
        left = one.after or one.looks[-1]
        span_min = (one.warm[-1].at_s - one.warm[0].at_s) / 60.0
        rows += [
            (f"{who}: memory, first, highest, last (MiB)", _three(resident_mib, left.resident_mib)),
            (f"{who}: slope after the warm-up (MiB an hour)", str(slope(one.warm))),
            (f"{who}: looks after the warm-up, minutes", f"{len(one.warm)}, {span_min:.1f}"),
            (f"{who}: files, first, highest, last", _three([look.files for look in one.looks], left.files)),
            (
                f"{who}: threads, first, highest, last",
                _three([one.threads for one in one.looks], left.threads),
            ),
        ]
    return "\n".join(f"{what:<52}{value:>24}" for what, value in rows)


def _three(seen: Sequence[float], after: float) -> str:
    return f"{seen[0]:.0f}, {max(seen):.0f}, {after:.0f}"


def _samples(seen: Mapping[str, Seen]) -> str:
    lines = ["process,at_s,resident_mib,files,threads"]
    for who, one in seen.items():
        lines += [f"{who},{a.at_s:.1f},{a.resident_mib:.2f},{a.files},{a.threads}" for a in one.looks]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.exit(main())
