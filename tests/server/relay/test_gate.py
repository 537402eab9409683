import itertools

import pytest

from relevo_protocol.errors import ErrorCode, ProtocolError
from relevo_protocol.header import DST_ALL, DST_HOST, DST_RELAY, Header, MessageType
from relevo_protocol.lifecycle import SeatState
from relevo_server.relay.gate import check_agent, check_viewer, reaches_seat

_LINK = 7
_HANDSHAKING = {SeatState.JOINING, SeatState.VERIFYING, SeatState.RESUMING}
_SEALED = {SeatState.ASKING, SeatState.LIVE}
_KINDS = (MessageType.PAIRWISE, MessageType.HANDSHAKE)


@pytest.mark.parametrize(("kind", "state"), list(itertools.product(_KINDS, SeatState)))
def test_W8_viewer_every_kind_in_every_state(kind: MessageType, state: SeatState) -> None:
    header = Header(kind, dst=DST_HOST, key_id=_LINK)
    allowed = state in (_SEALED if kind is MessageType.PAIRWISE else _HANDSHAKING)
    if allowed:
        check_viewer(header, _LINK, state)
    else:
        with pytest.raises(ProtocolError) as caught:
            check_viewer(header, _LINK, state)
        assert caught.value.code is ErrorCode.UNEXPECTED


@pytest.mark.parametrize(("kind", "state"), list(itertools.product(_KINDS, SeatState)))
def test_W8_agent_to_a_seat_every_kind_in_every_state(kind: MessageType, state: SeatState) -> None:
    header = Header(kind, dst=1, key_id=_LINK)
    check_agent(header)
    assert reaches_seat(header, _LINK, state) is (
        state in (_SEALED if kind is MessageType.PAIRWISE else _HANDSHAKING)
    )
    assert not reaches_seat(header, _LINK + 1, state)


@pytest.mark.parametrize(
    "header",
    [
        Header(MessageType.MEDIA, dst=DST_ALL),
        Header(MessageType.PAIRWISE, dst=1, key_id=_LINK),
        Header(MessageType.PAIRWISE, dst=DST_HOST, key_id=_LINK + 1),
        Header(MessageType.HANDSHAKE, dst=2, key_id=_LINK),
    ],
)
def test_W8_a_viewer_speaks_to_the_host_alone_and_on_its_own_link(header: Header) -> None:
    for state in SeatState:
        with pytest.raises(ProtocolError) as caught:
            check_viewer(header, _LINK, state)
        assert caught.value.code is ErrorCode.UNEXPECTED


@pytest.mark.parametrize("kind", _KINDS)
def test_W8_an_agent_does_not_address_itself(kind: MessageType) -> None:
    with pytest.raises(ProtocolError):
        check_agent(Header(kind, dst=DST_HOST))
    check_agent(Header(MessageType.RELAY, dst=DST_RELAY))
    check_agent(Header(MessageType.MEDIA, dst=DST_ALL))
