"""Targets of what is sealed: handshakes as a whole, pairwise and team messages, media, invitations.

A case is a conversation: what one peer says, partly spoilt, repeated or out of turn, to a new receiver.
The outcome holds what each message came to, by the kinds that SPEC K19 names, and all that was opened.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from relevo_protocol.codec import host_to_viewer
from relevo_protocol.crypto import (
    ChannelContext,
    Credential,
    HostHandshake,
    HostIdentity,
    MediaReceiver,
    ViewerHandshake,
    ViewerIdentity,
)
from relevo_protocol.crypto.errors import CryptoError
from relevo_protocol.crypto.handshake import NONCE_BYTES
from relevo_protocol.crypto.invitation import JoinPurpose, open_invitation
from relevo_protocol.crypto.pairwise import PairwiseReceiver
from relevo_protocol.crypto.schedule import DirectionKeys, SessionKeys
from relevo_protocol.crypto.whisper import WhisperReceiver
from relevo_protocol.errors import ProtocolError
from relevo_protocol.header import body_of, parse_header
from relevo_protocol.limits import HEADER_BYTES
from tests.fuzz.mutate import Outcome, Random, Target, conversation, packed, spoil, unpacked
from tests.fuzz.wire import vectors

_SEALED_SHARE: Final = 30
_SLOW_SHARE: Final = 5
Open = Callable[[bytes, int, memoryview], bytes]


def sealed_targets() -> list[Target]:
    """Their seeds are the vectors of the crypto."""
    return [_pairwise(), _whisper(), _media(), _invitation(), _handshake()]


def _pairwise() -> Target:
    keys, pools = _sealed("crypto/pairwise.json", "sealed")

    def read(body: bytes) -> str:
        outcome = Outcome()
        receiver = PairwiseReceiver(keys)
        for message in unpacked(body[1:]):
            plain = _opened(receiver.open, message, outcome)
            if plain is not None:
                _understood(plain, outcome)
        return outcome.sign

    return Target("pairwise", partial(_talk, pools), read, _SEALED_SHARE)


def _understood(plain: bytes, outcome: Outcome) -> None:
    """What is sealed right may say anything."""
    try:
        host_to_viewer.decode(plain)
    except ProtocolError:
        outcome.refuse("message")
    else:
        outcome.take()


def _whisper() -> Target:
    keys, pools = _sealed("crypto/whisper.json", "sealed")

    def read(body: bytes) -> str:
        outcome = Outcome()
        receiver = WhisperReceiver(keys)
        for message in unpacked(body[1:]):
            _opened(receiver.open, message, outcome)
        return outcome.sign

    return Target("whisper", partial(_talk, pools), read, _SEALED_SHARE)


def _media() -> Target:
    whole = vectors("crypto/media.json")
    device_key, cases = bytes.fromhex(whole["device_key"]), whole["cases"]
    pools = [_messages(case, "payload") for case in cases]

    def read(body: bytes) -> str:
        outcome = Outcome()
        case = cases[body[0] % len(cases)] if body else cases[0]
        receiver = MediaReceiver(
            bytes.fromhex(case["epoch_secret"]),
            bytes.fromhex(case["roster_hash"]),
            case["epoch"],
            device_key,
            signature_required=case["signature_required"],
        )
        for message in unpacked(body[1:]):
            _opened(receiver.open, message, outcome)
        return outcome.sign

    return Target("media", partial(_talk, pools), read, _SEALED_SHARE)


def _invitation() -> Target:
    whole = vectors("crypto/invitation.json")
    private = X25519PrivateKey.from_private_bytes(bytes.fromhex(whole["scalar"]))
    context = ChannelContext(whole["origin"], bytes.fromhex(whole["session_id"]))
    case = whole["cases"][0]
    purpose = JoinPurpose(context, bytes.fromhex(case["invite"]), case["account_id"])
    sealed = bytes.fromhex(case["sealed"])

    def make(random: Random) -> bytes:
        return spoil(sealed, random) if random.below(8) else sealed

    def read(body: bytes) -> str:
        outcome = Outcome()
        try:
            outcome.take(open_invitation(body, private, purpose))
        except CryptoError as error:
            outcome.refuse(error.kind)
        return outcome.sign

    return Target("invitation", make, read, _SLOW_SHARE)


def _handshake() -> Target:
    cases = vectors("crypto/handshake.json")["cases"]

    def make(random: Random) -> bytes:
        number = random.below(len(cases))
        parts: list[bytes] = []
        for step in cases[number]["steps"]:
            body = bytes.fromhex(step.get("input", ""))
            way = random.below(8)
            if way == 0:
                body = spoil(body, random)
            said = bytes([step["flight"]]) + body
            parts += [said] * (way != 1) + [said] * (way == 2)
        return bytes([number]) + packed(parts)

    def read(body: bytes) -> str:
        outcome = Outcome()
        run = _Run(cases[body[0] % len(cases)] if body else cases[0])
        for part in unpacked(body[1:]):
            try:
                outcome.take(*run.hear(part[:1], part[1:]))
            except CryptoError as error:
                outcome.refuse(error.kind)
        return outcome.sign

    return Target("handshake", make, read, _SLOW_SHARE)


class _Run:
    """Both sides of one handshake, with the nonces and scalars of the vectors."""

    def __init__(self, case: dict[str, Any]) -> None:
        session_id = bytes.fromhex(case["session_id"])
        viewer, host = case["viewer_identity"], case["host_identity"]
        self._viewer = ViewerHandshake(
            ChannelContext(case["relay_origin"], session_id),
            Credential(case["kind"], bytes.fromhex(case["viewer_secret"]), bytes.fromhex(case["ref"])),
            ViewerIdentity(**viewer | {"org_certificate": bytes.fromhex(viewer["org_certificate"])}),
            _Entropy(case["viewer_nonce"], case["viewer_scalar"]).draw,
        )
        secret = case["host_secret"]
        key, modes = bytes.fromhex(host["device_key"]), tuple(host["modes"])
        self._host = HostHandshake(
            ChannelContext(case["host_relay_origin"], session_id),
            HostIdentity(**host | {"device_key": key, "modes": modes}),
            lambda _kind, _ref: None if secret is None else bytes.fromhex(secret),
            _Entropy(case["host_nonce"], case["host_scalar"]).draw,
        )

    def hear(self, flight: bytes, body: bytes) -> Sequence[bytes]:
        """What comes of this flight."""
        match flight[0] % 5 if flight else 0:
            case 0:
                return (self._viewer.hello(),)
            case 1:
                return (self._host.offer(body),)
            case 2:
                return (self._viewer.prove(body),)
            case 3:
                result = self._host.accept(body)
                return (result.flight, *_told(result.keys), result.viewer.display_name.encode())
            case _:
                finished = self._viewer.finish(body)
                return (*_told(finished.keys), finished.host.agent_version.encode())


@dataclass(frozen=True)
class _Entropy:
    nonce: str
    scalar: str

    def draw(self, count: int) -> bytes:
        return bytes.fromhex(self.nonce if count == NONCE_BYTES else self.scalar)


def _told(keys: SessionKeys) -> tuple[bytes, ...]:
    return keys.v2h.iv, keys.h2v.iv, keys.resume_secret


def _sealed(name: str, part: str) -> tuple[DirectionKeys, list[list[bytes]]]:
    whole = vectors(name)
    keys = DirectionKeys(bytes.fromhex(whole["key"]), bytes.fromhex(whole["iv"]))
    return keys, [_messages(case, part) for case in whole["cases"]]


def _messages(case: dict[str, Any], part: str) -> list[bytes]:
    return [bytes.fromhex(one["header"] + one[part]) for one in case["messages"]]


def _talk(pools: Sequence[Sequence[bytes]], random: Random) -> bytes:
    number = random.below(len(pools))
    return bytes([number]) + conversation(pools[number], random)


def _opened(open_it: Open, message: bytes, outcome: Outcome) -> bytes | None:
    """Open one message as a peer does: its header is read first."""
    try:
        header = parse_header(message)
        plain = open_it(message[:HEADER_BYTES], header.counter, body_of(message))
    except CryptoError as error:
        outcome.refuse(error.kind)
        return None
    except ProtocolError:
        outcome.refuse("header")
        return None
    outcome.take(plain)
    return plain
