"""One viewer that stops reading neither slows another nor makes the relay grow (issue's point 4)."""

import asyncio
from functools import partial
from pathlib import Path

import pytest

from relevo_protocol.limits import OUTBOX_MEDIA_BYTES, OUTBOX_PAIRWISE_BYTES
from relevo_protocol.messages.relay import CodeRequest, KeyframeWanted, ViewerGone
from relevo_protocol.messages.session import Heartbeat
from relevo_server.edge.hardening import Deadlines
from tests.support.peers import FakeAgent, FakeViewer, agent_at, viewer_at
from tests.support.relay import Relay, RelayProcess, running_relay

pytestmark = pytest.mark.anyio
_PICTURE_BYTES = 200_000
_FRAMES = 400


async def _two_viewers(relay: Relay, agent: FakeAgent) -> tuple[FakeViewer, FakeViewer]:
    await agent.connect()
    viewers: list[FakeViewer] = []
    for _ in range(2):
        if viewers:
            agent.tell_relay(CodeRequest())
            await agent.inbox.until(lambda: agent.secret != b"", "a new code")
        viewer = FakeViewer(relay)
        await viewer.join(agent.code)
        await viewer.live()
        viewers.append(viewer)
    return viewers[0], viewers[1]


def _resident_bytes(process: RelayProcess) -> int:
    return int(Path(f"/proc/{process.pid}/statm").read_text().split()[1]) * 4096


def _has(viewer: FakeViewer, frame_id: int) -> bool:
    return viewer.frames[-1][0] >= frame_id


async def _show_and_see(agent: FakeAgent, viewer: FakeViewer, frames: int) -> None:
    """Show one frame after the other, each once the viewer has seen the last."""
    picture = bytes(_PICTURE_BYTES)
    for _ in range(frames):
        shown = agent.show(picture)
        await viewer.inbox.until(partial(_has, viewer, shown), f"frame {shown}")
        viewer.frames[:] = viewer.frames[-1:]


async def test_C15_a_viewer_that_stops_reading_does_no_harm(tmp_path: Path) -> None:
    process = await asyncio.to_thread(RelayProcess, tmp_path)
    await asyncio.to_thread(process.start)
    try:
        agent = FakeAgent(process.relay)
        fast, stuck = await _two_viewers(process.relay, agent)
        await _show_and_see(agent, fast, 140)
        before_bytes = _resident_bytes(process)
        stuck.stop_reading()
        # Each frame reaches the other viewer before the next is shown: how fast is told by the benchmarks.
        await _show_and_see(agent, fast, _FRAMES)
        grown_bytes = _resident_bytes(process) - before_bytes
        # 80 MB went past the stuck viewer; what stays is its outbox, one message in the transport, and slack.
        assert grown_bytes < OUTBOX_MEDIA_BYTES + OUTBOX_PAIRWISE_BYTES + 6 * 2**20, grown_bytes
        for peer in (fast, stuck, agent):
            await peer.close()
    finally:
        await asyncio.to_thread(process.kill)


async def test_C15_a_stuck_viewer_is_cut_and_may_come_back(tmp_path: Path) -> None:
    async with running_relay(tmp_path, Deadlines(write_s=3.0)) as relay:
        agent = FakeAgent(relay)
        fast, stuck = await _two_viewers(relay, agent)
        stuck.stop_reading()
        await _show_and_see(agent, fast, 40)
        gone = await agent.inbox.expect(ViewerGone)
        assert (gone.link, gone.left) == (stuck.link, False)
        fast.tell(Heartbeat(t_ms=1.0))
        await agent.inbox.expect(Heartbeat)
        await stuck.cut()
        stuck.frames.clear()
        await stuck.resume()
        await stuck.live()
        for peer in (fast, stuck, agent):
            await peer.close()


async def test_C14_a_viewer_that_falls_behind_gets_a_keyframe_and_goes_on(tmp_path: Path) -> None:
    async with (
        running_relay(tmp_path) as relay,
        agent_at(relay) as agent,
        viewer_at(relay, agent.code) as viewer,
    ):
        await viewer.live()
        viewer.stop_reading()
        for _ in range(200):  # 40 MB: more than every buffer on the way holds
            agent.show(bytes(_PICTURE_BYTES))
        await agent.flush()
        viewer.go_on_reading()
        await agent.inbox.expect(KeyframeWanted)
        before = agent.frame_id
        await viewer.inbox.until(lambda: viewer.frames[-1][0] >= before, "the keyframe that was asked for")
        _check_no_gap_without_keyframe(viewer)


def _check_no_gap_without_keyframe(viewer: FakeViewer) -> None:
    last = 0
    for (frame_id, _picture), keyframe in zip(viewer.frames, viewer.key_flags, strict=True):
        assert keyframe or frame_id == last + 1, f"frame {frame_id} after {last} is no keyframe"
        last = frame_id
