"""Nothing covers anything: windows stand on one monitor, and beside the banner."""

import atexit
import contextlib
import subprocess
import tkinter as tk
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from relevo_agent.clock import now_ms
from relevo_agent.session.actions import ChatEntry, Person, QuestionKind
from relevo_agent.ui import room, theme
from relevo_agent.ui.banner import Banner
from relevo_agent.ui.closing import ask_whether_to_close
from relevo_agent.ui.consent import ConsentDialog
from relevo_agent.ui.countdown import RestartCountdown
from relevo_agent.ui.panel import Panel
from relevo_agent.ui.room import Area
from relevo_agent.ui.veto import VetoNotice
from relevo_protocol.modes import Capability, Mode, Role
from tests.agent.desktop import xvfb
from tests.agent.ui.stage import ENTRY, LIVE, SPANISH, Commanded, button, until

WALL = "3000x1100x24"
ASKED = replace(
    ENTRY,
    kind=QuestionKind.MODE,
    mode=Mode.ADMINISTRATOR,
    offers=tuple(Capability),
    deadline_ms=9e12,
)
PEOPLE = tuple(
    Person(slot, name, "Soporte Duero", Role.LEAD if slot == 1 else Role.COLLABORATOR, present=True)
    for slot, name in enumerate(("Ainhoa Larrañaga-Goikoetxea", "Jon Etxeberria", "Peter Schmitt"), 1)
)
BUSY = replace(LIVE, people=PEOPLE, marks=True, grant_ends_at_ms=9e12, hold_ends_at_ms=9e12)
TALK = tuple(ChatEntry(line, 1, "Ana", "¿Puede abrir el correo?", 1.8e12) for line in range(1, 9))
# The main monitor; the other one is beside it.
MAINS = (Area(0, 0, 800, 600), Area(0, 0, 1024, 600), Area(1280, 64, 1280, 800))


@pytest.fixture(scope="session")
def wall() -> str:
    """A display wide enough for two monitors; see ``small_screen``."""
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(xvfb(WALL))


def _set_monitor(wall: str, name: str, area: Area, output: str) -> None:
    place = f"{area.width}/200x{area.height}/150+{area.x}+{area.y}"
    command = ["xrandr", "--display", wall, "--setmonitor", name, place, output]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture(params=MAINS, ids=lambda area: f"{area.width}x{area.height}+{area.x}")
def main(request: pytest.FixtureRequest, wall: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Area]:
    """The main monitor of two."""
    area: Area = request.param
    other = Area(area.right if area.x == 0 else 0, 0, 1280, 1024)
    _set_monitor(wall, "*main", area, "screen")
    _set_monitor(wall, "other", other, "none")
    monkeypatch.setattr("relevo_agent.ui.room._known", {})
    yield area
    for name in ("main", "other"):
        subprocess.run(["xrandr", "--display", wall, "--delmonitor", name], check=True, capture_output=True)


@pytest.fixture
def root(wall: str, main: Area) -> Iterator[tk.Tk]:
    window = tk.Tk(screenName=wall)
    yield window
    theme.end(window)


def _ignored(_granted: bool, _ticked: frozenset[Capability]) -> None:
    """What was answered is of no interest here."""


def _standing(window: tk.Misc) -> Area:
    """Where a window really is."""
    window.update()
    top = window.winfo_toplevel()
    return Area(top.winfo_rootx(), top.winfo_rooty(), top.winfo_width(), top.winfo_height())


def _named(root: tk.Tk, name: str) -> tk.Misc:
    found: tk.Misc = root.nametowidget(f".{name}")
    return found


def _nothing() -> None:
    """What stands right of itself is told nothing."""


def _stands_free(root: tk.Tk, window: tk.Misc, main: Area, told: Callable[[], None] = _nothing) -> None:
    """A window with its frame comes to stand on the main monitor, and the banner beside it.

    ``told``: what the session's next snapshots would tell it.
    """

    def is_free() -> bool:
        told()
        inside, banner = _standing(window), _standing(_named(root, room.BANNER_NAME))
        framed = Area(inside.x, inside.y, inside.width, inside.height + room.FRAME_PX)
        return framed.within(main) == framed and not framed.overlaps(banner)

    until(root, is_free, "something covers something")


def _banner(root: tk.Tk) -> Banner:
    banner = Banner(root, SPANISH, Commanded().commands, lambda: None, demo=False)
    banner.render(BUSY)
    root.update()
    return banner


def test_the_banner_stands_on_the_main_monitor(root: tk.Tk, main: Area) -> None:
    root.withdraw()
    theme.set_up(root)
    _banner(root)
    banner = _named(root, room.BANNER_NAME)
    until(root, lambda: _standing(banner).within(main) == _standing(banner), "it is elsewhere")
    assert _standing(banner).y == main.y


@pytest.mark.parametrize("kind", [QuestionKind.MODE, QuestionKind.CAPABILITY])
def test_a_question_stands_beside_the_banner(root: tk.Tk, main: Area, kind: QuestionKind) -> None:
    root.withdraw()
    theme.set_up(root)
    _banner(root)
    question = replace(ASKED, kind=kind, capability=Capability.RECORD)
    dialog = ConsentDialog(root, SPANISH, question, _ignored)
    _stands_free(root, button(root, SPANISH("consent.no")), main)
    dialog.close()


def test_a_question_gives_way_to_a_banner_that_comes_later_and_sleeps_for_a_moment(
    root: tk.Tk, main: Area
) -> None:
    root.withdraw()
    theme.set_up(root)
    dialog = ConsentDialog(root, SPANISH, ASKED, _ignored)
    yes = button(root, SPANISH("consent.yes"))
    until(root, lambda: not yes.instate(["disabled"]), "asleep")
    _banner(root)
    before = dialog.area
    dialog.make_room()
    assert yes.instate(["disabled"]) is (dialog.area != before), "what has moved must not be hit"
    _stands_free(root, yes, main, dialog.make_room)
    until(root, lambda: not yes.instate(["disabled"]), "asleep for ever")
    before = dialog.area
    dialog.make_room()
    assert dialog.area == before, "what stands free stays"
    dialog.close()


def test_the_restart_and_the_close_question_stand_beside_the_banner(root: tk.Tk, main: Area) -> None:
    root.withdraw()
    theme.set_up(root)
    _banner(root)
    countdown = RestartCountdown(root, SPANISH, Commanded().commands)
    countdown.render(now_ms() + 30_000)
    _stands_free(root, button(root, SPANISH("restart.cancel")), main)
    countdown.render(None)
    ask_whether_to_close(root, SPANISH, lambda: None)
    _stands_free(root, button(root, SPANISH("close.stay")), main)


def test_the_window_itself_stands_beside_the_banner_with_everything_in_it(root: tk.Tk, main: Area) -> None:
    panel = Panel(root, SPANISH, theme.set_up(root), Commanded().commands)
    room.centred(root)
    panel.render(replace(BUSY, chat=TALK))
    _banner(root)
    _stands_free(root, root, main, panel.make_room)


def test_a_window_that_was_taken_to_the_other_monitor_stays_there(root: tk.Tk, main: Area) -> None:
    panel = Panel(root, SPANISH, theme.set_up(root), Commanded().commands)
    panel.render(LIVE)
    other_x = main.right + 50 if main.x == 0 else 50
    root.geometry(f"+{other_x}+50")
    root.update()
    for _ in range(3):
        panel.render(LIVE)
    until(root, lambda: (_standing(root).x, _standing(root).y) == (other_x, 50), "it was taken back")
    assert (room.area_of(root).x, room.area_of(root).y) == (other_x, 50)


def test_a_colleague_who_comes_covers_no_answer(root: tk.Tk, main: Area) -> None:
    root.withdraw()
    theme.set_up(root)
    _banner(root)
    dialog = ConsentDialog(root, SPANISH, ASKED, _ignored)
    question = replace(ENTRY, kind=QuestionKind.VETO, deadline_ms=now_ms() + 8000)
    notice = VetoNotice(root, SPANISH, question, lambda _: None)
    notice.place(0, dialog.area)
    away = button(root, SPANISH("veto.away"))

    def is_clear() -> bool:
        answers = [button(root, SPANISH(key)) for key in ("consent.no", "consent.yes")]
        places = [Area(w.winfo_rootx(), w.winfo_rooty(), w.winfo_width(), w.winfo_height()) for w in answers]
        return not any(_standing(away).overlaps(place) for place in places)

    until(root, is_clear, "an answer is covered")
    notice.close()
    dialog.close()


def _pretend(monkeypatch: pytest.MonkeyPatch, monitor: Area, free: Area) -> None:
    def desktop(_window: tk.Misc) -> room._Desktop:
        return room._Desktop((monitor,), free)

    monkeypatch.setattr("relevo_agent.ui.room._desktop", desktop)


# Nothing is left for windows; most of the screen is taken; a number that went below zero.
@pytest.mark.parametrize("free", [Area(0, 0, 1, 1), Area(0, 560, 800, 40), Area(100, 590, 2**32 - 6, 30)])
def test_N1_a_question_is_asked_whatever_the_desktop_says_of_its_bars(
    small_root: tk.Tk, monkeypatch: pytest.MonkeyPatch, free: Area
) -> None:
    _pretend(monkeypatch, Area(0, 0, 800, 600), free)
    small_root.withdraw()
    theme.set_up(small_root)
    ConsentDialog(small_root, SPANISH, ENTRY, _ignored)
    yes = button(small_root, SPANISH("consent.yes"))
    assert yes.winfo_rooty() + yes.winfo_height() <= 600


def test_N1_a_question_too_high_for_its_screen_does_not_fall_asleep_with_every_snapshot(
    small_root: tk.Tk, monkeypatch: pytest.MonkeyPatch
) -> None:
    _pretend(monkeypatch, Area(0, 0, 800, 300), Area(0, 0, 800, 300))
    small_root.withdraw()
    theme.set_up(small_root)
    dialog = ConsentDialog(small_root, SPANISH, ASKED, _ignored)
    yes = button(small_root, SPANISH("consent.yes"))
    until(small_root, lambda: not yes.instate(["disabled"]), "asleep")
    assert dialog.area.bottom > 300
    dialog.make_room()
    assert not yes.instate(["disabled"])
