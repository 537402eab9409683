"""What was done, what was missing."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field

_TIMEOUT_S = 60


@dataclass
class Report:
    """Lines for people; `complete` is False when a store that exists could not be served."""

    lines: list[str] = field(default_factory=list[str])
    complete: bool = True

    def done(self, text: str) -> None:
        """Something was done, or is as it should be."""
        self.lines.append(f"ok       {text}")

    def skipped(self, text: str) -> None:
        """There is nothing of this kind here."""
        self.lines.append(f"skipped  {text}")

    def missing(self, text: str) -> None:
        """Something would be needed; the text says what to do."""
        self.lines.append(f"MISSING  {text}")
        self.complete = False


def call(*command: str) -> tuple[bool, str]:
    """Run a program without a shell; whether it succeeded, and what it said."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",  # what a program says need not be UTF-8
            timeout=_TIMEOUT_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return False, str(error)
    return done.returncode == 0, (done.stdout + done.stderr).strip()


def told(command: Sequence[str], said: str) -> str:
    """One line about a program that failed."""
    last = said.splitlines()[-1] if said else "it said nothing"
    return f"`{' '.join(command)}` failed: {last}"
