"""What everybody says to everybody, the customer included (SPEC T1, T7, T8)."""

import re
from collections import deque
from dataclasses import dataclass
from typing import Final

from relevo_agent.session.actions import ChatEntry
from relevo_agent.session.allowance import Allowance
from relevo_agent.session.desk import Desk
from relevo_agent.session.refusals import refuse_haste
from relevo_agent.session.seat import Seat
from relevo_protocol.inert import INERT_LINES
from relevo_protocol.limits import HEARTBEAT_DEADLINE_S, MAX_CHAT_CHARS, MAX_CHAT_LINES_KEPT
from relevo_protocol.messages.chat import ChatLine, ChatSend
from relevo_protocol.modes import Capability

LINES_AT_ONCE: Final = 8
LINES_PER_S: Final = 1
HISTORY_CHARS: Final = 24_000
"""What is sent after a resume stays well below what the relay holds for one receiver (SPEC C13)."""
NUMBERS_KEPT: Final = 256
_HERE: Final = 0
_INERT: Final = re.compile(INERT_LINES)


@dataclass(frozen=True, slots=True)
class _Said:
    """One line, and when it was said on the session's clock, ms."""

    entry: ChatEntry
    said_ms: float


class Chat:
    """Numbers the lines, keeps the last ones, and sends each to whoever is live."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._lines: deque[_Said] = deque(maxlen=MAX_CHAT_LINES_KEPT)
        self._shown: tuple[ChatEntry, ...] = ()
        self._count = 0
        self._paces: dict[int, Allowance] = {}

    @property
    def entries(self) -> tuple[ChatEntry, ...]:
        """The lines that are kept, oldest first."""
        return self._shown

    @property
    def count(self) -> int:
        """How many lines there have been."""
        return self._count

    def go_on_from(self, count: int) -> None:
        """Number on from what a restart interrupted."""
        self._count = count

    def heard(self, seat: Seat, message: ChatSend) -> None:
        """A viewer says something, or says again what they have not seen come back."""
        if message.sent in seat.sent_lines:
            self._repeat(seat, seat.sent_lines[message.sent])
            return
        pace = self._paces.setdefault(seat.slot, Allowance(LINES_AT_ONCE, LINES_PER_S))
        if not pace.spend(self._desk.now_ms):
            refuse_haste(self._desk, seat, Capability.CHAT)
        elif message.text.strip():
            if message.sent:
                self._number(seat, message.sent)
            self._add(seat.slot, seat.vouched.display_name, message.text)

    def _number(self, seat: Seat, sent: int) -> None:
        """The next line is this one of theirs; who repeats one that is long past is not recognised."""
        seat.sent_lines[sent] = self._count + 1
        if len(seat.sent_lines) > NUMBERS_KEPT:
            del seat.sent_lines[next(iter(seat.sent_lines))]

    def _repeat(self, seat: Seat, line: int) -> None:
        """What came of a line may have been lost on the way back: the author hears it again, nobody else."""
        entry = next((said.entry for said in self._lines if said.entry.line == line), None)
        if entry is not None and seat.answers.spend(self._desk.now_ms):
            self._tell(seat, entry)

    def say(self, text: str) -> None:
        """The person at this PC says something; what may not stand in a line is left out."""
        inert = "".join(sign for sign in text if _INERT.match(sign))[:MAX_CHAT_CHARS]
        if inert.strip():
            self._add(_HERE, "", inert)

    def come(self, seat: Seat) -> None:
        """Somebody is new: they hear what is said from now on."""
        seat.first_line = seat.told_line = self._count
        self._paces.pop(seat.slot, None)

    def resume(self, seat: Seat) -> None:
        """Somebody is back: they get what they lack, and what may have been lost when the line was cut."""
        sure_ms = seat.heard_before_ms - HEARTBEAT_DEADLINE_S * 1000
        lacking = [s for s in self._lines if s.entry.line > seat.told_line or s.said_ms > sure_ms]
        room = HISTORY_CHARS
        newest: list[ChatEntry] = []
        for said in reversed(lacking):
            room -= len(said.entry.text)
            if room < 0 or said.entry.line <= seat.first_line:
                break
            newest.append(said.entry)
        for entry in reversed(newest):
            self._tell(seat, entry)

    def _add(self, slot: int, name: str, text: str) -> None:
        self._count += 1
        entry = ChatEntry(self._count, slot, name, text, self._desk.settings.wall_ms())
        self._lines.append(_Said(entry, self._desk.now_ms))
        self._shown = tuple(said.entry for said in self._lines)
        for seat in self._desk.live:
            self._tell(seat, entry)

    def _tell(self, seat: Seat, entry: ChatEntry) -> None:
        seat.told_line = max(seat.told_line, entry.line)
        own = entry.slot == seat.slot and entry.line > seat.first_line
        sent = next((s for s, line in seat.sent_lines.items() if line == entry.line), 0) if own else 0
        line = ChatLine(
            line=entry.line, slot=entry.slot, name=entry.name, text=entry.text, at_ms=entry.at_ms, sent=sent
        )
        self._desk.tell(seat, line)
