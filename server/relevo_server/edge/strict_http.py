"""HTTP/1.1 whose requests have one length and one reading (RFC 9112, 2.2, 5.2, 6; SPEC C17)."""

import re
from typing import Final

import h11

_LOOSE: Final = re.compile(rb"(?<!\r)\n|\n[ \t]")
"""A line that ends without CR, or goes on in the next one: others may have read it otherwise."""


class StrictConnection(h11.Connection):
    """Refuses a request that a proxy in front may have read differently.

    h11 prefers the chunks where a length is given too, takes a bare LF for the end of a line, and joins
    folded ones; then it goes on to what it thinks is the next request: so requests are smuggled.
    """

    _last = b""
    """The octet before what is taken next."""

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        """See `h11.Connection`.

        Raises:
            h11.RemoteProtocolError: the request has two ends, or lines that have.
        """
        waiting, _ = self.trailing_data
        event = super().next_event()
        taken = self._last + waiting[: len(waiting) - len(self.trailing_data[0])]
        if isinstance(event, h11.Request):
            names = {name for name, _value in event.headers}
            if {b"content-length", b"transfer-encoding"} <= names:
                raise h11.RemoteProtocolError("a length and chunks: the request has two ends")
        # What belongs to neither is content, where every octet may stand.
        if isinstance(event, h11.Request | h11.EndOfMessage) and _LOOSE.search(taken, len(self._last)):
            raise h11.RemoteProtocolError("a folded line, or one without CRLF: there are two readings")
        self._last = taken[-1:]
        return event
