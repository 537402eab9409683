"""Whatever happens in whatever order: what a session promises holds after each step (SPEC G2, P3, R4, S4).

Longer: ``RELEVO_EXAMPLES=1000 pytest tests/properties``.
"""

import os
from dataclasses import replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from relevo_agent.session.actions import Ended, Phase
from relevo_agent.session.core import Session
from relevo_agent.session.deadlines import HELD_SILENCE_MS
from relevo_agent.session.entries import EntryKind
from relevo_protocol.crypto.schedule import Credential
from relevo_protocol.messages import ViewerToHost
from relevo_protocol.messages.administration import HoldRequest
from relevo_protocol.messages.chat import ChatSend
from relevo_protocol.messages.input import KeyPress, PointerButton, PointerMove, ReleaseAll, TextInput
from relevo_protocol.messages.session import DemoJoin, Goodbye, Heartbeat, ModeRequest
from relevo_protocol.messages.team import (
    CapabilityRequest,
    ControlGive,
    ControlRelease,
    ControlRequest,
    GrantChange,
    HandOver,
    InviteRequest,
    MicroHandover,
    RemoveMember,
    TakeOver,
    TeamKey,
)
from relevo_protocol.modes import Capability, Mode, Role, Standing
from tests.agent.fakes import Viewer
from tests.agent.session.company import ask_in, come, with_invite
from tests.agent.session.world import new_world
from tests.properties.watched import Watched

EXAMPLES = int(os.environ.get("RELEVO_EXAMPLES", "25"))
STEPS = 50
WHO = st.integers(0, 4)
SLOT = st.integers(1, 5)
DEMO = DemoJoin(invite=bytes(16), secret=bytes(32))
LOSSES = ("cut", "leave", "silence", "question", "hands", "relay", "step_down", "take_control")
DRIVING = (Capability.INPUT_POINTER, Capability.INPUT_TEXT, Capability.INPUT_KEYS)
SAID: st.SearchStrategy[ViewerToHost] = st.one_of(
    st.builds(ModeRequest, mode=st.sampled_from(Mode), demo=st.just(DEMO)),
    st.builds(GrantChange, slot=SLOT, capability=st.sampled_from(DRIVING), granted=st.booleans()),
    st.builds(ControlGive, slot=SLOT),
    st.builds(HandOver, slot=SLOT),
    st.builds(RemoveMember, slot=SLOT),
    st.builds(TeamKey, public=st.sampled_from([bytes([n]) * 32 for n in (1, 2)])),
    st.builds(ChatSend, text=st.just("hola"), sent=st.integers(0, 3)),
    st.builds(HoldRequest, hours=st.integers(1, 3)),
    st.sampled_from([ControlRequest(), ControlRelease(), MicroHandover(), TakeOver(reason="porque sí")]),
)


class SessionMachine(RuleBasedStateMachine):
    """People, customer, clock and network do what they like; the witness checks."""

    world: Watched
    away: list[Viewer]

    @initialize(trusted=st.booleans(), guest=st.booleans())
    def begin(self, trusted: bool, guest: bool) -> None:
        """Ana leads in full control, Eva is there, perhaps with everything granted, perhaps a guest."""
        plain = new_world(connected=False, service=True, unavailable=frozenset[Capability]())
        self.world = Watched(Session(replace(plain.session._desk.settings)))
        self.world.admins = {"Ana", "Eva"}
        self.away = []
        self.world.connect()
        self.somebody_comes_by_the_code("Ana", True)
        self.somebody_comes_by_the_code("Eva", True)
        for capability in DRIVING if trusted else ():
            self.somebody_says(0, GrantChange(slot=2, capability=capability, granted=True))
        if guest:
            self.a_guest_comes(0)
            self.world.decide(True)
        self.world.frame(keyframe=True)

    # --- who is there ---

    def talking(self) -> list[Viewer]:
        links = self.world.witness.links
        here = [v for v in self.world.viewers if v.channel is not None and v.link in links]
        return [viewer for viewer in here if links[viewer.link].live]

    def pick(self, who: int) -> Viewer | None:
        talking = self.talking()
        return talking[who % len(talking)] if talking else None

    def free_slot(self) -> int | None:
        taken = set(self.world.session._desk.seats) | {viewer.slot for viewer in self.away}
        return next((slot for slot in range(1, 6) if slot not in taken), None)

    # --- people ---

    @rule(name=st.sampled_from(["Eva", "Iris", "Ana"]), let_in=st.sampled_from([True, True, True, None]))
    def somebody_comes_by_the_code(self, name: str, let_in: bool | None) -> None:
        slot = self.free_slot()
        if slot is not None:
            self.world.verified(slot, name)
        if let_in is not None:
            self.world.decide(let_in)

    @rule()
    def a_supervisor_comes(self) -> None:
        slot = self.free_slot()
        credential = ask_in(self.world, "Sara", Standing.SUPERVISOR)
        if slot is not None and isinstance(credential, Credential):
            come(self.world, slot, "Sara", credential)

    @rule(who=WHO)
    def a_guest_comes(self, who: int) -> None:
        slot, inviter = self.free_slot(), self.pick(who)
        if (
            slot is None
            or inviter is None
            or self.role(inviter) is not Role.LEAD
            or self.world.witness.mode is Mode.DEMO
        ):
            return
        before = len(inviter.heard)
        self.world.tell(inviter, InviteRequest(role=Role.EXTERNAL))
        issued = [m for m in inviter.heard[before:] if type(m).__name__ == "InviteIssued"]
        if issued:
            self.world.standings["Gema"] = Standing.GUEST
            come(self.world, slot, "Gema", with_invite(issued[0]), "")  # type: ignore[arg-type]

    @rule(who=WHO, message=SAID)
    def somebody_says(self, who: int, message: ViewerToHost) -> None:
        viewer = self.pick(who)
        if viewer is not None:
            self.world.tell(viewer, message)

    @rule(kind=st.sampled_from(["press", "key", "text", "move"]))
    def who_drives_types(self, kind: str) -> None:
        self.calm_down()
        for viewer in [v for v in self.talking() if self.drives(v)]:
            self.somebody_types(self.talking().index(viewer), kind, 0)

    @rule(kind=st.sampled_from(["press", "key", "text"]))
    def everybody_types(self, kind: str) -> None:
        self.calm_down()
        for who in range(len(self.talking())):
            self.somebody_types(who, kind, 0)

    @rule(proved=st.booleans(), granted=st.booleans())
    def the_lead_wants_to_be_administrator(self, proved: bool, granted: bool) -> None:
        self.calm_down()
        for viewer in [v for v in self.talking() if self.role(v) is Role.LEAD]:
            who = self.talking().index(viewer)
            self.somebody_wants_another_mode(who, Mode.ADMINISTRATOR, proved, granted)

    @rule(who=WHO, kind=st.sampled_from(["press", "key", "text"]))
    def somebody_wants_to_drive_and_types(self, who: int, kind: str) -> None:
        viewer = self.pick(who)
        if viewer is not None:
            self.world.tell(viewer, ControlRequest())
            self.somebody_types(who, kind, 0)

    @rule(behind=st.integers(0, 1), ms=st.sampled_from([1000, 4000]))
    def who_drives_points_at_an_old_picture(self, behind: int, ms: int) -> None:
        self.calm_down()
        for _ in range(2):
            self.world.frame(keyframe=True)
        self.time_passes(ms, beating=True)
        for viewer in [v for v in self.talking() if self.drives(v)]:
            self.somebody_types(self.talking().index(viewer), "press", behind)

    @rule(loss=st.sampled_from(LOSSES))
    def who_holds_a_key_down_loses_control(self, loss: str) -> None:
        self.who_drives_types("key")
        holder = next((v for v in self.talking() if v.link == self.world.witness.held_by), None)
        if holder is None:
            return
        who = self.talking().index(holder)
        match loss:
            case "cut":
                self.a_line_is_cut(who)
            case "leave":
                self.somebody_leaves(who)
            case "silence":
                self.time_passes(2000, beating=False)
                self.time_passes(1500, beating=False)
            case "question":
                self.world.tell(holder, CapabilityRequest(capability=Capability.CLIPBOARD_TO_CUSTOMER))
            case "hands":
                self.the_customer_moves_the_mouse()
            case "relay":
                self.the_relay_is_killed()
            case _:
                self.the_customer_commands(loss)

    def calm_down(self) -> None:
        """Nothing is asked, and the lead is in full control."""
        if not self.talking():
            self.somebody_comes_by_the_code("Ana", True)
        for viewer in tuple(self.away):
            self.come_back(viewer)
        for _ in range(len(self.world.witness.questions)):
            self.world.decide(True)
        lead = next((v for v in self.talking() if self.role(v) is Role.LEAD), None)
        if lead is not None and self.world.witness.mode is not Mode.FULL:
            self.world.tell(lead, ModeRequest(mode=Mode.FULL))
            self.world.decide(True)
        self.world.frame(keyframe=True)

    def role(self, viewer: Viewer) -> Role | None:
        return self.world.witness.links[viewer.link].role

    def drives(self, viewer: Viewer) -> bool:
        told = self.world.witness.links[viewer.link].token
        return told is not None and told.holder == viewer.slot

    @rule(who=WHO, kind=st.sampled_from(["move", "press", "key", "text", "up"]), behind=st.integers(0, 3))
    def somebody_types(self, who: int, kind: str, behind: int) -> None:
        viewer = self.pick(who)
        if viewer is None:
            return
        seen = max(0, (viewer.frames[-1][0].frame_id if viewer.frames else 0) - behind)
        place = {"monitor": 0, "x": 0.5, "y": 0.5, "seen": seen}
        messages: dict[str, ViewerToHost] = {
            "move": PointerMove(**place),  # type: ignore[arg-type]
            "press": PointerButton(**place, button=0, down=True),  # type: ignore[arg-type]
            "key": KeyPress(code="ShiftLeft", key="Shift", down=True),
            "text": TextInput(text="ñ"),
            "up": ReleaseAll(),
        }
        self.world.tell(viewer, messages[kind])

    @rule(who=WHO)
    def somebody_proves_who_they_are(self, who: int) -> None:
        viewer = self.pick(who)
        if viewer is not None:
            self.world.prove(viewer)

    @rule(
        who=WHO,
        mode=st.sampled_from(Mode),
        proved=st.booleans(),
        granted=st.sampled_from([True, False, None]),
    )
    def somebody_wants_another_mode(self, who: int, mode: Mode, proved: bool, granted: bool | None) -> None:
        viewer = self.pick(who)
        if viewer is None:
            return
        if proved:
            self.world.prove(viewer)
        self.world.tell(viewer, ModeRequest(mode=mode, demo=DEMO))
        if granted is not None:
            self.world.decide(granted)

    @precondition(lambda self: len(self.talking()) > 1)
    @rule(who=WHO)
    def somebody_leaves(self, who: int) -> None:
        viewer = self.pick(who)
        if viewer is not None:
            self.world.witness.leaving(viewer.link)
            self.world.tell(viewer, Goodbye())
            self.world.witness.gone(viewer.link)
            self.world.viewers = [other for other in self.world.viewers if other is not viewer]

    @rule(who=WHO)
    def a_line_is_cut(self, who: int) -> None:
        viewer = self.pick(who)
        if viewer is not None:
            self.world.cut(viewer)
            self.away.append(viewer)
            self.world.frame(keyframe=True)

    @precondition(lambda self: bool(self.away))
    @rule()
    def somebody_is_back(self) -> None:
        self.come_back(self.away[-1])

    def come_back(self, viewer: Viewer) -> None:
        """On a new line, if their seat is still there."""
        self.away.remove(viewer)
        if viewer.slot in self.world.session._desk.seats:
            self.world.back(viewer)

    # --- the customer ---

    @rule(granted=st.booleans())
    def the_customer_answers(self, granted: bool) -> None:
        self.world.decide(granted)

    @rule()
    def the_customer_moves_the_mouse(self) -> None:
        self.world.carry(self.world.session.local_input(self.world.now_ms))

    @rule(act=st.sampled_from(["step_down", "take_control", "give_control", "revoke_grant", "new_code"]))
    def the_customer_commands(self, act: str) -> None:
        self.world.carry(getattr(self.world.session, act)(self.world.now_ms))

    @precondition(lambda self: len(self.talking()) > 1)
    @rule(slot=SLOT)
    def the_customer_sends_somebody_away(self, slot: int) -> None:
        self.world.carry(self.world.session.dismiss(slot, self.world.now_ms))

    # --- the rest of the world ---

    @rule(keyframe=st.booleans())
    def a_frame_is_made(self, keyframe: bool) -> None:
        self.world.frame(keyframe=keyframe)

    @rule(ms=st.sampled_from([50, 400, 1100, 2500, 4000, 9000]), beating=st.booleans())
    def time_passes(self, ms: int, beating: bool) -> None:
        for viewer in self.talking() if beating else []:
            self.world.tell(viewer, Heartbeat(t_ms=1))
        self.world.wait(ms)
        self.world.witness.silence_over(HELD_SILENCE_MS)

    @rule()
    def the_relay_is_killed_and_all_come_back(self) -> None:
        self.the_relay_is_killed()
        for viewer in tuple(self.away):
            self.come_back(viewer)

    def the_relay_is_killed(self) -> None:
        lost = [viewer for viewer in self.world.viewers if viewer.resume is not None]
        self.away += [viewer for viewer in lost if viewer not in self.away]
        self.world.lose_line()
        assert self.world.witness.held_by is None, "S4"
        self.world.connect(resumed=True)

    # --- always ---

    @invariant()
    def whoever_may_see_gets_the_next_picture(self) -> None:
        """P3: sealed for those who are live, by a key that nobody else was given."""
        self.world.frame(keyframe=True)

    @invariant()
    def the_record_knows_who_is_in(self) -> None:
        """N5: each coming and going once."""
        snapshot = self.world.session.snapshot
        assert self.world.witness.inside() == len(snapshot.people)
        assert snapshot.mode is self.world.witness.mode

    @invariant()
    def each_act_is_told_once(self) -> None:
        """C26: numbers without a gap, as the relay answered all of them."""
        notices = self.world.session._desk.notices
        assert sorted(self.world.witness.notices) == list(range(1, notices.number - len(notices.waiting) + 1))

    def teardown(self) -> None:
        """The end lets go of everything, and is on record once."""
        self.world.witness.ended = True
        self.world.carry(self.world.session.stop(self.world.now_ms))
        witness = self.world.witness
        assert self.world.session.snapshot.phase is Phase.ENDED
        assert witness.held_by is None
        assert witness.inside() == 0
        assert witness.kept[EntryKind.SESSION_STARTED] == witness.kept[EntryKind.SESSION_ENDED] == 1
        assert self.world.count(Ended) == 1
        assert sorted(witness.notices) == list(range(1, self.world.session._desk.notices.number + 1))


TestSession = SessionMachine.TestCase
TestSession.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    derandomize="RELEVO_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
