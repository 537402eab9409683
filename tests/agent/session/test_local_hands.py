"""The person at this PC comes first; and a thousand races for the wheel (SPEC G2-G4, N4)."""

import random

import pytest

from relevo_agent.session.actions import (
    Action,
    Notice,
    QuestionKind,
    ReleaseHeld,
    Tell,
    WatchLocalInput,
)
from relevo_protocol.errors import ErrorCode
from relevo_protocol.messages.input import KeyPress
from relevo_protocol.messages.session import ModeRequest
from relevo_protocol.messages.team import (
    ControlRelease,
    ControlRequest,
    TokenCause,
    TokenState,
)
from relevo_protocol.modes import Capability, Mode
from relevo_protocol.rights import Factor, Policy
from tests.agent.fakes import Viewer
from tests.agent.session.company import heard
from tests.agent.session.wheel import colleague, holder, performed, refusals
from tests.agent.session.world import World, new_world

# --- the person at this PC ---


def local(world: World) -> list[Action]:
    before = len(world.actions)
    world.carry(world.session.local_input(world.now_ms))
    return world.actions[before:]


def test_G3_shared_the_customer_comes_first_and_quiet_gives_it_back(world: World) -> None:
    lead = world.live(mode="shared")
    world.give(lead.say(KeyPress(code="KeyA", key="a", down=True)))
    actions = local(world)
    assert holder(world) == 0
    assert any(isinstance(a, ReleaseHeld) for a in actions)
    assert not performed(world, lead)
    assert refusals(lead)[-1] == (ErrorCode.NOT_PERMITTED, Factor.TOKEN)
    world.now_ms += 1000
    local(world)
    world.now_ms += 1499
    assert not performed(world, lead)
    world.now_ms += 1
    assert performed(world, lead), "no tick is needed for it to be back"


def test_G3_shared_on_request_but_not_out_of_the_hand(world: World) -> None:
    lead = world.live(mode="shared")
    local(world)
    world.give(lead.say(ControlRequest()))
    assert holder(world) == 0
    assert refusals(lead)[-1] == (ErrorCode.NOT_PERMITTED, Factor.TOKEN)
    world.now_ms += 400
    world.give(lead.say(ControlRequest()))
    assert holder(world) == 1


@pytest.mark.parametrize("mode", ["full", "administrator"])
def test_G3_full_control_pauses_for_a_second_and_both_are_told(mode: str) -> None:
    world = new_world(service=True)
    world.admins.add("Ana")
    lead = world.live(mode="full")
    if mode == "administrator":
        world.prove(lead)
        world.give(lead.say(ModeRequest(mode=Mode.ADMINISTRATOR)))
        world.answer(True)
    actions = local(world)
    assert [a.notice for a in actions if isinstance(a, Tell)] == [Notice.PAUSED_BY_YOU]
    state = lead.last(TokenState)
    assert state == TokenState(holder=0, cause=TokenCause.LOCAL_INPUT, returns_ms=1000, next_slot=1)
    world.give(lead.say(ControlRequest()))
    assert not performed(world, lead), "the second is the customer's"
    world.now_ms += 1000
    assert performed(world, lead)
    assert any(isinstance(a, Tell) and a.notice is Notice.CONTROL_BACK for a in world.actions)


def test_G3_a_hand_that_goes_on_moving_is_not_told_twenty_times_a_second(world: World) -> None:
    lead = world.live(mode="shared")
    told = len(heard(lead, TokenState))
    for _ in range(100):
        world.now_ms += 50
        local(world)
    assert len(heard(lead, TokenState)) - told <= 11
    state = lead.last(TokenState)
    assert isinstance(state, TokenState)
    assert state.holder == 0


def test_G3_in_observer_local_input_means_nothing(world: World) -> None:
    world.live(mode="observer")
    assert local(world) == []


def test_G2_the_customer_takes_it_and_gives_it_back(world: World) -> None:
    lead = world.live()
    second = colleague(world, lead)
    world.give(second.say(ControlRequest()))
    world.carry(world.session.take_control(world.now_ms))
    assert holder(world) == 0
    assert not performed(world, second)
    world.carry(world.session.give_control(world.now_ms))
    assert holder(world) == 2
    world.carry(world.session.take_control(world.now_ms))
    world.give(lead.say(ControlRequest()))
    assert holder(world) == 1, "the others may ask for it again"


def test_G2_step_down_takes_it_from_everybody(world: World) -> None:
    lead = world.live()
    world.carry(world.session.step_down(world.now_ms))
    assert holder(world) is None
    assert [a.on for a in world.actions if isinstance(a, WatchLocalInput)] == [True, False]
    assert refusals(lead) == []


def test_N4_a_floor_that_asks_is_asked_before_anybody_drives() -> None:
    world = new_world(floor={Capability.INPUT_POINTER: Policy.ASK})
    lead = world.live()
    assert holder(world) == 0
    world.give(lead.say(ControlRequest()))
    question = world.answer(True)
    assert (question.kind, question.capability) == (QuestionKind.CAPABILITY, Capability.INPUT_POINTER)
    assert holder(world) == 1


# --- a thousand races ---


@pytest.mark.parametrize("seed", range(4))
def test_G4_a_thousand_races_have_one_holder_each_and_only_the_holder_types(seed: int) -> None:
    world = new_world()
    dice = random.Random(seed)
    lead = world.live(mode="shared")
    members = [lead, *(colleague(world, lead, slot, f"P{slot}") for slot in (2, 3, 4))]
    for round_number in range(250):
        world.now_ms += dice.choice([1, 60, 500, 1600])
        racers = dice.sample(members, dice.randint(2, 4))
        for viewer in racers:
            world.give(viewer.say(ControlRequest() if dice.random() < 0.7 else ControlRelease()))
            if dice.random() < 0.2:
                local(world)
        if round_number % 25 == 24:
            viewer = dice.choice(members[1:])
            world.cut(viewer)
            assert holder(world) != viewer.slot
            world.back(viewer)
        _one_types(world, members)


def _one_types(world: World, members: list[Viewer]) -> None:
    """Everybody types: it is carried out for the holder, whom everybody knows, and for nobody else."""
    expected = holder(world)
    typed = [viewer.slot for viewer in members if performed(world, viewer)]
    assert typed == ([] if expected == 0 else [expected])
    assert {heard(viewer, TokenState)[-1].holder for viewer in members} == {expected}
