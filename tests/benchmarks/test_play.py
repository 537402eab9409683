from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest

from benchmarks import core, films
from benchmarks.play import Film, FilmChange, Player
from benchmarks.scenes import SCENES
from benchmarks.stages import REST, STAGES, holder, stage_clock
from relevo_agent.pipeline.types import PixelBuffer, Rect

WIDTH, HEIGHT = 320, 200


@dataclass(frozen=True)
class Patch:
    at_ms: float
    rects: tuple[Rect, ...]
    shade: int

    @property
    def damage(self) -> tuple[Rect, ...] | None:
        return self.rects

    def apply(self, pixels: PixelBuffer) -> None:
        for rect in self.rects:
            rect.of(pixels)[..., :3] = np.random.default_rng(self.shade).integers(0, 256, 3, np.uint8)


def patches() -> Iterator[FilmChange]:
    yield Patch(0.0, (Rect(0, 0, WIDTH, HEIGHT),), 1)
    for tick in range(1, 6):
        yield Patch(tick * 100.0, (Rect(tick * 20, 40, 30, 30),), tick)


FILM = Film("patches", WIDTH, HEIGHT, patches)
UNHURRIED = partial(Player, cost_clock_ms=lambda: 0.0)
"""To its loop looking costs nothing, however long it takes here: the film's clock alone counts."""


@pytest.mark.parametrize("tells", [True, False], ids=["told", "polled"])
def test_a_film_is_sent_change_by_change_and_ends_exact(tells: bool) -> None:
    with stage_clock() as clock:
        player = UNHURRIED(FILM, tells=tells, clock=clock)
        played_ms = player.play()
    frames = len(player.sent)
    player.rest()
    assert 500 <= played_ms <= 510
    assert player.joining.frames == 1
    assert player.joining.size_bytes > 0
    assert 3 <= frames <= 6
    assert all(one.stages_ms.keys() >= {"diff", REST} for one in player.sent[:frames])
    assert player.unequal_px == 0
    player.loop.close()


def test_a_source_that_tells_is_left_alone_while_nothing_happens() -> None:
    player = UNHURRIED(FILM)
    player.play()
    player.rest()
    player.forget()
    player.run_until(player.now_ms + 4000)
    assert player.sent == []
    assert len(player.look_ms) <= 1
    player.loop.close()


def test_every_stage_is_a_function_of_the_pipeline() -> None:
    assert [(module, name) for _, module, name in STAGES if holder(module, name) is None] == []


def test_stages_are_unwrapped_afterwards_and_count_their_own_time() -> None:
    places = [holder(module, name) for _, module, name in STAGES]
    before = [getattr(*place) for place in places if place is not None]
    with stage_clock() as clock:
        clock.timed("outer", lambda: clock.timed("inner", lambda: sum(range(200_000))))
        spent = clock.take()
    assert spent["outer"] < spent["inner"]
    assert [getattr(*place) for place in places if place is not None] == before


def test_figures_of_a_film_name_limits_and_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "Player", UNHURRIED)
    with stage_clock() as clock:
        played = core.play(FILM, clock, 1000.0, Rect(0, 0, 64, 64))
    rows = {row.what: row for row in core.figures("title", "note", played).rows}
    assert rows["pixels equal after 2.5 s of rest"].verdict == "reached"
    assert rows["step that gives a frame"].limit is not None
    assert rows["video: PSNR of the frames shown"].value > 33
    assert "stage: diff" in rows


def test_drawn_scenes_are_films() -> None:
    typing = next(scene for scene in SCENES if scene.name == "typing")
    changes = films.drawn(typing, 0.2).changes()
    first, second, *_ = changes
    assert first.rects == (Rect(0, 0, 1920, 1080),)
    assert 0 < sum(rect.area_px for rect in second.rects) < 5000
