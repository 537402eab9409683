"""A line of chat is said once, however often it is sent (SPEC T8)."""

import random

import pytest

from relevo_agent.session.chat import NUMBERS_KEPT
from relevo_protocol.messages.chat import ChatLine, ChatSend
from tests.agent.fakes import Viewer
from tests.agent.session.company import beat, heard, say
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
