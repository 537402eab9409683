"""The customer's receipt: one plain page about a session, without scripts and without a network (SPEC N6)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Final

from relevo_agent.ledger import Line
from relevo_agent.session.actions import QuestionKind
from relevo_agent.session.entries import DecidedBy, Entry, EntryKind
from relevo_agent.ui.texts import Texts
from relevo_protocol.modes import Capability

_STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 17px/1.5 "Segoe UI", "Noto Sans", Cantarell, Helvetica, Arial, sans-serif; color: #1c2430;
  background: #f4f6f8; margin: 0; padding: 2rem 1rem; }
main { max-width: 46rem; margin: 0 auto; background: #fff; border: 1px solid #d9dfe6; padding: 1.5rem 2rem; }
h1 { font-size: 1.5rem; margin: 0 0 .3rem; } h2 { font-size: 1.1rem; margin: 1.8rem 0 .4rem; }
p { margin: .3rem 0; } .quiet, small { color: #566070; font-size: .9rem; } .note { background: #fff5df;
  border: 1px solid #efcf8a; padding: .6rem .9rem; }
ul { margin: .3rem 0; padding-left: 1.3rem; } li { margin: .35rem 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: .35rem .6rem .35rem 0;
  border-bottom: 1px solid #d9dfe6; vertical-align: top; overflow-wrap: anywhere; }
footer { margin-top: 2rem; } footer p { overflow-wrap: anywhere; }
@media (prefers-color-scheme: dark) { body { background: #14191f; color: #e6eaef; }
  main { background: #1d242c; border-color: #37424e; } td, th { border-color: #37424e; }
  .quiet, small { color: #a9b4c0; } .note { background: #3a3015; border-color: #6d5a24; } }
@media print { body { background: none; padding: 0; } main { border: 0; } }
"""
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
_ACTS: Final = (
    ("process ended ", "act.process"),
    ("service start ", "act.service_start"),
    ("service stop ", "act.service_stop"),
    ("service restart ", "act.service_restart"),
    ("terminal opened user", "act.terminal_user"),
    ("terminal opened administrator", "act.terminal_administrator"),
    ("grant revoked", "act.revoked"),
    ("hold ended", "act.hold_ended"),
    ("hold ", "act.hold"),
    ("restart called off", "act.restart_off"),
    ("restart failed", "act.restart_failed"),
    ("restart", "act.restart"),
)
"""How the session names its acts, the longer before the shorter, and the sentence for each."""
_QUESTIONS: Final = frozenset(kind.value for kind in QuestionKind)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the record is that the page was made from, and whether parts of it are missing."""

    record: Path
    damaged: bool


@dataclass(frozen=True, slots=True)
class _Stay:
    """One person's time in the session; ``to_ms`` ``None``: to its end."""

    entry: Entry
    from_ms: float
    to_ms: float | None


class _Clock:
    """Times of day as this PC shows them; with the date where it is another one."""

    def __init__(self, first_ms: float) -> None:
        self._first = _local(first_ms).date()

    def time(self, at_ms: float) -> str:
        at = _local(at_ms)
        return f"{at:%H:%M}" if at.date() == self._first else f"{at.day}.{at.month}. {at:%H:%M}"


def page(lines: Sequence[Line], texts: Texts, origin: Origin) -> str:
    """The whole page for the lines of one session, oldest first; there is at least one."""
    t, clock = texts, _Clock(lines[0].at_ms)
    parts = [
        f"<h1>{escape(t('receipt.title'))}</h1>",
        f'<p class="quiet">{escape(_when(lines, t, clock))}</p>',
    ]
    if origin.damaged:
        parts.append(f'<p class="note">{escape(t("receipt.damaged"))}</p>')
    parts += [_section(t("receipt.who"), _who(lines, t, clock))]
    parts += [_section(t("receipt.seen"), _list(_seen(lines, t, clock), t("receipt.seen_nothing")))]
    for key, sentences in (
        ("receipt.allowed", _decided(lines, t, clock, granted=True)),
        ("receipt.refused", _decided(lines, t, clock, granted=False)),
        ("receipt.done", _done(lines, t, clock)),
    ):
        parts.append(_section(t(key), _list(sentences, t("receipt.nothing"))))
    foot = (t("receipt.foot"), t("receipt.record", path=origin.record))
    parts.append("<footer>" + "".join(f'<p class="quiet">{escape(line)}</p>' for line in foot) + "</footer>")
    return _document(t, "\n".join(parts))


def _document(texts: Texts, body: str) -> str:
    title = escape(texts("receipt.title"))
    return (
        f'<!doctype html>\n<html lang="{texts.language.value}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title} · Relevo</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n"
        "</main>\n</body>\n</html>\n"
    )


def _section(heading: str, body: str) -> str:
    return f"<section>\n<h2>{escape(heading)}</h2>\n{body}\n</section>"


def _list(sentences: Iterable[tuple[str, str]], nothing: str) -> str:
    """Sentences, each with what is said of it in small."""
    items = [
        f"<li>{escape(sentence)}" + (f" <small>· {escape(small)}</small>" if small else "") + "</li>"
        for sentence, small in sentences
    ]
    return "<ul>\n" + "\n".join(items) + "\n</ul>" if items else f"<p>{escape(nothing)}</p>"


def _local(at_ms: float) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, tz=UTC).astimezone()


def _when(lines: Sequence[Line], texts: Texts, clock: _Clock) -> str:
    first = _local(lines[0].at_ms)
    month = texts("receipt.months").split(",")[first.month - 1]
    date = texts("receipt.date", day=first.day, month=month, year=first.year)
    return texts("receipt.when", date=date, start=clock.time(lines[0].at_ms), end=clock.time(lines[-1].at_ms))


# --- who was there ---


def _who(lines: Sequence[Line], texts: Texts, clock: _Clock) -> str:
    stays = _stays(lines)
    if not stays:
        return f"<p>{escape(texts('receipt.nobody'))}</p>"
    heads = ("receipt.name", "receipt.organisation", "receipt.as", "receipt.from", "receipt.to")
    rows = ["<tr>" + "".join(f"<th>{escape(texts(key))}</th>" for key in heads) + "</tr>"]
    for stay in stays:
        entry = stay.entry
        role = texts.role(entry.role) if entry.role is not None else ""
        until = clock.time(stay.to_ms if stay.to_ms is not None else lines[-1].at_ms)
        cells = (entry.who, entry.organisation, role, clock.time(stay.from_ms), until)
        rows.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    return "<table>\n" + "\n".join(rows) + "\n</table>"


def _stays(lines: Sequence[Line]) -> list[_Stay]:
    stays: list[_Stay] = []
    for line in lines:
        entry = line.entry
        if entry.kind is EntryKind.JOINED:
            stays.append(_Stay(entry, line.at_ms, None))
        elif entry.kind in {EntryKind.LEFT, EntryKind.REMOVED}:
            _end_stay(stays, entry, line.at_ms)
    return stays


def _end_stay(stays: list[_Stay], entry: Entry, at_ms: float) -> None:
    for place, stay in enumerate(stays):
        same = (stay.entry.who, stay.entry.organisation) == (entry.who, entry.organisation)
        if same and stay.to_ms is None:
            stays[place] = _Stay(stay.entry, stay.from_ms, at_ms)
            return


# --- what was seen, allowed, done ---


def _seen(lines: Sequence[Line], texts: Texts, clock: _Clock) -> list[tuple[str, str]]:
    """From when to when the picture ran."""
    seen: list[tuple[str, str]] = []
    began_ms: float | None = None
    for line in lines:
        if line.entry.kind is EntryKind.PICTURE_STARTED and began_ms is None:
            began_ms = line.at_ms
        stopped = line.entry.kind in {EntryKind.PICTURE_STOPPED, EntryKind.SESSION_ENDED}
        if began_ms is not None and (stopped or line is lines[-1]):
            length = texts.left(line.at_ms - began_ms)
            start, end = clock.time(began_ms), clock.time(line.at_ms)
            seen.append((texts("receipt.seen_between", start=start, end=end, length=length), ""))
            began_ms = None
    return seen


def _decided(lines: Sequence[Line], texts: Texts, clock: _Clock, *, granted: bool) -> list[tuple[str, str]]:
    told: list[tuple[str, str]] = []
    for line in lines:
        entry = line.entry
        consent = entry.kind is EntryKind.CONSENT and bool(entry.granted) is granted
        if consent or (entry.kind is EntryKind.REFUSED and not granted):
            key = "receipt.granted" if granted else "receipt.denied"
            sentence = texts(key, who=_person(entry, texts), what=_matter(entry, texts))
            told.append((sentence, ", ".join(filter(None, (_by(entry, texts), clock.time(line.at_ms))))))
    return told


def _person(entry: Entry, texts: Texts) -> str:
    return texts.person(entry.who, entry.organisation) if entry.who else texts("people.somebody")


def _matter(entry: Entry, texts: Texts) -> str:
    """What was asked for: the mode unless it was about one capability, capabilities, details."""
    about_one = entry.kind is EntryKind.REFUSED or entry.detail not in _QUESTIONS
    what: list[str] = []
    if entry.detail == QuestionKind.CONTROL.value:
        what.append(texts.capability(Capability.INPUT_POINTER))
    elif entry.detail == QuestionKind.VETO.value:
        what.append(texts("receipt.come_in"))
    elif entry.mode is not None and not about_one and entry.detail != QuestionKind.CAPABILITY.value:
        what.append(texts("receipt.mode", mode=texts.mode_name(entry.mode)))
    what += [texts.capability(capability) for capability in entry.capabilities]
    if entry.detail and entry.detail not in _QUESTIONS:
        what.append(f"«{entry.detail}»")
    return "; ".join(what) or texts("receipt.something")


def _by(entry: Entry, texts: Texts) -> str:
    if entry.by is None:
        return texts("receipt.by_policy") if entry.kind is EntryKind.REFUSED else ""
    if entry.by is DecidedBy.CLOCK and entry.granted:
        return texts("receipt.by_clock_in")
    return texts(f"receipt.by_{entry.by.value}")


def _done(lines: Sequence[Line], texts: Texts, clock: _Clock) -> list[tuple[str, str]]:
    told = ((line, _deed(line.entry, texts)) for line in lines)
    return [(sentence, clock.time(line.at_ms)) for line, sentence in told if sentence]


def _deed(entry: Entry, texts: Texts) -> str:  # noqa: PLR0911 - one sentence for each kind
    who = _person(entry, texts)
    match entry.kind:
        case EntryKind.MODE if entry.mode is not None:
            return texts("receipt.step", mode=texts.mode_name(entry.mode))
        case EntryKind.CONTROL:
            return texts("receipt.control", who=who)
        case EntryKind.LEAD:
            reason = " · " + texts("receipt.reason", reason=entry.detail) if entry.detail else ""
            return texts("receipt.lead", who=who) + reason
        case EntryKind.REMOVED:
            return texts("receipt.removed", who=who)
        case EntryKind.REPORTED:
            return texts("receipt.reported" if entry.granted else "receipt.reported_here", who=who)
        case EntryKind.ACT:
            key = "receipt.act" if entry.who else "receipt.of_pc"
            return texts(key, who=who, what=_act(entry.detail, texts))
        case _:
            return ""


def _act(detail: str, texts: Texts) -> str:
    for begin, key in _ACTS:
        if detail.startswith(begin):
            return texts(key, rest=detail[len(begin) :])
    return detail
