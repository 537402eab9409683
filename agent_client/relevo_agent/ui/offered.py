"""What a question offers: what "allow everything" ticks, and the boxes as lines (SPEC N1, N2)."""

from typing import Final

from relevo_agent.session.actions import Question
from relevo_agent.ui.texts import Texts
from relevo_protocol.modes import MODE_TABLE, Capability, Permit

APART: Final = frozenset({Capability.RECORD})
_NOT_BY_ALL: Final = frozenset({Permit.ELEVATED, Permit.ASK_EACH, Permit.NEVER})


def by_all(question: Question) -> frozenset[Capability]:
    """What "allow everything for this session" covers: no recording, nothing that needs elevation."""
    row = MODE_TABLE[question.mode]
    return frozenset(c for c in question.offers if row[c] not in _NOT_BY_ALL) - APART


def offer_lines(texts: Texts, question: Question) -> list[str]:
    """The boxes as numbered lines, how to tick them, and what will be asked each time."""
    lines: list[str] = []
    if question.offers:
        lines.append(texts("term.ask_ticks"))
        for number, capability in enumerate(question.offers, 1):
            lines.append(f"  [{number}] {texts.capability(capability)}")
        lines.append(texts("term.ask_how"))
    if question.each_time:
        lines.append(texts("consent.each_time", what=texts.capabilities(question.each_time)))
    return lines
