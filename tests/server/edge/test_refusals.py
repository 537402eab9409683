"""What the record hears of those who are turned away (SPEC C2, C17)."""

from relevo_server.edge.refusals import WINDOW_S, Refusals
from relevo_server.store.audit import AuditEvent
from tests.server.hands import Hands


class _Book:
    def __init__(self) -> None:
        self.hands = Hands()
        self.lines: list[AuditEvent] = []
        self.refusals = Refusals(self.lines.append, self.hands.clock)

    def note(self, key: str, action: str = "throttled", **personal: str) -> None:
        event = AuditEvent(self.hands.now_s(), "", action, details={"what": "connect"}, personal=personal)
        self.refusals.note(key, event)

    def counts(self) -> list[tuple[str, object]]:
        return [(one.action, one.details["count"]) for one in self.lines]


def test_X3_a_refusal_is_recorded_at_once_and_a_flood_of_it_once_more_with_its_count() -> None:
    book = _Book()
    for _ in range(1000):
        book.note("one")
    assert book.counts() == [("throttled", 1)]
    book.hands.turn(WINDOW_S - 1)
    book.refusals.tick()
    assert len(book.lines) == 1
    book.hands.turn(1)
    book.refusals.tick()
    assert book.counts() == [("throttled", 1), ("throttled", 999)]
    first, last = book.lines
    assert (last.at_s - first.at_s, last.details["what"]) == (WINDOW_S, "connect")
    assert first.event_id != last.event_id
    assert len(book.refusals) == 0


def test_a_single_refusal_leaves_a_single_line() -> None:
    book = _Book()
    book.note("one", "origin.refused")
    book.hands.turn(WINDOW_S)
    book.refusals.tick()
    assert book.counts() == [("origin.refused", 1)]


def test_what_is_remembered_of_refusals_is_bounded_and_no_count_is_lost() -> None:
    book = _Book()
    for number in range(5000):
        for _ in range(2):
            book.note(f"site {number}")
    assert len(book.refusals) == 4096
    assert sum(int(str(count)) for _action, count in book.counts()) == 5000 + (5000 - 4096)


def test_who_was_refused_is_personal_and_cut_short() -> None:
    book = _Book()
    book.note("one", address="192.0.2.1", origin="x" * 9999, agent="")
    (line,) = book.lines
    assert "192.0.2.1" not in str(line.details)
    assert line.personal == {"address": "192.0.2.1", "origin": "x" * 200}
