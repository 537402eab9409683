"""A line of chat is said once, however often it is sent (SPEC T8)."""

import random

import pytest

from relevo_agent.session.chat import NUMBERS_KEPT
from relevo_agent.session.restart import CHAT_BYTES
from relevo_protocol.messages.chat import ChatLine, ChatSend
from tests.agent.fakes import Viewer
from tests.agent.session.company import beat, heard, say
from tests.agent.session.restarts import Wall, before, down, same
from tests.agent.session.world import World, new_world


@pytest.fixture
def world() -> World:
    return new_world()


def line(text: str, sent: int) -> ChatSend:
    return ChatSend(text=text, sent=sent)


def own(viewer: Viewer) -> list[tuple[int, str, int]]:
    return [(m.line, m.text, m.sent) for m in heard(viewer, ChatLine)]


def test_T8_the_author_alone_hears_the_number(world: World) -> None:
    lead, eva = world.live(), world.live(2, "Eva")
    say(world, eva, line("hola", 7))
    assert own(eva) == [(1, "hola", 7)]
    assert own(lead) == [(1, "hola", 0)]


def test_T8_a_line_said_again_is_answered_and_not_said_again(world: World) -> None:
    lead, eva = world.live(), world.live(2, "Eva")
    for _ in range(3):
        say(world, eva, line("hola", 1))
    assert own(eva) == [(1, "hola", 1)] * 3
    assert own(lead) == [(1, "hola", 0)]
    assert len(world.session.snapshot.chat) == 1


def test_T8_numbers_of_two_people_have_nothing_to_do_with_each_other(world: World) -> None:
    lead, eva = world.live(), world.live(2, "Eva")
    say(world, lead, line("uno", 1))
    say(world, eva, line("dos", 1))
    assert [entry.text for entry in world.session.snapshot.chat] == ["uno", "dos"]
    assert [sent for _, _, sent in own(lead)] == [1, 0]


def test_T8_without_a_number_each_is_a_line(world: World) -> None:
    lead = world.live()
    for _ in range(2):
        say(world, lead, ChatSend(text="hola"))
    assert own(lead) == [(1, "hola", 0), (2, "hola", 0)]


def test_T8_who_takes_the_slot_later_has_numbers_of_their_own(world: World) -> None:
    world.live()
    eva = world.live(2, "Eva")
    say(world, eva, line("de Eva", 1))
    world.carry(world.session.dismiss(2, world.now_ms))
    gema = world.live(2, "Gema")
    say(world, gema, line("de Gema", 1))
    assert own(gema) == [(2, "de Gema", 1)]


def test_T8_over_cuts_at_any_moment_each_line_is_there_once_and_in_order(world: World) -> None:
    dice = random.Random(5)
    lead, eva = world.live(), world.live(2, "Eva")
    unseen: dict[int, str] = {}
    for number in range(1, 61):
        text = f"línea {number}"
        unseen[number] = text
        if dice.random() < 0.7:
            say(world, eva, line(text, number))
        if dice.random() < 0.4:
            world.cut(eva)
            world.back(eva)
        for sent in {m.sent for m in heard(eva, ChatLine)}:
            unseen.pop(sent, None)
        for sent, again in sorted(unseen.items()):
            say(world, eva, line(again, sent))
        beat(world, 4000, [lead, eva])
    texts = [entry.text for entry in world.session.snapshot.chat]
    assert texts == [f"línea {number}" for number in range(1, 61)]


def test_T8_a_viewer_costs_no_more_than_its_last_numbers(world: World) -> None:
    lead = world.live()
    for number in range(1, 2 * NUMBERS_KEPT):
        say(world, lead, line("x", number))
        beat(world, 1000, [lead])
    (seat,) = world.session._desk.live
    assert len(seat.sent_lines) == NUMBERS_KEPT


# --- over a restart (V6): texts as everybody has them, one each ---


def texts(viewer: Viewer) -> list[str]:
    """What somebody reads: a line that comes again is known by its number and time."""
    return list({(line.line, line.at_ms): line.text for line in heard(viewer, ChatLine)}.values())


def test_T8_V6_a_line_said_again_after_a_restart_is_answered_and_said_to_nobody_twice() -> None:
    wall = Wall()
    world, lead, eva = before(wall)
    say(world, eva, line("hola", 1))
    again = same(world, down(world, wall))
    for viewer in (lead, eva):
        again.back(viewer)
    for _ in range(2):
        say(again, eva, line("hola", 1))
    assert own(eva)[-1] == (2, "hola", 1), "the answer, by which she knows that it was taken"
    assert texts(lead) == texts(eva) == ["hello", "hola"]
    assert [entry.text for entry in again.session.snapshot.chat] == ["hello", "hola"]
    say(again, eva, line("sigo aquí", 2))
    assert texts(lead)[-1] == "sigo aquí"


def test_T8_V6_also_one_that_was_too_long_ago_to_be_kept() -> None:
    wall = Wall()
    world, lead, eva = before(wall)
    say(world, eva, line("hola", 1))
    world.cut(eva)
    for _ in range(CHAT_BYTES // 1000 + 1):
        world.carry(world.session.say("x" * 1000, world.now_ms))
    again = same(world, down(world, wall, [lead]))
    again.back(eva)
    assert all(len(entry.text) == 1000 for entry in again.session.snapshot.chat)
    say(again, eva, line("hola", 1))
    assert own(eva)[-1] == (2, "hola", 1)
    assert again.session._house.rooms.chat.count == world.session._house.rooms.chat.count


def test_T1_V6_who_was_cut_as_the_pc_went_down_gets_what_they_lack() -> None:
    wall = Wall()
    world, lead, eva = before(wall)
    gema = world.live(3, "Gema")
    for viewer in (eva, gema):
        world.cut(viewer)
    say(world, lead, line("ahora reinicio", 1))
    again = same(world, down(world, wall, [lead]))
    for viewer in (eva, gema):
        again.back(viewer)
    assert texts(eva) == ["hello", "ahora reinicio"]
    assert texts(gema) == ["ahora reinicio"], "nothing of before she came"


def test_T1_V6_what_was_said_into_a_dying_line_comes_again() -> None:
    wall = Wall()
    world, lead, eva = before(wall)
    beat(world, 30_000, [lead, eva])
    world.viewers.remove(eva)  # the line is dead, nobody knows yet
    say(world, lead, line("ahora reinicio", 1))
    state = down(world, wall, [lead])
    world.viewers.append(eva)
    again = same(world, state)
    again.back(eva)
    assert texts(eva) == ["hello", "ahora reinicio"]
