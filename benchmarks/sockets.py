"""The relay as it runs: its own process, TLS, WebSockets, real keys; frames from an agent to a viewer.

The peers are those of the tests (``tests/support``), in this process: their sealing and opening is in the
figures.
"""

import asyncio
import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.measure import Table, spread
from relevo_protocol.messages.relay import CodeRequest
from tests.support.peers import FakeAgent, FakeViewer
from tests.support.relay import Relay, RelayProcess

_SIZES: Final = (500, 20_000, 200_000, 1_000_000)
_STREAM_BYTES: Final = 64_000_000


def measured(times: int) -> list[Table]:
    """Latency by size, alone and beside a viewer that has stopped reading; throughput in a stream."""
    with TemporaryDirectory() as folder:
        process = RelayProcess(Path(folder))
        process.start()
        try:
            return asyncio.run(_both(process.relay, times))
        finally:
            process.stop()


async def _both(relay: Relay, times: int) -> list[Table]:
    latency = Table(
        "A frame through the relay, over TLS and WebSockets",
        f"Agent to viewer, seal and open included, one at a time, {times} frames a row.",
        ("bytes", "viewers", "ms median", "ms p95"),
    )
    stream = Table(
        "A stream through the relay",
        f"{_STREAM_BYTES // 10**6} MB in frames of this size, three on the way, as pacing allows.",
        ("bytes a frame", "MB/s", "frames/s"),
    )
    agent = FakeAgent(relay)
    await agent.connect()
    viewer = await _joined(relay, agent)
    for size in _SIZES:
        latency.rows.append((size, "one", *await _latency(agent, viewer, size, times)))
    for size in _SIZES[1:]:
        stream.rows.append((size, *await _stream(agent, viewer, size)))
    agent.tell_relay(CodeRequest())
    await agent.inbox.until(lambda: agent.secret != b"", "a new code")
    stuck = await _joined(relay, agent)
    for size in _SIZES:
        latency.rows.append((size, "two, signed", *await _latency(agent, viewer, size, times)))
    stuck.stop_reading()
    for size in _SIZES:
        latency.rows.append((size, "two, one stuck", *await _latency(agent, viewer, size, times)))
    for peer in (viewer, stuck, agent):
        await peer.close()
    return [latency, stream]


async def _joined(relay: Relay, agent: FakeAgent) -> FakeViewer:
    viewer = FakeViewer(relay)
    await viewer.join(agent.code)
    await viewer.live()
    return viewer


def _has(viewer: FakeViewer, frame_id: int) -> bool:
    return viewer.frames[-1][0] >= frame_id


async def _seen(viewer: FakeViewer, frame_id: int) -> None:
    await viewer.inbox.until(partial(_has, viewer, frame_id), f"frame {frame_id}")
    viewer.frames[:] = viewer.frames[-1:]


async def _latency(agent: FakeAgent, viewer: FakeViewer, size: int, times: int) -> tuple[float, float]:
    picture, samples = bytes(size), list[float]()
    for _ in range(times):
        start_s = time.perf_counter()
        await _seen(viewer, agent.show(picture))
        samples.append((time.perf_counter() - start_s) * 1000)
    cost = spread(samples)
    return round(cost.median, 2), round(cost.p95, 2)


async def _stream(agent: FakeAgent, viewer: FakeViewer, size: int) -> tuple[float, float]:
    picture, frames = bytes(size), _STREAM_BYTES // size
    start_s, shown = time.perf_counter(), list[int]()
    for _ in range(frames):
        shown.append(agent.show(picture))
        if len(shown) > 3:
            await _seen(viewer, shown[-4])
    await _seen(viewer, shown[-1])
    seconds = time.perf_counter() - start_s
    return round(frames * size / seconds / 1e6, 1), round(frames / seconds, 1)
