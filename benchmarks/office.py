"""``python -m benchmarks office``: ten minutes of mixed office work, and what being watched costs meanwhile.

On one display the acts of the recordings are played in turn, with pauses as a reader makes them, while a peer
shows that display to a Chromium. Counted is the processor time of the peer (capture, encoder, relay or proxy)
and of the X server, and how many pictures the browser showed while pages scrolled. "nobody" is the same work
with no one watching, which is what the X server takes for the programs themselves.
"""

import argparse
import itertools
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks import report
from benchmarks.display import x_server
from benchmarks.end_to_end.counters import difference, received
from benchmarks.end_to_end.peers.registry import PEERS
from benchmarks.end_to_end.processes import NotRunning, cpu_percent, cpu_s
from benchmarks.end_to_end.session import ENDLESS_LINE, Session, session
from benchmarks.measure import Figure, Figures, Unavailable
from benchmarks.recordings.acts import ACTS
from benchmarks.recordings.desk import desk_on, managed
from benchmarks.recordings.store import Area

NOBODY: Final = "nobody"
ORDER: Final = ("document", "page", "files", "editor", "page-photos", "terminal")
SCROLLED: Final = ("page", "page-photos")
"""The acts in which nearly everything moves: there watching costs most, and each picture costs anew."""
ACT_S: Final = 20.0
PAUSE_S: Final = 10.0
MINUTES: Final = 10.0


@dataclass(slots=True)
class Unwatched:
    """A witness that records nothing."""

    areas: list[Area] = field(default_factory=list[Area])
    began_s: float = field(default_factory=time.monotonic)

    @property
    def now_ms(self) -> float:
        """Since it began."""
        return (time.monotonic() - self.began_s) * 1000


@dataclass(frozen=True, slots=True)
class Spent:
    """Of one run: shares of one core in %, kB/s down to the browser, pictures/s in scrolls, its length."""

    peer_percent: float
    x_percent: float
    kilobytes_s: float
    pictures_s: float
    seconds: float


def main(arguments: Sequence[str]) -> int:
    """Play for each peer, print, keep with ``--write``; 1 if a peer could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks office", description=__doc__)
    parser.add_argument("--peers", default=f"{NOBODY},relevo", help=f"of {NOBODY}, {', '.join(PEERS)}")
    parser.add_argument("--minutes", type=float, default=MINUTES, help=f"for each (default {MINUTES:g})")
    parser.add_argument("--write", action="store_true", help="keep the figures under benchmarks/results/")
    options = parser.parse_args(arguments)
    names = [name.strip() for name in options.peers.split(",") if name.strip()]
    if unknown := [name for name in names if name != NOBODY and name not in PEERS]:
        parser.error(f"{', '.join(unknown)}: not one of {NOBODY}, {', '.join(PEERS)}")
    load_before, spent = report.load(), dict[str, Spent]()
    for name in names:
        try:
            spent[name] = watched(name, options.minutes * 60)
        except (NotRunning, Unavailable, OSError) as reason:
            print(f"{name}: {reason}", file=sys.stderr, flush=True)
            continue
        print(f"{name}: {spent[name]}", flush=True)
    about = report.circumstances(" ".join(["python -m benchmarks office", *arguments]), load_before)
    block = figures(spent, options.minutes)
    print(report.as_text(block))
    if options.write:
        kept = report.write(about, [report.Measured("office", block)], report.RESULTS, "office-")
        print(f"written: {kept}")
    return 0 if len(spent) == len(names) else 1


def watched(name: str, seconds: float) -> Spent:
    """Work before the eyes of one peer's viewer.

    Raises:
        NotRunning: the peer or its viewer did not come up.
        Unavailable: a program is not installed.
    """
    if name == NOBODY:
        with x_server() as (display, pid):
            return _measured(display, pid, seconds, None)
    with (
        tempfile.TemporaryDirectory(prefix="relevo-office-", ignore_cleanup_errors=True) as folder,
        session(PEERS[name], Path(folder), ENDLESS_LINE) as opened,
    ):
        opened.browser.probe("watch")
        return _measured(opened.display, opened.x_server_pid, seconds, opened)


def _measured(display: str, x_pid: int, seconds: float, opened: Session | None) -> Spent:
    began_s = time.monotonic()
    pids = () if opened is None else opened.served.pids
    peer, x = cpu_s(pids), cpu_s([x_pid])
    carried = {} if opened is None else received(opened.served.port)
    pictures_s = work(display, seconds, lambda: 0 if opened is None else opened.browser.probe("pictures"))
    took_s = time.monotonic() - began_s
    down = 0 if opened is None else difference(carried, received(opened.served.port))
    return Spent(
        cpu_percent(peer, cpu_s(pids), took_s),
        cpu_percent(x, cpu_s([x_pid]), took_s),
        down / 1000 / took_s,
        pictures_s,
        took_s,
    )


def work(display: str, seconds: float, pictures: Callable[[], int]) -> float:
    """One act after the other, a pause after each, until the time is over; pictures/s while pages scrolled.

    An act whose program does not come up is left out, and told.
    """
    shown, scrolled_s = 0, 0.0
    acts = {act.name: act for act in ACTS}
    turns = itertools.cycle(ORDER)
    with managed(display):
        end_s = time.monotonic() + seconds
        while (left_s := end_s - time.monotonic()) > 0:
            act = acts[next(turns)]
            with desk_on(display) as desk:
                try:
                    act.show(desk, ACT_S)
                    before, began_s = pictures(), time.monotonic()
                    act.play(desk, Unwatched(), min(ACT_S, left_s))
                    if act.name in SCROLLED:
                        shown += pictures() - before
                        scrolled_s += time.monotonic() - began_s
                except RuntimeError as reason:
                    print(f"left out: {act.name}: {reason}", file=sys.stderr, flush=True)
                time.sleep(min(PAUSE_S, max(0.0, end_s - time.monotonic())))
    return shown / scrolled_s if scrolled_s else 0.0


def figures(spent: dict[str, Spent], minutes: float) -> Figures:
    """A row each for what was counted, our own value first, the others as peers."""
    mine = spent.get("relevo") or next(iter(spent.values()), Spent(0, 0, 0, 0, 0))
    rows = [
        _row("CPU of capture, encoder, relay or proxy", "% of a core", mine, spent, "peer_percent"),
        _row("CPU of the X server", "% of a core", mine, spent, "x_percent"),
        _row("down to the browser", "kB/s", mine, spent, "kilobytes_s"),
        _row("pictures seen while pages scroll", "per second", mine, spent, "pictures_s"),
    ]
    note = (
        f"{minutes:g} minutes: {', '.join(ORDER)}, {ACT_S:g} s each, {PAUSE_S:g} s of reading after it; "
        "1920x1080, programs started anew each time, whose first pictures are in the figures."
    )
    return Figures("Mixed office work", note, rows)


def _row(what: str, unit: str, mine: Spent, spent: dict[str, Spent], name: str) -> Figure:
    others = {peer: float(getattr(its, name)) for peer, its in spent.items() if its is not mine}
    return Figure(what, float(getattr(mine, name)), unit, peers=others)
