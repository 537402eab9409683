"""A full-screen window that plays one scene: ``python -m benchmarks.programs.stage :7 scroll MATERIAL``.

Everything is uploaded as pixmaps first, so that playing costs this program next to nothing: what a frame
takes is the X server's copy, as for any program. Hears words and answers with lines of JSON: says ``ready``;
at ``go`` it plays, at ``halt`` it stands still and tells which frames it drew when (seconds of the monotonic
clock); at ``end`` it goes.
"""

import json
import select
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from Xlib import X

from benchmarks.end_to_end.layout import PATCH
from benchmarks.programs.canvas import WHITE, Canvas
from benchmarks.programs.plays import PLAYS, Draw, Play, drag, drop


@dataclass(slots=True)
class Stage:
    """A scene at work."""

    canvas: Canvas
    draw: Draw
    play: Play
    drawn: list[tuple[int, float]] = field(default_factory=list[tuple[int, float]])
    playing: bool = False
    next_s: float = 0.0
    white: bool = False

    def run(self) -> None:
        """Play and listen until told to end."""
        connection = self.canvas.connection
        while True:
            now = time.monotonic()
            if self.playing and now >= self.next_s:
                self._frame(now)
            wait = max(0.0, self.next_s - time.monotonic()) if self.playing else None
            ready, _, _ = select.select([connection, sys.stdin], [], [], wait)
            while connection.pending_events():
                self._event(connection.next_event())
            if sys.stdin in ready and not self._obey(sys.stdin.readline().strip()):
                return

    def _frame(self, now: float) -> None:
        number = len(self.drawn) + 1
        self.draw(number)
        self.drawn.append((number, time.monotonic()))
        self.canvas.connection.flush()
        # A late frame does not make the next ones come faster.
        self.next_s = max(self.next_s + 1 / self.play.frames_a_second, now)

    def _event(self, event: Any) -> None:
        if event.type == X.KeyPress and self.play.patch:
            self.white = not self.white
            self.canvas.fill(PATCH, WHITE if self.white else 0)
            self.canvas.connection.flush()

    def _obey(self, word: str) -> bool:
        if word == "go" and self.play.frames_a_second:
            self.playing, self.next_s = True, time.monotonic()
        elif word == "halt":
            self.playing = False
            if self.play.prepare is drag:
                drop(self.canvas)
                self.canvas.connection.flush()
            print(json.dumps({"drawn": self.drawn}), flush=True)
        return word not in {"end", ""}


def main(name: str, scene: str, kept: str) -> None:
    """Prepare, say so, play."""
    canvas, play = Canvas(name, scene, Path(kept)), PLAYS[scene]
    draw = play.prepare(canvas)
    if play.patch:
        canvas.fill(PATCH, 0)
    canvas.connection.sync()
    print(json.dumps({"ready": scene}), flush=True)
    Stage(canvas, draw, play).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
