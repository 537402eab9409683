"""Every message in every mode, through the whole session: the table decides, nothing else (SPEC R6-R8)."""

from typing import get_args

import pytest

from relevo_agent.features.base import FeatureMessage, InputMessage
from relevo_agent.session.actions import Ask, NeedKeyframe, Perform
from relevo_protocol.errors import ErrorCode
from relevo_protocol.gate import NEEDS, admit
from relevo_protocol.lifecycle import SeatState
from relevo_protocol.messages.base import Message
from relevo_protocol.messages.input import ReleaseAll
from relevo_protocol.messages.session import Goodbye, Heartbeat, HeartbeatEcho, InputRefused
from relevo_protocol.messages.team import CapabilityRequest, ControlRequest
from relevo_protocol.modes import Capability, Mode
from relevo_protocol.rights import Factor
from tests.agent.session.samples import SAMPLES
from tests.agent.session.world import World, new_world

KINDS = list(NEEDS)
JUDGED_ONCE_MORE = {ControlRequest, CapabilityRequest}
"""Ask for a right by themselves, which the session looks up (SPEC G4, N3)."""
PERFORMED = get_args(FeatureMessage)


def world_in(mode: Mode, unavailable: frozenset[Capability] = frozenset()) -> World:
    """A lead with administrator tools in this mode, on a PC that can do everything but ``unavailable``."""
    world = new_world(unavailable=unavailable, service=True)
    world.admins.add("Ana")
    world.live(mode="observer")
    world.session._control.modes.enter(mode)
    world.wait(0)
    world.frame(keyframe=True)
    return world


def test_R8_every_message_of_a_viewer_has_a_row_and_a_sample() -> None:
    assert set(SAMPLES) == set(NEEDS)


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_R6_N3_every_message_in_every_mode_obeys_the_table(mode: Mode, kind: type[Message]) -> None:
    world = world_in(mode)
    viewer = world.viewers[0]
    seat = world.session._desk.seats[1]
    refusal = admit(kind, SeatState.LIVE, world.session._desk.circumstances(seat))
    world.actions.clear()
    before = len(viewer.heard)
    world.give(viewer.say(SAMPLES[kind]))
    refused = [m for m in viewer.heard[before:] if isinstance(m, InputRefused)]
    if refusal is None:
        performed = kind in PERFORMED and (mode not in {Mode.OBSERVER, Mode.DEMO} or kind is not ReleaseAll)
        assert world.count(Perform) == performed
        if kind not in JUDGED_ONCE_MORE:
            assert [
                r for r in refused if r.code is ErrorCode.NOT_PERMITTED and r.capability is not None
            ] == []
    else:
        assert world.count(Perform) == 0
        assert world.count(Ask) == (refusal.ask is not None)
        expected = [] if refusal.ask is not None else [(refusal.code, refusal.capability, refusal.removed_by)]
        assert [(r.code, r.capability, r.removed_by) for r in refused] == expected


@pytest.mark.parametrize("kind", get_args(InputMessage), ids=lambda kind: kind.__name__)
def test_N4_V8_what_the_pc_cannot_do_is_refused_by_the_platform(kind: type[Message]) -> None:
    needed = NEEDS[kind]
    if not isinstance(needed, Capability):
        assert kind is ReleaseAll
        return
    world = world_in(Mode.FULL, frozenset({needed}))
    world.give(world.viewers[0].say(SAMPLES[kind]))
    refused = world.viewers[0].last(InputRefused)
    assert isinstance(refused, InputRefused)
    assert (refused.capability, refused.removed_by) == (needed, Factor.PLATFORM)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_R7_before_consent_only_heartbeat_and_goodbye_are_heard(world: World, kind: type[Message]) -> None:
    viewer = world.verified()
    asked = world.count(Ask)
    world.actions.clear()
    world.give(viewer.say(SAMPLES[kind]))
    assert world.count(Perform) == world.count(NeedKeyframe) == 0
    assert (asked, world.count(Ask)) == (1, 0)
    assert (viewer.last(HeartbeatEcho) is not None) == (kind is Heartbeat)
    assert (world.session._desk.seats == {}) == (kind is Goodbye)
