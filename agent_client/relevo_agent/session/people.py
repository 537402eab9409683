"""What people say to and about one another: each message to the room that it belongs to."""

from relevo_agent.session.control import PeopleMessage
from relevo_agent.session.desk import Desk
from relevo_agent.session.doorway import Doorway
from relevo_agent.session.exits import Rooms
from relevo_agent.session.seat import Seat
from relevo_agent.session.team import Team
from relevo_protocol.messages.chat import ChatSend
from relevo_protocol.messages.marks import ClearMarks, Laser, LaserOff, Stroke
from relevo_protocol.messages.relay import ModeNotice
from relevo_protocol.messages.team import (
    GrantChange,
    HandOver,
    InviteRequest,
    InviteRevoke,
    RemoveMember,
    TakeOver,
    TeamKey,
)
from relevo_protocol.modes import Mode
from relevo_protocol.rights import may_show


class People:
    """Chat, marks, invitations and roles; and the presentation that a session may be."""

    def __init__(self, desk: Desk, rooms: Rooms, doorway: Doorway) -> None:
        self._desk = desk
        self._rooms = rooms
        self._begun = False
        self.team = Team(desk, rooms.screen, rooms.questions, doorway)
        if desk.presents:
            desk.mode = Mode.DEMO

    def heard(self, seat: Seat, message: PeopleMessage) -> None:
        """Carry out what the gate has admitted.

        Raises:
            MalformedError: a drawing without sense.
        """
        match message:
            case ChatSend():
                self._rooms.chat.heard(seat, message)
            case Laser() | LaserOff() | Stroke() | ClearMarks():
                self._rooms.marks.heard(seat, message)
            case InviteRequest():
                self._rooms.invites.requested(seat, message)
            case InviteRevoke():
                self._rooms.invites.revoked(message)
            case TeamKey() | TakeOver() | HandOver() | GrantChange() | RemoveMember():
                self.team.heard(seat, message)

    # --- the relay's welcome, and the clock ---

    def welcomed(self, *, resumed: bool) -> None:
        """The relay has our session, new or as it was (SPEC C19, G12)."""
        if resumed:
            for order in self._desk.removed.values():
                self._desk.tell_relay(order)
            self._rooms.invites.announce_again()
        if self._desk.presents:
            self._desk.tell_relay(ModeNotice(mode=Mode.DEMO))
            self._begun = True
            if self._rooms.invites.link is None:
                self._rooms.invites.open_presentation()

    def forget(self) -> None:
        """The session is another one, or over."""
        self._begun = False
        self._desk.removed.clear()
        self._rooms.invites.forget_all()

    def pass_time(self) -> None:
        """Let invitations and lasers end whose time is over; a presentation is never without a link."""
        self._rooms.invites.pass_time()
        self._rooms.marks.pass_time()
        if self._desk.presents and self._begun and self._rooms.invites.link is None:
            self._rooms.invites.open_presentation()

    def settle(self) -> None:
        """At the end of each event: nobody sees who may not any more, and nothing is drawn on no picture."""
        self._rooms.screen.review()
        if self._rooms.marks.drawn and not may_show(self._desk.settings.kind, self._desk.mode):
            self._rooms.marks.clear_all()
        self._rooms.marks.yield_to_question()
