"""What silence is worth at the door, and what is kept for whom after a No (SPEC G10, G11, R9, V7)."""

import pytest

from relevo_agent.session.actions import Ask, Notice, QuestionKind, Tell
from relevo_protocol.crypto.schedule import Credential
from relevo_protocol.errors import ErrorCode
from relevo_protocol.messages.administration import HoldRequest
from relevo_protocol.messages.relay import JoinAnswered, RecordedAct, RecordNotice
from relevo_protocol.messages.session import ConsentResult, Epoch, Goodbye
from relevo_protocol.messages.team import ControlGive, HandOver, RemoveMember
from relevo_protocol.modes import Capability, Mode, Role, Standing
from relevo_protocol.rights import Policy
from tests.agent.session.company import (
    ask_in,
    beat,
    come,
    guest,
    heard,
    invite,
    question,
    roles,
    say,
    told,
    with_invite,
)
from tests.agent.session.wheel import holder
from tests.agent.session.world import AVAILABLE, World, new_world


@pytest.fixture
def pc() -> World:
    here = AVAILABLE | {Capability.ELEVATE, Capability.SESSION_HOLD}
    world = new_world(service=True, unavailable=frozenset(Capability) - here)
    world.admins = {"Ana"}
    return world


def _credential(world: World, name: str, standing: Standing = Standing.TECHNICIAN) -> Credential:
    credential = ask_in(world, name, standing)
    assert isinstance(credential, Credential)
    return credential


@pytest.mark.parametrize("how", ["left", "cut"])
def test_G11_silence_lets_nobody_in_once_the_lead_is_not_there(world: World, how: str) -> None:
    lead = world.live()
    sara = come(world, 3, "Sara", _credential(world, "Sara", Standing.SUPERVISOR))
    assert question(world).kind is QuestionKind.VETO
    if how == "left":
        say(world, lead, Goodbye())
    else:
        world.cut(lead)
    beat(world, 8001, [sara])
    assert "Sara" not in roles(world)
    assert heard(sara, Epoch) == []
    assert heard(sara, ConsentResult)[-1].code is ErrorCode.CONSENT_TIMEOUT


def test_G11_a_yes_is_a_yes_although_the_lead_has_gone_meanwhile(world: World) -> None:
    lead = world.live()
    come(world, 3, "Sara", _credential(world, "Sara", Standing.SUPERVISOR))
    world.cut(lead)
    world.answer(True)
    assert roles(world)["Sara"] is Role.SUPERVISOR


def test_G11_V7_into_a_held_session_with_nobody_there_nobody_slips_by_silence(pc: World) -> None:
    lead = pc.live()
    pc.session._control.modes.enter(Mode.ADMINISTRATOR)
    say(pc, lead, HoldRequest(hours=8))
    pc.cut(lead)
    pc.viewers.remove(lead)
    pc.wait(3_600_000)
    come(pc, 3, "Sara", _credential(pc, "Sara", Standing.SUPERVISOR))
    assert question(pc).kind is QuestionKind.ENTRY


def test_G11_whoever_was_sent_away_is_asked_about_in_full(world: World) -> None:
    lead = world.live()
    second = invite(world, lead, Role.COLLABORATOR)
    come(world, 2, "Eva", with_invite(invite(world, lead, Role.COLLABORATOR)))
    world.answer(True)
    say(world, lead, RemoveMember(slot=2))
    come(world, 2, "Eva", with_invite(second))
    assert question(world).kind is QuestionKind.ENTRY


def test_G11_whoever_was_refused_at_the_door_is_asked_about_in_full(world: World) -> None:
    lead = world.live()
    second = invite(world, lead, Role.COLLABORATOR)
    come(world, 2, "Eva", with_invite(invite(world, lead, Role.COLLABORATOR)))
    world.answer(False)
    come(world, 2, "Eva", with_invite(second))
    assert question(world).kind is QuestionKind.ENTRY


def test_N4_where_the_floor_wants_to_be_asked_about_sight_silence_is_no_yes() -> None:
    world = new_world(floor={Capability.SCREEN_VIEW: Policy.ASK})
    world.live()
    come(world, 3, "Sara", _credential(world, "Sara", Standing.SUPERVISOR))
    assert question(world).kind is QuestionKind.ENTRY


def test_G11_a_guest_whom_the_relay_calls_the_lead_of_a_hold_is_a_guest(pc: World) -> None:
    lead = pc.live()
    pc.session._control.modes.enter(Mode.ADMINISTRATOR)
    say(pc, lead, HoldRequest(hours=8))
    credential = _credential(pc, "Ana")
    say(pc, lead, Goodbye())
    pc.standings["Ana"] = Standing.GUEST
    come(pc, 2, "Ana", credential)
    assert question(pc).kind is QuestionKind.ENTRY
    assert question(pc).role is Role.EXTERNAL


def test_G1_who_is_no_supervisor_any_more_comes_as_a_collaborator(world: World) -> None:
    world.live()
    credential = _credential(world, "Sara", Standing.SUPERVISOR)
    world.standings["Sara"] = Standing.TECHNICIAN
    come(world, 3, "Sara", credential)
    assert question(world).role is Role.COLLABORATOR


def test_G10_V7_a_no_at_the_door_ends_what_was_held_for_them(pc: World) -> None:
    lead = pc.live()
    eva = pc.live(2, "Eva")
    pc.session._control.modes.enter(Mode.ADMINISTRATOR)
    say(pc, lead, HoldRequest(hours=8))
    say(pc, lead, Goodbye())
    assert roles(pc) == {"Eva": Role.LEAD}
    come(pc, 1, "Ana", _credential(pc, "Ana"))
    assert question(pc).kind is QuestionKind.VETO
    pc.answer(False)
    say(pc, eva, Goodbye())
    assert pc.session.snapshot.hold_ends_at_ms is None
    pc.wait(600_001)
    assert isinstance(ask_in(pc, "Ana"), JoinAnswered)


def test_V7_who_comes_back_without_a_question_is_announced(pc: World) -> None:
    lead = pc.live()
    pc.session._control.modes.enter(Mode.ADMINISTRATOR)
    say(pc, lead, HoldRequest(hours=8))
    say(pc, lead, Goodbye())
    pc.actions.clear()
    come(pc, 2, "Ana", _credential(pc, "Ana"))
    assert pc.count(Ask) == 0
    assert told(pc, Tell) == [Tell(Notice.JOINED, "Ana")]


def test_G8_G6_what_the_lead_of_before_wanted_for_a_guest_is_not_carried_out(world: World) -> None:
    lead = world.live()
    gema = guest(world, lead, 2, "Gema")
    eva = world.live(3, "Eva")
    say(world, lead, ControlGive(slot=2))
    assert question(world).kind is QuestionKind.CONTROL
    say(world, lead, HandOver(slot=3))
    world.answer(True)
    beat(world, 1000, [lead, gema, eva])
    assert holder(world) == 3
    assert Capability.INPUT_POINTER not in world.session._desk.seats[2].granted
    over = heard(gema, ConsentResult)[-1]
    assert (over.granted, over.capability) == (False, Capability.INPUT_POINTER), "nobody waits for an answer"


def test_V9_control_that_is_given_is_on_record_as_the_leads_act(world: World) -> None:
    lead = world.live()
    world.live(2, "Eva")
    say(world, lead, ControlGive(slot=2))
    notes = [m for m in world.said if isinstance(m, RecordNotice) and m.act is RecordedAct.GRANT_CHANGED]
    assert [(m.slot, m.detail) for m in notes] == [(1, "2 +control")]


def test_V7_what_the_customer_lowers_while_somebody_else_leads_stays_low_for_who_held(pc: World) -> None:
    lead = pc.live()
    eva = pc.live(2, "Eva")
    pc.session._control.modes.enter(Mode.ADMINISTRATOR)
    say(pc, lead, HoldRequest(hours=8))
    say(pc, lead, Goodbye())
    assert pc.mode() is Mode.OBSERVER
    pc.carry(pc.session.step_down(pc.now_ms))
    say(pc, eva, Goodbye())
    come(pc, 1, "Ana", _credential(pc, "Ana"))
    assert roles(pc) == {"Ana": Role.LEAD}
    assert pc.mode() is Mode.OBSERVER
