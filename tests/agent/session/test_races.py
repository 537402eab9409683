"""Two things at the same moment, and cuts at every moment (SPEC G2, G7, G8, G14, N3, P1, S3, S4)."""

from relevo_agent.session.actions import Perform, QuestionKind, ReleaseHeld, Withdraw
from relevo_protocol.errors import ErrorCode
from relevo_protocol.messages.administration import ProcessEnd, RestartRequest
from relevo_protocol.messages.input import TextInput
from relevo_protocol.messages.relay import ModeNotice, RoleNotice, SeatAdmitted, ViewerGone
from relevo_protocol.messages.session import ConsentResult, DemoJoin, Epoch, Goodbye, ModeRequest
from relevo_protocol.messages.team import ControlRequest, HandOver, LeadChanged, MicroHandover, TakeOver
from relevo_protocol.modes import Capability, Mode, Role
from tests.agent.fakes import Viewer
from tests.agent.session.company import beat, guest, heard, question, relay_told, roles, say, supervisor
from tests.agent.session.samples import INPUT
from tests.agent.session.wheel import colleague, holder
from tests.agent.session.world import World, new_world

DEMO = DemoJoin(invite=bytes(16), secret=bytes(32))


def _late_yes(world: World) -> None:
    """The customer's click arrives although the question is past."""
    found = question(world)
    world.carry(world.session.answered(found.id, True, frozenset(found.offers), world.now_ms))


def _killed(world: World) -> None:
    """The relay is killed, and comes back."""
    world.carry(world.session.link_lost(world.now_ms))
    world.wait(1000)
    world.connect(resumed=True)


def test_G8_two_supervisors_take_over_at_once_and_one_leads(world: World) -> None:
    lead = world.live()
    sara, nora = supervisor(world, 3, "Sara"), supervisor(world, 4, "Nora")
    first, second = sara.say(TakeOver(reason="la primera")), nora.say(TakeOver(reason="la segunda"))
    world.give(first)
    world.give(second)
    assert roles(world) == {"Ana": Role.COLLABORATOR, "Sara": Role.COLLABORATOR, "Nora": Role.LEAD}
    assert [m.slot for m in heard(lead, LeadChanged)] == [3, 4]
    assert holder(world) == 4
    said = [(m.link, m.role) for m in relay_told(world, RoleNotice)]
    assert said[-2:] == [(sara.link, Role.COLLABORATOR), (nora.link, Role.LEAD)]


def test_G8_a_hand_over_to_somebody_who_is_cut_at_that_moment_changes_nothing(world: World) -> None:
    lead = world.live()
    eva = world.live(2, "Eva")
    words = lead.say(HandOver(slot=2))
    world.cut(eva)
    world.give(words)
    assert roles(world)["Ana"] is Role.LEAD


def test_G8_a_new_lead_who_leaves_at_once_gives_it_back_in_observer_mode(world: World) -> None:
    lead = world.live()
    eva = world.live(2, "Eva")
    say(world, lead, HandOver(slot=2))
    say(world, eva, Goodbye())
    assert roles(world) == {"Ana": Role.LEAD}
    assert world.mode() is Mode.OBSERVER


def test_P1_a_relay_that_is_killed_takes_the_question_at_the_door_along(world: World) -> None:
    world.verified()
    found = question(world)
    _killed(world)
    assert Withdraw(found.id) in world.actions
    _late_yes(world)
    assert roles(world) == {}
    assert relay_told(world, SeatAdmitted) == []
    assert not world.session._desk.asking


def test_P8_a_relay_that_is_killed_takes_the_question_about_a_mode_along(world: World) -> None:
    lead = world.live(mode="observer")
    say(world, lead, ModeRequest(mode=Mode.FULL))
    _killed(world)
    _late_yes(world)
    world.back(lead)
    assert world.mode() is Mode.OBSERVER
    assert relay_told(world, ModeNotice)[-1].mode is Mode.OBSERVER


def test_G7_a_relay_that_is_killed_ends_a_micro_handover(world: World) -> None:
    lead = world.live()
    sara = supervisor(world)
    say(world, sara, MicroHandover())
    assert holder(world) == 3
    world.actions.clear()
    _killed(world)
    assert world.count(ReleaseHeld) >= 1
    assert holder(world) == 0
    world.back(sara)
    world.back(lead)
    assert holder(world) == 1
    beat(world, 60_001, [lead, sara])
    assert holder(world) == 1


def test_G8_after_a_take_over_the_killed_relay_hears_the_roles_as_they_are(world: World) -> None:
    lead = world.live()
    sara = supervisor(world)
    say(world, sara, TakeOver(reason="porque si"))
    _killed(world)
    world.said.clear()
    world.back(lead)
    world.back(sara)
    assert [m.role for m in relay_told(world, SeatAdmitted)] == [Role.COLLABORATOR, Role.LEAD]
    members = {m.slot: m.role for m in heard(lead, Epoch)[-1].members}
    assert members == {1: Role.COLLABORATOR, 3: Role.LEAD}


def test_G4_a_lead_that_is_cut_while_somebody_else_drives_takes_nothing_from_them(world: World) -> None:
    lead = world.live()
    eva = colleague(world, lead)
    say(world, eva, ControlRequest())
    world.cut(lead)
    assert holder(world) == 2
    world.back(lead)
    assert holder(world) == 2
    say(world, lead, Goodbye())
    assert holder(world) is None, "the next lead begins in observer mode"
    assert roles(world) == {"Eva": Role.LEAD}


def _waiting() -> tuple[World, Viewer]:
    """A process is to be ended, and the customer is thinking about it."""
    world = new_world(service=True, unavailable=frozenset[Capability]())
    lead = world.live()
    say(world, lead, ProcessEnd(pid=7, started_ms=1))
    assert question(world).kind is QuestionKind.CAPABILITY
    world.actions = [a for a in world.actions if not isinstance(a, Perform)]
    return world, lead


def test_N3_a_yes_after_the_mode_went_down_ends_no_process() -> None:
    world, lead = _waiting()
    found = question(world)
    world.carry(world.session.step_down(world.now_ms))
    world.carry(world.session.answered(found.id, True, frozenset(), world.now_ms))
    assert world.count(Perform) == 0
    over = [m for m in heard(lead, ConsentResult) if m.capability is Capability.SYSTEM_PROCESSES_END]
    assert [(m.granted, m.code) for m in over] == [(False, ErrorCode.NOT_PERMITTED)]


def test_N3_a_yes_for_who_lost_the_lead_meanwhile_ends_no_process() -> None:
    world, lead = _waiting()
    found = question(world)
    world.live(2, "Eva")
    say(world, lead, HandOver(slot=2))
    world.carry(world.session.answered(found.id, True, frozenset(), world.now_ms))
    assert world.count(Perform) == 0


def test_N3_a_yes_for_who_was_cut_meanwhile_ends_no_process() -> None:
    world, lead = _waiting()
    found = question(world)
    world.cut(lead)
    world.back(lead)
    world.carry(world.session.answered(found.id, True, frozenset(), world.now_ms))
    assert world.count(Perform) == 0


def test_G13_a_demo_that_ends_while_the_customer_is_asked_for_more_takes_the_question_along(
    world: World,
) -> None:
    lead = world.live(mode="observer")
    sara = supervisor(world)
    say(world, lead, ModeRequest(mode=Mode.DEMO, demo=DEMO))
    world.answer(True)
    say(world, lead, ModeRequest(mode=Mode.FULL))
    found = question(world)
    say(world, sara, ModeRequest(mode=Mode.OBSERVER))
    assert Withdraw(found.id) in world.actions
    world.carry(world.session.answered(found.id, True, frozenset(), world.now_ms))
    assert world.mode() is Mode.OBSERVER


def test_S3_while_the_customer_is_asked_about_a_guest_nobody_types(world: World) -> None:
    lead = world.live()
    gema = guest(world, lead, yes=False)
    before = world.count(Perform)
    say(world, lead, INPUT[TextInput])
    assert world.count(Perform) == before
    world.relay(ViewerGone(link=gema.link, slot=2, left=True, code=ErrorCode.SESSION_ENDED))
    say(world, lead, INPUT[TextInput])
    assert world.count(Perform) == before + 1


def test_V5_a_relay_that_is_killed_during_the_countdown_leaves_it_running_and_the_end_needs_a_line() -> None:
    world = new_world(service=True, unavailable=frozenset[Capability]())
    world.admins = {"Ana"}
    lead = world.live()
    world.prove(lead)
    say(world, lead, ModeRequest(mode=Mode.ADMINISTRATOR))
    world.answer(True)
    say(world, lead, RestartRequest())
    _killed(world)
    assert world.session.snapshot.restart_at_ms is not None
    world.back(lead)
    beat(world, 29_001, [lead])
    assert world.session._control.power.frozen
