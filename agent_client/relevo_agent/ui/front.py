"""What a front - window or terminal - is told, and what it may command. Neither side waits for the other."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from relevo_agent.link.failures import FailureKind
from relevo_agent.session.actions import Notice, Question, Snapshot
from relevo_protocol.errors import ErrorCode


class Front(Protocol):
    """Shows things to the customer. Every method may be called from any thread and returns at once."""

    def show(self, snapshot: Snapshot) -> None:
        """Something shown has changed."""
        ...

    def ask(self, question: Question) -> None:
        """Ask the customer."""
        ...

    def withdraw(self, question_id: int) -> None:
        """The question is settled."""
        ...

    def tell(self, notice: Notice, who: str) -> None:
        """Tell the customer something at once."""
        ...

    def failed(self, kind: FailureKind, *, final: bool) -> None:
        """There is no connection, and why; ``final`` if it is not tried again."""
        ...

    def ended(self, code: ErrorCode) -> None:
        """The session is over."""
        ...


@dataclass(frozen=True, slots=True)
class Commands:
    """What the customer may command; every one may be called from any thread and returns at once."""

    answer: Callable[[int, bool], None]
    step_down: Callable[[], None]
    new_code: Callable[[], None]
    dismiss: Callable[[int], None]
    stop: Callable[[], None]
    start_again: Callable[[], None]
    quit: Callable[[], None]
