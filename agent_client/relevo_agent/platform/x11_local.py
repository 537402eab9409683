"""The real keyboard and pointer of an X display, told apart from injected ones (XI2, SPEC G3, N7).

Raw events name the device that they came from. What XTEST makes comes from devices of its own, whoever asked
for it; so neither our own injection nor anybody else's is ever taken for the person at the PC. Real devices
are listened to one by one: what is injected, most of what comes in a session, does not even wake us.
"""

import contextlib
import logging
import os
import select
import struct
import threading
import time
from typing import Any, Final

from Xlib import XK
from Xlib.ext import xinput

from relevo_agent.platform.base import LocalInputEvents, LocalInputUnavailable
from relevo_agent.xdisplay import BROKEN, open_display

_log = logging.getLogger(__name__)
REPORT_GAP_S: Final = 0.05
"""Input is reported at most this often; a mouse of 1000 Hz costs nothing in between."""
_XI_VERSION: Final = (2, 2)
"""Since 2.1 raw events come also while another program has grabbed the devices (XI2proto, 2.1)."""
_RAW: Final = struct.Struct("<HIIH")
"""deviceid, time, detail, sourceid: the first fields of an XIRawEvent after its type."""
_XTEST: Final = (" XTEST pointer", " XTEST keyboard")
_KEYS: Final = xinput.RawKeyPressMask | xinput.RawKeyReleaseMask
_MOVES: Final = xinput.RawMotionMask | xinput.RawButtonPressMask
_REAL: Final = frozenset({xinput.SlavePointer, xinput.SlaveKeyboard, xinput.FloatingSlave})
_CONTROL: Final = ("Control_L", "Control_R")
_ALT: Final = ("Alt_L", "Alt_R", "Meta_L", "Meta_R")
_PANIC: Final = ("End", "KP_End", "Pause", "Break")


class X11LocalInput:
    """Watches in a thread of its own. Keys are always watched, for the panic key; motion while asked for.

    Raises:
        LocalInputUnavailable: no display, or it has no X Input Extension 2.
    """

    def __init__(self, name: str | None, events: LocalInputEvents) -> None:
        self._events = events
        try:
            self._display = open_display(name)
        except BROKEN as cause:
            raise LocalInputUnavailable(f"no X display to watch: {cause}") from cause
        if not self._display.has_extension(xinput.extname):
            self._display.close()
            raise LocalInputUnavailable("this X server has no X Input Extension 2")
        self._root = self._display.screen().root
        self._wake_in, self._wake_out = os.pipe()
        self._watching = False
        self._over = False
        self._injected: dict[int, bool] = {}
        self._devices: tuple[int, ...] = ()
        self._selected: list[tuple[int, int]] = []
        self._down: set[int] = set()
        self._reported_s = float("-inf")
        self._thread = threading.Thread(target=self._work, name="local input", daemon=True)

    def start(self) -> None:
        """Begin; returns once the server reports keys."""
        self._say_version()
        self._learn_keys()
        # Before the devices are looked up: what is plugged in meanwhile is then not missed.
        self._root.xinput_select_events([(xinput.AllDevices, xinput.HierarchyChangedMask)])
        self._learn_devices()
        self._select()
        self._display.sync()
        self._thread.start()

    def watch(self, *, on: bool) -> None:
        """Report motion, buttons and keys from now on, or nothing but the panic key."""
        self._watching = on
        self._wake()

    def close(self) -> None:
        """End the thread."""
        self._over = True
        self._wake()

    def _wake(self) -> None:
        try:
            os.write(self._wake_out, b"x")
        except OSError:
            _log.debug("the watch of local input has ended already")

    # --- the thread ---

    def _work(self) -> None:
        try:
            while not self._over:
                self._wait()
                while self._display.pending_events():
                    self._take(self._display.next_event())
        except BROKEN as cause:
            _log.info("local input is watched no more: %s", cause)
        finally:
            with contextlib.suppress(*BROKEN):  # it flushes, which a connection that broke cannot
                self._display.close()
            os.close(self._wake_in)
            os.close(self._wake_out)

    def _wait(self) -> None:
        resting_s = self._reported_s + REPORT_GAP_S - time.monotonic()
        if resting_s > 0 and self._watching:
            # Deaf to motion for a moment, so that nothing piles up.
            self._select(moves=False)
            time.sleep(resting_s)
        self._select()
        self._display.flush()
        if self._display.pending_events():
            return  # what flushing has read stands in no socket any more: a select would sleep over it
        readable, _, _ = select.select([self._display.fileno(), self._wake_in], [], [])
        if self._wake_in in readable:
            os.read(self._wake_in, 4096)

    def _take(self, event: Any) -> None:
        if getattr(event, "evtype", None) == xinput.HierarchyChanged:
            self._learn_devices()
            return
        data = getattr(event, "data", b"")
        if not isinstance(data, bytes) or len(data) < _RAW.size:
            return
        _, _, detail, source = _RAW.unpack_from(data)
        if self._is_injected(source):
            return
        if event.evtype in (xinput.RawKeyPress, xinput.RawKeyRelease):
            self._key(detail, down=event.evtype == xinput.RawKeyPress)
        if self._watching and event.evtype != xinput.RawKeyRelease:
            self._report()

    def _report(self) -> None:
        now_s = time.monotonic()
        if now_s - self._reported_s >= REPORT_GAP_S:
            self._reported_s = now_s
            self._events.used()

    def _key(self, keycode: int, *, down: bool) -> None:
        if not down:
            self._down.discard(keycode)
            return
        self._down.add(keycode)
        if keycode in self._panic and self._down & self._control and self._down & self._alt:
            self._events.panic()

    # --- the server ---

    def _say_version(self) -> None:
        opcode = self._display.display.get_extension_major(xinput.extname)
        major, minor = _XI_VERSION
        xinput.XIQueryVersion(
            display=self._display.display, opcode=opcode, major_version=major, minor_version=minor
        )

    def _select(self, *, moves: bool = True) -> None:
        mask = _KEYS | (_MOVES if moves and self._watching else 0)
        wanted = [(device, mask) for device in self._devices]
        if wanted and wanted != self._selected:
            self._root.xinput_select_events(wanted)
            self._selected = wanted

    def _learn_devices(self) -> None:
        found = self._display.xinput_query_device(xinput.AllDevices).devices
        self._injected = {device.deviceid: device.name.endswith(_XTEST) for device in found}
        self._devices = tuple(d.deviceid for d in found if d.use in _REAL and not self._injected[d.deviceid])

    def _learn_keys(self) -> None:
        self._control, self._alt, self._panic = (self._keycodes(names) for names in (_CONTROL, _ALT, _PANIC))

    def _keycodes(self, names: tuple[str, ...]) -> frozenset[int]:
        found = [self._display.keysym_to_keycodes(XK.string_to_keysym(name)) for name in names]
        return frozenset(keycode for keycodes in found for keycode, _ in keycodes)

    def _is_injected(self, source: int) -> bool:
        """Tell whether a device is one of XTEST's; a device that is new is looked up."""
        if source not in self._injected:
            self._learn_devices()
        return self._injected.setdefault(source, False)
