"""Chat for everybody by way of the host; whispers of the team from viewer to viewer (SPEC T1-T9)."""

from typing import Annotated

from msgspec import Meta

from relevo_protocol.inert import INERT_LINES
from relevo_protocol.limits import MAX_CHAT_CHARS
from relevo_protocol.messages.base import Message, Milliseconds, Name, SlotOrHost

ChatText = Annotated[str, Meta(min_length=1, max_length=MAX_CHAT_CHARS, pattern=INERT_LINES)]
LineNumber = Annotated[int, Meta(ge=1, le=2**53 - 1)]
SentNumber = Annotated[int, Meta(ge=0, le=2**53 - 1)]
"""The author's own number of a line: rises with each line of a seat; 0 for none (SPEC T8)."""


class ChatSend(Message, frozen=True):
    """Viewer to host: say something to everybody, the customer included; again with the same ``sent``."""

    text: ChatText
    sent: SentNumber = 0


class ChatLine(Message, frozen=True):
    """Host to viewer: somebody said something; the author gets it too. ``slot`` 0 is the host's own person.

    ``line`` rises by one in a session; ``at_ms`` is the host's time of day, ms since 1970; ``sent`` is the
    author's own number, for the author alone.
    """

    line: LineNumber
    slot: SlotOrHost
    name: Name
    text: ChatText
    at_ms: Milliseconds
    sent: SentNumber = 0


class Whisper(Message, frozen=True):
    """Viewer to viewer (header type 4): said to the team only. It never passes the customer's socket.

    ``at_ms`` is the author's time of day; it rises with each of a seat's whispers and so names it (SPEC T9).
    """

    text: ChatText
    at_ms: Milliseconds


class WhisperHeard(Message, frozen=True):
    """Viewer to viewer: the whisper that this name stands for has been opened and shown (SPEC T9)."""

    at_ms: Milliseconds
