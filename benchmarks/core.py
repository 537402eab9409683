"""The capture loop on films (drawn scenes, recorded programs): cost and bytes of frames, and exactness."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

import numpy as np

from benchmarks import films
from benchmarks.limits import Limits, limits
from benchmarks.measure import Block, Figure, Figures, Limit, Target, of_samples, spread, timed_ms
from benchmarks.play import Film, Player
from benchmarks.scenes import HEIGHT, SCENES, WIDTH, Scene
from benchmarks.stages import StageClock, stage_clock
from relevo_agent.pipeline import kernel
from relevo_agent.pipeline.encoders.zstd_stream import ZstdStream
from relevo_agent.pipeline.types import Rect

KEYSTROKE_MS: Final = Target(1.2)
KEYSTROKE_BYTES: Final = Target(200)
SCROLL_MS: Final = Target(9)
TEXT_PAGE_MPX_S: Final = Target(250, at_least=True)
IDLE_MS_S: Final = Target(1)
POLLING_OF_MEMCMP: Final = 2.5
EXACT_PERCENT: Final = Target(100, at_least=True)
VIDEO_DB: Final = Target(33, at_least=True)
KILOBYTES_S: Final = {"document": 1.7, "page": 200.0, "drag": 400.0, "video": 300.0}
"""What the wire may carry in all while these recordings play; the loop's own share must be less."""
TEXT_PAGE_TIMES: Final = 9
IDLE_FOR_S: Final = 60.0

SCENE_STEP: Final = {"typing": KEYSTROKE_MS, "scrolling 1650x980": SCROLL_MS}
SCENE_BYTES: Final = {"typing": KEYSTROKE_BYTES}
RECORDED_STEP: Final = {"document": KEYSTROKE_MS, "page": SCROLL_MS}
RECORDED_BYTES: Final = {"document": KEYSTROKE_BYTES}
TEXT_PAGES: Final = ("full text page", "page", "document", "terminal", "editor", "files")
"""Films whose first picture is text and user interface alone."""


@dataclass(slots=True)
class Played:
    """A player after its film, how long it played, and the quality of its video area if it has one."""

    player: Player
    played_ms: float
    unequal_px: int
    video_db: list[float] = field(default_factory=list[float])

    @property
    def seconds(self) -> float:
        """Of the film's clock."""
        return max(self.played_ms, 1.0) / 1000


def play(film: Film, clock: StageClock, longest_ms: float, video: Rect | None = None) -> Played:
    """Play a film (or its beginning) to a loop of its own and let it come to rest."""
    player = Player(film, clock=clock)
    quality: list[float] = []
    if video is not None:
        player.drawn = partial(_look_at, quality, video)
    try:
        played_ms = player.play(longest_ms)
        sent, looks, cpu_ms = list(player.sent), list(player.look_ms), player.cpu_ms
        player.rest()
        unequal_px = player.unequal_px
        player.sent, player.look_ms, player.cpu_ms = sent, looks, cpu_ms
    finally:
        player.loop.close()
    return Played(player, played_ms, unequal_px, quality)


def _look_at(quality: list[float], video: Rect, player: Player) -> None:
    quality.append(player.psnr_db(video))


def scenes(scenes: Sequence[Scene], seconds: float) -> list[Block]:
    """Budgets of the loop, then each drawn scene."""
    blocks: list[Block] = []
    with stage_clock() as clock:
        blocks.append(budgets(clock, quick=seconds < 3))
        for scene in scenes:
            played = play(films.drawn(scene, seconds), clock, seconds * 1000)
            note = f"Drawn, {WIDTH}x{HEIGHT}, {played.seconds:.1f} s; real glyphs, synthetic photographs."
            blocks.append(figures(f"Scene: {scene.name}", note, played))
    return blocks


def recordings(*, quick: bool) -> list[Block]:
    """Each recording of this machine.

    Raises:
        Unavailable: there is none.
    """
    blocks: list[Block] = []
    longest_ms = 1500.0 if quick else float("inf")
    with stage_clock() as clock:
        for recording in films.all_recordings():
            about = recording.about
            photo = next((area.rect for area in about.areas if area.kind == "photo"), None)
            video = photo if about.name == "video" else None
            played = play(films.recorded(recording), clock, longest_ms, video)
            programs = ", ".join(f"{name} {version}" for name, version in about.programs.items())
            note = f"{about.what}; {about.width}x{about.height}, {played.seconds:.1f} s ({programs})."
            blocks.append(figures(f"Recording: {about.name}", note, played))
    return blocks


def figures(title: str, note: str, played: Played) -> Figures:
    """Everything that one film tells."""
    name = played.player.film.name
    rows = [*_joining(name, played), *_moving(name, played)]
    share = 100 * (1 - played.unequal_px / (played.player.film.width * played.player.film.height))
    rows.append(Figure("pixels equal after 2.5 s of rest", share, "%", target=EXACT_PERCENT))
    if played.video_db:
        rows.append(_worst_first("video: PSNR of the frames shown", played.video_db, "dB", VIDEO_DB))
    return Figures(title, note, rows)


def _joining(name: str, played: Played) -> list[Figure]:
    joining = played.player.joining
    pixels = played.player.film.width * played.player.film.height
    machine = limits()
    rows = [
        Figure("joining: until whole", joining.step_ms, "ms", limit=machine.memcpy(pixels)),
        Figure("joining: size", joining.size_bytes / 1000, "kB"),
    ]
    if name in TEXT_PAGES:
        rows.append(_text_page(played.player.film))
    return rows


def _text_page(film: Film) -> Figure:
    """The film's first picture as the text of a keyframe, several times."""
    canvas = np.zeros((film.height, film.width, 4), np.uint8)
    next(film.changes()).apply(canvas)
    encoder = ZstdStream()
    took_ms = timed_ms(lambda: encoder.encode(canvas, 0), TEXT_PAGE_TIMES, encoder.reset)
    pixels = film.width * film.height
    limit = Limit(pixels / limits().memcpy_ms / 1000, "Mpx/s memcpy")
    speeds = [pixels / one_ms / 1000 for one_ms in took_ms]
    return replace(_worst_first("text of the whole screen", speeds, "Mpx/s", TEXT_PAGE_MPX_S), limit=limit)


def _moving(name: str, played: Played) -> list[Figure]:
    player, seconds = played.player, played.seconds
    sent = player.sent
    rows: list[Figure] = []
    if sent:
        steps = [one.step_ms for one in sent]
        changed = spread(player.source.changed_px).median
        limit = limits().memcpy(changed) if changed else None
        target = SCENE_STEP.get(name) or RECORDED_STEP.get(name)
        rows.append(of_samples("step that gives a frame", steps, "ms", limit=limit, target=target))
        rows += _stage_rows(played)
        sizes = [float(one.size_bytes) for one in sent]
        target = SCENE_BYTES.get(name) or RECORDED_BYTES.get(name)
        rows.append(of_samples("size of a frame", sizes, "B", target=target))
    if player.look_ms:
        rows.append(of_samples("look that finds nothing", player.look_ms, "ms"))
    rows.append(Figure("frames", len(sent) / seconds, "1/s"))
    bound = KILOBYTES_S.get(name)
    rate = sum(one.size_bytes for one in sent) / 1000 / seconds
    rows.append(Figure("bytes", rate, "kB/s", target=Target(bound) if bound else None))
    rows.append(Figure("CPU of the loop", player.cpu_ms / seconds, "ms/s"))
    return rows


def _stage_rows(played: Played) -> list[Figure]:
    sent, source = played.player.sent, played.player.source
    rows = [of_samples("stage: copy out of the film (not in the step)", source.capture_ms, "ms")]
    names = dict.fromkeys(stage for one in sent for stage in one.stages_ms)
    for stage in names:
        samples = [one.stages_ms[stage] for one in sent if stage in one.stages_ms]
        rows.append(of_samples(f"stage: {stage}", samples, "ms"))
    return rows


def _worst_first(what: str, samples: list[float], unit: str, target: Target) -> Figure:
    """Percentiles of what is better when larger: the 95th is the value that 95 of 100 reach."""
    falling = spread([-sample for sample in samples])
    return Figure(what, -falling.median, unit, -falling.p95, -falling.p99, len(samples), target=target)


def budgets(clock: StageClock, *, quick: bool) -> Figures:
    """What the loop takes when nothing happens, told of damage and polling, beside this machine's memcmp."""
    machine = limits()
    still = films.drawn(next(scene for scene in SCENES if scene.name == "idle"), 0.0)
    told, polled = Player(still, clock=clock), Player(still, tells=False, clock=clock)
    for_ms = (2.0 if quick else IDLE_FOR_S) * 1000
    rows: list[Figure] = []
    for player in (told, polled):
        player.play()
        player.forget()
        player.run_until(player.now_ms + for_ms)
        player.loop.close()
    rows.append(_memory("memcmp of two frames", machine.memcmp_ms))
    rows.append(_memory("memcpy of a frame", machine.memcpy_ms))
    idle = told.cpu_ms * 1000 / for_ms
    rows.append(Figure("idle, told of damage: CPU of the loop", idle, "ms/s", target=IDLE_MS_S))
    rows.append(_look("idle, polling: a look", polled.look_ms, machine))
    rows.append(Figure("idle, polling: CPU of the loop", polled.cpu_ms * 1000 / for_ms, "ms/s"))
    by = "the compiled kernel" if kernel.current() else f"numpy alone ({kernel.state.why_not})"
    note = (
        "The agent's and the X server's whole cost of idling are in the section display. "
        f"In this run what looks at pixels is {by}."
    )
    return Figures("Budgets of the loop at rest", note, rows)


def _memory(what: str, value_ms: float) -> Figure:
    return Figure(what, value_ms, "ms")


def _look(what: str, samples: list[float], machine: Limits) -> Figure:
    limit = machine.memcmp(WIDTH * HEIGHT)
    return of_samples(what, samples, "ms", limit=limit, target=Target(POLLING_OF_MEMCMP * machine.memcmp_ms))
