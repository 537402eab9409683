"""Hold and restart: how long a session waits, also over a killed relay (SPEC C21, V5, V7)."""

import pytest

from relevo_protocol.errors import ErrorCode
from relevo_protocol.lifecycle import SessionState
from relevo_protocol.limits import RESTART_LIFE_S, RESUME_LIFE_S
from relevo_protocol.messages.relay import (
    AgentWelcome,
    HoldNotice,
    HostBack,
    HostGone,
    ModeNotice,
    RestartNotice,
    ViewerJoining,
    ViewerWelcome,
)
from relevo_protocol.modes import Mode, Role, Standing
from relevo_server.relay.live import may_see
from relevo_server.relay.records import SeatDropped, SeatKept, SessionKept, SessionOver
from tests.server.relay.hands import ANA, LUIS, NORA, Bench, Team, guest, refused_as, stage, team

HOUR_S = 3600


def _killed(made: Team) -> Bench:
    """A relay that begins with what the killed one had stored, without a word having been said."""
    sessions: dict[bytes, SessionKept] = {}
    seats: dict[tuple[bytes, int], SeatKept] = {}
    for record in made.bench.records:
        match record:
            case SessionKept():
                sessions[record.session_id] = record
            case SeatKept():
                seats[record.session_id, record.slot] = record
            case SeatDropped():
                seats.pop((record.session_id, record.slot), None)
            case SessionOver():
                sessions.pop(record.session_id, None)
            case _:
                pass
    bench = Bench(at_s=made.bench.at_s)
    for kept in sessions.values():
        own = [seat for seat in seats.values() if seat.session_id == kept.session_id]
        bench.registry.restore(kept, [seat for seat in own if seat.expires_at_s > bench.at_s])
    return bench


def test_N8_the_furthest_mode_is_known_after_the_step_down_that_an_end_is() -> None:
    made = team((ANA, Role.LEAD))
    for mode in (Mode.FULL, Mode.OBSERVER):
        made.agent.say(ModeNotice(mode=mode))
    session = _killed(made).registry.find(made.opened.session_id)
    assert session is not None
    kept = [one for one in made.bench.records if isinstance(one, SessionKept)][-1]
    assert (kept.mode, kept.furthest_mode) == ("observer", "full")
    assert (session.keeping.mode, session.keeping.furthest_mode) == ("observer", "full")


def test_C12_C20_who_was_invited_may_ask_over_a_killed_relay_for_what_is_left_of_their_hour() -> None:
    made = team((ANA, Role.LEAD))
    for who in (LUIS, NORA):
        made.session.keeping.invite(who.account_id)
    made.session.keeping.uninvite(NORA.account_id)
    made.bench.turn(HOUR_S - 60)
    bench = _killed(made)
    session = bench.registry.find(made.opened.session_id)
    assert session is not None
    assert [may_see(session, who) for who in (LUIS, NORA)] == [True, False]
    bench.at_s += 60
    assert not may_see(session, LUIS)


def test_C10_without_a_hold_a_session_waits_ten_minutes() -> None:
    made = team((ANA, Role.LEAD))
    made.lose_host()
    made.bench.turn(RESUME_LIFE_S - 1)
    assert made.session.state is SessionState.HOST_AWAY
    made.bench.turn(1)
    assert made.bench.registry.census().sessions == 0


def test_V7_a_held_session_waits_with_nobody_there_and_ends_with_the_hold() -> None:
    made = team((ANA, Role.LEAD))
    made.agent.say(HoldNotice(hold_s=8 * HOUR_S))
    made.cut(1)
    made.lose_host()
    made.bench.turn(8 * HOUR_S - 1)
    assert list(made.session.seats) == [1]
    made.bench.turn(1)
    assert made.bench.registry.census().sessions == 0


def test_V7_a_host_that_was_there_has_the_usual_time_after_the_hold() -> None:
    made = team((ANA, Role.LEAD))
    made.agent.say(HoldNotice(hold_s=HOUR_S))
    made.bench.turn(HOUR_S)
    made.lose_host()
    made.bench.turn(RESUME_LIFE_S - 1)
    assert made.session.state is SessionState.HOST_AWAY
    made.bench.turn(1)
    assert made.bench.registry.census().sessions == 0


def test_V7_a_hold_that_is_given_while_people_are_away_keeps_them() -> None:
    made = team((ANA, Role.LEAD))
    made.cut(1)
    made.bench.turn(300)
    made.agent.say(HoldNotice(hold_s=HOUR_S))
    made.bench.turn(HOUR_S - 1)
    assert made.bench.back(made.tokens[1]).only(ViewerWelcome).slot == 1


def test_V7_a_hold_that_is_ended_leaves_the_usual_time() -> None:
    made = team((ANA, Role.LEAD))
    made.agent.say(HoldNotice(hold_s=8 * HOUR_S))
    made.cut(1)
    made.agent.say(HoldNotice(hold_s=0))
    made.bench.turn(RESUME_LIFE_S - 1)
    assert list(made.session.seats) == [1]
    made.bench.turn(1)
    assert made.session.seats == {}


def test_V7_a_hold_is_at_most_72_hours() -> None:
    made = team((ANA, Role.LEAD))
    made.agent.say(HoldNotice(hold_s=86_400 * 4))
    assert made.session.keeping.traits.held_until_s == made.bench.at_s + 72 * HOUR_S


@pytest.mark.parametrize("where", ["nobody leads", "presentation"])
def test_V7_only_a_session_that_somebody_leads_is_held(where: str) -> None:
    made = stage(1) if where == "presentation" else team()
    made.agent.say(HoldNotice(hold_s=HOUR_S))
    assert made.agent.line.ending is not None
    assert made.agent.line.ending.code is ErrorCode.NOT_PERMITTED
    assert made.session.keeping.traits.held_until_s == 0.0


def test_C21_a_hold_survives_a_killed_relay_with_seats_of_accounts_and_guests() -> None:
    made = team((ANA, Role.LEAD), (guest(), Role.EXTERNAL))
    made.agent.say(HoldNotice(hold_s=8 * HOUR_S))
    made.bench.at_s += 5 * HOUR_S  # nobody stores anything any more
    later = _killed(made)
    (own,) = later.registry.live_for(ANA)
    assert (own.mine, own.held, own.host_present, own.why_not) == (True, True, False, "host_away")
    later.turn(2 * HOUR_S)
    welcome = later.agent(made.opened.token).only(AgentWelcome)
    assert (welcome.session_id, welcome.resumed) == (made.opened.session_id, True)
    later.back(made.tokens[2]).only(ViewerWelcome)
    assert later.back(made.tokens[1]).only(ViewerWelcome).account_id == ANA.account_id


def test_C21_after_a_killed_relay_an_agent_is_told_of_standing_and_tools() -> None:
    made = team((ANA, Role.LEAD), (guest(), Role.EXTERNAL))
    later = _killed(made)
    agent = later.agent(made.opened.token)
    agent.raw()
    later.back(made.tokens[1])
    later.back(made.tokens[2])
    first, second = [said for said in agent.heard() if isinstance(said, ViewerJoining)]
    assert (first.standing, first.admin_tools, first.resumed) == (Standing.TECHNICIAN, True, True)
    assert (second.standing, second.admin_tools) == (Standing.GUEST, False)


def test_C21_a_restart_is_told_once_the_line_is_down_and_waited_for() -> None:
    made = team((ANA, Role.LEAD))
    made.agent.say(RestartNotice(back_in_s=900))
    assert made.people[1].raw() == []
    made.bench.turn(5)
    made.lose_host()
    assert made.people[1].only(HostGone).restarting_s == 895
    made.bench.turn(890)
    assert made.session.state is SessionState.HOST_AWAY
    agent = made.bench.agent(made.opened.token)
    assert agent.heard()[0] is not None
    made.people[1].only(HostBack)
    agent.party.gone(ErrorCode.DEADLINE)  # type: ignore[union-attr]
    assert made.people[1].only(HostGone).restarting_s == 0  # that is over


def test_C21_who_comes_back_during_the_restart_is_told_too() -> None:
    made = team((ANA, Role.LEAD))
    made.agent.say(RestartNotice(back_in_s=900))
    made.lose_host()
    made.people[1].raw()
    made.cut(1)
    back = made.bench.back(made.tokens[1])
    welcome, gone = back.heard()
    assert isinstance(welcome, ViewerWelcome)
    assert not welcome.host_present
    assert gone == HostGone(restarting_s=900)


def test_C21_a_restart_is_waited_for_by_a_relay_that_was_killed() -> None:
    made = team((ANA, Role.LEAD))
    made.agent.say(RestartNotice(back_in_s=1200))
    later = _killed(made)
    later.turn(1199)
    assert later.agent(made.opened.token).only(AgentWelcome).resumed


def test_C21_a_restart_is_waited_for_half_an_hour_at_most() -> None:
    made = team((ANA, Role.LEAD))
    made.agent.say(RestartNotice(back_in_s=86_400))
    made.lose_host()
    made.bench.turn(RESTART_LIFE_S)
    assert made.bench.registry.census().sessions == 0
    assert refused_as(made.bench.agent(made.opened.token)) is ErrorCode.RESUME_INVALID
