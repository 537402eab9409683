"""What everybody says to everybody, the customer included (SPEC T1, T7, T8)."""

import re
from collections import deque
from collections.abc import Iterable
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

    def newest(self, bytes_at_most: int) -> tuple[ChatEntry, ...]:
        """The last lines, oldest first, whose texts and names together are no longer than this as UTF-8."""
        room = bytes_at_most
        for count, entry in enumerate(reversed(self._shown)):
            room -= len((entry.name + entry.text).encode())
            if room < 0:
                return self._shown[len(self._shown) - count :]
        return self._shown

    def sure_line(self, seat: Seat, heard_ms: float) -> int:
        """The last line that a viewer who was heard at this time has: what was said since may be lost."""
        sure_ms = heard_ms - HEARTBEAT_DEADLINE_S * 1000
        unsure = (said.entry.line for said in self._lines if said.said_ms > sure_ms)
        return max(seat.first_line, min(seat.told_line, next(unsure, self._count + 1) - 1))

    def go_on_from(self, count: int, entries: Iterable[ChatEntry]) -> None:
        """Number on from what a restart interrupted; these lines of it are kept (SPEC V6)."""
        self._count = count
        self._lines.extend(_Said(entry, float("-inf")) for entry in entries)
        self._shown = tuple(said.entry for said in self._lines)

    def heard(self, seat: Seat, message: ChatSend) -> None:
        """A viewer says something, or says again what they have not seen come back."""
        if message.sent in seat.sent_lines:
            self._repeat(seat, message)
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

    def _repeat(self, seat: Seat, message: ChatSend) -> None:
        """What came of a line may have been lost on the way back: the author hears it again, nobody else.

        A line that is kept no longer is in their own words: they alone read them.
        """
        if not seat.answers.spend(self._desk.now_ms):
            return
        line = seat.sent_lines[message.sent]
        kept = next((said.entry for said in self._lines if said.entry.line == line), None)
        name, wall_ms = seat.vouched.display_name, self._desk.settings.wall_ms()
        self._tell(seat, kept or ChatEntry(line, seat.slot, name, message.text, wall_ms))

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
        sure = self.sure_line(seat, seat.heard_before_ms)
        room = HISTORY_CHARS
        newest: list[ChatEntry] = []
        for entry in reversed(self._shown):
            room -= len(entry.text)
            if room < 0 or entry.line <= sure:
                break
            newest.append(entry)
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
