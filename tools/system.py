"""What tests and demo need of the system: look for it, install it where that is allowed, else tell."""

import ctypes.util
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools import debian

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass(frozen=True)
class Need:
    """One thing that must be on the machine.

    ``package`` is its name on Debian and Ubuntu, ``elsewhere`` where other systems get it. Without an
    ``optional`` one things work, if less well.
    """

    name: str
    package: str
    elsewhere: str
    is_there: Callable[[], bool]
    optional: bool = False


def find_chromium() -> str | None:
    """The Chromium (or Chrome) of this machine; ``RELEVO_CHROMIUM`` overrides."""
    chosen = os.environ.get("RELEVO_CHROMIUM")
    return chosen or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


def _program(name: str) -> Callable[[], bool]:
    return lambda: shutil.which(name) is not None


def _library(name: str) -> Callable[[], bool]:
    return lambda: ctypes.util.find_library(name) is not None


def _has_xkb_data() -> bool:
    return Path("/usr/share/X11/xkb/rules/evdev").exists()


def _has_monospace_font() -> bool:
    roots = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".fonts")
    return any(root.is_dir() and next(root.rglob("DejaVuSansMono.ttf"), None) for root in roots)


def has_tkinter() -> bool:
    """True if this Python can show windows of its own."""
    # In a process of its own: a failed import leaves traces. Slim systems lack the library.
    question = [sys.executable, "-c", "import tkinter"]
    return subprocess.run(question, capture_output=True, check=False).returncode == 0


def _tk_package() -> str:
    """Debian's own Python gets tkinter as a package; one from elsewhere may lack the library."""
    if importlib.util.find_spec("_tkinter") is not None:
        return "libtk8.6"
    return "python3-tk" if Path(sys.base_prefix) == Path("/usr") else ""


def _has_postgresql() -> bool:
    # Debian keeps the server's programs out of the path.
    return shutil.which("initdb") is not None or any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


def _has_desktop_portal() -> bool:
    return any(Path(folder, "xdg-desktop-portal").exists() for folder in ("/usr/libexec", "/usr/lib"))


WAYLAND_NEEDS = (
    Need("mutter (a Wayland desktop)", "mutter", "package mutter", _program("mutter"), optional=True),
    Need("pipewire (a Wayland screen)", "pipewire", "package pipewire", _program("pipewire"), optional=True),
    Need("wireplumber (with it)", "wireplumber", "wireplumber", _program("wireplumber"), optional=True),
    Need(
        "xdg-desktop-portal (asks for the screen)",
        "xdg-desktop-portal",
        "package xdg-desktop-portal",
        _has_desktop_portal,
        optional=True,
    ),
    Need("dbus-daemon (session bus)", "dbus-daemon", "package dbus", _program("dbus-daemon"), optional=True),
)
DISPLAY_NEEDS = (
    Need("Xvfb (virtual X display)", "xvfb", "xorg-server-xvfb / xorg-x11-server-Xvfb", _program("Xvfb")),
    Need("openbox (window manager)", "openbox", "package openbox", _program("openbox")),
    Need("xterm (a program to look at)", "xterm", "package xterm", _program("xterm")),
    Need("xkb-data (keyboard layouts)", "xkb-data", "package xkeyboard-config", _has_xkb_data),
    Need("setxkbmap (keyboard layouts)", "x11-xkb-utils", "package setxkbmap", _program("setxkbmap")),
    Need("xprop (asks the X server)", "x11-utils", "package xorg-xprop", _program("xprop")),
    Need("DejaVu fonts", "fonts-dejavu", "package ttf-dejavu / dejavu-fonts-all", _has_monospace_font),
    Need("tkinter (the agent's windows)", _tk_package(), "a Python with Tcl/Tk", has_tkinter, optional=True),
    Need("libxcb-shm (screen capture)", "libxcb-shm0", "package libxcb", _library("xcb-shm")),
    Need("libxcb-randr (screen capture)", "libxcb-randr0", "package libxcb", _library("xcb-randr")),
    Need("libxcb-xfixes (pointer shape)", "libxcb-xfixes0", "package libxcb", _library("xcb-xfixes")),
)
TEST_NEEDS = (
    *DISPLAY_NEEDS,
    Need(
        "Chromium",
        "chromium",
        "package chromium, or any Chromium/Chrome named in RELEVO_CHROMIUM",
        lambda: find_chromium() is not None,
    ),
    Need("Xephyr (an X display inside another)", "xserver-xephyr", "package xephyr", _program("Xephyr")),
    Need("xrandr (gives a screen another size)", "x11-xserver-utils", "package xrandr", _program("xrandr")),
    Need("libatomic (drives Chromium)", "libatomic1", "package libatomic", _library("atomic")),
    Need("certutil (certificate stores)", "libnss3-tools", "package nss-tools", _program("certutil")),
    Need(
        "PostgreSQL (the other database)",
        "postgresql",
        "packages postgresql, postgresql-server",
        _has_postgresql,
        optional=True,
    ),
    *WAYLAND_NEEDS,
)


def ensure(needs: Sequence[Need]) -> bool:
    """True if all that is needed is there, after installing what may be; the missing is told on stderr."""
    missing = [need for need in needs if not need.is_there()]
    installable = [need.package for need in missing if _apt_helps(need)]
    if installable and debian.can_install():
        try:
            debian.install(installable)
        except debian.AptError as error:
            print(f"system: {error}", file=sys.stderr)
        importlib.invalidate_caches()
        missing = [need for need in missing if not need.is_there()]
    for need in missing:
        weight = "missing, optional" if need.optional else "missing"
        print(f"system: {weight}: {need.name}: {_remedy(need)}", file=sys.stderr)
    return all(need.optional for need in missing)


def _apt_helps(need: Need) -> bool:
    """Not for a Python that no package belongs to; and a snap's stub is no Chromium."""
    return bool(need.package) and not (need.package == "chromium" and _is_ubuntu())


def _is_ubuntu() -> bool:
    release = Path("/etc/os-release")
    return release.exists() and "ubuntu" in release.read_text(encoding="utf-8").lower()


def _remedy(need: Need) -> str:
    if sys.platform != "linux":
        return f"{need.elsewhere} (the tests that need an X display run on Linux)"
    if debian.is_debian() and _apt_helps(need):
        return f"sudo apt-get install {need.package}"
    return need.elsewhere
