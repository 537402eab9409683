"""Who is in and what they do, in words; windows and terminals say the same."""

import time
from datetime import datetime
from typing import Final

from relevo_agent.session.actions import Person, Phase, Question, QuestionKind, Snapshot
from relevo_agent.ui.texts import Texts
from relevo_protocol.limits import ADMINISTRATOR_LIFE_S
from relevo_protocol.modes import Mode, Role, SessionKind

BANNER_NAME_CHARS: Final = 48
LEAST_NAME_CHARS: Final = 16


def had_company(snapshot: Snapshot, *, before: bool) -> bool:
    """Tell whether anybody was in since the session began, or it was kept open for somebody."""
    kept = snapshot.grant_ends_at_ms is not None or snapshot.hold_ends_at_ms is not None
    return bool(snapshot.people) or kept or (before and snapshot.phase is not Phase.CONNECTING)


def controls(snapshot: Snapshot, person: Person) -> bool:
    """Tell whether this person moves the pointer now: they hold the control token (SPEC G2)."""
    return person.present and snapshot.token.holder == person.slot


def yours(snapshot: Snapshot) -> bool:
    """Tell whether the control token is with the person at this PC, while somebody else could have it."""
    return snapshot.token.holder == 0 and bool(snapshot.people)


def name_of(texts: Texts, snapshot: Snapshot, slot: int | None) -> str:
    """A participant's name by slot; the person at this PC is "you"."""
    if slot == 0:
        return texts("chat.you")
    return next((_short(p.display_name) for p in snapshot.people if p.slot == slot), "?")


def _short(name: str, chars: int = BANNER_NAME_CHARS) -> str:
    """A name that leaves room for Stop; the consent dialog and the window have it whole."""
    return name if len(name) <= chars else name[: chars - 1] + "…"


def _named(texts: Texts, people: list[Person]) -> str:
    """However many they are: the banner must not grow over what the customer looks at."""
    chars = max(LEAST_NAME_CHARS, BANNER_NAME_CHARS // max(1, len(people)))
    return texts.names(
        [texts.person(_short(p.display_name, chars), _short(p.organisation, chars)) for p in people]
    )


def banner_text(texts: Texts, snapshot: Snapshot, at_ms: float) -> str:
    """One sentence for each thing that people are doing; a function of the snapshot and the time alone."""
    away = [p for p in snapshot.people if not p.present]
    if snapshot.kind is SessionKind.PRESENTATION:
        parts = [_presenting(texts, snapshot)]
    elif snapshot.mode is Mode.DEMO:
        parts = _shown_to_you(texts, snapshot)
    else:
        parts = _seen(texts, snapshot, at_ms)
    if away:
        parts.append(texts("banner.away", names=_named(texts, away)))
    return "\n".join(filter(None, (*parts, *_lasting(texts, snapshot, at_ms))))


def _presenting(texts: Texts, snapshot: Snapshot) -> str:
    present = [p for p in snapshot.people if p.present]
    if not present:
        return texts("present.banner_nobody")
    return texts("present.banner", names=_named(texts, present))


def _shown_to_you(texts: Texts, snapshot: Snapshot) -> list[str]:
    present = [p for p in snapshot.people if p.present]
    showing = [p for p in present if p.role is Role.LEAD]
    along = [p for p in present if p not in showing]
    parts = [texts("banner.shows", names=_named(texts, showing))] if showing else []
    if along:
        key = "banner.along_many" if len(along) > 1 else "banner.along"
        parts.append(texts(key, names=_named(texts, along)))
    return parts


def _seen(texts: Texts, snapshot: Snapshot, at_ms: float) -> list[str]:
    driving = [p for p in snapshot.people if controls(snapshot, p)]
    looking = [p for p in snapshot.people if p.present and p not in driving]
    parts: list[str] = []
    if driving:
        parts.append(
            texts("banner.controls", names=_named(texts, driving)) + _returning(texts, snapshot, at_ms)
        )
    if looking:
        key = "banner.watch" if len(looking) > 1 else "banner.watches"
        parts.append(texts(key, names=_named(texts, looking)))
    if yours(snapshot):
        parts.append(_your_control(texts, snapshot))
    return parts


def _your_control(texts: Texts, snapshot: Snapshot) -> str:
    token = snapshot.token
    if token.returns_at_ms is None or token.next_slot in (None, 0):
        return texts("token.yours")
    return texts("token.yours_until", name=name_of(texts, snapshot, token.next_slot))


def _returning(texts: Texts, snapshot: Snapshot, at_ms: float) -> str:
    token = snapshot.token
    if token.returns_at_ms is None or token.next_slot is None:
        return ""
    seconds = max(0, round((token.returns_at_ms - at_ms) / 1000))
    key = "token.returns_you" if token.next_slot == 0 else "token.returns"
    return " · " + texts(key, name=name_of(texts, snapshot, token.next_slot), seconds=seconds)


def _lasting(texts: Texts, snapshot: Snapshot, at_ms: float) -> list[str]:
    """What goes on by itself, and until when (SPEC V1, V7)."""
    parts: list[str] = []
    for key, ends_at_ms in (
        ("grant.until", snapshot.grant_ends_at_ms),
        ("hold.until", snapshot.hold_ends_at_ms),
    ):
        if ends_at_ms is not None:
            left_ms = max(0.0, ends_at_ms - at_ms)
            parts.append(texts(key, time=_time_in(left_ms), left=texts.left(left_ms)))
    if snapshot.hold_ends_at_ms is not None and not snapshot.people:
        parts.append(texts("hold.nobody"))
    return parts


def _time_in(left_ms: float) -> str:
    return datetime.fromtimestamp(time.time() + left_ms / 1000).astimezone().strftime("%H:%M")


def ticking(snapshot: Snapshot) -> bool:
    """Tell whether the banner's text changes with time alone."""
    times = (snapshot.token.returns_at_ms, snapshot.grant_ends_at_ms, snapshot.hold_ends_at_ms)
    return any(at_ms is not None for at_ms in times)


def question_heading(texts: Texts, question: Question) -> str:
    """What is asked, in one sentence."""
    return texts(_heading_key(question))


def _heading_key(question: Question) -> str:
    match question.kind:
        case QuestionKind.CAPABILITY:
            return "consent.heading_capability"
        case QuestionKind.CONTROL:
            return "consent.heading_drive"
        case QuestionKind.VETO:
            return "veto.title"
        case QuestionKind.MODE | QuestionKind.ENTRY:
            return _mode_heading(question)


def _mode_heading(question: Question) -> str:
    if question.mode is Mode.DEMO:
        return "consent.heading_demo"
    if question.kind is QuestionKind.MODE and question.mode is Mode.ADMINISTRATOR:
        return "consent.heading_administrator"
    if question.mode is Mode.OBSERVER:
        return "consent.heading"
    return "consent.heading_step_up" if question.kind is QuestionKind.MODE else "consent.heading_control"


def question_lines(texts: Texts, question: Question) -> tuple[str, list[str]]:
    """What they want, in one strong sentence, and what belongs to it in quiet ones (SPEC N1)."""
    if question.kind is QuestionKind.CAPABILITY:
        return _capability_lines(texts, question)
    if question.kind is QuestionKind.CONTROL:
        return texts("consent.drive"), [texts.can_stop]
    if question.mode is Mode.DEMO:
        return texts.mode(question.mode), [texts("consent.demo"), texts.can_stop]
    visible = "consent.visible" if question.kind is QuestionKind.ENTRY else "consent.visible_still"
    lines = [texts(visible)]
    if question.mode is Mode.ADMINISTRATOR:
        lines.append(texts("consent.administrator", hours=ADMINISTRATOR_LIFE_S // 3600))
    return texts.mode(question.mode), [*lines, texts.can_stop]


def _capability_lines(texts: Texts, question: Question) -> tuple[str, list[str]]:
    wanted = texts.capability(question.capability) if question.capability else texts.mode(question.mode)
    lines = [texts("consent.exactly", detail=question.detail)] if question.detail else []
    return wanted, lines
