"""Where the time of a step goes: functions of the pipeline are wrapped while a benchmark runs, and only then.

The product carries no clocks for this. A function that is not there (a variant that was not installed) is no
stage of this run, and its time would stand in "the rest".
"""

import importlib
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

STAGES: Final[tuple[tuple[str, str, str], ...]] = (
    ("diff", "relevo_agent.pipeline.shown", "Shown.compare"),
    ("moves", "relevo_agent.pipeline.moves", "Mover.moves"),
    ("motion", "relevo_agent.pipeline.motion", "Motion.observe"),
    ("video", "relevo_agent.pipeline.encoders.video", "Video.encode"),
    ("classify", "relevo_agent.pipeline.motion", "photo_cells"),
    ("classify", "relevo_agent.pipeline.plan", "photo_cells"),
    ("text", "relevo_agent.pipeline.encoders.zstd_stream", "ZstdStream.encode"),
    ("text", "relevo_agent.pipeline.encoders.deflate", "DeflateRgb.encode"),
    ("photo", "relevo_agent.pipeline.encoders.jpeg", "Jpeg.encode"),
    ("trim", "relevo_agent.pipeline.shown", "Shown.changed_part"),
    ("paint", "relevo_agent.pipeline.shown", "Shown.paint"),
    ("container", "relevo_agent.pipeline.loop", "encode_frame"),
)
"""Stage, module, and the function in it; where one calls another the time is that of the inner one."""
REST: Final = "the rest"


class StageClock:
    """Milliseconds by stage since they were taken last."""

    def __init__(self) -> None:
        self._spent_ms: dict[str, float] = {}
        self._inner_ms = 0.0

    def timed(self, stage: str, call: Callable[[], Any]) -> Any:
        """What the call gives; its time, without that of stages inside it, is added to the stage's."""
        outer_ms, self._inner_ms = self._inner_ms, 0.0
        started_s = time.perf_counter()
        try:
            return call()
        finally:
            took_ms = (time.perf_counter() - started_s) * 1000
            own_ms = took_ms - self._inner_ms
            self._spent_ms[stage] = self._spent_ms.get(stage, 0.0) + own_ms
            self._inner_ms = outer_ms + took_ms

    def take(self) -> dict[str, float]:
        """What was spent, and begin anew."""
        spent, self._spent_ms = self._spent_ms, {}
        return spent


def holder(module: str, name: str) -> tuple[Any, str] | None:
    """The object that holds a function, and the function's own name; ``None`` where there is no such one."""
    try:
        found: Any = importlib.import_module(module)
    except ImportError:
        return None
    *path, last = name.split(".")
    for part in path:
        found = getattr(found, part, None)
    return (found, last) if hasattr(found, last) else None


@contextmanager
def stage_clock() -> Generator[StageClock]:
    """Wrap every stage's function until the end of the ``with``."""
    clock = StageClock()
    wrapped: list[tuple[Any, str, Callable[..., Any]]] = []
    for stage, module, name in STAGES:
        place = holder(module, name)
        if place is not None:
            original: Callable[..., Any] = getattr(*place)
            wrapped.append((*place, original))
            setattr(*place, _timed(original, stage, clock))
    try:
        yield clock
    finally:
        for owner, last, original in wrapped:
            setattr(owner, last, original)


def _timed(function: Callable[..., Any], stage: str, clock: StageClock) -> Callable[..., Any]:
    def timed(*arguments: Any, **named: Any) -> Any:
        return clock.timed(stage, partial(function, *arguments, **named))

    return timed
