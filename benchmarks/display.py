"""A real X display (Xvfb): what a grab, a look at the pointer, and a second of an idle screen cost."""

import contextlib
import os
import resource
import shutil
import subprocess
import time
from collections.abc import Generator
from pathlib import Path

from benchmarks.measure import Table, spread, timed_ms
from benchmarks.scenes import HEIGHT, WIDTH
from relevo_agent.pipeline.loop import CaptureLoop
from relevo_agent.pipeline.sources import open_cursor, open_source
from relevo_agent.pipeline.sources.screen_mss import MssSource

VIEWER = 1


@contextlib.contextmanager
def x_server() -> Generator[tuple[str, int]]:
    """Display name and process id of a fresh Xvfb."""
    read_end, write_end = os.pipe()
    screen = f"{WIDTH}x{HEIGHT}x24"
    command = ["Xvfb", "-displayfd", str(write_end), "-screen", "0", screen, "-nolisten", "tcp", "-noreset"]
    process = subprocess.Popen(command, pass_fds=[write_end], stderr=subprocess.DEVNULL)
    os.close(write_end)
    try:
        with os.fdopen(read_end) as answer:
            yield f":{answer.readline().strip()}", process.pid
    finally:
        process.terminate()
        process.wait()


def measured(times: int, idle_s: float) -> list[Table]:
    """Tables of grabs and of idling; none where there is no Xvfb."""
    if shutil.which("Xvfb") is None:
        return []
    with x_server() as (display, pid):
        return [_grabs(display, times), _idle(display, pid, idle_s)]


def _grabs(display: str, times: int) -> Table:
    table = Table(
        "Looking at a real X display",
        f"Xvfb {WIDTH}x{HEIGHT}x24, {times} looks.",
        ("what", "ms median", "ms p95"),
    )
    shared, copied, pointer = open_source(display), MssSource(display), open_cursor(display)
    for name, action in (
        (f"grab by {type(shared).__name__} (used)", shared.grab),
        ("grab by MssSource (where memory cannot be shared)", copied.grab),
        ("pointer by XFixes", pointer.poll),
    ):
        action()
        cost = spread(timed_ms(action, times))
        table.rows.append((name, round(cost.median, 2), round(cost.p95, 2)))
    for source in (shared, copied, pointer):
        source.close()
    return table


def _idle(display: str, pid: int, seconds: float) -> Table:
    loop = CaptureLoop(lambda: open_source(display), lambda: open_cursor(display))
    loop.viewer_joined(VIEWER)
    _drive(loop, 3.0)
    own, server, looks = _own_cpu_ms(), _cpu_ms(pid), _drive(loop, seconds)
    own, server = _own_cpu_ms() - own, _cpu_ms(pid) - server
    loop.close()
    return Table(
        "An idle screen with a viewer",
        f"Real time, {seconds:g} s, after 3 s of rest: CPU ms for each second.",
        ("steps/s", "loop CPU ms/s", "X server CPU ms/s"),
        [(round(looks / seconds, 1), round(own / seconds, 1), round(server / seconds, 1))],
    )


def _drive(loop: CaptureLoop, seconds: float) -> int:
    end, steps = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        now_ms = time.monotonic() * 1000
        outgoing = loop.step(now_ms)
        steps += 1
        if outgoing is not None:
            loop.acknowledged(VIEWER, outgoing.frame_id, now_ms)
        time.sleep(loop.delay_ms(time.monotonic() * 1000) / 1000)
    return steps


def _own_cpu_ms() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return (used.ru_utime + used.ru_stime) * 1000


def _cpu_ms(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")
