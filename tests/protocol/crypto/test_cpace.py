"""CPace against the draft's vectors and X25519 against Wycheproof's set."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_protocol.crypto import cpace
from relevo_protocol.crypto.encoding import lv, prepend_length
from relevo_protocol.crypto.errors import FailureKind, HandshakeError
from relevo_protocol.crypto.schedule import Transcript

Vectors = Callable[[str], Any]
P = 2**255 - 19
A = 486662


def of(text: str) -> bytes:
    return bytes.fromhex(text)


def test_K2_prepend_length_and_lv_are_the_drafts(vectors: Vectors):
    draft = vectors("cpace-draft")
    for case in draft["prepend_length"]:
        assert prepend_length(of(case["part"])).hex() == case["expect"]
    assert lv(*map(of, draft["lv"]["parts"])).hex() == draft["lv"]["expect"]


@given(st.lists(st.binary(max_size=200), max_size=5), st.lists(st.binary(max_size=200), max_size=5))
def test_K2_lv_tells_different_lists_apart(left: list[bytes], right: list[bytes]):
    assert (lv(*left) == lv(*right)) == (left == right)


def test_K5_generator_is_the_drafts(vectors: Vectors):
    case = vectors("cpace-draft")["generator"]
    inputs = (of(case["prs"]), of(case["channel_identifier"]), of(case["sid"]))
    assert cpace.generator_string(*inputs).hex() == case["generator_string"]
    mapped = cpace.elligator2(int.from_bytes(of(case["field_element"]), "little"))
    assert mapped.to_bytes(32, "little").hex() == case["generator"]
    assert cpace.generator(*inputs).hex() == case["generator"]


def test_K6_exchange_is_the_drafts(vectors: Vectors):
    draft = vectors("cpace-draft")
    case, base = draft["exchange"], of(draft["generator"]["generator"])
    share_a, share_b = of(case["share_a"]), of(case["share_b"])
    assert cpace.scalar_mult_vfy(of(case["ya"]), base) == share_a
    assert cpace.scalar_mult_vfy(of(case["yb"]), base) == share_b
    assert cpace.scalar_mult_vfy(of(case["ya"]), share_b).hex() == case["shared"]
    assert cpace.scalar_mult_vfy(of(case["yb"]), share_a).hex() == case["shared"]
    sid = of(draft["generator"]["sid"])
    transcript = Transcript(b"", sid, share_a, of(case["ad_a"]), share_b, of(case["ad_b"])).cpace()
    assert transcript.hex() == case["transcript_ir"]
    assert cpace.session_key(sid, of(case["shared"]), transcript).hex() == case["isk_ir"]


def test_K7_low_order_points_abort_and_bit_255_is_ignored(vectors: Vectors):
    low_order = vectors("cpace-draft")["low_order"]
    scalar = of(low_order["scalar"])
    outcomes: list[tuple[str, str, str | None]] = []
    for case in low_order["points"]:
        try:
            outcomes.append((case["name"], "ok", cpace.scalar_mult_vfy(scalar, of(case["point"])).hex()))
        except HandshakeError as error:
            outcomes.append((case["name"], error.kind.value, None))
    assert outcomes == [(c["name"], c["expect"], c.get("result")) for c in low_order["points"]]


def test_K7_wycheproof_x25519(vectors: Vectors):
    tests = [test for group in vectors("wycheproof-x25519")["testGroups"] for test in group["tests"]]
    assert len(tests) == 518
    refused = 0
    for test in tests:
        if test["shared"] == "00" * 32:
            with pytest.raises(HandshakeError) as failure:
                cpace.scalar_mult_vfy(of(test["private"]), of(test["public"]))
            assert failure.value.kind == FailureKind.LOW_ORDER, test["tcId"]
            refused += 1
        else:
            shared = cpace.scalar_mult_vfy(of(test["private"]), of(test["public"]))
            assert shared.hex() == test["shared"], test["tcId"]
    assert 0 < refused < len(tests)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_K7_a_point_of_another_size_is_malformed(size: int):
    with pytest.raises(HandshakeError) as failure:
        cpace.scalar_mult_vfy(bytes(32), bytes(size))
    assert failure.value.kind == FailureKind.MALFORMED


@given(st.integers(min_value=0, max_value=2**255 - 1))
def test_K5_elligator2_lands_on_the_curve(r: int):
    u = cpace.elligator2(r)
    assert 0 <= u < P
    assert pow(u**3 + A * u * u + u, (P - 1) // 2, P) in {0, 1}


@given(st.integers(min_value=0, max_value=P - 1))
def test_K5_elligator2_does_not_see_the_sign(r: int):
    assert cpace.elligator2(r) == cpace.elligator2(P - r)


def test_K5_elligator2_has_no_third_case():
    for value in (-pow(2, -1, P), A * A - 4):
        assert pow(value % P, (P - 1) // 2, P) == P - 1


def test_K5_the_secret_fills_its_own_hash_block_whatever_its_length():
    for length in (1, 6, 32, 64, 116, 117, 118, 127, 128, 200):
        text = cpace.generator_string(bytes(length), b"CI", b"sid")
        head = len(text) - len(lv(b"CI", b"sid"))
        assert head == 128 if length < 118 else head > 128
