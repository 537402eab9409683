"""The demo's own machinery; with relay, agent and browser it is tried in the end-to-end tests."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.demo import options, relay, service
from tools.demo.children import Children, DemoError, Program, run
from tools.demo.desktop import open_desktop
from tools.demo.poster import draw

_ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc, shows a virtual X display")


def _until(is_so: Callable[[], bool]):
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def _is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    # A zombie has ended; where no init reaps it, it stays in the list.
    return state != "Z"


def test_scripts_get_automatic_consent_and_people_are_asked(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DISPLAY", ":0")
    assert options.parse(["--json"]).consent == "auto"
    assert options.parse([]).consent == "ask"
    assert options.parse(["--json", "--consent", "ask"]).consent == "ask"
    assert options.parse([]).window
    assert not options.parse(["--json"]).window


def test_where_nobody_sees_the_question_nobody_is_asked(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DISPLAY", ":0")
    assert options.parse(["--virtual"]).consent == "auto"
    assert options.parse(["--virtual", "--consent", "ask"]).consent == "ask"
    monkeypatch.delenv("DISPLAY")
    monkeypatch.setattr(sys, "platform", "linux")
    assert options.parse([]).virtual
    assert not options.parse(["--display", ":1"]).virtual


def test_each_of_the_five_modes_is_shown_in_its_own_way():
    shown = {
        mode: options.parse(["--mode", mode])
        for mode in ("observer", "shared", "full", "administrator", "demo")
    }
    assert [mode for mode, given in shown.items() if given.presents] == ["demo"]
    assert [mode for mode, given in shown.items() if given.administers] == ["administrator"]


def test_the_service_of_a_demo_restarts_nothing_and_leaves_nothing(tmp_path: Path):
    with Children(tmp_path) as children:
        place = service.start(children, tmp_path)
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as caller:
            caller.connect(os.fspath(place))
        assert "--reboot false" in " ".join(children.command("service"))
    assert not place.parent.exists()


@pytest.mark.parametrize(
    "wrong", [["--size", "10x10"], ["--size", "wide"], ["--mode", "root"], ["--lang", "xx"]]
)
def test_a_wrong_option_is_refused(wrong: list[str]):
    with pytest.raises(SystemExit):
        options.parse(wrong)


def test_a_named_and_a_new_display_exclude_each_other():
    with pytest.raises(SystemExit):
        options.parse(["--display", ":1", "--virtual"])


def test_a_taken_port_is_passed_over(monkeypatch: pytest.MonkeyPatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        usual = taken.getsockname()[1]
        monkeypatch.setattr(relay, "USUAL_PORT", usual)
        assert relay._free_port() not in {0, usual}


@_ON_LINUX
def test_children_and_what_they_started_end_with_the_demo(tmp_path: Path):
    grandchild = tmp_path / "pid"
    script = f"sleep 300 & echo $! > {grandchild}; wait"
    with Children(tmp_path) as children:
        children.start(Program("shell", ["sh", "-c", script]))
        _until(lambda: grandchild.exists() and bool(grandchild.read_text(encoding="utf-8").strip()))
        pids = [children.pids["shell"], int(grandchild.read_text(encoding="utf-8"))]
        assert all(map(_is_running, pids))
    _until(lambda: not any(map(_is_running, pids)))


@_ON_LINUX
def test_a_child_that_does_not_listen_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tools.demo.children._PATIENCE_S", 0.2)
    ready = tmp_path / "ready"
    with Children(tmp_path) as children:
        children.start(
            Program("deaf", ["sh", "-c", f"trap '' TERM; touch {ready}; while :; do sleep 0.1; done"])
        )
        _until(ready.exists)
        pid = children.pids["deaf"]
    assert not _is_running(pid)


def test_the_death_of_a_vital_child_is_told_with_its_log(tmp_path: Path):
    with Children(tmp_path) as children:
        children.start(Program("mortal", ["sh", "-c", "echo last words >&2; exit 7"]))
        children.start(Program("other", ["sh", "-c", "exit 1"], vital=False))

        def check_until_it_fails() -> bool:
            children.check()
            return False

        with pytest.raises(DemoError, match=r"mortal has ended \(exit status 7\)(?s:.*)last words"):
            _until(check_until_it_fails)


def test_a_program_that_is_missing_is_named(tmp_path: Path):
    with Children(tmp_path) as children, pytest.raises(DemoError, match="relevo-no-such-program"):
        run("a step", ["sh", "-c", "relevo-no-such-program"])
    assert not children.pids


@_ON_LINUX
def test_a_virtual_desktop_shows_three_windows_and_goes_away(tmp_path: Path):
    chosen = options.parse(["--virtual", "--json", "--size", "800x600"])
    with Children(tmp_path) as children:
        display = open_desktop(chosen, children, tmp_path / "home")
        assert display is not None
        asked = ["xprop", "-display", display, "-root", "_NET_CLIENT_LIST"]
        listing = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
        assert listing.count("0x") == 3
        pids = children.pids
        assert {"xvfb", "openbox", "xterm"} <= set(pids)
        children.check()
    assert not any(map(_is_running, pids.values()))


@_ON_LINUX
def test_a_display_that_does_not_answer_is_refused(tmp_path: Path):
    with Children(tmp_path) as children, pytest.raises(DemoError, match=":9731"):
        open_desktop(options.parse(["--display", ":9731"]), children, tmp_path)


@_ON_LINUX
def test_nothing_is_left_when_the_demo_is_ended_while_it_starts(checkout: Path):
    command = [sys.executable, "-m", "tools.demo", "--json", "--virtual"]
    mark = f"RELEVO_TEST_MARK={time.time_ns()}"
    environment = os.environ | dict([mark.split("=", 1)])
    with subprocess.Popen(
        command, cwd=checkout, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as demo:
        _until(lambda: len(_marked(mark)) >= 3 or demo.poll() is not None)
        demo.send_signal(signal.SIGTERM)
        out, err = demo.communicate(timeout=120)
    assert demo.returncode == 0, err
    # Either it was ended before it was ready, or it printed its one line.
    assert not out or json.loads(out)["pids"]
    _until(lambda: not _marked(mark))


def _marked(mark: str) -> list[str]:
    """The processes that carry the mark in their environment."""
    found: list[str] = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark.encode() in environ.read_bytes().split(b"\0"):
                found.append(environ.parent.name)
        except OSError:  # gone meanwhile, or somebody else's
            continue
    return found


def test_the_picture_is_the_same_each_time():
    assert draw(64, 48).tobytes() == draw(64, 48).tobytes()
    assert len(draw(64, 48).getcolors(64 * 48) or []) > 500, "rough enough to count as a photograph"
