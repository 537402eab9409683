"""What the customer types, made fit for the wire: no control and no direction signs (SPEC M5)."""

import re
from typing import Final

from relevo_protocol.limits import MAX_CHAT_CHARS

_UNFIT: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]+"
)


def chat_text(typed: str) -> str:
    """One line as it may be sent; empty if nothing of it may. It can still be too long."""
    return _UNFIT.sub(" ", typed).strip()


def fits_chat(text: str) -> bool:
    """Tell whether a line is short enough to be sent whole."""
    return len(text) <= MAX_CHAT_CHARS
