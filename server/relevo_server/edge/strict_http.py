"""HTTP/1.1 whose requests have one length (RFC 9112, 6.3; SPEC C17)."""

import h11


class StrictConnection(h11.Connection):
    """Refuses a request that gives two lengths: a proxy in front may have believed the other one.

    h11 takes the chunks and goes on to what it thinks is the next request: so requests are smuggled.
    """

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        """See `h11.Connection`.

        Raises:
            h11.RemoteProtocolError: both ``Content-Length`` and ``Transfer-Encoding`` were given.
        """
        event = super().next_event()
        if isinstance(event, h11.Request):
            names = {name for name, _value in event.headers}
            if {b"content-length", b"transfer-encoding"} <= names:
                raise h11.RemoteProtocolError("a length and chunks: the request has two ends")
        return event
