"""A session core with its relay and viewers, played with the real protocol."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from relevo_agent.session.actions import (
    Action,
    Ask,
    Phase,
    Question,
    Send,
    StartCapture,
)
from relevo_agent.session.core import Session
from relevo_agent.session.desk import Settings
from relevo_protocol.codec import agent_to_relay, relay_message
from relevo_protocol.crypto.flights import HostIdentity, ViewerIdentity
from relevo_protocol.crypto.schedule import ChannelContext
from relevo_protocol.errors import ErrorCode
from relevo_protocol.frame import CodecId, Frame, Update, UpdateKind, encode_frame
from relevo_protocol.header import Flags, MessageType, body_of, parse_header
from relevo_protocol.messages import AgentToRelay
from relevo_protocol.messages.base import Message
from relevo_protocol.messages.relay import (
    AgentWelcome,
    CodeIssued,
    Recorded,
    RecordNotice,
    RemoveViewer,
    StepUp,
    ViewerGone,
    ViewerJoining,
)
from relevo_protocol.messages.screen import ScreenLayout
from relevo_protocol.modes import Capability, Mode, Standing
from tests.agent.fakes import Viewer

ORIGIN = "https://relay.example"
SESSION_ID = bytes(16)
TOKEN = "t" * 32
LAYOUT = ScreenLayout(width=100, height=50, monitors=[])
FRAME = encode_frame(Frame(100, 50, 0, (Update(UpdateKind.LOSSLESS, CodecId.DEFLATE_RGB, 0, 0, 1, 1, b"x"),)))
AVAILABLE = frozenset(
    {
        Capability.SCREEN_VIEW,
        Capability.SNAPSHOT,
        Capability.CHAT,
        Capability.POINT_LASER,
        Capability.POINT_ANNOTATE,
        Capability.INPUT_POINTER,
        Capability.INPUT_TEXT,
        Capability.INPUT_KEYS,
        Capability.INPUT_SPECIAL,
    }
)


@dataclass
class World:
    """A session, the relay's side of its link, and the viewers behind it."""

    session: Session
    now_ms: float = 1_000_000.0
    said: list[AgentToRelay] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    viewers: list[Viewer] = field(default_factory=list)
    links: Iterator[int] = field(default_factory=lambda: iter(range(1, 1000)))
    standings: dict[str, Standing] = field(default_factory=dict)
    admins: set[str] = field(default_factory=set)
    records: bool = True
    """Whether the relay answers what its record is told."""
    run: int = 0
    frames: int = 0

    def carry(self, actions: list[Action]) -> None:
        """Do what the session wants, until it wants nothing more; what follows from it comes afterwards."""
        self.actions += actions
        follow: list[Callable[[], None]] = []
        for action in actions:
            if isinstance(action, StartCapture):
                self.run, self.frames = action.run, 0
                follow.append(lambda: self.carry(self.session.layout(self.run, LAYOUT, self.now_ms)))
            if not isinstance(action, Send):
                continue
            message = bytes(action.message)
            if parse_header(message).type is MessageType.RELAY:
                said = agent_to_relay.decode(body_of(message))
                self.said.append(said)
                if self.records and isinstance(said, RecordNotice):
                    follow.append(partial(self.relay, Recorded(number=said.number)))
                continue
            for viewer in self.viewers:
                follow += [partial(self.give, answer) for answer in viewer.take(message)]
        for step in follow:
            step()

    def give(self, message: bytes) -> None:
        self.carry(self.session.message(message, self.now_ms))

    def relay(self, message: Message) -> None:
        self.give(relay_message(message))

    def wait(self, ms: float) -> None:
        self.now_ms += ms
        self.carry(self.session.tick(self.now_ms))

    def connect(self, *, resumed: bool = False) -> None:
        self.carry(self.session.link_opened(self.now_ms))
        self.relay(
            AgentWelcome(
                session_id=SESSION_ID,
                origin=ORIGIN,
                token=TOKEN,
                resumed=resumed,
                routing=None if resumed else "482913",
                code_life_s=0 if resumed else 600,
            )
        )

    @property
    def secret(self) -> str:
        code = self.session.snapshot.code
        assert code is not None
        return code.digits[6:]

    def arrive(
        self, slot: int = 1, name: str = "Ana", mode: str = "full", organisation: str = "Org"
    ) -> Viewer:
        link = next(self.links)
        identity = ViewerIdentity(f"id-{name}", name, organisation, mode)
        viewer = Viewer(ChannelContext(ORIGIN, SESSION_ID), link, slot, identity)
        self.viewers = [*(v for v in self.viewers if v.slot != slot), viewer]
        self.relay(self.joining(viewer))
        return viewer

    def joining(self, viewer: Viewer, *, resumed: bool = False) -> ViewerJoining:
        name = viewer.identity.display_name
        return ViewerJoining(
            link=viewer.link,
            slot=viewer.slot,
            account_id=viewer.identity.account_id,
            display_name=name,
            organisation=viewer.identity.organisation,
            resumed=resumed,
            standing=self.standings.get(name, Standing.TECHNICIAN),
            admin_tools=name in self.admins,
        )

    def verified(self, slot: int = 1, name: str = "Ana", mode: str = "full") -> Viewer:
        if self.session.snapshot.code is None:
            self.carry(self.session.new_code(self.now_ms))
            self.relay(CodeIssued(routing="482914", code_life_s=600))
        secret = self.secret
        viewer = self.arrive(slot, name, mode)
        self.give(viewer.with_code(secret))
        return viewer

    def live(self, slot: int = 1, name: str = "Ana", mode: str = "full") -> Viewer:
        viewer = self.verified(slot, name, mode)
        self.answer(True)
        self.frame(keyframe=True)
        return viewer

    def answer(self, granted: bool, ticked: frozenset[Capability] = frozenset()) -> Question:
        question = next(a.question for a in reversed(self.actions) if isinstance(a, Ask))
        self.carry(self.session.answered(question.id, granted, ticked, self.now_ms))
        return question

    def frame(self, *, keyframe: bool = False) -> None:
        self.frames += 1
        flags = Flags.KEYFRAME if keyframe else Flags.DROPPABLE
        self.carry(self.session.frame(self.run, self.frames, flags, FRAME, self.now_ms))

    def cut(self, viewer: Viewer) -> None:
        self.relay(ViewerGone(link=viewer.link, slot=viewer.slot, left=False, code=ErrorCode.HOST_GONE))

    def back(self, viewer: Viewer) -> None:
        link = next(self.links)
        hello = viewer.back(link)
        self.relay(self.joining(viewer, resumed=True))
        self.give(hello)

    def prove(self, viewer: Viewer) -> None:
        """The relay vouches that this person has just proved who they are (SPEC C27)."""
        self.relay(StepUp(link=viewer.link))

    def removed(self) -> list[ErrorCode]:
        return [m.code for m in self.said if isinstance(m, RemoveViewer)]

    def mode(self) -> Mode:
        return self.session.snapshot.mode

    def phase(self) -> Phase:
        return self.session.snapshot.phase

    def count(self, kind: type[object]) -> int:
        return sum(isinstance(x, kind) for x in [*self.actions, *self.said])


def new_world(join: str | None = None, *, connected: bool = True, **changed: Any) -> World:
    """A session with its relay, connected, unless it has still to claim ``join``.

    ``changed`` are settings other than the usual ones.
    """
    key = Ed25519PrivateKey.generate()
    settings = Settings(
        identity=HostIdentity(key.public_key().public_bytes_raw(), "0", ("observer", "full"), "off"),
        device_key=key,
        agent_version="0",
        unavailable=frozenset(Capability) - AVAILABLE,
        modes=tuple(Mode),
        entropy=secrets.token_bytes,
        draw=secrets.randbelow,
        join=join,
    )
    world = World(Session(replace(settings, **changed)))
    if join is None and connected:
        world.connect()
    return world
