"""Text of the system as one inert line: names of processes and programs are chosen by anybody (SPEC M5)."""

import re
from typing import Final

_ACTIVE: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
"""What ``relevo_protocol.inert.INERT`` excludes, and the halves of characters that no encoding takes."""


def inert_line(text: str, max_chars: int) -> str:
    """``text`` without control and direction signs, cut to ``max_chars``; each such sign becomes U+FFFD."""
    cleaned = _ACTIVE.sub("\ufffd", text.strip())
    return cleaned if len(cleaned) <= max_chars else cleaned[: max_chars - 1] + "…"
