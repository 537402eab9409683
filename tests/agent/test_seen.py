"""Never a black picture without a word: locked, asleep, or another session in front."""

import contextlib
import importlib
import os
import select
import subprocess
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from relevo_agent.pipeline.sources.login import LoginLost, LoginSession
from relevo_agent.pipeline.sources.state_x11 import X11State
from relevo_agent.seen import SeenSource, is_blank, status_of
from relevo_protocol.messages.screen import CaptureCondition
from tests.agent.desktop import WAIT_S, xvfb, xvfb_process
from tests.support.screens import blank

jeepney: Any = importlib.import_module("jeepney")
blocking: Any = importlib.import_module("jeepney.io.blocking")
BLACK = np.zeros((40, 60, 4), np.uint8)


class Told:
    """A state that a test tells."""

    def __init__(self, condition: CaptureCondition = CaptureCondition.OK, *, in_front: bool = True) -> None:
        self.condition, self.is_in_front = condition, in_front
        self.signal: int | None = None
        self.refreshed = self.closed = 0

    def refresh(self) -> None:
        self.refreshed += 1

    def close(self) -> None:
        self.closed += 1


def spotted() -> Any:
    pixels = BLACK.copy()
    pixels[17, 23, 1] = 1
    return pixels


def test_one_pixel_of_another_colour_is_a_picture() -> None:
    assert is_blank(BLACK)
    assert not is_blank(spotted())
    unused = BLACK.copy()
    unused[3, 4, 3] = 255  # the X of BGRX
    assert is_blank(unused)


@pytest.mark.parametrize("condition", [CaptureCondition.LOCKED, CaptureCondition.ASLEEP])
def test_what_is_locked_or_asleep_is_told_only_where_nothing_is_to_be_seen(
    condition: CaptureCondition,
) -> None:
    told = status_of(Told(condition), BLACK)
    assert told.condition is condition
    assert told.detail
    assert status_of(Told(condition), spotted()).condition is CaptureCondition.OK
    assert status_of(Told(), BLACK).condition is CaptureCondition.OK
    assert status_of(None, BLACK).condition is CaptureCondition.OK


def test_a_session_in_the_background_is_told_whatever_is_to_be_seen() -> None:
    away = status_of(Told(in_front=False), spotted())
    assert away.condition is CaptureCondition.NO_DISPLAY
    assert "switch back" in away.detail
    locked = status_of(Told(CaptureCondition.LOCKED, in_front=False), spotted())
    assert locked.condition is CaptureCondition.LOCKED


def test_a_source_gives_its_state_back_with_itself() -> None:
    screen, state = blank(20, 10), Told(CaptureCondition.ASLEEP)
    seen = SeenSource(screen, state)
    before = seen.status.condition
    seen.grab()
    assert (before, seen.status.condition) == (CaptureCondition.OK, CaptureCondition.ASLEEP)
    seen.refresh()
    assert state.refreshed == 1
    seen.close()
    assert (screen.closed, state.closed) == (1, 1)
    assert seen.state_signals == ()


# --- the X server ---


@pytest.fixture(autouse=True)
def no_bus(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """This machine's own logind has no part in these tests."""
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path / 'nowhere'}")
    monkeypatch.delenv("XDG_SESSION_ID", raising=False)


def condition_of(state: X11State) -> CaptureCondition:
    return state.condition


def is_in_front(state: X11State) -> bool:
    return state.is_in_front


def signal_of(state: X11State) -> int | None:
    return state.signal


def awaited(state: X11State, condition: CaptureCondition) -> bool:
    signal = state.signal
    assert signal is not None
    while condition_of(state) is not condition:
        if not select.select([signal], [], [], WAIT_S)[0]:
            return False
        state.refresh()
    return True


def test_a_screen_saver_that_begins_and_ends_is_told_by_events() -> None:
    with xvfb("320x200x24") as display, contextlib.closing(X11State(display)) as state:
        assert state.condition is CaptureCondition.OK
        for word, condition in (("activate", CaptureCondition.ASLEEP), ("reset", CaptureCondition.OK)):
            subprocess.run(["xset", "-display", display, "s", word], check=True, timeout=60)
            assert awaited(state, condition)
        assert state.signal is not None
        assert not select.select([state.signal], [], [], 0)[0]


def test_a_server_that_is_gone_tells_nothing_for_ever() -> None:
    with xvfb_process("320x200x24") as (display, server), contextlib.closing(X11State(display)) as state:
        server.kill()
        server.wait(60)
        assert state.signal is not None
        assert select.select([state.signal], [], [], WAIT_S)[0]
        state.refresh()
        assert signal_of(state) is None
        assert state.condition is CaptureCondition.OK


# --- logind ---

PATH = "/org/freedesktop/login1/session/_31"
PROPERTIES = "org.freedesktop.DBus.Properties"


class FakeLogin:
    """A logind with one session, as far as it is asked."""

    def __init__(self) -> None:
        self.values: dict[str, tuple[str, object]] = {
            "Id": ("s", "1"),
            "Type": ("s", "x11"),
            "LockedHint": ("b", False),
            "Active": ("b", True),
        }
        self._bus: Any = blocking.open_dbus_connection("SYSTEM")
        self._bus.send_and_get_reply(jeepney.message_bus.RequestName("org.freedesktop.login1"))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def change(self, name: str, value: object) -> None:
        self.values[name] = ("b", value)
        emitter = jeepney.DBusAddress(PATH, None, PROPERTIES)
        body: Any = ("org.freedesktop.login1.Session", {name: ("b", value)}, [])
        self._bus.send(jeepney.new_signal(emitter, "PropertiesChanged", "sa{sv}as", body))

    def close(self) -> None:
        self._bus.sock.shutdown(2)
        self._thread.join(WAIT_S)
        self._bus.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError, EOFError):
            while True:
                asked = self._bus.receive()
                wants = asked.header.message_type is jeepney.MessageType.method_call
                if wants and not asked.header.flags & jeepney.MessageFlag.no_reply_expected:
                    self._bus.send(self._answer(asked))

    def _answer(self, asked: Any) -> Any:
        member = asked.header.fields[jeepney.HeaderFields.member]
        if member == "GetSession" and asked.body == ("1",):
            return jeepney.new_method_return(asked, "o", (PATH,))
        if member == "Get":
            return jeepney.new_method_return(asked, "v", (self.values[asked.body[1]],))
        return jeepney.new_error(asked, "org.freedesktop.login1.NoSuchSession")


@contextlib.contextmanager
def system_bus(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[subprocess.Popen[str]]:
    config = folder / "bus.conf"
    config.write_text(
        f"""<busconfig><type>system</type><listen>unix:path={folder}/bus</listen><auth>EXTERNAL</auth>
        <policy context="default"><allow own="*"/><allow send_destination="*"/><allow eavesdrop="true"/>
        <allow receive_sender="*"/></policy></busconfig>""",
        encoding="utf-8",
    )
    command = ["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address=1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as daemon:
        try:
            assert daemon.stdout is not None
            assert daemon.stdout.readline()
            monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={folder}/bus")
            monkeypatch.setattr("relevo_agent.pipeline.sources.login.ANSWER_S", WAIT_S)
            yield daemon
        finally:
            daemon.terminate()


def test_a_lock_and_a_switch_of_users_are_told_by_logind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        system_bus(tmp_path, monkeypatch) as daemon,
        contextlib.closing(FakeLogin()) as login,
        xvfb("320x200x24") as display,
        contextlib.closing(X11State(display)) as state,
    ):
        assert (state.condition, state.is_in_front) == (CaptureCondition.OK, True)
        login.change("LockedHint", True)
        assert awaited(state, CaptureCondition.LOCKED)
        login.change("LockedHint", False)
        assert awaited(state, CaptureCondition.OK)
        login.change("Active", False)
        assert state.signal is not None
        assert select.select([state.signal], [], [], WAIT_S)[0]
        state.refresh()
        assert not is_in_front(state)
        daemon.terminate()
        daemon.wait(60)
        assert select.select([state.signal], [], [], WAIT_S)[0]
        state.refresh()
        assert is_in_front(state)
        assert not select.select([state.signal], [], [], 0)[0]


def test_a_program_outside_a_graphical_session_asks_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(LoginLost):
        LoginSession()
    assert LoginSession.found() is None
    with system_bus(tmp_path, monkeypatch), contextlib.closing(FakeLogin()) as login:
        login.values["Type"] = ("s", "tty")
        assert LoginSession.found() is None
        monkeypatch.setenv("XDG_SESSION_ID", "77")
        assert LoginSession.found() is None
    assert os.environ["XDG_SESSION_ID"] == "77"
