"""A session with its relay and viewers, of which nothing escapes the witness."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from relevo_agent.session.actions import Action, Send, StartCapture
from relevo_protocol.codec import agent_to_relay
from relevo_protocol.errors import ErrorCode
from relevo_protocol.header import MessageType, body_of, parse_header
from relevo_protocol.messages import ViewerToHost
from relevo_protocol.messages.base import Message
from relevo_protocol.messages.relay import Recorded, RecordNotice, StepUp, ViewerGone, ViewerJoining
from tests.agent.fakes import Viewer
from tests.agent.session.world import LAYOUT, World
from tests.properties.witness import Witness


@dataclass
class Watched(World):
    """A world whose every act is seen in its order."""

    witness: Witness = field(default_factory=Witness)

    def carry(self, actions: list[Action]) -> None:
        """As any world does, with the witness looking on."""
        self.witness.now_ms = self.now_ms
        self.actions += actions
        follow: list[Callable[[], None]] = []
        for action in actions:
            if isinstance(action, StartCapture):
                self.run, self.frames = action.run, 0
                follow.append(lambda: self.carry(self.session.layout(self.run, LAYOUT, self.now_ms)))
            if isinstance(action, Send):
                follow += self._sent(bytes(action.message))
            else:
                self.witness.did(action)
        self.viewers = [viewer for viewer in self.viewers if viewer.link in self.witness.links]
        for step in follow:
            step()
        if not follow:
            self.witness.settled()

    def _sent(self, message: bytes) -> list[Callable[[], None]]:
        header = parse_header(message)
        if header.type is MessageType.RELAY:
            said = agent_to_relay.decode(body_of(message))
            self.said.append(said)
            self.witness.told_relay(said)
            if isinstance(said, RecordNotice):
                return [partial(self.relay, Recorded(number=said.number))]
            return []
        if header.type is MessageType.MEDIA:
            self.witness.picture(header)
        elif header.type is MessageType.PAIRWISE:
            self.witness.sealed(header)
        follow: list[Callable[[], None]] = []
        for viewer in self.viewers:
            before = len(viewer.heard)
            link = viewer.link
            follow += [partial(self._give_on, link, answer) for answer in viewer.take(message)]
            for heard in viewer.heard[before:]:
                self.witness.heard(viewer, heard)
        return follow

    def _give_on(self, link: int, answer: bytes) -> None:
        if link in self.witness.links:
            self.give(answer)

    def relay(self, message: Message) -> None:
        """As in any world; who comes is seen to come."""
        if isinstance(message, ViewerJoining):
            self.witness.now_ms = self.now_ms
            self.witness.joined(message.link, message.slot)
        super().relay(message)

    def back(self, viewer: Viewer) -> None:
        """As in any world, also for who was away."""
        if viewer not in self.viewers:
            self.viewers.append(viewer)
        super().back(viewer)

    def cut(self, viewer: Viewer) -> None:
        """The relay tells that their line is down: what is said on it from now on is lost."""
        self.witness.gone(viewer.link)
        self.viewers = [other for other in self.viewers if other is not viewer]
        self.relay(ViewerGone(link=viewer.link, slot=viewer.slot, left=False, code=ErrorCode.HOST_GONE))

    def tell(self, viewer: Viewer, message: ViewerToHost) -> None:
        """A viewer says something; that they were heard counts from before it is taken."""
        self.witness.links[viewer.link].heard_ms = self.witness.now_ms = self.now_ms
        self.give(viewer.say(message))

    def prove(self, viewer: Viewer) -> None:
        """The relay vouches; a question of a minute may still follow."""
        self.witness.proofs[viewer.link] = self.now_ms + (120 + 61) * 1000
        self.relay(StepUp(link=viewer.link))

    def decide(self, granted: bool) -> None:
        """The customer answers what is open, the oldest first."""
        question = next(iter(self.witness.questions.values()), None)
        if question is None:
            return
        if granted:
            self.witness.answered(question)
        self.carry(self.session.answered(question.id, granted, frozenset(question.offers), self.now_ms))

    def lose_line(self) -> None:
        """The relay is gone; everybody's line with it."""
        self.witness.lost_line()
        self.viewers = []
        self.carry(self.session.link_lost(self.now_ms))
