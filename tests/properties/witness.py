"""Somebody who sees all that a host sends and does, and knows nothing of how it comes to it.

What it believes comes from the wire and from the acts alone; each check names the rule that it stands for.
"""

from dataclasses import dataclass, field

from relevo_agent.features.base import INPUT_CAPABILITIES
from relevo_agent.session.actions import (
    Action,
    Ask,
    Ended,
    Keep,
    Perform,
    Question,
    QuestionKind,
    ReleaseHeld,
    Withdraw,
)
from relevo_agent.session.driving import DRIVEN
from relevo_agent.session.entries import EntryKind
from relevo_protocol.gate import NEEDS
from relevo_protocol.header import Header
from relevo_protocol.limits import POINTER_STALE_MS
from relevo_protocol.messages import HostToViewer
from relevo_protocol.messages.base import Message
from relevo_protocol.messages.input import KeyPress, PointerButton, PointerMove, PointerWheel
from relevo_protocol.messages.relay import ModeNotice, RecordNotice, RemoveViewer, RoleNotice, SeatAdmitted
from relevo_protocol.messages.session import Epoch
from relevo_protocol.messages.team import GrantsState, TokenCause, TokenState
from relevo_protocol.modes import Capability, Mode, Role, is_step_up
from relevo_protocol.rights import NEEDS_GRANT, ROLE_CEILING
from tests.agent.fakes import Viewer

_POINTING = (PointerMove, PointerButton, PointerWheel)


@dataclass
class Guest:
    """One link: whose it is, in which role it was let in, and when it was heard last."""

    slot: int
    role: Role | None = None
    heard_ms: float = 0.0
    token: TokenState | None = None

    @property
    def live(self) -> bool:
        return self.role is not None


@dataclass
class Witness:
    """What has been seen so far."""

    now_ms: float = 0.0
    mode: Mode = Mode.OBSERVER
    agreed: set[Mode] = field(default_factory=set)
    """What the customer has said yes to, and nobody has used up."""
    links: dict[int, Guest] = field(default_factory=dict)
    grants: dict[int, frozenset[Capability]] = field(default_factory=dict)
    questions: dict[int, Question] = field(default_factory=dict)
    keys: dict[int, set[int]] = field(default_factory=dict)
    """Who was ever given the key of an epoch: links."""
    secrets: set[bytes] = field(default_factory=set)
    used: set[tuple[str, int, int]] = field(default_factory=set)
    frames: list[tuple[int, float]] = field(default_factory=list)
    held_by: int | None = None
    kept: dict[EntryKind, int] = field(default_factory=dict)
    modes_kept: list[Mode] = field(default_factory=list)
    notices: dict[int, RecordNotice] = field(default_factory=dict)
    proofs: dict[int, float] = field(default_factory=dict)
    ended: bool = False

    # --- who is there ---

    def live(self) -> set[int]:
        return {link for link, guest in self.links.items() if guest.live}

    def joined(self, link: int, slot: int) -> None:
        for other in [other for other, guest in self.links.items() if guest.slot == slot]:
            self.gone(other)
        self.links[link] = Guest(slot, heard_ms=self.now_ms)

    def gone(self, link: int) -> None:
        """The link is down, for whatever reason, and its keys must open nothing that comes later."""
        self.links.pop(link, None)
        self.proofs.pop(link, None)

    def leaving(self, link: int) -> None:
        """They have said goodbye: nobody in, whoever is told so first."""
        self.links[link].role = None

    def lost_line(self) -> None:
        self.links.clear()
        self.proofs.clear()

    # --- what the host does ---

    def did(self, action: Action) -> None:
        match action:
            case Ask():
                assert all(q.link != action.question.link for q in self.questions.values())
                self.questions[action.question.id] = action.question
            case Withdraw():
                self.questions.pop(action.question_id, None)
            case Perform():
                self._performed(action)
            case ReleaseHeld() | Ended():
                self.held_by = None
            case Keep():
                self.kept[action.entry.kind] = self.kept.get(action.entry.kind, 0) + 1
                if action.entry.kind is EntryKind.MODE and action.entry.mode is not None:
                    self.modes_kept.append(action.entry.mode)
            case _:
                pass

    def _performed(self, action: Perform) -> None:
        """R1, R4, G2, N1, I4: input only in a mode that was agreed to, with right, token, fresh picture."""
        needed = NEEDS.get(type(action.message))
        if needed not in INPUT_CAPABILITIES or not isinstance(needed, Capability):
            return
        guest = self.links[action.link]
        assert guest.role is not None, "R7: nobody types who is not live"
        assert self.mode in DRIVEN, "R1"
        assert self.mode in self.agreed, "N1"
        assert guest.token is not None, "G2"
        assert guest.token.holder == guest.slot, "G2"
        assert not self.questions, "while the customer is asked nobody clicks Yes"
        assert needed in ROLE_CEILING[guest.role], "R4: role"
        lent = guest.token.cause is TokenCause.MICRO_HANDOVER
        granted = needed in self.grants.get(guest.slot, frozenset())
        assert granted or lent or needed not in NEEDS_GRANT[guest.role], "R4: grant"
        self._is_fresh(action.message)
        if isinstance(action.message, PointerButton | KeyPress) and action.message.down:
            self.held_by = action.link

    def _is_fresh(self, message: Message) -> None:
        up = isinstance(message, PointerButton) and not message.down
        if not isinstance(message, _POINTING) or up:
            return
        successor_ms = next((at for number, at in self.frames if number > message.seen), None)
        assert successor_ms is None or self.now_ms - successor_ms <= POINTER_STALE_MS, "I4"

    # --- what the host says ---

    def told_relay(self, said: Message) -> None:
        match said:
            case SeatAdmitted():
                self.links[said.link].role = said.role
            case RoleNotice():
                if said.link in self.links:
                    self.links[said.link].role = said.role
            case RemoveViewer():
                self.gone(said.link)
            case ModeNotice():
                self._mode(said.mode)
            case RecordNotice():
                assert self.notices.setdefault(said.number, said) == said, "C26: one number, one act"
            case _:
                pass

    def _mode(self, mode: Mode) -> None:
        """R3: up by the customer's word alone; V10: administrator by a proof as well."""
        if is_step_up(self.mode, mode):
            assert mode in self.agreed, "R3"
            if mode is Mode.ADMINISTRATOR:
                lead = next(link for link, guest in self.links.items() if guest.role is Role.LEAD)
                assert self.now_ms < self.proofs.pop(lead, 0.0), "V10"
        else:
            self.agreed = {agreed for agreed in self.agreed if not is_step_up(mode, agreed)}
        self.mode = mode

    def answered(self, question: Question) -> None:
        """The customer has said yes."""
        if question.kind in {QuestionKind.ENTRY, QuestionKind.MODE} and question.role is Role.LEAD:
            self.agreed.add(question.mode)

    def sealed(self, header: Header) -> None:
        """K11: no key is used with one counter twice; the keys are new with each link."""
        self._use("pairwise", header)

    def _use(self, kind: str, header: Header) -> None:
        use = (kind, header.key_id, header.counter)
        assert use not in self.used, "K11, K17"
        self.used.add(use)

    def picture(self, header: Header) -> None:
        """P3, K17: only who is live now was ever given the key of a frame; frame numbers rise."""
        self._use("media", header)
        assert self.keys[header.key_id] <= self.live(), "P3: somebody who is gone could open this"
        assert not self.frames or header.frame_id > self.frames[-1][0], "F9"
        self.frames.append((header.frame_id, self.now_ms))

    def heard(self, viewer: Viewer, message: HostToViewer) -> None:
        match message:
            case Epoch():
                self._epoch(viewer, message)
            case TokenState():
                self.links[viewer.link].token = message
            case GrantsState():
                self.grants = {grant.slot: frozenset(grant.granted) for grant in message.grants}
            case _:
                pass

    def _epoch(self, viewer: Viewer, epoch: Epoch) -> None:
        """P3: who receives a key is in its list, and everybody in the list is live."""
        members = {member.link for member in epoch.members}
        assert viewer.link in members, "P3"
        assert members <= self.live(), "P3: nobody is listed who is gone"
        holders = self.keys.setdefault(epoch.epoch, set())
        if not holders:
            assert epoch.secret not in self.secrets, "K14"
            self.secrets.add(epoch.secret)
        holders.add(viewer.link)

    # --- what must hold when all is done ---

    def settled(self) -> None:
        """After each event: one controller, nothing held by who may not, everything on record once."""
        tokens = [guest.token for guest in self.links.values() if guest.live and guest.token is not None]
        holders = {token.holder for token in tokens}
        assert len(holders) <= 1, "G2: everybody is told of the same one"
        slots = {guest.slot for guest in self.links.values() if guest.live}
        assert holders <= slots | {0, None}, "G2: who drives is here"
        if self.held_by is not None:
            assert not self.questions, "while the customer is asked nothing is held down"
            holder = self.links.get(self.held_by)
            assert holder is not None, "S4: who is gone holds nothing down"
            assert holder.live, "S4"
            assert self.mode in DRIVEN, "S4"
            assert holders == {holder.slot}, "G4"
        leads = [guest for guest in self.links.values() if guest.role is Role.LEAD]
        assert len(leads) <= 1 or self.ended, "G1"
        assert all(one is not other for one, other in zip(self.modes_kept, self.modes_kept[1:], strict=False))
        assert (self.modes_kept or [Mode.OBSERVER])[-1] is self.mode, "N5"

    def silence_over(self, silence_ms: float) -> None:
        """P4, S4: after a tick nothing is held down by somebody who has been silent for too long."""
        if self.held_by is not None:
            assert self.now_ms - self.links[self.held_by].heard_ms <= silence_ms, "P4"

    def inside(self) -> int:
        """How many the record says are in: each who came in and has not gone."""
        left = self.kept.get(EntryKind.LEFT, 0) + self.kept.get(EntryKind.REMOVED, 0)
        return self.kept.get(EntryKind.JOINED, 0) - left
