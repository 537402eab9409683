"""The picture's way out: epochs, sealing, frame numbers, and how old the picture is that a viewer acts on."""

from collections import deque
from typing import Final

from relevo_agent.session.actions import (
    Acked,
    Keep,
    NeedKeyframe,
    Send,
    SetDecoders,
    SetQuality,
    StartCapture,
    StopCapture,
    Watching,
)
from relevo_agent.session.desk import Desk
from relevo_agent.session.entries import Entry, EntryKind
from relevo_agent.session.seat import Seat, roster_member
from relevo_protocol.crypto.media import EPOCH_SECRET_BYTES, MediaSender
from relevo_protocol.crypto.roster import roster_hash, signature_required
from relevo_protocol.frame import BASE_CODECS, CodecId
from relevo_protocol.header import Flags, Header, MessageType
from relevo_protocol.limits import POINTER_STALE_MS
from relevo_protocol.messages.screen import (
    CaptureCondition,
    CaptureState,
    Decoders,
    FrameAck,
    PictureState,
    Quality,
    ScreenLayout,
)
from relevo_protocol.messages.session import Epoch, Member
from relevo_protocol.modes import Capability, Permit, SessionKind
from relevo_protocol.rights import effective_right, may_show

WANTED_GAP_MS: Final = 100
DECODERS_TAKEN: Final = 4
"""So often a viewer may say anew on one line what it decodes; then only that it decodes less."""
_CODECS: Final = frozenset(CodecId) - BASE_CODECS
_MODESTY: Final = (Quality.FAST, Quality.AUTO, Quality.SHARP)


class Screen:
    """Seals frames for the viewers that may see, and for nobody else (SPEC K13, P3, I4, G13)."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._epoch = 0
        self._told_epoch = 0
        self._sender: MediaSender | None = None
        self._signed = False
        self._run = 0
        self._running = False
        self._base = 0
        self._last = 0
        self._sent: deque[tuple[int, float]] = deque()
        self._forgotten = 0
        self._needs_keyframe = True
        self._wanted_ms = float("-inf")
        self._quality = Quality.AUTO
        self._decoders: frozenset[CodecId] = frozenset()
        self._watching: frozenset[int] = frozenset()
        self._paused: frozenset[int] = frozenset()

    @property
    def counters(self) -> tuple[int, int]:
        """The last epoch and frame number that were used."""
        return max(self._epoch, self._told_epoch), self._last

    def go_on_from(self, epoch: int, frame_id: int) -> None:
        """Count on from what a restart interrupted: numbers only rise (SPEC F9, K17)."""
        self._epoch = self._told_epoch = epoch
        self._last = self._base = frame_id

    def renew_epoch(self) -> None:
        """Somebody came or went, or is somebody else now: a fresh key for those who may see (SPEC P3, G9).

        Who is in but may not see has the same list under a key that opens nothing. Where nobody may see, the
        capture ends (SPEC G13).
        """
        live = self._desk.live
        seeing = [seat for seat in live if self._may_see(seat)]
        blind = [seat for seat in live if seat not in seeing]
        self._tell_watching(seeing)
        if not seeing:
            self._stop()
        members = [seat.member() for seat in live]
        self._sender = None
        if seeing:
            self._sender = self._media_sender(self._give_key(seeing, members), members)
        if blind:
            self._give_key(blind, members)
        self._tell_paused(seeing, blind)

    def _media_sender(self, secret: bytes, members: list[Member]) -> MediaSender:
        """Frames go out under the epoch that was told last, and begin with a keyframe."""
        hashed = [roster_member(member) for member in members]
        self._epoch = self._told_epoch
        self._signed = signature_required(hashed)
        self._needs_keyframe = True
        return MediaSender(secret, roster_hash(hashed), self._epoch, self._desk.settings.device_key)

    def _give_key(self, seats: list[Seat], members: list[Member]) -> bytes:
        """Begin an epoch, tell these seats and return its secret."""
        secret = self._desk.settings.entropy(EPOCH_SECRET_BYTES)
        self._told_epoch += 1
        for seat in seats:
            self._desk.tell(seat, Epoch(epoch=self._told_epoch, secret=secret, members=members))
        return secret

    def review(self) -> None:
        """Mode, role or grant may have changed: nobody goes on seeing who may not any more."""
        seeing = frozenset(seat.link for seat in self._desk.live if self._may_see(seat))
        if seeing != self._watching:
            self.renew_epoch()
            self.start_if_live()

    def _may_see(self, seat: Seat) -> bool:
        kind = self._desk.settings.kind
        if not may_show(kind, self._desk.mode):
            return False
        if kind is SessionKind.PRESENTATION:
            return True
        right = effective_right(Capability.SCREEN_VIEW, self._desk.circumstances(seat))
        return right.permit is not Permit.NEVER

    def _tell_paused(self, seeing: list[Seat], blind: list[Seat]) -> None:
        """Instead of a picture that stands still: that there is none now, and that there is one again."""
        for seat in blind:
            if seat.link not in self._paused:
                self._desk.tell(seat, CaptureState(condition=CaptureCondition.PAUSED))
        for seat in seeing:
            if seat.link in self._paused:
                self._desk.tell(seat, CaptureState(condition=CaptureCondition.OK))
                self.welcome(seat)
        self._paused = frozenset(seat.link for seat in blind)

    def start(self) -> None:
        """Capture runs, and its next frame is a keyframe."""
        if not self._running:
            self._running = True
            self._run += 1
            self._base = self._last
            self._desk.layout = self._desk.condition = None
            self._desk.act(StartCapture(self._run))
            self._desk.act(Keep(Entry(EntryKind.PICTURE_STARTED, self._desk.now_ms)))
            return
        self._desk.act(NeedKeyframe(urgent=True))

    def _stop(self) -> None:
        if self._running:
            self._running = False
            self._desk.layout = self._desk.condition = None
            self._desk.act(StopCapture())
            self._desk.act(Keep(Entry(EntryKind.PICTURE_STOPPED, self._desk.now_ms)))

    def start_if_live(self) -> None:
        """After a new epoch: those who may see need a keyframe under the new key."""
        if self._watching:
            self.start()

    def frame(self, run: int, frame_id: int, flags: Flags, data: bytes) -> None:
        """Seal one frame of the capture and send it to everybody who is live.

        KEYFRAME and DROPPABLE are the capture's to say; SIGNED is not.

        A frame of an earlier run, or one that needs frames of an older key, is dropped.
        """
        if run != self._run or not self._running or self._sender is None:
            return
        if self._needs_keyframe and not flags & Flags.KEYFRAME:
            return
        self._needs_keyframe = False
        self._last = self._base + frame_id
        own = flags & (Flags.KEYFRAME | Flags.DROPPABLE) | (Flags.SIGNED if self._signed else Flags.NONE)
        counter = self._sender.next_counter
        header = Header(
            MessageType.MEDIA, own, dst=0, frame_id=self._last, key_id=self._epoch, counter=counter
        ).pack()
        self._desk.act(Send(self._sender.seal_message(header, counter, data), media=True))
        self._remember_sent()

    def layout(self, run: int, layout: ScreenLayout) -> None:
        """The capture has found the screen's size and monitors."""
        if run == self._run and self._running:
            self._desk.layout = layout
            for seat in self._seeing:
                self._desk.tell(seat, layout)

    def condition(self, run: int, state: CaptureState) -> None:
        """There is a picture again, or none, and why."""
        if run == self._run and self._running:
            self._desk.condition = state
            for seat in self._seeing:
                self._desk.tell(seat, state)

    @property
    def _seeing(self) -> list[Seat]:
        return [seat for seat in self._desk.live if seat.link in self._watching]

    def welcome(self, seat: Seat) -> None:
        """What a viewer who has just come needs before the keyframe."""
        if seat.link not in self._watching:
            return
        for known in (self._desk.layout, self._desk.condition):
            if known is not None:
                self._desk.tell(seat, known)

    def ack(self, seat: Seat, ack: FrameAck) -> None:
        """A viewer has drawn a frame; one that was never sent, or was told before, is ignored."""
        own = ack.frame_id - self._base
        if own > 0 and seat.acked < ack.frame_id <= self._last:
            seat.acked = ack.frame_id
            self._desk.act(Acked(seat.link, own, ack.decode_ms))

    def limit(self, run: int, link: int, state: PictureState) -> None:
        """What limits the picture of one viewer (SPEC D6)."""
        seat = self._desk.seat_of(link)
        if run == self._run and self._running and seat is not None and link in self._watching:
            self._desk.tell(seat, state)

    def decoders(self, seat: Seat, told: Decoders) -> None:
        """A viewer says what it decodes; numbers that this side does not know are of no use to it.

        Another choice begins with a keyframe for everybody, so that nobody may change it for ever.
        """
        decoders = _CODECS.intersection(told.codecs)
        if seat.decoders_told >= DECODERS_TAKEN:
            decoders &= seat.decoders
        elif decoders != seat.decoders:
            seat.decoders_told += 1
        seat.decoders = decoders
        self._choose_decoders()

    def _choose_decoders(self) -> None:
        seeing = [seat.decoders for seat in self._seeing]
        common = frozenset[CodecId].intersection(*seeing) if seeing else self._decoders
        if common != self._decoders:
            self._decoders = common
            self._desk.act(SetDecoders(common))

    def want_keyframe(self, seat: Seat | None = None, *, whole: bool = False) -> None:
        """Somebody cannot go on without a keyframe; the capture limits their rate.

        Whoever may not see has nothing to wish for; ``None`` is the relay. ``whole``: their picture is gone.
        """
        if seat is not None and seat.link not in self._watching:
            return
        # That a picture is gone is said once: the wish before it may have been fulfilled meanwhile.
        if self._running and (whole or self._desk.now_ms - self._wanted_ms >= WANTED_GAP_MS):
            self._wanted_ms = self._desk.now_ms
            self._desk.act(NeedKeyframe(urgent=False, whole=whole))

    def choose_quality(self) -> None:
        """The most modest preference of those who are live holds."""
        wishes = [seat.quality for seat in self._desk.live]
        wanted = min(wishes, key=_MODESTY.index, default=Quality.AUTO)
        if wanted is not self._quality:
            self._quality = wanted
            self._desk.act(SetQuality(wanted))

    def is_stale(self, seen: int) -> bool:
        """Tell whether a picture has been out of date for too long to act on.

        It is out of date from when its successor was sent; a screen that stands still never is (SPEC I4).
        """
        if not 0 < seen <= self._last:
            return True
        if seen == self._last:
            return False
        if seen < self._forgotten:
            return True
        successor_ms = next(at for frame_id, at in self._sent if frame_id > seen)
        return self._desk.now_ms - successor_ms > POINTER_STALE_MS

    def _remember_sent(self) -> None:
        now_ms = self._desk.now_ms
        self._sent.append((self._last, now_ms))
        while self._sent[0][1] < now_ms - 2 * POINTER_STALE_MS:
            self._forgotten, _ = self._sent.popleft()

    def _tell_watching(self, seeing: list[Seat]) -> None:
        links = frozenset(seat.link for seat in seeing)
        if links != self._watching:
            self._watching = links
            self._choose_decoders()
            self._desk.act(Watching(links))
