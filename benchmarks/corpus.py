"""How well text is told from photographs, on blocks whose content is known by construction.

Blocks of 64x64 pixels that lie wholly inside an area which the recording's recipe put there. A text block
taken for a photograph is blurred until it is quiet: the mistake that people see. A photographic block taken
for text costs bytes: how many is measured through the encoders. Blocks of one colour are counted apart, since
nothing is lost either way.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from benchmarks import films
from benchmarks.measure import Figure, Figures, Table, Target
from benchmarks.recordings.store import Recording
from relevo_agent.pipeline.classify import photo_cells
from relevo_agent.pipeline.encoders.jpeg import Jpeg
from relevo_agent.pipeline.encoders.zstd_stream import ZstdStream
from relevo_agent.pipeline.types import CELL_PX, PixelBuffer, Rect

BLOCK_PX: Final = 64
JPEG_QUALITY: Final = 80
EVERY_MS: Final = 1000.0
"""Of a recording so often a picture is judged: neighbours in time are the same picture."""
BLURRED_TEXT: Final = Target(0.5)
PHOTO_AS_TEXT: Final = Target(5)


@dataclass(slots=True)
class Tally:
    """Blocks of one kind in one recording."""

    blocks: int = 0
    flat: int = 0
    wrong: int = 0
    extra_bytes: int = 0
    shares: list[float] = field(default_factory=list[float])

    @property
    def judged(self) -> int:
        """Without the flat ones."""
        return self.blocks - self.flat

    @property
    def wrong_percent(self) -> float:
        """Of the judged ones."""
        return 100 * self.wrong / self.judged if self.judged else 0.0


def measured(*, quick: bool) -> list[Figures | Table]:
    """Rates of error, and where the deciding share lies for each kind.

    Raises:
        Unavailable: there are no recordings.
    """
    tallies: dict[tuple[str, str], Tally] = {}
    for recording in films.all_recordings():
        for at_ms, pixels in pictures(recording, 3000.0 if quick else float("inf")):
            _judge(recording, at_ms, pixels, tallies)
    return [_rates(tallies), _shares(tallies)]


def pictures(recording: Recording, longest_ms: float) -> Iterator[tuple[float, PixelBuffer]]:
    """The whole screen once a second and amid each area's time, and when; the same memory each time."""
    about = recording.about
    pixels = np.zeros((about.height, about.width, 4), np.uint8)
    seconds: set[float] = set(np.arange(EVERY_MS / 2, about.duration_ms, EVERY_MS).tolist())
    amid = {(area.from_ms + area.until_ms) / 2 for area in about.areas}
    wanted = iter(sorted(at_ms for at_ms in seconds | amid if at_ms <= longest_ms))
    due_ms = next(wanted, None)
    for change in recording.changes():
        while due_ms is not None and change.at_ms > due_ms:
            yield due_ms, pixels
            due_ms = next(wanted, None)
        change.apply(pixels)
    while due_ms is not None:
        yield due_ms, pixels
        due_ms = next(wanted, None)


def _judge(
    recording: Recording, at_ms: float, pixels: PixelBuffer, tallies: dict[tuple[str, str], Tally]
) -> None:
    dirty = np.ones((-(-pixels.shape[0] // CELL_PX), -(-pixels.shape[1] // CELL_PX)), np.bool_)
    photo = photo_cells(pixels, dirty)
    known = [area for area in recording.about.areas if area.from_ms <= at_ms <= area.until_ms]
    photos = [area.rect for area in known if area.kind == "photo"]
    for area in known:
        tally = tallies.setdefault((recording.about.name, area.kind), Tally())
        for block in blocks_within(area.rect):
            if area.kind == "text" and any(_touch(block, other) for other in photos):
                continue
            judged_photo = bool(photo[block.y // CELL_PX, block.x // CELL_PX])
            _count(tally, block.of(pixels), area.kind, judged_photo=judged_photo)


def blocks_within(rect: Rect) -> Iterator[Rect]:
    """The squares of the grid that lie wholly inside."""
    left, top = -(-rect.x // BLOCK_PX) * BLOCK_PX, -(-rect.y // BLOCK_PX) * BLOCK_PX
    for y in range(top, rect.y + rect.height - BLOCK_PX + 1, BLOCK_PX):
        for x in range(left, rect.x + rect.width - BLOCK_PX + 1, BLOCK_PX):
            yield Rect(x, y, BLOCK_PX, BLOCK_PX)


def _touch(a: Rect, b: Rect) -> bool:
    return a.x < b.x + b.width and b.x < a.x + a.width and a.y < b.y + b.height and b.y < a.y + a.height


def _count(tally: Tally, block: PixelBuffer, kind: str, *, judged_photo: bool) -> None:
    colours = block.view(np.uint32)[..., 0] & 0xFFFFFF
    tally.blocks += 1
    if (colours == colours[0, 0]).all():
        tally.flat += 1
        return
    tally.shares.append(float((colours[:, 1:] == colours[:, :-1]).mean()))
    if judged_photo == (kind == "photo"):
        return
    tally.wrong += 1
    lossless, lossy = len(ZstdStream().encode(block, 0)), len(Jpeg().encode(block, JPEG_QUALITY))
    tally.extra_bytes += lossless - lossy


def _rates(tallies: dict[tuple[str, str], Tally]) -> Figures:
    rows: list[Figure] = []
    for kind, what, target in (
        ("text", "text taken for photograph", BLURRED_TEXT),
        ("photo", "photograph taken for text", PHOTO_AS_TEXT),
    ):
        of_kind = {name: tally for (name, its), tally in sorted(tallies.items()) if its == kind}
        judged = sum(tally.judged for tally in of_kind.values())
        wrong = sum(tally.wrong for tally in of_kind.values())
        if judged:
            rows.append(Figure(f"{what}: all", 100 * wrong / judged, "%", samples=judged, target=target))
        rows += [
            Figure(f"{what}: {name}", tally.wrong_percent, "%", samples=tally.judged, target=target)
            for name, tally in of_kind.items()
            if tally.judged
        ]
    note = (
        "Blocks of 64x64 pixels that are wholly one or the other by the recording's recipe, one picture a "
        "second; blocks of one colour are left out. The targets are ours."
    )
    return Figures("Text told from photographs", note, rows)


def _shares(tallies: dict[tuple[str, str], Tally]) -> Table:
    table = Table(
        "Share of equal horizontal neighbours in a block",
        "Percentiles over blocks that are not of one colour; the last column: bytes that the wrong ones cost "
        "beyond JPEG q80, in kB (for text: what JPEG would have saved).",
        ("recording", "kind", "blocks", "flat", "p1", "p5", "median", "p95", "p99", "wrong", "wrong kB"),
    )
    for (name, kind), tally in sorted(tallies.items()):
        if not tally.shares:
            continue
        marks = [round(float(value), 3) for value in np.percentile(tally.shares, (1, 5, 50, 95, 99))]
        cost_kilobytes = round(tally.extra_bytes / 1000, 1)
        table.rows.append((name, kind, tally.blocks, tally.flat, *marks, tally.wrong, cost_kilobytes))
    return table
