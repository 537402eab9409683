"""The lead of a held session comes back through the relay, without code and question (SPEC V7, C20)."""

import pytest

from relevo_agent.session.actions import Ask, QuestionKind
from relevo_protocol.crypto.schedule import Credential
from relevo_protocol.errors import ErrorCode
from relevo_protocol.messages.administration import HoldRequest
from relevo_protocol.messages.relay import JoinAnswered
from relevo_protocol.messages.session import ConsentResult, Epoch
from relevo_protocol.messages.team import HandOver
from relevo_protocol.modes import Capability, Mode, Role, Standing
from tests.agent.fakes import Viewer
from tests.agent.session.company import ask_in, beat, come, heard, question, roles, say
from tests.agent.session.world import AVAILABLE, World, new_world


@pytest.fixture
def world() -> World:
    here = AVAILABLE | {Capability.ELEVATE, Capability.SESSION_HOLD}
    world = new_world(service=True, unavailable=frozenset(Capability) - here)
    world.admins = {"Ana"}
    return world


def held(world: World, hours: int = 8) -> Viewer:
    lead = world.live()
    world.session._control.modes.enter(Mode.ADMINISTRATOR)
    say(world, lead, HoldRequest(hours=hours))
    assert world.session.snapshot.hold_ends_at_ms is not None
    return lead


def invited(world: World, name: str = "Ana") -> Credential:
    credential = ask_in(world, name)
    assert isinstance(credential, Credential)
    return credential


def test_V7_the_lead_is_live_again_without_a_question(world: World) -> None:
    lead = held(world)
    world.cut(lead)
    world.viewers.remove(lead)
    world.wait(3_600_000)
    asked = world.count(Ask)
    back = come(world, 2, "Ana", invited(world))
    world.frame(keyframe=True)
    assert world.count(Ask) == asked
    assert roles(world) == {"Ana": Role.LEAD}
    assert [p.slot for p in world.session.snapshot.people] == [2]
    assert world.mode() is Mode.ADMINISTRATOR
    assert heard(back, ConsentResult) == [ConsentResult(granted=True, mode=Mode.ADMINISTRATOR)]
    assert [m.slot for m in heard(back, Epoch)[-1].members] == [2]
    assert back.keyframes == 1
    assert world.removed() == [ErrorCode.REPLACED]


def test_V7_somebody_else_is_not_the_lead_who_held_it(world: World) -> None:
    lead = held(world)
    world.cut(lead)
    world.wait(60_000)
    answer = ask_in(world, "Eva")
    assert isinstance(answer, JoinAnswered)
    assert answer.code is ErrorCode.NOT_PERMITTED


def test_V7_a_hold_that_was_revoked_in_between_asks_anew(world: World) -> None:
    lead = held(world)
    world.cut(lead)
    credential = invited(world)
    world.carry(world.session.revoke_grant(world.now_ms))
    come(world, 2, "Ana", credential)
    assert world.count(Ask) == 2
    assert question(world).role is not Role.SUPERVISOR
    assert world.mode() is not Mode.ADMINISTRATOR


def test_V7_a_lead_whom_the_customer_sends_away_does_not_come_back_so(world: World) -> None:
    held(world)
    world.carry(world.session.dismiss(1, world.now_ms))
    assert world.session.snapshot.hold_ends_at_ms is None
    world.wait(600_001)
    assert isinstance(ask_in(world, "Ana"), JoinAnswered)


def test_V7_after_the_hold_nobody_comes_back_so(world: World) -> None:
    lead = held(world, hours=1)
    world.cut(lead)
    world.wait(3_600_001)
    answer = ask_in(world, "Ana")
    assert isinstance(answer, JoinAnswered)
    assert answer.code is ErrorCode.NOT_PERMITTED


def test_V7_where_somebody_else_leads_by_now_the_former_lead_is_a_collaborator(world: World) -> None:
    lead = held(world)
    eva = world.live(2, "Eva")
    say(world, lead, HandOver(slot=2))
    world.cut(lead)
    answer = ask_in(world, "Ana", Standing.TECHNICIAN)
    if isinstance(answer, JoinAnswered):
        assert answer.code is ErrorCode.NOT_PERMITTED
        return
    back = come(world, 3, "Ana", answer)
    assert (question(world).kind, question(world).role) == (QuestionKind.VETO, Role.COLLABORATOR)
    beat(world, 8001, [eva, back])
    assert roles(world)["Eva"] is Role.LEAD
