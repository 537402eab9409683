"""Report and end: everything is cut, then it is told (SPEC N8)."""

import pytest

from relevo_agent.session.actions import Ended, Keep, Notice, Phase, Show, StopCapture, Tell
from relevo_agent.session.entries import EntryKind
from relevo_agent.session.local_side import EVERYBODY
from relevo_protocol.errors import ErrorCode
from relevo_protocol.messages.relay import EndSession, RecordedAct
from relevo_protocol.messages.session import HostGoodbye
from tests.agent.session.company import heard, noted, told
from tests.agent.session.world import World


def report(world: World, slot: int = EVERYBODY) -> None:
    world.actions.clear()
    world.carry(world.session.stop(world.now_ms, reported=slot))


def kept(world: World) -> list[tuple[str, str, bool | None]]:
    entries = [a.entry for a in told(world, Keep) if a.entry.kind is EntryKind.REPORTED]
    return [(entry.who, entry.organisation, entry.granted) for entry in entries]


def test_N8_the_relay_is_told_and_then_it_is_over_for_everybody(world: World) -> None:
    lead, eva = world.live(), world.live(2, "Eva")
    report(world)
    assert noted(world)[-1] == (RecordedAct.REPORTED, 0, "")
    assert isinstance(world.said[-1], EndSession)
    assert world.count(StopCapture) == 1
    assert world.phase() is Phase.ENDED
    for viewer in (lead, eva):
        assert heard(viewer, HostGoodbye) == [HostGoodbye(code=ErrorCode.SESSION_ENDED)], "as after Stop"


def test_N8_it_can_be_about_one(world: World) -> None:
    world.live()
    world.live(2, "Eva")
    report(world, 2)
    assert noted(world)[-1] == (RecordedAct.REPORTED, 2, "")
    assert kept(world) == [("Eva", "Org", True)]


def test_N8_N5_this_pc_keeps_who_was_reported_before_the_record_closes(world: World) -> None:
    world.live()
    world.live(2, "Eva")
    report(world)
    assert kept(world) == [("Ana, Eva", "Org", True)]
    kinds = [a.entry.kind for a in told(world, Keep)]
    assert kinds.index(EntryKind.REPORTED) < kinds.index(EntryKind.SESSION_ENDED)


@pytest.mark.parametrize(("online", "notice"), [(True, Notice.REPORTED), (False, Notice.REPORT_KEPT)])
def test_N8_the_customer_is_told_whether_it_could_be_sent(world: World, online: bool, notice: Notice) -> None:
    world.live()
    if not online:
        world.carry(world.session.link_lost(world.now_ms))
    report(world)
    assert [a.notice for a in told(world, Tell)] == [notice]
    assert kept(world) == [("Ana", "Org", online)]
    assert world.count(Ended) == 1
    assert world.count(Show) == 1


def test_N8_a_report_goes_out_however_much_waits_before_it(world: World) -> None:
    world.records = False
    world.live()
    for number in range(600):
        world.session._desk.note(RecordedAct.INVITED, 1, f"{number}")
    report(world)
    assert (RecordedAct.REPORTED, 0, "") in noted(world)
    assert isinstance(world.said[-1], EndSession)


def test_N8_an_ended_session_reports_nothing(world: World) -> None:
    world.live()
    world.carry(world.session.stop(world.now_ms))
    report(world)
    assert world.actions == []


def test_N8_a_plain_stop_is_no_report(world: World) -> None:
    world.live()
    world.carry(world.session.stop(world.now_ms))
    assert RecordedAct.REPORTED not in [act for act, _, _ in noted(world)]
    assert kept(world) == []
