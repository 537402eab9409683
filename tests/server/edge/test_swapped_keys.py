"""A relay that puts its own keys into the handshake is detected by both sides (issue's point 5)."""

from pathlib import Path

import pytest

from relevo_protocol.crypto import (
    ChannelContext,
    Credential,
    HostHandshake,
    HostIdentity,
    ViewerHandshake,
    ViewerIdentity,
)
from relevo_protocol.crypto.errors import FailureKind, HandshakeError
from relevo_protocol.crypto.flights import Accept, encode_flight
from relevo_protocol.header import Header, MessageType
from relevo_protocol.limits import HEADER_BYTES
from relevo_server.relay import traffic
from relevo_server.relay.line import Line
from relevo_server.relay.session import Session
from tests.support.peers import FakeViewer, agent_at
from tests.support.relay import running_relay

pytestmark = pytest.mark.anyio
_GUESS = Credential("code", b"000000")


class SwappingRelay:
    """Plays the host to the viewer and the viewer to the host, with keys of its own and a guessed code."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.forged_accept = False
        self._host: HostHandshake | None = None
        self._viewer: ViewerHandshake | None = None
        self._host_flight_3 = b""
        self._to_host, self._to_viewer = traffic._to_host, traffic._to_viewer
        monkeypatch.setattr(traffic, "_to_host", self.to_host)
        monkeypatch.setattr(traffic, "_to_viewer", self.to_viewer)

    def to_host(self, session: Session, line: Line, message: bytes) -> None:
        header, body = message[:HEADER_BYTES], message[HEADER_BYTES:]
        if message[1] != MessageType.HANDSHAKE:
            self._to_host(session, line, message)
            return
        context = ChannelContext(session.around.origin, session.session_id)
        if self._host is None:
            identity = HostIdentity(device_key=bytes(32), agent_version="0", modes=("full",), recording="off")
            self._host = HostHandshake(context, identity, lambda _kind, _ref: _GUESS.secret)
            self._offer = self._host.offer(body)
            seat = session.seat_of(line)
            assert seat is not None
            mine = ViewerIdentity(
                seat.identity.account_id, seat.identity.display_name, seat.identity.organisation, "full"
            )
            self._viewer = ViewerHandshake(context, _GUESS, mine)
            self._to_host(session, line, header + self._viewer.hello())
            return
        with pytest.raises(HandshakeError):
            self._host.accept(body)  # its guess was wrong: no keys with the viewer
        self._to_host(session, line, header + self._host_flight_3)
        # It cannot know flight 4; it tries one.
        self.forged_accept = True
        seat = session.seat_of(line)
        assert seat is not None
        back = Header(MessageType.HANDSHAKE, dst=seat.slot, key_id=seat.link).pack()
        line.forward(back + encode_flight(Accept(bytes(32))))

    def to_viewer(self, session: Session, message: bytes, header: Header) -> None:
        if header.type is MessageType.HANDSHAKE and self._viewer is not None:
            self._host_flight_3 = self._viewer.prove(message[HEADER_BYTES:])
            message = message[:HEADER_BYTES] + self._offer
        self._to_viewer(session, message, header)


async def test_K8_a_relay_that_swaps_keys_is_detected_by_both_sides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay_in_the_middle = SwappingRelay(monkeypatch)
    async with running_relay(tmp_path) as relay, agent_at(relay) as agent:
        while agent.secret == _GUESS.secret:
            agent.secret = b"123456"
        viewer = FakeViewer(relay)
        await viewer.join(agent.code)
        await viewer.inbox.until(lambda: viewer.failure is not None, "the viewer notices")
        await agent.inbox.until(lambda: bool(agent.failures), "the agent notices")
        assert relay_in_the_middle.forged_accept
        assert viewer.failure is not None
        assert viewer.failure.kind is FailureKind.TAMPERED
        assert agent.failures[0].kind is FailureKind.WRONG_CODE
        assert viewer.keys is None
        assert all(guest.keys is None for guest in agent.guests.values())
        await viewer.close()


@pytest.mark.parametrize("place", [-1, -40, -70])
async def test_K6_one_altered_octet_of_flight_2_is_detected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    forward = traffic._to_viewer

    def alter(session: Session, message: bytes, header: Header) -> None:
        if header.type is MessageType.HANDSHAKE:
            altered = bytearray(message)
            altered[place] ^= 1
            message = bytes(altered)
        forward(session, message, header)

    monkeypatch.setattr(traffic, "_to_viewer", alter)
    async with running_relay(tmp_path) as relay, agent_at(relay) as agent:
        viewer = FakeViewer(relay)
        await viewer.join(agent.code)
        await agent.inbox.until(lambda: bool(agent.failures) or viewer.failure is not None, "it is noticed")
        assert viewer.keys is None
        await viewer.close()
