"""What may stand in an identity, and what may not."""

import msgspec
import pytest

from relevo_protocol.crypto.errors import FailureKind, HandshakeError
from relevo_protocol.crypto.flights import (
    HostIdentity,
    ViewerIdentity,
    decode_identity,
    encode_identity,
)

VIEWER = ViewerIdentity("acc-7", "Núria Ibáñez ¿?", "Ejemplo S.L.", "observer")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "x" * 121,
        "a\nb",
        "tail\n",
        "bell\x07",
        "\u202eevil",
        "a\u2066b",
        "a\u200fb",
        "\ufeffa",
        "line\u2028",
        "\x85",
    ],
)
def test_K4_a_name_that_could_hide_or_reorder_text_is_refused(name: str):
    with pytest.raises(HandshakeError) as failure:
        encode_identity(msgspec.structs.replace(VIEWER, display_name=name))
    assert failure.value.kind == FailureKind.MALFORMED
    assert "display_name" in str(failure.value)


def test_K4_every_control_and_bidirectional_control_is_refused():
    controls = [*range(0x20), *range(0x7F, 0xA0), 0x061C, 0x200E, 0x200F, 0x2028, 0x2029, 0xFEFF]
    controls += [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]
    for code in controls:
        with pytest.raises(HandshakeError, match="display_name"):
            encode_identity(msgspec.structs.replace(VIEWER, display_name=f"a{chr(code)}b"))


@pytest.mark.parametrize("name", ["Núria", "李雷", "محمد", "O'Neill-Ó Dálaigh", "x" * 120])
def test_K4_real_names_pass(name: str):
    identity = msgspec.structs.replace(VIEWER, display_name=name)
    assert decode_identity(encode_identity(identity), ViewerIdentity) == identity


@pytest.mark.parametrize(
    "changes",
    [
        {"device_key": bytes(31)},
        {"device_key": bytes(33)},
        {"modes": ["Observer"]},
        {"modes": ["observer"] * 17},
        {"recording": "sometimes"},
        {"flags": -1},
        {"flags": 2**32},
        {"extra": 1},
        {"agent_version": ""},
        {"agent_version": 1},
    ],
)
def test_K4_a_host_identity_out_of_bounds_is_malformed(changes: dict[str, object]):
    fields = msgspec.structs.asdict(HostIdentity(bytes(32), "0.1.0", ("observer",), "off"))
    body = msgspec.msgpack.encode(fields | changes)
    with pytest.raises(HandshakeError) as failure:
        decode_identity(body, HostIdentity)
    assert failure.value.kind == FailureKind.MALFORMED


def test_K4_an_oversized_certificate_is_malformed():
    with pytest.raises(HandshakeError):
        encode_identity(msgspec.structs.replace(VIEWER, org_certificate=bytes(4097)))


def test_K4_an_oversized_identity_is_refused_before_decoding():
    with pytest.raises(HandshakeError, match="at most 8192"):
        decode_identity(bytes(8193), ViewerIdentity)
