"""The windows on a real display: what takes them away, and names of every kind."""

import contextlib
import subprocess
import sys
from collections.abc import Generator, Iterator

import pytest
from Xlib import X, protocol
from Xlib import display as xdisplay

from tests.agent.desktop import xvfb

DIALOG = r"""
import sys, tkinter
from relevo_agent.clock import now_ms
from relevo_agent.session.actions import Question, QuestionKind
from relevo_agent.ui import theme
from relevo_agent.ui.consent import ConsentDialog
from relevo_agent.ui.texts import Language, Texts
from relevo_protocol.modes import Capability, Mode, Role
root = tkinter.Tk()
theme.set_up(root)
def answered(granted, ticked):
    print("answer", granted, *ticked, flush=True)
    root.after(1000, root.destroy)  # longer than the dialog's own clocks, which must have stopped
question = Question(
    id=1, link=1, display_name=sys.argv[1], organisation=sys.argv[2], kind=QuestionKind.ENTRY,
    mode=Mode.FULL, role=Role.LEAD, deadline_ms=now_ms() + 60_000, offers=(Capability.RECORD,),
)
dialog = ConsentDialog(root, Texts(Language.ES), question, answered)
window = dialog._window
def ready():
    if not window.winfo_viewable():
        root.after(20, ready)
        return
    window.update_idletasks()
    print("size", window.winfo_width(), window.winfo_height(), flush=True)
    no = dialog._no
    print("no", no.winfo_rootx() + no.winfo_width(), no.winfo_rooty() + no.winfo_height(), flush=True)
    print("window", window.winfo_id(), flush=True)
root.after(20, ready)
root.mainloop()
"""


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with xvfb() as name:
        yield name


@contextlib.contextmanager
def dialog(display: str, name: str, organisation: str) -> Generator[dict[str, list[str]]]:
    """Lines by their first word; it must end without a word on standard error."""
    command = [sys.executable, "-c", DIALOG, name, organisation]
    environment = {"DISPLAY": display, "LC_ALL": "C.UTF-8"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            assert process.stdout is not None
            said: dict[str, list[str]] = {}
            while "window" not in said:
                line = process.stdout.readline().split()
                assert line, process.stderr.read() if process.stderr else ""
                said[line[0]] = line[1:]
            yield said
            said["rest"] = process.stdout.read().split()
            assert process.stderr is not None
            assert process.stderr.read() == ""
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("name", "organisation"),
    [
        ("W" * 120, "O" * 120),
        ("مريم الأندلسي", "ארגון"),
        ("田中 さくら 😀𠀀", "👩‍💻 Ayuda"),
        ("%s {who} $x [exit]", "\\N{}"),
    ],
    ids=["long", "right to left", "astral", "odd"],
)
def test_M5_names_of_every_kind_fit_and_are_inert(display: str, name: str, organisation: str) -> None:
    with dialog(display, "Ana", "Org") as ordinary:
        usual_width = int(ordinary["size"][0])
        close(display, ordinary["window"][0])
    with dialog(display, name, organisation) as said:
        width, height = map(int, said["size"])
        assert width <= usual_width, "a name makes the dialog no wider"
        assert 300 < height <= 800
        close(display, said["window"][0])
    assert said["rest"] == ["answer", "False"]


def close(display: str, window: str) -> None:
    """Ask as a window manager does when its cross is clicked (ICCCM 4.2.8.1)."""
    with contextlib.closing(xdisplay.Display(display)) as server:
        wrapper = server.create_resource_object("window", int(window)).query_tree().parent
        protocols, delete = (server.intern_atom(name) for name in ("WM_PROTOCOLS", "WM_DELETE_WINDOW"))
        data = (32, [delete, X.CurrentTime, 0, 0, 0])
        wrapper.send_event(protocol.event.ClientMessage(window=wrapper, client_type=protocols, data=data))
        server.sync()


def test_P1_a_dialog_that_is_closed_is_a_no(display: str) -> None:
    with dialog(display, "Ana", "Org") as said:
        close(display, said["window"][0])
    assert said["rest"] == ["answer", "False"]


def test_however_long_the_names_the_answers_are_on_a_small_screen() -> None:
    with xvfb("800x600x24") as small, dialog(small, "W" * 120, "O" * 120) as said:
        assert int(said["size"][1]) <= 600
        right, bottom = map(int, said["no"])
        assert right <= 800
        assert bottom <= 600
        close(small, said["window"][0])
