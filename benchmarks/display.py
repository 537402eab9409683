"""A real X display (Xvfb): what a grab, a look at the pointer, and a second of an idle screen cost."""

import contextlib
import itertools
import os
import resource
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path

from Xlib.display import Display

from benchmarks.limits import limits
from benchmarks.measure import Figure, Figures, Target, Unavailable, of_samples, timed_ms
from benchmarks.scenes import HEIGHT, WIDTH
from relevo_agent.capture import CaptureEvents, CaptureRun
from relevo_agent.clock import now_ms
from relevo_agent.pipeline.sources import open_cursor, open_source
from relevo_agent.pipeline.sources.screen_mss import MssSource
from relevo_agent.pipeline.types import Outgoing

VIEWER = 1
SETTLE_S = 3.0


@contextlib.contextmanager
def x_server(size: str = f"{WIDTH}x{HEIGHT}") -> Generator[tuple[str, int]]:
    """Display name and process id of a fresh Xvfb of a size in pixels.

    Raises:
        Unavailable: there is no Xvfb.
    """
    if shutil.which("Xvfb") is None:
        raise Unavailable("Xvfb is not installed (apt-get install xvfb)")
    read_end, write_end = os.pipe()
    command = [
        "Xvfb",
        "-displayfd",
        str(write_end),
        "-screen",
        "0",
        f"{size}x24",
        "-nolisten",
        "tcp",
        "-noreset",
    ]
    process = subprocess.Popen(command, pass_fds=[write_end], stderr=subprocess.DEVNULL)
    os.close(write_end)
    try:
        with os.fdopen(read_end) as answer:
            yield f":{answer.readline().strip()}", process.pid
    finally:
        process.terminate()
        process.wait()


def measured(times: int, idle_s: float) -> list[Figures]:
    """Figures of looking and of idling.

    Raises:
        Unavailable: there is no Xvfb.
    """
    with x_server() as (display, pid):
        return [_grabs(display, times), _idle(display, pid, idle_s)]


def _grabs(display: str, times: int) -> Figures:
    machine = limits()
    shared, copied, pointer = open_source(display), MssSource(display), open_cursor(display)
    rows: list[Figure] = []
    used = f"{type(shared).__name__} (used)"
    with flashing(display) as flash:
        whole = machine.memcpy(WIDTH * HEIGHT)
        rows.append(
            of_samples(f"{used}, all changed", timed_ms(shared.grab, times, flash), "ms", limit=whole)
        )
        rows.append(of_samples(f"{used}, nothing changed", timed_ms(shared.grab, times), "ms"))
        copied.grab()
        copies = timed_ms(copied.grab, times)
        rows.append(of_samples("MssSource (where memory cannot be shared)", copies, "ms", limit=whole))
        rows.append(of_samples("pointer", timed_ms(pointer.poll, times), "ms"))
    for source in (shared, copied, pointer):
        source.close()
    note = f"Xvfb {WIDTH}x{HEIGHT}x24, {times} looks."
    return Figures("Looking at a real X display", note, rows)


@contextlib.contextmanager
def flashing(display: str) -> Generator[Callable[[], None]]:
    """Gives what fills the whole screen with another colour, done when it returns."""
    connection = Display(display)
    root = connection.screen().root
    gc = root.create_gc()
    shades = itertools.cycle(range(0x101010, 0xF0F0F0, 0x202020))

    def flash() -> None:
        gc.change(foreground=next(shades))
        root.fill_rectangle(gc, 0, 0, WIDTH, HEIGHT)
        connection.sync()

    try:
        yield flash
    finally:
        connection.close()


def _idle(display: str, pid: int, seconds: float) -> Figures:
    frames: list[int] = []
    run = CaptureRun(1, display, threading.Event(), CaptureEvents(*_acknowledging(lambda: run, frames)))
    run.loop.viewer_joined(VIEWER)
    run.start()
    time.sleep(SETTLE_S)
    frames.clear()
    own, server = _own_cpu_ms(), _cpu_ms(pid)
    time.sleep(seconds)
    own, server = _own_cpu_ms() - own, _cpu_ms(pid) - server
    run.stop()
    run.join(SETTLE_S)
    rows = [
        Figure("frames", len(frames), "in all", target=Target(0)),
        Figure("CPU of the capture's thread", own / seconds, "ms/s", target=Target(1.0)),
        Figure("CPU of the X server", server / seconds, "ms/s", target=Target(1.0)),
    ]
    note = f"The agent's own driver, real time, {seconds:g} s after {SETTLE_S:g} s of rest; without its link."
    return Figures("An idle screen with a viewer", note, rows)


def _acknowledging(run: Callable[[], CaptureRun], frames: list[int]) -> tuple[Callable[..., None], ...]:
    """What a run tells goes nowhere; a frame is acknowledged at once."""

    def frame(_run: int, outgoing: Outgoing) -> None:
        frames.append(outgoing.frame_id)
        run().loop.acknowledged(VIEWER, outgoing.frame_id, 1.0, now_ms())

    def nothing(*_: object) -> None:
        return

    return frame, nothing, nothing, nothing


def _own_cpu_ms() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return (used.ru_utime + used.ru_stime) * 1000


def _cpu_ms(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")
