"""The customer's Stop ends everything here at once, and the relay hears of it over any cut (SPEC C30)."""

import pytest

from relevo_agent.session.actions import Action, CloseLink, Ended, Notice, Phase, StopCapture, Tell
from relevo_protocol.errors import ErrorCode
from relevo_protocol.limits import RESUME_LIFE_S
from relevo_protocol.messages.administration import HoldRequest
from relevo_protocol.messages.base import Message
from relevo_protocol.messages.relay import AgentHello, AgentWelcome, EndSession, RecordedAct, RelayError
from relevo_protocol.messages.session import Heartbeat
from tests.agent.session.company import noted, relay_told, say, told
from tests.agent.session.restarts import Wall, before
from tests.agent.session.test_last_moment import counted_down
from tests.agent.session.world import ORIGIN, SESSION_ID, TOKEN, World, new_world

PARTED = CloseLink(ErrorCode.SESSION_ENDED, fatal=True)


def stop(world: World, reported: int | None = None) -> list[Action]:
    world.actions.clear()
    world.said.clear()
    world.carry(world.session.stop(world.now_ms, reported=reported))
    return world.actions


def lose(world: World, *, heard_all: bool = False) -> None:
    world.carry(world.session.link_lost(world.now_ms, heard_all=heard_all))


def test_C30_over_a_cut_all_ends_here_and_the_relay_is_told_when_it_is_back(world: World) -> None:
    world.live()
    lose(world)
    stop(world)
    assert world.phase() is Phase.ENDED
    assert [a.code for a in told(world, Ended)] == [ErrorCode.SESSION_ENDED]
    assert [a.notice for a in told(world, Tell)] == [Notice.END_WAITS]
    assert told(world, CloseLink) == []
    world.connect(resumed=True)
    assert world.said[-2:] == [relay_told(world, AgentHello)[0], EndSession()]
    assert relay_told(world, AgentHello)[0].token == TOKEN
    assert told(world, CloseLink) == [CloseLink(ErrorCode.SESSION_ENDED)]
    lose(world, heard_all=True)
    assert told(world, CloseLink)[-1] == PARTED
    assert world.count(Ended) == 1


def test_C30_what_went_into_a_dying_line_is_said_again(world: World) -> None:
    world.live()
    stop(world)
    assert told(world, CloseLink) == [CloseLink(ErrorCode.SESSION_ENDED)]
    for _ in range(2):
        lose(world)
        assert PARTED not in world.actions
        world.connect(resumed=True)
    assert relay_told(world, EndSession) == [EndSession()] * 3
    lose(world, heard_all=True)
    assert told(world, CloseLink)[-1] == PARTED


@pytest.mark.parametrize(
    ("answer", "parted"),
    [
        (RelayError(code=ErrorCode.RESUME_INVALID), True),
        (RelayError(code=ErrorCode.UNSUPPORTED_VERSION), True),
        (RelayError(code=ErrorCode.THROTTLED), False),
        (RelayError(code=ErrorCode.SHUTTING_DOWN), False),
        (AgentWelcome(session_id=SESSION_ID, origin=ORIGIN, token=TOKEN, resumed=False), True),
        (AgentWelcome(session_id=b"x" * 16, origin=ORIGIN, token=TOKEN, resumed=True), True),
    ],
)
def test_C30_a_relay_that_knows_of_no_session_has_nothing_to_be_told(
    world: World, answer: Message, parted: bool
) -> None:
    world.live()
    lose(world)
    stop(world)
    world.carry(world.session.link_opened(world.now_ms))
    world.relay(answer)
    assert (told(world, CloseLink)[-1] == PARTED) is parted
    assert relay_told(world, EndSession) == []
    assert world.phase() is Phase.ENDED


@pytest.mark.parametrize("held_hours", [0, 2])
def test_C30_it_is_owed_no_longer_than_the_relay_would_wait(held_hours: int) -> None:
    world, lead, _ = before(Wall())
    if held_hours:
        say(world, lead, HoldRequest(hours=held_hours))
    lose(world)
    stop(world)
    world.wait(max(RESUME_LIFE_S, held_hours * 3600) * 1000 - 1)
    assert told(world, CloseLink) == []
    world.wait(1)
    assert told(world, CloseLink) == [PARTED]


def test_C30_N8_a_report_goes_with_it(world: World) -> None:
    world.live()
    lose(world)
    stop(world, reported=0)
    assert [a.notice for a in told(world, Tell)] == [Notice.REPORT_KEPT]
    world.connect(resumed=True)
    assert noted(world)[-1] == (RecordedAct.REPORTED, 0, "")
    assert world.said[-1] == EndSession()


def test_C30_V6_a_pc_that_goes_down_says_nothing_so_that_it_can_come_back() -> None:
    world, _ = counted_down()
    world.carry(world.session.restart_prepared(True, "", world.now_ms))
    lose(world)
    stop(world)
    assert told(world, CloseLink) == [PARTED]


def test_C30_V6_the_customer_who_stops_while_it_goes_down_has_ended_it() -> None:
    world, _ = counted_down()
    world.carry(world.session.restart_prepared(True, "", world.now_ms))
    lose(world)
    world.carry(world.session.cancel_restart(world.now_ms))
    stop(world)
    world.connect(resumed=True)
    assert world.said[-1] == EndSession()


def test_C30_after_the_end_nobody_but_the_relay_is_heard(world: World) -> None:
    viewer = world.live()
    beat = viewer.say(Heartbeat(t_ms=1))
    lose(world)
    stop(world)
    world.connect(resumed=True)
    world.actions.clear()
    world.give(beat)
    world.relay(world.joining(viewer, resumed=True))
    world.frame()
    assert world.actions == []
    assert told(world, StopCapture) == []


def test_C30_who_was_never_connected_owes_nothing() -> None:
    world = new_world(connected=False)
    stop(world)
    assert told(world, CloseLink) == [PARTED]
