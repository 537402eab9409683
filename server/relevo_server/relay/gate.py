"""A first look at a message: header against sender and state, never the sealed body (SPEC W3-W9)."""

from relevo_protocol.errors import ErrorCode, ProtocolError
from relevo_protocol.header import DST_HOST, Header, MessageType
from relevo_protocol.lifecycle import SeatState
from relevo_server.relay.policies import PASSES, Side


def check_viewer(header: Header, link: int, state: SeatState) -> None:
    """Check what a viewer on this link, in this state, sends.

    Raises:
        ProtocolError: ``unexpected``: a type, destination, key id or moment that no viewer may use.
    """
    row = PASSES.get((Side.VIEWER, header.type))
    if row is None:
        raise ProtocolError(f"a viewer sent a {header.type.name.lower()} message", ErrorCode.UNEXPECTED)
    if header.type is MessageType.RELAY:
        return
    if header.type is not MessageType.TEAM and header.dst != DST_HOST:
        raise ProtocolError(f"a viewer addressed {header.dst}, only the host may be", ErrorCode.UNEXPECTED)
    if header.key_id != link:
        raise ProtocolError(f"a viewer on link {link} used key id {header.key_id}", ErrorCode.UNEXPECTED)
    if row.states is not None and state not in row.states:
        raise ProtocolError(
            f"a {header.type.name.lower()} message from a seat that is {state}", ErrorCode.UNEXPECTED
        )


def check_agent(header: Header) -> None:
    """Check what an agent sends, before the seat it concerns is looked up.

    Raises:
        ProtocolError: ``unexpected``: a destination that no agent may use.
    """
    if (Side.AGENT, header.type) not in PASSES:
        raise ProtocolError(f"an agent sent a {header.type.name.lower()} message", ErrorCode.UNEXPECTED)
    if header.dst == DST_HOST and header.type in {MessageType.PAIRWISE, MessageType.HANDSHAKE}:
        raise ProtocolError("the agent addressed itself", ErrorCode.UNEXPECTED)


def reaches_seat(header: Header, link: int, state: SeatState) -> bool:
    """Tell whether a message of the agent still concerns this seat; links change while it is underway."""
    states = PASSES[Side.AGENT, header.type].states
    return header.key_id == link and (states is None or state in states)
