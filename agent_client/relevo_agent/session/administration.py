"""Administrator mode's grant, hold and restart, as far as they are the session's (SPEC V1, V5-V7)."""

import re
from dataclasses import replace
from typing import Final

from relevo_agent.session.actions import CallRestartOff, CloseLink, Notice, PrepareRestart, Tell
from relevo_agent.session.desk import Desk, Hold
from relevo_agent.session.entries import Entry, EntryKind
from relevo_agent.session.questions import ASK_AGAIN_MS
from relevo_agent.session.refusals import refuse, refuse_haste
from relevo_agent.session.seat import Seat
from relevo_protocol.errors import ErrorCode
from relevo_protocol.gate import Refusal
from relevo_protocol.inert import INERT
from relevo_protocol.limits import ADMINISTRATOR_LIFE_S, RESTART_COUNTDOWN_S, RESTART_LIFE_S
from relevo_protocol.messages import HostToViewer
from relevo_protocol.messages.administration import ActDone, AdministratorState, RestartState
from relevo_protocol.messages.relay import HoldNotice, ModeNotice, RecordedAct, RestartNotice
from relevo_protocol.modes import MODE_TABLE, Capability, Mode, Permit, is_step_up
from relevo_protocol.rights import Factor

PREPARE_DEADLINE_MS: Final = 20_000
"""The service has so long to take the sealed state; then the restart is off."""
DOWN_DEADLINE_MS: Final = 120_000
"""A PC that still runs so long after it was to go down does not restart: the session goes on."""
_DETAIL_CHARS: Final = 200
_INERT: Final = re.compile(INERT)


def _inert(text: str) -> str:
    """What the system said, as one line that may stand before people's eyes."""
    return "".join(sign if _INERT.match(sign) else " " for sign in text)[:_DETAIL_CHARS]


class Administration:
    """When the grant and the hold end, and the way down to a restart."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.restart_at_ms: float | None = None
        self._asked_by: int | None = None
        self._preparing_until_ms: float | None = None
        self._down_until_ms: float | None = None
        self._rest_until_ms = float("-inf")
        self._hold_announced = False
        self._state_told: dict[int, tuple[float | None, float | None]] = {}
        self._restart_told: dict[int, float | None] = {}

    @property
    def hold_ends_ms(self) -> float | None:
        """When the hold ends; ``None`` if there is none."""
        return None if self._desk.hold is None else self._desk.hold.until_ms

    # --- the grant ---

    def mode_entered(self, grant_ends_ms: float | None = None) -> None:
        """The mode has changed: the grant begins or ends with it, and a restart that it lacks is off.

        ``grant_ends_ms``: a grant of before goes on, and is not lengthened.
        """
        desk = self._desk
        desk.grant_ends_ms = None
        if desk.mode is Mode.ADMINISTRATOR:
            desk.grant_ends_ms = grant_ends_ms or desk.now_ms + ADMINISTRATOR_LIFE_S * 1000
        self.lower_kept()
        if MODE_TABLE[desk.mode][Capability.POWER_REBOOT] is Permit.NEVER:
            self.call_off()

    def lower_kept(self) -> None:
        """The customer wants no more than the mode that holds: nobody comes back into a higher one."""
        desk = self._desk
        desk.hold, desk.returning = self._now_granted(desk.hold), self._now_granted(desk.returning)

    def _now_granted(self, kept: Hold | None) -> Hold | None:
        """Who may come back has the mode that was granted to them last, or less."""
        if kept is None:
            return None
        lead = self._desk.lead
        own = lead is not None and lead.vouched.account_id == kept.account_id
        if own or not is_step_up(kept.mode, self._desk.mode):
            return replace(kept, mode=self._desk.mode, grant_ends_ms=self._desk.grant_ends_ms)
        return kept

    def grant_over(self) -> bool:
        """Tell whether the grant has just ended by the clock."""
        ends_ms = self._desk.grant_ends_ms
        return ends_ms is not None and self._desk.now_ms >= ends_ms

    def revoke(self) -> bool:
        """The customer takes back everything that was granted; true if administrator mode has to end."""
        self.call_off()
        self._desk.returning = None
        self.end_hold()
        self._desk.note(RecordedAct.GRANT_REVOKED, 0)
        self._keep_act("grant revoked", None)
        return self._desk.mode is Mode.ADMINISTRATOR

    # --- hold ---

    def hold(self, seat: Seat, hours: int) -> None:
        """Keep session and seats for so long with nobody there; the lead may come back (SPEC V7)."""
        desk = self._desk
        lead = desk.lead
        if lead is None:
            return
        if not desk.relay_acts.spend(desk.now_ms):
            refuse_haste(desk, seat, Capability.SESSION_HOLD)
            return
        self._hold_announced = True
        until_ms = desk.now_ms + hours * 3_600_000
        desk.hold = Hold(lead.vouched.account_id, desk.mode, until_ms, desk.grant_ends_ms)
        desk.tell_relay(HoldNotice(hold_s=hours * 3600))
        desk.note(RecordedAct.HELD, seat.slot, f"{hours} h")
        self._keep_act(f"hold {hours} h", seat)

    def end_hold(self) -> None:
        """The session is kept no longer than others."""
        if self._desk.hold is not None:
            self._desk.hold = None
            self._desk.tell_relay(HoldNotice(hold_s=0))
            self._keep_act("hold ended", None)

    def forget(self) -> None:
        """The session is another one: nothing that was granted in the old one holds."""
        self._desk.hold = self._desk.returning = None
        self._desk.restart_until_ms = float("-inf")
        self._desk.grant_ends_ms = None
        self.restart_at_ms = self._asked_by = None
        self._preparing_until_ms = self._down_until_ms = None

    def held_before(self, hold: Hold | None) -> None:
        """After a restart: the relay knows of a hold already, and must hear of its end."""
        self._desk.hold = hold
        self._hold_announced = hold is not None

    def link_back(self) -> None:
        """The relay has us back, it hears of mode and hold again: either may have changed meanwhile."""
        self._desk.tell_relay(ModeNotice(mode=self._desk.mode))
        hold = self._desk.hold
        if self._hold_announced:
            left_ms = 0.0 if hold is None else max(0.0, hold.until_ms - self._desk.now_ms)
            self._desk.tell_relay(HoldNotice(hold_s=int(left_ms / 1000)))

    # --- restart ---

    @property
    def frozen(self) -> bool:
        """What the service was given must stay true: nobody resumes, and no token is used, until it has."""
        return self._preparing_until_ms is not None or self._down_until_ms is not None

    def restart(self, seat: Seat) -> None:
        """Begin to count down; the customer sees it, and may call it off (SPEC V5)."""
        if self.restart_at_ms is not None or self.frozen:
            return
        if not self._desk.settings.service:
            refusal = Refusal(ErrorCode.NOT_PERMITTED, Capability.POWER_REBOOT, Factor.PLATFORM)
            refuse(self._desk, seat, refusal)
            return
        if self._desk.now_ms < self._rest_until_ms:
            refuse_haste(self._desk, seat, Capability.POWER_REBOOT)
            return
        self.restart_at_ms = self._desk.now_ms + RESTART_COUNTDOWN_S * 1000
        self._asked_by = seat.slot
        self._keep_act("restart", seat)

    def call_off(self, by: Seat | None = None) -> bool:
        """No restart; true if there was one to call off. Too late once the service has the state."""
        if self.restart_at_ms is None or self.frozen:
            return False
        self.restart_at_ms = self._asked_by = None
        self._rest_until_ms = self._desk.now_ms + ASK_AGAIN_MS
        self._keep_act("restart called off", by)
        if by is not None:
            self._desk.act(Tell(Notice.RESTART_OFF, by.vouched.display_name))
        return True

    def restart_due(self) -> bool:
        """Tell whether the countdown is over and the state has to be left with the service."""
        if self.restart_at_ms is None or self.frozen:
            return False
        if not self._desk.seated:
            self.call_off()
            return False
        return self._desk.now_ms >= self.restart_at_ms

    def cannot(self, why: str) -> None:
        """The countdown is over and the restart cannot be: it is off."""
        self._failed(why)

    def prepare(self, state: bytes) -> None:
        """Leave the state with the service, which restarts the PC."""
        self._preparing_until_ms = self._desk.now_ms + PREPARE_DEADLINE_MS
        self._desk.act(PrepareRestart(state, RESTART_LIFE_S))

    def overrule(self) -> None:
        """The customer has changed what the service was given: the PC must not come back to it.

        A service that has not answered yet is told when it does.
        """
        if not self.frozen:
            return
        if self._down_until_ms is not None:
            self._desk.act(CallRestartOff())
        self._preparing_until_ms = None
        self._rest_until_ms = self._desk.now_ms + ASK_AGAIN_MS
        self._failed("the customer called it off")

    def prepared(self, done: bool, detail: str) -> None:
        """The service has the state, and the PC goes down; or it could not."""
        if self._preparing_until_ms is None:
            if done:
                self._desk.act(CallRestartOff())  # it is wanted no longer: too late, overruled, or over
            return
        self._preparing_until_ms = None
        if not done:
            self._failed(detail)
            return
        self._desk.note(RecordedAct.RESTART, self._asked_by or 0)
        self._desk.send_notices(at_once=True)
        self._desk.tell_relay(RestartNotice(back_in_s=RESTART_LIFE_S))
        self._down_until_ms = self._desk.now_ms + DOWN_DEADLINE_MS
        self._desk.act(CloseLink(ErrorCode.SHUTTING_DOWN))

    def _failed(self, detail: str) -> None:
        self.restart_at_ms = self._asked_by = self._down_until_ms = None
        self._keep_act("restart failed", None)
        self._desk.act(Tell(Notice.RESTART_OFF))
        self._tell_all(ActDone(act="restart", done=False, detail=_inert(detail)))

    # --- the clock, and what everybody knows ---

    def tick(self) -> None:
        """Let the deadlines of hold and restart pass; the grant's end is for who holds the mode."""
        now_ms, hold = self._desk.now_ms, self._desk.hold
        if hold is not None and now_ms >= hold.until_ms:
            self.end_hold()
        if self._desk.returning is not None and now_ms >= self._desk.returning.until_ms:
            self._desk.returning = None
        if self._preparing_until_ms is not None and now_ms >= self._preparing_until_ms:
            self._preparing_until_ms = None
            self._failed("the service did not answer in time")
        if self._down_until_ms is not None and now_ms >= self._down_until_ms:
            # What it has is outdated as soon as the session goes on.
            self._desk.act(CallRestartOff())
            self._failed("the PC did not go down in time")

    def settle(self) -> None:
        """At the end of each event: whoever does not know how things stand is told."""
        self._hand_hold_on()
        self._welcome_back()
        live = self._desk.live
        ends = (self._desk.grant_ends_ms, self.hold_ends_ms)
        links = {seat.link for seat in live}
        self._state_told = {link: told for link, told in self._state_told.items() if link in links}
        self._restart_told = {link: told for link, told in self._restart_told.items() if link in links}
        for seat in live:
            if self._state_told.get(seat.link, (None, None)) != ends:
                self._state_told[seat.link] = ends
                self._desk.tell(
                    seat,
                    AdministratorState(
                        grant_ends_in_s=self._left_s(ends[0]), hold_ends_in_s=self._left_s(ends[1])
                    ),
                )
            if self._restart_told.get(seat.link) != self.restart_at_ms:
                self._restart_told[seat.link] = self.restart_at_ms
                self._desk.tell(seat, RestartState(in_s=self._left_s(self.restart_at_ms)))

    def _welcome_back(self) -> None:
        """Once the lead is here again after a restart, they have come back: not a second time."""
        returning, lead = self._desk.returning, self._desk.lead
        if returning is None or lead is None or lead not in self._desk.live:
            return
        if lead.vouched.account_id == returning.account_id:
            self._desk.returning = None

    def _hand_hold_on(self) -> None:
        """Who leads instead of the one who held, and still sees them here, holds now (SPEC G8)."""
        lead, hold = self._desk.lead, self._desk.hold
        if lead is None or hold is None or lead.vouched.account_id == hold.account_id:
            return
        if any(seat.vouched.account_id == hold.account_id for seat in self._desk.seated):
            self._desk.hold = replace(hold, account_id=lead.vouched.account_id)

    def _left_s(self, at_ms: float | None) -> int | None:
        return None if at_ms is None else max(0, round((at_ms - self._desk.now_ms) / 1000))

    def _tell_all(self, message: HostToViewer) -> None:
        for seat in self._desk.live:
            self._desk.tell(seat, message)

    def _keep_act(self, what: str, seat: Seat | None) -> None:
        who = seat.vouched.display_name if seat is not None else ""
        self._desk.keep(Entry(EntryKind.ACT, self._desk.now_ms, who=who, mode=self._desk.mode, detail=what))
