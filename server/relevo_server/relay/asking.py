"""People of the organisation who ask to be let into a session without a code (SPEC C20)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from relevo_protocol.errors import ErrorCode
from relevo_protocol.limits import JOIN_ASK_DEADLINE_S

MAX_OPEN: Final = 4
"""Requests of one session that wait for its host at once; of one account only one."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The host's word: an invitation and its sealed secret, or ``code``, why not."""

    invite: bytes = b""
    sealed: bytes = b""
    code: ErrorCode | None = None


@dataclass(frozen=True, slots=True)
class _Ask:
    account_id: str
    tell: Callable[[Answer], None]
    due_s: float


class Asks:
    """The open requests of one session. Numbers are never used again, so a late answer meets nobody else."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._open: dict[int, _Ask] = {}
        self._last = 0

    def __contains__(self, request: int) -> bool:
        return request in self._open

    def open(self, account_id: str, tell: Callable[[Answer], None]) -> int | None:
        """Return the number of a new request; None when there are too many. ``tell`` is called once."""
        if len(self._open) >= MAX_OPEN or any(ask.account_id == account_id for ask in self._open.values()):
            return None
        self._last += 1
        self._open[self._last] = _Ask(account_id, tell, self._now_s() + JOIN_ASK_DEADLINE_S)
        return self._last

    def settle(self, request: int, answer: Answer) -> str | None:
        """Tell who asked; return their account, None when nobody asks under this number (any more)."""
        ask = self._open.pop(request, None)
        if ask is None:
            return None
        ask.tell(answer)
        return ask.account_id

    def fail_all(self, code: ErrorCode) -> None:
        """Nobody will answer."""
        for request in list(self._open):
            self.settle(request, Answer(code=code))

    def tick(self) -> None:
        """End requests that the host has not answered in time."""
        now_s = self._now_s()
        for request, ask in list(self._open.items()):
            if now_s >= ask.due_s:
                self.settle(request, Answer(code=ErrorCode.DEADLINE))
