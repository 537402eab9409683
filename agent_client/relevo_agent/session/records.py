"""What the relay's record is told: numbered, paced, said again until the relay has it (SPEC C17, C26)."""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from relevo_agent.session.allowance import Allowance
from relevo_protocol.limits import MAX_UNRECORDED
from relevo_protocol.messages.relay import RecordedAct, RecordNotice

NOTICES_AT_ONCE: Final = 30
NOTICES_PER_S: Final = 1
"""Half of what the relay takes for long and a tenth of what it takes at once, over all connections."""
FAREWELL_NOTICES: Final = 150
"""What may still go out in one piece at the end; together with the above within what the relay takes."""
RESTART_MARGIN: Final = 1000
"""What may still be said after the state was written: no number is used twice over a restart."""


def _allowance() -> Allowance:
    return Allowance(NOTICES_AT_ONCE, NOTICES_PER_S)


@dataclass(slots=True)
class Notices:
    """Acts on their way into the relay's record; the PC's own record has all of them anyway.

    ``waiting`` are to be sent, ``sent`` to be answered, both by rising number and together at most
    ``MAX_UNRECORDED``. Whoever asks for what is due sends it.
    """

    number: int = 0
    waiting: deque[RecordNotice] = field(default_factory=deque[RecordNotice])
    sent: dict[int, RecordNotice] = field(default_factory=dict[int, RecordNotice])
    link_up: bool = False
    pace: Allowance = field(default_factory=_allowance)

    def add(self, act: RecordedAct, slot: int, detail: str) -> None:
        """Number an act; where there is no more room the oldest that is no report is given up."""
        self.number += 1
        self.waiting.append(RecordNotice(act=act, slot=slot, detail=detail, number=self.number))
        if len(self.waiting) + len(self.sent) > MAX_UNRECORDED:
            self._give_up_one()

    def _give_up_one(self) -> None:
        """Rather an answer that may be on its way than an act that was never said, but never a report."""
        oldest = next((n for n, notice in self.sent.items() if _may_go(notice)), None)
        if oldest is not None:
            del self.sent[oldest]
            return
        lost = next((notice for notice in self.waiting if _may_go(notice)), self.waiting[0])
        self.waiting.remove(lost)

    def due(self, now_ms: float) -> list[RecordNotice]:
        """Return what is to be sent now, in order, and count it as sent."""
        due = list[RecordNotice]()
        while self.link_up and self.waiting and self.pace.spend(now_ms):
            due.append(self._send())
        return due

    def farewell(self) -> list[RecordNotice]:
        """Return what is to be sent before the end, whatever the pace: reports and the newest, in order."""
        surplus = max(len(self.waiting) - FAREWELL_NOTICES, 0)
        for lost in [notice for notice in self.waiting if _may_go(notice)][:surplus]:
            self.waiting.remove(lost)
        return [self._send() for _ in range(len(self.waiting))] if self.link_up else []

    def _send(self) -> RecordNotice:
        notice = self.waiting.popleft()
        self.sent[notice.number] = notice
        return notice

    def recorded(self, number: int) -> None:
        """The relay has this one; a number that was never said means nothing."""
        self.sent.pop(number, None)

    def welcomed(self) -> None:
        """The relay is there, or there again: what it has not answered is said once more."""
        self.link_up = True
        self.waiting.extendleft(self.sent[number] for number in sorted(self.sent, reverse=True))
        self.sent.clear()

    def forget(self) -> None:
        """The session is another one, whose acts are numbered from 1."""
        self.number = 0
        self.waiting.clear()
        self.sent.clear()

    @property
    def unrecorded(self) -> list[RecordNotice]:
        """What the relay has not answered, in order: goes with the session over a restart."""
        return [*(self.sent[number] for number in sorted(self.sent)), *self.waiting]

    def go_on_from(self, number: int, unrecorded: list[RecordNotice]) -> None:
        """Number on from what a restart interrupted, and say again what was not answered."""
        self.number = number
        self.waiting = deque(unrecorded)


def _may_go(notice: RecordNotice) -> bool:
    return notice.act is not RecordedAct.REPORTED
