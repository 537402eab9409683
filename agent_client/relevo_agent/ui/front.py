"""What a front - window or terminal - is told, and what it may command. Neither side waits for the other."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from relevo_agent.link.failures import FailureKind
from relevo_agent.session.actions import Notice, Question, Snapshot
from relevo_protocol.errors import ErrorCode
from relevo_protocol.modes import Capability


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

    def tell(self, notice: Notice, who: str, why: str = "") -> None:
        """Tell the customer something at once; ``why`` is the reason that ``who`` gave."""
        ...

    def failed(self, kind: FailureKind, *, final: bool) -> None:
        """There is no connection, and why; ``final`` if it is not tried again."""
        ...

    def ended(self, code: ErrorCode) -> None:
        """The session is over."""
        ...

    def receipt(self, path: Path) -> None:
        """The receipt of the session that has ended can be read here (SPEC N6)."""
        ...


@dataclass(frozen=True, slots=True)
class Commands:
    """What the customer may command; every one may be called from any thread and returns at once."""

    answer: Callable[[int, bool, frozenset[Capability]], None]
    """Question, yes or no, and the offers that were ticked."""
    step_down: Callable[[], None]
    new_code: Callable[[], None]
    dismiss: Callable[[int], None]
    say: Callable[[str], None]
    """A line of chat."""
    take_control: Callable[[], None]
    """The control token comes here; in shared and full mode the others may ask for it again."""
    give_control: Callable[[], None]
    """Back to who had it, at once."""
    cancel_restart: Callable[[], None]
    revoke_grant: Callable[[], None]
    """Administrator mode, hold and the secret for a restart end here and now."""
    clear_marks: Callable[[], None]
    allow_marks: Callable[[int, bool], None]
    """Presenter: this slot may point and draw, or no longer."""
    stop: Callable[[], None]
    report: Callable[[], None]
    """Stop, and report who is in to the people who run the service (SPEC N8)."""
    start_again: Callable[[], None]
    quit: Callable[[], None]
