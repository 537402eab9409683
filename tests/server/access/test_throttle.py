import pytest

from relevo_server.access.throttle import Allowance, Key, Throttle, account_key, address_keys, retry_after_s
from relevo_server.services import make_throttles
from tests.server.hands import Hands


def throttle(hands: Hands, capacity: int = 100) -> Throttle:
    return Throttle(Allowance(burst=3, per_s=0.5), hands.now_s, capacity)


def test_burst_is_admitted_then_refused_with_the_wait():
    hands = Hands()
    table = throttle(hands)
    assert [table.charge(account_key("ana")) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert table.charge(account_key("ana")) == pytest.approx(2.0)
    assert table.charge(account_key("bob")) == 0.0


def test_recovers_with_time_and_a_refused_attempt_costs_nothing():
    hands = Hands()
    table = throttle(hands)
    for _ in range(50):
        table.charge(account_key("ana"))
    hands.turn(2.0)
    assert table.charge(account_key("ana")) == 0.0
    assert table.charge(account_key("ana")) > 0.0


def test_after_exactly_the_wait_the_next_attempt_is_admitted():
    hands = Hands()
    table = throttle(hands)
    while (wait_s := table.charge(Key("one"))) == 0.0:
        pass
    hands.turn(wait_s)
    assert table.charge(Key("one")) == 0.0


def test_all_keys_are_charged_or_none():
    table = throttle(Hands())
    for _ in range(3):
        table.charge(Key("full"))
    assert table.charge(Key("full"), Key("other")) > 0.0
    assert [table.charge(Key("other")) for _ in range(4)][:3] == [0.0, 0.0, 0.0]


def test_refund_gives_one_attempt_back():
    table = throttle(Hands())
    for _ in range(3):
        table.charge(Key("one"))
    table.refund(Key("one"), Key("never seen"))
    assert table.charge(Key("one")) == 0.0
    assert table.charge(Key("one")) > 0.0


def test_memory_is_bounded_and_the_least_recent_goes_first():
    table = throttle(Hands(), capacity=10)
    for number in range(1000):
        table.charge(Key(str(number)))
    assert len(table) == 10


def test_ipv6_neighbours_in_a_64_share_a_bucket_and_a_48_has_a_larger_one():
    table = throttle(Hands())
    for host in range(3):
        assert table.charge(*address_keys(f"2001:db8:1:1::{host}")) == 0.0
    assert table.charge(*address_keys("2001:db8:1:1::ffff")) > 0.0
    assert table.charge(*address_keys("2001:db8:1:2::1")) == 0.0
    admitted = sum(
        table.charge(*address_keys(f"2001:db8:1:{net:x}::1")) == 0.0 for net in range(0x100, 0x4000, 0x100)
    )
    assert admitted == 3 * 16 - 4  # four of the /48's 48 attempts are spent


@pytest.mark.parametrize(
    ("address", "names"),
    [
        ("192.0.2.7", ["address:192.0.2.7"]),
        ("::ffff:192.0.2.7", ["address:192.0.2.7"]),
        ("fe80::1%eth0", ["address:fe80::/64", "address:fe80::/56", "address:fe80::/48"]),
        ("", ["address:unknown"]),
        ("rubbish", ["address:unknown"]),
    ],
)
def test_address_keys(address: str, names: list[str]):
    assert [key.name for key in address_keys(address)] == names


def test_retry_after_is_at_least_one_whole_second():
    assert [retry_after_s(wait) for wait in (0.01, 1.0, 1.2)] == [1, 1, 2]


def test_C17_an_address_opens_as_many_sessions_as_it_may_have_and_as_many_anew_in_ten_minutes():
    hands = Hands()
    register = make_throttles(hands.clock, sessions_per_address=5).register_address

    def opened(address: str, tries: int) -> int:
        return sum(register.charge(*address_keys(address)) == 0.0 for _ in range(tries))

    assert opened("192.0.2.7", 9) == 5
    hands.turn(600)
    assert opened("192.0.2.7", 9) == 5
    assert sum(opened(f"2001:db8:0:{number:x}::1", 9) for number in range(0, 0x10000, 997)) == 5 * 16
