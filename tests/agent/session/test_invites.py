"""Invitations: made, used once, revoked, run out; asked for by colleagues (SPEC G1, G11, G14, C19, C20)."""

import pytest

from relevo_agent.session.actions import Ask, QuestionKind, Send
from relevo_agent.session.allowance import RELAY_ACTS_AT_ONCE
from relevo_protocol.crypto.schedule import Credential
from relevo_protocol.errors import ErrorCode
from relevo_protocol.limits import INVITE_LIFE_S, MAX_INVITES
from relevo_protocol.messages.relay import (
    CodeSpent,
    InviteClosed,
    InviteOpened,
    JoinAnswered,
    RecordedAct,
    RecordNotice,
    SeatAdmitted,
)
from relevo_protocol.messages.session import Epoch, Goodbye, InputRefused
from relevo_protocol.messages.team import (
    GrantsState,
    InviteIssued,
    InviteOver,
    InviteRequest,
    InviteRevoke,
    RemoveMember,
)
from relevo_protocol.modes import Capability, Role, Standing
from relevo_protocol.rights import Factor
from tests.agent.session.company import (
    ask_in,
    beat,
    come,
    guest,
    heard,
    invite,
    noted,
    question,
    relay_told,
    roles,
    say,
    supervisor,
    with_invite,
)
from tests.agent.session.world import World

# --- by a link ---


def test_G14_an_invitation_goes_to_the_asker_and_its_id_to_the_relay(world: World) -> None:
    lead = world.live()
    issued = invite(world, lead, Role.COLLABORATOR)
    assert (issued.role, issued.life_s) == (Role.COLLABORATOR, INVITE_LIFE_S)
    opened = relay_told(world, InviteOpened)
    assert [(o.invite, o.guests, o.life_s) for o in opened] == [(issued.invite, False, INVITE_LIFE_S)]
    assert (RecordedAct.INVITED, 1, "collaborator") in noted(world)


def test_G1_G11_an_invited_colleague_comes_with_the_role_and_by_veto(world: World) -> None:
    lead = world.live()
    issued = invite(world, lead, Role.EXPERT)
    spent = world.count(CodeSpent)
    other = come(world, 2, "Eva", with_invite(issued))
    assert (question(world).kind, question(world).role) == (QuestionKind.VETO, Role.EXPERT)
    assert relay_told(world, InviteClosed) == [InviteClosed(invite=issued.invite)]
    beat(world, 8001, [lead, other])
    assert roles(world) == {"Ana": Role.LEAD, "Eva": Role.EXPERT}
    assert SeatAdmitted(link=other.link, role=Role.EXPERT) in world.said
    assert world.count(CodeSpent) == spent, "the code on the screen was not used"


def test_G1_G11_a_guest_is_asked_about_in_full_and_external(world: World) -> None:
    lead = world.live()
    other = guest(world, lead, yes=False)
    assert (question(world).kind, question(world).role) == (QuestionKind.ENTRY, Role.EXTERNAL)
    assert relay_told(world, InviteOpened)[-1].guests
    world.answer(True)
    world.frame(keyframe=True)
    assert other.keyframes == 1
    assert roles(world)["Gema"] is Role.EXTERNAL
    state = heard(lead, GrantsState)[-1]
    granted = {Capability.SCREEN_VIEW, Capability.POINT_LASER, Capability.POINT_ANNOTATE, Capability.SNAPSHOT}
    assert {g.slot: set(g.granted) for g in state.grants}[2] == granted


def test_G11_silence_is_no_for_a_guest(world: World) -> None:
    lead = world.live()
    other = guest(world, lead, yes=False)
    beat(world, 60_001, [lead, other])
    assert roles(world) == {"Ana": Role.LEAD}
    assert ErrorCode.CONSENT_TIMEOUT in world.removed()


def test_G11_a_veto_turns_a_colleague_away(world: World) -> None:
    lead = world.live()
    come(world, 2, "Eva", with_invite(invite(world, lead, Role.COLLABORATOR)))
    world.answer(False)
    assert roles(world) == {"Ana": Role.LEAD}
    assert world.removed() == [ErrorCode.CONSENT_DENIED]


def test_G14_an_invitation_is_used_once(world: World) -> None:
    lead = world.live()
    issued = invite(world, lead, Role.COLLABORATOR)
    come(world, 2, "Eva", with_invite(issued))
    world.answer(True)
    asked = world.count(Ask)
    come(world, 3, "Iván", with_invite(issued))
    assert world.count(Ask) == asked
    assert world.removed() == [ErrorCode.CODE_WRONG]


def test_G14_whoever_asked_for_an_invitation_is_told_that_it_is_used(world: World) -> None:
    lead = world.live()
    issued, other = invite(world, lead, Role.COLLABORATOR), invite(world, lead, Role.EXPERT)
    come(world, 2, "Eva", with_invite(issued))
    assert heard(lead, InviteOver) == [InviteOver(invite=issued.invite)]
    say(world, lead, InviteRevoke(invite=other.invite))
    assert heard(lead, InviteOver)[1:] == [InviteOver(invite=other.invite)]


def test_G14_of_two_at_the_same_moment_one_comes_in(world: World) -> None:
    lead = world.live()
    issued = invite(world, lead, Role.COLLABORATOR)
    eva, ivan = world.arrive(2, "Eva"), world.arrive(3, "Iván")
    world.viewers.remove(eva)  # their flight 2 is on its way
    before = len(world.actions)
    world.give(eva.hello(with_invite(issued)))
    late = [bytes(a.message) for a in world.actions[before:] if isinstance(a, Send)]
    world.give(ivan.hello(with_invite(issued)))
    world.viewers.append(eva)
    for message in late:
        for answer in eva.take(message):
            world.give(answer)
    assert eva.channel is None
    assert [q.display_name for q in (a.question for a in world.actions if isinstance(a, Ask))][-1] == "Iván"
    assert ErrorCode.CODE_WRONG in world.removed()


def test_K5_a_wrong_secret_costs_the_code_nothing(world: World) -> None:
    lead = world.live()
    issued = invite(world, lead, Role.COLLABORATOR)
    come(world, 2, "Eva", Credential("invite", bytes(32), issued.invite))
    assert world.removed() == [ErrorCode.CODE_WRONG]
    come(world, 2, "Eva", with_invite(issued))
    assert question(world).display_name == "Eva", "somebody's wrong guess does not use it up"


def test_G14_an_unknown_or_revoked_invitation_leads_nowhere(world: World) -> None:
    lead = world.live()
    issued = invite(world, lead, Role.COLLABORATOR)
    say(world, lead, InviteRevoke(invite=issued.invite))
    assert relay_told(world, InviteClosed) == [InviteClosed(invite=issued.invite)]
    come(world, 2, "Eva", with_invite(issued))
    assert world.removed() == [ErrorCode.CODE_WRONG]
    say(world, lead, InviteRevoke(invite=b"x" * 16))
    assert len(relay_told(world, InviteClosed)) == 1


def test_G14_after_an_hour_an_invitation_is_over(world: World) -> None:
    lead = world.live()
    issued = invite(world, lead, Role.COLLABORATOR)
    beat(world, INVITE_LIFE_S * 1000, [lead])
    assert relay_told(world, InviteClosed) == [InviteClosed(invite=issued.invite)]
    come(world, 2, "Eva", with_invite(issued))
    assert world.removed() == [ErrorCode.CODE_WRONG]


def test_C19_open_invitations_are_announced_again_after_a_resume(world: World) -> None:
    lead = world.live()
    issued = invite(world, lead, Role.EXTERNAL)
    beat(world, 600_000, [lead])
    world.carry(world.session.link_lost(world.now_ms))
    world.said.clear()
    world.connect(resumed=True)
    life_s = INVITE_LIFE_S - 600
    assert InviteOpened(invite=issued.invite, guests=True, life_s=life_s) in world.said


def test_G14_a_new_session_knows_no_invitation_of_the_old_one(world: World) -> None:
    lead = world.live()
    issued = invite(world, lead, Role.EXTERNAL)
    world.carry(world.session.link_lost(world.now_ms))
    world.said.clear()
    world.connect(resumed=False)
    assert relay_told(world, InviteOpened) == []
    come(world, 2, "Eva", with_invite(issued))
    assert world.removed() == [ErrorCode.CODE_WRONG]


# --- hostile ---


@pytest.mark.parametrize("role", [Role.LEAD, Role.SUPERVISOR, Role.DEMO_VIEWER, Role.CUSTOMER])
def test_G1_nobody_is_invited_to_lead_or_to_supervise(world: World, role: Role) -> None:
    lead = world.live()
    say(world, lead, InviteRequest(role=role))
    refused = heard(lead, InputRefused)[-1]
    assert (refused.code, refused.removed_by) == (ErrorCode.NOT_PERMITTED, Factor.ROLE)
    assert heard(lead, InviteIssued) == []
    assert relay_told(world, InviteOpened) == []


@pytest.mark.parametrize("role", [Role.COLLABORATOR, Role.EXTERNAL])
def test_G5_only_lead_and_supervisor_invite(world: World, role: Role) -> None:
    lead = world.live()
    other = guest(world, lead) if role is Role.EXTERNAL else world.live(2, "Eva")
    say(world, other, InviteRequest(role=Role.EXTERNAL))
    assert heard(other, InviteIssued) == []
    assert heard(other, InputRefused)[-1].removed_by is Factor.ROLE


def test_G5_a_supervisor_invites(world: World) -> None:
    world.live()
    sara = supervisor(world)
    assert invite(world, sara, Role.EXPERT).role is Role.EXPERT


def test_C17_a_flood_of_invitations_is_bounded(world: World) -> None:
    lead = world.live()
    for _ in range(500):
        say(world, lead, InviteRequest(role=Role.EXTERNAL))
    assert len(heard(lead, InviteIssued)) == RELAY_ACTS_AT_ONCE
    assert heard(lead, InputRefused)[-1].code is ErrorCode.THROTTLED
    for _ in range(40):
        beat(world, 10_000, [lead])
        say(world, lead, InviteRequest(role=Role.EXTERNAL))
    assert len(heard(lead, InviteIssued)) == MAX_INVITES


def test_C17_inviting_and_revoking_in_turn_does_not_tire_the_relay(world: World) -> None:
    lead = world.live()
    world.said.clear()
    for _ in range(500):
        say(world, lead, InviteRequest(role=Role.EXTERNAL))
        say(world, lead, InviteRevoke(invite=heard(lead, InviteIssued)[-1].invite))
    assert len(relay_told(world, InviteOpened)) == len(relay_told(world, InviteClosed)) == RELAY_ACTS_AT_ONCE
    assert len([m for m in world.said if not isinstance(m, RecordNotice)]) <= 60


def test_C17_colleagues_are_as_many_as_invitations(world: World) -> None:
    lead = world.live()
    for number in range(60):
        beat(world, 2000, [lead])
        say(world, lead, InviteRequest(role=Role.EXPERT, account_id=f"id-{number}"))
    expected = [isinstance(ask_in(world, str(number)), Credential) for number in range(8)]
    assert all(expected)
    beat(world, 60_000, [lead])
    assert isinstance(ask_in(world, "50"), JoinAnswered)


# --- by way of the relay ---


def test_C20_a_supervisor_comes_in_listed_and_by_veto(world: World) -> None:
    lead = world.live()
    credential = ask_in(world, "Sara", Standing.SUPERVISOR)
    assert isinstance(credential, Credential)
    assert relay_told(world, InviteOpened) == [], "the relay leads them here by its own ticket"
    sara = come(world, 3, "Sara", credential)
    assert (question(world).kind, question(world).role) == (QuestionKind.VETO, Role.SUPERVISOR)
    beat(world, 8001, [lead, sara])
    assert roles(world) == {"Ana": Role.LEAD, "Sara": Role.SUPERVISOR}
    assert [m.role for m in heard(lead, Epoch)[-1].members] == [Role.LEAD, Role.SUPERVISOR]


def test_C20_an_expected_colleague_has_the_role_that_was_chosen(world: World) -> None:
    lead = world.live()
    say(world, lead, InviteRequest(role=Role.EXPERT, account_id="id-Eva"))
    assert heard(lead, InviteIssued) == [], "a colleague needs no link"
    credential = ask_in(world, "Eva")
    assert isinstance(credential, Credential)
    come(world, 2, "Eva", credential)
    world.answer(True)
    assert roles(world)["Eva"] is Role.EXPERT


def test_C20_what_was_sealed_for_one_account_serves_no_other(world: World) -> None:
    world.live()
    credential = ask_in(world, "Sara", Standing.SUPERVISOR)
    assert isinstance(credential, Credential)
    come(world, 3, "Mallory", credential)
    assert world.removed() == [ErrorCode.CODE_WRONG]


def test_C20_a_sealed_secret_is_good_for_a_minute_and_once(world: World) -> None:
    lead = world.live()
    late = ask_in(world, "Sara", Standing.SUPERVISOR)
    assert isinstance(late, Credential)
    beat(world, 60_000, [lead])
    come(world, 3, "Sara", late)
    assert world.removed() == [ErrorCode.CODE_WRONG]
    first = ask_in(world, "Sara", Standing.SUPERVISOR)
    second = ask_in(world, "Sara", Standing.SUPERVISOR)
    assert isinstance(first, Credential)
    assert isinstance(second, Credential)
    come(world, 3, "Sara", first)
    assert world.removed() == [ErrorCode.CODE_WRONG] * 2, "the second asking has replaced the first"
    come(world, 3, "Sara", second)
    assert question(world).display_name == "Sara"


@pytest.mark.parametrize("standing", [Standing.TECHNICIAN, Standing.EXPERT, Standing.GUEST])
def test_C20_whom_nobody_expects_stays_outside(world: World, standing: Standing) -> None:
    world.live()
    answer = ask_in(world, "Eva", standing)
    assert isinstance(answer, JoinAnswered)
    assert answer.code is ErrorCode.NOT_PERMITTED


def test_C20_into_an_empty_session_leads_the_code_alone(world: World) -> None:
    answer = ask_in(world, "Sara", Standing.SUPERVISOR)
    assert isinstance(answer, JoinAnswered)
    assert answer.code is ErrorCode.NOT_PERMITTED


def test_C20_a_key_of_small_order_is_answered_not_obeyed(world: World) -> None:
    world.live()
    answer = ask_in(world, "Sara", Standing.SUPERVISOR, key=bytes(32))
    assert isinstance(answer, JoinAnswered)
    assert answer.code is ErrorCode.TAMPERED


def test_C20_who_was_turned_away_does_not_come_back_by_the_relay(world: World) -> None:
    lead = world.live()
    credential = ask_in(world, "Sara", Standing.SUPERVISOR)
    assert isinstance(credential, Credential)
    come(world, 3, "Sara", credential)
    world.answer(False)
    answer = ask_in(world, "Sara", Standing.SUPERVISOR)
    assert isinstance(answer, JoinAnswered)
    assert answer.code is ErrorCode.CONSENT_DENIED
    beat(world, 600_000, [lead])
    assert isinstance(ask_in(world, "Sara", Standing.SUPERVISOR), Credential)


def test_C20_a_removed_colleague_is_expected_no_longer(world: World) -> None:
    lead = world.live()
    say(world, lead, InviteRequest(role=Role.EXPERT, account_id="id-Eva"))
    credential = ask_in(world, "Eva")
    assert isinstance(credential, Credential)
    come(world, 2, "Eva", credential)
    world.answer(True)
    say(world, lead, RemoveMember(slot=2))
    beat(world, 600_000, [lead])
    assert isinstance(ask_in(world, "Eva"), JoinAnswered)


def test_C20_a_relay_that_asks_without_end_is_answered_shortly(world: World) -> None:
    world.live()
    answers = [ask_in(world, "Sara", Standing.SUPERVISOR) for _ in range(30)]
    codes = [a.code for a in answers if isinstance(a, JoinAnswered)]
    assert codes
    assert set(codes) == {ErrorCode.THROTTLED}
    assert len(answers) - len(codes) <= 10


def test_C8_who_comes_anew_has_one_seat(world: World) -> None:
    lead = world.live()
    sara = supervisor(world)
    world.cut(sara)
    credential = ask_in(world, "Sara", Standing.SUPERVISOR)
    assert isinstance(credential, Credential)
    again = come(world, 4, "Sara", credential)
    beat(world, 8001, [lead, again])
    assert [p.slot for p in world.session.snapshot.people] == [1, 4]
    assert world.removed() == [ErrorCode.REPLACED]


def test_G1_when_the_lead_has_gone_an_invited_technician_leads(world: World) -> None:
    lead = world.live()
    issued = invite(world, lead, Role.COLLABORATOR)
    say(world, lead, Goodbye())
    come(world, 2, "Eva", with_invite(issued))
    assert (question(world).kind, question(world).role) == (QuestionKind.ENTRY, Role.LEAD)
    world.answer(True)
    assert roles(world) == {"Eva": Role.LEAD}
