"""The five modes: up by consent, down at once, and not where something bars them (SPEC R3, P8, V1)."""

from typing import Any

import msgspec
import pytest

from relevo_agent.session.actions import (
    Ask,
    CloseFeatures,
    Notice,
    OpenLink,
    QuestionKind,
    ReleaseHeld,
    StopCapture,
    Tell,
)
from relevo_protocol.errors import ErrorCode
from relevo_protocol.messages.relay import ModeNotice
from relevo_protocol.messages.screen import CaptureCondition, CaptureState
from relevo_protocol.messages.session import (
    ConsentPending,
    ConsentResult,
    DemoJoin,
    Goodbye,
    InputRefused,
    ModeRequest,
    ModeState,
)
from relevo_protocol.messages.team import HandOver, LeadChanged
from relevo_protocol.modes import LADDER, Capability, Mode, Permit, Role, Standing, is_step_up
from relevo_protocol.rights import Circumstances, Factor, Policy, effective_right
from tests.agent.fakes import Viewer
from tests.agent.session.company import ask_in, come, guest, heard
from tests.agent.session.world import World, new_world

DEMO = DemoJoin(invite=bytes(16), secret=bytes(range(32)))


def wish(mode: Mode) -> ModeRequest:
    return ModeRequest(mode=mode, demo=DEMO if mode is Mode.DEMO else None)


def able(**changed: Any) -> World:
    """A PC with the service, and Ana with administrator tools."""
    world = new_world(unavailable=frozenset(), service=True, **changed)
    world.admins.add("Ana")
    return world


def lead_in(world: World, mode: Mode) -> Viewer:
    viewer = world.live(mode="observer")
    if mode is not Mode.OBSERVER:
        if mode is Mode.ADMINISTRATOR:
            world.prove(viewer)
        world.give(viewer.say(wish(mode)))
        world.answer(True)
    assert world.mode() is mode
    return viewer


PAIRS = [(one, other) for one in Mode for other in Mode if one is not other]


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_R3_P8_up_asks_the_customer_and_down_asks_nobody(before: Mode, after: Mode) -> None:
    world = able()
    viewer = lead_in(world, before)
    world.wait(0)
    if after is Mode.ADMINISTRATOR:
        world.prove(viewer)
    world.actions.clear()
    world.give(viewer.say(wish(after)))
    if is_step_up(before, after):
        assert world.mode() is before
        assert isinstance(viewer.heard[-1], ConsentPending)
        assert world.answer(True).kind is QuestionKind.MODE
    else:
        assert world.count(Ask) == 0
    assert world.mode() is after
    assert world.count(ReleaseHeld) >= 1
    assert heard(viewer, ModeState)[-1].mode is after
    assert [m.mode for m in world.said if isinstance(m, ModeNotice)][-1] is after


@pytest.mark.parametrize("mode", [m for m in Mode if m is not Mode.OBSERVER])
@pytest.mark.parametrize("answer", [False, None])
def test_R3_P8_no_and_silence_leave_the_mode_as_it_is(mode: Mode, answer: bool | None) -> None:
    world = able()
    viewer = lead_in(world, Mode.OBSERVER)
    if mode is Mode.ADMINISTRATOR:
        world.prove(viewer)
    world.give(viewer.say(wish(mode)))
    if answer is None:
        world.now_ms += 60_001
        world.carry(world.session.tick(world.now_ms))
    else:
        world.answer(answer)
    assert world.mode() is Mode.OBSERVER
    result = heard(viewer, ConsentResult)[-1]
    expected = ErrorCode.CONSENT_TIMEOUT if answer is None else ErrorCode.CONSENT_DENIED
    assert (result.granted, result.mode, result.code) == (False, mode, expected)
    assert world.count(OpenLink) == 0


@pytest.mark.parametrize("mode", list(Mode))
def test_R5_everybody_is_told_their_own_rights_and_why_not(mode: Mode) -> None:
    world = able()
    lead = lead_in(world, mode)
    eva = world.live(2, "Eva")
    for viewer, role, tools in ((lead, Role.LEAD, True), (eva, Role.COLLABORATOR, False)):
        state = heard(viewer, ModeState)[-1]
        assert state.mode is mode
        for capability in Capability:
            given = Circumstances(mode, role, admin_tools=tools)
            right = effective_right(capability, given)
            view = state.rights[capability]
            assert (view.permit, view.removed_by) == (right.permit, right.removed_by), capability


# --- what bars a mode ---


def barred(world: World, mode: Mode, name: str = "Ana") -> Factor | None:
    viewer = world.live(name=name, mode="observer")
    asked = world.count(Ask)
    world.give(viewer.say(wish(mode)))
    assert world.count(Ask) == asked
    assert world.mode() is Mode.OBSERVER
    refused = viewer.last(InputRefused)
    assert isinstance(refused, InputRefused)
    result = viewer.last(ConsentResult)
    assert isinstance(result, ConsentResult)
    assert (result.granted, result.code) == (False, ErrorCode.NOT_PERMITTED)
    return refused.removed_by


def test_V1_V8_administrator_needs_the_service() -> None:
    world = new_world()
    world.admins.add("Ana")
    assert barred(world, Mode.ADMINISTRATOR) is Factor.PLATFORM


def test_V1_administrator_needs_a_lead_with_the_tools() -> None:
    assert barred(new_world(service=True), Mode.ADMINISTRATOR) is Factor.ROLE


@pytest.mark.parametrize("mode", [Mode.SHARED, Mode.FULL])
def test_V8_a_pc_without_input_has_no_such_mode(mode: Mode) -> None:
    assert barred(new_world(modes=(Mode.OBSERVER,)), mode) is Factor.PLATFORM


@pytest.mark.parametrize(
    ("mode", "core"),
    [
        (Mode.SHARED, Capability.INPUT_POINTER),
        (Mode.FULL, Capability.INPUT_POINTER),
        (Mode.ADMINISTRATOR, Capability.ELEVATE),
        (Mode.DEMO, Capability.SCREEN_PRESENT),
    ],
)
def test_N4_a_floor_that_denies_the_core_of_a_mode_denies_the_mode(mode: Mode, core: Capability) -> None:
    assert barred(able(floor={core: Policy.DENY}), mode) is Factor.FLOOR


def test_G13_demo_without_a_presentation_is_none() -> None:
    world = able()
    viewer = lead_in(world, Mode.OBSERVER)
    world.give(viewer.say(ModeRequest(mode=Mode.DEMO)))
    assert viewer.last(ConsentPending) == heard(viewer, ConsentPending)[0], "nobody is asked"


@pytest.mark.parametrize(
    ("asked", "comes"),
    [
        ("observer", Mode.OBSERVER),
        ("shared", Mode.SHARED),
        ("full", Mode.FULL),
        ("administrator", Mode.FULL),
        ("demo", Mode.OBSERVER),
    ],
)
def test_V1_administrator_and_demo_come_only_from_a_live_session(asked: str, comes: Mode) -> None:
    world = able()
    world.live(mode=asked)
    assert world.mode() is comes


def test_N4_the_first_technician_comes_in_as_far_as_the_floor_lets_them() -> None:
    world = able(floor={Capability.INPUT_POINTER: Policy.DENY})
    world.live(mode="full")
    assert world.mode() is Mode.OBSERVER


# --- who may ---


@pytest.mark.parametrize("mode", [m for m in LADDER if m is not Mode.SHARED])
def test_G5_a_supervisor_lowers_the_mode_and_does_not_raise_it(mode: Mode) -> None:
    world = able()
    lead_in(world, Mode.SHARED)
    sol = come(world, 3, "Sol", ask_in(world, "Sol", Standing.SUPERVISOR))  # type: ignore[arg-type]
    world.answer(True)
    asked = world.count(Ask)
    world.give(sol.say(wish(mode)))
    assert world.count(Ask) == asked
    assert world.mode() is (Mode.OBSERVER if mode is Mode.OBSERVER else Mode.SHARED)


@pytest.mark.parametrize("mode", [Mode.OBSERVER, Mode.ADMINISTRATOR])
def test_G5_a_collaborator_changes_no_mode(mode: Mode) -> None:
    world = able()
    lead_in(world, Mode.FULL)
    eva = world.live(2, "Eva")
    world.give(eva.say(wish(mode)))
    assert world.mode() is Mode.FULL
    refused = eva.last(InputRefused)
    assert isinstance(refused, InputRefused)
    assert refused.removed_by is Factor.ROLE


# --- administrator and the lead ---


def test_G8_V1_administrator_falls_with_a_lead_who_has_no_tools() -> None:
    world = able()
    lead = lead_in(world, Mode.ADMINISTRATOR)
    eva = world.live(2, "Eva")
    world.give(lead.say(HandOver(slot=2)))
    assert world.mode() is Mode.FULL
    assert world.session.snapshot.grant_ends_at_ms is None
    assert heard(eva, LeadChanged)[-1].slot == 2


def test_V1_the_grant_ends_by_the_clock_and_the_customer_is_told() -> None:
    world = able()
    lead = lead_in(world, Mode.ADMINISTRATOR)
    ends_ms = world.session.snapshot.grant_ends_at_ms
    assert ends_ms == world.now_ms + 4 * 3_600_000
    world.session._desk.grant_ends_ms = world.now_ms + 100
    world.wait(100)
    assert world.mode() is Mode.FULL
    assert any(isinstance(a, Tell) and a.notice is Notice.GRANT_ENDED for a in world.actions)
    assert heard(lead, ModeState)[-1].mode is Mode.FULL


@pytest.mark.parametrize("after", [Mode.FULL, Mode.SHARED, Mode.OBSERVER])
def test_V4_terminals_end_with_the_mode(after: Mode) -> None:
    world = able()
    lead = lead_in(world, Mode.ADMINISTRATOR)
    world.actions.clear()
    world.give(lead.say(wish(after)))
    assert [a.link for a in world.actions if isinstance(a, CloseFeatures)] == [lead.link]


def test_V4_terminals_end_with_the_seat_and_at_stop() -> None:
    world = able()
    lead = lead_in(world, Mode.ADMINISTRATOR)
    world.cut(lead)
    assert CloseFeatures(lead.link) in world.actions
    world.carry(world.session.stop(world.now_ms))
    assert CloseFeatures() in world.actions


# --- the lead goes ---


def test_G8_an_external_does_not_inherit_the_lead() -> None:
    world = able()
    lead = lead_in(world, Mode.FULL)
    external = guest(world, lead)
    world.give(lead.say(Goodbye()))
    assert world.mode() is Mode.OBSERVER
    assert [p.role for p in world.session.snapshot.people] == [Role.EXTERNAL]
    assert heard(external, ModeState)[-1].mode is Mode.OBSERVER


# --- demo ---


def test_G13_in_a_demo_nobody_captures_and_the_customer_is_brought_to_it() -> None:
    world = able()
    viewer = lead_in(world, Mode.OBSERVER)
    assert world.count(StopCapture) == 0
    world.give(viewer.say(wish(Mode.DEMO)))
    world.answer(True)
    assert world.count(StopCapture) == 1
    (opened,) = [a for a in world.actions if isinstance(a, OpenLink)]
    assert opened.url.startswith("https://relay.example/demo#i=AAAAAAAAAAAAAAAAAAAAAA.AAECAwQ")
    paused = viewer.last(CaptureState)
    assert isinstance(paused, CaptureState)
    assert paused.condition is CaptureCondition.PAUSED
    assert heard(viewer, ModeState)[-1].rights[Capability.SCREEN_VIEW].permit is Permit.NEVER
    world.give(viewer.say(wish(Mode.OBSERVER)))
    world.frame(keyframe=True)
    assert viewer.keyframes >= 2


def test_R3_a_mode_that_is_barred_meanwhile_is_not_entered() -> None:
    world = able()
    viewer = lead_in(world, Mode.OBSERVER)
    world.give(viewer.say(wish(Mode.ADMINISTRATOR)))
    seat = world.session._desk.seats[1]
    seat.vouched = msgspec.structs.replace(seat.vouched, admin_tools=False)
    world.answer(True)
    assert world.mode() is Mode.OBSERVER
