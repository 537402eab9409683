"""ScreenCaptureKit through pyobjc. Written to its documentation (macOS 12.3 and later), not yet run there."""

import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import Any, Final

import numpy as np

from relevo_agent.pipeline.sources.screen_macos import MacDisplay, MacFrame, MacStream, StreamTold
from relevo_agent.pipeline.types import CaptureFailed, PixelBuffer, Rect
from relevo_protocol.messages.screen import CaptureCondition

ANSWER_S: Final = 5.0
_BGRA: Final = 0x42475241
_READ_ONLY: Final = 1
_SCREEN_OUTPUT: Final = 0
_COMPLETE, _STARTED = 0, 4
_FRAMES_A_SECOND: Final = 60
_QUEUE_FRAMES: Final = 5


def _framework(name: str) -> Any:
    """A framework's Python module, which exists on macOS alone.

    Raises:
        CaptureFailed: it is not there.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise CaptureFailed(
            CaptureCondition.FAILED,
            f"{name} is missing ({error}): macOS 12.3 or later and pyobjc-framework-{name} are needed",
        ) from error


class Screens:
    """What macOS says of its displays, and their streams."""

    def is_allowed(self) -> bool:
        """Whether this program may record the screen; if not, macOS is made to ask, once."""
        quartz = _framework("Quartz")
        return bool(quartz.CGPreflightScreenCaptureAccess() or quartz.CGRequestScreenCaptureAccess())

    def is_locked(self) -> bool:
        """Whether the screen is locked; without a session of a person's there is nothing to show either."""
        session = _framework("Quartz").CGSessionCopyCurrentDictionary()
        return session is None or bool(session.get("CGSSessionScreenIsLocked", False))

    def is_asleep(self) -> bool:
        """Whether every display sleeps."""
        quartz = _framework("Quartz")
        error, numbers, _count = quartz.CGGetOnlineDisplayList(32, None, None)
        return error == 0 and bool(numbers) and all(quartz.CGDisplayIsAsleep(number) for number in numbers)

    def displays(self) -> Sequence[MacDisplay]:
        """The displays that can be shown."""
        quartz = _framework("Quartz")
        return [_display(quartz, shown) for shown in _content().displays()]

    def start(self, display: MacDisplay, told: StreamTold) -> MacStream:
        """Stream a display."""
        return _Stream(display, told)


def _content() -> Any:
    """What macOS lets this program see."""
    kit = _framework("ScreenCaptureKit")
    content, error = _awaited(kit.SCShareableContent.getShareableContentWithCompletionHandler_)
    if content is None:
        raise CaptureFailed(CaptureCondition.FAILED, f"macOS does not say what can be shown: {error}")
    return content


def _awaited(ask: Callable[[Callable[..., None]], None]) -> tuple[Any, Any]:
    """Call something that answers through a block, and wait for the answer."""
    answered, answer = threading.Event(), list[Any]()

    def take(*given: Any) -> None:
        answer.extend(given)
        answered.set()

    ask(take)
    if not answered.wait(ANSWER_S):
        return None, f"no answer within {ANSWER_S:.0f} s"
    return (answer[0], answer[1]) if len(answer) > 1 else (None, answer[0])


def _display(quartz: Any, shown: Any) -> MacDisplay:
    number, frame = shown.displayID(), shown.frame()
    mode = quartz.CGDisplayCopyDisplayMode(number)
    points = Rect(int(frame.origin.x), int(frame.origin.y), int(frame.size.width), int(frame.size.height))
    width = int(quartz.CGDisplayModeGetPixelWidth(mode)) if mode is not None else points.width
    height = int(quartz.CGDisplayModeGetPixelHeight(mode)) if mode is not None else points.height
    return MacDisplay(number, points, width, height, primary=bool(quartz.CGDisplayIsMain(number)))


class _Stream:
    def __init__(self, display: MacDisplay, told: StreamTold) -> None:
        kit, core = _framework("ScreenCaptureKit"), _framework("CoreMedia")
        shown = next((one for one in _content().displays() if one.displayID() == display.number), None)
        if shown is None:
            raise CaptureFailed(CaptureCondition.NO_DISPLAY, "a display is gone")
        chosen = kit.SCStreamConfiguration.alloc().init()
        chosen.setWidth_(display.width)
        chosen.setHeight_(display.height)
        chosen.setPixelFormat_(_BGRA)
        chosen.setShowsCursor_(True)
        chosen.setQueueDepth_(_QUEUE_FRAMES)
        chosen.setMinimumFrameInterval_(core.CMTimeMake(1, _FRAMES_A_SECOND))
        filtered = kit.SCContentFilter.alloc().initWithDisplay_excludingWindows_(shown, [])
        self._listener = _listener_class().alloc().init()
        self._listener.told = told
        self._stream = kit.SCStream.alloc().initWithFilter_configuration_delegate_(
            filtered, chosen, self._listener
        )
        added, error = self._stream.addStreamOutput_type_sampleHandlerQueue_error_(
            self._listener, _SCREEN_OUTPUT, None, None
        )
        if not added:
            raise CaptureFailed(CaptureCondition.FAILED, f"macOS takes no listener: {error}")
        _, failed = _awaited(self._stream.startCaptureWithCompletionHandler_)
        if failed is not None:
            raise CaptureFailed(CaptureCondition.FAILED, f"macOS does not start the stream: {failed}")

    def stop(self) -> None:
        """End it; macOS answers later."""
        self._listener.told = None
        self._stream.stopCaptureWithCompletionHandler_(None)


@cache
def _listener_class() -> Any:
    """The Objective-C class that takes samples; it can be made only where Objective-C is."""
    objc, kit, core = _framework("objc"), _framework("ScreenCaptureKit"), _framework("CoreMedia")
    del kit  # its import tells pyobjc the protocols that are named here

    def take(self: Any, _stream: Any, sample: Any, kind: int) -> None:
        told = self.told
        frame = _frame(core, sample) if told is not None and kind == _SCREEN_OUTPUT else None
        if told is not None and frame is not None:
            told.frame(frame)

    def end(self: Any, _stream: Any, error: Any) -> None:
        if self.told is not None:
            self.told.ended(str(error.localizedDescription()))

    protocols = [objc.protocolNamed(name) for name in ("SCStreamOutput", "SCStreamDelegate")]
    methods = {
        "stream_didOutputSampleBuffer_ofType_": take,
        "stream_didStopWithError_": end,
        "told": None,
        "__pyobjc_protocols__": protocols,
    }
    return type("RelevoScreenListener", (objc.lookUpClass("NSObject"),), methods)


def _frame(core: Any, sample: Any) -> MacFrame | None:
    """A sample that has pixels; those of an idle or blank screen have none."""
    kit = _framework("ScreenCaptureKit")
    attached = core.CMSampleBufferGetSampleAttachmentsArray(sample, False)
    told: Any = attached[0] if attached else dict[str, Any]()
    buffer = core.CMSampleBufferGetImageBuffer(sample)
    if buffer is None or told.get(kit.SCStreamFrameInfoStatus) not in {_COMPLETE, _STARTED}:
        return None
    dirty = told.get(kit.SCStreamFrameInfoDirtyRects)
    rects = None if dirty is None else tuple(_rect(one) for one in dirty)
    return MacFrame(lambda: _locked(buffer), rects)


def _rect(told: Any) -> Rect:
    """Of an NSValue or of the dictionary that CoreGraphics makes of a rectangle; outward to whole pixels."""
    if hasattr(told, "rectValue"):
        value = told.rectValue()
        x, y, width, height = value.origin.x, value.origin.y, value.size.width, value.size.height
    else:
        x, y, width, height = (told[key] for key in ("X", "Y", "Width", "Height"))
    left, top = int(np.floor(x)), int(np.floor(y))
    return Rect(left, top, int(np.ceil(x + width)) - left, int(np.ceil(y + height)) - top)


@contextmanager
def _locked(buffer: Any) -> Generator[PixelBuffer]:
    """A buffer's pixels while it is locked."""
    quartz = _framework("Quartz")
    quartz.CVPixelBufferLockBaseAddress(buffer, _READ_ONLY)
    try:
        width, height = quartz.CVPixelBufferGetWidth(buffer), quartz.CVPixelBufferGetHeight(buffer)
        stride = quartz.CVPixelBufferGetBytesPerRow(buffer)
        memory = quartz.CVPixelBufferGetBaseAddress(buffer).as_buffer(stride * height)
        yield np.ndarray((height, width, 4), np.uint8, memory, 0, (stride, 4, 1))
    finally:
        quartz.CVPixelBufferUnlockBaseAddress(buffer, _READ_ONLY)
