"""The picture's way out: epochs, sealing, frame numbers, and how old the picture is that a viewer acts on."""

from collections import deque
from typing import Final

from relevo_agent.session.actions import (
    Acked,
    NeedKeyframe,
    Send,
    SetQuality,
    StartCapture,
    StopCapture,
    Watching,
)
from relevo_agent.session.desk import Desk
from relevo_agent.session.seat import Seat, roster_member
from relevo_protocol.crypto.media import EPOCH_SECRET_BYTES, MediaSender
from relevo_protocol.crypto.roster import roster_hash, signature_required
from relevo_protocol.header import Flags, Header, MessageType
from relevo_protocol.limits import POINTER_STALE_MS
from relevo_protocol.messages.screen import CaptureState, FrameAck, Quality, ScreenLayout
from relevo_protocol.messages.session import Epoch

WANTED_GAP_MS: Final = 100
_MODESTY: Final = (Quality.FAST, Quality.AUTO, Quality.SHARP)


class Screen:
    """Seals frames for the viewers that are live, and for nobody else (SPEC K13, P3, I4)."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._epoch = 0
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
        self._watching: frozenset[int] = frozenset()

    def renew_epoch(self) -> None:
        """Somebody came or went: a fresh key for those who are live, or an end of the capture (SPEC P3)."""
        live = self._desk.live
        self._tell_watching(live)
        if not live:
            self._sender = None
            if self._running:
                self._running = False
                self._desk.act(StopCapture())
            return
        members = [seat.member() for seat in live]
        hashed = [roster_member(member) for member in members]
        secret = self._desk.settings.entropy(EPOCH_SECRET_BYTES)
        self._epoch += 1
        self._signed = signature_required(hashed)
        self._sender = MediaSender(secret, roster_hash(hashed), self._epoch, self._desk.settings.device_key)
        self._needs_keyframe = True
        for seat in live:
            self._desk.tell(seat, Epoch(epoch=self._epoch, secret=secret, members=members))

    def start(self) -> None:
        """Capture runs, and its next frame is a keyframe."""
        if not self._running:
            self._running = True
            self._run += 1
            self._base = self._last
            self._desk.layout = self._desk.condition = None
            self._desk.act(StartCapture(self._run))
            return
        self._desk.act(NeedKeyframe(urgent=True))

    def start_if_live(self) -> None:
        """After a new epoch: those who stay need a keyframe under the new key."""
        if self._desk.live:
            self.start()

    def frame(self, run: int, frame_id: int, keyframe: bool, data: bytes) -> None:
        """Seal one frame of the capture and send it to everybody who is live.

        A frame of an earlier run, or one that needs frames of an older key, is dropped.
        """
        if run != self._run or not self._running or self._sender is None:
            return
        if self._needs_keyframe and not keyframe:
            return
        self._needs_keyframe = False
        self._last = self._base + frame_id
        flags = Flags.DROPPABLE | (Flags.KEYFRAME if keyframe else 0) | (Flags.SIGNED if self._signed else 0)
        counter = self._sender.next_counter
        header = Header(
            MessageType.MEDIA, Flags(flags), dst=0, frame_id=self._last, key_id=self._epoch, counter=counter
        ).pack()
        self._desk.act(Send(self._sender.seal_message(header, counter, data), media=True))
        self._remember_sent()

    def layout(self, run: int, layout: ScreenLayout) -> None:
        """The capture has found the screen's size and monitors."""
        if run == self._run and self._running:
            self._desk.layout = layout
            for seat in self._desk.live:
                self._desk.tell(seat, layout)

    def condition(self, run: int, state: CaptureState) -> None:
        """There is a picture again, or none, and why."""
        if run == self._run and self._running:
            self._desk.condition = state
            for seat in self._desk.live:
                self._desk.tell(seat, state)

    def welcome(self, seat: Seat) -> None:
        """What a viewer who has just come needs before the keyframe."""
        for known in (self._desk.layout, self._desk.condition):
            if known is not None:
                self._desk.tell(seat, known)

    def ack(self, seat: Seat, ack: FrameAck) -> None:
        """A viewer has drawn a frame; one that was never sent, or was told before, is ignored."""
        own = ack.frame_id - self._base
        if own > 0 and seat.acked < ack.frame_id <= self._last:
            seat.acked = ack.frame_id
            self._desk.act(Acked(seat.link, own))

    def want_keyframe(self) -> None:
        """Somebody cannot go on without a keyframe; the capture limits their rate."""
        if self._running and self._desk.now_ms - self._wanted_ms >= WANTED_GAP_MS:
            self._wanted_ms = self._desk.now_ms
            self._desk.act(NeedKeyframe(urgent=False))

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

    def _tell_watching(self, live: list[Seat]) -> None:
        links = frozenset(seat.link for seat in live)
        if links != self._watching:
            self._watching = links
            self._desk.act(Watching(links))
