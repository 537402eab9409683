"""Everybody says anything at any time: what must hold whatever people do (SPEC R6, G1, G2, G8, G13)."""

import random
from collections.abc import Callable

import pytest

from relevo_agent.session.actions import Ask, StartCapture, StopCapture
from relevo_protocol.crypto.schedule import Credential
from relevo_protocol.lifecycle import SeatState
from relevo_protocol.messages import ViewerToHost
from relevo_protocol.messages.chat import ChatSend
from relevo_protocol.messages.input import TextInput
from relevo_protocol.messages.marks import ClearMarks, Laser, LaserOff, Stroke
from relevo_protocol.messages.screen import KeyframeRequest
from relevo_protocol.messages.session import DemoJoin, Goodbye, Heartbeat, ModeRequest
from relevo_protocol.messages.team import (
    CapabilityRequest,
    ControlGive,
    ControlRelease,
    ControlRequest,
    GrantChange,
    HandOver,
    InviteRequest,
    MicroHandover,
    RemoveMember,
    TakeOver,
    TeamKey,
)
from relevo_protocol.modes import Capability, Mode, Role, Standing
from tests.agent.fakes import Viewer
from tests.agent.session.company import ask_in, come, guest, say, supervisor
from tests.agent.session.world import World, new_world

STEPS = 200
Draw = random.Random
SAID: tuple[Callable[[Draw], ViewerToHost], ...] = (
    lambda draw: TeamKey(public=bytes([draw.randint(1, 5)]) * 32),
    lambda _: TakeOver(reason="porque puedo"),
    lambda draw: HandOver(slot=draw.randint(1, 5)),
    lambda draw: GrantChange(
        slot=draw.randint(1, 5), capability=draw.choice(list(Capability)), granted=draw.random() < 0.7
    ),
    lambda draw: GrantChange(slot=4, capability=Capability.SCREEN_VIEW, granted=draw.random() < 0.5),
    lambda draw: RemoveMember(slot=draw.randint(1, 5)) if draw.random() < 0.1 else LaserOff(),
    lambda draw: InviteRequest(role=draw.choice(list(Role))),
    lambda draw: InviteRequest(role=Role.EXPERT, account_id=draw.choice(["id-Sara", "id-Ana", "id-Eva"])),
    lambda _: ChatSend(text="hola"),
    lambda draw: Laser(monitor=draw.randint(0, 2), x=0.1, y=0.1),
    lambda draw: Stroke(stroke=1, monitor=0, points=[0.1] * (2 * draw.randint(1, 9))),
    lambda draw: ClearMarks(everybody=draw.random() < 0.5),
    lambda draw: ModeRequest(
        mode=draw.choice(list(Mode)),
        demo=DemoJoin(invite=bytes(16), secret=bytes(32)) if draw.random() < 0.5 else None,
    ),
    lambda _: ControlRequest(),
    lambda _: ControlRelease(),
    lambda draw: ControlGive(slot=draw.randint(1, 5)),
    lambda _: MicroHandover(),
    lambda draw: CapabilityRequest(capability=draw.choice(list(Capability))),
    lambda _: TextInput(text="x"),
    lambda _: KeyframeRequest(),
    lambda draw: Goodbye() if draw.random() < 0.05 else Heartbeat(t_ms=1),
)


def present(world: World) -> list[Viewer]:
    """Those whose link is the present one: the others' sockets are closed."""
    seats = world.session._desk.seats
    return [v for v in world.viewers if v.slot in seats and seats[v.slot].link == v.link]


def capturing(world: World) -> bool:
    runs = [a for a in world.actions if isinstance(a, StartCapture | StopCapture)]
    return isinstance(runs[-1], StartCapture)


def cut(world: World, draw: Draw) -> None:
    viewer = draw.choice(present(world))
    if viewer.resume is not None:
        world.cut(viewer)
        if draw.random() < 0.7:
            world.back(viewer)


def knock(world: World, draw: Draw) -> None:
    name = draw.choice(["Sara", "Ana", "Eva"])
    slot = draw.randint(1, 5)
    credential = ask_in(world, name, draw.choice([Standing.TECHNICIAN, Standing.SUPERVISOR]))
    if isinstance(credential, Credential) and slot not in world.session._desk.seats:
        come(world, slot, name, credential)


def let_time_pass(world: World, draw: Draw) -> None:
    for viewer in present(world):
        if viewer.channel is not None and draw.random() < 0.9:
            say(world, viewer, Heartbeat(t_ms=1))
    world.wait(draw.choice([100, 900, 3000]))


def step(world: World, draw: Draw) -> None:
    chance = draw.random()
    talking = [viewer for viewer in present(world) if viewer.channel is not None]
    if talking and chance < 0.8:
        say(world, draw.choice(talking), draw.choice(SAID)(draw))
    elif talking and chance < 0.84:
        cut(world, draw)
    elif chance < 0.9 and any(isinstance(action, Ask) for action in world.actions):
        world.answer(draw.random() < 0.7)
    elif chance < 0.93:
        world.carry(world.session.local_input(world.now_ms))
    elif chance < 0.95:
        knock(world, draw)
    else:
        let_time_pass(world, draw)
    world.viewers = present(world)


def check(world: World) -> None:
    desk = world.session._desk
    leads = [seat for seat in desk.seated if seat.role is Role.LEAD]
    assert len(leads) <= 1
    for seat in desk.seated:
        assert (seat.vouched.standing is Standing.GUEST) == (seat.role is Role.EXTERNAL)
    if desk.mode is Mode.DEMO or not desk.live:
        assert not capturing(world)
    if desk.mode is Mode.ADMINISTRATOR and leads:
        assert leads[0].vouched.admin_tools
    holder = desk.token.holder
    if holder:
        assert desk.seats[holder].state is SeatState.LIVE
    check_picture(world)


def check_picture(world: World) -> None:
    """Whoever may see opens every frame; who may not has no key that does."""
    desk = world.session._desk
    blind = {
        seat.link
        for seat in desk.seats.values()
        if seat.state is not SeatState.LIVE
        or (seat.role is Role.EXTERNAL and Capability.SCREEN_VIEW not in seat.granted)
    }
    everybody = world.viewers
    world.viewers = [viewer for viewer in everybody if viewer.link not in blind]
    if capturing(world):
        before = [len(viewer.frames) for viewer in world.viewers]
        world.frame(keyframe=True)
        assert [len(viewer.frames) for viewer in world.viewers] == [count + 1 for count in before]
    for viewer in everybody:
        if viewer.link in blind and viewer._media is not None:
            sender = world.session._screen._sender
            assert sender is None or viewer._media._cipher.epoch != world.session._screen._epoch
    world.viewers = everybody


@pytest.mark.parametrize("seed", range(6))
def test_G1_G2_G13_whatever_people_do(seed: int) -> None:
    draw = random.Random(seed)
    world = new_world(service=True, unavailable=frozenset[Capability]())
    world.admins = {"Ana", "Eva"}
    lead = world.live()
    world.live(2, "Eva")
    guest(world, lead, 4, "Gema")
    supervisor(world, 3, "Sara")
    for _ in range(STEPS):
        step(world, draw)
        check(world)
