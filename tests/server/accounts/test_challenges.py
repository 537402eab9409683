from relevo_server.accounts.challenges import LIFE_S, TRIES, Challenges
from tests.server.hands import Hands


def test_Q6_a_challenge_is_good_once_and_for_five_minutes():
    hands = Hands()
    open_ones: Challenges[str] = Challenges(hands.now_s)
    token, other = open_ones.open("value", "ana"), open_ones.open("value", "ana")
    assert (open_ones.take(token), open_ones.take(token)) == ("value", None)
    hands.turn(LIFE_S)
    assert open_ones.take(other) is None


def test_Q4_a_challenge_bears_five_looks():
    open_ones: Challenges[str] = Challenges(Hands().now_s)
    token = open_ones.open("value", "ana")
    assert [open_ones.look(token) for _ in range(TRIES + 1)] == ["value"] * TRIES + [None]
    assert len(open_ones) == 0


def test_Q6_whoever_begins_without_end_pushes_out_nobody_elses():
    open_ones: Challenges[str] = Challenges(Hands().now_s, per_owner=8)
    bruno = open_ones.open("bruno's", "bruno")
    tokens = [open_ones.open(f"{number}", "ana") for number in range(20_000)]
    assert len(open_ones) == 9
    assert [open_ones.take(one) for one in tokens[-8:]] == [f"{number}" for number in range(19_992, 20_000)]
    assert open_ones.take(tokens[-9]) is None
    assert open_ones.take(bruno) == "bruno's"


def test_Q6_what_is_kept_of_owners_goes_with_what_they_have_open():
    hands = Hands()
    open_ones: Challenges[str] = Challenges(hands.now_s, capacity=50)
    for number in range(200):
        open_ones.open("value", f"owner {number}")
    assert (len(open_ones), len(open_ones._of)) == (50, 50)
    hands.turn(LIFE_S)
    token = open_ones.open("value", "ana")
    assert (len(open_ones), list(open_ones._of)) == (1, ["ana"])
    assert open_ones.take(token) == "value"
    assert not open_ones._of
