"""The wire of Relevo: what relay, agent and viewer say to each other. Rules are in ``protocol/SPEC.md``."""

PROTOCOL_VERSION = 1
"""Version octet of the header and of every hello; a peer that speaks another is refused (SPEC W1)."""
