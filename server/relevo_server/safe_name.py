"""File names that are safe wherever they end up: the only type that exports and downloads take."""

import re
import unicodedata
from typing import Final, Self

MAX_SAFE_NAME_CHARS: Final = 120
_ALLOWED: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
# Windows opens a device under these names, whatever follows the first dot ("Naming Files, Paths, and
# Namespaces", Microsoft).
_DEVICES: Final = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$"}
    | {f"com{number}" for number in range(10)}
    | {f"lpt{number}" for number in range(10)}
)


class BadName(ValueError):
    """A text that is no safe file name; the text says why."""


class SafeName(str):
    """A file name of 1 to 120 letters, digits, dots, hyphens and underscores of ASCII.

    It names no folder, hides nothing, begins with no dot, ends with none, and is no device of Windows (X1).

    Raises:
        BadName: the text is none.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Check and take the text as it is; nothing is repaired."""
        name = unicodedata.normalize("NFC", text)
        if not 1 <= len(name) <= MAX_SAFE_NAME_CHARS:
            raise BadName(f"a file name has 1 to {MAX_SAFE_NAME_CHARS} characters")
        if not _ALLOWED.fullmatch(name):
            raise BadName(
                "a file name has letters, digits, dots, hyphens and underscores only, and no dot in front"
            )
        if name.endswith(".") or name.partition(".")[0].lower() in _DEVICES:
            raise BadName("Windows would take this file name for something else")
        return super().__new__(cls, name)


def attachment(name: SafeName) -> str:
    """The value of `Content-Disposition` that saves an answer under this name (RFC 6266)."""
    return f'attachment; filename="{name}"'
