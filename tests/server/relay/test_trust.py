"""Revocation, acknowledged acts, proofs, reports, organisations, on the bench (SPEC C25-C29, V10, N8)."""

from dataclasses import replace

import pytest

from relevo_protocol.errors import ErrorCode
from relevo_protocol.limits import MAX_UNRECORDED, STEP_UP_LIFE_S
from relevo_protocol.messages.relay import (
    AgentHello,
    AgentWelcome,
    Recorded,
    RecordedAct,
    RecordNotice,
    SessionEnded,
    StepUp,
    ViewerGone,
)
from relevo_protocol.modes import Role, SessionKind, Standing
from relevo_server.access.destination import Destination
from relevo_server.relay import vouching
from relevo_server.relay.keeping import event_id_of
from relevo_server.relay.live import may_see
from relevo_server.relay.party import AgentParty
from relevo_server.relay.records import Audited
from relevo_server.relay.registry import Opening
from relevo_server.relay.seat import Identity
from relevo_server.relay.surroundings import FAILURES, STRANGER_ACTS
from relevo_server.relay.traits import Lead
from tests.server.relay.hands import ANA, LUIS, SUE, Bench, Peer, Team, guest, refused_as, team

HOME_PC = replace(ANA, sign_in="at-home")
OFFICE = replace(ANA, sign_in="in-the-office")


def _acts(made: Team) -> list[Audited]:
    return [one for one in made.bench.records if isinstance(one, Audited) and one.action.startswith("act.")]


# --- time passes


def test_C10_a_session_out_of_joint_stops_nobody_elses_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("lost its thread")

    made = team((ANA, Role.LEAD))
    other = made.bench.agent()
    assert isinstance(other.party, AgentParty)
    other.party.gone(ErrorCode.DEADLINE)
    monkeypatch.setattr(made.session, "tick", fail)
    with pytest.raises(ExceptionGroup, match="out of joint"):
        made.bench.turn(made.bench.policies.resume_life_s + 1.0)
    assert made.bench.registry.find(other.party.session.session_id) is None


# --- revocation


def test_C25_a_revoked_sign_in_ends_its_own_seat_and_no_other() -> None:
    made = team((HOME_PC, Role.LEAD), (OFFICE, Role.COLLABORATOR), (LUIS, Role.EXPERT))
    made.bench.registry.dismiss(ANA.account_id, "at-home")
    assert sorted(made.session.seats) == [2, 3]
    assert refused_as(made.people[1]) is ErrorCode.REMOVED
    gone = made.agent.only(ViewerGone)
    assert (gone.slot, gone.left, gone.code) == (1, True, ErrorCode.REMOVED)


def test_C25_a_sign_out_ends_every_seat_of_the_account() -> None:
    made = team((HOME_PC, Role.LEAD), (OFFICE, Role.COLLABORATOR), (LUIS, Role.EXPERT))
    made.bench.registry.dismiss(ANA.account_id)
    assert sorted(made.session.seats) == [3]
    assert made.people[3].line.ending is None


def test_C25_a_seat_whose_sign_in_nobody_knows_goes_with_any() -> None:
    made = team((ANA, Role.LEAD))
    made.bench.registry.dismiss(ANA.account_id, "at-home")
    assert not made.session.seats


def test_C25_a_revoked_seat_cannot_come_back() -> None:
    made = team((HOME_PC, Role.LEAD))
    made.cut(1)
    made.bench.registry.dismiss(ANA.account_id, "at-home")
    assert made.bench.registry.seat_holder(made.tokens[1]) is None
    assert refused_as(made.bench.back(made.tokens[1])) is ErrorCode.RESUME_INVALID


@pytest.mark.parametrize(("sign_in", "ends"), [("at-home", True), ("in-the-office", False), ("", True)])
def test_C25_a_presentation_ends_with_the_sign_in_that_opened_it(sign_in: str, ends: bool) -> None:
    bench = Bench()
    lead = Lead(ANA.account_id, ANA.display_name, ANA.team, sign_in="at-home")
    hello = AgentHello(version=1, agent_version="1", kind=SessionKind.PRESENTATION)
    agent = bench.open(hello, Opening(presenter=lead))
    agent.raw()
    bench.registry.dismiss(ANA.account_id, sign_in)
    assert (agent.line.ending is not None) is ends


def test_C25_at_a_decoy_it_looks_the_same() -> None:
    bench = Bench()
    viewer = bench.enter(Destination(routing="999999"), HOME_PC)
    viewer.raw()
    assert HOME_PC in bench.registry.vouched()
    bench.registry.dismiss(ANA.account_id, "at-home")
    assert refused_as(viewer) is ErrorCode.REMOVED
    assert bench.registry.vouched() == set()


def test_C25_guests_have_no_account_to_lose() -> None:
    made = team((ANA, Role.LEAD), (guest(), Role.EXTERNAL))
    assert made.bench.registry.vouched() == {ANA}


# --- acknowledged acts


def test_C26_an_act_that_is_told_again_is_the_same_event() -> None:
    made = team((ANA, Role.LEAD))
    for _ in range(2):
        made.agent.say(RecordNotice(act=RecordedAct.RESTART, slot=1, number=7))
    first, second = _acts(made)
    assert first.event_id == second.event_id == event_id_of(made.session.session_id, 7)
    assert first.number == 7
    assert first.cause == "act:7"


def test_C26_the_same_number_in_another_session_is_another_event() -> None:
    assert len({event_id_of(bytes([n]) * 16, number) for n in range(3) for number in range(1, 4)}) == 9


def test_C26_an_act_without_a_number_is_a_new_one_each_time_and_not_answered() -> None:
    made = team((ANA, Role.LEAD))
    for _ in range(2):
        made.agent.say(RecordNotice(act=RecordedAct.RESTART, slot=1))
    first, second = _acts(made)
    assert first.event_id != second.event_id
    assert first.number == 0
    assert made.agent.heard() == []


def test_C26_what_is_kept_is_answered_again_without_being_recorded_or_charged_again() -> None:
    made = team((ANA, Role.LEAD))
    made.agent.say(RecordNotice(act=RecordedAct.RESTART, slot=1, number=1))
    vouching.acknowledge(made.session, 1)
    assert made.agent.only(Recorded).number == 1
    for _ in range(1000):
        made.agent.say(RecordNotice(act=RecordedAct.RESTART, slot=1, number=1))
        assert made.agent.only(Recorded).number == 1
    assert len(_acts(made)) == 1
    assert made.agent.line.ending is None


def test_C26_an_act_kept_while_the_host_is_away_is_answered_when_it_tells_it_again() -> None:
    made = team((ANA, Role.LEAD))
    made.agent.say(RecordNotice(act=RecordedAct.RESTART, slot=1, number=1))
    made.lose_host()
    vouching.acknowledge(made.session, 1)
    again = made.bench.agent(token=made.opened.token)
    again.raw()
    again.say(RecordNotice(act=RecordedAct.RESTART, slot=1, number=1))
    assert again.only(Recorded).number == 1
    assert len(_acts(made)) == 1


def test_C26_what_is_remembered_of_answers_is_bounded() -> None:
    made = team((ANA, Role.LEAD))
    for number in range(1, 3 * MAX_UNRECORDED):
        vouching.acknowledge(made.session, number)
        made.agent.raw()
    assert len(made.session.acts) == MAX_UNRECORDED


def test_C26_as_many_as_a_host_may_hold_fit_into_what_it_may_say_at_once() -> None:
    made = team((ANA, Role.LEAD))
    for number in range(1, MAX_UNRECORDED + 1):
        made.agent.say(RecordNotice(act=RecordedAct.RESTART, slot=1, number=number))
    assert made.agent.line.ending is None
    assert len(_acts(made)) == MAX_UNRECORDED


# --- a fresh proof


def test_V10_a_fresh_proof_is_told_for_the_seats_of_that_sign_in_alone() -> None:
    made = team((HOME_PC, Role.LEAD), (OFFICE, Role.COLLABORATOR))
    assert vouching.step_up(made.session, HOME_PC)
    told = made.agent.only(StepUp)
    assert (told.link, told.life_s) == (made.links[1], STEP_UP_LIFE_S)
    line = made.bench.records[-1]
    assert isinstance(line, Audited)
    assert (line.action, line.actor, line.details) == ("step_up", ANA.account_id, {"slot": 1})


@pytest.mark.parametrize("who", [LUIS, OFFICE, replace(HOME_PC, admin_tools=False)])
def test_V10_no_proof_is_told_of_who_is_not_in_or_may_not(who: Identity) -> None:
    made = team((HOME_PC, Role.LEAD))
    assert not vouching.step_up(made.session, who)
    assert made.agent.heard() == []


def test_V10_no_proof_of_a_seat_that_is_away_or_not_let_in() -> None:
    made = team((HOME_PC, Role.LEAD))
    made.cut(1)
    made.agent.raw()
    assert not vouching.step_up(made.session, HOME_PC)
    assert made.agent.heard() == []


def test_V10_no_proof_while_the_host_is_away() -> None:
    made = team((HOME_PC, Role.LEAD))
    made.lose_host()
    assert not vouching.step_up(made.session, HOME_PC)


# --- strangers


def _say_all(agent: Peer, count: int) -> None:
    for number in range(count):
        if agent.line.ending is not None:
            return
        agent.say(RecordNotice(act=RecordedAct.RESTART, slot=0, number=number + 1))


def test_C17_one_address_fills_no_record_by_opening_sessions_that_nobody_comes_to() -> None:
    bench = Bench()
    for _ in range(20):
        agent = bench.agent(address="192.0.2.7")
        _say_all(agent, 300)
        agent.line.end(ErrorCode.SESSION_ENDED)
        assert agent.party is not None
        agent.party.session.end(ErrorCode.SESSION_ENDED, "over", "agent")
    lines = [one for one in bench.records if isinstance(one, Audited)]
    assert len(lines) < 20 * 4 + STRANGER_ACTS.burst
    # Others are not concerned, nor is whoever has company.
    other = bench.agent(address="192.0.2.8")
    _say_all(other, 10)
    assert other.line.ending is None


def test_C17_who_comes_back_without_end_fills_no_record() -> None:
    bench = Bench()
    agents = [bench.agent(address="192.0.2.7") for _ in range(3)]
    tokens = [agent.only(AgentWelcome).token for agent in agents]
    for _ in range(100):
        for place, token in enumerate(tokens):
            agents[place] = bench.agent(token=token)
            tokens[place] = agents[place].only(AgentWelcome).token
    lines = [one for one in bench.records if isinstance(one, Audited) and one.action == "session.resumed"]
    assert len(lines) == FAILURES.burst
    other = bench.agent(address="192.0.2.8").only(AgentWelcome)
    bench.agent(token=other.token).only(AgentWelcome)
    assert [one.action for one in bench.records if isinstance(one, Audited)][-1] == "session.resumed"


def test_C17_whoever_has_company_is_charged_for_themselves_alone() -> None:
    bench = Bench()
    agent = bench.agent(address="192.0.2.7")
    bench.viewer(next(iter(bench.numbers.led)))
    _say_all(agent, 300)
    assert agent.line.ending is None


# --- reports


def test_N8_the_customers_report_names_whom_and_who_was_in() -> None:
    made = team((ANA, Role.LEAD), (LUIS, Role.EXPERT))
    made.agent.say(RecordNotice(act=RecordedAct.REPORTED, slot=2, number=1))
    (line,) = _acts(made)
    assert (line.action, line.actor) == (vouching.REPORTED, "customer")
    assert line.details == {"slot": 2, "by": "customer", "accused": LUIS.account_id}
    assert line.personal == {"1": "Ana Ruiz", "2": "Luis Gil"}


def test_N8_a_report_of_everybody_accuses_the_lead() -> None:
    made = team((ANA, Role.LEAD), (LUIS, Role.EXPERT))
    made.agent.say(RecordNotice(act=RecordedAct.REPORTED, slot=0))
    (line,) = _acts(made)
    assert line.details["accused"] == ANA.account_id


def test_N8_who_has_left_before_the_report_came_is_not_guessed() -> None:
    made = team((ANA, Role.LEAD))
    made.agent.say(RecordNotice(act=RecordedAct.REPORTED, slot=4))
    (line,) = _acts(made)
    assert line.details == {"slot": 4, "by": "customer", "accused": ""}


def test_N8_a_host_that_nobody_came_to_fills_no_list_of_reports() -> None:
    bench = Bench()
    agent = bench.agent()
    for number in (1, 2):
        agent.say(RecordNotice(act=RecordedAct.REPORTED, slot=0, number=number))
    lines = [one for one in bench.records if isinstance(one, Audited) and one.action == vouching.REPORTED]
    assert [line.details.get("report") for line in lines] == [False, False]


def test_N8_a_host_reports_each_of_its_people_once() -> None:
    made = team((ANA, Role.LEAD), (LUIS, Role.EXPERT))
    for slot in (1, 1, 2, 1):
        made.agent.say(RecordNotice(act=RecordedAct.REPORTED, slot=slot))
    assert [one.details.get("report", True) for one in _acts(made)] == [True, False, True, False]


def test_N8_who_was_turned_away_at_the_door_is_reported_too() -> None:
    bench = Bench()
    agent = bench.agent()
    viewer = bench.viewer(next(iter(bench.numbers.led)))
    assert viewer.party is not None
    viewer.party.gone(ErrorCode.DEADLINE)
    agent.say(RecordNotice(act=RecordedAct.REPORTED, slot=1))
    (line,) = [one for one in bench.records if isinstance(one, Audited) and one.action == vouching.REPORTED]
    assert "report" not in line.details


def test_N8_nobody_in_the_session_is_told_of_a_report() -> None:
    made = team((ANA, Role.LEAD))
    made.agent.say(RecordNotice(act=RecordedAct.REPORTED, slot=1))
    assert made.people[1].raw() == []


def test_a_technician_reports_what_they_are_in_and_nothing_else() -> None:
    made = team((ANA, Role.LEAD))
    assert vouching.report(made.session, ANA)
    assert not vouching.report(made.session, LUIS)
    (line,) = _acts(made)
    assert line.details == {"slot": 0, "by": "viewer", "accused": ""}
    assert line.actor == ANA.account_id


# --- organisations


FOREIGN = Identity("z1", "Zoe Sur", "Otra", Standing.SUPERVISOR, "Sur", organisation_id="other")


def test_C29_a_supervisor_of_another_organisation_sees_nothing_of_a_team_of_the_same_name() -> None:
    made = team((ANA, Role.LEAD))
    assert may_see(made.session, SUE)
    assert not may_see(made.session, FOREIGN)
    assert made.bench.registry.live_for(FOREIGN) == []


def test_C29_an_invitation_of_a_colleague_does_not_reach_over() -> None:
    made = team((ANA, Role.LEAD))
    made.session.keeping.invite(FOREIGN.account_id)
    assert not may_see(made.session, FOREIGN)


def test_C29_acts_go_to_the_record_of_whose_they_are() -> None:
    made = team((FOREIGN, Role.LEAD), (ANA, Role.EXPERT))
    made.agent.say(RecordNotice(act=RecordedAct.RESTART, slot=1))
    made.agent.say(RecordNotice(act=RecordedAct.RESTART, slot=2))
    made.agent.say(RecordNotice(act=RecordedAct.RESTART, slot=0))
    assert [one.organisation for one in _acts(made)] == ["other", "home", "other"]


def test_C29_a_report_goes_to_the_organisation_of_the_accused() -> None:
    made = team((FOREIGN, Role.LEAD), (ANA, Role.EXPERT))
    made.agent.say(RecordNotice(act=RecordedAct.REPORTED, slot=2))
    made.agent.say(RecordNotice(act=RecordedAct.REPORTED, slot=1))
    assert [one.organisation for one in _acts(made)] == ["home", "other"]


def test_C29_administrators_list_the_sessions_of_their_own_leads() -> None:
    made = team((FOREIGN, Role.LEAD))
    registry = made.bench.registry
    assert [one.session_id for one in registry.of_organisation("other")] == [made.session.session_id]
    assert registry.of_organisation("home") == []
    made.session.end(ErrorCode.SESSION_ENDED, "ended by an administrator", "z1")
    assert isinstance(made.people[1].heard()[0], SessionEnded)
    assert registry.of_organisation("other") == []
