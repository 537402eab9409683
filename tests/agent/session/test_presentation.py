"""A presentation: demo from beginning to end, in by link, out by the presenter (SPEC G12, C23, C24)."""

from base64 import urlsafe_b64decode
from typing import Any

import pytest

from relevo_agent.session.actions import Ask, CloseLink, Ended, Phase, StartCapture, StopCapture
from relevo_protocol.crypto.schedule import Credential
from relevo_protocol.errors import ErrorCode
from relevo_protocol.limits import INVITE_DEMO_LIFE_S
from relevo_protocol.messages.input import TextInput
from relevo_protocol.messages.marks import Laser, MemberLaser
from relevo_protocol.messages.relay import (
    AgentHello,
    AgentWelcome,
    CodeRequest,
    InviteOpened,
    JoinAnswered,
    ModeNotice,
    RelayError,
    SeatAdmitted,
)
from relevo_protocol.messages.session import (
    ConsentResult,
    Epoch,
    Goodbye,
    InputRefused,
    ModeRequest,
    ModeState,
)
from relevo_protocol.messages.team import GrantChange, GrantsState, InviteIssued, InviteRequest
from relevo_protocol.modes import Capability, Mode, Role, SessionKind, Standing
from relevo_protocol.rights import Factor
from tests.agent.fakes import Viewer
from tests.agent.session.company import ask_in, beat, come, heard, relay_told, roles, say
from tests.agent.session.world import ORIGIN, SESSION_ID, TOKEN, World, new_world

TICKET = "k" * 32
GIVEN = (b"i" * 16, b"s" * 32)


def presentation(**changed: Any) -> World:
    world = new_world(connected=False, kind=SessionKind.PRESENTATION, ticket=TICKET, **changed)
    world.carry(world.session.link_opened(world.now_ms))
    welcome(world, resumed=False)
    return world


def welcome(world: World, *, resumed: bool) -> None:
    message = AgentWelcome(session_id=SESSION_ID, origin=ORIGIN, token=TOKEN, resumed=resumed)
    world.relay(message)


@pytest.fixture
def world() -> World:
    return presentation()


def credential(world: World) -> Credential:
    link = world.session.snapshot.link
    assert link is not None
    start = f"{ORIGIN}/demo#i="
    assert link.startswith(start)
    ref, secret = (urlsafe_b64decode(part + "==") for part in link.removeprefix(start).split("."))
    return Credential("invite", secret, ref)


def visitor(world: World, slot: int, name: str) -> Viewer:
    world.standings[name] = Standing.GUEST
    viewer = come(world, slot, name, credential(world), "")
    world.frame(keyframe=True)
    return viewer


def test_G12_C24_hello_names_the_kind_and_the_ticket(world: World) -> None:
    hello = relay_told(world, AgentHello)[0]
    assert (hello.kind, hello.ticket) == (SessionKind.PRESENTATION, TICKET)
    assert world.mode() is Mode.DEMO
    assert ModeNotice(mode=Mode.DEMO) in world.said
    opened = relay_told(world, InviteOpened)
    assert [(o.guests, o.life_s) for o in opened] == [(True, INVITE_DEMO_LIFE_S)]
    assert world.session.snapshot.kind is SessionKind.PRESENTATION


def test_G12_no_code_is_wanted_shown_or_taken(world: World) -> None:
    world.wait(1000)
    world.carry(world.session.new_code(world.now_ms))
    assert relay_told(world, CodeRequest) == []
    assert world.session.snapshot.code is None
    viewer = world.arrive(1, "Ana")
    world.give(viewer.with_code("000000"))
    assert world.removed() == [ErrorCode.CODE_WRONG]


def test_G12_a_link_that_was_given_beforehand_is_used() -> None:
    assert credential(presentation(invite=GIVEN)) == Credential("invite", GIVEN[1], GIVEN[0])


def test_G12_five_come_in_by_one_link_without_a_question(world: World) -> None:
    viewers = [visitor(world, slot, name) for slot, name in enumerate(("Ana", "Eva", "Iu", "Olga", "Ute"), 1)]
    assert world.count(Ask) == 0
    assert set(roles(world).values()) == {Role.DEMO_VIEWER}
    assert [v.keyframes >= 1 for v in viewers] == [True] * 5
    assert world.count(StartCapture) == 1
    for viewer in viewers:
        assert heard(viewer, ConsentResult) == [ConsentResult(granted=True, mode=Mode.DEMO)]
        assert [m.role for m in heard(viewer, Epoch)[-1].members][-1] is Role.DEMO_VIEWER
        assert heard(viewer, ModeState)[-1].mode is Mode.DEMO
    assert {a.role for a in relay_told(world, SeatAdmitted)} == {Role.DEMO_VIEWER}


def test_G12_capture_runs_while_somebody_is_there(world: World) -> None:
    assert world.count(StartCapture) == 0
    ana = visitor(world, 1, "Ana")
    say(world, ana, Goodbye())
    assert world.count(StopCapture) == 1
    again = visitor(world, 1, "Ana")
    assert again.keyframes == 1


def test_G12_a_viewer_may_neither_drive_nor_change_the_mode_nor_invite(world: World) -> None:
    ana = visitor(world, 1, "Ana")
    for message in (
        TextInput(text="x"),
        ModeRequest(mode=Mode.OBSERVER),
        ModeRequest(mode=Mode.FULL),
        InviteRequest(role=Role.EXTERNAL),
        GrantChange(slot=1, capability=Capability.POINT_LASER, granted=True),
        Laser(monitor=0, x=0.5, y=0.5),
    ):
        before = len(heard(ana, InputRefused))
        beat(world, 2000, [ana])
        say(world, ana, message)
        assert len(heard(ana, InputRefused)) == before + 1, message
    assert world.mode() is Mode.DEMO
    assert heard(ana, InviteIssued) == []
    assert world.count(Ask) == 0


def test_G12_the_presenter_lets_one_point_and_draw(world: World) -> None:
    ana, eva = visitor(world, 1, "Ana"), visitor(world, 2, "Eva")
    world.carry(world.session.allow_marks(1, True, world.now_ms))
    marks = {Capability.POINT_LASER, Capability.POINT_ANNOTATE}
    assert {g.slot: set(g.granted) for g in heard(eva, GrantsState)[-1].grants} == {1: marks, 2: set()}
    assert [p.may_mark for p in world.session.snapshot.people] == [True, False]
    say(world, ana, Laser(monitor=0, x=0.5, y=0.5))
    assert heard(eva, MemberLaser) == [MemberLaser(slot=1, monitor=0, x=0.5, y=0.5)]
    world.carry(world.session.allow_marks(1, False, world.now_ms))
    say(world, ana, Laser(monitor=0, x=0.6, y=0.5))
    assert len(heard(eva, MemberLaser)) == 1
    assert heard(ana, InputRefused)[-1].removed_by is Factor.GRANT


def test_G12_the_presenter_removes_one(world: World) -> None:
    ana, eva = visitor(world, 1, "Ana"), visitor(world, 2, "Eva")
    epoch = heard(eva, Epoch)[-1].epoch
    world.carry(world.session.dismiss(1, world.now_ms))
    assert roles(world) == {"Eva": Role.DEMO_VIEWER}
    assert world.removed() == [ErrorCode.REMOVED]
    assert heard(eva, Epoch)[-1].epoch > epoch > 0
    assert heard(ana, Epoch)[-1].epoch <= epoch


def test_G12_stepping_down_does_not_end_a_presentation(world: World) -> None:
    visitor(world, 1, "Ana")
    world.carry(world.session.step_down(world.now_ms))
    assert world.mode() is Mode.DEMO
    assert world.count(StopCapture) == 0


def test_G12_who_is_cut_comes_back_and_no_lead_arises(world: World) -> None:
    ana, eva = visitor(world, 1, "Ana"), visitor(world, 2, "Eva")
    world.cut(ana)
    world.back(ana)
    say(world, ana, Goodbye())
    assert roles(world) == {"Eva": Role.DEMO_VIEWER}
    assert world.mode() is Mode.DEMO
    assert eva.channel is not None


def test_C19_after_a_resume_link_and_mode_are_told_again(world: World) -> None:
    before = world.session.snapshot.link
    world.carry(world.session.link_lost(world.now_ms))
    world.said.clear()
    world.carry(world.session.link_opened(world.now_ms))
    welcome(world, resumed=True)
    assert world.session.snapshot.link == before
    assert relay_told(world, AgentHello)[0].ticket is None, "a ticket is good once"
    assert len(relay_told(world, InviteOpened)) == 1
    assert ModeNotice(mode=Mode.DEMO) in world.said


def test_G14_after_eight_hours_there_is_a_fresh_link(world: World) -> None:
    before = world.session.snapshot.link
    world.wait(INVITE_DEMO_LIFE_S * 1000)
    assert world.session.snapshot.link not in {None, before}


@pytest.mark.parametrize("code", [ErrorCode.TICKET_INVALID, ErrorCode.RESUME_INVALID])
def test_C24_without_a_good_ticket_there_is_no_presentation(code: ErrorCode) -> None:
    world = new_world(connected=False, kind=SessionKind.PRESENTATION, ticket=TICKET)
    world.carry(world.session.link_opened(world.now_ms))
    world.relay(RelayError(code=code))
    assert world.count(Ended) == 1
    assert [a.fatal for a in world.actions if isinstance(a, CloseLink)] == [True]
    assert world.phase() is Phase.ENDED


def test_C20_nobody_asks_to_come_into_a_presentation(world: World) -> None:
    visitor(world, 1, "Ana")
    answer = ask_in(world, "Sara", Standing.SUPERVISOR)
    assert isinstance(answer, JoinAnswered)
    assert answer.code is ErrorCode.NOT_PERMITTED


def test_G12_the_end_takes_the_link_away(world: World) -> None:
    visitor(world, 1, "Ana")
    world.carry(world.session.stop(world.now_ms))
    assert world.session.snapshot.link is None
    assert world.phase() is Phase.ENDED
