"""While the service has the session's state, the customer's word still counts (SPEC V1, V5, V6, N4, G10)."""

from collections.abc import Callable
from typing import Any

import pytest

from relevo_agent.session.actions import Action, CallRestartOff, Notice, Tell
from relevo_agent.session.core import Session
from relevo_protocol.errors import ErrorCode
from relevo_protocol.messages.administration import ActDone, RestartRequest
from relevo_protocol.messages.relay import AgentHello
from relevo_protocol.messages.session import Goodbye, InputRefused, ModeRequest
from relevo_protocol.messages.team import GrantChange, TakeOver
from relevo_protocol.modes import Capability, Mode, Role
from relevo_protocol.rights import Policy
from tests.agent.fakes import Viewer
from tests.agent.session.company import beat, heard, relay_told, roles, say, supervisor, told
from tests.agent.session.restarts import Wall, before, down, up
from tests.agent.session.world import World, new_world

Word = Callable[[Session, float], list[Action]]
WORDS: dict[str, Word] = {
    "cancel": lambda session, now_ms: session.cancel_restart(now_ms),
    "revoke": lambda session, now_ms: session.revoke_grant(now_ms),
    "step down": lambda session, now_ms: session.step_down(now_ms),
    "dismiss": lambda session, now_ms: session.dismiss(2, now_ms),
}


def counted_down() -> tuple[World, Viewer]:
    world = new_world(service=True, unavailable=frozenset[Capability]())
    world.admins = {"Ana"}
    lead = world.live()
    world.prove(lead)
    say(world, lead, ModeRequest(mode=Mode.ADMINISTRATOR))
    world.answer(True)
    second = world.live(2, "Eva")
    say(world, lead, RestartRequest())
    beat(world, 30_000, [lead, second])
    assert world.session._control.power.frozen
    return world, lead


@pytest.mark.parametrize("word", WORDS.values(), ids=WORDS)
def test_V1_V5_what_the_customer_says_before_the_service_has_it_all(word: Word) -> None:
    world, lead = counted_down()
    world.carry(word(world.session, world.now_ms))
    assert world.count(CallRestartOff) == 0, "there may be nothing to call off yet"
    world.carry(world.session.restart_prepared(True, "", world.now_ms))
    assert world.count(CallRestartOff) == 1
    assert Tell(Notice.RESTART_OFF) in world.actions
    assert not heard(lead, ActDone)[-1].done
    assert not world.session._control.power.frozen


@pytest.mark.parametrize("word", WORDS.values(), ids=WORDS)
def test_V1_V5_what_the_customer_says_while_the_pc_goes_down(word: Word) -> None:
    world, lead = counted_down()
    world.carry(world.session.restart_prepared(True, "", world.now_ms))
    world.carry(world.session.link_lost(world.now_ms))
    world.carry(word(world.session, world.now_ms))
    assert world.count(CallRestartOff) == 1
    world.connect(resumed=True)
    assert len(relay_told(world, AgentHello)) == 2
    world.back(lead)
    assert "Ana" in roles(world)


def test_V5_a_service_that_answers_too_late_is_told_to_stop() -> None:
    world, lead = counted_down()
    beat(world, 20_001, [lead])
    world.carry(world.session.restart_prepared(True, "", world.now_ms))
    assert world.count(CallRestartOff) == 1


def test_V5_V6_a_pc_that_does_not_go_down_keeps_nothing_of_the_session_that_goes_on() -> None:
    world, _ = counted_down()
    world.carry(world.session.restart_prepared(True, "", world.now_ms))
    world.carry(world.session.link_lost(world.now_ms))
    world.wait(119_999)
    assert world.count(CallRestartOff) == 0
    world.wait(2)
    assert world.count(CallRestartOff) == 1
    assert not world.session._control.power.frozen


def test_V5_a_session_that_is_over_restarts_nothing() -> None:
    world, _ = counted_down()
    world.carry(world.session.stop(world.now_ms))
    world.carry(world.session.restart_prepared(True, "", world.now_ms))
    assert world.count(CallRestartOff) == 1


def test_V5_a_no_of_the_service_is_no_reason_to_call_anything_off() -> None:
    world, lead = counted_down()
    beat(world, 20_001, [lead])
    world.carry(world.session.restart_prepared(False, "no disk", world.now_ms))
    assert world.count(CallRestartOff) == 0


def test_V6_what_the_service_has_stays_true_nobody_changes_roles_meanwhile() -> None:
    world = new_world(service=True, unavailable=frozenset[Capability]())
    world.admins = {"Ana"}
    lead = world.live()
    world.prove(lead)
    say(world, lead, ModeRequest(mode=Mode.ADMINISTRATOR))
    world.answer(True)
    sara = supervisor(world)
    say(world, lead, RestartRequest())
    beat(world, 30_000, [lead, sara])
    say(world, sara, TakeOver(reason="ahora yo"))
    say(world, lead, GrantChange(slot=3, capability=Capability.INPUT_POINTER, granted=True))
    say(world, lead, ModeRequest(mode=Mode.OBSERVER))
    assert roles(world) == {"Ana": Role.LEAD, "Sara": Role.SUPERVISOR}
    assert world.session._desk.seats[3].granted == frozenset()
    assert world.mode() is Mode.ADMINISTRATOR
    assert [m.code for m in heard(lead, InputRefused)] == [ErrorCode.SHUTTING_DOWN]
    say(world, sara, Goodbye())
    assert roles(world) == {"Ana": Role.LEAD}
    world.carry(world.session.restart_prepared(False, "no", world.now_ms))
    say(world, lead, ModeRequest(mode=Mode.OBSERVER))
    assert world.mode() is Mode.OBSERVER


@pytest.mark.parametrize(
    ("changed", "mode"),
    [
        ({"floor": {Capability.ELEVATE: Policy.DENY}}, Mode.FULL),
        ({"policy": {Capability.ELEVATE: Policy.DENY}}, Mode.FULL),
        ({"service": False}, Mode.FULL),
        ({"floor": {Capability.ELEVATE: Policy.DENY, Capability.INPUT_POINTER: Policy.DENY}}, Mode.OBSERVER),
        ({}, Mode.ADMINISTRATOR),
    ],
)
def test_N4_V6_a_floor_that_was_changed_before_the_restart_beats_what_was_granted(
    changed: dict[str, Any], mode: Mode
) -> None:
    wall = Wall()
    world, lead, _ = before(wall)
    again = up(world, down(world, wall), **changed)
    again.connect(resumed=True)
    again.back(lead)
    assert again.mode() is mode
    assert roles(again)["Ana"] is Role.LEAD
    assert told(again, CallRestartOff) == []
