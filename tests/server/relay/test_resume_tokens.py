"""A token for coming back is no proof of who comes: alone it cuts, and ends nothing (SPEC C4, C10, C30)."""

import pytest

from relevo_protocol.errors import ErrorCode
from relevo_protocol.header import MessageType
from relevo_protocol.lifecycle import SeatState
from relevo_protocol.messages.relay import Leave, ViewerGone, ViewerJoining, ViewerWelcome
from tests.server.relay.hands import Peer, Scene, refused_as, scene, to_host


def test_C10_another_connection_cuts_the_first() -> None:
    made = scene(live=True)
    back = made.bench.back(made.joined.resume)
    assert refused_as(made.viewer) is ErrorCode.DESYNC
    assert [type(m) for m in made.agent.heard()] == [ViewerGone, ViewerJoining]
    assert made.viewer.party is not None
    made.viewer.party.gone(ErrorCode.DESYNC)  # its socket goes down later: nothing happens
    assert made.agent.raw() == []
    assert back.only(ViewerWelcome).slot == 1


def test_C10_a_token_shown_while_joining_ends_nobody() -> None:
    made = scene()
    assert refused_as(made.bench.back(made.joined.resume)) is ErrorCode.RESUME_INVALID
    assert made.viewer.line.ending is None
    assert made.session.seats[1].line is made.viewer.line


def _verified(made: Scene, peer: Peer) -> str:
    """Who is back has the secret as well; returns the token that they hold from now on."""
    welcome = peer.only(ViewerWelcome)
    again = Scene(made.bench, made.agent, peer, made.opened, welcome)
    again.flights()
    again.admit()
    return welcome.resume


def test_X10_C4_C10_a_token_without_its_secret_ends_no_seat() -> None:
    made = scene(live=True)
    thief = made.bench.back(made.joined.resume)
    stolen = thief.only(ViewerWelcome)
    thief.say(to_host(MessageType.HANDSHAKE, stolen.link))
    thief.say(Leave())
    assert made.session.seats[1].line is None
    gone = [said for said in made.agent.heard() if isinstance(said, ViewerGone)]
    assert [said.left for said in gone] == [False, False]
    for _ in range(2):
        again = made.bench.back(stolen.resume)
        stolen = again.only(ViewerWelcome)
    token = _verified(made, made.bench.back(made.joined.resume))
    assert made.session.seats[1].state is SeatState.LIVE
    for dead in (made.joined.resume, stolen.resume):
        assert refused_as(made.bench.back(dead)) is ErrorCode.RESUME_INVALID
    assert made.bench.back(token).only(ViewerWelcome).slot == 1


@pytest.mark.parametrize("returns", [True, False])
def test_C10_while_the_host_is_away_a_token_alone_leaves_its_seat_a_minute(returns: bool) -> None:
    made = scene(live=True)
    assert made.agent.party is not None
    made.agent.party.gone(ErrorCode.DEADLINE)
    made.bench.back(made.joined.resume).say(Leave())
    made.bench.turn(59.0)
    if returns:
        assert made.bench.back(made.joined.resume).line.ending is None
    made.bench.turn(2.0)
    assert (1 in made.session.seats) is returns


def test_C10_C30_who_is_back_with_the_secret_may_leave_also_while_the_host_is_away() -> None:
    made = scene(live=True)
    back = made.bench.back(made.joined.resume)
    _verified(made, back)
    assert made.agent.party is not None
    made.agent.party.gone(ErrorCode.DEADLINE)
    back.say(Leave())
    assert made.session.seats == {}
