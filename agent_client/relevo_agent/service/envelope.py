"""What the session that comes back after a restart is started with; it leaves the agent sealed (SPEC V6)."""

from dataclasses import dataclass, field, replace

import msgspec


class EnvelopeBroken(Exception):
    """What was kept is no such state: of another version of the agent, most likely."""


@dataclass(frozen=True, slots=True)
class Resumption:
    """The relay as the customer named it, this PC's device key, and the session's own state.

    ``state_folder`` is where the agent kept key, record and log.
    """

    server: str
    ca_pem: str | None
    language: str
    state_folder: str
    device_key: bytes = field(repr=False)
    session: bytes = field(default=b"", repr=False)

    def sealed_with(self, session: bytes) -> bytes:
        """The whole as bytes, with this state of the session."""
        return msgspec.msgpack.encode(replace(self, session=session))

    @classmethod
    def opened(cls, data: bytes) -> "Resumption":
        """Read it back.

        Raises:
            EnvelopeBroken: it is no such state.
        """
        try:
            return msgspec.msgpack.decode(data, type=cls)
        except msgspec.MsgspecError as error:
            raise EnvelopeBroken(str(error)) from error
