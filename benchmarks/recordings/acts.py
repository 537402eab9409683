"""The acts: each shows real programs and works with them as a person would, with a machine's regularity."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from benchmarks.recordings import material
from benchmarks.recordings.desk import HEIGHT, WIDTH, Desk
from benchmarks.recordings.store import Area
from relevo_agent.pipeline.types import Rect
from tools.system import find_chromium

TYPING_MS: Final = 125
"""Between two letters: eight a second."""
TICK_S: Final = 1 / 30
MARGIN_MS: Final = 700
"""After a change an area counts as known again."""
_SENTENCE: Final = "the quick brown fox looks at the lazy dog, and the dog does not even look back. "
_KEYS: Final = {
    " ": "space",
    ",": "comma",
    ".": "period",
    "#": "numbersign",
    "=": "equal",
    "(": "parenleft",
    ")": "parenright",
}
_VIDEO_AT: Final = (480, 288)
_CHROMIUM: Final = (
    "--no-sandbox",
    "--test-type",  # without its bar about the line above
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
    "--disable-component-update",
    "--password-store=basic",
    "--hide-crash-restore-bubble",
)
_NO_TIPS: Final = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Misc"><prop oor:name="ShowTipOfTheDay" oor:op="fuse">
<value>false</value></prop></item>
<item oor:path="/org.openoffice.Setup/Product"><prop oor:name="ooSetupLastVersion" oor:op="fuse">
<value>7.4</value></prop></item>
</oor:items>
"""


class Witness(Protocol):
    """Whoever looks on: its clock, and the areas whose content an act knows."""

    areas: list[Area]

    @property
    def now_ms(self) -> float:
        """Since it began."""
        ...


@dataclass(frozen=True, slots=True)
class Act:
    """A name, one sentence, the programs, and two steps: ``show`` them, then ``play`` so many seconds."""

    name: str
    what: str
    programs: tuple[str, ...]
    show: Callable[[Desk, float], None]
    play: Callable[[Desk, Witness, float], None]


def browse(desk: Desk, page: Path, *, kiosk: bool = True) -> None:
    """Chromium with this page: over everything, or a maximised window."""
    profile = f"--user-data-dir={desk.home / 'chromium'}"
    how = ("--kiosk", page.as_uri()) if kiosk else (f"--app={page.as_uri()}", "--start-maximized")
    desk.start(find_chromium() or "chromium", *_CHROMIUM, profile, f"--window-size={WIDTH},{HEIGHT}", *how)
    desk.window("chromium")
    desk.wait_still()


def _read(desk: Desk, _seconds: float) -> None:
    """A window whose whole inside scrolls: the 1650x980 of the budget."""
    browse(desk, material.article(desk.home, photos=False), kiosk=False)
    _place(desk, "chromium", Rect(120, 60, 1650, 980))


def _read_photos(desk: Desk, _seconds: float) -> None:
    browse(desk, material.article(desk.home, photos=True))


def _wheel(desk: Desk, witness: Witness, seconds: float) -> None:
    """Three lines at ten a second, down; the last third up again."""
    del witness
    desk.hand("mousemove", str(WIDTH // 2), str(HEIGHT // 2))
    ticks = int(seconds * 10)
    buttons = [5 if tick < ticks * 2 // 3 else 4 for tick in range(ticks)]
    desk.script([line for button in buttons for line in (f"click --delay 0 {button}", "sleep 0.1")])


def _show_slides(desk: Desk, _seconds: float) -> None:
    browse(desk, material.slides(desk.home))


def _turn_slides(desk: Desk, witness: Witness, seconds: float) -> None:
    """The next slide each second; what is where is known once it is painted."""
    turns = max(len(material.SLIDES), int(seconds))
    for turn in range(turns):
        number = turn % len(material.SLIDES)
        slide = material.SLIDES[number]
        desk.window(f"^Slide {number}\\.", by="name")
        started_ms = witness.now_ms
        time.sleep(1.0)
        for kind, rects in (("photo", slide.photos), ("text", slide.texts)):
            _known(witness, kind, rects, started_ms + MARGIN_MS)
        desk.hand("key", "n")


def _known(witness: Witness, kind: str, rects: tuple[Rect, ...], from_ms: float) -> None:
    witness.areas += [Area(kind, *rect, from_ms, witness.now_ms) for rect in rects]


def _write_document(desk: Desk, _seconds: float) -> None:
    profile = desk.home / "office" / "user"
    profile.mkdir(parents=True)
    (profile / "registrymodifications.xcu").write_text(_NO_TIPS, encoding="utf-8")
    letter = desk.home / "letter.txt"
    letter.write_text(material.prose()[:6000], encoding="utf-8")
    home = f"-env:UserInstallation={(desk.home / 'office').as_uri()}"
    desk.start("libreoffice", home, "--norestore", "--nologo", "--writer", str(letter))
    desk.window("libreoffice")
    desk.wait_still()
    _maximise(desk, "libreoffice")
    desk.hand("key", "ctrl+End")
    desk.wait_still()


def _type(desk: Desk, witness: Witness, seconds: float) -> None:
    """Eight letters a second; all of the screen is text and user interface."""
    _type_text(desk, _SENTENCE, seconds)
    _known(witness, "text", (Rect(0, 0, WIDTH, HEIGHT),), 0.0)


def _type_text(desk: Desk, text: str, seconds: float) -> None:
    letters = int(seconds * 1000 / TYPING_MS)
    keys = [_KEYS.get(letter, letter) for letter in (text * (letters // len(text) + 1))[:letters]]
    # Not its "type": that takes between a half and the whole of the delay it is told, by version.
    desk.script([line for key in keys for line in (f"key {key}", f"sleep {TYPING_MS / 1000}")])


def _terminal(desk: Desk, _seconds: float) -> None:
    desk.start("xterm", "-fa", "DejaVu Sans Mono", "-fs", "11", "-maximized", "-e", "bash", "--norc")
    desk.window("xterm")
    desk.wait_still()


def _command(desk: Desk, witness: Witness, seconds: float) -> None:
    """Output that rolls by, then a pager with pages and lines, then a command typed."""
    desk.hand("type", "--delay", "20", "--", "ls -l /usr/bin | head -400\n")
    time.sleep(seconds / 6)
    desk.hand("type", "--delay", "20", "--", "less /usr/share/common-licenses/GPL-3\n")
    time.sleep(0.5)
    pages, lines = int(seconds), int(seconds * 4)
    desk.script([line for _ in range(pages) for line in ("key space", "sleep 0.25")])
    desk.script([line for _ in range(lines) for line in ("key j", "sleep 0.06")])
    desk.hand("key", "q")
    _type_text(desk, "# " + _SENTENCE, seconds / 4)
    _known(witness, "text", (Rect(0, 0, WIDTH, HEIGHT),), 0.0)


def _editor(desk: Desk, _seconds: float) -> None:
    copy = desk.home / "work.py"
    copy.write_bytes(material.code().read_bytes())
    desk.start("mousepad", str(copy))
    _maximise(desk, "mousepad")
    desk.wait_still()


def _edit(desk: Desk, witness: Witness, seconds: float) -> None:
    """Pages, lines, a few words of code, and words marked."""
    pages, lines = int(seconds), int(seconds * 4)
    desk.script([line for _ in range(pages) for line in ("key Next", "sleep 0.2")])
    desk.script([line for _ in range(lines) for line in ("key Down", "sleep 0.05")])
    desk.script([line for _ in range(pages) for line in ("key ctrl+shift+Right", "sleep 0.1")])
    desk.hand("key", "End")
    _type_text(desk, "    value = compute(first, second)  # a comment ", seconds / 3)
    _known(witness, "text", (Rect(0, 0, WIDTH, HEIGHT),), 0.0)


def _folders(desk: Desk, _seconds: float) -> None:
    desk.start("pcmanfm", "/usr/share")
    _maximise(desk, "pcmanfm")
    desk.wait_still()


def _browse_folders(desk: Desk, witness: Witness, seconds: float) -> None:
    """Into folders and out, as icons and as a list, with the marked one moving."""
    for turn in range(max(1, int(seconds / 2))):
        desk.script([line for _ in range(6) for line in ("key Down", "sleep 0.08")])
        desk.script(
            ["key Return", "sleep 0.6", "key alt+Up", "sleep 0.5", f"key ctrl+{1 + turn % 4}", "sleep 0.4"]
        )
    _known(witness, "text", (Rect(0, 0, WIDTH, HEIGHT),), 0.0)


def _player(desk: Desk, seconds: float) -> None:
    clip = material.video(desk.home, max(6.0, seconds))
    browse(desk, material.article(desk.home, photos=False), kiosk=False)
    width, height = material.VIDEO_SIZE_PX
    place = f"--geometry={width}x{height}+{_VIDEO_AT[0]}+{_VIDEO_AT[1]}"
    quiet = (
        "--no-config",
        "--no-audio",
        "--no-osc",
        "--osd-level=0",
        "--no-terminal",
        "--cursor-autohide=no",
    )
    desk.start("mpv", *quiet, "--no-border", "--ontop", "--loop-file", "--vo=x11", place, str(clip))
    desk.window("mpv")
    time.sleep(1.0)


def _watch_video(desk: Desk, witness: Witness, seconds: float) -> None:
    del desk
    time.sleep(seconds)
    _known(witness, "photo", (Rect(*_VIDEO_AT, *material.VIDEO_SIZE_PX),), 0.0)


def _windows(desk: Desk, _seconds: float) -> None:
    browse(desk, material.article(desk.home, photos=True), kiosk=False)
    fill = "seq 1 300 | xargs -n 12; exec sleep 1000"
    desk.start("xterm", "-fa", "DejaVu Sans Mono", "-fs", "9", "-e", "bash", "--norc", "-c", fill)
    _place(desk, "xterm", Rect(200, 120, 600, 400))


def _drag(desk: Desk, witness: Witness, seconds: float) -> None:
    """A window by its title bar, thirty places a second, there and back."""
    del witness
    lines = ["mousemove 480 130", "mousedown 1", "sleep 0.1"]
    ticks = int(seconds / TICK_S)
    for tick in range(ticks):
        way = tick * 14 % 1600
        x = 480 + (way if way < 800 else 1600 - way)
        y = 130 + tick * 5 % 450
        lines += [f"mousemove {x} {y}", f"sleep {TICK_S:.4f}"]
    desk.script([*lines, "mouseup 1"])


def _maximise(desk: Desk, kind: str) -> None:
    _place(desk, kind, Rect(0, 0, WIDTH, HEIGHT))


def _place(desk: Desk, kind: str, rect: Rect) -> None:
    window = desk.window(kind)
    desk.hand("windowactivate", "--sync", window)
    desk.hand("windowsize", window, str(rect.width), str(rect.height))
    desk.hand("windowmove", window, str(rect.x), str(rect.y))
    desk.wait_still()


ACTS: Final[tuple[Act, ...]] = (
    Act("page", "Chromium: reading a page of text with the wheel", ("chromium",), _read, _wheel),
    Act("page-photos", "Chromium: a page with photographs", ("chromium",), _read_photos, _wheel),
    Act(
        "slides", "Chromium: full screens of text and photographs", ("chromium",), _show_slides, _turn_slides
    ),
    Act("document", "LibreOffice Writer: typing a letter", ("libreoffice",), _write_document, _type),
    Act("terminal", "xterm: output, a pager, typing", ("xterm",), _terminal, _command),
    Act("editor", "Mousepad: reading and writing code", ("mousepad",), _editor, _edit),
    Act("files", "PCManFM: folders as icons and lists", ("pcmanfm",), _folders, _browse_folders),
    Act("video", "mpv 854x480 at 30 fps over a page", ("mpv", "ffmpeg", "chromium"), _player, _watch_video),
    Act("drag", "a terminal of 600x400 dragged over a page", ("xterm", "chromium"), _windows, _drag),
)
