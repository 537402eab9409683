"""The two sides of the handshake as state machines without I/O (SPEC K1-K10).

::

    viewer                              host
    hello()    -- flight 1 -->          offer(flight 1)
    prove(..)  <-- flight 2 --
               -- flight 3 -->          accept(flight 3)   the viewer's proof is checked here, keys exist
    finish(..) <-- flight 4 --

Each method is called once and in this order; whatever fails ends the run. An object is good for one run.
"""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from relevo_protocol import PROTOCOL_VERSION
from relevo_protocol.crypto.cpace import SCALAR_BYTES, generator, scalar_mult_vfy
from relevo_protocol.crypto.errors import FailureKind, HandshakeError
from relevo_protocol.crypto.flights import (
    SUITE_CPACE_X25519_SHA512,
    Accept,
    CredentialKind,
    Hello,
    HostIdentity,
    Offer,
    Proof,
    ViewerIdentity,
    decode_flight,
    decode_identity,
    encode_flight,
    encode_identity,
)
from relevo_protocol.crypto.schedule import (
    ChannelContext,
    Credential,
    Schedule,
    SessionKeys,
    Transcript,
    derive_schedule,
)

NONCE_BYTES: Final = 16

Entropy = Callable[[int], bytes]
"""Gives that many random bytes; a parameter so that vectors reproduce, a CSPRNG everywhere else."""

CredentialLookup = Callable[[CredentialKind, bytes], bytes | None]
"""Finds the secret that flight 1 names by kind and reference; None if there is none (any more)."""


class _Step(IntEnum):
    START = 0
    WAITING = 1
    DONE = 2
    FAILED = 3


class _Progress:
    """Where a run stands. A step that fails leaves the run failed for good."""

    def __init__(self) -> None:
        self._step = _Step.START

    def enter(self, due: _Step) -> None:
        """Check that this step is due and mark the run failed until ``leave`` says otherwise.

        Raises:
            HandshakeError: ``replay`` if the step is past or the run over, ``out_of_order`` if it is to come.
        """
        step, self._step = self._step, _Step.FAILED
        if step > due:
            raise HandshakeError(FailureKind.REPLAY, "this flight was already received or the run is over")
        if step < due:
            raise HandshakeError(FailureKind.OUT_OF_ORDER, "a flight came before its turn")

    def leave(self, now: _Step) -> None:
        """Record that the step succeeded."""
        self._step = now


@dataclass(frozen=True, slots=True)
class ViewerResult:
    """What the viewer has after flight 4: keys, and the host's identity, now authenticated."""

    keys: SessionKeys
    host: HostIdentity


@dataclass(frozen=True, slots=True)
class HostResult:
    """What the host has after flight 3: flight 4 to send, keys, the viewer's identity, now authenticated."""

    flight: bytes
    keys: SessionKeys
    viewer: ViewerIdentity


class ViewerHandshake:
    """The viewer's side of one run.

    ``identity`` is what the customer is shown; ``credential`` holds the secret of a code, resume or invite.

    Raises:
        HandshakeError: ``malformed`` if a field of ``identity`` is outside its bounds.
    """

    def __init__(
        self,
        context: ChannelContext,
        credential: Credential,
        identity: ViewerIdentity,
        entropy: Entropy = secrets.token_bytes,
    ) -> None:
        self._channel = context.identifier()
        self._credential = credential
        self._identity = encode_identity(identity)
        self._nonce = entropy(NONCE_BYTES)
        self._scalar = entropy(SCALAR_BYTES)
        self._progress = _Progress()
        self._schedule: Schedule | None = None
        self._host_identity = b""

    def hello(self) -> bytes:
        """Return flight 1."""
        self._progress.enter(_Step.START)
        credential = self._credential
        flight = Hello(
            version=PROTOCOL_VERSION,
            suites=(SUITE_CPACE_X25519_SHA512,),
            viewer_nonce=self._nonce,
            kind=credential.kind,
            ref=credential.ref,
        )
        self._progress.leave(_Step.WAITING)
        return encode_flight(flight)

    def prove(self, body: bytes | memoryview) -> bytes:
        """Take flight 2 and return flight 3.

        Raises:
            HandshakeError: ``malformed``, ``unsupported_suite``, ``low_order``, ``replay``, ``out_of_order``.
        """
        self._progress.enter(_Step.WAITING)
        offer = decode_flight(body, Offer)
        if offer.suite != SUITE_CPACE_X25519_SHA512:
            raise HandshakeError(FailureKind.UNSUPPORTED_SUITE, f"the host chose suite {offer.suite}")
        sid = self._nonce + offer.host_nonce
        base = generator(self._credential.prs(), self._channel, sid)
        share = scalar_mult_vfy(self._scalar, base)
        shared = scalar_mult_vfy(self._scalar, offer.host_share)
        transcript = Transcript(
            self._channel, sid, offer.host_share, offer.host_identity, share, self._identity
        )
        self._schedule = derive_schedule(transcript, shared)
        self._host_identity = offer.host_identity
        self._progress.leave(_Step.DONE)
        return encode_flight(Proof(share, self._identity, self._schedule.viewer_proof))

    def finish(self, body: bytes | memoryview) -> ViewerResult:
        """Take flight 4 and return what the run has established.

        Raises:
            HandshakeError: ``malformed``, ``replay``, ``out_of_order``; ``tampered`` if the host's proof is
                wrong: it does not know the secret, or the two sides did not see the same flights.
        """
        self._progress.enter(_Step.DONE)
        schedule, self._schedule = self._schedule, None
        if schedule is None:
            raise HandshakeError(FailureKind.REPLAY, "the run is over")
        accept = decode_flight(body, Accept)
        if not hmac.compare_digest(accept.host_proof, schedule.host_proof):
            raise HandshakeError(FailureKind.TAMPERED, "the host's proof does not fit this run")
        return ViewerResult(schedule.keys, decode_identity(self._host_identity, HostIdentity))


class HostHandshake:
    """The host's side of one run; ``lookup`` finds the secret that flight 1 names.

    The caller charges a try of the code when ``offer`` returns and refunds it when ``accept`` does (SPEC K8).

    Raises:
        HandshakeError: ``malformed`` if a field of ``identity`` is outside its bounds.
    """

    def __init__(
        self,
        context: ChannelContext,
        identity: HostIdentity,
        lookup: CredentialLookup,
        entropy: Entropy = secrets.token_bytes,
    ) -> None:
        self._channel = context.identifier()
        self._identity = encode_identity(identity)
        self._lookup = lookup
        self._nonce = entropy(NONCE_BYTES)
        self._scalar = entropy(SCALAR_BYTES)
        self._progress = _Progress()
        self._sid = b""
        self._share = b""
        self._credential: Credential | None = None

    @property
    def credential(self) -> Credential | None:
        """Which secret this run uses; None before flight 1."""
        return self._credential

    def offer(self, body: bytes | memoryview) -> bytes:
        """Take flight 1 and return flight 2.

        Raises:
            HandshakeError: ``malformed``, ``unsupported_version``, ``unsupported_suite``,
                ``unknown_reference``, ``replay``, ``out_of_order``.
        """
        self._progress.enter(_Step.START)
        hello = decode_flight(body, Hello)
        self._credential = self._find_credential(hello)
        self._sid = hello.viewer_nonce + self._nonce
        self._share = scalar_mult_vfy(
            self._scalar, generator(self._credential.prs(), self._channel, self._sid)
        )
        self._progress.leave(_Step.WAITING)
        return encode_flight(Offer(SUITE_CPACE_X25519_SHA512, self._nonce, self._share, self._identity))

    def accept(self, body: bytes | memoryview) -> HostResult:
        """Take flight 3, check the viewer's proof and return flight 4 with what the run has established.

        Raises:
            HandshakeError: ``malformed``, ``low_order``, ``replay``, ``out_of_order``; ``wrong_code`` if the
                viewer does not know the secret, or the two sides did not see the same flights.
        """
        self._progress.enter(_Step.WAITING)
        proof = decode_flight(body, Proof)
        shared = scalar_mult_vfy(self._scalar, proof.viewer_share)
        transcript = Transcript(
            self._channel, self._sid, self._share, self._identity, proof.viewer_share, proof.viewer_identity
        )
        schedule = derive_schedule(transcript, shared)
        if not hmac.compare_digest(proof.viewer_proof, schedule.viewer_proof):
            raise HandshakeError(FailureKind.WRONG_CODE, "the viewer's proof does not fit this run")
        viewer = decode_identity(proof.viewer_identity, ViewerIdentity)
        self._progress.leave(_Step.DONE)
        return HostResult(encode_flight(Accept(schedule.host_proof)), schedule.keys, viewer)

    def _find_credential(self, hello: Hello) -> Credential:
        if hello.version != PROTOCOL_VERSION:
            raise HandshakeError(
                FailureKind.UNSUPPORTED_VERSION,
                f"the viewer speaks version {hello.version}, this host {PROTOCOL_VERSION}",
            )
        if SUITE_CPACE_X25519_SHA512 not in hello.suites:
            raise HandshakeError(FailureKind.UNSUPPORTED_SUITE, f"the viewer offers suites {hello.suites}")
        secret = self._lookup(hello.kind, hello.ref)
        if secret is None:
            raise HandshakeError(FailureKind.UNKNOWN_REFERENCE, f"no {hello.kind} credential is open here")
        try:
            return Credential(hello.kind, secret, hello.ref)
        except ValueError as error:
            raise HandshakeError(FailureKind.MALFORMED, f"flight 1: {error}") from error
