import pytest

from relevo_agent.platform.x11_borrowed import SETTLE_S, BorrowedKeys, Slot

SPARE = (200, 201)


def test_the_slot_that_rested_for_longest_is_lent_anew_and_only_once_it_has_settled() -> None:
    borrowed = BorrowedKeys()
    order = [Slot(False, 201), Slot(True, 200), Slot(False, 200), Slot(True, 201)]
    for number, slot in enumerate(order):
        assert borrowed.wait_s(slot, 0.0) == 0, "nobody has used it yet"
        borrowed.lend(slot, 0x1000430 + number)
        borrowed.typed(slot, 10.0 + number / 10)
    assert borrowed.offer(SPARE, ()) == order[0]
    assert borrowed.offer(SPARE, order[:2]) == order[2]
    assert borrowed.offer(SPARE, order) is None
    assert borrowed.wait_s(order[2], 10.5) == pytest.approx(SETTLE_S - 0.3)
    assert borrowed.wait_s(order[2], 10.2 + SETTLE_S) == pytest.approx(0)
    borrowed.typed(order[0], 11.0)
    assert borrowed.wait_s(order[0], 11.5) == pytest.approx(SETTLE_S - 0.5), "each stroke counts"
    assert borrowed.offer(SPARE, ()) == order[1]
