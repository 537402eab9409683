"""Who is logged in here, as logind knows it: for whom the service works and whose desktop it shows."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_PROPERTIES: Final = ("User", "Class", "Display", "State", "Remote")
ASK_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Login:
    """One session of logind. ``kind`` is user or greeter; ``display`` may be empty."""

    uid: int
    kind: str
    display: str
    active: bool
    remote: bool


Logins = Callable[[], list[Login]]


def logins() -> list[Login]:
    """Every login of now; none where there is no logind."""
    names = [line.split()[0] for line in _told("list-sessions", "--no-legend").splitlines() if line.split()]
    found: list[Login] = []
    for name in names:
        wanted = [word for one in _PROPERTIES for word in ("--property", one)]
        lines = (line.partition("=") for line in _told("show-session", *wanted, "--", name).splitlines())
        told = {key: value for key, _, value in lines}
        if told.get("User", "").isdigit():
            found.append(_login(told))
    return found


def _login(told: dict[str, str]) -> Login:
    return Login(
        uid=int(told["User"]),
        kind=told.get("Class", ""),
        display=told.get("Display", "").partition(".")[0],
        active=told.get("State") == "active",
        remote=told.get("Remote") == "yes",
    )


def _told(*words: str) -> str:
    try:
        return subprocess.run(
            ["loginctl", *words], capture_output=True, text=True, timeout=ASK_S, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
