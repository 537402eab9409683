"""What the customer is asked, ticks, allows and refuses; and what is left of it later (SPEC N1-N5, V4)."""

import pytest

from relevo_agent.session.actions import Ask, Keep, Perform, Question, QuestionKind
from relevo_agent.session.entries import DecidedBy, Entry, EntryKind
from relevo_protocol.errors import ErrorCode
from relevo_protocol.messages.administration import (
    ProcessEnd,
    ProcessesRequest,
    SystemInfoRequest,
    TerminalOpen,
)
from relevo_protocol.messages.input import KeyPress, SpecialKeys, TextInput
from relevo_protocol.messages.relay import RecordedAct, RecordNotice
from relevo_protocol.messages.session import (
    ConsentPending,
    ConsentResult,
    Heartbeat,
    InputRefused,
    ModeRequest,
    ModeState,
)
from relevo_protocol.messages.team import CapabilityRequest
from relevo_protocol.modes import Capability, Mode, Permit
from relevo_protocol.rights import Factor, Policy
from tests.agent.fakes import Viewer
from tests.agent.session.company import heard
from tests.agent.session.samples import INPUT
from tests.agent.session.world import World, new_world

INFO, CLIPBOARD, SPECIAL = (
    Capability.SYSTEM_INFO,
    Capability.CLIPBOARD_FROM_CUSTOMER,
    Capability.INPUT_SPECIAL,
)


@pytest.fixture
def pc() -> World:
    """A PC that can do everything."""
    return new_world(unavailable=frozenset(), service=True)


def questions(world: World) -> list[Question]:
    return [a.question for a in world.actions if isinstance(a, Ask)]


def entries(world: World, kind: EntryKind) -> list[Entry]:
    return [a.entry for a in world.actions if isinstance(a, Keep) and a.entry.kind is kind]


def permit(viewer: Viewer, capability: Capability) -> tuple[Permit, Factor | None]:
    view = heard(viewer, ModeState)[-1].rights[capability]
    return view.permit, view.removed_by


# --- tick-boxes ---


def test_N1_N2_the_first_dialog_offers_what_the_mode_asks_for(pc: World) -> None:
    pc.verified(mode="shared")
    question = questions(pc)[0]
    assert question.kind is QuestionKind.ENTRY
    assert set(question.offers) == {
        Capability.INPUT_SPECIAL,
        Capability.CLIPBOARD_TO_CUSTOMER,
        CLIPBOARD,
        Capability.FILE_SEND,
        Capability.AUDIO_LISTEN,
        Capability.RECORD,
        Capability.VOICE,
    }
    assert question.each_time == (Capability.FILE_FETCH,)


def test_N2_V4_terminals_are_asked_about_every_time(pc: World) -> None:
    pc.verified(mode="full")
    question = questions(pc)[0]
    assert Capability.TERMINAL_USER in question.each_time
    assert Capability.TERMINAL_USER not in question.offers


def test_N1_what_this_pc_cannot_or_may_not_do_is_not_offered() -> None:
    deny = {CLIPBOARD: Policy.DENY}
    world = new_world(unavailable=frozenset({Capability.RECORD}), floor=deny)
    world.verified(mode="shared")
    offers = questions(world)[0].offers
    assert CLIPBOARD not in offers
    assert Capability.RECORD not in offers
    assert Capability.VOICE in offers


def test_N3_what_was_ticked_holds_and_the_rest_does_not(pc: World) -> None:
    viewer = pc.verified(mode="shared")
    pc.answer(True, frozenset({SPECIAL}))
    pc.frame(keyframe=True)
    assert permit(viewer, SPECIAL) == (Permit.ALLOW, None)
    assert permit(viewer, CLIPBOARD) == (Permit.ASK, Factor.CONSENT)
    pc.give(viewer.say(INPUT[SpecialKeys]))
    assert pc.count(Perform) == 1


def test_N2_ticks_that_were_not_offered_or_come_with_a_no_are_nothing(pc: World) -> None:
    viewer = pc.verified(mode="shared")
    pc.answer(True, frozenset(Capability))
    assert permit(viewer, Capability.FILE_FETCH)[0] is Permit.ASK_EACH
    assert permit(viewer, Capability.TERMINAL_USER)[0] is Permit.NEVER
    pc.give(viewer.say(ModeRequest(mode=Mode.FULL)))
    pc.answer(False, frozenset({Capability.FILE_BROWSE}))
    pc.session._control.modes.enter(Mode.FULL)
    pc.wait(0)
    assert permit(viewer, Capability.FILE_BROWSE)[0] is Permit.ASK


def test_N3_a_step_down_takes_what_the_lower_mode_lacks(pc: World) -> None:
    viewer = pc.verified(mode="full")
    pc.answer(True, frozenset({Capability.FILE_BROWSE, Capability.VOICE}))
    pc.give(viewer.say(ModeRequest(mode=Mode.SHARED)))
    pc.give(viewer.say(ModeRequest(mode=Mode.FULL)))
    pc.answer(True)
    assert permit(viewer, Capability.FILE_BROWSE)[0] is Permit.ASK
    assert permit(viewer, Capability.VOICE)[0] is Permit.ALLOW


def test_N3_when_the_lead_is_gone_so_is_what_they_were_allowed(pc: World) -> None:
    pc.verified(mode="full")
    pc.answer(True, frozenset({Capability.VOICE}))
    eva = pc.live(2, "Eva")
    assert permit(eva, Capability.VOICE)[0] is Permit.ALLOW
    pc.carry(pc.session.dismiss(1, pc.now_ms))
    assert permit(eva, Capability.VOICE)[0] is Permit.ASK


# --- one capability ---


def test_N3_a_message_waits_and_is_carried_out_on_yes(pc: World) -> None:
    viewer = pc.live(mode="observer")
    pc.give(viewer.say(SystemInfoRequest()))
    assert pc.count(Perform) == 0
    pending = viewer.last(ConsentPending)
    assert isinstance(pending, ConsentPending)
    assert pending.capability is INFO
    question = pc.answer(True)
    assert (question.kind, question.capability) == (QuestionKind.CAPABILITY, INFO)
    assert viewer.last(ConsentResult) == ConsentResult(granted=True, mode=Mode.OBSERVER, capability=INFO)
    assert pc.count(Perform) == 1
    pc.give(viewer.say(SystemInfoRequest()))
    assert pc.count(Perform) == 2, "allowed for this session"
    assert len(questions(pc)) == 2


@pytest.mark.parametrize("answer", ["no", "silence"])
def test_N3_a_no_carries_nothing_out_and_is_final_for_a_while(pc: World, answer: str) -> None:
    viewer = pc.live(mode="observer")
    pc.give(viewer.say(SystemInfoRequest()))
    if answer == "no":
        pc.answer(False)
    else:
        pc.now_ms += 60_001
        pc.carry(pc.session.tick(pc.now_ms))
    result = viewer.last(ConsentResult)
    assert isinstance(result, ConsentResult)
    code = ErrorCode.CONSENT_DENIED if answer == "no" else ErrorCode.CONSENT_TIMEOUT
    assert (result.granted, result.code, result.capability) == (False, code, INFO)
    assert pc.count(Perform) == 0


def test_N3_P8_after_a_no_the_same_is_not_asked_again_but_another_thing_may_be(pc: World) -> None:
    viewer = pc.live(mode="full")
    pc.give(viewer.say(ProcessesRequest()))
    pc.answer(False)
    asked = len(questions(pc))
    pc.give(viewer.say(ProcessesRequest()))
    assert len(questions(pc)) == asked
    refused = viewer.last(InputRefused)
    assert isinstance(refused, InputRefused)
    assert refused.code is ErrorCode.THROTTLED
    pc.give(viewer.say(ProcessEnd(pid=7, started_ms=1)))
    assert len(questions(pc)) == asked + 1


def test_N3_a_program_is_asked_about_and_recorded_by_its_name() -> None:
    def name_of(pid: int, started_ms: int) -> str:
        return "gedit" if (pid, started_ms) == (7, 1) else ""

    pc = new_world(unavailable=frozenset(), process_name=name_of)
    viewer = pc.live(mode="full")
    pc.give(viewer.say(ProcessEnd(pid=7, started_ms=1)))
    assert pc.answer(True).detail == "gedit (7)"
    acts = [action.entry for action in pc.actions if isinstance(action, Keep)]
    assert [entry.detail for entry in acts if entry.kind is EntryKind.ACT] == ["process ended gedit (7)"]
    notices = [said.detail for said in pc.said if isinstance(said, RecordNotice)]
    assert "7" in notices
    assert not any("gedit" in detail for detail in notices), "the relay does not learn what runs here"


def test_N3_one_question_about_a_viewer_at_a_time(pc: World) -> None:
    viewer = pc.live(mode="full")
    pc.prove(viewer)
    asked = len(questions(pc))
    for _ in range(50):
        pc.give(viewer.say(ProcessesRequest()))
        pc.give(viewer.say(ProcessEnd(pid=7, started_ms=1)))
        pc.give(viewer.say(ModeRequest(mode=Mode.ADMINISTRATOR)))
    assert len(questions(pc)) == asked + 1


def test_N3_what_is_asked_every_time_is_asked_every_time(pc: World) -> None:
    viewer = pc.live(mode="full")
    for number in range(1, 4):
        pc.give(viewer.say(ProcessEnd(pid=number, started_ms=1)))
        assert pc.answer(True).detail == str(number)
        assert pc.count(Perform) == number
    for number in range(4, 7):
        pc.give(viewer.say(TerminalOpen(columns=80, rows=24)))
        assert pc.answer(True).capability is Capability.TERMINAL_USER
        assert pc.count(Perform) == number


def test_N3_asked_ahead(pc: World) -> None:
    viewer = pc.live(mode="shared")
    pc.give(viewer.say(CapabilityRequest(capability=SPECIAL)))
    pc.answer(True)
    assert permit(viewer, SPECIAL)[0] is Permit.ALLOW
    asked = len(questions(pc))
    pc.give(viewer.say(CapabilityRequest(capability=SPECIAL)))
    assert len(questions(pc)) == asked
    pc.give(viewer.say(CapabilityRequest(capability=Capability.FILE_FETCH)))
    assert len(questions(pc)) == asked, "every time means every time"
    pc.give(viewer.say(CapabilityRequest(capability=Capability.TERMINAL_ADMIN)))
    refused = viewer.last(InputRefused)
    assert isinstance(refused, InputRefused)
    assert refused.removed_by is Factor.MODE


@pytest.mark.parametrize("kind", [KeyPress, TextInput])
def test_S3_input_that_had_to_be_asked_about_is_not_typed_afterwards(kind: type) -> None:
    asks = {Capability.INPUT_KEYS: Policy.ASK, Capability.INPUT_TEXT: Policy.ASK}
    world = new_world(floor=asks)
    viewer = world.live()
    world.give(viewer.say(INPUT[kind]))
    world.answer(True)
    assert world.count(Perform) == 0
    world.give(viewer.say(INPUT[kind]))
    assert world.count(Perform) == 1


def test_N3_what_changed_while_the_customer_was_thinking_counts(pc: World) -> None:
    viewer = pc.live(mode="full")
    pc.give(viewer.say(ProcessEnd(pid=7, started_ms=1)))
    question = questions(pc)[-1]
    pc.carry(pc.session.step_down(pc.now_ms))
    pc.carry(pc.session.answered(question.id, True, frozenset(), pc.now_ms))
    assert pc.count(Perform) == 0
    pc.give(viewer.say(ProcessEnd(pid=7, started_ms=1)))
    assert pc.count(Perform) == 0


@pytest.mark.parametrize("mode", list(Mode))
def test_N4_the_floor_beats_consent_grant_and_mode(mode: Mode) -> None:
    world = new_world(unavailable=frozenset(), service=True, floor=dict.fromkeys(Capability, Policy.DENY))
    world.admins.add("Ana")
    viewer = world.live(mode="observer")
    world.session._desk.consented = frozenset(Capability)
    world.session._control.modes.enter(mode)
    world.wait(0)
    assert all(right.permit is Permit.NEVER for right in heard(viewer, ModeState)[-1].rights.values())


def test_N5_what_the_floor_refuses_is_kept(pc: World) -> None:
    world = new_world(unavailable=frozenset(), floor={INFO: Policy.DENY})
    viewer = world.live()
    world.give(viewer.say(SystemInfoRequest()))
    (entry,) = entries(world, EntryKind.REFUSED)
    assert (entry.who, entry.capabilities) == ("Ana", (INFO,))


# --- the record ---


@pytest.mark.parametrize(
    ("how", "granted", "by"),
    [
        ("yes", True, DecidedBy.CLICK),
        ("no", False, DecidedBy.CLICK),
        ("silence", False, DecidedBy.CLOCK),
        ("gone", False, DecidedBy.WITHDRAWN),
    ],
)
def test_N5_every_decision_is_kept_with_how_it_came(
    pc: World, how: str, granted: bool, by: DecidedBy
) -> None:
    viewer = pc.verified(mode="shared")
    match how:
        case "yes":
            pc.answer(True, frozenset({SPECIAL}))
        case "no":
            pc.answer(False, frozenset({SPECIAL}))
        case "silence":
            pc.now_ms += 60_001
            pc.carry(pc.session.tick(pc.now_ms))
        case _:
            pc.cut(viewer)
    (entry,) = entries(pc, EntryKind.CONSENT)
    assert (entry.who, entry.organisation, entry.mode) == ("Ana", "Org", Mode.SHARED)
    assert (entry.granted, entry.by) == (granted, by)
    assert entry.capabilities == ((SPECIAL,) if granted else ())
    noted = [m.act for m in pc.said if isinstance(m, RecordNotice)]
    assert noted[0] is (RecordedAct.CONSENT_GIVEN if granted else RecordedAct.CONSENT_REFUSED)


def test_N5_who_was_in_when_something_was_decided_is_kept(pc: World) -> None:
    pc.live()
    pc.verified(2, "Eva")
    pc.answer(True)
    assert entries(pc, EntryKind.CONSENT)[-1].present == ("Ana",)


def test_N5_a_session_is_kept_from_the_first_who_comes_to_the_end(pc: World) -> None:
    viewer = pc.live(mode="shared")
    pc.give(viewer.say(INPUT[TextInput]))
    pc.give(viewer.say(INPUT[TextInput]))
    pc.carry(pc.session.step_down(pc.now_ms))
    pc.carry(pc.session.stop(pc.now_ms))
    kinds = [a.entry.kind for a in pc.actions if isinstance(a, Keep)]
    assert kinds == [
        EntryKind.SESSION_STARTED,
        EntryKind.CONSENT,
        EntryKind.JOINED,
        EntryKind.PICTURE_STARTED,
        EntryKind.MODE,
        EntryKind.CONTROL,
        EntryKind.MODE,
        EntryKind.LEFT,
        EntryKind.PICTURE_STOPPED,
        EntryKind.SESSION_ENDED,
    ]
    assert type(pc.actions[-2]).__name__ == "Ended"


def test_C17_C26_the_relay_is_not_flooded_with_notices_and_hears_all_in_the_end(pc: World) -> None:
    viewer = pc.live(mode="full")
    for number in range(1, 50):
        pc.give(viewer.say(ProcessEnd(pid=number, started_ms=1)))
        pc.answer(True)
    assert sum(isinstance(m, RecordNotice) for m in pc.said) <= 30
    assert len(entries(pc, EntryKind.ACT)) == 49, "this PC's own record has all of them"
    for _ in range(120):
        pc.give(viewer.say(Heartbeat(t_ms=1)))
        pc.wait(1000)
    ended = [m.detail for m in pc.said if isinstance(m, RecordNotice) and m.act is RecordedAct.PROCESS_ENDED]
    assert ended == [str(number) for number in range(1, 50)]
