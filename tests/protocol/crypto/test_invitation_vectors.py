"""Sealed invitations against the vectors that the browser reads too (SPEC C20)."""

from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from relevo_protocol.crypto.errors import OpenError
from relevo_protocol.crypto.invitation import JoinPurpose, open_invitation
from relevo_protocol.crypto.schedule import ChannelContext


def test_C20_vectors_that_the_browser_reads_too(vectors: Callable[[str], Any]) -> None:
    given = vectors("invitation")
    private = X25519PrivateKey.from_private_bytes(bytes.fromhex(given["scalar"]))
    context = ChannelContext(given["origin"], bytes.fromhex(given["session_id"]))
    for case in given["cases"]:
        purpose = JoinPurpose(context, bytes.fromhex(case["invite"]), case["account_id"])
        assert purpose.info().hex() == case["info"]
        try:
            outcome: tuple[str, str | None] = (
                "ok",
                open_invitation(bytes.fromhex(case["sealed"]), private, purpose).hex(),
            )
        except OpenError as error:
            outcome = (error.kind.value, None)
        assert outcome == (case["expect"], case.get("plaintext")), case["name"]
