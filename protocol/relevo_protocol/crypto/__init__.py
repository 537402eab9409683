"""Secrecy of the wire: handshake, pairwise channel, media epochs, roster (SPEC, chapter K)."""

from relevo_protocol.crypto.errors import CryptoError, DesyncError, FailureKind, HandshakeError, OpenError
from relevo_protocol.crypto.flights import HostIdentity, ViewerIdentity
from relevo_protocol.crypto.handshake import HostHandshake, HostResult, ViewerHandshake, ViewerResult
from relevo_protocol.crypto.media import MediaReceiver, MediaSender
from relevo_protocol.crypto.pairwise import PairwiseChannel, PairwiseReceiver, PairwiseSender
from relevo_protocol.crypto.roster import Member, encode_roster, roster_hash, signature_required
from relevo_protocol.crypto.schedule import ChannelContext, Credential, DirectionKeys, SessionKeys

__all__ = [
    "ChannelContext",
    "Credential",
    "CryptoError",
    "DesyncError",
    "DirectionKeys",
    "FailureKind",
    "HandshakeError",
    "HostHandshake",
    "HostIdentity",
    "HostResult",
    "MediaReceiver",
    "MediaSender",
    "Member",
    "OpenError",
    "PairwiseChannel",
    "PairwiseReceiver",
    "PairwiseSender",
    "SessionKeys",
    "ViewerHandshake",
    "ViewerIdentity",
    "ViewerResult",
    "encode_roster",
    "roster_hash",
    "signature_required",
]
