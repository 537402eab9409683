"""Hands on the wheel: who drives, who types, who was refused."""

from relevo_agent.session.actions import (
    Perform,
)
from relevo_protocol.errors import ErrorCode
from relevo_protocol.messages.input import TextInput
from relevo_protocol.messages.session import InputRefused
from relevo_protocol.messages.team import (
    GrantChange,
)
from relevo_protocol.modes import Capability, Standing
from relevo_protocol.rights import Factor
from tests.agent.fakes import Viewer
from tests.agent.session.company import ask_in, come
from tests.agent.session.samples import INPUT
from tests.agent.session.world import World

TYPED = INPUT[TextInput]
DRIVING = (Capability.INPUT_POINTER, Capability.INPUT_TEXT, Capability.INPUT_KEYS)


def holder(world: World) -> int | None:
    return world.session.snapshot.token.holder


def colleague(world: World, lead: Viewer, slot: int = 2, name: str = "Eva") -> Viewer:
    """A collaborator whom the lead lets drive."""
    member = world.live(slot, name)
    for capability in DRIVING:
        world.give(lead.say(GrantChange(slot=slot, capability=capability, granted=True)))
    return member


def supervisor(world: World, slot: int = 3) -> Viewer:
    credential = ask_in(world, "Sol", Standing.SUPERVISOR)
    viewer = come(world, slot, "Sol", credential)  # type: ignore[arg-type]
    world.answer(True)
    world.frame(keyframe=True)
    return viewer


def refusals(viewer: Viewer) -> list[tuple[ErrorCode, Factor | None]]:
    return [(m.code, m.removed_by) for m in viewer.heard if isinstance(m, InputRefused)]


def performed(world: World, viewer: Viewer) -> bool:
    before = world.count(Perform)
    world.give(viewer.say(TYPED))
    return world.count(Perform) == before + 1
