"""Chat: numbered, for everybody, caught up after a cut (SPEC T1, T7)."""

import pytest

from relevo_agent.session.actions import ChatEntry
from relevo_protocol.errors import ErrorCode
from relevo_protocol.limits import MAX_CHAT_CHARS, MAX_CHAT_LINES_KEPT
from relevo_protocol.messages.chat import ChatLine, ChatSend
from relevo_protocol.messages.session import InputRefused
from relevo_protocol.modes import Capability, Mode
from tests.agent.fakes import Viewer
from tests.agent.session.company import beat, guest, heard, say
from tests.agent.session.world import World, new_world

NOON_MS = 1_700_000_000_000.0


@pytest.fixture
def world() -> World:
    return new_world(wall_ms=lambda: NOON_MS)


def lines(viewer: Viewer) -> list[tuple[int, int, str]]:
    return [(line.line, line.slot, line.text) for line in heard(viewer, ChatLine)]


def test_T1_everybody_hears_the_author_included(world: World) -> None:
    lead = world.live()
    eva = world.live(2, "Eva")
    say(world, eva, ChatSend(text="¿Ve el\nbotón?"))
    world.carry(world.session.say("Sí", world.now_ms))
    for viewer in (lead, eva):
        assert heard(viewer, ChatLine) == [
            ChatLine(line=1, slot=2, name="Eva", text="¿Ve el\nbotón?", at_ms=NOON_MS),
            ChatLine(line=2, slot=0, name="", text="Sí", at_ms=NOON_MS),
        ]
    assert world.session.snapshot.chat == (
        ChatEntry(1, 2, "Eva", "¿Ve el\nbotón?", NOON_MS),
        ChatEntry(2, 0, "", "Sí", NOON_MS),
    )


def test_T1_who_comes_later_hears_what_is_said_from_then_on(world: World) -> None:
    lead = world.live()
    say(world, lead, ChatSend(text="entre nosotros"))
    eva = world.live(2, "Eva")
    assert lines(eva) == []
    world.cut(eva)
    world.back(eva)
    assert lines(eva) == []


def test_T1_after_a_resume_the_missing_lines_follow_once(world: World) -> None:
    lead = world.live()
    eva = world.live(2, "Eva")
    say(world, lead, ChatSend(text="uno"))
    beat(world, 30_000, [lead, eva])
    world.cut(eva)
    say(world, lead, ChatSend(text="dos"))
    world.carry(world.session.say("tres", world.now_ms))
    world.back(eva)
    assert lines(eva) == [(1, 1, "uno"), (2, 1, "dos"), (3, 0, "tres")]


def test_T1_what_may_have_been_lost_with_the_line_is_said_again(world: World) -> None:
    lead = world.live()
    eva = world.live(2, "Eva")
    beat(world, 30_000, [lead, eva])
    world.viewers.remove(eva)  # the line is dead, nobody knows yet
    say(world, lead, ChatSend(text="hola"))
    world.viewers.append(eva)
    world.cut(eva)
    world.back(eva)
    assert lines(eva) == [(1, 1, "hola")]


def test_T1_two_hundred_lines_are_kept_and_what_is_sent_at_once_is_bounded(world: World) -> None:
    lead = world.live()
    eva = world.live(2, "Eva")
    world.cut(eva)
    for _ in range(300):
        world.carry(world.session.say("x" * MAX_CHAT_CHARS, world.now_ms))
    assert len(world.session.snapshot.chat) == MAX_CHAT_LINES_KEPT
    world.back(eva)
    got = lines(eva)
    assert got[-1][0] == 300
    assert 10 <= len(got) <= 20
    assert [number for number, *_ in got] == sorted(number for number, *_ in got)
    assert len(lines(lead)) == 300


def test_T7_chat_in_every_mode_and_for_guests(world: World) -> None:
    lead = world.live()
    gema = guest(world, lead)
    for number, mode in enumerate(Mode, 1):
        world.session._control.modes.enter(mode)
        beat(world, 2000, [lead, gema])
        say(world, gema, ChatSend(text=mode.value))
        assert len(lines(lead)) == number


def test_T1_nobody_says_anything_at_the_door(world: World) -> None:
    lead = world.live()
    eva = world.verified(2, "Eva")
    say(world, eva, ChatSend(text="soy del banco"))
    assert lines(lead) == []
    assert world.session.snapshot.chat == ()


def test_T1_a_flood_is_bounded_and_refused(world: World) -> None:
    lead = world.live()
    eva = world.live(2, "Eva")
    for _ in range(1000):
        say(world, eva, ChatSend(text="compre"))
    assert len(lines(lead)) <= 10
    refused = heard(eva, InputRefused)
    assert [(r.code, r.capability) for r in refused] == [(ErrorCode.THROTTLED, Capability.CHAT)]
    say(world, lead, ChatSend(text="calma"))
    assert lines(lead)[-1][2] == "calma", "another's flood silences nobody"


@pytest.mark.parametrize("text", ["   ", "\n\n", " "])
def test_T1_nothing_said_is_no_line(world: World, text: str) -> None:
    lead = world.live()
    say(world, lead, ChatSend(text=text))
    world.carry(world.session.say(text, world.now_ms))
    assert world.session.snapshot.chat == ()


def test_M5_the_customers_own_line_is_inert_and_bounded(world: World) -> None:
    lead = world.live()
    world.carry(world.session.say("a\x1b[31m\u202eb\tc\nd" + "x" * 3000, world.now_ms))
    assert lines(lead)[0][2].startswith("a[31mbc\ndxx")
    assert len(lines(lead)[0][2]) == MAX_CHAT_CHARS


def test_T1_after_the_end_nothing_is_said(world: World) -> None:
    world.live()
    world.carry(world.session.stop(world.now_ms))
    world.carry(world.session.say("adiós", world.now_ms))
    assert world.session.snapshot.chat == ()


def test_M5_half_of_a_character_ends_nothing_and_is_left_out(world: World) -> None:
    lead = world.live()
    world.carry(world.session.say("Hola \udce9\ud83d", world.now_ms))
    world.carry(world.session.say("\ud83d", world.now_ms))
    assert lines(lead) == [(1, 0, "Hola ")]
