"""Whispers: from seat to seat by role, never to the host (SPEC W5, W9, T4, T6)."""

import itertools

import pytest

from relevo_protocol.errors import ErrorCode
from relevo_protocol.header import DST_HOST, Header, MessageType
from relevo_protocol.messages.relay import RoleNotice
from relevo_protocol.modes import Role
from relevo_protocol.rights import may_whisper
from relevo_server.relay.seat import Identity
from tests.server.relay.hands import ANA, LUIS, SUE, guest, stage, team

VIEWING = [role for role in Role if role is not Role.CUSTOMER]


@pytest.mark.parametrize(("one", "other"), list(itertools.product(VIEWING, VIEWING)))
def test_W9_T4_whispers_pass_where_the_table_of_rights_says_so(one: Role, other: Role) -> None:
    made = team((ANA, one), (LUIS, other))
    message = made.whisper(1, 2)
    heard = made.people[2].raw()
    assert heard == ([message] if may_whisper(one, other) else [])
    assert made.agent.raw() == []
    assert made.people[1].line.ending is None


def test_W9_a_role_that_changes_changes_who_is_heard() -> None:
    made = team((ANA, Role.LEAD), (LUIS, Role.COLLABORATOR), (guest(), Role.EXTERNAL))
    made.whisper(3, 2)
    assert made.people[2].raw() == []
    made.agent.say(RoleNotice(link=made.links[2], role=Role.LEAD))
    made.agent.say(RoleNotice(link=made.links[1], role=Role.COLLABORATOR))
    message = made.whisper(3, 2)
    made.whisper(3, 1)
    assert made.people[2].raw() == [message]
    assert made.people[1].raw() == []


def test_W9_nothing_reaches_who_is_not_live_and_nobody_is_blamed() -> None:
    made = team((ANA, Role.LEAD), (LUIS, Role.COLLABORATOR))
    made.cut(2)
    made.agent.raw()
    for receiver in (1, 2, 5):
        made.whisper(1, receiver)
    back = made.bench.back(made.tokens[2])
    back.raw()
    made.agent.raw()
    made.whisper(1, 2)
    assert back.raw() == made.people[1].raw() == made.agent.raw() == []
    assert made.people[1].line.ending is None


def test_W9_who_is_not_admitted_yet_is_not_heard() -> None:
    made = team((ANA, Role.LEAD), (LUIS, Role.COLLABORATOR))
    made.cut(2)
    back = made.bench.back(made.tokens[2])
    (joining,) = [m for m in made.agent.heard() if getattr(m, "resumed", False)]
    link = joining.link  # type: ignore[attr-defined]
    made.people[2], made.links[2] = back, link
    made.whisper(2, 1)
    assert made.people[1].raw() == []


def test_W9_no_whispers_while_the_host_is_away() -> None:
    made = team((ANA, Role.LEAD), (LUIS, Role.COLLABORATOR))
    made.lose_host()
    made.people[2].raw()
    made.whisper(1, 2)
    assert made.people[2].raw() == []


def test_W6_a_whisper_on_another_link_ends_the_sender() -> None:
    made = team((ANA, Role.LEAD), (LUIS, Role.COLLABORATOR))
    made.people[1].say(Header(MessageType.TEAM, dst=2, key_id=made.links[2]).pack() + b"x")
    assert made.people[2].raw() == []
    ending = made.people[1].line.ending
    assert ending is not None
    assert ending.code is ErrorCode.UNEXPECTED


def test_T6_the_host_can_neither_get_nor_send_one() -> None:
    made = team((ANA, Role.LEAD), (LUIS, Role.COLLABORATOR))
    # A header cannot even name the host for this type.
    made.people[1].say(Header(MessageType.TEAM, dst=DST_HOST, key_id=made.links[1]).pack() + b"x")
    assert made.agent.raw() == []
    made.agent.say(Header(MessageType.TEAM, dst=2, key_id=made.links[2]).pack() + b"x")
    assert made.people[2].raw() == []
    assert made.agent.line.ending is not None
    assert made.agent.line.ending.code is ErrorCode.UNEXPECTED


def test_T4_in_a_presentation_nobody_whispers() -> None:
    made = stage(2)
    made.whisper(1, 2)
    assert made.people[2].raw() == []


def test_W9_a_flood_is_dropped_and_ends_neither_line() -> None:
    made = team((ANA, Role.LEAD), (SUE, Role.SUPERVISOR))
    for _ in range(500):
        made.whisper(1, 2, bytes(20_000))
    heard = made.people[2].raw()
    assert 0 < len(heard) <= 60
    assert sum(map(len, heard)) <= made.bench.policies.control_bytes // 2
    assert made.people[1].line.ending is made.people[2].line.ending is None
    made.bench.turn(10)
    message = made.whisper(1, 2)
    assert made.people[2].raw() == [message]


def test_W9_five_seats_flood_each_other_and_the_host_hears_nothing() -> None:
    people = [(Identity(f"t{n}", f"T {n}", "Prueba"), Role.LEAD if n == 0 else Role.EXPERT) for n in range(5)]
    made = team(*people)
    for sender, receiver in itertools.permutations(range(1, 6), 2):
        made.whisper(sender, receiver)
    assert [len(made.people[slot].raw()) for slot in range(1, 6)] == [4] * 5
    assert made.agent.raw() == []
