"""Every word that a customer reads, in Spanish and English; ``texts`` chooses among them."""

from typing import Final

from relevo_agent.ui.words import capabilities, consent, failures, receipt, session, team

TABLE: Final[dict[str, tuple[str, str]]] = {
    **session.TABLE,
    **team.TABLE,
    **consent.TABLE,
    **capabilities.TABLE,
    **receipt.TABLE,
    **failures.TABLE,
}
"""The text of each key: Spanish, then English."""
