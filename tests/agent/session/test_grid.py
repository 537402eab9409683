"""What the session tells each role in each mode is what the snapshotted grid says (SPEC R1, R5, G1)."""

import itertools
import json
from pathlib import Path

import msgspec
import pytest

from relevo_protocol.messages.session import ModeState
from relevo_protocol.modes import Capability, Mode, Role
from tests.agent.session.company import heard
from tests.agent.session.world import new_world

_VECTORS = Path(__file__).parents[3] / "protocol" / "vectors" / "rights" / "grid.json"
GRID = json.loads(_VECTORS.read_text())
ALL = frozenset(Capability)


@pytest.mark.parametrize(("mode", "role"), list(itertools.product(Mode, Role)))
def test_R1_R5_the_agent_agrees_with_the_grid(mode: Mode, role: Role) -> None:
    world = new_world(unavailable=frozenset(), service=True)
    viewer = world.live(mode="observer")
    desk, seat = world.session._desk, world.session._desk.seats[1]
    for place, name in enumerate(GRID["circumstances"]):
        open_to_all = name != "bare"
        seat.vouched = msgspec.structs.replace(seat.vouched, admin_tools=open_to_all)
        seat.role, desk.mode = role, mode
        seat.granted = ALL if open_to_all else frozenset()
        desk.consented = ALL if name == "open" else frozenset()
        world.session._control.modes.tell_all()
        world.carry(world.session._taken())
        state = heard(viewer, ModeState)[-1]
        for capability, answers in GRID["rights"][mode][role].items():
            view = state.rights[Capability(capability)]
            factor = "" if view.removed_by is None else f" {view.removed_by}"
            assert f"{view.permit}{factor}" == answers[place], f"{capability} {name}"
