"""Every message against the vectors, every direction against hostile bytes."""

import json
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_protocol import codec, gate, messages
from relevo_protocol.errors import ProtocolError

CASES = json.loads(
    (Path(__file__).parents[2] / "protocol/vectors/wire/messages.json").read_text(encoding="utf-8")
)
DIRECTIONS: dict[str, codec.Direction[Any]] = {
    "AgentToRelay": codec.agent_to_relay,
    "RelayToAgent": codec.relay_to_agent,
    "ViewerToRelay": codec.viewer_to_relay,
    "RelayToViewer": codec.relay_to_viewer,
    "ViewerToHost": codec.viewer_to_host,
    "HostToViewer": codec.host_to_viewer,
    "ViewerToViewer": codec.viewer_to_viewer,
}


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["name"])
def test_M1_M3_message_vectors(case: dict[str, Any]) -> None:
    direction, body = DIRECTIONS[case["direction"]], bytes.fromhex(case["hex"])
    if case["expect"] == "ok":
        assert codec.encode(direction.decode(body)) == body
        return
    with pytest.raises(ProtocolError) as failure:
        direction.decode(body)
    assert failure.value.code == case["expect"]


def test_M1_vectors_hold_every_message() -> None:
    every = {cls.__name__ for union in messages.DIRECTIONS.values() for cls in messages.kinds_of(union)}
    assert {c["name"] for c in CASES if c["expect"] == "ok"} == every


def test_M4_unknown_keys_are_ignored() -> None:
    body = msgspec.msgpack.encode({"t": "HostBack", "link": 3, "since": "tomorrow"})
    assert codec.relay_to_viewer.decode(body) == codec.relay_to_viewer.decode(codec.encode(_host_back()))


def _host_back() -> messages.Message:
    from relevo_protocol.messages.relay import HostBack

    return HostBack(link=3)


@pytest.mark.parametrize("direction", list(DIRECTIONS.values()), ids=list(DIRECTIONS))
@given(body=st.binary(max_size=200))
def test_M3_random_bytes_never_crash_a_decoder(direction: codec.Direction[Any], body: bytes) -> None:
    try:
        direction.decode(body)
    except ProtocolError:
        return


def test_M3_deep_nesting_is_malformed_not_a_crash() -> None:
    with pytest.raises(ProtocolError):
        codec.viewer_to_host.decode(b"\x81\xa1x" + b"\x91" * 60_000 + b"\xc0")


def test_R8_gate_has_a_row_for_every_message_of_a_viewer() -> None:
    assert set(gate.NEEDS) == set(get_args(messages.ViewerToHost))
