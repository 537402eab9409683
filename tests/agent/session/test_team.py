"""Lead, grants, removal, keys for whispers: who may do what, and what everybody hears (SPEC G5-G10, T2)."""

import pytest

from relevo_agent.session.actions import Keep, Notice, Perform, Send, Tell
from relevo_agent.session.allowance import RELAY_ACTS_AT_ONCE
from relevo_agent.session.entries import EntryKind
from relevo_protocol.crypto.errors import CryptoError
from relevo_protocol.errors import ErrorCode
from relevo_protocol.messages import ViewerToHost
from relevo_protocol.messages.input import TextInput
from relevo_protocol.messages.relay import RecordedAct, RoleNotice
from relevo_protocol.messages.screen import CaptureCondition, CaptureState, KeyframeRequest
from relevo_protocol.messages.session import Epoch, Goodbye, InputRefused, ModeState
from relevo_protocol.messages.team import (
    GrantChange,
    GrantsState,
    HandOver,
    LeadChanged,
    RemoveMember,
    TakeOver,
    TeamKey,
    TokenState,
)
from relevo_protocol.modes import Capability, Mode, Permit, Role
from relevo_protocol.rights import NEEDS_GRANT, ROLE_ACTS, Act, Factor
from tests.agent.fakes import Viewer
from tests.agent.session.company import beat, guest, heard, noted, relay_told, roles, say, supervisor, told
from tests.agent.session.world import World, new_world

KEY, OTHER_KEY = b"k" * 32, b"o" * 32


def rights(viewer: Viewer) -> dict[Capability, Permit]:
    return {c: view.permit for c, view in heard(viewer, ModeState)[-1].rights.items()}


# --- keys for whispers ---


def test_T2_a_team_key_is_passed_on_in_a_new_epoch_at_once(world: World) -> None:
    lead = world.live()
    eva = world.live(2, "Eva")
    before = heard(lead, Epoch)[-1].epoch
    say(world, eva, TeamKey(public=KEY))
    epoch = heard(lead, Epoch)[-1]
    assert epoch.epoch > before
    assert {m.slot: m.team_key for m in epoch.members} == {1: None, 2: KEY}
    world.frame(keyframe=True)
    assert lead.frames[-1][0].key_id == epoch.epoch


def test_T2_one_key_for_each_link(world: World) -> None:
    lead = world.live()
    eva = world.live(2, "Eva")
    say(world, eva, TeamKey(public=KEY))
    epochs = len(heard(lead, Epoch))
    for _ in range(100):
        say(world, eva, TeamKey(public=OTHER_KEY))
    assert len(heard(lead, Epoch)) == epochs, "a flood of keys costs nobody a keyframe"
    world.cut(eva)
    world.back(eva)
    assert {m.slot: m.team_key for m in heard(lead, Epoch)[-1].members}[2] is None, "gone with the link"
    say(world, eva, TeamKey(public=OTHER_KEY))
    assert {m.slot: m.team_key for m in heard(lead, Epoch)[-1].members}[2] == OTHER_KEY


# --- the lead ---


def test_G8_G9_hand_over(world: World) -> None:
    lead = world.live()
    eva = world.live(2, "Eva")
    epoch = heard(lead, Epoch)[-1].epoch
    say(world, lead, HandOver(slot=2))
    assert roles(world) == {"Ana": Role.COLLABORATOR, "Eva": Role.LEAD}
    assert world.mode() is Mode.FULL
    for viewer in (lead, eva):
        assert heard(viewer, LeadChanged) == [LeadChanged(slot=2)]
        assert heard(viewer, Epoch)[-1].epoch > epoch
        assert [m.role for m in heard(viewer, Epoch)[-1].members] == [Role.COLLABORATOR, Role.LEAD]
        assert heard(viewer, TokenState)[-1].holder == 2
    assert rights(lead)[Capability.INPUT_POINTER] is Permit.NEVER
    assert rights(eva)[Capability.INPUT_POINTER] is Permit.ALLOW
    assert {(n.link, n.role) for n in relay_told(world, RoleNotice)} == {
        (lead.link, Role.COLLABORATOR),
        (eva.link, Role.LEAD),
    }
    assert Tell(Notice.LEAD_CHANGED, "Eva") in world.actions
    assert (RecordedAct.HAND_OVER, 1, "Eva") in noted(world)
    kept = [keep.entry for keep in told(world, Keep) if keep.entry.kind is EntryKind.LEAD]
    assert [(entry.who, entry.role) for entry in kept] == [("Eva", Role.LEAD)]
    say(world, lead, TextInput(text="x"))
    assert world.count(Perform) == 0
    say(world, eva, TextInput(text="x"))
    assert world.count(Perform) == 1


def test_G8_take_over_tells_everybody_why(world: World) -> None:
    lead = world.live()
    sara = supervisor(world)
    say(world, sara, TakeOver(reason="Ana se ha ido a comer"))
    assert roles(world) == {"Ana": Role.COLLABORATOR, "Sara": Role.LEAD}
    for viewer in (lead, sara):
        assert heard(viewer, LeadChanged) == [LeadChanged(slot=3, reason="Ana se ha ido a comer")]
    assert Tell(Notice.TAKEN_OVER, "Sara", "Ana se ha ido a comer") in world.actions
    assert (RecordedAct.TAKE_OVER, 3, "Ana se ha ido a comer") in noted(world)
    say(world, sara, HandOver(slot=1))
    assert roles(world) == {"Ana": Role.LEAD, "Sara": Role.SUPERVISOR}, "who came to supervise does so again"


@pytest.mark.parametrize("role", [Role.EXTERNAL, Role.COLLABORATOR])
@pytest.mark.parametrize("message", [HandOver(slot=1), HandOver(slot=2), TakeOver(reason="I want to")])
def test_G5_nobody_promotes_themselves(world: World, role: Role, message: HandOver | TakeOver) -> None:
    lead = world.live()
    other = guest(world, lead) if role is Role.EXTERNAL else world.live(2, "Eva")
    before = roles(world)
    say(world, other, message)
    assert roles(world) == before
    refused = heard(other, InputRefused)[-1]
    assert (refused.code, refused.capability, refused.removed_by) == (
        ErrorCode.NOT_PERMITTED,
        None,
        Factor.ROLE,
    )


def test_G8_an_external_never_leads(world: World) -> None:
    lead = world.live()
    guest(world, lead)
    say(world, lead, HandOver(slot=2))
    assert roles(world) == {"Ana": Role.LEAD, "Gema": Role.EXTERNAL}
    assert heard(lead, InputRefused)[-1].removed_by is Factor.ROLE
    say(world, lead, Goodbye())
    assert roles(world) == {"Gema": Role.EXTERNAL}, "not even when nobody else is left"


@pytest.mark.parametrize("slot", [1, 4, 5])
def test_G8_handing_over_to_oneself_or_to_nobody_changes_nothing(world: World, slot: int) -> None:
    lead = world.live()
    world.live(2, "Eva")
    before = roles(world), len(heard(lead, Epoch))
    say(world, lead, HandOver(slot=slot))
    say(world, lead, RemoveMember(slot=slot))
    say(world, lead, GrantChange(slot=slot, capability=Capability.INPUT_POINTER, granted=True))
    assert (roles(world), len(heard(lead, Epoch))) == before


def test_G8_handing_over_to_somebody_who_is_still_at_the_door_changes_nothing(world: World) -> None:
    lead = world.live()
    world.verified(2, "Eva")
    say(world, lead, HandOver(slot=2))
    say(world, lead, RemoveMember(slot=2))
    assert roles(world) == {"Ana": Role.LEAD}
    assert world.removed() == []


@pytest.mark.parametrize(("tools", "mode"), [(False, Mode.FULL), (True, Mode.ADMINISTRATOR)])
def test_G8_administrator_mode_stays_only_with_admin_tools(tools: bool, mode: Mode) -> None:
    world = new_world(service=True)
    world.admins = {"Ana", "Eva"} if tools else {"Ana"}
    lead = world.live()
    eva = world.live(2, "Eva")
    world.session._control.modes.enter(Mode.ADMINISTRATOR)
    world.prove(eva)
    say(world, lead, HandOver(slot=2))
    assert world.mode() is mode
    assert heard(eva, ModeState)[-1].mode is mode


def test_G8_a_flood_of_handing_over_is_bounded(world: World) -> None:
    lead = world.live()
    eva = world.live(2, "Eva")
    for _ in range(200):
        say(world, lead, HandOver(slot=2))
        say(world, eva, HandOver(slot=1))
    assert len(heard(lead, LeadChanged)) == RELAY_ACTS_AT_ONCE
    assert len(relay_told(world, RoleNotice)) == 2 * RELAY_ACTS_AT_ONCE
    assert heard(lead, InputRefused)[-1].code in {ErrorCode.THROTTLED, ErrorCode.NOT_PERMITTED}


# --- grants ---


def test_G6_the_lead_toggles_what_a_collaborator_needs(world: World) -> None:
    lead = world.live()
    eva = world.live(2, "Eva")
    assert rights(eva)[Capability.INPUT_TEXT] is Permit.NEVER
    say(world, lead, GrantChange(slot=2, capability=Capability.INPUT_TEXT, granted=True))
    assert rights(eva)[Capability.INPUT_TEXT] is Permit.ALLOW
    for viewer in (lead, eva):
        grants = {g.slot: g.granted for g in heard(viewer, GrantsState)[-1].grants}
        assert grants[2] == [Capability.INPUT_TEXT]
    assert (RecordedAct.GRANT_CHANGED, 1, "2 +input.text") in noted(world)
    say(world, lead, GrantChange(slot=2, capability=Capability.INPUT_TEXT, granted=False))
    assert rights(eva)[Capability.INPUT_TEXT] is Permit.NEVER


@pytest.mark.parametrize("capability", list(Capability))
def test_G6_only_what_the_role_needs_a_grant_for(world: World, capability: Capability) -> None:
    lead = world.live()
    guest(world, lead)
    seat = world.session._desk.seats[2]
    before = seat.granted
    say(world, lead, GrantChange(slot=2, capability=capability, granted=True))
    drives = capability.value.startswith("input.")
    allowed = capability in NEEDS_GRANT[Role.EXTERNAL] and not drives
    assert seat.granted == (before | {capability} if allowed else before)
    if not allowed:
        factor = Factor.CONSENT if capability in NEEDS_GRANT[Role.EXTERNAL] else Factor.ROLE
        assert heard(lead, InputRefused)[-1].removed_by is factor


def test_G6_who_is_not_the_lead_grants_nothing(world: World) -> None:
    world.live()
    eva = world.live(2, "Eva")
    say(world, eva, GrantChange(slot=2, capability=Capability.INPUT_TEXT, granted=True))
    assert world.session._desk.seats[2].granted == frozenset()
    assert heard(eva, InputRefused)[-1].removed_by is Factor.ROLE


def test_G6_a_grant_that_is_there_already_is_no_news(world: World) -> None:
    lead = world.live()
    eva = world.live(2, "Eva")
    before = len(heard(eva, GrantsState))
    for _ in range(10):
        say(world, lead, GrantChange(slot=2, capability=Capability.INPUT_TEXT, granted=True))
    assert len(heard(eva, GrantsState)) == before + 1


def test_G6_a_guest_whose_view_is_taken_back_sees_nothing_newer(world: World) -> None:
    lead = world.live()
    gema = guest(world, lead)
    seen = len(gema.frames)
    say(world, lead, GrantChange(slot=2, capability=Capability.SCREEN_VIEW, granted=False))
    key = heard(gema, Epoch)[-1]
    assert key.epoch != heard(lead, Epoch)[-1].epoch
    assert [m.slot for m in key.members] == [1, 2], "the list stays true for everybody"
    assert heard(gema, CaptureState)[-1].condition is CaptureCondition.PAUSED
    world.viewers.remove(gema)
    before = len(world.actions)
    world.frame(keyframe=True)
    media = [bytes(a.message) for a in world.actions[before:] if isinstance(a, Send) and a.media]
    assert len(media) == 1
    with pytest.raises(CryptoError):
        gema.take(media[0])
    assert len(gema.frames) == seen
    world.viewers.append(gema)
    keyframes = len(told(world, Keep))
    say(world, gema, KeyframeRequest())
    assert len(told(world, Keep)) == keyframes
    say(world, lead, GrantChange(slot=2, capability=Capability.SCREEN_VIEW, granted=True))
    world.frame(keyframe=True)
    assert len(gema.frames) == seen + 1
    assert heard(gema, CaptureState)[-1].condition is CaptureCondition.OK


def test_G6_who_was_away_hears_of_the_grants(world: World) -> None:
    lead = world.live()
    eva = world.live(2, "Eva")
    ivan = world.live(3, "Iván")
    world.cut(eva)
    say(world, lead, GrantChange(slot=3, capability=Capability.INPUT_TEXT, granted=True))
    world.back(eva)
    assert {g.slot: g.granted for g in heard(eva, GrantsState)[-1].grants}[3] == [Capability.INPUT_TEXT]
    say(world, ivan, Goodbye())
    world.live(3, "Olga")
    assert {g.slot: g.granted for g in heard(eva, GrantsState)[-1].grants}[3] == []


# --- the table ---

SAID: dict[Act, ViewerToHost] = {
    Act.TAKE_OVER: TakeOver(reason="porque sí"),
    Act.HAND_OVER: HandOver(slot=5),
    Act.CHANGE_GRANTS: GrantChange(slot=5, capability=Capability.INPUT_TEXT, granted=True),
    Act.REMOVE: RemoveMember(slot=5),
}


@pytest.mark.parametrize("act", list(SAID))
@pytest.mark.parametrize("role", [r for r in Role if r is not Role.CUSTOMER])
def test_G5_acts_by_role(world: World, act: Act, role: Role) -> None:
    lead = world.live()
    eva = world.live(2, "Eva")
    world.session._desk.seats[2].role = role
    beat(world, 2000, [lead, eva])
    before = len(heard(eva, InputRefused))
    say(world, eva, SAID[act])
    refused = heard(eva, InputRefused)[before:]
    if role in ROLE_ACTS[act]:
        assert refused == []
    else:
        assert [(r.code, r.removed_by) for r in refused] == [(ErrorCode.NOT_PERMITTED, Factor.ROLE)]
