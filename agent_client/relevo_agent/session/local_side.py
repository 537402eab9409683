"""The session as the person at this PC and its features have it: their events, and what is shown to them."""

from typing import Final

from relevo_agent.session.actions import (
    Action,
    Ended,
    Notice,
    Phase,
    Show,
    Snapshot,
    Tell,
)
from relevo_agent.session.desk import Settings
from relevo_agent.session.entries import DecidedBy, Entry, EntryKind
from relevo_agent.session.farewell import Farewell
from relevo_agent.session.house import House
from relevo_agent.session.questions import Decision
from relevo_protocol.errors import ErrorCode
from relevo_protocol.gate import Refusal
from relevo_protocol.header import Flags
from relevo_protocol.lifecycle import SeatEvent
from relevo_protocol.messages import HostToViewer
from relevo_protocol.messages.relay import RecordedAct
from relevo_protocol.messages.screen import CaptureState, PictureState, ScreenLayout
from relevo_protocol.messages.session import HostGoodbye
from relevo_protocol.modes import Capability, Mode, Role, SessionKind

EVERYBODY: Final = 0
"""Instead of a slot: all who are in are reported."""


class LocalSide:
    """One method for each event on this PC, each returning the actions that it leads to."""

    def __init__(self, settings: Settings, *, restored: bool = False) -> None:
        house = self._house = House(settings, restored=restored)
        self._desk = house.desk
        self._codes = house.rooms.codes
        self._screen = house.screen
        self._control = house.control
        self._doorway = house.doorway
        self._farewell = Farewell(house.desk)
        self._token: str | None = None
        self._link_up = False
        self._ended = False
        self._snapshot = Snapshot(kind=settings.kind)

    @property
    def ended(self) -> bool:
        """Nothing comes back from here."""
        return self._ended

    @property
    def snapshot(self) -> Snapshot:
        """What was shown last."""
        return self._snapshot

    # --- the customer ---

    def answered(
        self, question_id: int, granted: bool, ticked: frozenset[Capability], now_ms: float
    ) -> list[Action]:
        """The customer has answered; an answer that comes too late changes nothing."""
        self._desk.now_ms = now_ms
        self._house.decide(question_id, Decision(granted, DecidedBy.CLICK, ticked))
        return self._done()

    def step_down(self, now_ms: float) -> list[Action]:
        """The customer takes control back; the others may go on looking."""
        self._desk.now_ms = now_ms
        if self._desk.settings.kind is SessionKind.SUPPORT:
            self._control.power.overrule()
            self._control.modes.step_down(Mode.OBSERVER)
            self._control.power.lower_kept()
        return self._done()

    def local_input(self, now_ms: float) -> list[Action]:
        """The real mouse or keyboard of this PC was used (SPEC G3)."""
        self._desk.now_ms = now_ms
        self._control.driving.local_input()
        return self._done()

    def take_control(self, now_ms: float) -> list[Action]:
        """The customer takes the control token."""
        self._desk.now_ms = now_ms
        self._control.driving.take()
        return self._done()

    def give_control(self, now_ms: float) -> list[Action]:
        """The customer gives the token back to who had it."""
        self._desk.now_ms = now_ms
        self._control.driving.give_back()
        return self._done()

    def cancel_restart(self, now_ms: float) -> list[Action]:
        """The customer calls a restart off."""
        self._desk.now_ms = now_ms
        self._control.power.overrule()
        self._control.power.call_off()
        return self._done()

    def revoke_grant(self, now_ms: float) -> list[Action]:
        """The customer takes administrator mode, the hold and the way back after a restart away."""
        self._desk.now_ms = now_ms
        self._control.power.overrule()
        if self._control.power.revoke():
            self._control.modes.step_down(Mode.FULL)
        return self._done()

    def restart_prepared(self, done: bool, detail: str, now_ms: float) -> list[Action]:
        """The service has taken the state and restarts the PC; or could not."""
        self._desk.now_ms = now_ms
        self._control.power.prepared(done, detail)
        return self._done()

    def say(self, text: str, now_ms: float) -> list[Action]:
        """The person at this PC says something to everybody."""
        self._desk.now_ms = now_ms
        if not self._ended:
            self._house.rooms.chat.say(text)
        return self._done()

    def clear_marks(self, now_ms: float) -> list[Action]:
        """The person at this PC clears everything that was drawn."""
        self._desk.now_ms = now_ms
        self._house.rooms.marks.clear_all()
        return self._done()

    def allow_marks(self, slot: int, allowed: bool, now_ms: float) -> list[Action]:
        """The presenter lets one viewer point and draw, or no longer."""
        self._desk.now_ms = now_ms
        self._house.people.team.allow_marks(slot, allowed)
        return self._done()

    def new_code(self, now_ms: float) -> list[Action]:
        """The customer wants a new code, for the first or for another technician."""
        self._desk.now_ms = now_ms
        if self._link_up and not self._ended:
            self._codes.request()
        return self._done()

    def dismiss(self, slot: int, now_ms: float) -> list[Action]:
        """The customer sends one person away."""
        self._desk.now_ms = now_ms
        seat = self._desk.seats.get(slot)
        if seat is not None:
            self._control.power.overrule()
            self._doorway.dismiss(seat, ErrorCode.REMOVED)
        return self._done()

    def stop(self, now_ms: float, reported: int | None = None) -> list[Action]:
        """The customer ends the session for everybody: here at once, elsewhere over any cut (SPEC C30).

        ``reported``: and reports who is at this slot, or with 0 everybody (SPEC N8).
        """
        self._desk.now_ms = now_ms
        if not self._ended:
            if self._token is not None and not self._control.power.frozen:
                self._farewell.owe()
            for seat in list(self._desk.seats.values()):
                self._desk.tell(seat, HostGoodbye(code=ErrorCode.SESSION_ENDED))
                seat.drop_keys()
            if reported is not None:
                self._report(reported)
            self._finish(ErrorCode.SESSION_ENDED)
            self._farewell.begin(link_up=self._link_up, reported=reported is not None)
        return self._done()

    def _report(self, slot: int) -> None:
        """Tell the relay, and this PC's own record, which knows whether the relay could be told."""
        desk = self._desk
        people = [person for person in desk.people() if slot in (EVERYBODY, person.slot)]
        desk.note(RecordedAct.REPORTED, slot)
        desk.keep(
            Entry(
                EntryKind.REPORTED,
                desk.now_ms,
                who=", ".join(person.display_name for person in people),
                organisation=", ".join(sorted({p.organisation for p in people if p.organisation})),
                granted=self._link_up,
            )
        )
        desk.act(Tell(Notice.REPORTED if self._link_up else Notice.REPORT_KEPT))

    def _finish(self, code: ErrorCode) -> None:
        self._ended = True
        self._everybody_leaves()
        self._desk.act(Ended(code))

    def _everybody_leaves(self) -> None:
        """The session is over, or another one. The lead goes last: nobody is to lead what has ended."""
        for seat in sorted(self._desk.seats.values(), key=lambda seat: seat.role is Role.LEAD):
            self._doorway.end(seat, SeatEvent.LEFT)
        self._codes.spend()
        self._house.people.forget()
        self._control.power.forget()

    # --- the capture and the features ---

    def frame(self, run: int, frame_id: int, flags: Flags, data: bytes, now_ms: float) -> list[Action]:
        """One encoded frame of the capture of this run; ``frame_id`` counts from 1 within the run.

        ``flags``: whether it is a keyframe, and whether the relay may drop it (SPEC W4, C14).
        """
        self._desk.now_ms = now_ms
        self._screen.frame(run, frame_id, flags, data)
        return self._taken()

    def layout(self, run: int, layout: ScreenLayout, now_ms: float) -> list[Action]:
        """The capture has found the screen's size and monitors."""
        self._desk.now_ms = now_ms
        self._screen.layout(run, layout)
        return self._taken()

    def condition(self, run: int, state: CaptureState, now_ms: float) -> list[Action]:
        """There is a picture again, or none, and why."""
        self._desk.now_ms = now_ms
        self._screen.condition(run, state)
        return self._taken()

    def limit(self, run: int, link: int, state: PictureState, now_ms: float) -> list[Action]:
        """What limits the picture of the viewer on this link."""
        self._desk.now_ms = now_ms
        self._screen.limit(run, link, state)
        return self._taken()

    def feature_refused(self, link: int, refusal: Refusal, now_ms: float) -> list[Action]:
        """A feature could not carry an admitted message out."""
        self._desk.now_ms = now_ms
        self._control.refused_by_feature(link, refusal)
        return self._taken()

    def feature_said(self, link: int, message: HostToViewer, now_ms: float) -> list[Action]:
        """A feature answers the viewer on this link; who is gone meanwhile hears nothing."""
        self._desk.now_ms = now_ms
        seat = self._desk.seat_of(link)
        if seat is not None and seat in self._desk.live:
            self._desk.tell(seat, message)
        return self._taken()

    # --- what comes out ---

    def _taken(self) -> list[Action]:
        out, self._desk.out = self._desk.out, []
        return out

    def _done(self) -> list[Action]:
        """Collect the actions, and whatever is to be shown differently now."""
        if self._link_up and not self._ended:
            self._codes.renew_when_due()
        self._house.settle()
        now = self._now()
        if now != self._snapshot:
            self._snapshot = now
            self._desk.act(Show(now))
        return self._taken()

    def _now(self) -> Snapshot:
        power = self._control.power
        return Snapshot(
            phase=self._phase(),
            mode=self._desk.mode,
            code=self._codes.shown,
            people=self._desk.people(),
            kind=self._desk.settings.kind,
            token=self._control.driving.shown,
            chat=self._house.rooms.chat.entries,
            restart_at_ms=power.restart_at_ms,
            grant_ends_at_ms=self._desk.grant_ends_ms,
            hold_ends_at_ms=power.hold_ends_ms,
            marks=self._house.rooms.marks.drawn,
            link=self._house.rooms.invites.link,
        )

    def _phase(self) -> Phase:
        if self._ended:
            return Phase.ENDED
        if not self._link_up:
            return Phase.RECONNECTING if self._token is not None else Phase.CONNECTING
        return Phase.LIVE if self._desk.seated else Phase.WAITING
