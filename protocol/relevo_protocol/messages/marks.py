"""Laser and drawing, in every mode, named and coloured by person (SPEC A1-A5)."""

from typing import Annotated

from msgspec import Meta

from relevo_protocol.limits import MAX_STROKE_POINTS
from relevo_protocol.messages.base import Message, SlotOrHost
from relevo_protocol.messages.input import Fraction
from relevo_protocol.messages.screen import MonitorId

StrokeNumber = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Points = Annotated[list[Fraction], Meta(min_length=2, max_length=2 * MAX_STROKE_POINTS)]
"""x, y, x, y, ...: an odd number of them is malformed."""

# --- viewer to host ---


class Laser(Message, frozen=True):
    """Point at a place; the next one moves it. It goes out by itself after ``LASER_LIFE_MS`` of silence."""

    monitor: MonitorId
    x: Fraction
    y: Fraction


class LaserOff(Message, frozen=True):
    """Stop pointing."""


class Stroke(Message, frozen=True):
    """A piece of a line: its points go on where the last piece of the same ``stroke`` ended."""

    stroke: StrokeNumber
    monitor: MonitorId
    points: Points


class ClearMarks(Message, frozen=True):
    """Take one's own drawing away; ``everybody`` takes away all drawings (lead, supervisor)."""

    everybody: bool = False


# --- host to viewer ---


class MemberLaser(Message, frozen=True):
    """Somebody else points. ``slot`` 0 is the host's own person."""

    slot: SlotOrHost
    monitor: MonitorId
    x: Fraction
    y: Fraction


class MemberLaserOff(Message, frozen=True):
    """Somebody stopped pointing."""

    slot: SlotOrHost


class MemberStroke(Message, frozen=True):
    """Somebody else draws."""

    slot: SlotOrHost
    stroke: StrokeNumber
    monitor: MonitorId
    points: Points


class MarksCleared(Message, frozen=True):
    """The drawing of this person is gone; without ``slot`` every drawing is."""

    slot: SlotOrHost | None = None
