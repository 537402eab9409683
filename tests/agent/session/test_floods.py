"""One viewer does not get the agent thrown out by its relay, nor fills this PC (SPEC C17, R6, R10)."""

from dataclasses import dataclass

import pytest

from relevo_agent.session.actions import Keep, Perform, Send
from relevo_agent.session.entries import EntryKind
from relevo_protocol.messages import ViewerToHost
from relevo_protocol.messages.administration import ProcessEnd, ProcessesRequest
from relevo_protocol.messages.marks import MemberStroke, Stroke
from relevo_protocol.messages.screen import Quality, QualityChoice
from relevo_protocol.messages.session import Heartbeat, HeartbeatEcho, ModeRequest
from relevo_protocol.messages.team import (
    CapabilityRequest,
    ControlGive,
    ControlRelease,
    ControlRequest,
    GrantChange,
    MicroHandover,
    RemoveMember,
)
from relevo_protocol.modes import Capability, Mode
from tests.agent.fakes import Viewer
from tests.agent.session.company import beat, guest, heard, say
from tests.agent.session.world import World, new_world

FLOOD = 900
ANSWERS_AT_MOST = 60
"""To one viewer in one second. Five of them stay far below what the relay takes from an agent."""


@dataclass(frozen=True)
class Flooding:
    """Who says what, and in which mode."""

    message: ViewerToHost
    lead: bool = False
    mode: str = "full"


FLOODS = [
    Flooding(Heartbeat(t_ms=1)),
    Flooding(ModeRequest(mode=Mode.ADMINISTRATOR)),
    Flooding(ModeRequest(mode=Mode.ADMINISTRATOR), lead=True),
    Flooding(ModeRequest(mode=Mode.FULL)),
    Flooding(CapabilityRequest(capability=Capability.SCREEN_VIEW), lead=True),
    Flooding(CapabilityRequest(capability=Capability.SCREEN_BLANK), lead=True),
    Flooding(ControlRequest()),
    Flooding(ControlRelease()),
    Flooding(MicroHandover()),
    Flooding(ControlGive(slot=2), lead=True, mode="observer"),
    Flooding(GrantChange(slot=2, capability=Capability.INPUT_POINTER, granted=True), lead=True),
    Flooding(RemoveMember(slot=1)),
    Flooding(QualityChoice(quality=Quality.FAST)),
]


def _sent(world: World) -> int:
    return sum(isinstance(action, Send) for action in world.actions)


@pytest.mark.parametrize(
    "flood", FLOODS, ids=lambda f: f"{type(f.message).__name__}-{'lead' if f.lead else 'guest'}"
)
def test_C17_a_flood_of_one_message_has_few_answers(flood: Flooding) -> None:
    world = new_world(unavailable=frozenset[Capability]())
    lead = world.live(mode=flood.mode)
    other = guest(world, lead)
    world.wait(3000)
    world.actions.clear()
    talker = lead if flood.lead else other
    for _ in range(FLOOD):
        world.now_ms += 1
        say(world, talker, flood.message)
    assert _sent(world) <= ANSWERS_AT_MOST
    assert [seat.slot for seat in world.session._desk.live] == [1, 2]


def test_P4_the_usual_heartbeats_are_all_answered() -> None:
    world = new_world()
    lead = world.live()
    beat(world, 60_000, [lead])
    assert len(heard(lead, HeartbeatEcho)) == 30


@pytest.mark.parametrize("points", [1, 3])
def test_A2_what_is_drawn_goes_to_who_is_new_in_few_messages(points: int) -> None:
    world = new_world()
    lead = world.live()
    drawn = 0
    for number in range(6000):
        if number % 50 == 0:
            world.now_ms += 1000
            say(world, lead, Heartbeat(t_ms=1))
        say(world, lead, Stroke(stroke=1 + number // 2000, monitor=0, points=[0.1, 0.2] * points))
        drawn += points
    world.actions.clear()
    late = guest(world, lead)
    strokes = [m.stroke for m in heard(late, MemberStroke)]
    shown = sum(len(piece.points) // 2 for piece in strokes_of(late))
    assert len(strokes) <= 400
    assert sum(len(a.message) for a in world.actions if isinstance(a, Send)) < 128 * 1024
    assert 3000 < shown <= 4000
    assert strokes == sorted(strokes)


def strokes_of(viewer: Viewer) -> list[MemberStroke]:
    return heard(viewer, MemberStroke)


def test_A2_many_lines_of_one_point_each_go_out_in_few_messages() -> None:
    world = new_world()
    lead = world.live()
    for number in range(6000):
        if number % 50 == 0:
            world.now_ms += 1000
            say(world, lead, Heartbeat(t_ms=1))
        say(world, lead, Stroke(stroke=number + 1, monitor=0, points=[0.1, 0.2]))
    late = guest(world, lead)
    pieces = strokes_of(late)
    assert 0 < len(pieces) <= 400
    assert pieces[-1].stroke == 6000


def test_V9_acts_are_not_carried_out_by_the_thousand() -> None:
    world = new_world(service=True, unavailable=frozenset[Capability]())
    world.admins = {"Ana"}
    lead = world.live()
    world.prove(lead)
    say(world, lead, ModeRequest(mode=Mode.ADMINISTRATOR))
    world.answer(True, frozenset({Capability.SYSTEM_PROCESSES_END}))
    assert world.mode() is Mode.ADMINISTRATOR
    world.actions.clear()
    for kind in (ProcessEnd(pid=7, started_ms=1), ProcessesRequest()):
        for _ in range(FLOOD):
            say(world, lead, kind)
    assert 0 < world.count(Perform) <= 50
    kept = [a for a in world.actions if isinstance(a, Keep) and a.entry.kind is EntryKind.ACT]
    assert 0 < len(kept) <= 50
