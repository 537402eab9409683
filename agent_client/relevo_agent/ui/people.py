"""Who is in and what they do, in words; windows and terminals say the same."""

from typing import Final

from relevo_agent.session.actions import Person, Question, Snapshot
from relevo_agent.ui.texts import Texts
from relevo_protocol.modes import Capability, Mode, Permit
from relevo_protocol.rights import Circumstances, effective_right

BANNER_NAME_CHARS: Final = 48


def controls(snapshot: Snapshot, person: Person) -> bool:
    """Tell whether this person can move the pointer now."""
    given = Circumstances(mode=snapshot.mode, role=person.role)
    return person.present and effective_right(Capability.INPUT_POINTER, given).permit is Permit.ALLOW


def _short(name: str) -> str:
    """A name that leaves room for Stop; the consent dialog and the window have it whole."""
    return name if len(name) <= BANNER_NAME_CHARS else name[: BANNER_NAME_CHARS - 1] + "…"


def banner_text(texts: Texts, snapshot: Snapshot) -> str:
    """One sentence for each thing that people are doing; a function of who is in and nothing else."""

    def named(people: list[Person]) -> str:
        return texts.names([texts.person(_short(p.display_name), _short(p.organisation)) for p in people])

    driving = [p for p in snapshot.people if controls(snapshot, p)]
    looking = [p for p in snapshot.people if p.present and p not in driving]
    away = [p for p in snapshot.people if not p.present]
    parts: list[str] = []
    if driving:
        parts.append(texts("banner.controls", names=named(driving)))
    if looking:
        parts.append(texts("banner.watch" if len(looking) > 1 else "banner.watches", names=named(looking)))
    if away:
        parts.append(texts("banner.away", names=named(away)))
    return "\n".join(parts)


def question_heading(texts: Texts, question: Question) -> str:
    """What is asked, in one sentence."""
    if question.step_up:
        return texts("consent.heading_step_up")
    return texts("consent.heading" if question.mode is Mode.OBSERVER else "consent.heading_control")
