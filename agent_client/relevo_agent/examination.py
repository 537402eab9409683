"""What this PC can show and do, found out by doing it: for ``relevo-agent doctor``."""

import contextlib
import select
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from relevo_agent.pipeline import kernel
from relevo_agent.pipeline.encoders import ENCODERS, EncoderReport, available_encoders
from relevo_agent.pipeline.sources import open_cursor
from relevo_agent.pipeline.sources.chooser import Choice, NoSource, Rejected, SourceName, choose
from relevo_agent.pipeline.types import CaptureFailed, Layout, Rect, Source
from relevo_agent.platform.base import InjectorFailed, LocalInputEvents, LocalInputUnavailable
from relevo_agent.platform.choose import open_injector, open_local_input
from relevo_agent.seen import SeenSource, open_state
from relevo_protocol.frame import CodecId
from relevo_protocol.messages.screen import CaptureCondition

GRABS: Final = 9
SMALL_PX: Final = 200
IDLE_S: Final = 2.0
ANSWER_S: Final = 60.0
"""So long the person at the PC may think about their desktop's question."""
LOOK_S: Final = 0.3
POLL_S: Final = 0.1
"""Between two looks at a screen that tells nothing, while nothing happens (``pipeline.rhythm``)."""


@dataclass(frozen=True, slots=True)
class Costs:
    """Milliseconds for a whole picture, for a small piece (``None``: no such thing), and idle, per second."""

    full_ms: float
    small_ms: float | None
    idle_cpu_ms_per_s: float
    idle_looks: int


@dataclass(frozen=True, slots=True)
class Way:
    """Something that works, by which means, or the reason why it does not."""

    works: bool
    by: str = ""
    why: str = ""


@dataclass(slots=True)
class Findings:
    """Everything that was found out."""

    condition: CaptureCondition = CaptureCondition.OK
    detail: str = ""
    source: SourceName | None = None
    tells_changes: bool = False
    lacks: tuple[str, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    costs: Costs | None = None
    layout: Layout | None = None
    cursor: Way = field(default_factory=lambda: Way(works=False))
    input: Way = field(default_factory=lambda: Way(works=False))
    local_input: Way = field(default_factory=lambda: Way(works=False))
    kernel: Way = field(default_factory=lambda: Way(works=False))
    encoders: tuple[EncoderReport, ...] = ()

    @property
    def has_picture(self) -> bool:
        """Whether somebody could be shown the screen now."""
        return self.condition is CaptureCondition.OK and self.source is not None


def examine(display: str | None) -> Findings:
    """Try everything, as a session would; nothing leaves this PC and nothing is pressed."""
    found = Findings()
    with contextlib.ExitStack() as opened:
        try:
            choice = _chosen(display)
        except NoSource as failure:
            found.condition, found.detail, found.rejected = failure.condition, str(failure), failure.rejected
        else:
            # Open to the end: an X server that its last program leaves begins anew, and answers nobody then.
            source = SeenSource(choice.source, open_state(display))
            opened.enter_context(contextlib.closing(source))
            _look(source, choice, found)
        if found.condition is CaptureCondition.NO_DISPLAY:
            found.cursor = found.input = found.local_input = Way(works=False, why=found.detail)
        else:
            no_picture = Way(works=False, why=found.detail)
            found.cursor = no_picture if found.source is None else _cursor(display)
            found.input = _input(display)
            found.local_input = _local_input(display)
    found.kernel = Way(kernel.state.kernel is not None, kernel.FILE_NAME, kernel.state.why_not)
    found.encoders = tuple(_encoders())
    return found


def _chosen(display: str | None) -> Choice:
    """The source; where the person at the PC is asked first, their answer is waited for."""
    end_s = time.monotonic() + ANSWER_S
    while True:
        try:
            return choose(display)
        except NoSource as failure:
            if failure.condition is not CaptureCondition.ASKING or time.monotonic() >= end_s:
                raise
        time.sleep(LOOK_S)


def _look(source: SeenSource, choice: Choice, found: Findings) -> None:
    found.source, found.rejected = choice.name, choice.rejected
    found.tells_changes = source.signal is not None
    found.lacks = tuple(str(lack) for lack in getattr(choice.source, "lacks", ()))
    try:
        source.grab()
        found.condition, found.detail = source.status.condition, source.status.detail
        found.layout = source.layout()
        found.costs = _costs(choice.source, found.layout)
    except CaptureFailed as failure:
        found.condition, found.detail = failure.condition, str(failure)


def _costs(source: Source, layout: Layout) -> Costs:
    again = getattr(source, "fetch_again", None)
    if again is None:
        full_ms, small_ms = _median_ms(source.grab), None
    else:
        side = min(SMALL_PX, layout.width, layout.height)
        full_ms = _median_ms(lambda: again(Rect(0, 0, layout.width, layout.height)))
        small_ms = _median_ms(lambda: again(Rect(0, 0, side, side)))
    idle_ms, looks = _idle(source)
    return Costs(full_ms, small_ms, idle_ms, looks)


def _median_ms(act: Callable[[], object]) -> float:
    times: list[float] = []
    for _ in range(GRABS):
        started_s = time.perf_counter()
        act()
        times.append(time.perf_counter() - started_s)
    return sorted(times)[GRABS // 2] * 1000


def _idle(source: Source) -> tuple[float, int]:
    """Milliseconds of processor a second for waiting as a session does, and how often there was news."""
    source.grab()
    end_s, looks = time.monotonic() + IDLE_S, 0
    started_s = time.thread_time()
    while (left_s := end_s - time.monotonic()) > 0:
        if source.signal is None:
            time.sleep(min(POLL_S, left_s))
        elif not select.select([source.signal], [], [], left_s)[0]:
            break
        source.grab()
        looks += 1
    return (time.thread_time() - started_s) * 1000 / IDLE_S, looks


def _cursor(display: str | None) -> Way:
    try:
        with contextlib.closing(open_cursor(display)) as cursor:
            works = not cursor.unavailable
            return Way(works, "events" if cursor.signal is not None else "polled", cursor.unavailable)
    except CaptureFailed as failure:
        return Way(works=False, why=str(failure))


def _input(display: str | None) -> Way:
    try:
        with contextlib.closing(open_injector(display, lambda: False)) as injector:
            return Way(works=True, by=type(injector).__name__.removesuffix("Injector"))
    except InjectorFailed as failure:
        return Way(works=False, why=str(failure))


def _local_input(display: str | None) -> Way:
    try:
        watch = open_local_input(display, LocalInputEvents(lambda: None, lambda: None))
    except LocalInputUnavailable as failure:
        return Way(works=False, why=str(failure))
    watch.start()
    watch.close()
    return Way(works=True)


def _encoders() -> Iterator[EncoderReport]:
    yield EncoderReport(CodecId.ZSTD_STREAM_BGRX, "zstd", "")
    for encoder in ENCODERS:
        yield EncoderReport(encoder.codec, encoder.codec.name.partition("_")[0].lower(), "")
    yield from available_encoders()
