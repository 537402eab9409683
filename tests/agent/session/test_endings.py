"""Cuts, resumes and endings, by rule; the other ends are played with the real protocol."""

import pytest

from relevo_agent.session.actions import (
    Ask,
    CloseLink,
    Ended,
    Keep,
    Notice,
    Phase,
    ReleaseHeld,
    Show,
    StopCapture,
    Tell,
)
from relevo_agent.session.entries import EntryKind
from relevo_protocol.errors import ErrorCode
from relevo_protocol.messages.input import (
    KeyPress,
    ReleaseAll,
    TextInput,
)
from relevo_protocol.messages.relay import (
    AgentHello,
    EndSession,
    RelayError,
    RoleNotice,
    ViewerGone,
)
from relevo_protocol.messages.session import (
    Epoch,
    Heartbeat,
    HostGoodbye,
)
from relevo_protocol.modes import Mode
from tests.agent.session.world import LAYOUT, TOKEN, World

# --- cuts ---


def test_S4_P6_cut_releases_and_resume_needs_no_consent(world: World) -> None:
    viewer = world.live()
    world.actions.clear()
    world.cut(viewer)
    assert world.count(ReleaseHeld) == 1
    assert world.count(StopCapture) == 1
    assert [p.present for p in world.session.snapshot.people] == [False]
    world.back(viewer)
    world.frame(keyframe=True)
    assert world.count(Ask) == 0
    assert viewer.keyframes == 2
    assert world.mode() is Mode.FULL


def test_P6_previous_resume_secret_holds_until_the_new_keys_are_used(world: World) -> None:
    viewer = world.live()
    first = viewer.resume
    world.cut(viewer)
    world.back(viewer)
    world.cut(viewer)
    viewer.resume = first
    world.back(viewer)
    assert world.session.snapshot.people[0].present, (
        "flight 4 may have been lost: the old secret must still work"
    )
    for _ in range(3):
        world.cut(viewer)
        viewer.resume = first
        world.back(viewer)
        assert world.session.snapshot.people[0].present
    newest = viewer.resume
    world.give(viewer.say(Heartbeat(t_ms=1)))
    world.cut(viewer)
    viewer.resume = first
    world.back(viewer)
    assert world.removed() == [ErrorCode.TAMPERED]
    assert [p.present for p in world.session.snapshot.people] == [False], "the seat is whose it was"
    viewer.resume = newest
    world.back(viewer)
    assert world.session.snapshot.people[0].present


def test_C11_agent_comes_back_and_viewers_resume(world: World) -> None:
    viewer = world.live()
    world.actions.clear()
    world.carry(world.session.link_lost(world.now_ms))
    assert world.count(ReleaseHeld) == 1
    assert world.count(StopCapture) == 1
    assert world.phase() is Phase.RECONNECTING
    world.connect(resumed=True)
    hello = next(m for m in reversed(world.said) if isinstance(m, AgentHello))
    assert hello.token == TOKEN
    world.back(viewer)
    world.frame(keyframe=True)
    assert viewer.keyframes == 2
    assert world.phase() is Phase.LIVE


def test_C5_the_code_outlives_a_cut_of_the_agent(world: World) -> None:
    secret = world.secret
    world.carry(world.session.link_lost(world.now_ms))
    world.connect(resumed=True)
    assert world.secret == secret


def test_C10_a_relay_that_forgot_the_session_starts_over(world: World) -> None:
    world.live()
    world.carry(world.session.link_lost(world.now_ms))
    world.carry(world.session.link_opened(world.now_ms))
    world.relay(RelayError(code=ErrorCode.RESUME_INVALID))
    assert world.count(CloseLink) == 1
    world.carry(world.session.link_lost(world.now_ms))
    world.connect()
    hello = next(m for m in reversed(world.said) if isinstance(m, AgentHello))
    assert hello.token is None
    assert world.session.snapshot.people == ()
    assert world.phase() is Phase.WAITING


def test_C10_somebody_away_for_ten_minutes_is_gone(world: World) -> None:
    viewer = world.live()
    world.cut(viewer)
    world.wait(600_001)
    assert world.session.snapshot.people == ()


def test_P4_ten_seconds_of_silence_are_a_cut_and_three_release(world: World) -> None:
    viewer = world.live()
    world.carry(world.session.layout(world.run, LAYOUT, world.now_ms))
    world.give(viewer.say(KeyPress(code="ShiftLeft", key="Shift", down=True)))
    world.actions.clear()
    world.wait(3100)
    assert world.count(ReleaseHeld) == 1
    world.wait(250)
    assert world.count(ReleaseHeld) == 1
    world.wait(7000)
    assert world.removed() == [ErrorCode.DESYNC]
    assert [p.present for p in world.session.snapshot.people] == [False]


def test_P4_who_has_pressed_nothing_holds_nothing_and_is_awaited_in_peace(world: World) -> None:
    viewer = world.live()
    world.carry(world.session.layout(world.run, LAYOUT, world.now_ms))
    world.give(viewer.say(KeyPress(code="ShiftLeft", key="Shift", down=True)))
    world.give(viewer.say(ReleaseAll()))
    world.actions.clear()
    world.wait(3900)
    world.give(viewer.say(Heartbeat(t_ms=1)))
    world.wait(3900)
    assert world.count(ReleaseHeld) == 0


def test_P5_wrong_counter_is_desync_and_keeps_the_seat(world: World) -> None:
    viewer = world.live()
    viewer.say(Heartbeat(t_ms=1))
    world.give(viewer.say(Heartbeat(t_ms=2)))
    assert world.removed() == [ErrorCode.DESYNC]
    world.back(viewer)
    assert world.session.snapshot.people[0].present


def test_K12_altered_message_ends_the_seat_and_tells_the_customer(world: World) -> None:
    viewer = world.live()
    message = bytearray(viewer.say(Heartbeat(t_ms=1)))
    message[-1] ^= 1
    world.give(bytes(message))
    assert world.removed() == [ErrorCode.TAMPERED]
    assert world.count(Tell) == 1


def test_W8_messages_on_a_past_link_go_nowhere(world: World) -> None:
    viewer = world.live()
    late = viewer.say(TextInput(text="x"))
    world.cut(viewer)
    world.back(viewer)
    world.actions.clear()
    world.give(late)
    assert world.actions == []


def test_W2_garbage_from_the_relay_closes_the_link(world: World) -> None:
    world.give(b"\x01\x00\x00\xff" + bytes(20) + b"nonsense")
    assert [a.code for a in world.actions if isinstance(a, CloseLink)] == [ErrorCode.MALFORMED]


# --- the end ---


def test_stop_says_goodbye_and_ends(world: World) -> None:
    viewer = world.live()
    world.actions.clear()
    world.carry(world.session.stop(world.now_ms))
    assert isinstance(viewer.heard[-1], HostGoodbye)
    assert isinstance(world.said[-1], EndSession)
    assert world.count(StopCapture) == 1
    assert world.count(ReleaseHeld) >= 1
    assert isinstance(world.actions[-1], Show)
    assert world.count(Ended) == 1
    assert world.session.ended


def test_stop_works_while_the_network_is_down(world: World) -> None:
    world.live()
    world.carry(world.session.link_lost(world.now_ms))
    world.carry(world.session.stop(world.now_ms))
    assert world.phase() is Phase.ENDED


def test_customer_sends_one_person_away(world: World) -> None:
    first = world.live()
    second = world.live(2, "Eva")
    world.carry(world.session.dismiss(2, world.now_ms))
    assert isinstance(second.heard[-1], HostGoodbye)
    assert world.removed() == [ErrorCode.REMOVED]
    last = first.last(Epoch)
    assert isinstance(last, Epoch)
    assert len(last.members) == 1


@pytest.mark.parametrize("how", ["stop", "session lost"])
def test_G8_N6_nobody_is_said_to_lead_what_is_over(world: World, how: str) -> None:
    world.live()
    world.live(2, "Eva")
    world.actions.clear()
    world.said.clear()
    if how == "stop":
        world.carry(world.session.stop(world.now_ms))
    else:
        world.relay(RelayError(code=ErrorCode.SESSION_ENDED))
    kept = [action.entry for action in world.actions if isinstance(action, Keep)]
    assert [entry.who for entry in kept if entry.kind is EntryKind.LEFT] == ["Eva", "Ana"]
    assert EntryKind.LEAD not in {entry.kind for entry in kept}
    assert Notice.LEAD_CHANGED not in {action.notice for action in world.actions if isinstance(action, Tell)}
    assert world.count(RoleNotice) == 0


def test_C11_who_came_back_and_left_while_we_were_away_is_gone(world: World) -> None:
    viewer = world.live()
    world.carry(world.session.link_lost(world.now_ms))
    world.connect(resumed=True)
    late = next(world.links)  # the relay's own number for a line that we never saw
    world.relay(ViewerGone(link=late, slot=viewer.slot, left=True, code=ErrorCode.SESSION_ENDED))
    assert world.session.snapshot.people == ()


def test_C11_a_line_that_was_never_ours_ends_nobody_who_is_here(world: World) -> None:
    viewer = world.live()
    late = next(world.links)
    world.relay(ViewerGone(link=late, slot=viewer.slot, left=True, code=ErrorCode.SESSION_ENDED))
    world.cut(viewer)
    world.relay(ViewerGone(link=late, slot=viewer.slot, left=False, code=ErrorCode.SLOW))
    assert [p.present for p in world.session.snapshot.people] == [False]
