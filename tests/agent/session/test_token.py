"""The control token by itself: whatever happens, exactly one hand has it (SPEC G2-G4, G7)."""

import random

import pytest

from relevo_agent.session.token import CUSTOMER, ControlToken
from relevo_protocol.limits import LOCAL_QUIET_MS, MICRO_HANDOVER_S
from relevo_protocol.messages.team import TokenCause

MICRO_MS = MICRO_HANDOVER_S * 1000


@pytest.fixture
def token() -> ControlToken:
    token = ControlToken()
    token.enter(1)
    return token


def test_G2_a_mode_without_input_has_no_holder() -> None:
    token = ControlToken()
    assert (token.holder, token.next_slot, token.returns_at_ms) == (None, None, None)
    assert not token.local_input(0, LOCAL_QUIET_MS)
    assert token.holder is None


def test_G3_local_input_takes_it_and_quiet_gives_it_back(token: ControlToken) -> None:
    assert token.local_input(1000, LOCAL_QUIET_MS)
    assert (token.holder, token.next_slot, token.cause) == (CUSTOMER, 1, TokenCause.LOCAL_INPUT)
    assert not token.local_input(2000, LOCAL_QUIET_MS), "the hands were on it already"
    token.expire(3499)
    assert token.holder == CUSTOMER
    token.expire(3500)
    assert (token.holder, token.cause) == (1, TokenCause.LOCAL_QUIET)


def test_G3_who_has_it_already_takes_it_from_nobody(token: ControlToken) -> None:
    token.give(CUSTOMER, TokenCause.TAKEN)
    assert not token.local_input(0, LOCAL_QUIET_MS)
    assert token.returns_at_ms is None


def test_G7_a_micro_handover_returns_by_itself_and_is_not_stretched(token: ControlToken) -> None:
    token.lend(3, 0)
    token.lend(3, 30_000)
    assert (token.holder, token.next_slot, token.returns_at_ms) == (3, 1, MICRO_MS)
    token.expire(MICRO_MS)
    assert (token.holder, token.cause) == (1, TokenCause.MICRO_HANDOVER_OVER)


def test_G3_G7_local_hands_lie_over_a_micro_handover(token: ControlToken) -> None:
    token.lend(3, 0)
    token.local_input(100, LOCAL_QUIET_MS)
    assert (token.holder, token.next_slot) == (CUSTOMER, 3)
    token.expire(100 + LOCAL_QUIET_MS)
    assert (token.holder, token.next_slot) == (3, 1)


def test_G4_who_was_cut_has_it_again_unless_somebody_else_took_it(token: ControlToken) -> None:
    token.lost(1, CUSTOMER)
    assert token.holder == CUSTOMER
    token.back(1)
    assert token.holder == 1
    token.lost(1, CUSTOMER)
    token.give(2, TokenCause.TAKEN)
    token.give(CUSTOMER, TokenCause.TAKEN)
    token.back(1)
    assert token.holder == CUSTOMER, "the customer took it on purpose"


@pytest.mark.parametrize("seed", range(20))
def test_G2_whatever_happens_there_is_one_holder_and_it_is_somebody_here(seed: int) -> None:
    dice = random.Random(seed)
    token, now_ms, here = ControlToken(), 0.0, {1, 2, 3}
    token.enter(1)
    for _ in range(500):
        now_ms += dice.choice([0, 1, 40, 700, 1600, 20_000])
        token.expire(now_ms)
        slot = dice.choice([1, 2, 3])
        match dice.randrange(7):
            case 0 if slot in here:
                token.give(slot, TokenCause.TAKEN)
            case 1:
                token.give(CUSTOMER, TokenCause.RELEASED)
            case 2:
                token.local_input(now_ms, LOCAL_QUIET_MS)
            case 3 if slot in here:
                token.lend(slot, now_ms)
            case 4:
                here.discard(slot)
                token.lost(slot, dice.choice([CUSTOMER, *here]))
            case 5:
                here.add(slot)
                token.back(slot)
            case _:
                token.unlend()
        assert token.holder in {CUSTOMER, *here}
        assert (token.returns_at_ms is None) == (token.next_slot is None)
        assert token.returns_at_ms is None or token.returns_at_ms > now_ms - 1e-9
