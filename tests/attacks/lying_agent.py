"""Attacks of a customer's side that lies, on the relay and on the technician's side."""

import asyncio
import struct
from typing import Final

from relevo_protocol import PROTOCOL_VERSION
from relevo_protocol.codec import host_to_viewer
from relevo_protocol.errors import ErrorCode, ProtocolError
from relevo_protocol.frame import CodecId, Frame, Update, UpdateKind, copy_payload, decode_frame, encode_frame
from relevo_protocol.header import DST_ALL, Flags, Header, MessageType
from relevo_protocol.messages.relay import (
    AgentHello,
    CodeRequest,
    RecordedAct,
    RecordNotice,
    RelayError,
    RemoveViewer,
    RoleNotice,
    SeatAdmitted,
    ViewerJoining,
)
from relevo_protocol.modes import Role, SessionKind
from tests.attacks.client import Ground, answer_to, cut
from tests.attacks.table import Needs, attack, must
from tests.support.fake_agent import FakeAgent
from tests.support.fake_viewer import FakeViewer
from tests.support.peers import agent_at, guest_at, viewer_at


def _media(epoch: int = 1) -> bytes:
    return Header(MessageType.MEDIA, Flags.KEYFRAME | Flags.DROPPABLE, DST_ALL, 1, epoch, 0).pack() + bytes(
        500
    )


@attack("A1", "nobody sees a frame before the customer has said yes", rules="C9 P1")
async def picture_before_consent(ground: Ground) -> None:
    """The agent sends pictures to somebody whom the customer has not let in."""
    async with agent_at(ground.relay, None) as agent, viewer_at(ground.relay, agent.code) as viewer:
        joining = await agent.inbox.expect(ViewerJoining)
        await viewer.inbox.until(lambda: viewer.verified, "the handshake")
        for _ in range(20):
            await agent.send_raw(_media())
        agent.tell_relay(RemoveViewer(link=joining.link, code=ErrorCode.CONSENT_DENIED))
        await viewer.inbox.expect(RelayError)
        must(viewer.media_messages == 0, f"{viewer.media_messages} pictures came before consent")


class _Mute(FakeViewer):
    """It takes a seat and proves nothing."""

    def _start(self) -> None: ...


@attack("A2", "refused as what a host may not say: the agent is cut", rules="C9 S2")
async def forged_admission(ground: Ground) -> None:
    """The agent lets in somebody who has not proved the code, past the handshake."""
    async with agent_at(ground.relay, None) as agent:
        viewer = _Mute(ground.relay)
        await viewer.join(agent.code)
        joining = await agent.inbox.expect(ViewerJoining)
        agent.tell_relay(SeatAdmitted(link=987_654_321, role=Role.LEAD))
        agent.tell_relay(SeatAdmitted(link=joining.link, role=Role.LEAD))
        await agent.inbox.until(lambda: agent.wire.closed is not None, "the agent is cut")
        must(viewer.media_messages == 0, "media came")
        await viewer.close()


@attack("A3", "a guest stays a guest: refused", rules="G12 C19", needs=Needs.OWN)
async def guest_as_lead(ground: Ground) -> None:
    """The agent makes a guest without an account the lead of the session."""
    async with agent_at(ground.relay) as agent:
        link = agent.invite()
        agent.consents = None
        async with guest_at(ground.relay, link) as guest:
            joining = await agent.inbox.expect(ViewerJoining)
            await guest.inbox.until(lambda: guest.verified, "the handshake")
            agent.tell_relay(SeatAdmitted(link=joining.link, role=Role.LEAD))
            agent.tell_relay(RoleNotice(link=joining.link, role=Role.LEAD))
            await agent.inbox.until(lambda: agent.wire.closed is not None, "the agent is cut")


@attack("A4", "bounded: the agent is cut or refused, the record is not filled", rules="C17", apart=True)
async def requests(ground: Ground) -> None:
    """The agent asks for ten thousand numbers, and tells the record of ten thousand acts."""
    async with agent_at(ground.relay) as agent, agent_at(ground.relay) as other:
        for number in range(10_000):
            agent.tell_relay(CodeRequest())
            other.tell_relay(RecordNotice(act=RecordedAct.REPORTED, slot=0, number=number + 1))
        try:
            async with asyncio.timeout(30):
                await asyncio.gather(agent.flush(), other.flush())
        except TimeoutError:
            pass
        given = sum(type(one).__name__ == "CodeIssued" for one in agent.inbox.messages)
        must(given <= 60, f"one session has had {given} numbers")
        kept = sum(type(one).__name__ == "Recorded" for one in other.inbox.messages)
        must(kept <= 300, f"one session has put {kept} lines into the record")


@attack("A5", "refused: no session is taken over, no number, no office", rules="C4 C16 C24")
async def foreign_sessions(ground: Ground) -> None:
    """The agent names another's session, number or presentation."""
    token = "A" * 43
    hellos = {
        ErrorCode.RESUME_INVALID: AgentHello(version=PROTOCOL_VERSION, agent_version="0.1.0", token=token),
        ErrorCode.TICKET_INVALID: AgentHello(
            version=PROTOCOL_VERSION, agent_version="0.1.0", kind=SessionKind.PRESENTATION, ticket=token
        ),
        ErrorCode.UNSUPPORTED_VERSION: AgentHello(version=99, agent_version="0.1.0"),
    }
    for due, hello in hellos.items():
        got = await answer_to(ground.relay, hello, "/ws/agent")
        must(got is due, f"{due} was due, {got} came")
    async with agent_at(ground.relay) as victim:
        stolen = AgentHello(version=PROTOCOL_VERSION, agent_version="0.1.0", join=victim.routing)
        got = await answer_to(ground.relay, stolen, "/ws/agent")
        must(got is ErrorCode.TICKET_INVALID, f"another session's number was answered {got}")


@attack("A6", "each ends the agent's line; nothing reaches anybody", rules="W1 W3 W8 C10")
async def forged_messages(ground: Ground) -> None:
    """The agent sends what no agent sends: team messages, other slots, other links, other versions."""
    head = Header(MessageType.PAIRWISE, dst=5, key_id=77, counter=1).pack()
    forged = [
        Header(MessageType.TEAM, dst=1, key_id=1).pack() + b"x",
        b"\x02" + head[1:] + b"x",
        head[:1] + b"\x09" + head[2:],
        head[:2] + b"\xff" + head[3:],
        head[:10],
        b"",
        Header(MessageType.RELAY).pack() + b"\x81\xa1t\xa4Nope",
        Header(MessageType.RELAY).pack() + b"\x91" * 60_000,
        Header(MessageType.RELAY).pack() + b"\xdf\xff\xff\xff\xff",
        Header(MessageType.RELAY).pack() + b"\xc6\xff\xff\xff\xff",
    ]
    async with agent_at(ground.relay) as host, viewer_at(ground.relay, host.code) as viewer:
        await viewer.live()
        before = len(viewer.inbox.messages) + viewer.media_messages
        for one in forged:
            liar = FakeAgent(ground.relay)
            await liar.connect()
            await liar.send_raw(one)
            await liar.inbox.until(cut(liar), f"a cut for {one[:12]!r}")
            await liar.close()
        must(viewer.wire.closed is None, "another session's viewer was cut")
        must(
            len(viewer.inbox.messages) + viewer.media_messages == before, "something reached another's viewer"
        )


_HEAD: Final = struct.Struct(">BBHHHI")


@attack("A7", "refused before anything is decoded or allocated", rules="F2 F3 F4", needs=Needs.HOST)
async def hostile_pictures(ground: Ground) -> None:
    """A picture of 65535 pixels a side, beyond the screen, copied from outside, with sizes that lie."""
    del ground

    def picture(*updates: Update, size: tuple[int, int] = (64, 48)) -> bytes:
        return encode_frame(Frame(*size, 0, updates))

    def lossless(x: int, y: int, width: int, height: int) -> Update:
        return Update(UpdateKind.LOSSLESS, CodecId.DEFLATE_RGB, x, y, width, height, b"x")

    right = picture(lossless(0, 0, 8, 8))
    decode_frame(right)
    tried = 0
    for at in range(len(right)):
        for value in (0, 1, 0x7F, 0x80, 0xFF):
            spoilt = bytearray(right)
            spoilt[at] = value
            try:
                frame = decode_frame(bytes(spoilt))
            except ProtocolError:
                tried += 1
                continue
            for u in frame.updates:
                must(u.x + u.width <= frame.width and u.y + u.height <= frame.height, f"outside: {u}")
    must(tried > 50, f"only {tried} of them were refused")
    outside = Update(UpdateKind.COPY, CodecId.NONE, 0, 0, 8, 8, copy_payload(60, 44))
    for make in (
        lambda: picture(outside),
        lambda: picture(lossless(60, 0, 8, 8)),
        lambda: picture(size=(65_535, 65_535)),
    ):
        try:
            made = make()
        except ProtocolError:
            continue
        must(False, f"a picture beyond its screen was made: {made[:20].hex()}")


@attack("A8", "refused by their bounds, without being unpacked", rules="M1 M2 M5", needs=Needs.HOST)
async def hostile_messages(ground: Ground) -> None:
    """Sealed messages that announce gigabytes, nest without end, or name people in disguise."""
    del ground
    bodies = [
        b"\xdd\xff\xff\xff\xff",
        b"\xdf\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
        b"\xdb\xff\xff\xff\xff",
        b"\x91" * 100_000,
        b"\x81\xa1t" * 50_000,
        b"\xc7\xff\x01" + bytes(255),
        b"\x81\xa1t\xd9\xff" + b"A" * 255,
        b"",
    ]
    for body in bodies:
        try:
            said = host_to_viewer.decode(body)
        except ProtocolError:
            continue
        must(False, f"{body[:12]!r} was taken as {type(said).__name__}")
