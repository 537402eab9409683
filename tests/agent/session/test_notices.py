"""What the relay's record is told comes there once, whatever happens on the way (SPEC C26)."""

from collections import Counter

import pytest

from relevo_agent.session.records import NOTICES_AT_ONCE, Notices
from relevo_protocol.limits import MAX_UNRECORDED
from relevo_protocol.messages.relay import EndSession, Recorded, RecordedAct, RecordNotice
from tests.agent.session.company import beat, relay_told
from tests.agent.session.world import World, new_world


@pytest.fixture
def silent() -> World:
    """A relay that answers nothing of what its record is told."""
    world = new_world()
    world.records = False
    return world


def numbers(world: World) -> list[int]:
    return [notice.number for notice in relay_told(world, RecordNotice)]


def note(world: World, count: int, act: RecordedAct = RecordedAct.INVITED) -> None:
    for number in range(count):
        world.session._desk.note(act, 1, f"{number}")
    world.carry(world.session.tick(world.now_ms))


def lose(world: World) -> None:
    world.carry(world.session.link_lost(world.now_ms))


def test_C26_acts_are_numbered_from_one(silent: World) -> None:
    note(silent, 5)
    assert numbers(silent) == [1, 2, 3, 4, 5]


def test_C26_what_was_not_answered_is_said_again_after_a_resume(silent: World) -> None:
    silent.live()
    note(silent, 3)
    first = {m.number: m for m in relay_told(silent, RecordNotice)}
    silent.relay(Recorded(number=2))
    lose(silent)
    silent.said.clear()
    silent.connect(resumed=True)
    again = relay_told(silent, RecordNotice)
    assert [m.number for m in again] == sorted(set(first) - {2})
    assert all(m == first[m.number] for m in again)


def test_C26_what_happens_without_a_line_is_said_when_it_is_back(silent: World) -> None:
    silent.live()
    before = numbers(silent)[-1]
    lose(silent)
    silent.said.clear()
    note(silent, 3)
    assert numbers(silent) == []
    silent.connect(resumed=True)
    assert numbers(silent)[-3:] == [before + 1, before + 2, before + 3]


def test_C26_each_number_means_one_act_over_many_cuts(silent: World) -> None:
    lead = silent.live()
    said: dict[int, set[RecordNotice]] = {}
    for _ in range(20):
        note(silent, 2)
        for notice in relay_told(silent, RecordNotice)[::2]:
            silent.relay(Recorded(number=notice.number))
        lose(silent)
        silent.connect(resumed=True)
        silent.back(lead)
        beat(silent, 4000, [lead])
    for notice in relay_told(silent, RecordNotice):
        said.setdefault(notice.number, set()).add(notice)
    assert sorted(said) == list(range(1, len(said) + 1))
    assert all(len(meanings) == 1 for meanings in said.values())


def test_C17_repeats_over_many_reconnects_stay_within_what_the_relay_takes(silent: World) -> None:
    silent.live()
    note(silent, 12)
    for _ in range(50):
        lose(silent)
        silent.connect(resumed=True)
    assert len(numbers(silent)) <= NOTICES_AT_ONCE
    assert max(Counter(numbers(silent)).values()) > 1


def test_C26_a_number_that_was_never_said_means_nothing(silent: World) -> None:
    silent.relay(Recorded(number=77))
    note(silent, 1)
    assert numbers(silent) == [1]


def test_C26_at_the_end_all_that_waits_goes_out_before_it(silent: World) -> None:
    silent.live()
    note(silent, 80)
    silent.carry(silent.session.stop(silent.now_ms))
    last = numbers(silent)[-1]
    assert numbers(silent) == list(range(1, last + 1))
    assert last >= 80
    assert isinstance(silent.said[-1], EndSession)


def test_C26_another_session_begins_at_one(silent: World) -> None:
    note(silent, 3)
    lose(silent)
    silent.said.clear()
    silent.connect(resumed=False)
    note(silent, 1)
    assert numbers(silent) == [1]


def test_C26_at_most_256_are_kept_and_a_report_is_never_given_up() -> None:
    notices = Notices()
    notices.add(RecordedAct.REPORTED, 0, "")
    for _ in range(1000):
        notices.add(RecordedAct.INVITED, 1, "")
    kept = [notice.number for notice in notices.unrecorded]
    assert len(kept) == MAX_UNRECORDED
    assert kept[0] == 1
    assert kept[1:] == list(range(1001 - MAX_UNRECORDED + 2, 1002))
