"""The control token among people: taken, given, lent, lost; and what everybody hears (SPEC G2-G4, G6, G7)."""

import pytest

from relevo_agent.session.actions import (
    Notice,
    Perform,
    QuestionKind,
    ReleaseHeld,
    Tell,
    Token,
    WatchLocalInput,
)
from relevo_agent.session.driving import GIVEN_TO_DRIVE
from relevo_protocol.errors import ErrorCode
from relevo_protocol.messages.input import KeyPress, ReleaseAll
from relevo_protocol.messages.relay import RecordedAct, RecordNotice
from relevo_protocol.messages.session import Goodbye, ModeRequest, ModeState
from relevo_protocol.messages.team import (
    ControlGive,
    ControlRelease,
    ControlRequest,
    GrantChange,
    GrantsState,
    MicroHandover,
    TokenCause,
    TokenState,
)
from relevo_protocol.modes import Capability, Mode, Permit
from relevo_protocol.rights import Factor
from tests.agent.fakes import Viewer
from tests.agent.session.company import guest, heard
from tests.agent.session.samples import INPUT
from tests.agent.session.wheel import colleague, holder, performed, refusals, supervisor
from tests.agent.session.world import World, new_world

# --- who drives when a mode begins ---


@pytest.mark.parametrize(
    ("mode", "expected"),
    [(Mode.OBSERVER, None), (Mode.SHARED, 1), (Mode.FULL, 1), (Mode.ADMINISTRATOR, 1), (Mode.DEMO, None)],
)
def test_G2_when_a_mode_begins_the_lead_drives_or_nobody(mode: Mode, expected: int | None) -> None:
    world = new_world(service=True)
    world.admins.add("Ana")
    lead = world.live(mode="observer")
    world.session._control.modes.enter(mode)
    world.wait(0)
    assert holder(world) == expected
    state = lead.last(TokenState)
    assert isinstance(state, TokenState)
    assert state.holder == expected
    assert state.cause is TokenCause.MODE
    assert [a.on for a in world.actions if isinstance(a, WatchLocalInput)] == ([True] if expected else [])


def test_G2_whoever_comes_later_is_told_who_drives(world: World) -> None:
    world.live()
    second = world.live(2, "Eva")
    assert second.last(TokenState) == TokenState(holder=1, cause=TokenCause.MODE)


def test_G2_without_the_token_input_is_refused_and_that_is_why(world: World) -> None:
    lead = world.live()
    second = colleague(world, lead)
    assert performed(world, lead)
    assert not performed(world, second)
    assert refusals(second)[-1] == (ErrorCode.NOT_PERMITTED, Factor.TOKEN)


# --- taken, given, released ---


def test_G4_whoever_may_takes_it_and_the_other_holds_nothing_down(world: World) -> None:
    lead = world.live()
    second = colleague(world, lead)
    world.actions.clear()
    world.give(second.say(ControlRequest()))
    assert holder(world) == 2
    assert world.count(ReleaseHeld) == 1
    assert [m.holder for m in heard(lead, TokenState)][-1] == 2
    assert performed(world, second)
    assert not performed(world, lead)
    world.give(second.say(ControlRelease()))
    assert holder(world) == 1
    world.give(lead.say(ControlRelease()))
    assert holder(world) == 0


def test_G4_without_the_right_to_point_nobody_takes_it(world: World) -> None:
    world.live()
    second = world.live(2, "Eva")
    world.give(second.say(ControlRequest()))
    assert holder(world) == 1
    assert refusals(second)[-1] == (ErrorCode.NOT_PERMITTED, Factor.GRANT)


def test_G4_what_is_not_held_is_not_released(world: World) -> None:
    lead = world.live()
    second = colleague(world, lead)
    world.give(second.say(ControlRelease()))
    before = world.count(Perform)
    world.give(second.say(ReleaseAll()))
    assert holder(world) == 1
    assert world.count(Perform) == before


def test_G4_who_loses_the_right_loses_the_token(world: World) -> None:
    lead = world.live()
    second = colleague(world, lead)
    world.give(second.say(ControlRequest()))
    world.actions.clear()
    world.give(lead.say(GrantChange(slot=2, capability=Capability.INPUT_POINTER, granted=False)))
    assert holder(world) == 1
    assert world.count(ReleaseHeld) == 1


@pytest.mark.parametrize("how", ["cut", "leave"])
def test_G4_when_who_drives_is_gone_the_lead_drives(world: World, how: str) -> None:
    lead = world.live()
    second = colleague(world, lead)
    world.give(second.say(ControlRequest()))
    world.give(second.say(KeyPress(code="KeyA", key="a", down=True)))
    world.actions.clear()
    if how == "cut":
        world.cut(second)
    else:
        world.give(second.say(Goodbye()))
    assert holder(world) == 1
    assert world.count(ReleaseHeld) == 1


def test_G4_a_lead_that_was_cut_drives_again_when_back(world: World) -> None:
    lead = world.live()
    world.cut(lead)
    assert holder(world) == 0
    world.back(lead)
    assert holder(world) == 1
    assert performed(world, lead)


def test_G6_the_lead_gives_it_with_the_rights_that_it_takes(world: World) -> None:
    lead = world.live()
    second = world.live(2, "Eva")
    world.give(lead.say(ControlGive(slot=2)))
    assert holder(world) == 2
    assert performed(world, second)
    world.give(second.say(ControlGive(slot=1)))
    assert holder(world) == 2, "only the lead gives"


def test_G6_given_to_nobody_here_it_stays(world: World) -> None:
    lead = world.live()
    world.give(lead.say(ControlGive(slot=4)))
    assert holder(world) == 1


# --- somebody from outside ---


@pytest.mark.parametrize("granted", [True, False])
def test_G6_for_an_external_the_customer_is_asked_first(world: World, granted: bool) -> None:
    lead = world.live()
    external = guest(world, lead)
    world.give(lead.say(ControlGive(slot=2)))
    assert holder(world) == 1
    question = world.answer(granted)
    assert (question.kind, question.capability) == (QuestionKind.CONTROL, Capability.INPUT_POINTER)
    assert holder(world) == (2 if granted else 1)
    assert performed(world, external) is granted
    if not granted:
        asked = len(world.actions)
        world.give(lead.say(ControlGive(slot=2)))
        assert not any(getattr(a, "question", None) for a in world.actions[asked:]), "No means no for a while"


def granted_to(viewer: Viewer, slot: int) -> frozenset[Capability]:
    """What this viewer was told last about what somebody was granted."""
    grants = heard(viewer, GrantsState)[-1].grants
    return frozenset(next(one.granted for one in grants if one.slot == slot))


@pytest.mark.parametrize("back", ["the lead", "the customer", "the guest"])
def test_G6_what_a_guest_was_granted_with_the_control_goes_with_it(world: World, back: str) -> None:
    lead = world.live()
    external = guest(world, lead)
    world.give(lead.say(ControlGive(slot=2)))
    world.answer(True)
    world.carry(world.session.local_input(world.now_ms))
    world.wait(5000)
    assert holder(world) == 2, "a moment of the customer's own hands takes nothing back"
    assert performed(world, external)
    match back:
        case "the lead":
            world.give(lead.say(ControlRequest()))
        case "the customer":
            world.carry(world.session.take_control(world.now_ms))
        case _:
            world.give(external.say(ControlRelease()))
    assert not GIVEN_TO_DRIVE & granted_to(lead, 2)
    driver = holder(world)
    world.give(external.say(ControlRequest()))
    assert holder(world) == driver != 2
    assert refusals(external)[-1] == (ErrorCode.NOT_PERMITTED, Factor.GRANT)
    world.give(lead.say(ControlGive(slot=2)))
    assert holder(world) == 2, "the customer has agreed already"


def test_G6_what_a_guest_was_granted_in_two_steps_goes_with_the_control_as_well(world: World) -> None:
    lead = world.live()
    guest(world, lead)
    world.give(lead.say(ControlGive(slot=2)))
    world.answer(True)
    world.give(lead.say(GrantChange(slot=2, capability=Capability.INPUT_TEXT, granted=False)))
    world.give(lead.say(ControlGive(slot=2)))
    assert granted_to(lead, 2) >= GIVEN_TO_DRIVE
    world.give(lead.say(ControlRequest()))
    assert not GIVEN_TO_DRIVE & granted_to(lead, 2)


def test_G6_what_the_lead_has_granted_a_guest_apart_stays(world: World) -> None:
    lead = world.live()
    external = guest(world, lead)
    world.give(lead.say(ControlGive(slot=2)))
    world.answer(True)
    world.give(lead.say(GrantChange(slot=2, capability=Capability.INPUT_POINTER, granted=True)))
    world.give(lead.say(ControlRequest()))
    assert GIVEN_TO_DRIVE & granted_to(lead, 2) == {Capability.INPUT_POINTER}
    world.give(external.say(ControlRequest()))
    assert holder(world) == 2


def test_G6_N3_what_was_agreed_for_an_external_falls_with_the_mode(world: World) -> None:
    lead = world.live()
    external = guest(world, lead)
    world.give(lead.say(ControlGive(slot=2)))
    world.answer(True)
    world.carry(world.session.step_down(world.now_ms))
    world.give(lead.say(ModeRequest(mode=Mode.FULL)))
    world.now_ms += 10_001
    for viewer in (lead, external):
        world.give(viewer.say(INPUT[ReleaseAll]))
    world.give(lead.say(ModeRequest(mode=Mode.FULL)))
    world.answer(True)
    world.give(lead.say(ControlGive(slot=2)))
    assert holder(world) == 1
    assert world.answer(True).kind is QuestionKind.CONTROL
    assert holder(world) == 2


def test_G6_an_external_does_not_take_it_without_grant_and_consent(world: World) -> None:
    lead = world.live()
    external = guest(world, lead)
    world.give(external.say(ControlRequest()))
    assert holder(world) == 1
    assert refusals(external)[-1] == (ErrorCode.NOT_PERMITTED, Factor.GRANT)


# --- micro-handover ---


def test_G7_a_supervisor_shows_it_for_a_minute(world: World) -> None:
    lead = world.live()
    sol = supervisor(world)
    world.give(sol.say(ControlRequest()))
    assert holder(world) == 1, "a supervisor does not simply take it"
    world.give(sol.say(MicroHandover()))
    token = world.session.snapshot.token
    assert token == Token(3, 1, world.now_ms + 60_000)
    assert heard(sol, ModeState)[-1].rights[Capability.INPUT_TEXT].permit is Permit.ALLOW
    assert performed(world, sol)
    assert not performed(world, lead)
    assert any(isinstance(m, RecordNotice) and m.act is RecordedAct.MICRO_HANDOVER for m in world.said)
    assert any(isinstance(a, Tell) and a.notice is Notice.MICRO_HANDOVER for a in world.actions)
    for _ in range(30):
        world.now_ms += 2000
        for viewer in (lead, sol):
            world.give(viewer.say(INPUT[ReleaseAll]))
    world.wait(0)
    assert holder(world) == 1
    assert heard(sol, ModeState)[-1].rights[Capability.INPUT_TEXT].removed_by is Factor.GRANT
    assert not performed(world, sol)


def test_G7_when_the_owner_has_gone_it_returns_to_the_lead(world: World) -> None:
    lead = world.live()
    second = colleague(world, lead)
    world.give(second.say(ControlRequest()))
    sol = supervisor(world)
    world.give(sol.say(MicroHandover()))
    world.give(second.say(Goodbye()))
    assert (holder(world), world.session.snapshot.token.next_slot) == (3, 1)
