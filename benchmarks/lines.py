"""Several viewers on lines of different speed: what each sees, how old it is, what the slow cost the fast.

``python -m benchmarks.lines`` (root, Linux); with ``--fall 10`` every line carries only a tenth from when
counting begins. The relay is the real one in a process of its own, over TLS; the capture loop with its pacing
is the agent's; each viewer is a process behind a shaped line of its own, with real keys. Viewers judge by F9
and acknowledge; they do not decode, so that five of them fit this machine. A picture is *whole* when
everything that a keyframe owes has come.
"""

import argparse
import asyncio
import json
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.measure import Table, spread
from benchmarks.network import Line, Shape, shaped_line
from benchmarks.report import table_as_text
from benchmarks.scenes import SCENES, Canvas, Scene
from relevo_agent.pipeline.loop import CaptureLoop
from relevo_agent.pipeline.sources.cursor_none import NoCursor
from relevo_agent.pipeline.types import Grab, Layout, Outgoing
from relevo_protocol.frame import CodecId
from relevo_protocol.header import DST_ALL, Flags, Header, MessageType, body_of
from relevo_protocol.limits import HEADER_BYTES
from relevo_protocol.messages.base import Message
from relevo_protocol.messages.relay import KeyframeWanted, ViewerGone
from relevo_protocol.messages.screen import FrameAck, PictureState
from tests.support.peers import FakeAgent, FakeViewer
from tests.support.relay import Relay, RelayProcess

ROUND_TRIP_MS: Final = 40.0
FIVE: Final = (0.5, 2.0, 10.0, 50.0, 100.0)
DECODERS: Final = frozenset({CodecId.ZSTD_STREAM_BGRX, CodecId.VP8, CodecId.VP9})
DECODE_MS: Final = 3.0
SETTLE_S: Final = 4.0
_CAPTURED_AT: Final = 8
_CAPTURED: Final = struct.Struct(">I")
_SAMPLE_S: Final = 0.05


def now_ms() -> float:
    """The clock of all processes on this machine, ms."""
    return time.monotonic() * 1000


class ScenePlayer:
    """A source that paints what is due of a scene at each grab and tells nothing."""

    signal = None

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._canvas: Canvas = scene.start()
        self._began_ms = now_ms()
        self._tick = 0

    def grab(self) -> Grab:
        """The scene now."""
        due = int((now_ms() - self._began_ms) / self._scene.tick_ms)
        if due > self._tick:
            self._tick = due
            self._scene.paint(self._canvas, due)
        return Grab(self._canvas)

    def layout(self) -> Layout:
        """The scene's size."""
        return Layout(self._canvas.shape[1], self._canvas.shape[0])

    def close(self) -> None:
        """Nothing is held."""


class LineAgent(FakeAgent):
    """The customer's side with the real loop; admits whoever comes."""

    def __init__(self, relay: Relay, scene: Scene) -> None:
        super().__init__(relay)
        self.frame_id: int = 0
        self.loop = CaptureLoop(lambda: ScenePlayer(scene), lambda: NoCursor("a benchmark"))
        self.loop.choose_decoders(DECODERS)
        self.told: dict[int, PictureState] = {}
        self.keyframes = 0
        self._bell = asyncio.Event()

    def admit(self, link: int) -> None:
        """See :class:`FakeAgent`; the loop makes the keyframe."""
        super().admit(link)
        self.loop.viewer_joined(link)
        self._bell.set()

    def show(self, picture: bytes, *, keyframe: bool = False) -> int:
        """A keyframe is due, by the loop."""
        del picture, keyframe
        self.loop.request_keyframe(urgent=True)
        return self.frame_id

    async def drive(self) -> None:
        """Do what the agent's driver does."""
        while True:
            outgoing = await asyncio.to_thread(self.loop.step, now_ms())
            if outgoing is not None:
                self._send(outgoing)
            for link, state in self.loop.limits(now_ms()):
                self.told[link] = state
                self.tell(link, state)
            delay_s = min(self.loop.waiting(now_ms()).delay_ms / 1000, 1.0)
            self._bell.clear()
            try:
                async with asyncio.timeout(max(delay_s, 0.0005)):
                    await self._bell.wait()
            except TimeoutError:
                continue

    def _send(self, outgoing: Outgoing) -> None:
        assert self._media is not None
        self.frame_id += 1
        self.keyframes += outgoing.keyframe
        flags = outgoing.flags
        if sum(guest.admitted for guest in self.guests.values()) > 1:
            flags |= Flags.SIGNED
        counter = self._media.next_counter
        header = Header(
            MessageType.MEDIA, flags, DST_ALL, frame_id=self.frame_id, key_id=self._epoch, counter=counter
        ).pack()
        self._outgoing.put_nowait(bytes(self._media.seal_message(header, counter, outgoing.data)))

    def _heard(self, said: Message) -> None:
        if isinstance(said, KeyframeWanted):
            self.loop.request_keyframe()
        else:
            if isinstance(said, ViewerGone):
                self.loop.viewer_left(said.link)
            super()._heard(said)
        self._bell.set()

    def _opened(self, header: Header, message: bytes) -> None:
        super()._opened(header, message)
        link, said = self.said[-1]
        if isinstance(said, FrameAck):
            self.said.pop()
            self.loop.acknowledged(link, said.frame_id, said.decode_ms, now_ms())
            self._bell.set()


@dataclass
class Drawn:
    """What a viewer counted; times in ms."""

    frames: int = 0
    bytes: int = 0
    missed: int = 0
    ages_ms: list[float] = field(default_factory=list[float])
    whole_ages_ms: list[float] = field(default_factory=list[float])


class LineViewer(FakeViewer):
    """A viewer that draws in order, acknowledges, and keeps how old what it draws is."""

    def __init__(self, relay: Relay) -> None:
        super().__init__(relay)
        self.drawn = Drawn()
        self.whole_ms = 0.0
        self._last = 0
        self._lost = True

    def _frame(self, header: Header, message: bytes) -> None:
        receiver = self._media.get(header.key_id)
        if receiver is None:
            return
        picture = receiver.open(message[:HEADER_BYTES], header.counter, body_of(message))
        keyframe = bool(header.flags & Flags.KEYFRAME)
        self._lost = not keyframe and (self._lost or header.frame_id != self._last + 1)
        self._last = header.frame_id
        self.drawn.bytes += len(message)
        if self._lost:
            self.drawn.missed += 1
            return
        (captured_ms,) = _CAPTURED.unpack_from(picture, _CAPTURED_AT)
        self.drawn.frames += 1
        self.drawn.ages_ms.append((now_ms() - captured_ms) % 2**32)
        if header.flags & Flags.DROPPABLE:
            self.whole_ms = float(captured_ms)
        self.frames[:] = [(header.frame_id, b"")]
        self.tell(FrameAck(frame_id=header.frame_id, decode_ms=DECODE_MS))
        self.inbox.ring()


async def _view(told: dict[str, Any]) -> None:
    """A viewer's process: join, settle, count, print."""
    viewer = LineViewer(Relay.of(told, told["address"]))
    await viewer.join_invited(bytes.fromhex(told["invite"]), bytes.fromhex(told["secret"]), told["ticket"])
    await viewer.live(60.0)
    print("live", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    viewer.drawn = Drawn()
    end_ms = now_ms() + told["seconds"] * 1000
    while now_ms() < end_ms:
        await asyncio.sleep(_SAMPLE_S)
        if viewer.whole_ms:
            viewer.drawn.whole_ages_ms.append((now_ms() - viewer.whole_ms) % 2**32)
    print(json.dumps(viewer.drawn.__dict__), flush=True)
    await viewer.close()


@dataclass(frozen=True, slots=True)
class Seen:
    """One viewer's row."""

    mbit_s: float
    drawn: Drawn
    queue_ms: float
    limit: str
    line_mbit_s: float


@dataclass(frozen=True, slots=True)
class Trial:
    """The lines' rates, how many times slower they are when counting begins, and for how long that lasts."""

    speeds: Sequence[float]
    fall: float
    seconds: float


async def _play(relay: Relay, scene: Scene, trial: Trial, stack: ExitStack) -> tuple[list[Seen], int]:
    agent = LineAgent(relay, scene)
    await agent.connect()
    driving = asyncio.create_task(agent.drive())
    viewers: list[tuple[float, Line, subprocess.Popen[str]]] = []
    for number, mbit_s in enumerate(trial.speeds):
        line = stack.enter_context(shaped_line(Shape(mbit_s * 1e6, ROUND_TRIP_MS)))
        process = await _started(relay, agent, line, trial.seconds, f"Eva{number}")
        viewers.append((mbit_s, line, process))
    await asyncio.sleep(SETTLE_S)
    before = agent.keyframes
    for mbit_s, line, process in viewers:
        line.reshape(Shape(mbit_s / trial.fall * 1e6, ROUND_TRIP_MS))
        _say(process)
    rows: list[Seen] = []
    for link, (mbit_s, line, process) in zip(sorted(agent.guests), viewers, strict=True):
        drawn = Drawn(**json.loads(await asyncio.to_thread(_hear, process)))
        state = agent.told.get(link)
        limit, rate = (state.limit.value, state.line_bytes_s * 8 / 1e6) if state else ("none", 0.0)
        rows.append(Seen(mbit_s, drawn, line.figures().down.longest_queue_ms, limit, rate))
    keyframes = agent.keyframes - before
    for _, _, process in viewers:
        await asyncio.to_thread(process.wait, 20)
    driving.cancel()
    await asyncio.gather(driving, return_exceptions=True)
    await agent.close()
    return rows, keyframes


async def _started(
    relay: Relay, agent: LineAgent, line: Line, seconds: float, name: str
) -> subprocess.Popen[str]:
    invite, secret = agent.invite()
    told = {
        **relay.told(),
        "address": line.near,
        "invite": invite.hex(),
        "secret": secret.hex(),
        "ticket": await relay.guest_ticket(invite, name),
        "seconds": seconds,
    }
    command = [sys.executable, "-m", "benchmarks.lines", "--viewer", json.dumps(told)]
    root = Path(__file__).parents[1]
    process = subprocess.Popen(  # noqa: ASYNC220 - starting it takes no time, and what follows is awaited
        line.inside(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root
    )
    await asyncio.to_thread(_hear, process)
    return process


def _hear(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError("a viewer has ended; it wrote the reason to standard error")
    return line


def _say(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def measured(scenes: Sequence[Scene], trial: Trial) -> list[Table]:
    """A table for each scene: a row a viewer."""
    tables: list[Table] = []
    with TemporaryDirectory() as folder:
        process = RelayProcess(Path(folder), listen="0.0.0.0")  # noqa: S104 - reached from the lines' ends
        process.start()
        try:
            for scene in scenes:
                with ExitStack() as stack:
                    rows, keyframes = asyncio.run(_play(process.relay, scene, trial, stack))
                tables.append(_table(scene, rows, keyframes, trial))
        finally:
            process.stop()
    return tables


def _table(scene: Scene, rows: Sequence[Seen], keyframes: int, trial: Trial) -> Table:
    seconds = trial.seconds
    fallen = f", each line {trial.fall:g} times slower from then on" if trial.fall != 1 else ""
    columns = (
        "Mbit/s",
        "frames/s",
        "kB/s",
        "missed",
        "age ms p50",
        "p95",
        "whole picture's age p50",
        "most",
        "line's queue ms",
        "limit told",
        "measured Mbit/s",
    )
    table = Table(
        f"{scene.name}, {len(rows)} viewers",
        f"{seconds:.0f} s, round trip {ROUND_TRIP_MS:.0f} ms{fallen}, {keyframes} keyframes meanwhile.",
        columns,
    )
    for row in rows:
        ages, whole = spread(row.drawn.ages_ms), spread(row.drawn.whole_ages_ms)
        table.rows.append(
            (
                row.mbit_s,
                round(row.drawn.frames / seconds, 1),
                round(row.drawn.bytes / seconds / 1000, 1),
                row.drawn.missed,
                round(ages.median),
                round(ages.p95),
                round(whole.median),
                round(max(row.drawn.whole_ages_ms, default=0.0)),
                round(row.queue_ms),
                row.limit,
                round(row.line_mbit_s, 2),
            )
        )
    return table


def main(arguments: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lines", description=__doc__)
    parser.add_argument("--speeds", type=float, nargs="+", default=list(FIVE), help="Mbit/s, one a viewer")
    names = [scene.name for scene in SCENES]
    parser.add_argument("--scenes", nargs="+", choices=names, default=["typing", "video 960x540"])
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--fall", type=float, default=1.0, help="how many times slower each line becomes")
    parser.add_argument("--viewer", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.viewer:
        asyncio.run(_view(json.loads(options.viewer)))
        return 0
    chosen = [scene for scene in SCENES if scene.name in options.scenes]
    for table in measured(chosen, Trial(options.speeds, options.fall, options.seconds)):
        print(table_as_text(table), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
