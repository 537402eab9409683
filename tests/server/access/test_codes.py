from collections.abc import Callable

import pytest

from relevo_protocol.limits import CODE_DIGITS, CODE_LIFE_S
from relevo_server.access.codes import (
    MAX_RESERVED_PER_ACCOUNT,
    NumbersExhausted,
    RoutingNumbers,
    TooManyReserved,
)
from tests.server.hands import Hands

SESSION = b"s" * 16


def drawing(*numbers: int) -> Callable[[int], int]:
    left = list(numbers)

    def draw(below: int) -> int:
        assert left[0] < below
        return left.pop(0)

    return draw


def test_C5_number_leads_to_its_session_for_ten_minutes():
    hands = Hands()
    numbers = RoutingNumbers(hands.now_s)
    routing = numbers.allocate(SESSION).routing
    assert (len(routing), routing.isdecimal()) == (CODE_DIGITS, True)
    assert numbers.joinable(routing) == SESSION
    hands.turn(CODE_LIFE_S)
    assert numbers.joinable(routing) is None


def test_small_draws_keep_their_zeros():
    assert RoutingNumbers(Hands().now_s, draw=drawing(42)).allocate(SESSION).routing == "000042"


def test_no_number_twice_while_alive_even_when_it_can_no_longer_be_joined():
    hands = Hands()
    numbers = RoutingNumbers(hands.now_s, draw=drawing(1, 1, 2))
    first = numbers.allocate(SESSION).routing
    hands.turn(CODE_LIFE_S + 1)
    assert numbers.allocate(b"t" * 16).routing != first


def test_released_number_rests_before_it_is_drawn_again():
    hands = Hands()
    numbers = RoutingNumbers(hands.now_s, draw=drawing(1, 1, 2, 1))
    numbers.release(numbers.allocate(SESSION).routing)
    assert numbers.allocate(SESSION).routing == "000002"
    hands.turn(CODE_LIFE_S)
    assert numbers.allocate(SESSION).routing == "000001"


def test_C12_a_restored_number_lives_no_longer_than_a_fresh_one():
    hands = Hands()
    numbers = RoutingNumbers(hands.now_s)
    restored = numbers.restore("123456", b"r" * 16, hands.now_s() + 10 * CODE_LIFE_S)
    assert restored.joinable_until_s == hands.now_s() + CODE_LIFE_S
    assert numbers.joinable("123456") == b"r" * 16


def test_exhaustion_is_said_instead_of_searching_for_ever():
    numbers = RoutingNumbers(Hands().now_s, capacity=3)
    for _ in range(3):
        numbers.allocate(SESSION)
    with pytest.raises(NumbersExhausted):
        numbers.allocate(SESSION)


def test_C16_a_reserved_number_is_claimed_once_and_leads_nowhere_before():
    numbers = RoutingNumbers(Hands().now_s, draw=drawing(7, 7, 8))
    routing = numbers.reserve("ana")
    assert numbers.joinable(routing) is None
    assert numbers.allocate(b"o" * 16).routing == "000008"  # 7 is drawn again, and passed over
    assert numbers.claim(routing, SESSION) is not None
    assert numbers.joinable(routing) == SESSION
    assert numbers.claim(routing, b"t" * 16) is None
    assert numbers.joinable(routing) == SESSION


def test_C16_a_reservation_ends_after_ten_minutes():
    hands = Hands()
    numbers = RoutingNumbers(hands.now_s)
    routing = numbers.reserve("ana")
    hands.turn(CODE_LIFE_S)
    assert numbers.claim(routing, SESSION) is None


def test_C16_nobody_claims_what_was_not_reserved():
    numbers = RoutingNumbers(Hands().now_s)
    taken = numbers.allocate(SESSION).routing
    assert numbers.claim(taken, b"t" * 16) is None
    assert numbers.joinable(taken) == SESSION


def test_C16_five_reservations_for_each_account():
    hands = Hands()
    numbers = RoutingNumbers(hands.now_s)
    first, *_ = [numbers.reserve("ana") for _ in range(MAX_RESERVED_PER_ACCOUNT)]
    with pytest.raises(TooManyReserved) as refused:
        numbers.reserve("ana")
    assert refused.value.wait_s == CODE_LIFE_S
    assert numbers.reserve("luis")
    assert numbers.claim(first, SESSION) is not None
    assert numbers.reserve("ana")
