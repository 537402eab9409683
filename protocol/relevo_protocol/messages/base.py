"""What every message is made of: the tagged base class and the bounded field types (SPEC M1-M4)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from relevo_protocol.inert import INERT
from relevo_protocol.limits import (
    MAX_NAME_CHARS,
    MAX_REASON_CHARS,
    MAX_TOKEN_CHARS,
    MAX_VIEWERS,
)


class Message(msgspec.Struct, frozen=True, tag_field="t", tag=True, kw_only=True):
    """One message body: a msgpack map whose key ``t`` is the class name.

    Unknown keys are ignored, so that the next version may add some; a missing or ill-typed one is an error.
    """


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A record inside a message."""


Name = Annotated[str, Meta(max_length=MAX_NAME_CHARS, pattern=INERT)]
Reason = Annotated[str, Meta(max_length=MAX_REASON_CHARS)]
Token = Annotated[str, Meta(min_length=16, max_length=MAX_TOKEN_CHARS)]
AccountId = Annotated[str, Meta(min_length=1, max_length=64)]
SessionId = Annotated[bytes, Meta(min_length=16, max_length=16)]
ActNumber = Annotated[int, Meta(ge=0, le=2**53 - 1)]
"""Number of an act in its session, from 1; 0 for none (SPEC C26)."""
Secret32 = Annotated[bytes, Meta(min_length=32, max_length=32)]
Routing = Annotated[str, Meta(pattern=r"\A[0-9]{6}\Z")]
Origin = Annotated[str, Meta(min_length=8, max_length=300)]
Slot = Annotated[int, Meta(ge=1, le=MAX_VIEWERS)]
SlotOrHost = Annotated[int, Meta(ge=0, le=MAX_VIEWERS)]
"""A viewer's slot, or 0 for the person at the host: the customer, in a demo the presenter."""
InviteId = Annotated[bytes, Meta(min_length=16, max_length=16)]
"""Public half of an invitation: R finds the session by it, the host the secret."""
Link = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Epoch64 = Annotated[int, Meta(ge=1, le=2**53 - 1)]
FrameId = Annotated[int, Meta(ge=0, le=2**32 - 1)]
Seconds = Annotated[int, Meta(ge=0, le=86_400 * 4)]
Milliseconds = Annotated[float, Meta(ge=0, le=1e15)]
VersionText = Annotated[str, Meta(max_length=40)]
