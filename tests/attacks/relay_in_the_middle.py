"""Attacks of a dishonest relay on what goes through it; on both ends is the real session, the real crypto."""

import secrets
from collections.abc import Callable, Generator
from contextlib import contextmanager

from relevo_agent.session.actions import Ask, Perform
from relevo_protocol.crypto.errors import CryptoError
from relevo_protocol.crypto.flights import HostIdentity, ViewerIdentity
from relevo_protocol.crypto.handshake import HostHandshake
from relevo_protocol.crypto.schedule import ChannelContext, Credential
from relevo_protocol.errors import ErrorCode, ProtocolError
from relevo_protocol.header import DST_ALL, DST_HOST, Flags, Header, MessageType, parse_header
from relevo_protocol.limits import HEADER_BYTES
from relevo_protocol.messages.input import KeyPress
from relevo_protocol.messages.relay import ViewerJoining
from relevo_protocol.messages.session import Epoch, Heartbeat
from relevo_protocol.modes import Standing
from tests.agent.fakes import Viewer
from tests.agent.session.world import ORIGIN, SESSION_ID, World, new_world
from tests.attacks.client import Ground
from tests.attacks.table import Broken, Needs, attack, must

Alter = Callable[[bytes], list[bytes]]
_NONE = 9
_CONTEXT = ChannelContext(ORIGIN, SESSION_ID)
_KEY = KeyPress(code="KeyA", key="a", down=True)


def _honest(message: bytes) -> list[bytes]:
    return [message]


class Tapped(Viewer):
    """A viewer whose messages, both ways, go through the hands of the relay."""

    to_viewer: Alter = staticmethod(_honest)
    seen: list[bytes]

    def take(self, message: bytes) -> list[bytes]:
        """What it answers to what the relay makes of the message."""
        if not hasattr(self, "seen"):
            self.seen = []
        self.seen.append(message)
        return [answer for one in self.to_viewer(message) for answer in super(Tapped, self).take(one)]


def _arrive(world: World, slot: int = 1, name: str = "Ana") -> Tapped:
    viewer = Tapped(_CONTEXT, next(world.links), slot, ViewerIdentity(f"id-{name}", name, "Org", "full"))
    world.viewers.append(viewer)
    world.relay(world.joining(viewer))
    return viewer


def _live(world: World) -> Tapped:
    viewer = _arrive(world)
    world.give(viewer.with_code(world.secret))
    world.answer(True)
    world.frame(keyframe=True)
    return viewer


@contextmanager
def _noticed(what: str) -> Generator[None]:
    try:
        yield
    except (CryptoError, ProtocolError):
        return
    raise Broken(what)


def _handshake(body: bytes, link: int, dst: int = DST_HOST) -> bytes:
    return Header(MessageType.HANDSHAKE, dst=dst, key_id=link).pack() + body


@attack(
    "M1",
    "code_wrong for the customer, tampered for the technician; nobody has keys",
    rules="K8",
    needs=Needs.HOST,
)
async def swapped_keys(ground: Ground) -> None:
    """The relay puts its own keys into both handshakes, with a guessed code."""
    del ground
    world = new_world()
    guess = "000000" if world.secret != "000000" else "000001"
    eve = _arrive(world)
    world.give(eve.with_code(guess))
    must(world.removed() == [ErrorCode.CODE_WRONG], f"the customer's side: {world.removed()}")
    must(eve.channel is None, "the relay has keys with the customer")
    victim = Viewer(_CONTEXT, 5, 1, ViewerIdentity("id-Ana", "Ana", "Org", "full"))
    fake = HostIdentity(bytes(32), "0.1.0", ("full",), "off")
    between = HostHandshake(_CONTEXT, fake, lambda _kind, _ref: guess.encode())
    offer = between.offer(victim.with_code(world.secret)[HEADER_BYTES:])
    (proof,) = victim.take(_handshake(offer, 5, 1))
    with _noticed("the relay has keys with the technician"):
        between.accept(proof[HEADER_BYTES:])
    with _noticed("the technician took a forged last flight"):
        victim.take(_handshake(secrets.token_bytes(90), 5, 1))
    must(victim.channel is None, "the technician believes to be connected")


@attack("M2", "one altered octet anywhere in a flight: no session", rules="K6", needs=Needs.HOST)
async def altered_flights(ground: Ground) -> None:
    """The relay alters one octet of one flight, at a hundred places."""
    del ground
    world = new_world()
    viewer = _arrive(world)
    _alter_one(world, viewer, _NONE, 1)
    if not _agreed(world, viewer):
        raise ValueError("without an alteration there is no session either")
    for flight in (1, 2, 3, 4):
        for place in range(1, 100, 4):
            world = new_world()
            viewer = _arrive(world)
            _alter_one(world, viewer, flight, place)
            must(
                not _agreed(world, viewer),
                f"flight {flight}, octet {place} from the end: altered, and a session",
            )


def _agreed(world: World, viewer: Viewer) -> bool:
    """Whether both have keys: the technician's side has, and the customer is asked about somebody."""
    return viewer.channel is not None and world.count(Ask) > 0


def _alter_one(world: World, viewer: Tapped, flight: int, place: int) -> None:
    def spoil(message: bytes) -> bytes:
        at = -(1 + place % (len(message) - HEADER_BYTES))
        return message[:at] + bytes([message[at] ^ 1]) + message[at:][1:]

    told = 0

    def to_viewer(message: bytes) -> list[bytes]:
        nonlocal told
        if parse_header(message).type is MessageType.HANDSHAKE:
            told += 2
            return [spoil(message) if told == flight else message]
        return [message]

    viewer.to_viewer = to_viewer
    first = viewer.with_code(world.secret)
    give, sent = world.give, 0

    def to_host(message: bytes) -> None:
        nonlocal sent
        if parse_header(message).type is MessageType.HANDSHAKE:
            sent += 1
            message = spoil(message) if 2 * sent - 1 == flight else message
        give(message)

    world.give = to_host  # type: ignore[method-assign]
    try:
        world.give(first)
    except (CryptoError, ProtocolError):
        return


def _sealed(count: int) -> tuple[World, Tapped, list[bytes]]:
    world = new_world()
    viewer = _live(world)
    messages = [viewer.say(KeyPress(code="KeyA", key="a", down=number % 2 == 0)) for number in range(count)]
    return world, viewer, messages


@attack("M3", "done once; then the line is cut", rules="K11 C10", needs=Needs.HOST)
async def replayed(ground: Ground) -> None:
    """The relay delivers a keystroke twice."""
    del ground
    world, _viewer, (one,) = _sealed(1)
    world.give(one)
    done = world.count(Perform)
    world.give(one)
    must(world.count(Perform) <= done + 1, "the PC typed twice")  # letting go of what was held is one more
    must(len(world.removed()) == 1, f"the line goes on: {world.removed()}")


@attack("M4", "the line is cut at the gap", rules="K11 C10", needs=Needs.HOST)
async def dropped(ground: Ground) -> None:
    """The relay swallows one message of three, such as the one that lets a key go."""
    del ground
    world, _viewer, (first, _gone, third) = _sealed(3)
    world.give(first)
    world.give(third)
    must(len(world.removed()) == 1, "a gap was not noticed")


@attack("M5", "the line is cut at the first of them", rules="K11 C10", needs=Needs.HOST)
async def reordered(ground: Ground) -> None:
    """The relay swaps two keystrokes."""
    del ground
    world, _viewer, (first, second) = _sealed(2)
    before = world.count(Perform)
    world.give(second)
    world.give(first)
    must(len(world.removed()) == 1, "another order was not noticed")
    must(world.count(Perform) == before, "the PC typed in another order")


@attack("M6", "refused; the PC does nothing of it", rules="K11", needs=Needs.HOST)
async def altered(ground: Ground) -> None:
    """The relay shortens, lengthens or alters a sealed keystroke, or moves it to another's link."""
    del ground
    changes: list[Callable[[bytes], bytes]] = [
        lambda m: m[:-1],
        lambda m: m[: HEADER_BYTES + 16],
        lambda m: m[:HEADER_BYTES],
        lambda m: m + b"\0",
        lambda m: m[:-1] + bytes([m[-1] ^ 1]),
        lambda m: m[:HEADER_BYTES] + bytes([m[HEADER_BYTES] ^ 0x80]) + m[HEADER_BYTES + 1 :],
        lambda m: m[:2] + bytes([m[2] ^ 2]) + m[3:],
        lambda m: m[:23] + bytes([m[23] ^ 1]) + m[24:],
        lambda m: m[:4] + b"\0\0\0\1" + m[8:],
    ]
    world, _viewer, (one,) = _sealed(1)
    world.give(one)
    if world.count(Perform) == 0:
        raise ValueError("an unaltered keystroke does nothing either")
    for number, change in enumerate(changes):
        world, _viewer, (one,) = _sealed(1)
        before = world.count(Perform)
        world.give(change(one))
        must(world.count(Perform) == before, f"change {number}: the PC did it")


@attack("M7", "refused: one's keystroke is nobody else's", rules="K11 G2", needs=Needs.HOST)
async def crossed(ground: Ground) -> None:
    """The relay presents one technician's message as another's, and the PC's own as a technician's."""
    del ground
    world, lead, (one,) = _sealed(1)
    other = world.live(slot=2, name="Luis")
    before = world.count(Perform)
    world.give(one[:8] + other.link.to_bytes(8, "big") + one[16:])
    must(world.count(Perform) == before, "the PC took it")
    must([p.slot for p in world.session.snapshot.people if p.present] != [1, 2], "nobody was cut")
    world, lead, _ = _sealed(0)
    sealed = [m for m in lead.seen if parse_header(m).type is MessageType.PAIRWISE]
    before = world.count(Perform)
    for message in sealed:
        if not world.removed():
            world.give(message[:3] + bytes([DST_HOST]) + message[4:])
    must(world.count(Perform) == before and len(world.removed()) == 1, "the PC heard itself as a technician")


@attack(
    "M8",
    "tampered: no seat without its secret; the member list shows who listens",
    rules="S1 K15",
    needs=Needs.HOST,
)
async def hidden_listener(ground: Ground) -> None:
    """The relay says that somebody of its own comes back, or joins unseen, and listens."""
    del ground
    world = new_world()
    lead = _live(world)
    ghost = Tapped(_CONTEXT, 500, 3, ViewerIdentity("id-Eva", "Eva", "Org", "full"))
    world.viewers.append(ghost)
    for standing in (Standing.SUPERVISOR, Standing.TECHNICIAN):
        joining = ViewerJoining(
            link=500,
            slot=3,
            account_id="id-Eva",
            display_name="Eva",
            organisation="Org",
            resumed=True,
            standing=standing,
        )
        world.relay(joining)
        world.give(ghost.hello(Credential("resume", bytes(32), bytes(8))))
    must(ghost.channel is None, "the listener has keys")
    epochs = [m for m in lead.heard if isinstance(m, Epoch)]
    must(all(len(e.members) == 1 for e in epochs), "somebody is in the list who has not come in")
    world.frame(keyframe=True)
    must(ghost.frames == [], "the listener sees the picture")
    must(len(lead.frames) > 0, "the technician sees nothing any more")


@attack(
    "M9",
    "refused: nothing opens without the epoch's secret, and nothing twice",
    rules="K12 K16 F9",
    needs=Needs.HOST,
)
async def forged_picture(ground: Ground) -> None:
    """The relay shows the technician a picture of its own, an altered one, or an old one again."""
    del ground
    world = new_world()
    viewer = _live(world)
    world.frame()
    pictures = [m for m in viewer.seen if parse_header(m).type is MessageType.MEDIA]
    last = pictures[-1]
    head = parse_header(last)
    own = Header(MessageType.MEDIA, Flags.KEYFRAME, DST_ALL, 99, head.key_id, head.counter + 1).pack()
    forged = [
        own + secrets.token_bytes(200),
        last[:-1] + bytes([last[-1] ^ 1]),
        last[:4] + b"\0\0\0\x63" + last[8:],
    ]
    forged += [last[:2] + bytes([last[2] ^ Flags.KEYFRAME]) + last[3:], last, pictures[0]]
    for number, one in enumerate(forged):
        shown = len(viewer.frames)
        with _noticed(f"picture {number} was taken"):
            Viewer.take(viewer, one)
        must(len(viewer.frames) == shown, f"picture {number} was shown")


@attack(
    "M10",
    "held back or wrong, the session ends; the secret is not the relay's",
    rules="C4 K9",
    needs=Needs.HOST,
)
async def other_session(ground: Ground) -> None:
    """The relay leads the technician, who has the right code, to another session or another server's name."""
    del ground
    for context in (ChannelContext("https://evil.example", SESSION_ID), ChannelContext(ORIGIN, b"x" * 16)):
        world = new_world()
        viewer = Tapped(context, next(world.links), 1, ViewerIdentity("id-Ana", "Ana", "Org", "full"))
        world.viewers.append(viewer)
        world.relay(world.joining(viewer))
        with _suppressed():
            world.give(viewer.with_code(world.secret))
        must(viewer.channel is None, "keys were agreed for another session")
        with _suppressed():
            world.give(_handshake(secrets.token_bytes(50), viewer.link))
        must(world.count(Ask) == 0, "the customer is asked about somebody")


@contextmanager
def _suppressed() -> Generator[None]:
    try:
        yield
    except (CryptoError, ProtocolError):
        return


@attack(
    "M11",
    "only the old one's keys count: nothing of an earlier line is heard",
    rules="C10 S1",
    needs=Needs.HOST,
)
async def earlier_line(ground: Ground) -> None:
    """The relay plays a recorded line again, after its viewer has come back on a new one."""
    del ground
    world = new_world()
    viewer = _live(world)
    recorded = [viewer.say(_KEY), viewer.say(Heartbeat(t_ms=1))]
    for message in recorded:
        world.give(message)
    world.cut(viewer)
    world.back(viewer)
    before = world.count(Perform)
    for message in recorded:
        world.give(message)
        world.give(message[:8] + viewer.link.to_bytes(8, "big") + message[16:])
    must(world.count(Perform) == before, "a recorded keystroke was typed again")
