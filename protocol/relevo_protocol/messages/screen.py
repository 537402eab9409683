"""Sealed messages about the picture: layout, acknowledgements, quality, state of the capture (SPEC D1-D3)."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from relevo_protocol.limits import MAX_CODECS, MAX_MONITORS, MAX_SCREEN_SIDE_PX
from relevo_protocol.messages.base import FrameId, Message, Milliseconds, Name, Part, Reason

Pixels = Annotated[int, Meta(ge=0, le=MAX_SCREEN_SIDE_PX)]
PixelOffset = Annotated[int, Meta(ge=-4 * MAX_SCREEN_SIDE_PX, le=4 * MAX_SCREEN_SIDE_PX)]
MonitorId = Annotated[int, Meta(ge=0, le=MAX_MONITORS)]
CodecNumber = Annotated[int, Meta(ge=0, le=255)]
BytesPerSecond = Annotated[int, Meta(ge=0, le=2**40)]


class Quality(StrEnum):
    """What the viewer prefers when the line is too thin for everything."""

    AUTO = "auto"
    SHARP = "sharp"
    FAST = "fast"


class CaptureCondition(StrEnum):
    """Whether there is a picture, and if not, why."""

    OK = "ok"
    NO_DISPLAY = "no_display"
    LOCKED = "locked"
    PERMISSION_MISSING = "permission_missing"
    ASKING = "asking"
    """The customer's desktop asks them in a window of its own which screen to share (Wayland's portal)."""
    REFUSED = "refused"
    """The customer has said no to their desktop's question, or has stopped the sharing there."""
    SYSTEM_PROMPT = "system_prompt"
    """The customer sees a prompt of the system that no program may see, such as Windows asking for rights."""
    ASLEEP = "asleep"
    FAILED = "failed"
    PAUSED = "paused"
    """The customer, or a demo, has stopped the picture; the session goes on."""


class PictureLimit(StrEnum):
    """What keeps the picture from being faster or sharper than it is (SPEC D6)."""

    NONE = "none"
    LINE = "line"
    """The line to this viewer: its queue is full most of the time."""
    HOST = "host"
    """The customer's PC: capturing and encoding takes longer than the picture's own pace."""
    VIEWER = "viewer"
    """This viewer's browser: decoding and drawing takes longer than the picture's own pace."""


class Monitor(Part, frozen=True):
    """One monitor inside the screen, pixels; id 0 is the whole screen and not listed."""

    id: MonitorId
    x: PixelOffset
    y: PixelOffset
    width: Pixels
    height: Pixels
    primary: bool
    name: Name = ""


# --- host to viewer ---


class ScreenLayout(Message, frozen=True):
    """Size of the whole screen and where its monitors are, pixels; sent at start and at every change."""

    width: Pixels
    height: Pixels
    monitors: Annotated[list[Monitor], Meta(max_length=MAX_MONITORS)]


class CaptureState(Message, frozen=True):
    """Instead of a black picture: what is wrong with the capture. ``detail`` is one technical line."""

    condition: CaptureCondition
    detail: Reason = ""


class PictureState(Message, frozen=True):
    """What limits the picture of this viewer, and by how much; sent when it changes, at most once a second.

    ``line_bytes_s`` is the measured rate of this viewer's line, 0 as long as nothing was large enough to
    measure it; ``host_ms`` the time that a frame takes on the customer's PC, ``viewer_ms`` from arrival
    to drawn.
    """

    limit: PictureLimit
    line_bytes_s: BytesPerSecond = 0
    host_ms: Milliseconds = 0.0
    viewer_ms: Milliseconds = 0.0


# --- viewer to host ---


class FrameAck(Message, frozen=True):
    """The frame is on the canvas. Acknowledges every earlier one too. ``decode_ms`` from arrival to drawn."""

    frame_id: FrameId
    decode_ms: Milliseconds = 0.0


class Decoders(Message, frozen=True):
    """Numbers of the codecs that this viewer can decode (SPEC D5, F5); sent before the first picture.

    Until it has come, and for numbers that the host does not know, nothing is assumed beyond ``BASE_CODECS``.
    """

    codecs: Annotated[list[CodecNumber], Meta(max_length=MAX_CODECS)]


class KeyframeRequest(Message, frozen=True):
    """The viewer missed a frame and cannot go on without a keyframe.

    ``whole``: what it had drawn is gone too, so the next keyframe leaves nothing out (SPEC F9).
    """

    whole: bool = False


class QualityChoice(Message, frozen=True):
    """Viewer's preference; with several viewers the most modest one holds."""

    quality: Quality
