"""Hold, restart and what the customer takes back, as far as the session's own part goes (SPEC V1, V5-V7)."""

import pytest

from relevo_agent.session.actions import (
    CloseLink,
    Ended,
    Keep,
    Notice,
    Phase,
    PrepareRestart,
    QuestionKind,
    Tell,
)
from relevo_agent.session.entries import EntryKind
from relevo_protocol.errors import ErrorCode
from relevo_protocol.messages.administration import (
    ActDone,
    AdministratorState,
    HoldEnd,
    HoldRequest,
    RestartCancel,
    RestartRequest,
    RestartState,
)
from relevo_protocol.messages.relay import (
    AgentHello,
    CodeRequest,
    EndSession,
    HoldNotice,
    ModeNotice,
    RestartNotice,
    ViewerGone,
)
from relevo_protocol.messages.session import Goodbye, InputRefused, ModeRequest
from relevo_protocol.messages.team import HandOver, LeadChanged
from relevo_protocol.modes import Capability, Mode, Role, Standing
from relevo_protocol.rights import Factor
from tests.agent.fakes import Viewer
from tests.agent.session.company import ask_in, beat, come, heard
from tests.agent.session.world import World, new_world

HOUR_MS = 3_600_000


@pytest.fixture
def pc() -> World:
    world = new_world(unavailable=frozenset(), service=True)
    world.admins.update({"Ana", "Eva"})
    return world


def administrator(world: World) -> Viewer:
    lead = world.live(mode="full")
    world.prove(lead)
    world.give(lead.say(ModeRequest(mode=Mode.ADMINISTRATOR)))
    world.answer(True)
    return lead


def notices(world: World) -> list[Notice]:
    return [a.notice for a in world.actions if isinstance(a, Tell)]


def countdown_end(world: World) -> float | None:
    return world.session.snapshot.restart_at_ms


def acts(world: World) -> list[str]:
    return [a.entry.detail for a in world.actions if isinstance(a, Keep) and a.entry.kind is EntryKind.ACT]


def come_back(world: World, name: str, slot: int = 1) -> Viewer:
    return come(world, slot, name, ask_in(world, name, Standing.TECHNICIAN))  # type: ignore[arg-type]


# --- the grant ---


def test_V1_everybody_is_told_when_the_grant_ends(pc: World) -> None:
    lead = administrator(pc)
    told = heard(lead, AdministratorState)[-1]
    assert (told.grant_ends_in_s, told.hold_ends_in_s) == (4 * 3600, None)
    eva = pc.live(2, "Eva")
    assert heard(eva, AdministratorState)[-1].grant_ends_in_s == 4 * 3600
    pc.give(lead.say(ModeRequest(mode=Mode.FULL)))
    assert heard(eva, AdministratorState)[-1].grant_ends_in_s is None


def test_V1_the_customer_takes_everything_back_without_a_network(pc: World) -> None:
    lead = administrator(pc)
    pc.give(lead.say(HoldRequest(hours=8)))
    pc.give(lead.say(RestartRequest()))
    pc.carry(pc.session.link_lost(pc.now_ms))
    pc.carry(pc.session.revoke_grant(pc.now_ms))
    shown = pc.session.snapshot
    assert (shown.mode, shown.grant_ends_at_ms, shown.hold_ends_at_ms) == (Mode.FULL, None, None)
    assert shown.restart_at_ms is None
    pc.wait(60_000)
    assert pc.count(PrepareRestart) == 0


# --- hold ---


def test_V7_a_hold_keeps_seats_and_session_for_its_hours(pc: World) -> None:
    lead = administrator(pc)
    pc.give(lead.say(HoldRequest(hours=8)))
    assert [m.hold_s for m in pc.said if isinstance(m, HoldNotice)] == [8 * 3600]
    assert heard(lead, AdministratorState)[-1].hold_ends_in_s == 8 * 3600
    pc.cut(lead)
    pc.wait(2 * HOUR_MS)
    assert pc.phase() is Phase.LIVE
    pc.back(lead)
    assert pc.mode() is Mode.ADMINISTRATOR
    pc.cut(lead)
    pc.wait(6 * HOUR_MS + 1)
    assert [m.hold_s for m in pc.said if isinstance(m, HoldNotice)][-1] == 0
    assert pc.session.snapshot.people == ()
    assert pc.mode() is Mode.OBSERVER


def test_V7_without_a_hold_ten_minutes_are_all(pc: World) -> None:
    lead = administrator(pc)
    pc.give(lead.say(HoldRequest(hours=1)))
    pc.give(lead.say(HoldEnd()))
    pc.cut(lead)
    pc.wait(600_001)
    assert pc.session.snapshot.people == ()


def test_V7_who_held_it_comes_back_as_the_lead_in_the_same_mode_and_nobody_is_asked(pc: World) -> None:
    lead = administrator(pc)
    ends_ms = pc.session.snapshot.grant_ends_at_ms
    pc.give(lead.say(HoldRequest(hours=72)))
    pc.give(lead.say(Goodbye()))
    assert (pc.mode(), pc.session.snapshot.people) == (Mode.OBSERVER, ())
    asked, codes = len(pc.actions), pc.count(CodeRequest)
    pc.wait(HOUR_MS)
    assert pc.count(CodeRequest) == codes, "a session that is held shows no code to nobody"
    back = come_back(pc, "Ana")
    pc.frame(keyframe=True)
    assert not any(getattr(a, "question", None) for a in pc.actions[asked:])
    assert [(p.display_name, p.role) for p in pc.session.snapshot.people] == [("Ana", Role.LEAD)]
    assert pc.mode() is Mode.ADMINISTRATOR
    assert pc.session.snapshot.grant_ends_at_ms == ends_ms, "coming back lengthens nothing"
    assert pc.session.snapshot.token.holder == 1
    assert back.keyframes == 1


def test_V7_a_grant_that_ended_meanwhile_is_not_there_any_more(pc: World) -> None:
    lead = administrator(pc)
    pc.give(lead.say(HoldRequest(hours=72)))
    pc.give(lead.say(Goodbye()))
    pc.wait(5 * HOUR_MS)
    come_back(pc, "Ana")
    assert pc.mode() is Mode.FULL


def test_V7_nobody_else_comes_back_like_that(pc: World) -> None:
    lead = administrator(pc)
    pc.give(lead.say(HoldRequest(hours=8)))
    pc.give(lead.say(Goodbye()))
    refused = ask_in(pc, "Eva")
    assert getattr(refused, "code", None) is ErrorCode.NOT_PERMITTED


def test_V7_after_the_hold_the_holder_is_a_stranger(pc: World) -> None:
    lead = administrator(pc)
    pc.give(lead.say(HoldRequest(hours=1)))
    pc.give(lead.say(Goodbye()))
    pc.wait(HOUR_MS + 1)
    refused = ask_in(pc, "Ana")
    assert getattr(refused, "code", None) is ErrorCode.NOT_PERMITTED


def test_V7_what_the_customer_lowered_stays_low(pc: World) -> None:
    lead = administrator(pc)
    pc.give(lead.say(HoldRequest(hours=8)))
    pc.carry(pc.session.step_down(pc.now_ms))
    pc.give(lead.say(Goodbye()))
    come_back(pc, "Ana")
    assert pc.mode() is Mode.OBSERVER


def test_G8_V7_who_leads_now_holds_now(pc: World) -> None:
    lead = administrator(pc)
    eva = pc.live(2, "Eva")
    pc.give(lead.say(HoldRequest(hours=8)))
    pc.prove(eva)
    pc.give(lead.say(HandOver(slot=2)))
    assert pc.session._desk.mode_for_return("id-Ana") is None
    assert pc.session._desk.mode_for_return("id-Eva") is Mode.ADMINISTRATOR


def test_V7_only_administrator_mode_holds(pc: World) -> None:
    lead = pc.live(mode="full")
    pc.give(lead.say(HoldRequest(hours=8)))
    assert pc.count(HoldNotice) == 0
    refused = lead.last(InputRefused)
    assert isinstance(refused, InputRefused)
    assert refused.removed_by is Factor.MODE


def test_C21_the_relay_hears_of_the_hold_again(pc: World) -> None:
    lead = administrator(pc)
    pc.give(lead.say(HoldRequest(hours=8)))
    pc.carry(pc.session.link_lost(pc.now_ms))
    pc.wait(HOUR_MS)
    pc.connect(resumed=True)
    assert [m.hold_s for m in pc.said if isinstance(m, HoldNotice)] == [8 * 3600, 7 * 3600]


# --- the countdown ---


def test_V5_the_customer_sees_the_countdown_and_may_call_it_off(pc: World) -> None:
    lead = administrator(pc)
    pc.give(lead.say(RestartRequest()))
    assert countdown_end(pc) == pc.now_ms + 30_000
    assert heard(lead, RestartState)[-1].in_s == 30
    pc.carry(pc.session.cancel_restart(pc.now_ms))
    assert countdown_end(pc) is None
    assert heard(lead, RestartState)[-1].in_s is None
    beat(pc, 60_000, [lead])
    assert pc.count(PrepareRestart) == 0
    assert acts(pc) == ["restart", "restart called off"]


def test_V5_a_viewer_who_may_calls_it_off_and_the_customer_is_told_who(pc: World) -> None:
    lead = administrator(pc)
    pc.give(lead.say(RestartRequest()))
    pc.give(lead.say(RestartCancel()))
    assert countdown_end(pc) is None
    assert Tell(Notice.RESTART_OFF, "Ana") in pc.actions


def test_V5_in_full_control_the_customer_is_asked_before_anything_is_counted(pc: World) -> None:
    lead = pc.live(mode="full")
    pc.give(lead.say(RestartRequest()))
    assert countdown_end(pc) is None
    question = pc.answer(True)
    assert (question.kind, question.capability) == (QuestionKind.CAPABILITY, Capability.POWER_REBOOT)
    assert countdown_end(pc) == pc.now_ms + 30_000


@pytest.mark.parametrize("how", ["step_down", "everybody_leaves"])
def test_V5_a_restart_that_nobody_may_want_any_more_is_off(pc: World, how: str) -> None:
    lead = administrator(pc)
    pc.give(lead.say(RestartRequest()))
    if how == "step_down":
        pc.carry(pc.session.step_down(pc.now_ms))
    else:
        pc.give(lead.say(Goodbye()))
    pc.wait(31_000)
    assert pc.count(PrepareRestart) == 0
    assert countdown_end(pc) is None


def test_V8_without_the_service_there_is_no_restart() -> None:
    world = new_world(unavailable=frozenset())
    lead = world.live(mode="full")
    world.give(lead.say(RestartRequest()))
    refused = lead.last(InputRefused)
    assert isinstance(refused, InputRefused)
    assert (refused.capability, refused.removed_by) == (Capability.POWER_REBOOT, Factor.PLATFORM)


# --- going down ---


def counted_down(world: World) -> Viewer:
    lead = administrator(world)
    world.give(lead.say(RestartRequest()))
    beat(world, 30_000, [lead])
    assert world.count(PrepareRestart) == 1
    return lead


def test_V5_V6_the_service_has_the_state_then_the_line_goes_down_without_an_end(pc: World) -> None:
    lead = counted_down(pc)
    assert pc.count(RestartNotice) == 0
    pc.carry(pc.session.restart_prepared(True, "", pc.now_ms))
    assert [m.back_in_s for m in pc.said if isinstance(m, RestartNotice)] == [1800]
    assert CloseLink(ErrorCode.SHUTTING_DOWN) in pc.actions
    assert pc.count(EndSession) == pc.count(Ended) == 0
    pc.carry(pc.session.link_lost(pc.now_ms))
    hellos = pc.count(AgentHello)
    pc.carry(pc.session.link_opened(pc.now_ms))
    assert pc.count(AgentHello) == hellos, "the token is the service's now"
    assert [p.display_name for p in pc.session.snapshot.people] == ["Ana"]
    assert lead.last(LeadChanged) is None


def test_V5_a_restart_that_does_not_come_is_off_and_the_session_goes_on(pc: World) -> None:
    lead = counted_down(pc)
    pc.carry(pc.session.restart_prepared(True, "", pc.now_ms))
    pc.carry(pc.session.link_lost(pc.now_ms))
    pc.wait(120_001)
    assert notices(pc)[-1] is Notice.RESTART_OFF
    pc.connect(resumed=True)
    pc.back(lead)
    assert pc.phase() is Phase.LIVE


def test_V5_when_the_service_cannot_everybody_is_told_why(pc: World) -> None:
    lead = counted_down(pc)
    pc.carry(pc.session.restart_prepared(False, "no disk", pc.now_ms))
    assert heard(lead, ActDone)[-1] == ActDone(act="restart", done=False, detail="no disk")
    assert notices(pc)[-1] is Notice.RESTART_OFF
    assert pc.count(RestartNotice) == pc.count(CloseLink) == 0
    pc.give(lead.say(RestartRequest()))
    assert countdown_end(pc) is not None


def test_V5_a_service_that_says_nothing_for_twenty_seconds_cannot(pc: World) -> None:
    lead = counted_down(pc)
    beat(pc, 20_001, [lead])
    assert not heard(lead, ActDone)[-1].done
    pc.carry(pc.session.restart_prepared(True, "", pc.now_ms))
    assert pc.count(RestartNotice) == 0


def test_V6_while_the_service_has_the_state_nobody_uses_a_secret_of_it(pc: World) -> None:
    lead = counted_down(pc)
    pc.relay(ViewerGone(link=lead.link, slot=1, left=False, code=ErrorCode.SLOW))
    before = lead.resume
    pc.back(lead)
    assert lead.resume == before
    assert [p.present for p in pc.session.snapshot.people] == [False]


# --- nobody is worn down, and the relay is not flooded ---


def test_V5_a_restart_that_the_customer_called_off_is_not_asked_for_again_at_once(pc: World) -> None:
    lead = administrator(pc)
    for _ in range(20):
        pc.give(lead.say(RestartRequest()))
        pc.carry(pc.session.cancel_restart(pc.now_ms))
    assert acts(pc) == ["restart", "restart called off"]
    beat(pc, 10_001, [lead])
    pc.give(lead.say(RestartRequest()))
    assert countdown_end(pc) is not None


def test_C17_holding_and_letting_go_in_a_loop_does_not_cost_the_session(pc: World) -> None:
    lead = administrator(pc)
    for _ in range(200):
        pc.give(lead.say(HoldRequest(hours=1)))
        pc.give(lead.say(HoldEnd()))
    assert pc.count(HoldNotice) <= 24


def test_V1_C21_what_was_taken_back_without_a_network_the_relay_hears_later(pc: World) -> None:
    lead = administrator(pc)
    pc.give(lead.say(HoldRequest(hours=8)))
    pc.carry(pc.session.link_lost(pc.now_ms))
    pc.carry(pc.session.revoke_grant(pc.now_ms))
    pc.said.clear()
    pc.connect(resumed=True)
    assert [m.hold_s for m in pc.said if isinstance(m, HoldNotice)] == [0]
    assert [m.mode for m in pc.said if isinstance(m, ModeNotice)] == [Mode.FULL]


def test_M5_what_the_service_says_is_one_inert_line(pc: World) -> None:
    lead = counted_down(pc)
    pc.carry(pc.session.restart_prepared(False, "no\n\u202edisk" + "x" * 300, pc.now_ms))
    detail = heard(lead, ActDone)[-1].detail
    assert detail.startswith("no  diskx")
    assert len(detail) == 200
