"""Who reads nothing is cut by looks at a clock of the test's own (SPEC C15)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from relevo_server.edge.write_watch import WriteWatch

_Look = tuple[float, Callable[[], None]]


@dataclass
class Standstill:
    """A transport from which nothing leaves, and the clock of its loop."""

    now_s: float = 0.0
    aborted: bool = False
    due: list[_Look] = field(default_factory=list["_Look"])

    def get_extra_info(self, _name: str) -> None:
        return None

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 100

    def abort(self) -> None:
        self.aborted = True

    def time(self) -> float:
        return self.now_s

    def call_at(self, when_s: float, look: Callable[[], None]) -> None:
        self.due.append((when_s, look))

    def wake(self, at_s: float) -> None:
        """Time goes on to there, and everything that is due by then is done once."""
        self.now_s = at_s
        due, self.due = [one for one in self.due if one[0] <= at_s], []
        for _, look in due:
            look()


def test_C15_after_a_pause_of_our_own_nobody_is_cut_for_it() -> None:
    still = Standstill()
    WriteWatch(cast("asyncio.Transport", still), cast("asyncio.AbstractEventLoop", still), 2.0)
    still.wake(0.5)
    still.wake(60.0)
    assert not still.aborted
    for looks in (1, 2, 3):
        still.wake(60.0 + 0.5 * looks)
        assert still.aborted is (looks == 3)
