"""Whether the person at the PC sees what an X display shows: locked, asleep, or another session in front.

A locked X display still has a picture, the lock itself, which is shown as the customer sees it. What must not
be shown without a word is nothing at all (``relevo_agent.seen``).
"""

import logging
import select
import struct
from typing import Final

from relevo_agent.pipeline.sources.libxcb import Extension
from relevo_agent.pipeline.sources.login import LoginLost, LoginSession
from relevo_agent.pipeline.sources.x11 import BROKEN, XConnection
from relevo_protocol.messages.screen import CaptureCondition

_log = logging.getLogger(__name__)
_SAVER_QUERY_VERSION, _SAVER_QUERY_INFO, _SAVER_SELECT = 0, 1, 2
_SAVER_ON: Final = 1
_DPMS_GET_VERSION, _DPMS_INFO, _DPMS_SELECT = 0, 7, 8
_DPMS_ON: Final = 0


class X11State:
    """Told by events of the X server and of logind; costs nothing while nothing happens.

    Raises:
        CaptureFailed: the display cannot be reached.
    """

    def __init__(self, display: str | None) -> None:
        self._display = XConnection(display)
        self._x = self._display.x
        self._saver = self._dpms = None
        try:
            self._saver = self._select_saver()
            self._dpms = self._select_dpms()
        except BROKEN as error:  # a server that is gone is noticed by who captures it
            _log.info("sleep of the screen is not told: %s", error)
        self._login = LoginSession.found()
        self._signals = select.epoll()
        self._signals.register(self._x.fileno, select.EPOLLIN)
        if self._login is not None:
            self._signals.register(self._login.fileno, select.EPOLLIN)
        self._is_over = False
        self.condition = CaptureCondition.OK
        self.is_in_front = True
        self.refresh()

    @property
    def signal(self) -> int | None:
        """Readable when :meth:`refresh` may find something new; ``None`` once the display is gone."""
        return None if self._is_over else self._signals.fileno()

    def refresh(self) -> None:
        """Look: ``condition`` is OK, LOCKED or ASLEEP; ``is_in_front``: this session has the screen."""
        self.condition = CaptureCondition.ASLEEP if self._is_asleep_now() else CaptureCondition.OK
        if self._login is None:
            return
        try:
            self._login.refresh()
        except LoginLost as lost:
            _log.info("whether the screen is locked is told no more: %s", lost)
            self._signals.unregister(self._login.fileno)
            self._login.close()
            self._login, self.is_in_front = None, True
            return
        self.is_in_front = self._login.is_active
        if self._login.is_locked:
            self.condition = CaptureCondition.LOCKED

    def close(self) -> None:
        """Give the connections back."""
        self._is_over = True
        self._signals.close()
        self._display.close()
        if self._login is not None:
            self._login.close()

    def _is_asleep_now(self) -> bool:
        """Asked until no event has come with the answer: such a one would stand in no socket any more."""
        try:
            self._x.events()
            asleep = self._is_asleep()
            while self._x.events(queued=True):
                asleep = self._is_asleep()
        except BROKEN:
            self._is_over = True
            return False
        return asleep

    def _select_saver(self) -> Extension | None:
        saver = self._x.extension("MIT-SCREEN-SAVER")
        if saver is not None:
            self._x.ask(saver.major, _SAVER_QUERY_VERSION, struct.pack("=BB2x", 1, 1))
            self._x.demand(saver.major, _SAVER_SELECT, struct.pack("=II", self._display.root, 1))
        return saver

    def _select_dpms(self) -> Extension | None:
        """Power saving of the monitor; before version 1.2 it tells nothing, and is asked at other events."""
        dpms = self._x.extension("DPMS")
        if dpms is None:
            return None
        version = self._x.ask(dpms.major, _DPMS_GET_VERSION, struct.pack("=HH", 1, 2))
        if struct.unpack_from("=HH", version, 8) >= (1, 2):
            self._x.demand(dpms.major, _DPMS_SELECT, struct.pack("=I", 1))
        return dpms

    def _is_asleep(self) -> bool:
        if self._saver is not None:
            body = struct.pack("=I", self._display.root)
            if self._x.ask(self._saver.major, _SAVER_QUERY_INFO, body)[1] == _SAVER_ON:
                return True
        if self._dpms is None:
            return False
        level, enabled = struct.unpack_from("=HB", self._x.ask(self._dpms.major, _DPMS_INFO, b""), 8)
        return bool(enabled and level != _DPMS_ON)
