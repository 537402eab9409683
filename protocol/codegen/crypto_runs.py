"""The handshakes of the cryptography vectors, and the fixed values that all of them are made from."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from relevo_protocol.crypto import cpace
from relevo_protocol.crypto.errors import CryptoError
from relevo_protocol.crypto.flights import CredentialKind, HostIdentity, ViewerIdentity
from relevo_protocol.crypto.handshake import HostHandshake, ViewerHandshake
from relevo_protocol.crypto.pairwise import PairwiseSender
from relevo_protocol.crypto.schedule import (
    ChannelContext,
    Credential,
    SessionKeys,
    Transcript,
    derive_schedule,
)
from relevo_protocol.header import DST_HOST, Header, MessageType

Json = dict[str, object]
Record = list[Json]

DEVICE_SEED: Final = bytes(range(64, 96))
DEVICE_KEY: Final = Ed25519PrivateKey.from_private_bytes(DEVICE_SEED)
DEVICE_PUBLIC: Final = DEVICE_KEY.public_key().public_bytes_raw()
CONTEXT: Final = ChannelContext("https://relay.example", bytes(16))
VIEWER_NONCE: Final = bytes.fromhex("00112233445566778899aabbccddeeff")
HOST_NONCE: Final = bytes.fromhex("ffeeddccbbaa99887766554433221100")
VIEWER_SCALAR: Final = bytes(range(32))
HOST_SCALAR: Final = bytes(range(32, 64))
CODE: Final = b"705146"
SECRET: Final = bytes(range(128, 160))
RESUME_ID: Final = bytes(range(8))
HOST: Final = HostIdentity(DEVICE_PUBLIC, "0.1.0", ("observer", "full"), "off")
VIEWER: Final = ViewerIdentity("acc-7", "Núria Ibáñez", "Ejemplo S.L.", "observer")
LOW_ORDER_POINT: Final = bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")


def fixed_entropy(*values: bytes) -> Callable[[int], bytes]:
    """Return a source that gives these values in turn, each checked for the length asked for."""
    rest = list(values)

    def draw(length: int) -> bytes:
        value = rest.pop(0)
        if len(value) != length:
            raise ValueError(f"a vector has {len(value)} random bytes where {length} are drawn")
        return value

    return draw


def keys_json(keys: SessionKeys) -> Json:
    """Return all that a handshake derives, hexadecimal."""
    return {
        "th": keys.th.hex(),
        "v2h_key": keys.v2h.key.hex(),
        "v2h_iv": keys.v2h.iv.hex(),
        "h2v_key": keys.h2v.key.hex(),
        "h2v_iv": keys.h2v.iv.hex(),
        "resume_secret": keys.resume_secret.hex(),
        "resume_id": keys.resume_id.hex(),
    }


def known_answer() -> Json:
    """Return the known answer of the design with every value in between."""
    channel, sid = CONTEXT.identifier(), VIEWER_NONCE + HOST_NONCE
    base = cpace.generator(CODE, channel, sid)
    host_share = cpace.scalar_mult_vfy(HOST_SCALAR, base)
    viewer_share = cpace.scalar_mult_vfy(VIEWER_SCALAR, base)
    shared = cpace.scalar_mult_vfy(VIEWER_SCALAR, host_share)
    transcript = Transcript(channel, sid, host_share, b"ADh", viewer_share, b"ADv")
    schedule = derive_schedule(transcript, shared)
    header = Header(MessageType.PAIRWISE, dst=DST_HOST).pack()
    return {
        "prs": CODE.hex(),
        "relay_origin": CONTEXT.relay_origin,
        "session_id": CONTEXT.session_id.hex(),
        "viewer_nonce": VIEWER_NONCE.hex(),
        "host_nonce": HOST_NONCE.hex(),
        "viewer_scalar": VIEWER_SCALAR.hex(),
        "host_scalar": HOST_SCALAR.hex(),
        "host_identity": b"ADh".hex(),
        "viewer_identity": b"ADv".hex(),
        "channel_identifier": channel.hex(),
        "sid": sid.hex(),
        "generator": base.hex(),
        "host_share": host_share.hex(),
        "viewer_share": viewer_share.hex(),
        "shared": shared.hex(),
        "isk": cpace.session_key(sid, shared, transcript.cpace()).hex(),
        **keys_json(schedule.keys),
        "viewer_proof": schedule.viewer_proof.hex(),
        "host_proof": schedule.host_proof.hex(),
        "pairwise_header": header.hex(),
        "pairwise_plaintext": b"hi".hex(),
        "pairwise_sealed": PairwiseSender(schedule.keys.v2h).seal(header, b"hi").hex(),
        "expect": "ok",
    }


def _unchanged(body: bytes) -> bytes:
    return body


@dataclass(frozen=True)
class Run:
    """One handshake as a hostile relay might deliver it: ``on_flight[n]`` changes flight n on its way."""

    name: str
    kind: CredentialKind = "code"
    ref: bytes = b""
    viewer_secret: bytes = CODE
    host_secret: bytes | None = CODE
    host_origin: str = CONTEXT.relay_origin
    on_flight: dict[int, Callable[[bytes], bytes]] = field(default_factory=dict)
    repeat_flight: int = 0

    def travel(self, number: int, body: bytes) -> bytes:
        """Return the flight as it arrives."""
        return self.on_flight.get(number, _unchanged)(body)


def _edit(**changes: object) -> Callable[[bytes], bytes]:
    """Return a change of fields of a flight."""

    def change(body: bytes) -> bytes:
        return msgspec.msgpack.encode(msgspec.msgpack.decode(body, type=dict[str, object]) | changes)

    return change


RUNS: Final = (
    Run("code"),
    Run("resume", "resume", RESUME_ID, SECRET, SECRET),
    Run("invite", "invite", b"invite-1", SECRET, SECRET),
    Run("wrong code", host_secret=b"705147"),
    Run("wrong resume secret", "resume", RESUME_ID, SECRET, bytes(32)),
    Run("another relay origin on the host's side", host_origin="https://other.example"),
    Run(
        "resume id changed on the way",
        "resume",
        RESUME_ID,
        SECRET,
        SECRET,
        on_flight={1: _edit(ref=bytes(8))},
    ),
    Run("kind changed on the way", "resume", RESUME_ID, SECRET, SECRET, on_flight={1: _edit(kind="invite")}),
    Run("unknown resume id", "resume", RESUME_ID, SECRET, None),
    Run("reference beside a code", on_flight={1: _edit(ref=b"x")}),
    Run("unknown version", on_flight={1: _edit(version=2)}),
    Run("no common suite", on_flight={1: _edit(suites=[2, 3])}),
    Run("short nonce", on_flight={1: _edit(viewer_nonce=bytes(15))}),
    Run("unknown field", on_flight={1: _edit(extra=1)}),
    Run("not msgpack", on_flight={1: lambda _: b"\xc1"}),
    Run("empty flight", on_flight={1: lambda _: b""}),
    Run("flight 1 twice", repeat_flight=1),
    Run("suite swapped", on_flight={2: _edit(suite=2)}),
    Run("low-order host share", on_flight={2: _edit(host_share=LOW_ORDER_POINT)}),
    Run("all-zero host share", on_flight={2: _edit(host_share=bytes(32))}),
    Run("long host share", on_flight={2: _edit(host_share=bytes(33))}),
    Run("host identity swapped", on_flight={2: _edit(host_identity=b"\x80")}),
    Run("flight 2 twice", repeat_flight=2),
    Run("low-order viewer share", on_flight={3: _edit(viewer_share=LOW_ORDER_POINT)}),
    Run("viewer identity swapped", on_flight={3: _edit(viewer_identity=b"\x80")}),
    Run("viewer proof changed", on_flight={3: _edit(viewer_proof=bytes(32))}),
    Run("flight 1 in the place of flight 3", on_flight={3: lambda _: _first_flight()}),
    Run("host proof changed", on_flight={4: _edit(host_proof=bytes(32))}),
    Run("short host proof", on_flight={4: _edit(host_proof=bytes(31))}),
    Run("flight 3 in the place of flight 4", on_flight={4: lambda _: _third_flight()}),
)


def _first_flight() -> bytes:
    viewer = ViewerHandshake(
        CONTEXT, Credential("code", CODE), VIEWER, fixed_entropy(VIEWER_NONCE, VIEWER_SCALAR)
    )
    return viewer.hello()


def _third_flight() -> bytes:
    steps: Record = []
    play(Run("inner"), steps)
    return bytes.fromhex(str(steps[2]["output"]))


def play(run: Run, steps: Record) -> Json:
    """Return one case: inputs, every message in order of arrival (also in ``steps``), and how it ends."""
    viewer = ViewerHandshake(
        CONTEXT,
        Credential(run.kind, run.viewer_secret, run.ref),
        VIEWER,
        fixed_entropy(VIEWER_NONCE, VIEWER_SCALAR),
    )
    host = HostHandshake(
        replace(CONTEXT, relay_origin=run.host_origin),
        HOST,
        lambda _kind, _ref: run.host_secret,
        fixed_entropy(HOST_NONCE, HOST_SCALAR),
    )
    case = _run_inputs(run)
    try:
        case |= _exchange(run, viewer, host, steps)
        case["expect"] = "ok"
    except CryptoError as error:
        steps[-1].pop("output", None)
        case["expect"] = error.kind.value
    return case | {"steps": steps}


def _exchange(run: Run, viewer: ViewerHandshake, host: HostHandshake, steps: Record) -> Json:
    flight = viewer.hello()
    steps.append({"to": "viewer", "flight": 0, "output": flight.hex()})
    flight = _deliver(run, 1, host.offer, flight, steps)
    flight = _deliver(run, 2, viewer.prove, flight, steps)
    arrived = run.travel(3, flight)
    steps.append({"to": "host", "flight": 3, "input": arrived.hex()})
    accepted = host.accept(arrived)
    steps[-1]["output"] = accepted.flight.hex()
    arrived = run.travel(4, accepted.flight)
    steps.append({"to": "viewer", "flight": 4, "input": arrived.hex()})
    result = viewer.finish(arrived)
    if result.keys != accepted.keys or result.host != HOST or accepted.viewer != VIEWER:
        raise AssertionError(f"the two sides of {run.name!r} differ")
    return keys_json(result.keys)


def _deliver(run: Run, number: int, take: Callable[[bytes], bytes], flight: bytes, steps: Record) -> bytes:
    to = "host" if number % 2 else "viewer"
    arrived = run.travel(number, flight)
    for _ in range(2 if run.repeat_flight == number else 1):
        steps.append({"to": to, "flight": number, "input": arrived.hex()})
        flight = take(arrived)
        steps[-1]["output"] = flight.hex()
    return flight


def _run_inputs(run: Run) -> Json:
    return {
        "name": run.name,
        "relay_origin": CONTEXT.relay_origin,
        "host_relay_origin": run.host_origin,
        "session_id": CONTEXT.session_id.hex(),
        "kind": run.kind,
        "ref": run.ref.hex(),
        "viewer_secret": run.viewer_secret.hex(),
        "host_secret": None if run.host_secret is None else run.host_secret.hex(),
        "viewer_nonce": VIEWER_NONCE.hex(),
        "viewer_scalar": VIEWER_SCALAR.hex(),
        "host_nonce": HOST_NONCE.hex(),
        "host_scalar": HOST_SCALAR.hex(),
        "viewer_identity": _identity_json(VIEWER),
        "host_identity": _identity_json(HOST),
    }


def _identity_json(identity: HostIdentity | ViewerIdentity) -> Json:
    fields: dict[str, bytes | str | int | tuple[str, ...]] = msgspec.structs.asdict(identity)
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in fields.items()}
