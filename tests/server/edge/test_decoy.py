"""An unknown routing number must look like a known one with a wrong code (SPEC C6)."""

from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from relevo_protocol.header import body_of, parse_header
from relevo_server.relay.decoy import Decoys
from tests.support.peers import FakeViewer, agent_at
from tests.support.relay import Relay, running_relay

pytestmark = pytest.mark.anyio


@dataclass
class Trace:
    """What a viewer can see of a run: sizes, headers without numbers, fields, and how it ended."""

    shapes: list[object] = field(default_factory=list)


class Watcher(FakeViewer):
    def __init__(self, relay: Relay) -> None:
        super().__init__(relay)
        self.trace = Trace()

    def _take(self, message: bytes) -> None:
        header = parse_header(message)
        said = msgspec.msgpack.decode(body_of(message))
        shape = sorted((key, type(value).__name__, _size(value)) for key, value in said.items())
        visible = (header.type, header.flags, header.dst, header.frame_id, header.counter, len(message))
        self.trace.shapes.append((*visible, header.key_id == self.link, shape))
        super()._take(message)


class Nonsense(FakeViewer):
    def _start(self) -> None:
        self._send_flight(b"\x80")


def _size(value: object) -> object:
    return len(value) if isinstance(value, (bytes, str)) else value if isinstance(value, bool) else None


async def _watch(relay: Relay, code: str) -> Trace:
    viewer = Watcher(relay)
    await viewer.join(code)
    viewer.trace.shapes.append(await viewer.wire.wait_closed())
    await viewer.close()
    return viewer.trace


async def test_C6_decoy_cannot_be_told_from_a_wrong_code(tmp_path: Path) -> None:
    async with running_relay(tmp_path) as relay, agent_at(relay) as agent:
        wrong = agent.routing + f"{(int(agent.secret) + 1) % 10**6:06d}"
        unknown = f"{(int(agent.routing) + 1) % 10**6:06d}123456"
        real, decoy = await _watch(relay, wrong), await _watch(relay, unknown)
    assert real.shapes == decoy.shapes
    assert len(real.shapes) == 4  # welcome, flight 2, error, close


async def test_C6_the_same_number_gives_the_same_host_until_its_code_would_be_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is drawn is the longest: a code that was to die in this very second is another test's.
    monkeypatch.setattr(Decoys.__init__, "__defaults__", (max,))
    async with running_relay(tmp_path) as relay:
        sessions: list[bytes] = []
        for _ in range(5):
            viewer = FakeViewer(relay)
            sessions.append((await viewer.join("000001123456")).session_id)
            await viewer.wire.wait_closed()
            await viewer.close()
    assert sessions[0] == sessions[1] == sessions[2] != sessions[3] == sessions[4]


@pytest.mark.parametrize("known", [True, False])
async def test_C6_nonsense_is_answered_alike(tmp_path: Path, known: bool) -> None:
    async with running_relay(tmp_path) as relay, agent_at(relay) as agent:
        routing = agent.routing if known else f"{(int(agent.routing) + 1) % 10**6:06d}"
        viewer = Nonsense(relay)
        await viewer.join(routing + "123456")
        assert (await viewer.wire.wait_closed())[1] == "malformed"
        await viewer.close()
