"""By how far part of the screen may have moved: guesses, the likeliest first, for others to verify."""

from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from relevo_agent.pipeline.types import CELL_PX, CellMask, PixelBuffer, Rect

STRIPS: Final = 3
"""Strips of a screen's area whose lines vote, apart from each other: panes may move differently."""
STRIP_PX: Final = 16
MIN_VOTES: Final = 6
"""Lines that must be found again at the same distance."""
ANCHORS: Final = 6
"""Distinctive spots that are searched around their place."""
ENOUGH_SPOTS: Final = 2
REACH_PX: Final = 112
"""How far from its place a spot is searched."""
_ANCHOR_PX: Final = CELL_PX
_ANCHOR_ROW_PX: Final = CELL_PX // 2
_MIN_EDGES: Final = 4
_MAX_HITS: Final = 2000
_MAX_PASSES: Final = 5
_MAX_FOUND: Final = 4
"""Places of a spot that count, the nearest: in what repeats, the nearest is the likeliest."""
_ONE_ROW: Final = np.zeros((1, 1), np.intp)
_MORE_ROWS: Final = np.array([[-7], [-4], [4], [6]], np.intp)
"""Rows of a spot's cell that are compared, seen from its own."""
_MAX_CANDIDATE_CELLS: Final = 512
_WEIGHTS: Final = np.random.default_rng(0x5EED).integers(0, 2**32, STRIP_PX, np.uint32) | np.uint32(1)


class Shift(NamedTuple):
    """Pixels to the right and down."""

    x: int
    y: int


def seek_shifts(
    before: PixelBuffer, after: PixelBuffer, area: Rect, changed: CellMask, *, dragged: bool
) -> Iterator[Shift]:
    """Guesses for an area whose cells ``changed`` marks; the dearer ones are sought when asked for.

    ``dragged``: what moved last was a window, so that moves in both directions are sought first.
    """
    old, new = area.of(before).view(np.uint32)[..., 0], area.of(after).view(np.uint32)[..., 0]
    seen: set[Shift] = {Shift(0, 0)}
    for shift in _guesses(old, new, changed, dragged=dragged):
        if shift not in seen:
            seen.add(shift)
            yield shift


def _guesses(
    old: NDArray[np.uint32], new: NDArray[np.uint32], changed: CellMask, *, dragged: bool
) -> Iterator[Shift]:
    if dragged:
        yield from _spot_shifts(old, new, changed)
    for distance in _line_shifts(old, new, changed.sum(axis=0)):
        yield Shift(0, distance)
    for distance in _line_shifts(old.T, new.T, changed.sum(axis=1)):
        yield Shift(distance, 0)
    if not dragged:
        yield from _spot_shifts(old, new, changed)


def _line_shifts(old: NDArray[np.uint32], new: NDArray[np.uint32], changed: NDArray[np.int64]) -> list[int]:
    """Distances along the first axis at which many lines of a strip are found again."""
    votes: Counter[int] = Counter()
    for part in np.array_split(np.arange(len(changed)), min(STRIPS, len(changed))):
        start = int(part[0] + changed[part].argmax()) * CELL_PX
        strip = slice(min(start, max(old.shape[1] - STRIP_PX, 0)), start + STRIP_PX)
        found = _voted(_hashes(old[:, strip]), _hashes(new[:, strip]))
        if found is not None:
            votes[found[0]] += found[1]
    return [distance for distance, _ in votes.most_common()]


def _hashes(lines: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """A number for each line and the two after it, modulo 2**32: for other lines hardly ever the same.

    Three lines, as one alone is often there twice: on a screen that is scaled up, or in a table.
    """
    single: NDArray[np.uint32] = np.einsum("ij,j->i", lines, _WEIGHTS[: lines.shape[1]])
    hashes: NDArray[np.uint32] = single[:-2] + single[1:-1] * _WEIGHTS[0] + single[2:] * _WEIGHTS[1]
    return hashes


def _voted(old: NDArray[np.uint32], new: NDArray[np.uint32]) -> tuple[int, int] | None:
    """The distance at which most lines are found again, of those that occur once; with their number."""
    order = old.argsort()
    ranked = old[order]
    differs = np.ones(len(old) + 1, np.bool_)
    np.not_equal(ranked[1:], ranked[:-1], out=differs[1:-1])
    once = differs[1:] & differs[:-1]
    ranked, places = ranked[once], order[once]
    moved = np.flatnonzero(new != old)
    if not len(ranked):
        return None
    found = np.minimum(np.searchsorted(ranked, new[moved]), len(ranked) - 1)
    hit = ranked[found] == new[moved]
    counts = np.bincount(moved[hit] - places[found[hit]] + len(old), minlength=1)
    best = int(counts.argmax())
    return (best - len(old), int(counts[best])) if counts[best] >= MIN_VOTES else None


def _spot_shifts(old: NDArray[np.uint32], new: NDArray[np.uint32], changed: CellMask) -> Iterator[Shift]:
    """Distances in both directions at which two distinctive spots are found again."""
    votes: Counter[Shift] = Counter()
    for x, y in _spots(new, changed):
        for shift in _found_again(old, new, x, y):
            votes[shift] += 1
            if votes[shift] == ENOUGH_SPOTS:
                yield shift


def _spots(new: NDArray[np.uint32], changed: CellMask) -> list[tuple[int, int]]:
    """Left end and row of short pieces of rows with many edges, spread over what changed."""
    rows, columns = changed.nonzero()
    step = -(-len(rows) // _MAX_CANDIDATE_CELLS)
    ys, xs = rows[::step] * CELL_PX + _ANCHOR_ROW_PX, columns[::step] * CELL_PX
    inside = (ys + _ANCHOR_ROW_PX <= new.shape[0]) & (xs + _ANCHOR_PX <= new.shape[1])
    ys, xs = ys[inside], xs[inside]
    pieces = new[ys[:, None], xs[:, None] + np.arange(_ANCHOR_PX)]
    edges = np.count_nonzero(pieces[:, 1:] != pieces[:, :-1], axis=1)
    good = np.flatnonzero(edges >= _MIN_EDGES)
    if not len(good):
        return []
    chosen = good[np.linspace(0, len(good) - 1, min(ANCHORS, len(good))).astype(np.intp)]
    chosen = np.concatenate(
        (chosen[1::2], chosen[::2])
    )  # the middle before the edge, where less may have moved
    return list(zip(xs[chosen].tolist(), ys[chosen].tolist(), strict=True))


def _found_again(old: NDArray[np.uint32], new: NDArray[np.uint32], x: int, y: int) -> list[Shift]:
    piece = new[y, x : x + _ANCHOR_PX]
    top, left = max(y - REACH_PX, 0), max(x - REACH_PX, 0)
    around = old[top : y + REACH_PX, left : x + REACH_PX + _ANCHOR_PX]
    width = around.shape[1] - _ANCHOR_PX + 1
    _, places, alike = np.unique(piece, return_index=True, return_counts=True)
    first, *others = places[alike.argsort(kind="stable")].tolist()  # rare colours first
    edges = np.flatnonzero(piece[1:] != piece[:-1]).tolist()
    equal = around[:, first : first + width] == piece[first]
    hits = np.flatnonzero(equal)
    for place in (*others, *edges)[:_MAX_PASSES]:
        if len(hits) <= _MAX_HITS:
            break
        equal &= around[:, place : place + width] == piece[place]
        hits = np.flatnonzero(equal)
    if len(hits) > _MAX_HITS:
        return []
    rows, columns = np.divmod(hits, width)
    for depths in (_ONE_ROW, _MORE_ROWS):
        wanted = new[y + depths[:, 0], x : x + _ANCHOR_PX]
        places_down = (rows[:, None, None] + depths) % len(around)
        hit = (around[places_down, columns[:, None, None] + np.arange(_ANCHOR_PX)] == wanted).all(axis=(1, 2))
        rows, columns = rows[hit], columns[hit]
    right, down = x - left - columns, y - top - rows
    nearest = (np.abs(right) + np.abs(down)).argsort(kind="stable")[:_MAX_FOUND]
    return [Shift(*each) for each in zip(right[nearest].tolist(), down[nearest].tolist(), strict=True)]
