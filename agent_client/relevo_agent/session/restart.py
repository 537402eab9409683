"""What the session leaves with the service before a restart, and how it is itself again after it (SPEC V6).

The state holds secrets: it goes to the service alone, which seals it, gives it out once, and deletes it then.
"""

from dataclasses import asdict
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from relevo_agent.session.actions import ChatEntry
from relevo_agent.session.desk import Hold
from relevo_agent.session.house import House
from relevo_agent.session.records import RESTART_MARGIN
from relevo_agent.session.seat import Seat
from relevo_protocol.crypto.schedule import ChannelContext, Credential
from relevo_protocol.errors import ErrorCode, MalformedError, ProtocolError
from relevo_protocol.lifecycle import SeatState
from relevo_protocol.limits import (
    ADMINISTRATOR_LIFE_S,
    MAX_CHAT_LINES_KEPT,
    MAX_HOLD_HOURS,
    MAX_UNRECORDED,
    MAX_VIEWERS,
    RESTART_LIFE_S,
)
from relevo_protocol.messages.base import (
    AccountId,
    ActNumber,
    Link,
    Name,
    Origin,
    Secret32,
    SessionId,
    Slot,
    SlotOrHost,
    Token,
)
from relevo_protocol.messages.chat import ChatText, LineNumber, SentNumber
from relevo_protocol.messages.relay import RecordNotice, ViewerJoining
from relevo_protocol.modes import Capability, Mode, Role, Standing

VERSION: Final = 2
MAX_STATE_BYTES: Final = 256 * 1024
EPOCH_MARGIN: Final = 1000
FRAME_MARGIN: Final = 100_000
"""What may still be sent after the state was written: numbers must go on rising (SPEC F9, K17)."""
CHAT_BYTES: Final = 8 * 1024
"""Of the chat so much is kept for those who may lack it."""
CHAT_NUMBERS: Final = 64
"""Of each person's own numbers so many: more than a viewer says again."""
_CLOCK_SLACK_MS: Final = 60_000
"""A clock that was set while the PC restarted may be off by so much."""

WallMs = Annotated[float, Meta(ge=0, le=1e15)]
Capabilities = Annotated[list[Capability], Meta(max_length=64)]
CountedLine = Annotated[int, Meta(ge=0, le=2**53 - 1)]


class _Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class SavedSecret(_Record, frozen=True):
    """One resume secret, and how flight 1 names it."""

    secret: Secret32
    ref: Annotated[bytes, Meta(min_length=8, max_length=8)]


class SavedLine(_Record, frozen=True, array_like=True):
    """A line of the chat that somebody may lack."""

    line: LineNumber
    slot: SlotOrHost
    name: Name
    text: ChatText
    at_ms: WallMs


class SavedSeat(_Record, frozen=True):
    """One person who may come back, and which line each of their own last numbers became (SPEC T8)."""

    slot: Slot
    link: Link
    account_id: AccountId
    display_name: Name
    organisation: Name
    standing: Standing
    admin_tools: bool
    role: Role
    entered_as: Role
    granted: Capabilities
    control_agreed: bool
    first_line: CountedLine
    told_line: CountedLine
    sent_lines: Annotated[dict[SentNumber, LineNumber], Meta(max_length=CHAT_NUMBERS)]
    secrets: Annotated[list[SavedSecret], Meta(min_length=1, max_length=2)]


class SavedHold(_Record, frozen=True):
    """A hold, its times as times of day."""

    account_id: AccountId
    mode: Mode
    until_ms: WallMs
    grant_ends_ms: WallMs | None


class SavedSession(_Record, frozen=True):
    """The whole session, its times as times of day (ms since 1970)."""

    version: int
    deadline_ms: WallMs
    token: Token
    origin: Origin
    session_id: SessionId
    mode: Mode
    consented: Capabilities
    grant_ends_ms: WallMs | None
    hold: SavedHold | None
    epoch: Annotated[int, Meta(ge=0, le=2**53 - 1)]
    frame_id: Annotated[int, Meta(ge=0, le=2**32 - 1)]
    chat_lines: CountedLine
    chat: Annotated[list[SavedLine], Meta(max_length=MAX_CHAT_LINES_KEPT)]
    device: Annotated[bytes, Meta(min_length=32, max_length=32)]
    seats: Annotated[list[SavedSeat], Meta(min_length=1, max_length=MAX_VIEWERS)]
    acts: ActNumber
    unrecorded: Annotated[list[RecordNotice], Meta(max_length=MAX_UNRECORDED)]


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(SavedSession)


def saved(house: House, token: str) -> bytes:
    """Return the state of a session as bytes, to be sealed by the service at once.

    Raises:
        ValueError: the session has no relay, or nobody in it who could come back.
    """
    desk = house.desk
    chat = house.rooms.chat
    seats = [
        _saved_seat(seat, chat.sure_line(seat, seat.heard_ms))
        for seat in desk.seated
        if seat.resume is not None
    ]
    if desk.context is None or not seats:
        raise ValueError("nobody is here who could come back after a restart")
    to_wall_ms = desk.settings.wall_ms() - desk.now_ms
    hold = desk.hold
    epoch, frame_id = house.screen.counters
    return _encoder.encode(
        SavedSession(
            version=VERSION,
            deadline_ms=desk.settings.wall_ms() + RESTART_LIFE_S * 1000,
            token=token,
            origin=desk.context.relay_origin,
            session_id=desk.context.session_id,
            mode=desk.mode,
            consented=sorted(desk.consented),
            grant_ends_ms=None if desk.grant_ends_ms is None else desk.grant_ends_ms + to_wall_ms,
            hold=None if hold is None else _saved_hold(hold, to_wall_ms),
            epoch=epoch + EPOCH_MARGIN,
            frame_id=min(frame_id + FRAME_MARGIN, 2**32 - 1),
            chat_lines=chat.count,
            chat=[SavedLine(**asdict(entry)) for entry in chat.newest(CHAT_BYTES)],
            device=desk.settings.identity.device_key,
            seats=seats,
            acts=desk.notices.number + RESTART_MARGIN,
            unrecorded=desk.notices.unrecorded,
        )
    )


def _saved_seat(seat: Seat, sure_line: int) -> SavedSeat:
    vouched = seat.vouched
    secrets = [c for c in (seat.resume, seat.resume_before) if c is not None]
    return SavedSeat(
        slot=seat.slot,
        link=seat.link,
        account_id=vouched.account_id,
        display_name=vouched.display_name,
        organisation=vouched.organisation,
        standing=vouched.standing,
        admin_tools=vouched.admin_tools,
        role=seat.role,
        entered_as=seat.entered_as,
        granted=sorted(seat.granted - seat.lent),
        control_agreed=seat.control_agreed,
        first_line=seat.first_line,
        told_line=sure_line,
        sent_lines=dict(list(seat.sent_lines.items())[-CHAT_NUMBERS:]),
        secrets=[SavedSecret(secret=c.secret, ref=c.ref) for c in secrets],
    )


def _saved_hold(hold: Hold, to_wall_ms: float) -> SavedHold:
    ends_ms = hold.grant_ends_ms
    return SavedHold(
        account_id=hold.account_id,
        mode=hold.mode,
        until_ms=hold.until_ms + to_wall_ms,
        grant_ends_ms=None if ends_ms is None else ends_ms + to_wall_ms,
    )


def read(state: bytes, wall_ms: float) -> SavedSession:
    """Return the state that :func:`saved` wrote, checked.

    Raises:
        MalformedError: these bytes are no such state.
        ProtocolError: it is another version's, or its time is over (``resume_invalid``).
    """
    if len(state) > MAX_STATE_BYTES:
        raise MalformedError(f"a saved session of {len(state)} bytes")
    try:
        session = _decoder.decode(state)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedError(f"no saved session: {error}") from error
    if session.version != VERSION:
        raise ProtocolError(f"a saved session of version {session.version}", ErrorCode.RESUME_INVALID)
    left_ms = session.deadline_ms - wall_ms
    if not 0 < left_ms <= RESTART_LIFE_S * 1000 + _CLOCK_SLACK_MS:
        raise ProtocolError("the time to come back after the restart is over", ErrorCode.RESUME_INVALID)
    slots = {seat.slot for seat in session.seats}
    leads = sum(seat.role is Role.LEAD for seat in session.seats)
    if len(slots) != len(session.seats) or leads > 1:
        raise MalformedError("a saved session with a seat or a lead twice")
    return session


def restore(house: House, session: SavedSession, now_ms: float) -> None:
    """Make a new session the one that was saved: the same people, rights and numbers.

    Raises:
        ProtocolError: the device is another one than the viewers know (``resume_invalid``).
    """
    desk = house.desk
    if session.device != desk.settings.identity.device_key:
        raise ProtocolError("the saved session belongs to another device key", ErrorCode.RESUME_INVALID)
    desk.now_ms = now_ms
    from_wall_ms = now_ms - desk.settings.wall_ms()
    desk.context = ChannelContext(session.origin, session.session_id)
    for part in session.seats:
        desk.seats[part.slot] = _seat(part, now_ms)
    desk.mode = session.mode
    desk.consented = frozenset(session.consented)
    if session.mode is Mode.ADMINISTRATOR:
        life_ms = ADMINISTRATOR_LIFE_S * 1000.0
        desk.grant_ends_ms = now_ms + min(life_ms, (session.grant_ends_ms or 0) + from_wall_ms - now_ms)
    lead = desk.lead
    if lead is not None and session.mode is Mode.ADMINISTRATOR:
        desk.granted_to = lead.vouched.account_id
    until_ms = desk.restart_until_ms = session.deadline_ms + from_wall_ms
    if lead is not None:
        desk.returning = Hold(lead.vouched.account_id, desk.mode, until_ms, desk.grant_ends_ms)
    house.control.power.held_before(_hold(session.hold, from_wall_ms, now_ms))
    house.screen.go_on_from(session.epoch, session.frame_id)
    lines = (ChatEntry(one.line, one.slot, one.name, one.text, one.at_ms) for one in session.chat)
    house.rooms.chat.go_on_from(session.chat_lines, lines)
    desk.notices.go_on_from(session.acts, session.unrecorded)
    house.control.driving.enter_mode()


def _seat(part: SavedSeat, now_ms: float) -> Seat:
    vouched = ViewerJoining(
        link=part.link,
        slot=part.slot,
        account_id=part.account_id,
        display_name=part.display_name,
        organisation=part.organisation,
        resumed=True,
        standing=part.standing,
        admin_tools=part.admin_tools,
    )
    seat = Seat(vouched, part.link, now_ms, state=SeatState.AWAY, role=part.role, entered_as=part.entered_as)
    seat.granted = frozenset(part.granted)
    seat.control_agreed = part.control_agreed
    seat.first_line, seat.told_line = part.first_line, part.told_line
    seat.sent_lines = dict(part.sent_lines)
    credentials = [Credential("resume", secret.secret, secret.ref) for secret in part.secrets]
    seat.resume = credentials[0]
    seat.resume_before = credentials[1] if len(credentials) > 1 else None
    return seat


def _hold(part: SavedHold | None, from_wall_ms: float, now_ms: float) -> Hold | None:
    if part is None:
        return None
    longest_ms = now_ms + MAX_HOLD_HOURS * 3_600_000
    ends_ms = part.grant_ends_ms
    return Hold(
        part.account_id,
        part.mode,
        min(longest_ms, part.until_ms + from_wall_ms),
        None if ends_ms is None else ends_ms + from_wall_ms,
    )
