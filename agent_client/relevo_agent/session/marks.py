"""Laser and drawing: passed on to the others, shown on the customer's screen (SPEC A1-A5)."""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from relevo_agent.session.actions import HideMarks, Pen, ShowMark
from relevo_agent.session.allowance import Allowance
from relevo_agent.session.desk import Desk
from relevo_agent.session.refusals import refuse_role
from relevo_agent.session.seat import Seat
from relevo_protocol.errors import MalformedError
from relevo_protocol.limits import LASER_LIFE_MS, MAX_MARK_POINTS, MAX_STROKE_POINTS
from relevo_protocol.messages import HostToViewer
from relevo_protocol.messages.marks import (
    ClearMarks,
    Laser,
    LaserOff,
    MarksCleared,
    MemberLaser,
    MemberLaserOff,
    MemberStroke,
    Stroke,
)
from relevo_protocol.rights import Act, may_act

PIECES_PER_S: Final = 60
"""Pieces of a line, and places of a laser, that one person may have passed on in a second."""
ALL_PIECES_PER_S: Final = 240
"""Of everybody together: the relay bounds what it takes from an agent (SPEC C17)."""
REPLAYED_POINTS: Final = 4000
"""What is drawn when somebody new comes goes to them up to so many points, the newest first."""
REPLAYED_PIECES: Final = 300
"""And in so many messages at most: the relay bounds what it takes at once, and holds for one receiver."""

MarkMessage = Laser | LaserOff | Stroke | ClearMarks


def _pace() -> Allowance:
    return Allowance(PIECES_PER_S, PIECES_PER_S)


@dataclass(slots=True)
class _Hand:
    """What one person has on the screen.

    ``laser_ms``: when it last moved; ``None`` while it is out. ``over``: the line that was cleared while
    it may still have grown: what comes late of it is not drawn again.
    """

    laser_ms: float | None = None
    over: int | None = None
    pieces: deque[Stroke] = field(default_factory=deque[Stroke])
    points: int = 0
    laser_pace: Allowance = field(default_factory=_pace)
    stroke_pace: Allowance = field(default_factory=_pace)

    def keep(self, piece: Stroke) -> None:
        """Remember a piece; one that goes on with the last joins it, so that few are to be sent."""
        last = self.pieces[-1] if self.pieces else None
        if last is not None and _goes_on(last, piece):
            points = [*last.points, *piece.points]
            self.pieces[-1] = Stroke(stroke=piece.stroke, monitor=piece.monitor, points=points)
        else:
            self.pieces.append(piece)
        self.points += len(piece.points) // 2
        while self.points > MAX_MARK_POINTS:
            self.points -= len(self.pieces.popleft().points) // 2

    def wipe(self) -> None:
        """Forget every piece."""
        if self.pieces:
            self.over = self.pieces[-1].stroke
        self.pieces.clear()
        self.points = 0


class Marks:
    """Everybody's marks, by slot. What nobody could see is neither shown nor passed on."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._hands: dict[int, _Hand] = {}
        self._pace = Allowance(ALL_PIECES_PER_S, ALL_PIECES_PER_S)
        self._yielding = False

    @property
    def drawn(self) -> bool:
        """Whether there is a drawing or a laser on the screen."""
        return any(hand.points or hand.laser_ms is not None for hand in self._hands.values())

    def heard(self, seat: Seat, message: MarkMessage) -> None:
        """A viewer points, draws or takes it away.

        Raises:
            MalformedError: an odd number of coordinates (SPEC A5).
        """
        match message:
            case Laser():
                self._laser(seat, message)
            case LaserOff():
                self._laser_off(seat.slot)
            case Stroke():
                self._stroke(seat, message)
            case ClearMarks() if not message.everybody:
                self._clear(seat.slot)
            case ClearMarks() if may_act(Act.CLEAR_ALL_MARKS, seat.role):
                self.clear_all()
            case ClearMarks():
                refuse_role(self._desk, seat)

    def _laser(self, seat: Seat, message: Laser) -> None:
        hand = self._hand(seat)
        if not self._is_on_screen(message.monitor) or not self._spend(hand.laser_pace):
            return
        hand.laser_ms = self._desk.now_ms
        self._pass_on(
            seat.slot, MemberLaser(slot=seat.slot, monitor=message.monitor, x=message.x, y=message.y)
        )
        self._show(seat, message)

    def _stroke(self, seat: Seat, message: Stroke) -> None:
        if len(message.points) % 2:
            raise MalformedError(f"a line of {len(message.points)} coordinates: they come in pairs")
        hand = self._hand(seat)
        if message.stroke == hand.over or not self._is_on_screen(message.monitor):
            return
        if not self._spend(hand.stroke_pace):
            return
        hand.keep(message)
        self._pass_on(seat.slot, _member_stroke(seat.slot, message))
        self._show(seat, message)

    def _is_on_screen(self, monitor: int) -> bool:
        layout = self._desk.layout
        return layout is not None and (monitor == 0 or any(m.id == monitor for m in layout.monitors))

    def _spend(self, pace: Allowance) -> bool:
        return pace.spend(self._desk.now_ms) and self._pace.spend(self._desk.now_ms)

    def _hand(self, seat: Seat) -> _Hand:
        return self._hands.setdefault(seat.slot, _Hand())

    def _show(self, seat: Seat, mark: Laser | Stroke) -> None:
        if self._desk.layout is not None and not self._desk.asking:
            self._desk.act(ShowMark(Pen(seat.slot, seat.vouched.display_name), mark, self._desk.layout))

    def _pass_on(self, author: int, message: HostToViewer) -> None:
        for seat in self._desk.live:
            if seat.slot != author:
                self._desk.tell(seat, message)

    # --- the customer's question ---

    def yield_to_question(self) -> None:
        """While the customer is asked something nobody draws over it; what was drawn comes back after it."""
        if self._yielding is self._desk.asking:
            return
        self._yielding = self._desk.asking
        if self._yielding and self.drawn:
            self._desk.act(HideMarks())
        elif not self._yielding:
            self._show_again()

    def _show_again(self) -> None:
        for slot, hand in self._hands.items():
            seat = self._desk.seats.get(slot)
            if seat is not None:
                for piece in list(hand.pieces)[-REPLAYED_PIECES:]:
                    self._show(seat, piece)

    # --- taken away ---

    def _laser_off(self, slot: int) -> None:
        hand = self._hands.get(slot)
        if hand is not None and hand.laser_ms is not None:
            hand.laser_ms = None
            self._pass_on(slot, MemberLaserOff(slot=slot))
            self._desk.act(HideMarks(slot=slot, laser_only=True))

    def _clear(self, slot: int) -> None:
        hand = self._hands.get(slot)
        if hand is not None and hand.points:
            self._laser_off(slot)
            hand.wipe()
            self._pass_on(slot, MarksCleared(slot=slot))
            self._desk.act(HideMarks(slot=slot))

    def clear_all(self) -> None:
        """Every drawing goes: the customer, the lead or a supervisor wants it, or the picture is another."""
        if self.drawn:
            for slot, hand in self._hands.items():
                self._laser_off(slot)
                hand.wipe()
            for seat in self._desk.live:
                self._desk.tell(seat, MarksCleared())
            self._desk.act(HideMarks())

    def cut(self, slot: int) -> None:
        """Somebody's connection is down: their laser goes out, their drawing stays."""
        self._laser_off(slot)

    def leave(self, slot: int) -> None:
        """Somebody is gone: so is what they had on the screen (SPEC A3)."""
        self._laser_off(slot)
        self._clear(slot)
        self._hands.pop(slot, None)

    def pass_time(self) -> None:
        """A laser that has not moved for two seconds goes out."""
        for slot, hand in self._hands.items():
            if hand.laser_ms is not None and self._desk.now_ms - hand.laser_ms >= LASER_LIFE_MS:
                self._laser_off(slot)

    # --- shown to who is new ---

    def resume(self, seat: Seat) -> None:
        """Somebody is back: what was cleared or drawn meanwhile, they did not hear of."""
        self._desk.tell(seat, MarksCleared())
        self.come(seat)

    def come(self, seat: Seat) -> None:
        """Somebody is new: what is drawn already goes to them, as far as it is not too much at once."""
        room = REPLAYED_POINTS
        newest: list[HostToViewer] = []
        for slot, hand in self._hands.items():
            for piece in reversed(hand.pieces):
                room -= len(piece.points) // 2
                if room < 0 or len(newest) >= REPLAYED_PIECES:
                    break
                newest.append(_member_stroke(slot, piece))
        for message in reversed(newest):
            self._desk.tell(seat, message)


def _goes_on(last: Stroke, piece: Stroke) -> bool:
    same = (last.stroke, last.monitor) == (piece.stroke, piece.monitor)
    return same and len(last.points) + len(piece.points) <= 2 * MAX_STROKE_POINTS


def _member_stroke(slot: int, piece: Stroke) -> MemberStroke:
    return MemberStroke(slot=slot, stroke=piece.stroke, monitor=piece.monitor, points=piece.points)
