"""The live list, asking to come in, what the record has of it (SPEC C20, G1, V9)."""

from collections.abc import Mapping

import pytest

from relevo_protocol.errors import ErrorCode
from relevo_protocol.limits import JOIN_ASK_DEADLINE_S
from relevo_protocol.messages.relay import (
    EndSession,
    HoldNotice,
    JoinAnswered,
    JoinAsked,
    ModeNotice,
    RecordedAct,
    RecordNotice,
    RestartNotice,
    RoleNotice,
)
from relevo_protocol.modes import Mode, Role, Standing
from relevo_server.relay.asking import MAX_OPEN, Answer
from relevo_server.relay.live import LiveSession, may_see
from relevo_server.relay.records import Audited
from relevo_server.relay.seat import Identity
from tests.server.relay.hands import ANA, LUIS, NORA, SUE, Team, guest, recorded, refused_as, stage, team

KEY = b"k" * 32


def _list(made: Team, who: Identity) -> list[LiveSession]:
    return made.bench.registry.live_for(who)


def _ask(made: Team, who: Identity) -> tuple[list[Answer], ErrorCode | None]:
    answers: list[Answer] = []
    return answers, made.session.ask(who, KEY, answers.append)


def _asked(made: Team) -> JoinAsked:
    (said,) = [m for m in made.agent.heard() if isinstance(m, JoinAsked)]
    return said


def _audited(made: Team, prefix: str) -> list[tuple[str, str, Mapping[str, str | int | float | bool]]]:
    lines = [line for line in recorded(made.bench, Audited) if isinstance(line, Audited)]
    return [(line.actor, line.action, line.details) for line in lines if line.action.startswith(prefix)]


# --- who sees what


def test_C20_a_supervisor_sees_the_sessions_of_the_team_and_nothing_of_others() -> None:
    made = team((ANA, Role.LEAD), (guest(), Role.EXTERNAL))
    made.agent.say(ModeNotice(mode=Mode.FULL))
    made.bench.turn(90)
    (seen,) = _list(made, SUE)
    assert seen.id == made.opened.session_id.hex()
    assert (seen.lead, seen.mode, seen.since_s, seen.joinable) == ("Ana Ruiz", Mode.FULL, 90, True)
    assert [(one.name, one.role) for one in seen.people] == [
        ("Ana Ruiz", Role.LEAD),
        ("Guest 0", Role.EXTERNAL),
    ]
    assert (seen.mine, seen.invited, seen.held) == (False, False, False)
    assert _list(made, NORA) == []
    assert _list(made, LUIS) == _list(made, ANA) == []


def test_C20_nobody_sees_a_session_before_somebody_leads_it_nor_after_its_end() -> None:
    made = team()
    assert _list(made, SUE) == []
    made.let_in(ANA, Role.LEAD)
    assert len(_list(made, SUE)) == 1
    made.agent.say(EndSession())
    assert _list(made, SUE) == []


def test_C20_an_empty_session_is_not_live_unless_it_is_held() -> None:
    made = team((ANA, Role.LEAD))
    made.session.retire(made.session.seats[1])
    assert _list(made, SUE) == _list(made, ANA) == []
    made.agent.say(HoldNotice(hold_s=3600))
    (own,) = _list(made, ANA)
    assert (own.mine, own.held, own.joinable) == (True, True, True)
    assert [one.mine for one in _list(made, SUE)] == [False]
    assert _list(made, LUIS) == []


def test_C20_whoever_is_invited_sees_it_until_they_are_sent_away_or_an_hour_has_passed() -> None:
    made = team((ANA, Role.LEAD))
    made.session.keeping.invite(LUIS.account_id)
    assert [one.invited for one in _list(made, LUIS)] == [True]
    assert _list(made, NORA) == []
    made.bench.turn(3600)
    assert _list(made, LUIS) == []


@pytest.mark.parametrize(
    ("why", "who"),
    [("already_in", SUE), ("full", SUE), ("host_away", SUE), ("restarting", SUE), ("presentation", SUE)],
)
def test_C20_the_list_says_why_somebody_cannot_come_in(why: str, who: Identity) -> None:
    made = stage() if why == "presentation" else team((ANA, Role.LEAD))
    match why:
        case "already_in":
            made.let_in(who, Role.SUPERVISOR)
        case "full":
            for number in range(4):
                made.let_in(guest(number), Role.EXTERNAL)
        case "host_away":
            made.lose_host()
        case "restarting":
            made.agent.say(RestartNotice(back_in_s=300))
            made.lose_host()
        case _:
            pass
    (seen,) = _list(made, who)
    assert (seen.joinable, seen.why_not) == (False, why)


def test_C20_a_guest_sees_nothing() -> None:
    made = team((ANA, Role.LEAD))
    sly = Identity("guest-9", "Sue Paz", "", Standing.GUEST, "Sur")
    made.session.keeping.invite(sly.account_id)
    assert not may_see(made.session, sly)


# --- asking


def test_C20_the_hosts_answer_goes_to_who_asked_once() -> None:
    made = team((ANA, Role.LEAD))
    answers, refused = _ask(made, SUE)
    assert refused is None
    asked = _asked(made)
    assert (asked.account_id, asked.standing, asked.key) == (SUE.account_id, Standing.SUPERVISOR, KEY)
    assert asked.organisation == "Prueba"
    for _ in range(2):
        made.agent.say(JoinAnswered(request=asked.request, invite=b"i" * 16, sealed=b"s" * 80))
    assert answers == [Answer(b"i" * 16, b"s" * 80)]
    assert made.agent.line.ending is None
    assert _audited(made, "join.") == [
        (SUE.account_id, "join.asked", {}),
        ("agent", "join.answered", {"account": SUE.account_id, "outcome": "let in"}),
    ]


def test_C20_an_answer_for_a_request_of_another_session_reaches_nobody() -> None:
    made, other = team((ANA, Role.LEAD)), team((ANA, Role.LEAD))
    answers, _ = _ask(made, SUE)
    asked = _asked(made)
    other.agent.say(JoinAnswered(request=asked.request, invite=b"i" * 16, sealed=b"s" * 80))
    assert answers == []


@pytest.mark.parametrize(
    "said",
    [
        JoinAnswered(request=1),
        JoinAnswered(request=1, invite=b"i" * 16),
        JoinAnswered(request=1, sealed=b"s" * 80),
        JoinAnswered(request=1, invite=b"i" * 16, sealed=b"s" * 80, code=ErrorCode.NOT_PERMITTED),
    ],
)
def test_C20_half_an_answer_is_a_no(said: JoinAnswered) -> None:
    made = team((ANA, Role.LEAD))
    answers, _ = _ask(made, SUE)
    made.agent.say(said)
    assert answers == [Answer(code=ErrorCode.NOT_PERMITTED)]


def test_C20_a_sealed_secret_that_is_too_long_ends_the_host_and_the_request() -> None:
    made = team((ANA, Role.LEAD))
    answers, _ = _ask(made, SUE)
    made.agent.say(JoinAnswered(request=1, invite=b"i" * 16, sealed=b"s" * 257))
    assert made.agent.line.ending is not None
    assert made.agent.line.ending.code is ErrorCode.MALFORMED
    made.lose_host()
    assert answers == [Answer(code=ErrorCode.HOST_GONE)]


def test_C20_no_answer_in_time_is_a_no_and_a_late_one_is_nothing() -> None:
    made = team((ANA, Role.LEAD))
    answers, _ = _ask(made, SUE)
    made.bench.turn(JOIN_ASK_DEADLINE_S)
    assert answers == [Answer(code=ErrorCode.DEADLINE)]
    again, _ = _ask(made, SUE)
    made.agent.say(JoinAnswered(request=1, invite=b"i" * 16, sealed=b"s" * 80))
    assert again == []
    assert made.agent.line.ending is None


def test_C20_one_account_asks_once_at_a_time_and_a_session_has_few_open() -> None:
    made = team((ANA, Role.LEAD))
    assert _ask(made, SUE)[1] is None
    assert _ask(made, SUE)[1] is ErrorCode.THROTTLED
    for number in range(MAX_OPEN - 1):
        assert _ask(made, Identity(f"x{number}", "X", "Prueba"))[1] is None
    assert _ask(made, LUIS)[1] is ErrorCode.THROTTLED
    assert len([m for m in made.agent.heard() if isinstance(m, JoinAsked)]) == MAX_OPEN


def test_C17_answers_to_requests_do_not_count_against_the_host() -> None:
    made = team((ANA, Role.LEAD))
    for number in range(200):
        answers, _ = _ask(made, SUE)
        made.agent.say(JoinAnswered(request=number + 1, code=ErrorCode.CONSENT_DENIED))
        assert answers == [Answer(code=ErrorCode.CONSENT_DENIED)]
        made.agent.raw()
    assert made.agent.line.ending is None
    for _ in range(200):
        made.agent.say(JoinAnswered(request=1, code=ErrorCode.CONSENT_DENIED))
    assert refused_as(made.agent) is ErrorCode.THROTTLED


def test_C20_nobody_asks_an_absent_host() -> None:
    made = team((ANA, Role.LEAD))
    made.lose_host()
    assert _ask(made, SUE) == ([], ErrorCode.HOST_GONE)


def test_C20_the_end_of_the_session_answers_who_waits() -> None:
    made = team((ANA, Role.LEAD))
    answers, _ = _ask(made, SUE)
    made.agent.say(EndSession())
    assert answers == [Answer(code=ErrorCode.SESSION_ENDED)]


# --- roles and the record


def test_G8_a_new_lead_is_the_sessions_lead_and_recorded_once() -> None:
    made = team((ANA, Role.LEAD), (SUE, Role.SUPERVISOR))
    for _ in range(2):
        made.agent.say(RoleNotice(link=made.links[2], role=Role.LEAD))
        made.agent.say(RoleNotice(link=made.links[1], role=Role.COLLABORATOR))
    (seen,) = _list(made, SUE)
    assert seen.lead == "Sue Paz"
    assert _audited(made, "viewer.role") == [
        (SUE.account_id, "viewer.role", {"slot": 2, "role": "lead"}),
        (ANA.account_id, "viewer.role", {"slot": 1, "role": "collaborator"}),
    ]


def test_a_role_for_somebody_who_is_not_in_is_refused_and_for_who_left_ignored() -> None:
    made = team((ANA, Role.LEAD))
    made.agent.say(RoleNotice(link=made.links[1] + 1000, role=Role.LEAD))
    assert made.agent.line.ending is None


@pytest.mark.parametrize("act", [act for act in RecordedAct if act is not RecordedAct.REPORTED])
def test_V9_an_act_is_recorded_once_by_the_account_of_who_acted(act: RecordedAct) -> None:
    made = team((ANA, Role.LEAD))
    made.bench.records.clear()
    made.agent.say(RecordNotice(act=act, slot=1, detail="nginx"))
    assert _audited(made, "") == [(ANA.account_id, f"act.{act.value}", {"slot": 1})]
    (entry,) = made.bench.records
    assert isinstance(entry, Audited)
    assert entry.personal == {"detail": "nginx"}
    assert entry.organisation == "home"


@pytest.mark.parametrize(("slot", "actor"), [(0, "customer"), (4, "agent")])
def test_V9_an_act_of_the_customer_or_of_who_has_left(slot: int, actor: str) -> None:
    made = team((ANA, Role.LEAD))
    made.agent.say(RecordNotice(act=RecordedAct.GRANT_REVOKED, slot=slot))
    assert _audited(made, "act.") == [(actor, "act.grant_revoked", {"slot": slot})]


def test_V9_the_presenter_acts_in_their_own_name() -> None:
    made = stage(1)
    made.agent.say(RecordNotice(act=RecordedAct.MEMBER_REMOVED, slot=0))
    assert _audited(made, "act.") == [(ANA.account_id, "act.member_removed", {"slot": 0})]


def test_C17_records_are_bounded() -> None:
    made = team((ANA, Role.LEAD))
    for _ in range(1000):
        made.agent.say(RecordNotice(act=RecordedAct.PROCESS_ENDED, slot=1))
    assert made.agent.line.ending is not None
    assert made.agent.line.ending.code is ErrorCode.THROTTLED
    assert len(_audited(made, "act.")) <= 300


def test_a_mode_that_is_said_again_is_recorded_once() -> None:
    made = team((ANA, Role.LEAD))
    for _ in range(3):
        made.agent.say(ModeNotice(mode=Mode.FULL))
    assert _audited(made, "mode.") == [("agent", "mode.changed", {"mode": "full"})]


def test_whoever_comes_anew_leaves_no_empty_seat_behind() -> None:
    made = team((ANA, Role.LEAD), (LUIS, Role.COLLABORATOR))
    made.cut(1)
    assert made.let_in(ANA, Role.LEAD) == 3
    assert sorted(made.session.seats) == [2, 3]
