"""What would be a line too many of the record is counted, not dropped (SPEC C17)."""

from relevo_protocol.errors import ErrorCode
from relevo_protocol.messages.relay import (
    AgentWelcome,
    EndSession,
    ModeNotice,
    RecordedAct,
    RecordNotice,
    RemoveViewer,
    ViewerWelcome,
)
from relevo_protocol.modes import Mode
from relevo_server.relay.records import Audited
from relevo_server.relay.surroundings import FAILURES, STRANGER_ACTS
from tests.server.relay.hands import Bench, recorded


def _recorded(bench: Bench, action: str) -> int:
    found = [one for one in recorded(bench, Audited) if isinstance(one, Audited)]
    return sum(one.action == action for one in found)


def _left_out(bench: Bench) -> tuple[Audited, int]:
    """The one line that stands for all that were left out, and how many those are."""
    first = bench.left_out[0][1]
    assert {key for key, _line in bench.left_out} == {bench.left_out[0][0]}
    assert all(line == first for _key, line in bench.left_out)
    return first, len(bench.left_out)


def test_C17_returns_beyond_an_addresss_budget_are_counted_together() -> None:
    bench = Bench()
    agents = [bench.agent(address="192.0.2.7") for _ in range(3)]
    tokens = [agent.only(AgentWelcome).token for agent in agents]
    for _ in range(100):
        for place, token in enumerate(tokens):
            tokens[place] = bench.agent(token=token).only(AgentWelcome).token
    line, count = _left_out(bench)
    assert _recorded(bench, "session.resumed") == FAILURES.burst
    assert count == 300 - FAILURES.burst
    assert (line.action, line.session_id, line.personal) == (
        "session.resumed",
        b"",
        {"address": "192.0.2.7"},
    )


def test_C17_removals_beyond_a_sessions_budget_are_counted_as_its_own() -> None:
    bench = Bench()
    agent = bench.agent()
    opened = agent.only(AgentWelcome)
    assert opened.routing is not None
    for _ in range(100):
        link = bench.viewer(opened.routing).only(ViewerWelcome).link
        agent.say(RemoveViewer(link=link, code=ErrorCode.CODE_WRONG))
    line, count = _left_out(bench)
    assert _recorded(bench, "viewer.removed") == FAILURES.burst
    assert count == 100 - FAILURES.burst
    assert (line.action, line.session_id) == ("viewer.removed", opened.session_id)


def test_C17_acts_that_are_refused_as_too_many_are_counted() -> None:
    bench = Bench()
    for _ in range(20):
        agent = bench.agent(address="192.0.2.7")
        for number in range(300):
            if agent.line.ending is None:
                agent.say(RecordNotice(act=RecordedAct.RESTART, slot=0, number=number + 1))
    line, count = _left_out(bench)
    assert _recorded(bench, "act.restart") == STRANGER_ACTS.burst
    assert (line.action, line.details, count) == ("throttled", {"what": "acts"}, 20)


def test_C17_U4_a_report_goes_with_the_end_however_much_was_asked_before() -> None:
    bench = Bench()
    agent = bench.agent()
    opened = agent.only(AgentWelcome)
    while agent.line.ending is None:
        agent.say(ModeNotice(mode=Mode.FULL))
    agent = bench.agent(token=opened.token)
    for _ in range(2):
        agent.say(RecordNotice(act=RecordedAct.REPORTED, slot=0, number=1))
    agent.say(EndSession())
    assert agent.line.ending is not None
    assert agent.line.ending.code is ErrorCode.SESSION_ENDED
    told = [one for one in recorded(bench, Audited) if isinstance(one, Audited)]
    assert len({one.event_id for one in told if one.action == "act.reported"}) == 1
