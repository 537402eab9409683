"""The roster's one form: the same for every order, different for every different list."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_protocol.crypto.errors import CryptoError, FailureKind
from relevo_protocol.crypto.roster import Member, encode_roster, roster_hash, signature_required

Vectors = Callable[[str], Any]
TEXT = st.text(alphabet="ab\u00f1", max_size=3)
MEMBERS = st.builds(Member, st.integers(1, 5), TEXT, TEXT, TEXT, TEXT, st.integers(0, 2**64 - 1))
LISTS = st.lists(MEMBERS, max_size=4, unique_by=lambda member: member.slot)


def test_K15_roster_vectors(vectors: Vectors):
    for case in vectors("roster")["cases"]:
        members = [msgspec.convert(m | {"link_id": int(m["link_id"])}, Member) for m in case["members"]]
        try:
            outcome: tuple[str, str | None, str | None] = (
                "ok",
                encode_roster(members).hex(),
                roster_hash(members).hex(),
            )
        except CryptoError as error:
            outcome = (error.kind.value, None, None)
        assert outcome == (case["expect"], case.get("encoded"), case.get("hash")), case["name"]


@given(LISTS)
def test_K15_the_order_of_insertion_does_not_matter(members: list[Member]):
    assert roster_hash(members) == roster_hash(members[::-1])


@given(LISTS, LISTS)
def test_K15_different_lists_have_different_forms(left: list[Member], right: list[Member]):
    def ordered(members: list[Member]) -> list[Member]:
        return sorted(members, key=lambda member: member.slot)

    assert (encode_roster(left) == encode_roster(right)) == (ordered(left) == ordered(right))


def test_K15_one_slot_twice_is_malformed():
    member = Member(1, "lead", "a", "b", "", 0)
    with pytest.raises(CryptoError) as failure:
        roster_hash([member, msgspec.structs.replace(member, account_id="c")])
    assert failure.value.kind == FailureKind.MALFORMED


def test_K16_signatures_are_due_from_the_second_member_on():
    first, second = Member(1, "lead", "a", "b", "", 0), Member(2, "guest", "c", "d", "", 1)
    assert [signature_required(m) for m in ([], [first], [first, second])] == [False, False, True]


@pytest.mark.parametrize(
    "changes", [{"slot": 0}, {"slot": 256}, {"link_id": -1}, {"display_name": "\u202ex"}]
)
def test_K15_a_member_out_of_bounds_does_not_decode(changes: dict[str, object]):
    fields = msgspec.structs.asdict(Member(1, "lead", "a", "b", "", 0))
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(fields | changes, Member)
