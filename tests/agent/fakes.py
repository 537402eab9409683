"""The other ends, played with the real protocol: a viewer without I/O."""

from dataclasses import dataclass, field

from relevo_protocol.codec import encode, host_to_viewer
from relevo_protocol.crypto.flights import HostIdentity, ViewerIdentity
from relevo_protocol.crypto.handshake import ViewerHandshake
from relevo_protocol.crypto.media import MediaReceiver
from relevo_protocol.crypto.pairwise import PairwiseChannel
from relevo_protocol.crypto.roster import Member as RosterMember
from relevo_protocol.crypto.roster import roster_hash, signature_required
from relevo_protocol.crypto.schedule import ChannelContext, Credential
from relevo_protocol.frame import Frame, decode_frame
from relevo_protocol.header import DST_HOST, Flags, Header, MessageType, parse_header
from relevo_protocol.limits import HEADER_BYTES
from relevo_protocol.messages import HostToViewer, ViewerToHost
from relevo_protocol.messages.session import Epoch


@dataclass
class Viewer:
    """One viewer: gives whole WebSocket messages, takes whole WebSocket messages."""

    context: ChannelContext
    link: int
    slot: int
    identity: ViewerIdentity
    heard: list[HostToViewer] = field(default_factory=list)
    frames: list[tuple[Header, Frame]] = field(default_factory=list)
    media_messages: int = 0
    host: HostIdentity | None = None
    resume: Credential | None = None
    channel: PairwiseChannel | None = None
    verified: bool = False
    _handshake: ViewerHandshake | None = None
    _media: MediaReceiver | None = None

    def hello(self, credential: Credential) -> bytes:
        self._handshake = ViewerHandshake(self.context, credential, self.identity)
        return self._flight(self._handshake.hello())

    def with_code(self, secret: str) -> bytes:
        return self.hello(Credential("code", secret.encode()))

    def _flight(self, body: bytes) -> bytes:
        return Header(MessageType.HANDSHAKE, dst=DST_HOST, key_id=self.link).pack() + body

    def say(self, message: ViewerToHost) -> bytes:
        assert self.channel is not None
        sender = self.channel.sender
        header = Header(
            MessageType.PAIRWISE, dst=DST_HOST, key_id=self.link, counter=sender.next_counter
        ).pack()
        return header + sender.seal(header, encode(message))

    def take(self, message: bytes) -> list[bytes]:
        """Messages to be sent in answer."""
        header, body = parse_header(message), message[HEADER_BYTES:]
        if header.type is MessageType.MEDIA:
            self._take_media(header, message)
            return []
        if header.dst != self.slot or header.key_id != self.link:
            return []
        if header.type is MessageType.HANDSHAKE:
            return self._take_flight(body)
        assert self.channel is not None
        plain = self.channel.receiver.open(message[:HEADER_BYTES], header.counter, body)
        said = host_to_viewer.decode(plain)
        self.heard.append(said)
        if isinstance(said, Epoch):
            self._new_epoch(said)
        return []

    def _take_flight(self, body: bytes) -> list[bytes]:
        assert self._handshake is not None
        if not self.verified:
            self.verified = True
            return [self._flight(self._handshake.prove(body))]
        result = self._handshake.finish(body)
        self.host = result.host
        self.resume = result.keys.resume_credential()
        self.channel = PairwiseChannel.of_viewer(result.keys)
        return []

    def _new_epoch(self, epoch: Epoch) -> None:
        members = [
            RosterMember(
                slot=m.slot,
                role=m.role.value,
                account_id=m.account_id,
                display_name=m.display_name,
                organisation=m.organisation,
                link_id=m.link,
            )
            for m in epoch.members
        ]
        assert self.host is not None
        self._media = MediaReceiver(
            epoch.secret,
            roster_hash(members),
            epoch.epoch,
            self.host.device_key,
            signature_required=signature_required(members),
        )

    def _take_media(self, header: Header, message: bytes) -> None:
        self.media_messages += 1
        if self._media is None:
            return
        data = self._media.open(message[:HEADER_BYTES], header.counter, message[HEADER_BYTES:])
        self.frames.append((header, decode_frame(data)))

    def back(self, link: int) -> bytes:
        """Come back on a new link by the resume secret."""
        assert self.resume is not None
        self.link, self.verified, self.channel = link, False, None
        return self.hello(self.resume)

    def last(self, kind: type[HostToViewer]) -> HostToViewer | None:
        return next((m for m in reversed(self.heard) if isinstance(m, kind)), None)

    @property
    def keyframes(self) -> int:
        return sum(1 for header, _ in self.frames if header.flags & Flags.KEYFRAME)
