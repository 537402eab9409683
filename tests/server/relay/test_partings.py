"""A host removes somebody, and a cut had swallowed the word: it is said again (SPEC C10, C11, G10)."""

from relevo_protocol.errors import ErrorCode
from relevo_protocol.messages.relay import AgentWelcome, HostBack, RemoveViewer, ViewerJoining
from relevo_protocol.modes import Role
from relevo_server.relay.records import Audited
from tests.server.relay.hands import Team, guest, recorded, refused_as, stage

SLOT = 2


def _resume(made: Team) -> list[ViewerJoining]:
    """The host loses its line and is back; returns who is announced anew."""
    made.lose_host()
    made.people[SLOT].raw()
    made.agent = made.bench.agent(token=made.opened.token)
    heard = made.agent.heard()
    (made.opened,) = [said for said in heard if isinstance(said, AgentWelcome)]
    return [said for said in heard if isinstance(said, ViewerJoining)]


def _removals(made: Team) -> int:
    audited = [record for record in recorded(made.bench, Audited) if isinstance(record, Audited)]
    return sum(record.action == "viewer.removed" for record in audited)


def test_C11_who_is_there_is_removed_by_the_new_link() -> None:
    made = stage(2)
    (back,) = [said for said in _resume(made) if said.slot == SLOT]
    assert made.people[SLOT].only(HostBack).link == back.link != made.links[SLOT]
    made.agent.say(RemoveViewer(link=made.links[SLOT], code=ErrorCode.REMOVED))
    assert SLOT in made.session.seats, "the link that the host knew is past"
    made.agent.say(RemoveViewer(link=back.link, code=ErrorCode.REMOVED))
    assert refused_as(made.people[SLOT]) is ErrorCode.REMOVED
    assert SLOT not in made.session.seats
    assert _removals(made) == 1


def test_C11_who_is_away_is_removed_by_the_link_that_the_host_knew() -> None:
    made = stage(2)
    made.cut(SLOT)
    assert [said.slot for said in _resume(made)] == [1]
    made.agent.say(RemoveViewer(link=made.links[SLOT], code=ErrorCode.REMOVED))
    assert SLOT not in made.session.seats
    assert refused_as(made.bench.back(made.tokens[SLOT])) is ErrorCode.RESUME_INVALID
    assert made.let_in(guest(9), Role.DEMO_VIEWER) == SLOT
    assert _removals(made) == 1


def test_C17_said_again_after_each_resume_it_ends_nobody_and_fills_no_record() -> None:
    made = stage(5)
    links = list(made.links.values())
    for _ in range(200):
        for link in links:
            made.agent.say(RemoveViewer(link=link, code=ErrorCode.REMOVED))
        _resume(made)
    assert made.agent.line.ending is None
    assert _removals(made) == 5


def test_C17_a_failed_resume_said_again_keeps_no_seat_longer() -> None:
    made = stage(2)
    made.cut(SLOT)
    until_s = made.session.seats[SLOT].deadline_s
    made.bench.at_s += 60.0
    made.agent.say(RemoveViewer(link=made.links[SLOT], code=ErrorCode.TAMPERED))
    assert made.session.seats[SLOT].deadline_s == until_s
    assert _removals(made) == 0
