"""Laser and drawing: passed on, shown, gone again (SPEC A1-A5)."""

import pytest

from relevo_agent.session.actions import HideMarks, Pen, ShowMark
from relevo_protocol.errors import ErrorCode
from relevo_protocol.limits import LASER_LIFE_MS, MAX_MARK_POINTS, MAX_STROKE_POINTS
from relevo_protocol.messages.marks import (
    ClearMarks,
    Laser,
    LaserOff,
    MarksCleared,
    MemberLaser,
    MemberLaserOff,
    MemberStroke,
    Stroke,
)
from relevo_protocol.messages.session import Goodbye, InputRefused
from relevo_protocol.modes import Mode, Role
from relevo_protocol.rights import Factor
from tests.agent.session.company import beat, guest, heard, say, supervisor, told
from tests.agent.session.world import LAYOUT, World

LASER = Laser(monitor=0, x=0.25, y=0.5)
STROKE = Stroke(stroke=1, monitor=0, points=[0.1, 0.2, 0.3, 0.4])


def test_A2_marks_go_to_the_others_and_to_the_real_screen(world: World) -> None:
    lead = world.live()
    eva = world.live(2, "Eva")
    say(world, eva, LASER)
    say(world, eva, STROKE)
    assert heard(lead, MemberLaser) == [MemberLaser(slot=2, monitor=0, x=0.25, y=0.5)]
    assert heard(lead, MemberStroke) == [MemberStroke(slot=2, stroke=1, monitor=0, points=STROKE.points)]
    assert heard(eva, MemberLaser) == []
    assert heard(eva, MemberStroke) == []
    pen = Pen(2, "Eva")
    assert told(world, ShowMark) == [ShowMark(pen, LASER, LAYOUT), ShowMark(pen, STROKE, LAYOUT)]
    assert world.session.snapshot.marks


def test_A3_a_laser_goes_out_by_itself_and_by_word(world: World) -> None:
    lead = world.live()
    eva = world.live(2, "Eva")
    say(world, eva, LASER)
    world.wait(LASER_LIFE_MS - 1)
    assert heard(lead, MemberLaserOff) == []
    world.wait(1)
    assert heard(lead, MemberLaserOff) == [MemberLaserOff(slot=2)]
    assert told(world, HideMarks) == [HideMarks(slot=2, laser_only=True)]
    say(world, eva, LASER)
    say(world, eva, LaserOff())
    say(world, eva, LaserOff())
    assert len(heard(lead, MemberLaserOff)) == 2
    assert not world.session.snapshot.marks


@pytest.mark.parametrize("how", ["cut", "left"])
def test_A3_what_goes_with_its_person(world: World, how: str) -> None:
    lead = world.live()
    eva = world.live(2, "Eva")
    say(world, eva, LASER)
    say(world, eva, STROKE)
    if how == "cut":
        world.cut(eva)
        assert heard(lead, MarksCleared) == [], "they may come back to their drawing"
        assert world.session.snapshot.marks
    else:
        say(world, eva, Goodbye())
        assert heard(lead, MarksCleared) == [MarksCleared(slot=2)]
        assert not world.session.snapshot.marks
    assert heard(lead, MemberLaserOff) == [MemberLaserOff(slot=2)]


def test_A3_one_clears_ones_own(world: World) -> None:
    lead = world.live()
    eva = world.live(2, "Eva")
    say(world, eva, STROKE)
    say(world, lead, STROKE)
    say(world, eva, ClearMarks())
    say(world, eva, ClearMarks())
    assert heard(lead, MarksCleared) == [MarksCleared(slot=2)]
    assert told(world, HideMarks) == [HideMarks(slot=2)]
    assert world.session.snapshot.marks, "the lead's is still there"


def test_A3_lead_supervisor_and_customer_clear_everything(world: World) -> None:
    lead = world.live()
    eva = world.live(2, "Eva")
    sara = supervisor(world)
    for number, who in enumerate((lead, sara, None), 1):
        say(world, eva, Stroke(stroke=number, monitor=0, points=STROKE.points))
        if who is None:
            world.carry(world.session.clear_marks(world.now_ms))
        else:
            say(world, who, ClearMarks(everybody=True))
        assert heard(eva, MarksCleared)[-1] == MarksCleared()
        assert told(world, HideMarks)[-1] == HideMarks()
        assert not world.session.snapshot.marks
        beat(world, 1000, [lead, eva, sara])
    assert len(heard(eva, MarksCleared)) == 3


def test_A3_what_comes_late_of_a_cleared_line_is_not_drawn_again(world: World) -> None:
    lead = world.live()
    eva = world.live(2, "Eva")
    say(world, eva, STROKE)
    world.carry(world.session.clear_marks(world.now_ms))
    say(world, eva, STROKE)
    assert not world.session.snapshot.marks
    assert len(heard(lead, MemberStroke)) == len(told(world, ShowMark)) == 1
    say(world, eva, Stroke(stroke=2, monitor=0, points=[0.5, 0.6]))
    assert heard(lead, MemberStroke)[-1].stroke == 2
    assert world.session.snapshot.marks


@pytest.mark.parametrize("role", [Role.COLLABORATOR, Role.EXTERNAL])
def test_G5_nobody_else_clears_everything(world: World, role: Role) -> None:
    lead = world.live()
    other = guest(world, lead) if role is Role.EXTERNAL else world.live(2, "Eva")
    say(world, lead, STROKE)
    say(world, other, ClearMarks(everybody=True))
    assert heard(other, InputRefused)[-1].removed_by is Factor.ROLE
    assert world.session.snapshot.marks


def test_A5_an_odd_number_of_coordinates_ends_the_viewer(world: World) -> None:
    lead = world.live()
    eva = world.live(2, "Eva")
    say(world, eva, Stroke(stroke=1, monitor=0, points=[0.1, 0.2, 0.3]))
    assert world.removed() == [ErrorCode.MALFORMED]
    assert heard(lead, MemberStroke) == []


@pytest.mark.parametrize("mark", [LASER, STROKE], ids=["laser", "stroke"])
def test_A4_sixty_pieces_a_second(world: World, mark: Laser | Stroke) -> None:
    lead = world.live()
    eva = world.live(2, "Eva")
    for _ in range(1000):
        say(world, eva, mark)
    passed = heard(lead, MemberLaser if isinstance(mark, Laser) else MemberStroke)
    assert len(passed) == len(told(world, ShowMark)) == 60
    for _ in range(10):
        beat(world, 100, [lead, eva])
        for _ in range(20):
            say(world, eva, mark)
    assert 110 <= len(told(world, ShowMark)) <= 120


def test_A4_the_oldest_points_go_first(world: World) -> None:
    lead = world.live()
    points = [0.5] * 2 * MAX_STROKE_POINTS
    for number in range(1, MAX_MARK_POINTS // MAX_STROKE_POINTS + 50):
        beat(world, 100, [lead])
        say(world, lead, Stroke(stroke=number, monitor=0, points=points))
    hand = world.session._house.rooms.marks._hands[1]
    assert hand.points <= MAX_MARK_POINTS
    assert hand.points == sum(len(piece.points) // 2 for piece in hand.pieces)
    assert hand.pieces[0].stroke > 1


@pytest.mark.parametrize("monitor", [1, 16])
def test_A1_a_monitor_that_is_not_there_takes_no_marks(world: World, monitor: int) -> None:
    lead = world.live()
    say(world, lead, Laser(monitor=monitor, x=0.5, y=0.5))
    say(world, lead, Stroke(stroke=1, monitor=monitor, points=[0.1, 0.2]))
    assert told(world, ShowMark) == []
    assert not world.session.snapshot.marks


def test_A2_who_is_new_sees_what_is_drawn_already(world: World) -> None:
    lead = world.live()
    say(world, lead, STROKE)
    say(world, lead, Stroke(stroke=1, monitor=0, points=[0.5, 0.6]))
    eva = world.live(2, "Eva")
    assert [stroke.points for stroke in heard(eva, MemberStroke)] == [[0.1, 0.2, 0.3, 0.4, 0.5, 0.6]]


def test_A3_who_is_back_sees_what_there_is_now(world: World) -> None:
    lead = world.live()
    eva = world.live(2, "Eva")
    say(world, lead, STROKE)
    say(world, eva, STROKE)
    world.cut(eva)
    say(world, lead, ClearMarks())
    world.back(eva)
    cleared = eva.heard.index(MarksCleared())
    after = [m for m in eva.heard[cleared:] if isinstance(m, MemberStroke)]
    assert after == [MemberStroke(slot=2, stroke=1, monitor=0, points=STROKE.points)]


def test_G13_a_demo_takes_the_marks_away(world: World) -> None:
    lead = world.live()
    say(world, lead, STROKE)
    world.session._control.modes.enter(Mode.DEMO)
    world.wait(250)
    assert told(world, HideMarks) == [HideMarks()]
    say(world, lead, LASER)
    assert len(told(world, ShowMark)) == 1, "there is no picture to point at"


def test_A2_nobody_draws_over_what_the_customer_is_asked(world: World) -> None:
    lead = world.live()
    eva = world.live(2, "Eva")
    say(world, lead, STROKE)
    world.actions.clear()
    world.verified(3, "Luz")
    assert HideMarks() in world.actions
    say(world, lead, Stroke(stroke=2, monitor=0, points=[0.3, 0.4]))
    say(world, lead, Laser(monitor=0, x=0.5, y=0.5))
    assert world.count(ShowMark) == 0
    assert heard(eva, MemberStroke)[-1].stroke == 2, "the others see it"
    world.answer(False)
    shown = [action.mark for action in world.actions if isinstance(action, ShowMark)]
    assert shown == [STROKE, Stroke(stroke=2, monitor=0, points=[0.3, 0.4])]


def test_A3_what_was_cleared_during_a_question_does_not_come_back(world: World) -> None:
    lead = world.live()
    say(world, lead, STROKE)
    world.verified(3, "Luz")
    say(world, lead, ClearMarks())
    shown = world.count(ShowMark)
    world.answer(False)
    assert world.count(ShowMark) == shown
