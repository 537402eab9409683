"""A demo in a support session: the customer's picture stops, their browser opens the link (SPEC G13, C22)."""

import pytest

from relevo_agent.session.actions import Ask, Keep, OpenLink, Perform, QuestionKind, StartCapture, StopCapture
from relevo_agent.session.entries import EntryKind
from relevo_protocol.errors import ErrorCode
from relevo_protocol.header import Flags
from relevo_protocol.messages.chat import ChatLine, ChatSend
from relevo_protocol.messages.input import TextInput
from relevo_protocol.messages.relay import ModeNotice
from relevo_protocol.messages.screen import CaptureCondition, CaptureState
from relevo_protocol.messages.session import ConsentResult, DemoJoin, Epoch, ModeRequest, ModeState
from relevo_protocol.modes import Mode
from tests.agent.fakes import Viewer
from tests.agent.session.company import guest, heard, question, say, told
from tests.agent.session.world import FRAME, ORIGIN, World

DEMO = ModeRequest(mode=Mode.DEMO, demo=DemoJoin(invite=b"i" * 16, secret=b"s" * 32))
LINK = f"{ORIGIN}/demo#i=aWlpaWlpaWlpaWlpaWlpaQ.c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3M"


def conditions(viewer: Viewer) -> list[CaptureCondition]:
    return [state.condition for state in heard(viewer, CaptureState)]


@pytest.fixture
def lead(world: World) -> Viewer:
    return world.live()


def test_G13_on_the_customers_yes_the_picture_stops_and_the_link_opens(world: World, lead: Viewer) -> None:
    eva = world.live(2, "Eva")
    say(world, lead, DEMO)
    assert (question(world).kind, question(world).mode) == (QuestionKind.MODE, Mode.DEMO)
    assert world.count(StopCapture) == 0
    world.answer(True)
    assert world.mode() is Mode.DEMO
    assert world.count(StopCapture) == 1
    assert told(world, OpenLink) == [OpenLink(LINK)]
    assert ModeNotice(mode=Mode.DEMO) in world.said
    for viewer in (lead, eva):
        assert conditions(viewer) == [CaptureCondition.PAUSED]
        assert heard(viewer, ModeState)[-1].mode is Mode.DEMO
    assert [k.entry.kind for k in told(world, Keep)].count(EntryKind.PICTURE_STOPPED) == 1


def test_G13_no_frame_of_the_customer_leaves_during_a_demo(world: World, lead: Viewer) -> None:
    say(world, lead, DEMO)
    world.answer(True)
    seen = lead.media_messages
    world.carry(world.session.frame(world.run, 99, Flags.KEYFRAME, FRAME, world.now_ms))
    eva = world.live(2, "Eva")
    world.carry(world.session.frame(world.run, 100, Flags.KEYFRAME, FRAME, world.now_ms))
    world.cut(eva)
    world.back(eva)
    world.carry(world.session.frame(world.run, 101, Flags.KEYFRAME, FRAME, world.now_ms))
    assert (lead.media_messages, eva.media_messages) == (seen, 0)
    assert world.count(StartCapture) == 1
    assert [m.slot for m in heard(lead, Epoch)[-1].members] == [1, 2], "everybody is listed all the same"
    assert conditions(eva) == [CaptureCondition.PAUSED] * 2, "told once for each link"
    say(world, lead, TextInput(text="x"))
    assert world.count(Perform) == 0


def test_T7_chat_goes_on_while_the_picture_is_paused(world: World, lead: Viewer) -> None:
    say(world, lead, DEMO)
    world.answer(True)
    say(world, lead, ChatSend(text="¿Lo ve?"))
    world.carry(world.session.say("Sí", world.now_ms))
    assert [line.text for line in heard(lead, ChatLine)] == ["¿Lo ve?", "Sí"]


@pytest.mark.parametrize("by", ["lead", "customer"])
def test_G13_leaving_leads_to_observer_and_the_picture_is_back(world: World, lead: Viewer, by: str) -> None:
    say(world, lead, DEMO)
    world.answer(True)
    asked = world.count(Ask)
    if by == "lead":
        say(world, lead, ModeRequest(mode=Mode.OBSERVER))
    else:
        world.carry(world.session.step_down(world.now_ms))
    assert world.mode() is Mode.OBSERVER
    assert world.count(Ask) == asked
    assert world.count(StartCapture) == 2
    assert conditions(lead) == [CaptureCondition.PAUSED, CaptureCondition.OK]
    keyframes = lead.keyframes
    world.frame()
    assert lead.keyframes == keyframes, "the first frame has to be a keyframe"
    world.frame(keyframe=True)
    assert lead.keyframes == keyframes + 1


def test_G13_on_no_nothing_changes(world: World, lead: Viewer) -> None:
    say(world, lead, DEMO)
    world.answer(False)
    assert world.mode() is Mode.FULL
    assert heard(lead, ConsentResult)[-1].code is ErrorCode.CONSENT_DENIED
    assert world.count(StopCapture) == world.count(OpenLink) == 0
    world.frame()
    assert conditions(lead) == []


def test_G13_a_demo_without_a_link_is_refused(world: World, lead: Viewer) -> None:
    asked = world.count(Ask)
    say(world, lead, ModeRequest(mode=Mode.DEMO))
    assert world.count(Ask) == asked
    assert not heard(lead, ConsentResult)[-1].granted


def test_G13_a_guest_asks_for_no_demo(world: World, lead: Viewer) -> None:
    gema = guest(world, lead)
    asked = world.count(Ask)
    say(world, gema, DEMO)
    assert world.count(Ask) == asked
    assert world.mode() is Mode.FULL


def test_G13_a_lead_who_leaves_the_demo_for_good_ends_it(world: World, lead: Viewer) -> None:
    eva = world.live(2, "Eva")
    say(world, lead, DEMO)
    world.answer(True)
    world.carry(world.session.dismiss(1, world.now_ms))
    world.viewers.remove(lead)
    assert world.mode() is Mode.OBSERVER
    world.frame(keyframe=True)
    assert conditions(eva) == [CaptureCondition.PAUSED, CaptureCondition.OK]
    assert eva.frames[-1][0].key_id == heard(eva, Epoch)[-1].epoch
