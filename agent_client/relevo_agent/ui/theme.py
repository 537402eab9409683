"""Colours, fonts and styles of the windows: calm, large enough, the same everywhere."""

import tkinter as tk
from dataclasses import dataclass
from tkinter import font, ttk
from typing import Final

from relevo_agent.ui import ticks

GROUND: Final = "#f4f6f8"
CARD: Final = "#ffffff"
INK: Final = "#1c2430"
QUIET: Final = "#566070"
LINE: Final = "#d9dfe6"
ACCENT: Final = "#0b6b74"
ACCENT_DARK: Final = "#08545b"
DANGER: Final = "#b3261e"
DANGER_DARK: Final = "#8f1d17"
WARN_GROUND: Final = "#fff5df"
WARN_LINE: Final = "#efcf8a"
WARN_INK: Final = "#5d4200"
ALARM_GROUND: Final = "#fdecea"
BANNER: Final = "#16212e"
BANNER_INK: Final = "#ffffff"
BANNER_QUIET: Final = "#b8c4d1"
INFO_GROUND: Final = "#e6f2f3"
INFO_LINE: Final = "#b5d5d8"
SCROLL_THUMB: Final = "#b9c3ce"
LIVE_DOT: Final = "#ff6b5e"
LAST_DRAWABLE: Final = 0xFFFF
SCROLLBAR_PX: Final = 12

_FAMILIES: Final = (
    "Segoe UI",
    "SF Pro Text",
    "Helvetica Neue",
    "Inter",
    "Cantarell",
    "Noto Sans",
    "DejaVu Sans",
)


@dataclass(frozen=True, slots=True)
class Fonts:
    """Named fonts, so that they follow the desktop's scale."""

    body: font.Font
    small: font.Font
    strong: font.Font
    heading: font.Font
    name: font.Font
    code: font.Font


def set_up(root: tk.Misc) -> Fonts:
    """Choose fonts that this desktop has and give every style its look."""
    present = set(font.families(root))
    family = next(
        (name for name in _FAMILIES if name in present),
        font.nametofont("TkDefaultFont", root).actual("family"),
    )
    fonts = Fonts(
        body=font.Font(root, family=family, size=11),
        small=font.Font(root, family=family, size=10),
        strong=font.Font(root, family=family, size=11, weight="bold"),
        heading=font.Font(root, family=family, size=15, weight="bold"),
        name=font.Font(root, family=family, size=14, weight="bold"),
        code=font.Font(root, family=family, size=27, weight="bold"),
    )
    style = ttk.Style(root)
    _styles(style, fonts)
    ticks.add_style(style, root, ticks.BoxColours(CARD, QUIET, ACCENT, INK))
    return fonts


def _styles(style: ttk.Style, fonts: Fonts) -> None:
    style.theme_use("clam")
    style.configure(".", background=GROUND, foreground=INK, font=fonts.body)
    style.configure("Card.TFrame", background=CARD)
    style.configure("TLabel", background=GROUND, foreground=INK)
    for name, ground, ink, used in (
        ("Card.TLabel", CARD, INK, fonts.body),
        ("Quiet.TLabel", GROUND, QUIET, fonts.small),
        ("QuietCard.TLabel", CARD, QUIET, fonts.small),
        ("Strong.TLabel", CARD, INK, fonts.strong),
        ("Heading.TLabel", GROUND, INK, fonts.heading),
        ("Name.TLabel", CARD, INK, fonts.name),
        ("Warn.TLabel", WARN_GROUND, WARN_INK, fonts.body),
        ("WarnStrong.TLabel", WARN_GROUND, WARN_INK, fonts.strong),
        ("Alarm.TLabel", ALARM_GROUND, DANGER_DARK, fonts.strong),
        ("Info.TLabel", INFO_GROUND, ACCENT_DARK, fonts.body),
        ("Section.TLabel", GROUND, INK, fonts.strong),
        ("Countdown.TLabel", GROUND, DANGER_DARK, fonts.heading),
        ("Quieter.TLabel", BANNER, BANNER_QUIET, fonts.small),
        ("Banner.TLabel", BANNER, BANNER_INK, fonts.strong),
        ("Dot.TLabel", BANNER, LIVE_DOT, fonts.strong),
    ):
        style.configure(name, background=ground, foreground=ink, font=used)
    style.configure("Banner.TFrame", background=BANNER)
    style.configure("Card.TCheckbutton", background=CARD, foreground=INK, padding=(2, 4))
    style.map("Card.TCheckbutton", background=[("active", CARD)])
    _scrollbar(style)
    style.configure("Chat.TEntry", fieldbackground=CARD, bordercolor="#b9c3ce", padding=(8, 7))
    style.map("Chat.TEntry", bordercolor=[("focus", ACCENT)], lightcolor=[("focus", ACCENT)])
    _button(style, "TButton", (CARD, "#e9edf1"), INK)
    _button(style, "Accent.TButton", (ACCENT, ACCENT_DARK), CARD)
    _button(style, "Danger.TButton", (DANGER, DANGER_DARK), CARD)
    _button(style, "Ghost.TButton", ("#2b3a4b", "#3a4c61"), BANNER_INK)
    style.configure("Ghost.TButton", padding=(11, 8))
    _button(style, "Big.TButton", (DANGER, DANGER_DARK), CARD)
    style.configure("Big.TButton", font=fonts.heading, padding=(16, 14))
    _button(style, "Small.TButton", (CARD, "#e9edf1"), INK)
    style.configure("Small.TButton", font=fonts.small, padding=(10, 5))
    style.configure("TProgressbar", background=DANGER, troughcolor=LINE, bordercolor=LINE)


def _button(style: ttk.Style, name: str, grounds: tuple[str, str], ink: str) -> None:
    ground, pressed = grounds
    edge = "#b9c3ce" if ground == CARD else ground
    style.configure(
        name,
        background=ground,
        foreground=ink,
        bordercolor=edge,
        lightcolor=ground,
        darkcolor=ground,
        focuscolor=ink,
        padding=(16, 8),
        relief="raised",
        borderwidth=1,
    )
    style.map(
        name,
        background=[("disabled", "#e4e8ec"), ("pressed", pressed), ("active", pressed)],
        foreground=[("disabled", "#8a94a1")],
        bordercolor=[("focus", INK)],
        lightcolor=[("pressed", pressed), ("active", pressed)],
        darkcolor=[("pressed", pressed), ("active", pressed)],
    )


def _scrollbar(style: ttk.Style) -> None:
    """A quiet bar without arrows."""
    style.layout(
        "Vertical.TScrollbar",
        [
            (
                "Vertical.Scrollbar.trough",
                {
                    "sticky": "ns",
                    "children": [("Vertical.Scrollbar.thumb", {"sticky": "nswe"})],
                },
            )
        ],
    )
    style.configure(
        "Vertical.TScrollbar",
        background=SCROLL_THUMB,
        troughcolor=GROUND,
        bordercolor=GROUND,
        lightcolor=SCROLL_THUMB,
        darkcolor=SCROLL_THUMB,
        gripcount=0,
        width=SCROLLBAR_PX,
    )
    style.map("Vertical.TScrollbar", background=[("disabled", GROUND), ("active", QUIET)])


def card(parent: tk.Misc, *, ground: str = CARD, line: str = LINE) -> tk.Frame:
    """A framed area with room inside."""
    return tk.Frame(
        parent, background=ground, highlightbackground=line, highlightthickness=1, padx=18, pady=14
    )


def keep_on_top(window: tk.Toplevel) -> None:
    """Ask the desktop not to let other windows cover this one."""
    window.tk.call("wm", "attributes", str(window), "-topmost", True)


def bring_up(window: tk.Toplevel) -> None:
    """Put a window above all others."""
    window.tk.call("raise", str(window))


def end(root: tk.Tk) -> None:
    """Close every window; what was still to happen later, does not."""
    root.tk.eval("foreach waiting [after info] { after cancel $waiting }")
    root.destroy()


def drawable(text: str) -> str:
    """The text as Tk 8.6 can draw it everywhere: a colour emoji ends the program on some X11 desktops."""
    return "".join(char if ord(char) <= LAST_DRAWABLE else "\N{WHITE SQUARE}" for char in text)
