"""Every word that a customer reads, in Spanish and English; ``texts`` chooses among them."""

from typing import Final

from relevo_agent.ui.words import capabilities, consent, doctor, failures, receipt, session, team

TABLE: Final[dict[str, tuple[str, str]]] = {
    **session.TABLE,
    **team.TABLE,
    **consent.TABLE,
    **capabilities.TABLE,
    **receipt.TABLE,
    **failures.TABLE,
    **doctor.TABLE,
}
"""The text of each key: Spanish, then English."""
