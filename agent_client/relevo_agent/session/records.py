"""What the relay's record is told, within what the relay takes from an agent (SPEC C17, N5)."""

from typing import Final

from relevo_agent.session.allowance import Allowance

NOTICES_AT_ONCE: Final = 20
NOTICES_PER_S: Final = 1 / 6
"""A third of what the relay allows for all requests of a session together."""


def notice_allowance() -> Allowance:
    """How many notices may still be sent; the PC's own record has all of them anyway."""
    return Allowance(NOTICES_AT_ONCE, NOTICES_PER_S)
