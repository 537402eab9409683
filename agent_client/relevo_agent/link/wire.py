"""The WebSocket of a link: as the library has it, and past its tasks where nothing waits before a message.

Each of a task's turns is a turn of the event loop, and time in which a key press or a picture stands still.
Nor is a relay pinged that is heard anyway: each ping and its answer wake both ends.
"""

from collections.abc import Awaitable, Callable

from websockets.asyncio.client import ClientConnection
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import Event, State
from websockets.typing import DataLike


class Wire(ClientConnection):
    """A connection whose messages may be written and heard in the turn in which they come.

    ``hear`` takes whole binary messages; what was there before it was set is to be received first, and what
    comes meanwhile waits behind it.
    """

    hear: Callable[[bytes], None] | None = None
    _heard_s = float("-inf")

    @property
    def closed_in_order(self) -> bool:
        """Whether the other end has closed as well, and normally: it has read what was written before."""
        received = self.protocol.close_rcvd
        return received is not None and received.code == CloseCode.NORMAL_CLOSURE

    def write_now(self, message: bytes | bytearray) -> bool:
        """Write a message; false where it has to wait for those before it, or the connection closes."""
        if self.paused or self.protocol.state is not State.OPEN or self.transport.is_closing():
            return False
        self.protocol.send_binary(message)
        self.send_data()
        return True

    def process_event(self, event: Event) -> None:
        """Hand a message over at once, unless another waits to be received."""
        self._heard_s = self.loop.time()
        if (
            self.hear is not None
            and isinstance(event, Frame)
            and event.opcode is Opcode.BINARY
            and event.fin
            and not len(self.recv_messages.frames)
        ):
            self.hear(bytes(event.data))
            return
        super().process_event(event)

    async def ping(self, data: DataLike | None = None) -> Awaitable[float]:
        """Ask for a sign of life; no more is sent where one has come since the last ping was due.

        What is returned is how long ago that was: by as much earlier the library asks again.
        """
        silent_s = self.loop.time() - self._heard_s
        if data is not None or self.ping_interval is None or silent_s >= self.ping_interval:
            return await super().ping(data)
        heard = self.loop.create_future()
        heard.set_result(silent_s)
        return heard
