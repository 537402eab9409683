"""The handshake against its vectors, and against a relay that does what it should not."""

import secrets
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_protocol.crypto import cpace
from relevo_protocol.crypto.errors import CryptoError, FailureKind, HandshakeError
from relevo_protocol.crypto.flights import (
    Hello,
    HostIdentity,
    Offer,
    ViewerIdentity,
    decode_flight,
    encode_flight,
)
from relevo_protocol.crypto.handshake import HostHandshake, HostResult, ViewerHandshake, ViewerResult
from relevo_protocol.crypto.pairwise import PairwiseChannel
from relevo_protocol.crypto.schedule import (
    ChannelContext,
    Credential,
    SessionKeys,
    Transcript,
    derive_schedule,
)
from relevo_protocol.errors import ErrorCode
from relevo_protocol.header import DST_HOST, Header, MessageType

Vectors = Callable[[str], Any]
CONTEXT = ChannelContext("https://relay.example", bytes(16))
CODE = Credential("code", b"705146")
VIEWER = ViewerIdentity("acc-7", "Núria", "Ejemplo", "observer")
HOST = HostIdentity(bytes(32), "0.1.0", ("observer", "full"), "off")


def of(text: str) -> bytes:
    return bytes.fromhex(text)


def flat(keys: SessionKeys) -> dict[str, str]:
    return {
        "th": keys.th.hex(),
        "v2h_key": keys.v2h.key.hex(),
        "v2h_iv": keys.v2h.iv.hex(),
        "h2v_key": keys.h2v.key.hex(),
        "h2v_iv": keys.h2v.iv.hex(),
        "resume_secret": keys.resume_secret.hex(),
        "resume_id": keys.resume_id.hex(),
    }


def pair(
    credential: Credential = CODE, secret: bytes | None = CODE.secret
) -> tuple[ViewerHandshake, HostHandshake]:
    viewer = ViewerHandshake(CONTEXT, credential, VIEWER)
    return viewer, HostHandshake(CONTEXT, HOST, lambda _kind, _ref: secret)


def run(viewer: ViewerHandshake, host: HostHandshake) -> tuple[ViewerResult, HostResult]:
    accepted = host.accept(viewer.prove(host.offer(viewer.hello())))
    return viewer.finish(accepted.flight), accepted


def failure_of(act: Callable[[], object]) -> FailureKind:
    with pytest.raises(HandshakeError) as failure:
        act()
    return failure.value.kind


def test_K6_the_known_answer_of_the_design():
    channel = CONTEXT.identifier()
    viewer_nonce = of("00112233445566778899aabbccddeeff")
    sid = viewer_nonce + of("ffeeddccbbaa99887766554433221100")
    base = cpace.generator(b"705146", channel, sid)
    viewer_scalar, host_scalar = bytes(range(32)), bytes(range(32, 64))
    viewer_share, host_share = (cpace.scalar_mult_vfy(y, base) for y in (viewer_scalar, host_scalar))
    transcript = Transcript(channel, sid, host_share, b"ADh", viewer_share, b"ADv")
    schedule = derive_schedule(transcript, cpace.scalar_mult_vfy(host_scalar, viewer_share))
    keys = schedule.keys
    assert keys.th.hex() == "c7cc4bcf523ca8f8f42e73afce98f992b40b09745640257abeda0b9df7b8506a"
    assert keys.v2h.key.hex() == "1ebcabc29526b46f809b69ae019179b8f2051b9a6e90908c7347d3d0d819ced1"
    assert keys.v2h.iv.hex() == "c603fd8674cf272d143d54c8"
    assert schedule.viewer_proof.hex() == "cb29c92c9a90e74bcea7eaf736aab22176b8fc8c11147a0b9bf436d67e816fc6"
    header = of("010200fe" + "00" * 20)
    sealed = PairwiseChannel.of_viewer(keys).sender.seal(header, b"hi")
    assert sealed.hex() == "e2a762dbca23e0618bf145b549b6917a1c6e"
    assert PairwiseChannel.of_host(keys).receiver.open(header, 0, sealed) == b"hi"


def test_K6_the_known_answer_file_is_the_design(vectors: Vectors):
    answer = vectors("known-answer")
    assert answer["th"] == "c7cc4bcf523ca8f8f42e73afce98f992b40b09745640257abeda0b9df7b8506a"
    assert answer["pairwise_sealed"] == "e2a762dbca23e0618bf145b549b6917a1c6e"


def entropy(*values: str) -> Callable[[int], bytes]:
    rest = list(values)
    return lambda _length: of(rest.pop(0))


def sides(case: dict[str, Any]) -> dict[int, Callable[[bytes], bytes]]:
    """Return, by flight number, what takes that flight; the two sides of the case with fixed randomness."""
    viewer = ViewerHandshake(
        ChannelContext(case["relay_origin"], of(case["session_id"])),
        Credential(case["kind"], of(case["viewer_secret"]), of(case["ref"])),
        msgspec.convert(hexed(case["viewer_identity"], "org_certificate"), ViewerIdentity),
        entropy(case["viewer_nonce"], case["viewer_scalar"]),
    )
    secret = None if case["host_secret"] is None else of(case["host_secret"])
    host = HostHandshake(
        ChannelContext(case["host_relay_origin"], of(case["session_id"])),
        msgspec.convert(hexed(case["host_identity"], "device_key"), HostIdentity),
        lambda _kind, _ref: secret,
        entropy(case["host_nonce"], case["host_scalar"]),
    )
    results: list[HostResult | ViewerResult] = []
    case["results"] = results

    def accept(body: bytes) -> bytes:
        accepted = host.accept(body)
        results.append(accepted)
        return accepted.flight

    def finish(body: bytes) -> bytes:
        results.append(viewer.finish(body))
        return b""

    return {0: lambda _: viewer.hello(), 1: host.offer, 2: viewer.prove, 3: accept, 4: finish}


def hexed(fields: dict[str, Any], name: str) -> dict[str, Any]:
    return fields | {name: of(fields[name])}


def test_K1_K10_handshake_vectors(vectors: Vectors):
    cases = vectors("handshake")["cases"]
    assert {case["expect"] for case in cases} >= {
        "ok",
        "wrong_code",
        "low_order",
        "replay",
        "malformed",
        "tampered",
    }
    for case in cases:
        takers = sides(case)
        *before, last = case["steps"]
        for step in before:
            assert takers[step["flight"]](of(step.get("input", ""))).hex() == step["output"], case["name"]
        try:
            takers[last["flight"]](of(last["input"]))
            outcome = "ok"
        except CryptoError as error:
            outcome = error.kind.value
        assert outcome == case["expect"], case["name"]
        if outcome == "ok":
            accepted, finished = case["results"]
            assert (
                flat(accepted.keys)
                == flat(finished.keys)
                == {name: case[name] for name in flat(finished.keys)}
            )


def test_K1_both_sides_learn_who_the_other_is():
    finished, accepted = run(*pair())
    assert (finished.host, accepted.viewer) == (HOST, VIEWER)
    assert finished.keys == accepted.keys


def test_K1_two_runs_share_nothing():
    first, _ = run(*pair())
    second, _ = run(*pair())
    assert not set(flat(first.keys).values()) & set(flat(second.keys).values())


def test_K5_a_code_and_a_32_byte_secret_never_meet():
    assert Credential("resume", bytes(32), bytes(8)).prs() != Credential("invite", bytes(32), bytes(8)).prs()
    assert len(CODE.prs()) == 6


@pytest.mark.parametrize(
    ("kind", "secret", "ref"),
    [
        ("code", b"12345", b""),
        ("code", b"1234567", b""),
        ("code", b"12345a", b""),
        ("code", "12345²".encode(), b""),
        ("code", b"123456", b"x"),
        ("resume", bytes(31), bytes(8)),
        ("resume", bytes(32), bytes(7)),
        ("invite", bytes(32), b""),
        ("invite", bytes(32), bytes(33)),
    ],
)
def test_K5_a_credential_has_the_form_of_its_kind(kind: Any, secret: bytes, ref: bytes):
    with pytest.raises(ValueError, match=kind):
        Credential(kind, secret, ref)


def test_K10_a_resume_secret_joins_again_with_new_keys():
    finished, accepted = run(*pair())
    again = finished.keys.resume_credential()
    asked: list[tuple[str, bytes]] = []

    def lookup(kind: str, ref: bytes) -> bytes | None:
        asked.append((kind, ref))
        return accepted.keys.resume_secret if ref == accepted.keys.resume_id else None

    viewer, host = ViewerHandshake(CONTEXT, again, VIEWER), HostHandshake(CONTEXT, HOST, lookup)
    resumed, _ = run(viewer, host)
    assert asked == [("resume", finished.keys.resume_id)]
    assert host.credential == again
    assert not set(flat(resumed.keys).values()) & set(flat(finished.keys).values())


def test_K8_a_wrong_code_earns_no_answer_and_ends_the_run():
    viewer, host = pair(secret=b"705147")
    third = viewer.prove(host.offer(viewer.hello()))
    assert failure_of(lambda: host.accept(third)) == FailureKind.WRONG_CODE
    assert failure_of(lambda: host.accept(third)) == FailureKind.REPLAY


def test_K8_a_wrong_code_is_told_as_such():
    viewer, host = pair(secret=b"705147")
    with pytest.raises(HandshakeError) as failure:
        host.accept(viewer.prove(host.offer(viewer.hello())))
    assert failure.value.code == ErrorCode.CODE_WRONG


def test_K7_a_relay_that_swaps_keys_is_found_by_the_host():
    """The relay runs the handshake with each side on its own shares; it does not know the code."""
    viewer, host = pair()
    relay_viewer = ViewerHandshake(CONTEXT, Credential("code", b"000000"), VIEWER)
    relay_host = HostHandshake(CONTEXT, HOST, lambda _kind, _ref: b"000000")
    viewer_proof = viewer.prove(relay_host.offer(viewer.hello()))
    assert failure_of(lambda: relay_host.accept(viewer_proof)) == FailureKind.WRONG_CODE
    relay_proof = relay_viewer.prove(host.offer(relay_viewer.hello()))
    assert failure_of(lambda: host.accept(relay_proof)) == FailureKind.WRONG_CODE


def test_K7_a_relay_that_swaps_only_the_answer_is_found_by_the_viewer():
    viewer, host = pair()
    host.accept(viewer.prove(host.offer(viewer.hello())))
    forged = msgspec.msgpack.encode({"flight": 4, "host_proof": secrets.token_bytes(32)})
    assert failure_of(lambda: viewer.finish(forged)) == FailureKind.TAMPERED


def test_K7_a_device_key_swapped_on_the_way_is_found():
    viewer, host = pair()
    offer = decode_flight(host.offer(viewer.hello()), Offer)
    other = msgspec.msgpack.encode(msgspec.structs.replace(HOST, device_key=bytes([1]) * 32))
    third = viewer.prove(encode_flight(msgspec.structs.replace(offer, host_identity=other)))
    assert failure_of(lambda: host.accept(third)) == FailureKind.WRONG_CODE


def test_K7_a_host_share_reflected_as_the_viewers_fails():
    viewer, host = pair()
    offer = decode_flight(host.offer(viewer.hello()), Offer)
    proof = msgspec.msgpack.encode(
        {
            "flight": 3,
            "viewer_share": offer.host_share,
            "viewer_identity": offer.host_identity,
            "viewer_proof": bytes(32),
        }
    )
    assert failure_of(lambda: host.accept(proof)) == FailureKind.WRONG_CODE


def test_K3_a_recorded_flight_3_does_not_fit_a_new_run():
    viewer, host = pair()
    first = viewer.hello()
    third = viewer.prove(host.offer(first))
    host.accept(third)
    _, later = pair()
    later.offer(first)
    assert failure_of(lambda: later.accept(third)) == FailureKind.WRONG_CODE


def test_K3_every_step_has_its_turn_once():
    viewer, host = pair()
    assert failure_of(lambda: viewer.finish(b"")) == FailureKind.OUT_OF_ORDER
    assert failure_of(viewer.hello) == FailureKind.REPLAY
    viewer, host = pair()
    assert failure_of(lambda: host.accept(b"")) == FailureKind.OUT_OF_ORDER
    viewer, host = pair()
    accepted = host.accept(viewer.prove(host.offer(viewer.hello())))
    viewer.finish(accepted.flight)
    assert failure_of(lambda: viewer.finish(accepted.flight)) == FailureKind.REPLAY
    assert failure_of(lambda: host.offer(b"")) == FailureKind.REPLAY


def test_K4_identities_are_read_only_after_the_proof():
    """A viewer that knows the code but sends a structure out of bounds is refused, as malformed."""
    viewer, host = pair()
    viewer._identity = msgspec.msgpack.encode({"account_id": "x"})
    third = viewer.prove(host.offer(viewer.hello()))
    assert failure_of(lambda: host.accept(third)) == FailureKind.MALFORMED


def test_K9_no_secret_in_any_repr():
    finished, accepted = run(*pair())
    shown = repr((finished, accepted, CODE, finished.keys.resume_credential()))
    for secret in (finished.keys.v2h.key, finished.keys.h2v.iv, finished.keys.resume_secret, CODE.secret):
        assert repr(secret)[2:-1] not in shown
        assert secret.hex() not in shown


@given(st.binary(max_size=200))
def test_K3_random_flights_are_refused_as_such(body: bytes):
    _, host = pair()
    assert failure_of(lambda: host.offer(body)) in {FailureKind.MALFORMED, FailureKind.OUT_OF_ORDER}


def test_K3_an_oversized_flight_is_refused_before_decoding():
    _, host = pair()
    with pytest.raises(HandshakeError, match="at most 16384") as failure:
        host.offer(bytes(17 * 1024))
    assert failure.value.kind == FailureKind.MALFORMED


def test_K3_a_suite_list_with_ours_among_others_is_served():
    _, host = pair()
    hello = Hello(version=1, suites=(9, 1), viewer_nonce=bytes(16), kind="code", ref=b"")
    assert decode_flight(host.offer(encode_flight(hello)), Offer).suite == 1


def test_K11_the_channel_of_a_run_works_both_ways():
    finished, accepted = run(*pair())
    viewer, host = PairwiseChannel.of_viewer(finished.keys), PairwiseChannel.of_host(accepted.keys)
    up, down = Header(MessageType.PAIRWISE, dst=DST_HOST).pack(), Header(MessageType.PAIRWISE, dst=1).pack()
    assert host.receiver.open(up, 0, viewer.sender.seal(up, b"up")) == b"up"
    assert viewer.receiver.open(down, 0, host.sender.seal(down, b"down")) == b"down"
