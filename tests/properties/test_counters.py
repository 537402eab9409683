"""No key is ever used with one counter twice, over however many frames and reconnects (SPEC K11, K17).

The whole of it, a million frames over a thousand reconnects: ``RELEVO_FRAMES=1000000 pytest
tests/properties/test_counters.py``.
"""

import itertools
import os
from dataclasses import dataclass, field

from relevo_agent.session.actions import Action, Send
from relevo_protocol.header import MessageType, parse_header
from relevo_protocol.limits import HEADER_BYTES
from relevo_protocol.messages.session import Heartbeat
from tests.agent.fakes import Viewer
from tests.agent.session.company import say
from tests.agent.session.world import World, new_world

FRAMES = int(os.environ.get("RELEVO_FRAMES", "20000"))
FRAMES_A_LINE = 1000
"""Between two reconnects."""


@dataclass
class Tally(World):
    """A world that notes key and counter of all that is sealed; it opens pictures only when it is told to."""

    used: set[tuple[MessageType, int, int]] = field(default_factory=set)
    sealed: int = 0
    frame_ids: list[int] = field(default_factory=list)
    looking: bool = True

    def carry(self, actions: list[Action]) -> None:
        """As any world does."""
        kept: list[Action] = []
        for action in actions:
            if isinstance(action, Send) and self._note(bytes(action.message[:HEADER_BYTES])):
                continue
            kept.append(action)
        super().carry(kept)

    def _note(self, head: bytes) -> bool:
        """Whether it is a picture that nobody looks at."""
        header = parse_header(head)
        if header.type in {MessageType.MEDIA, MessageType.PAIRWISE}:
            self.sealed += 1
            self.used.add((header.type, header.key_id, header.counter))
        if header.type is MessageType.MEDIA:
            self.frame_ids.append(header.frame_id)
        return header.type is MessageType.MEDIA and not self.looking


def run(world: Tally, viewer: Viewer, frames: int) -> None:
    """So many pictures on one line; the last one is opened, and proves the key."""
    for number in range(frames):
        world.now_ms += 10
        if number % 500 == 0:
            say(world, viewer, Heartbeat(t_ms=1))
        world.looking = number in (0, frames - 1)
        world.frame(keyframe=number in (0, frames - 1))
        world.actions.clear()


def test_K11_K17_every_key_and_counter_is_used_once() -> None:
    world = Tally(new_world(connected=False).session, links=itertools.count(1))
    world.connect()
    viewer = world.live()
    for line in range(max(1, FRAMES // FRAMES_A_LINE)):
        opened = len(viewer.frames)
        run(world, viewer, FRAMES_A_LINE)
        assert len(viewer.frames) == opened + 2
        if line % 3 == 2:
            world.carry(world.session.link_lost(world.now_ms))
            world.connect(resumed=True)
        else:
            world.cut(viewer)
        world.back(viewer)
    assert world.sealed == len(world.used)
    assert world.frame_ids == sorted(set(world.frame_ids)), "F9"
    epochs = {key for kind, key, _ in world.used if kind is MessageType.MEDIA}
    assert len(epochs) >= FRAMES // FRAMES_A_LINE
