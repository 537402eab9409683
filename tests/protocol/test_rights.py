"""The permission table, the effective right and the gate."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from relevo_protocol.errors import ErrorCode, UnknownTransition
from relevo_protocol.gate import NEEDS, admit
from relevo_protocol.lifecycle import (
    SEAT_TABLE,
    SESSION_TABLE,
    SeatEvent,
    SeatState,
    SessionEvent,
    SessionState,
    next_seat_state,
    next_session_state,
)
from relevo_protocol.messages.base import Message
from relevo_protocol.messages.input import TextInput
from relevo_protocol.messages.screen import Decoders
from relevo_protocol.messages.session import Goodbye, Heartbeat, HeartbeatEcho
from relevo_protocol.modes import MODE_TABLE, Capability, Mode, Permit, Role, is_step_up
from relevo_protocol.rights import (
    NEEDS_GRANT,
    Act,
    Circumstances,
    Factor,
    Policy,
    effective_right,
    may_act,
    may_whisper,
)

INPUT = {Capability.INPUT_POINTER, Capability.INPUT_TEXT, Capability.INPUT_KEYS}
RANK = [Permit.NEVER, Permit.ELEVATED, Permit.ASK_EACH, Permit.ASK, Permit.ALLOW]


def test_R1_table_is_total() -> None:
    assert set(MODE_TABLE) == set(Mode)
    assert all(set(row) == set(Capability) for row in MODE_TABLE.values())


@pytest.mark.parametrize(("mode", "kind"), list(itertools.product(Mode, NEEDS)))
def test_R6_gate_for_every_mode_and_message(mode: Mode, kind: type[Message]) -> None:
    needed = NEEDS[kind]
    refusal = admit(kind, SeatState.LIVE, Circumstances(mode))
    if isinstance(needed, Act):
        assert (refusal is None) == may_act(needed, Role.LEAD)
    elif needed is None or MODE_TABLE[mode][needed] is Permit.ALLOW:
        assert refusal is None
    else:
        assert refusal is not None
        assert (refusal.code, refusal.capability) == (ErrorCode.NOT_PERMITTED, needed)
        assert refusal.removed_by in {Factor.MODE, Factor.CONSENT, Factor.ROLE}


@pytest.mark.parametrize("mode", list(Mode))
def test_R1_observer_and_demo_take_no_input(mode: Mode) -> None:
    allowed = {c for c in INPUT if MODE_TABLE[mode][c] is Permit.ALLOW}
    assert allowed == (set() if mode in {Mode.OBSERVER, Mode.DEMO} else INPUT)


@pytest.mark.parametrize("state", [s for s in SeatState if s is not SeatState.LIVE])
@pytest.mark.parametrize("kind", list(NEEDS))
def test_R7_D5_only_heartbeat_goodbye_and_decoders_before_live(state: SeatState, kind: type[Message]) -> None:
    refusal = admit(kind, state, Circumstances(Mode.ADMINISTRATOR))
    heard = state is SeatState.ASKING and kind in {Heartbeat, Goodbye, Decoders}
    assert (refusal is None) == heard


def test_R8_unknown_message_is_refused() -> None:
    refusal = admit(HeartbeatEcho, SeatState.LIVE, Circumstances(Mode.FULL))
    assert refusal is not None
    assert refusal.code is ErrorCode.UNEXPECTED


@pytest.mark.parametrize(("mode", "role", "capability"), list(itertools.product(Mode, Role, Capability)))
def test_R4_every_factor_only_removes(mode: Mode, role: Role, capability: Capability) -> None:
    best = Circumstances(
        mode, role, granted=frozenset(Capability), consented=frozenset(Capability), admin_tools=True
    )
    full = effective_right(capability, best)
    deny = {capability: Policy.DENY}
    worse = [
        Circumstances(mode, role, consented=frozenset(Capability), admin_tools=True),
        Circumstances(mode, role, granted=frozenset(Capability), admin_tools=True),
        Circumstances(mode, role, granted=frozenset(Capability), consented=frozenset(Capability)),
        Circumstances(
            mode, role, policy=deny, granted=frozenset(Capability), consented=frozenset(Capability)
        ),
        Circumstances(mode, role, floor=deny, granted=frozenset(Capability), consented=frozenset(Capability)),
        Circumstances(mode, role, unavailable=frozenset({capability}), granted=frozenset(Capability)),
        Circumstances(mode, role, refused=frozenset({capability}), granted=frozenset(Capability)),
    ]
    for given in worse:
        right = effective_right(capability, given)
        assert RANK.index(right.permit) <= RANK.index(full.permit)
        if RANK.index(right.permit) < RANK.index(full.permit):
            assert right.removed_by is not None


GRID = json.loads((Path(__file__).parents[2] / "protocol" / "vectors" / "rights" / "grid.json").read_text())
GIVEN: dict[str, Any] = {
    "bare": {},
    "granted": {"granted": frozenset(Capability), "admin_tools": True},
    "open": {
        "granted": frozenset(Capability),
        "consented": frozenset(Capability),
        "admin_tools": True,
    },
}


@pytest.mark.parametrize(("mode", "role"), list(itertools.product(Mode, Role)))
def test_R1_R5_G1_the_snapshotted_grid_is_what_the_tables_say(mode: Mode, role: Role) -> None:
    row = GRID["rights"][mode][role]
    assert set(row) == set(Capability)
    for capability, answers in row.items():
        for name, answer in zip(GRID["circumstances"], answers, strict=True):
            given = Circumstances(mode, role, **GIVEN[name])
            right = effective_right(Capability(capability), given)
            factor = "" if right.removed_by is None else f" {right.removed_by}"
            assert answer == f"{right.permit}{factor}", f"{mode} {role} {capability} {name}"


def test_G5_T4_the_snapshotted_acts_and_whispers_are_what_the_tables_say() -> None:
    assert set(GRID["acts"]) == set(Act)
    for act, role in itertools.product(Act, Role):
        assert (role.value in GRID["acts"][act]) == may_act(act, role)
    for one, other in itertools.product(Role, Role):
        assert ([one.value, other.value] in GRID["whispers"]) == may_whisper(one, other)


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.DEMO_VIEWER])
def test_T4_customer_and_demo_viewers_never_hear_a_whisper(role: Role) -> None:
    assert not any(may_whisper(role, other) or may_whisper(other, role) for other in Role)


@pytest.mark.parametrize("capability", sorted(NEEDS_GRANT[Role.SUPERVISOR]))
def test_G2_R5_without_the_token_there_is_no_input_and_that_is_why(capability: Capability) -> None:
    right = effective_right(capability, Circumstances(Mode.FULL, token=False))
    assert (right.permit, right.removed_by) == (Permit.NEVER, Factor.TOKEN)


@pytest.mark.parametrize("mode", list(Mode))
def test_G8_an_external_never_becomes_lead_nor_administers(mode: Mode) -> None:
    assert not may_act(Act.BECOME_LEAD, Role.EXTERNAL)
    everything = Circumstances(
        mode,
        Role.EXTERNAL,
        granted=frozenset(Capability),
        consented=frozenset(Capability),
        admin_tools=True,
    )
    allowed = {c for c in Capability if effective_right(c, everything).permit is not Permit.NEVER}
    assert not allowed & {
        c for c in Capability if c.value.startswith(("system", "terminal", "power", "session"))
    }
    assert not allowed & {Capability.ELEVATE, Capability.INPUT_SPECIAL, Capability.SCRIPT_RUN}


@pytest.mark.parametrize(
    ("given", "factor"),
    [
        (Circumstances(Mode.OBSERVER), Factor.MODE),
        (Circumstances(Mode.FULL, policy={Capability.INPUT_TEXT: Policy.DENY}), Factor.POLICY),
        (Circumstances(Mode.FULL, Role.DEMO_VIEWER), Factor.ROLE),
        (Circumstances(Mode.FULL, Role.COLLABORATOR), Factor.GRANT),
        (Circumstances(Mode.FULL, refused=frozenset({Capability.INPUT_TEXT})), Factor.CONSENT),
        (Circumstances(Mode.FULL, floor={Capability.INPUT_TEXT: Policy.DENY}), Factor.FLOOR),
        (Circumstances(Mode.FULL, unavailable=frozenset({Capability.INPUT_TEXT})), Factor.PLATFORM),
        (Circumstances(Mode.FULL, floor={Capability.INPUT_TEXT: Policy.ASK}), Factor.CONSENT),
    ],
)
def test_R5_answer_names_the_first_factor(given: Circumstances, factor: Factor) -> None:
    assert effective_right(Capability.INPUT_TEXT, given).removed_by is factor
    assert admit(TextInput, SeatState.LIVE, given) is not None


def test_R4_consent_turns_ask_into_allow_but_never_ask_each() -> None:
    given = Circumstances(Mode.FULL, consented=frozenset(Capability))
    assert effective_right(Capability.CLIPBOARD_FROM_CUSTOMER, given).permit is Permit.ALLOW
    assert effective_right(Capability.FILE_FETCH, given).permit is Permit.ASK_EACH


def test_R4_external_guest_never_gets_administration() -> None:
    given = Circumstances(
        Mode.ADMINISTRATOR,
        Role.EXTERNAL,
        granted=frozenset(Capability),
        consented=frozenset(Capability),
        admin_tools=True,
    )
    for capability in (Capability.TERMINAL_ADMIN, Capability.POWER_REBOOT, Capability.TERMINAL_USER):
        assert effective_right(capability, given).permit is Permit.NEVER


@pytest.mark.parametrize(
    ("current", "wanted", "up"),
    [
        (Mode.OBSERVER, Mode.FULL, True),
        (Mode.FULL, Mode.OBSERVER, False),
        (Mode.FULL, Mode.FULL, False),
        (Mode.SHARED, Mode.FULL, True),
        (Mode.FULL, Mode.ADMINISTRATOR, True),
        (Mode.FULL, Mode.DEMO, True),
        (Mode.DEMO, Mode.OBSERVER, False),
        (Mode.DEMO, Mode.FULL, True),
    ],
)
def test_R3_only_steps_up_ask(current: Mode, wanted: Mode, up: bool) -> None:
    assert is_step_up(current, wanted) is up


@pytest.mark.parametrize(("state", "event"), list(itertools.product(SeatState, SeatEvent)))
def test_S2_seat_table_or_error(state: SeatState, event: SeatEvent) -> None:
    if event in SEAT_TABLE[state]:
        assert next_seat_state(state, event) is SEAT_TABLE[state][event]
    else:
        with pytest.raises(UnknownTransition):
            next_seat_state(state, event)


@pytest.mark.parametrize(("state", "event"), list(itertools.product(SessionState, SessionEvent)))
def test_S2_session_table_or_error(state: SessionState, event: SessionEvent) -> None:
    if event in SESSION_TABLE[state]:
        assert next_session_state(state, event) is SESSION_TABLE[state][event]
    else:
        with pytest.raises(UnknownTransition):
            next_session_state(state, event)


def test_S1_nothing_reaches_live_without_verification() -> None:
    into_live = {(s, e) for s, row in SEAT_TABLE.items() for e, n in row.items() if n is SeatState.LIVE}
    assert into_live == {(SeatState.ASKING, SeatEvent.CONSENTED), (SeatState.RESUMING, SeatEvent.VERIFIED)}
