"""The WebSocket of a link: as the library has it, and past its tasks where nothing waits before a message.

Each of a task's turns is a turn of the event loop, and time in which a key press or a picture stands still.
"""

from collections.abc import Callable

from websockets.asyncio.client import ClientConnection
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import Event, State


class Wire(ClientConnection):
    """A connection whose messages may be written and heard in the turn in which they come.

    ``hear`` takes whole binary messages; what was there before it was set is to be received first, and what
    comes meanwhile waits behind it.
    """

    hear: Callable[[bytes], None] | None = None

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
