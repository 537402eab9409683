"""The same session after a restart: the same people, rights and numbers, no code, no question (SPEC V6)."""

import random
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from relevo_agent.session.actions import Ask, Keep, Notice, Phase, PrepareRestart, Tell
from relevo_agent.session.entries import EntryKind
from relevo_agent.session.restart import MAX_STATE_BYTES, VERSION
from relevo_protocol.errors import ErrorCode, ProtocolError
from relevo_protocol.messages.administration import (
    AdministratorState,
    HoldRequest,
    RestartRequest,
    TerminalOpen,
)
from relevo_protocol.messages.chat import ChatLine, ChatSend
from relevo_protocol.messages.input import TextInput
from relevo_protocol.messages.relay import (
    AgentHello,
    AgentWelcome,
    CodeRequest,
    HoldNotice,
    ModeNotice,
    RecordedAct,
    RecordNotice,
)
from relevo_protocol.messages.session import ConsentPending, Epoch, Goodbye, ModeRequest, ModeState
from relevo_protocol.messages.team import TokenState
from relevo_protocol.modes import Capability, Mode, Permit, Role
from tests.agent.session.company import beat, heard
from tests.agent.session.restarts import Wall, before, down, same, up
from tests.agent.session.samples import INPUT
from tests.agent.session.world import ORIGIN, SESSION_ID, TOKEN, World

HOUR_MS = 3_600_000


def test_V6_the_same_session_goes_on_without_a_code_and_without_a_question() -> None:
    wall = Wall()
    world, lead, second = before(wall)
    grant_s = heard(lead, AdministratorState)[-1].grant_ends_in_s
    assert grant_s is not None
    state = down(world, wall)
    wall.ms += 90_000
    again = same(world, state)
    hello = again.said[0]
    assert isinstance(hello, AgentHello)
    assert hello.token == TOKEN
    assert again.session.snapshot.code is None
    assert again.phase() is Phase.LIVE
    epochs = [m.epoch for m in heard(lead, Epoch)]
    for viewer in (lead, second):
        again.back(viewer)
    again.frame(keyframe=True)
    assert again.count(Ask) == again.count(CodeRequest) == 0
    people = [(p.display_name, p.role, p.present) for p in again.session.snapshot.people]
    assert people == [("Ana", Role.LEAD, True), ("Eva", Role.COLLABORATOR, True)]
    assert again.mode() is Mode.ADMINISTRATOR
    assert [m.mode for m in again.said if isinstance(m, ModeNotice)] == [Mode.ADMINISTRATOR]
    assert heard(lead, Epoch)[-1].epoch > epochs[-1]
    ids = [header.frame_id for header, _ in lead.frames]
    assert ids == sorted(set(ids)), "numbers go on rising"
    assert heard(lead, ModeState)[-1].rights[Capability.VOICE].permit is Permit.ALLOW
    assert len(heard(lead, ConsentPending)) == 2, "those of before"
    left = heard(lead, AdministratorState)[-1].grant_ends_in_s
    assert left == pytest.approx(grant_s - 120, abs=1)


def test_V6_who_drives_and_what_may_be_done_is_as_it_was() -> None:
    wall = Wall()
    world, lead, second = before(wall)
    again = same(world, down(world, wall))
    assert again.session.snapshot.token.holder == 0
    again.back(lead)
    assert heard(lead, TokenState)[-1].holder == 1
    again.back(second)
    again.frame(keyframe=True)
    typed = INPUT[TextInput]
    again.give(lead.say(typed))
    again.give(second.say(typed))
    assert [type(a).__name__ for a in again.actions].count("Perform") == 1
    again.give(lead.say(TerminalOpen(columns=80, rows=24)))
    assert again.count(Ask) == 1, "what is asked each time still is"


def test_V6_the_chat_counts_on() -> None:
    wall = Wall()
    world, lead, _ = before(wall)
    again = same(world, down(world, wall))
    again.back(lead)
    again.give(lead.say(ChatSend(text="back")))
    assert [line.line for line in heard(lead, ChatLine)] == [1, 2]


def test_V6_who_does_not_come_back_is_gone_when_the_time_is_over() -> None:
    wall = Wall()
    world, lead, _ = before(wall)
    state = down(world, wall)
    again = same(world, state)
    again.back(lead)
    beat(again, 1_700_000, [lead])
    assert len(again.session.snapshot.people) == 2
    beat(again, 200_000, [lead])
    assert [p.display_name for p in again.session.snapshot.people] == ["Ana"]


def test_V6_the_lead_comes_back_by_the_list_too_when_the_browser_is_lost() -> None:
    wall = Wall()
    world, _, _ = before(wall)
    again = same(world, down(world, wall))
    assert again.session._desk.mode_for_return("id-Ana") is Mode.ADMINISTRATOR
    again.wait(1_800_001)
    assert again.session._desk.mode_for_return("id-Ana") is None


def test_V6_back_once_is_back_and_the_next_time_the_customer_is_asked() -> None:
    wall = Wall()
    world, lead, _ = before(wall)
    again = same(world, down(world, wall))
    again.back(lead)
    again.give(lead.say(Goodbye()))
    assert again.session._desk.mode_for_return("id-Ana") is None


def test_V5_without_a_relay_the_pc_does_not_restart() -> None:
    wall = Wall()
    world, lead, _ = before(wall)
    world.give(lead.say(RestartRequest()))
    world.carry(world.session.link_lost(world.now_ms))
    world.wait(30_000)
    assert world.count(PrepareRestart) == 0
    assert Tell(Notice.RESTART_OFF) in world.actions
    assert world.session.snapshot.restart_at_ms is None


def test_V7_a_hold_outlives_the_restart() -> None:
    wall = Wall()
    world, lead, _ = before(wall)
    world.give(lead.say(HoldRequest(hours=8)))
    state = down(world, wall)
    wall.ms += HOUR_MS / 4
    again = same(world, state)
    (notice,) = [m for m in again.said if isinstance(m, HoldNotice)]
    assert notice.hold_s == pytest.approx(8 * 3600 - 30 - 900, abs=1)


def test_N5_the_record_goes_on_and_does_not_begin_again() -> None:
    wall = Wall()
    world, lead, _ = before(wall)
    again = same(world, down(world, wall))
    again.back(lead)
    again.carry(again.session.stop(again.now_ms))
    kinds = [a.entry.kind for a in again.actions if isinstance(a, Keep)]
    assert EntryKind.SESSION_STARTED not in kinds
    assert EntryKind.SESSION_ENDED in kinds


def test_C10_a_relay_that_forgot_the_session_starts_over() -> None:
    wall = Wall()
    world, _, _ = before(wall)
    again = up(world, down(world, wall))
    again.connect(resumed=False)
    assert again.session.snapshot.people == ()
    assert (again.mode(), again.session._desk.is_kept) == (Mode.OBSERVER, False)
    assert again.session.snapshot.code is not None


def test_C4_another_session_is_not_ours() -> None:
    wall = Wall()
    world, _, _ = before(wall)
    again = up(world, down(world, wall))
    again.carry(again.session.link_opened(again.now_ms))
    again.relay(AgentWelcome(session_id=bytes([1]) * 16, origin=ORIGIN, token=TOKEN, resumed=True))
    assert again.session.snapshot.people == ()


def test_P6_a_wrong_secret_does_not_come_back() -> None:
    wall = Wall()
    world, lead, _ = before(wall)
    again = same(world, down(world, wall))
    assert lead.resume is not None
    lead.resume = replace(lead.resume, secret=bytes(32))
    again.back(lead)
    assert again.removed() == [ErrorCode.TAMPERED]
    assert [p.present for p in again.session.snapshot.people] == [False, False]


def test_V6_with_nobody_left_to_come_back_there_is_no_restart() -> None:
    wall = Wall()
    world, lead, second = before(wall)
    world.give(lead.say(RestartRequest()))
    for viewer in (second, lead):
        world.give(viewer.say(Goodbye()))
    world.wait(30_000)
    assert world.count(PrepareRestart) == 0


# --- states that are none ---


def refusal(world: World, state: bytes, **changed: Any) -> ErrorCode:
    with pytest.raises(ProtocolError) as caught:
        up(world, state, **changed)
    return caught.value.code


def test_V6_the_state_is_good_for_half_an_hour() -> None:
    wall = Wall()
    world, _, _ = before(wall)
    state = down(world, wall)
    wall.ms += 1_799_999
    up(world, state)
    wall.ms += 2
    assert refusal(world, state) is ErrorCode.RESUME_INVALID
    wall.ms -= 10 * HOUR_MS
    assert refusal(world, state) is ErrorCode.RESUME_INVALID, "a clock set far back makes it no younger"


def test_K16_another_device_key_is_another_pc() -> None:
    wall = Wall()
    world, _, _ = before(wall)
    state = down(world, wall)
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    identity = msgspec.structs.replace(world.session._desk.settings.identity, device_key=public)
    assert refusal(world, state, identity=identity, device_key=key) is ErrorCode.RESUME_INVALID


def changed(state: bytes, **fields: object) -> bytes:
    return msgspec.msgpack.encode(msgspec.msgpack.decode(state) | fields)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"version": VERSION - 1}, ErrorCode.RESUME_INVALID),
        ({"mode": "root"}, ErrorCode.MALFORMED),
        ({"session_id": SESSION_ID[:15]}, ErrorCode.MALFORMED),
        ({"token": "short"}, ErrorCode.MALFORMED),
        ({"seats": []}, ErrorCode.MALFORMED),
        ({"epoch": -1}, ErrorCode.MALFORMED),
        ({"consented": ["everything"]}, ErrorCode.MALFORMED),
        ({"surplus": 1}, ErrorCode.MALFORMED),
    ],
)
def test_M3_a_state_with_a_field_out_of_bounds_is_none(fields: dict[str, object], code: ErrorCode) -> None:
    wall = Wall()
    world, _, _ = before(wall)
    assert refusal(world, changed(down(world, wall), **fields)) is code


def test_M3_one_seat_or_one_lead_twice_is_malformed() -> None:
    wall = Wall()
    world, _, _ = before(wall)
    state = down(world, wall)
    seats: list[dict[str, Any]] = msgspec.msgpack.decode(state)["seats"]
    assert refusal(world, changed(state, seats=[seats[0], seats[0]])) is ErrorCode.MALFORMED
    two = [seats[0], seats[1] | {"role": "lead"}]
    assert refusal(world, changed(state, seats=two)) is ErrorCode.MALFORMED


def test_M3_noise_is_refused_and_never_more_than_that() -> None:
    wall = Wall()
    world, _, _ = before(wall)
    state = down(world, wall)
    dice = random.Random(1)
    for _ in range(400):
        noise = bytearray(state)
        for _ in range(dice.randint(1, 4)):
            noise[dice.randrange(len(noise))] = dice.randrange(256)
        try:
            up(world, bytes(noise[: dice.choice([len(noise), dice.randrange(len(noise))])]))
        except ProtocolError:
            continue
    assert refusal(world, bytes(MAX_STATE_BYTES + 1)) is ErrorCode.MALFORMED


def test_V6_the_state_is_kept_out_of_every_log() -> None:
    wall = Wall()
    world, _, _ = before(wall)
    down(world, wall)
    action = next(a for a in world.actions if isinstance(a, PrepareRestart))
    assert repr(action) == "PrepareRestart(deadline_s=1800)"


def test_C26_V6_numbers_go_on_and_what_was_not_answered_is_told_again() -> None:
    wall = Wall()
    world, _, _ = before(wall)
    world.records = False
    world.session._desk.note(RecordedAct.INVITED, 1, "unheard")
    told = [m.number for m in world.said if isinstance(m, RecordNotice)]
    state = down(world, wall)
    again = same(world, state)
    numbers = [m.number for m in again.said if isinstance(m, RecordNotice)]
    assert [m.detail for m in again.said if isinstance(m, RecordNotice)] == ["unheard"]
    again.session._desk.note(RecordedAct.INVITED, 1, "later")
    again.wait(0)
    later = [m.number for m in again.said if isinstance(m, RecordNotice)][-1]
    assert numbers[-1] <= world.session._desk.notices.number < later
    assert later not in told


def test_V10_V6_the_grant_goes_on_after_a_restart_without_another_proof() -> None:
    wall = Wall()
    world, lead, _ = before(wall)
    again = same(world, down(world, wall))
    again.back(lead)
    again.wait(250)
    assert again.mode() is Mode.ADMINISTRATOR
    again.give(lead.say(ModeRequest(mode=Mode.FULL)))
    again.give(lead.say(ModeRequest(mode=Mode.ADMINISTRATOR)))
    assert again.mode() is Mode.FULL, "what was given up is asked for anew, and needs a proof"
    assert again.count(Ask) == 0
