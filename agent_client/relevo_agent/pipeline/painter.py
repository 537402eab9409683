"""The updates of one frame, from what is unsent to bytes, and the account of what the viewers then have.

Order of a frame: copies, the video's chunk, text, photographs, what is made exact. Text is encoded before the
video, and takes what it needs of the frame's budget: on a thin line motion gets coarser, never text late.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from relevo_agent.pipeline.diff import covering_cells
from relevo_agent.pipeline.encoders import EncoderSet
from relevo_agent.pipeline.film import Film
from relevo_agent.pipeline.moves import Move, Mover
from relevo_agent.pipeline.plan import PlannedRect, quiet_areas, strips, unsent_areas
from relevo_agent.pipeline.shown import Shown
from relevo_agent.pipeline.types import Content, Grab, PixelBuffer, Reason
from relevo_protocol.frame import UPDATE_HEAD_BYTES, CodecId, Update, UpdateKind, copy_payload
from relevo_protocol.limits import MAX_UPDATES_PER_FRAME

_UPDATE_RESERVE: Final = 16
"""Updates of a frame kept free for the cursor, the video, its margins and copies."""
_COVERED_PX: Final = 2**16
_MIN_STRIP_PX: Final = 2**13
_MIN_TEXT_PX: Final = 2**11
_MIN_EXACT_PX: Final = 2**11
_FIRST_TEXT_BYTES_PER_PX: Final = 0.2
_LEAST_TEXT_BYTES_PER_PX: Final = 0.08
"""However cheap an empty page was: what comes next may be full, and would hold a thin line up."""
_DEAR_BYTES_PER_PX: Final = 2.0
"""Of a photograph with grain that goes out with the text around it."""
_PHOTO_BYTES_PER_PX: Final = 0.5
_EXACT_BYTES_PER_PX: Final = 2.2
_LEARNING_PX: Final = 1024
"""A smaller rectangle says nothing about what a large one costs."""
_LEARNING: Final = 0.25
"""Weight of the newest rectangle in what text is taken to cost."""


@dataclass(slots=True)
class Costs:
    """What a frame cost: milliseconds by step, rectangles and pixels by kind."""

    capture_ms: float = 0.0
    diff_ms: float = 0.0
    move_ms: float = 0.0
    rects: int = 0
    changed_px: int = 0
    lossy_px: int = 0
    exact_px: int = 0
    moved_px: int = 0
    video_px: int = 0


@dataclass(frozen=True, slots=True)
class Budget:
    """What pacing grants a frame: bytes to aim at, and the quality (1 to 100) of what is lossy.

    ``tight``: the line is full of larger frames, so that only changed text may follow. ``refine_bytes``:
    what may be spent on what is shown already, only coarser. ``held_ms``: for how long it kept the loop from
    looking. ``over_bytes``: so far a frame may go beyond ``frame_bytes``, for what stands over a film, which
    would be blurred else, and for what costs more than was thought.
    """

    frame_bytes: int
    quality: int
    tight: bool = False
    refine_bytes: int = 2**30
    video_bytes_s: int = 0
    held_ms: float = 0.0
    over_bytes: int = 2**19


class Painter:
    """The encoders of one loop and what they are given."""

    def __init__(self, clock_ms: Callable[[], float]) -> None:
        self._clock_ms = clock_ms
        self._encoders = EncoderSet()
        self._film = Film()
        self._mover = Mover()
        self._text_bytes_per_px = _FIRST_TEXT_BYTES_PER_PX

    @property
    def due_ms(self) -> float | None:
        """When to look although nothing changes: a video may be over."""
        return self._film.due_ms

    def choose(self, decoders: frozenset[CodecId]) -> None:
        """What all viewers decode; a keyframe must follow."""
        self._encoders.choose(decoders)
        self._film.choose(decoders)

    def begin(self) -> None:
        """A keyframe begins: nothing that was sent before counts."""
        self._encoders.begin()
        self._film.begin()

    def updates(self, shown: Shown, grab: Grab, budget: Budget, now_ms: float, costs: Costs) -> list[Update]:
        """Encode what the line takes well, and paint into ``shown`` what goes out."""
        started_ms = self._clock_ms()
        copies = [_copy(move) for move in self._mover.moves(shown, grab.pixels, grab.moves)]
        costs.moved_px = sum(update.width * update.height for update in copies)
        costs.move_ms = self._clock_ms() - started_ms
        self._film.look(shown, grab.pixels, now_ms, budget.held_ms)
        frame = _FrameInWork(shown, grab.pixels, budget, costs, budget.frame_bytes)
        areas = unsent_areas(shown, grab.pixels, now_ms)
        for cells in areas.text:
            self._paint(frame, strips(cells, Content.TEXT, Reason.CHANGED, self._text_px(frame)))
        film = self._film_updates(frame, now_ms)
        for cells in areas.photo if not budget.tight else ():
            self._paint(frame, strips(cells, Content.PHOTO, Reason.CHANGED, _photo_px(frame)))
        frame.left_bytes = min(frame.left_bytes, budget.refine_bytes)
        for cells in quiet_areas(shown, now_ms) if not frame.is_full else ():
            self._paint(frame, strips(cells, Content.PHOTO, Reason.EXACT, _exact_px(frame)))
        self._film.leave(shown, grab.pixels)
        return copies + film + frame.updates

    def _film_updates(self, frame: "_FrameInWork", now_ms: float) -> list[Update]:
        """The video's chunk, and after it what stands over the film: all before what is encoded already.

        The zstd stream is read in the order of the frame, so what stands over the film comes after the text.
        """
        if frame.budget.tight or frame.is_full:
            return []
        chunk = self._film.chunk(frame.shown, frame.pixels, now_ms, frame.budget.video_bytes_s)
        if chunk is None:
            return []
        frame.left_bytes -= UPDATE_HEAD_BYTES + len(chunk.payload)
        frame.costs.video_px += chunk.width * chunk.height
        covered_px = min(int(frame.budget.over_bytes / _DEAR_BYTES_PER_PX), _COVERED_PX)
        for cells in self._film.covered():
            for planned in strips(cells, Content.TEXT, Reason.EXACT, covered_px):
                # Else it stays rough: the line takes no more, or the frame as many updates as it may hold.
                if frame.left_bytes > -frame.budget.over_bytes and not frame.is_crowded:
                    frame.add(self._encoded(planned, frame), planned)
        for rect in self._film.margins():
            # Already painted into ``shown`` with the chunk, and parts of cells that stay rough otherwise.
            planned = PlannedRect(covering_cells(rect), Content.TEXT, Reason.EXACT)
            encoder = self._encoders.encoder_for(Content.TEXT, exact=True)
            payload = encoder.encode(rect.of(frame.pixels), frame.budget.quality)
            frame.add(Update(UpdateKind.LOSSLESS, encoder.codec, *rect, payload), planned)
        return [chunk]

    def _paint(self, frame: "_FrameInWork", rects: Iterator[PlannedRect]) -> None:
        for planned in rects:
            if frame.is_full:
                return
            # A rectangle covers what has gone out as well: it would go out again, and keep the rest back.
            if planned.reason is Reason.EXACT or planned.cells.of(frame.shown.unsent).any():
                frame.add(self._encoded(planned, frame), planned)

    def _text_px(self, frame: "_FrameInWork") -> int:
        """Pixels of text that fill what is left of the frame, by what text cost lately.

        Not so many that they go too far beyond it where they turn out to be dear.
        """
        cost = max(self._text_bytes_per_px, _LEAST_TEXT_BYTES_PER_PX)
        most_px = int(frame.budget.over_bytes / _DEAR_BYTES_PER_PX)
        return min(max(int(frame.left_bytes / cost), _MIN_TEXT_PX), most_px)

    def _encoded(self, planned: PlannedRect, frame: "_FrameInWork") -> Update:
        exact = planned.reason is Reason.EXACT
        encoder = self._encoders.encoder_for(planned.content, exact=exact)
        trim = encoder.lossless and not exact
        shown, pixels = frame.shown, frame.pixels
        rect = shown.changed_part(planned.cells, pixels) if trim else shown.pixels_of(planned.cells)
        payload = encoder.encode(rect.of(pixels), frame.budget.quality)
        shown.paint(rect, pixels, lossless=encoder.lossless)
        shown.sent(planned.cells)
        if planned.content is Content.TEXT and rect.area_px > _LEARNING_PX:
            self._text_bytes_per_px += _LEARNING * (len(payload) / rect.area_px - self._text_bytes_per_px)
        kind = UpdateKind.LOSSLESS if encoder.lossless else UpdateKind.LOSSY
        return Update(kind, encoder.codec, rect.x, rect.y, rect.width, rect.height, payload)


@dataclass(slots=True)
class _FrameInWork:
    """What a frame is made from, and how much of its budget is left."""

    shown: Shown
    pixels: PixelBuffer
    budget: Budget
    costs: Costs
    left_bytes: int
    updates: list[Update] = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        """Whether the line takes no more, or the frame."""
        return self.left_bytes <= 0 or self.is_crowded

    @property
    def is_crowded(self) -> bool:
        """Whether the frame holds as many updates as it may."""
        return len(self.updates) >= MAX_UPDATES_PER_FRAME - _UPDATE_RESERVE

    def add(self, update: Update, planned: PlannedRect) -> None:
        """This update is part of the frame."""
        self.updates.append(update)
        self.left_bytes -= UPDATE_HEAD_BYTES + len(update.payload)
        area_px = update.width * update.height
        exact = planned.reason is Reason.EXACT
        self.costs.rects += 1
        self.costs.changed_px += 0 if exact else area_px
        self.costs.exact_px += area_px if exact else 0
        self.costs.lossy_px += area_px if update.kind is UpdateKind.LOSSY else 0


def _photo_px(frame: _FrameInWork) -> int:
    return max(int(frame.left_bytes / _PHOTO_BYTES_PER_PX), _MIN_STRIP_PX)


def _exact_px(frame: _FrameInWork) -> int:
    """On a thin line less than one row of cells, which may be half a second of it."""
    return max(int(frame.left_bytes / _EXACT_BYTES_PER_PX), _MIN_EXACT_PX)


def _copy(move: Move) -> Update:
    payload = copy_payload(move.from_x, move.from_y)
    return Update(UpdateKind.COPY, CodecId.NONE, *move.to, payload)
