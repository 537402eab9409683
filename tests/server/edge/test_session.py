"""Real agent, real viewers, real relay over TLS: what a session must do (SPEC C, P)."""

import asyncio
from functools import partial
from pathlib import Path

import pytest

from relevo_protocol.codec import relay_message
from relevo_protocol.crypto.errors import FailureKind
from relevo_protocol.errors import ErrorCode
from relevo_protocol.header import DST_ALL, Flags, Header, MessageType
from relevo_protocol.messages.relay import (
    AgentHello,
    CodeRequest,
    EndSession,
    HostGone,
    Leave,
    RelayError,
    RemoveViewer,
    SessionEnded,
    ViewerGone,
    ViewerHello,
    ViewerJoining,
    ViewerWelcome,
)
from relevo_protocol.messages.session import Heartbeat
from tests.support.peers import FakeAgent, FakeViewer, agent_at, viewer_at
from tests.support.ports import free_port
from tests.support.relay import Relay, RelayProcess, running_relay

pytestmark = pytest.mark.anyio


async def _refused(relay: Relay, code: str) -> ErrorCode:
    async with viewer_at(relay, code) as viewer:
        told = await viewer.inbox.expect(RelayError)
        _number, reason = await viewer.wire.wait_closed()
        assert reason == told.code.value
        assert viewer.media_messages == 0
        return told.code


async def test_a_viewer_joins_sees_and_speaks(tmp_path: Path) -> None:
    async with (
        running_relay(tmp_path) as relay,
        agent_at(relay) as agent,
        viewer_at(relay, agent.code) as viewer,
    ):
        await viewer.live()
        assert viewer.frames[0] == (1, b"keyframe")
        viewer.tell(Heartbeat(t_ms=5.0))
        assert await agent.inbox.expect(Heartbeat) == Heartbeat(t_ms=5.0)


async def test_C9_early_subscriber_gets_no_media_before_admission(tmp_path: Path) -> None:
    async with (
        running_relay(tmp_path) as relay,
        agent_at(relay, consents=None) as agent,
        viewer_at(relay, agent.code) as viewer,
    ):
        joining = await agent.inbox.expect(ViewerJoining)
        await viewer.inbox.until(lambda: viewer.keys is not None, "the handshake")
        # Even an agent that sends media too early cannot reach a viewer that was not admitted.
        header = Header(MessageType.MEDIA, Flags.KEYFRAME | Flags.DROPPABLE, DST_ALL, 1, 1, 0).pack()
        await agent.send_raw(header + bytes(1000))
        agent.tell_relay(RemoveViewer(link=joining.link, code=ErrorCode.CONSENT_DENIED))
        assert (await viewer.inbox.expect(RelayError)).code is ErrorCode.CONSENT_DENIED
        assert viewer.media_messages == 0


async def test_P7_a_wrong_code_three_times_kills_the_code(tmp_path: Path) -> None:
    async with running_relay(tmp_path) as relay, agent_at(relay) as agent:
        right = agent.code
        wrong = right[:6] + f"{(int(right[6:]) + 1) % 10**6:06d}"
        for _ in range(3):
            assert await _refused(relay, wrong) is ErrorCode.CODE_WRONG
        assert [f.kind for f in agent.failures] == [FailureKind.WRONG_CODE] * 3
        joined = len([m for m in agent.inbox.messages if isinstance(m, ViewerJoining)])
        assert await _refused(relay, right) is ErrorCode.CODE_WRONG
        assert len([m for m in agent.inbox.messages if isinstance(m, ViewerJoining)]) == joined == 3
        agent.tell_relay(CodeRequest())
        await agent.inbox.until(lambda: agent.secret != b"", "a new code")
        async with viewer_at(relay, agent.code) as viewer:
            await viewer.live()


async def test_a_used_ticket_and_a_spent_code_are_refused(tmp_path: Path) -> None:
    async with running_relay(tmp_path) as relay, agent_at(relay) as agent:
        code = agent.code
        ticket = await relay.ticket(code[:6])
        async with viewer_at(relay, code) as viewer:
            await viewer.live()
            assert await _refused(relay, code) is ErrorCode.CODE_WRONG
        first, second = FakeViewer(relay), FakeViewer(relay)
        hello = ViewerHello(version=1, ticket=ticket)
        first.expect_code(code)
        await _say(first, hello)
        await first.inbox.expect(ViewerWelcome)
        await first.wire.close()
        await _say(second, hello)
        assert (await second.inbox.expect(RelayError)).code is ErrorCode.TICKET_INVALID
        await second.wire.close()


async def _say(viewer: FakeViewer, hello: ViewerHello) -> None:
    await viewer.dial()
    await viewer.wire.send(relay_message(hello))


async def test_W1_another_version_is_refused_on_both_ends(tmp_path: Path) -> None:
    async with running_relay(tmp_path) as relay:
        viewer, agent = FakeViewer(relay), FakeAgent(relay)
        await _say(viewer, ViewerHello(version=2, ticket="x" * 43))
        assert (await viewer.inbox.expect(RelayError)).code is ErrorCode.UNSUPPORTED_VERSION
        await agent.dial()
        await agent.wire.send(relay_message(AgentHello(version=9, agent_version="9")))
        assert (await agent.inbox.expect(RelayError)).code is ErrorCode.UNSUPPORTED_VERSION
        await viewer.wire.close()
        await agent.close()


async def test_P6_a_cut_viewer_resumes_without_consent(tmp_path: Path) -> None:
    async with (
        running_relay(tmp_path) as relay,
        agent_at(relay) as agent,
        viewer_at(relay, agent.code) as viewer,
    ):
        await viewer.live()
        used = viewer.welcome.resume
        await viewer.cut()
        gone = await agent.inbox.expect(ViewerGone)
        assert not gone.left
        viewer.frames.clear()
        await viewer.resume()
        assert (await agent.inbox.expect(ViewerJoining)).link != gone.link
        await viewer.live()
        assert agent.failures == []
        viewer.tell(Heartbeat(t_ms=1.0))
        await agent.inbox.expect(Heartbeat)
        # The token was good once: what came after it has been received.
        thief = FakeViewer(relay)
        await _say(thief, ViewerHello(version=1, resume=used))
        assert (await thief.inbox.expect(RelayError)).code is ErrorCode.RESUME_INVALID
        await thief.wire.close()


async def test_C11_a_cut_agent_resumes_and_the_viewer_waits(tmp_path: Path) -> None:
    async with (
        running_relay(tmp_path) as relay,
        agent_at(relay) as agent,
        viewer_at(relay, agent.code) as viewer,
    ):
        await viewer.live()
        await agent.wire.cut()
        await viewer.inbox.expect(HostGone)
        viewer.tell(Heartbeat(t_ms=1.0))  # said into the absence: lost, and no fault
        viewer.frames.clear()
        assert (await agent.connect()).resumed
        await viewer.live()
        viewer.tell(Heartbeat(t_ms=2.0))
        assert (await agent.inbox.expect(Heartbeat)).t_ms == 2.0


async def test_C10_desync_ends_the_line_but_not_the_seat(tmp_path: Path) -> None:
    async with (
        running_relay(tmp_path) as relay,
        agent_at(relay) as agent,
        viewer_at(relay, agent.code) as viewer,
    ):
        await viewer.live()
        agent.tell_relay(RemoveViewer(link=viewer.link, code=ErrorCode.DESYNC))
        assert (await viewer.inbox.expect(RelayError)).code is ErrorCode.DESYNC
        await viewer.wire.wait_closed()
        viewer.frames.clear()
        await viewer.resume()
        await viewer.live()


async def test_leaving_and_ending(tmp_path: Path) -> None:
    async with running_relay(tmp_path) as relay, agent_at(relay) as agent:
        async with viewer_at(relay, agent.code) as viewer:
            await viewer.live()
            viewer.tell_relay(Leave())
            assert (await agent.inbox.expect(ViewerGone)).left
            assert await viewer.wire.wait_closed() == (1000, "session_ended")
        agent.tell_relay(CodeRequest())
        await agent.inbox.until(lambda: agent.secret != b"", "a new code")
        async with viewer_at(relay, agent.code) as viewer:
            await viewer.live()
            agent.tell_relay(EndSession(reason="done"))
            assert (await viewer.inbox.expect(SessionEnded)).reason == "done"
            assert (await agent.wire.wait_closed())[0] == 1000


async def test_K16_two_viewers_see_the_same_signed_frames(tmp_path: Path) -> None:
    async with (
        running_relay(tmp_path) as relay,
        agent_at(relay) as agent,
        viewer_at(relay, agent.code) as first,
    ):
        await first.live()
        agent.tell_relay(CodeRequest())
        await agent.inbox.until(lambda: agent.secret != b"", "a new code")
        async with viewer_at(relay, agent.code) as second:
            await second.live()
            shown = [agent.show(b"x" * 5000) for _ in range(20)]
            for viewer in (first, second):
                await viewer.inbox.until(partial(_has, viewer, shown[-1]), "the last frame")
                assert [frame for frame, _ in viewer.frames][-20:] == shown


def _has(viewer: FakeViewer, frame_id: int) -> bool:
    return viewer.frames[-1][0] >= frame_id


async def test_shutdown_is_told_and_the_session_is_taken_up_again(tmp_path: Path) -> None:
    async with running_relay(tmp_path, port=free_port()) as relay:
        agent = FakeAgent(relay)
        await agent.connect()
        viewer = FakeViewer(relay)
        await viewer.join(agent.code)
        await viewer.live()
        port = relay.port
    for peer in (agent, viewer):
        assert (await peer.inbox.expect(RelayError)).code is ErrorCode.SHUTTING_DOWN
    viewer.frames.clear()
    async with running_relay(tmp_path, port=port):
        await agent.connect()
        await viewer.resume()
        await viewer.live()
        await viewer.close()
        await agent.close()


async def test_C12_a_killed_relay_resumes_whoever_comes_first(tmp_path: Path) -> None:
    process = await asyncio.to_thread(RelayProcess, tmp_path)
    try:
        await asyncio.to_thread(process.start)
        agent = FakeAgent(process.relay)
        await agent.connect()
        viewer = FakeViewer(process.relay)
        await viewer.join(agent.code)
        await viewer.live()
        # The seat's record follows its admission; the relay is killed once it is on disk.
        await viewer.relay.stored(seats=1)
        for viewer_first in (True, False):
            await asyncio.to_thread(process.kill)
            await viewer.wire.wait_closed()
            viewer.frames.clear()
            await asyncio.to_thread(process.start)
            if viewer_first:
                assert not (await viewer.resume()).host_present
            assert (await agent.connect()).resumed
            if not viewer_first:
                assert (await viewer.resume()).host_present
            await viewer.live()
        await viewer.close()
        await agent.close()
    finally:
        await asyncio.to_thread(process.kill)


@pytest.mark.parametrize("origin", [None, "https://evil.example", "null"])
async def test_C2_origin_of_a_viewer_must_be_our_own(tmp_path: Path, origin: str | None) -> None:
    async with running_relay(tmp_path) as relay:
        assert await relay.refuses("/ws/viewer", origin)


@pytest.mark.parametrize(("origin", "refused"), [("https://evil.example", True), (None, False)])
async def test_C2_origin_of_an_agent_is_absent_or_our_own(
    tmp_path: Path, origin: str | None, refused: bool
) -> None:
    async with running_relay(tmp_path) as relay:
        assert await relay.refuses("/ws/agent", origin) is refused


async def test_C1_a_hello_is_due_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relevo_server.edge.sockets.HELLO_DEADLINE_S", 0.1)
    async with running_relay(tmp_path) as relay:
        viewer = FakeViewer(relay)
        await viewer.dial()
        assert (await viewer.inbox.expect(RelayError)).code is ErrorCode.DEADLINE
        assert (await viewer.wire.wait_closed())[1] == "deadline"


async def test_C7_wrong_codes_are_throttled_for_the_account(tmp_path: Path) -> None:
    async with running_relay(tmp_path) as relay:
        codes = [await _first_word(relay, f"{n:06d}123456") for n in range(13)]
    assert codes == [ErrorCode.CODE_WRONG] * 12 + [ErrorCode.THROTTLED]


async def _first_word(relay: Relay, code: str) -> ErrorCode:
    viewer = FakeViewer(relay)
    viewer.expect_code(code)
    await _say(viewer, ViewerHello(version=1, ticket=await relay.ticket(code[:6])))
    told = await viewer.inbox.expect(RelayError)
    await viewer.close()
    return told.code


async def test_W1_a_text_message_is_refused(tmp_path: Path) -> None:
    async with running_relay(tmp_path) as relay:
        viewer = FakeViewer(relay)
        await viewer.dial()
        await viewer.wire.socket.send("hello")
        assert (await viewer.inbox.expect(RelayError)).code is ErrorCode.MALFORMED
        await viewer.close()


async def test_metrics_tell_what_happened(tmp_path: Path) -> None:
    async with running_relay(tmp_path) as relay, agent_at(relay) as agent:
        await _refused(relay, agent.routing + f"{(int(agent.secret) + 1) % 10**6:06d}")
        async with viewer_at(relay, agent.code) as viewer:
            await viewer.live()
        assert relay.services is not None
        value = relay.services.metrics.registry.get_sample_value
        assert value("relevo_handshake_failures_total", {"reason": "code_wrong"}) == 1.0
        assert (value("relevo_relayed_bytes_total", {"direction": "out"}) or 0.0) > 1000
        assert value("relevo_sockets_closed_total", {"side": "viewer", "reason": "code_wrong"}) == 1.0
