"""Administrator mode asks who is there, each time it is asked for (SPEC V10, C27)."""

import pytest

from relevo_agent.session.actions import QuestionKind
from relevo_protocol.errors import ErrorCode
from relevo_protocol.messages.relay import RecordedAct, StepUp
from relevo_protocol.messages.session import ConsentResult, Goodbye, InputRefused, ModeRequest
from relevo_protocol.messages.team import HandOver
from relevo_protocol.modes import Capability, Mode
from relevo_protocol.rights import Factor
from tests.agent.fakes import Viewer
from tests.agent.session.company import beat, heard, noted, question, say
from tests.agent.session.world import World, new_world

WISH = ModeRequest(mode=Mode.ADMINISTRATOR)


@pytest.fixture
def pc() -> World:
    world = new_world(unavailable=frozenset(), service=True)
    world.admins.update({"Ana", "Eva"})
    return world


def asked(world: World) -> bool:
    """Whether the customer was asked about administrator mode last."""
    last = question(world)
    return last.kind is QuestionKind.MODE and last.mode is Mode.ADMINISTRATOR


def refused_for(viewer: Viewer) -> Factor | None:
    refusal = heard(viewer, InputRefused)[-1]
    assert (refusal.code, refusal.capability) == (ErrorCode.NOT_PERMITTED, Capability.ELEVATE)
    return refusal.removed_by


def test_V10_without_a_proof_it_is_refused_and_the_record_told(pc: World) -> None:
    lead = pc.live()
    say(pc, lead, WISH)
    assert not asked(pc)
    assert refused_for(lead) is Factor.REAUTH
    assert heard(lead, ConsentResult)[-1].code is ErrorCode.NOT_PERMITTED
    assert noted(pc)[-1] == (RecordedAct.STEP_UP_REFUSED, 1, "")


def test_V10_with_a_proof_the_customer_is_asked(pc: World) -> None:
    lead = pc.live()
    pc.prove(lead)
    say(pc, lead, WISH)
    assert asked(pc)
    pc.answer(True)
    assert pc.mode() is Mode.ADMINISTRATOR


def test_V10_a_proof_is_not_the_customers_yes(pc: World) -> None:
    pc.prove(pc.live())
    assert pc.mode() is Mode.FULL
    assert not asked(pc)


def test_C27_a_proof_is_used_up_by_one_grant(pc: World) -> None:
    lead = pc.live()
    pc.prove(lead)
    say(pc, lead, WISH)
    pc.answer(True)
    say(pc, lead, ModeRequest(mode=Mode.FULL))
    assert pc.mode() is Mode.FULL
    say(pc, lead, WISH)
    assert refused_for(lead) is Factor.REAUTH


@pytest.mark.parametrize(("life_s", "waited_ms", "counts"), [(120, 119_000, True), (60, 61_000, False)])
def test_C27_a_proof_counts_for_its_life(pc: World, life_s: int, waited_ms: int, counts: bool) -> None:
    lead = pc.live()
    pc.relay(StepUp(link=lead.link, life_s=life_s))
    beat(pc, waited_ms, [lead])
    say(pc, lead, WISH)
    assert asked(pc) is counts


def test_V10_what_counted_when_it_was_asked_counts_when_the_customer_answers(pc: World) -> None:
    lead = pc.live()
    pc.relay(StepUp(link=lead.link, life_s=1))
    say(pc, lead, WISH)
    beat(pc, 50_000, [lead])
    pc.answer(True)
    assert pc.mode() is Mode.ADMINISTRATOR


def test_C27_asking_and_taking_back_does_not_prolong_a_proof(pc: World) -> None:
    lead = pc.live()
    pc.relay(StepUp(link=lead.link, life_s=20))
    say(pc, lead, WISH)
    assert asked(pc)
    say(pc, lead, ModeRequest(mode=Mode.FULL))
    beat(pc, 30_000, [lead])
    say(pc, lead, WISH)
    assert refused_for(lead) is Factor.REAUTH


def test_C27_a_proof_is_for_its_link_and_no_later_one(pc: World) -> None:
    lead = pc.live()
    pc.prove(lead)
    pc.cut(lead)
    pc.back(lead)
    say(pc, lead, WISH)
    assert refused_for(lead) is Factor.REAUTH


def test_C27_a_proof_of_somebody_else_is_none(pc: World) -> None:
    lead = pc.live()
    eva = pc.live(2, "Eva")
    pc.prove(eva)
    pc.relay(StepUp(link=999))
    say(pc, lead, WISH)
    assert refused_for(lead) is Factor.REAUTH


def test_V10_a_proof_without_admin_tools_gives_nothing(pc: World) -> None:
    pc.admins.clear()
    lead = pc.live()
    pc.prove(lead)
    say(pc, lead, WISH)
    assert refused_for(lead) is Factor.ROLE


def test_V10_a_grant_outlives_the_proof_and_a_resume(pc: World) -> None:
    lead = pc.live()
    pc.prove(lead)
    say(pc, lead, WISH)
    pc.answer(True)
    beat(pc, 300_000, [lead])
    assert pc.mode() is Mode.ADMINISTRATOR
    pc.cut(lead)
    pc.back(lead)
    pc.wait(250)
    assert pc.mode() is Mode.ADMINISTRATOR


def test_V10_a_new_lead_needs_a_proof_of_their_own(pc: World) -> None:
    lead = pc.live()
    eva = pc.live(2, "Eva")
    pc.prove(lead)
    say(pc, lead, WISH)
    pc.answer(True)
    say(pc, lead, HandOver(slot=2))
    assert pc.mode() is Mode.FULL
    say(pc, eva, WISH)
    assert refused_for(eva) is Factor.REAUTH


def test_V10_who_had_it_and_left_needs_another_proof(pc: World) -> None:
    lead = pc.live()
    pc.prove(lead)
    say(pc, lead, WISH)
    pc.answer(True)
    say(pc, lead, Goodbye())
    again = pc.live()
    say(pc, again, WISH)
    assert refused_for(again) is Factor.REAUTH


def test_V10_a_flood_of_refusals_is_not_one_of_notices(pc: World) -> None:
    lead = pc.live()
    for _ in range(500):
        say(pc, lead, WISH)
    assert sum(act is RecordedAct.STEP_UP_REFUSED for act, _, _ in noted(pc)) <= 20


def test_V10_a_trial_that_was_started_into_the_mode_asks_for_none() -> None:
    world = new_world(unavailable=frozenset(), service=True, start_mode=Mode.ADMINISTRATOR)
    world.admins.add("Ana")
    world.live()
    assert world.mode() is Mode.ADMINISTRATOR
