"""A session before a restart and the same one after it (SPEC V6)."""

from dataclasses import replace
from typing import Any

from relevo_agent.session.actions import PrepareRestart
from relevo_agent.session.core import Session
from relevo_protocol.messages.administration import RestartRequest
from relevo_protocol.messages.chat import ChatSend
from relevo_protocol.messages.session import ModeRequest
from relevo_protocol.modes import Capability, Mode
from tests.agent.fakes import Viewer
from tests.agent.session.company import beat
from tests.agent.session.world import World, new_world


class Wall:
    """The time of day, which goes on while the PC is down."""

    def __init__(self) -> None:
        self.ms = 1_700_000_000_000.0

    def __call__(self) -> float:
        return self.ms


def before(wall: Wall) -> tuple[World, Viewer, Viewer]:
    """A session in administrator mode with two people in it."""
    world = new_world(unavailable=frozenset(), service=True, wall_ms=wall)
    world.admins.add("Ana")
    lead = world.verified(mode="full")
    world.answer(True, frozenset({Capability.VOICE}))
    world.frame(keyframe=True)
    world.prove(lead)
    world.give(lead.say(ModeRequest(mode=Mode.ADMINISTRATOR)))
    world.answer(True)
    second = world.live(2, "Eva")
    world.give(lead.say(ChatSend(text="hello")))
    return world, lead, second


def down(world: World, wall: Wall, here: list[Viewer] | None = None) -> bytes:
    """Count down to the restart, with these on the line or everybody; the state that the service has."""
    world.give(world.viewers[0].say(RestartRequest()))
    wall.ms += 30_000
    beat(world, 30_000, world.viewers if here is None else here)
    return next(a for a in world.actions if isinstance(a, PrepareRestart)).state


def up(world: World, state: bytes, now_ms: float = 5000.0, **changed: Any) -> World:
    """The PC is up again; its clock begins anew."""
    settings = replace(world.session._desk.settings, **changed)
    again = World(Session.restored(settings, state, now_ms), now_ms=now_ms)
    again.viewers, again.links, again.admins = world.viewers, world.links, world.admins
    return again


def same(world: World, state: bytes, now_ms: float = 5000.0) -> World:
    again = up(world, state, now_ms)
    again.connect(resumed=True)
    return again
