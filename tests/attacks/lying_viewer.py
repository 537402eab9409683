"""Attacks of a technician's side that lies, on the relay and on the customer's PC."""

import asyncio
import contextlib
from collections.abc import Callable

from msgspec.structs import replace

from relevo_agent.session.actions import Ask, Perform, QuestionKind
from relevo_protocol import PROTOCOL_VERSION
from relevo_protocol.crypto.flights import ViewerIdentity
from relevo_protocol.crypto.schedule import ChannelContext
from relevo_protocol.errors import ErrorCode, ProtocolError
from relevo_protocol.header import DST_ALL, DST_HOST, Flags, Header, MessageType
from relevo_protocol.messages.base import Message
from relevo_protocol.messages.chat import ChatSend
from relevo_protocol.messages.input import KeyPress, PointerButton, PointerMove, TextInput
from relevo_protocol.messages.relay import CodeIssued, CodeRequest, RelayError, ViewerHello
from relevo_protocol.messages.session import Heartbeat, InputRefused, ModeRequest
from relevo_protocol.messages.team import (
    ControlGive,
    GrantChange,
    HandOver,
    InviteRequest,
    RemoveMember,
    TakeOver,
)
from relevo_protocol.modes import Capability, Mode, Role
from tests.agent.fakes import Viewer
from tests.agent.session.company import guest, heard, say
from tests.agent.session.world import ORIGIN, SESSION_ID, World, new_world
from tests.attacks.client import Ground, answer_to, cut, opens
from tests.attacks.table import Needs, attack, must
from tests.support.fake_viewer import FakeViewer
from tests.support.peers import agent_at, viewer_at

_TOKEN = "A" * 43
_INPUT: tuple[Message, ...] = (
    KeyPress(code="KeyA", key="a", down=True),
    TextInput(text="rm -rf ~"),
    PointerButton(monitor=0, x=0.5, y=0.5, button=0, down=True, seen=1),
    PointerMove(monitor=0, x=0.5, y=0.5, seen=1),
)


def _either(*conditions: Callable[[], bool]) -> Callable[[], bool]:
    return lambda: any(one() for one in conditions)


def _answered(viewer: FakeViewer) -> Callable[[], bool]:
    return lambda: bool(viewer.inbox.messages)


def _done(world: World) -> int:
    return world.count(Perform)


@attack("V1", "refused before a seat is given", rules="C2 C3")
async def without_ticket(ground: Ground) -> None:
    """Somebody opens a viewer's socket without a ticket, with a made-up one, or from another site."""
    for origin in (None, "https://evil.example", "null", ground.relay.origin + ".evil.example"):
        must(not await opens(ground.relay, "/ws/viewer", origin), f"the origin {origin} was let in")
    must(not await opens(ground.relay, "/ws/agent", "https://evil.example"), "another site is an agent")
    hellos = [ViewerHello(version=PROTOCOL_VERSION, ticket=_TOKEN), ViewerHello(version=PROTOCOL_VERSION)]
    hellos += [ViewerHello(version=PROTOCOL_VERSION, resume=_TOKEN), ViewerHello(version=9, ticket=_TOKEN)]
    hellos += [ViewerHello(version=PROTOCOL_VERSION, ticket=_TOKEN, resume=_TOKEN)]
    for hello in hellos:
        must(await answer_to(ground.relay, hello) is not None, f"{hello} was welcomed")


@attack("V2", "each ends its line; the session goes on for all others", rules="W8 C10 T6")
async def forged_messages(ground: Ground) -> None:
    """A viewer in the session sends media, others' links, whispers to the customer, messages of an agent."""
    forged = [
        Header(MessageType.MEDIA, Flags.KEYFRAME, DST_ALL, 1, 1, 0).pack() + bytes(100),
        Header(MessageType.PAIRWISE, dst=1, key_id=1).pack() + bytes(40),
        Header(MessageType.RELAY).pack() + b"\x82\xa1t\xacSeatAdmitted\xa4link\x01",
        Header(MessageType.HANDSHAKE, dst=DST_HOST, key_id=4).pack() + bytes(40),
    ]
    for one in forged:
        async with agent_at(ground.relay) as agent, viewer_at(ground.relay, agent.code) as viewer:
            await viewer.live()
            said, guests = len(agent.said), len(agent.guests)
            await viewer.wire.send(one)
            await viewer.inbox.until(cut(viewer), f"a cut for {one[:4]!r}")
            agent.tell_relay(CodeRequest())
            await agent.inbox.expect(CodeIssued)  # whatever had got through would have come before it
            must(len(agent.said) == said and len(agent.guests) <= guests, f"{one[:4]!r} got through")
            must(agent.wire.closed is None, "the customer's line was cut by a viewer")


@attack("V3", "five sit, the sixth is told that it is full", rules="C8", needs=Needs.OWN, apart=True)
async def sixth_seat(ground: Ground) -> None:
    """Ten people take the same invitation at once."""
    async with agent_at(ground.relay) as agent:
        link = agent.invite()
        await agent.flush()
        came = [FakeViewer(ground.relay) for _ in range(10)]
        tickets = [await ground.relay.guest_ticket(link[0], f"Eva {n}") for n in range(10)]
        await asyncio.gather(*(v.begin_invited(*link, t) for v, t in zip(came, tickets, strict=True)))
        for viewer in came:
            await viewer.inbox.until(_either(cut(viewer), _answered(viewer)), "an answer")
        seated = sum(not isinstance(v.inbox.messages[0], RelayError) for v in came if v.inbox.messages)
        await asyncio.gather(*(viewer.close() for viewer in came))
        must(seated <= 5, f"{seated} people sit in one session")


@attack("V4", "nothing is heard of it before the customer's yes", rules="R7", needs=Needs.HOST)
async def before_consent(ground: Ground) -> None:
    """Somebody with the right code types, asks and invites before the customer has answered."""
    del ground
    world = new_world()
    viewer = world.verified()
    for message in (
        *_INPUT,
        ModeRequest(mode=Mode.FULL),
        InviteRequest(role=Role.EXTERNAL),
        ChatSend(text="hi"),
    ):
        if not world.removed():
            world.give(viewer.say(message))  # type: ignore[arg-type]
    must(_done(world) == 0, "the PC did what was typed before consent")
    must(viewer.media_messages == 0, "a picture came before consent")
    must(not any(type(one).__name__ == "InviteOpened" for one in world.said), "an invitation was opened")


@attack("V5", "refused, and the PC does nothing", rules="R4 R6", needs=Needs.HOST)
async def without_mode(ground: Ground) -> None:
    """A technician who may only look moves, clicks and types."""
    del ground
    world = new_world()
    viewer = world.live(mode="observer")
    before = _done(world)
    for message in _INPUT:
        world.give(viewer.say(message))  # type: ignore[arg-type]
    must(_done(world) == before, "the PC did what an observer typed")
    must(len(heard(viewer, InputRefused)) > 0, "the observer was not told")


@attack("V6", "refused: one person drives, and offices are not taken", rules="R4 G2 G6", needs=Needs.HOST)
async def without_token(ground: Ground) -> None:
    """The second technician types, gives themselves rights, and throws the lead out."""
    del ground
    world = new_world()
    lead = world.live()
    other = world.live(slot=2, name="Luis")
    before = _done(world)
    wishes: tuple[Message, ...] = (
        *_INPUT,
        GrantChange(slot=2, capability=Capability.INPUT_KEYS, granted=True),
        GrantChange(slot=2, capability=Capability.INPUT_POINTER, granted=True),
        HandOver(slot=2),
        ControlGive(slot=2),
        RemoveMember(slot=1),
        TakeOver(reason="porque sí"),
        *_INPUT,
    )
    for message in wishes:
        if not world.removed():
            say(world, other, message)  # type: ignore[arg-type]
    must(_done(world) == before, "the PC did what the second technician typed")
    people = {person.slot: person.role for person in world.session.snapshot.people}
    must(people.get(1) is Role.LEAD, f"the lead is gone: {people}")
    del lead


@attack(
    "V7",
    "refused for want of a proof; a proof alone is not the customer's yes",
    rules="V10 C27",
    needs=Needs.HOST,
)
async def without_proof(ground: Ground) -> None:
    """A technician asks for administrator mode without having proved who they are, again and again."""
    del ground
    world = new_world(unavailable=frozenset[Capability](), service=True)
    world.admins.add("Ana")
    lead = world.live()
    questions = world.count(Ask)
    for _ in range(20):
        if not world.removed():
            say(world, lead, ModeRequest(mode=Mode.ADMINISTRATOR))
    asked = [a.question for a in world.actions if isinstance(a, Ask)][questions:]
    must(
        not any(q.kind is QuestionKind.MODE and q.mode is Mode.ADMINISTRATOR for q in asked),
        "the customer was asked",
    )
    must(world.mode() is not Mode.ADMINISTRATOR, "administrator mode without a proof")
    world.prove(lead)
    must(world.mode() is not Mode.ADMINISTRATOR, "the proof was taken for the customer's yes")


@attack("V8", "one is cut off; the PC and the others go on", rules="R10", needs=Needs.HOST)
async def flood_inside(ground: Ground) -> None:
    """A technician sends a hundred thousand sealed messages."""
    del ground
    world = new_world()
    lead, other = world.live(), world.live(slot=2, name="Luis")
    sent = 0
    for number in range(100_000):
        if world.removed():
            break
        sent = number
        world.give(other.say(Heartbeat(t_ms=number)))
    must(world.removed() == [ErrorCode.THROTTLED], f"{sent} messages were all heard")
    must(sent < 20_000, f"{sent} messages were heard in one moment")
    world.give(lead.say(Heartbeat(t_ms=1)))
    must([p.slot for p in world.session.snapshot.people] == [1], "the lead did not stay")


@attack(
    "V9",
    "refused: a guest invites nobody, drives nothing and whispers to nobody",
    rules="G12",
    needs=Needs.HOST,
)
async def guest_with_wishes(ground: Ground) -> None:
    """A guest without an account types, invites, promotes themselves and asks for administrator mode."""
    del ground
    world = new_world()
    lead = world.live()
    visitor = guest(world, lead)
    before = _done(world)
    opened = world.count(Ask)
    wishes: tuple[Message, ...] = (
        *_INPUT,
        InviteRequest(role=Role.EXTERNAL),
        InviteRequest(role=Role.LEAD),
        HandOver(slot=2),
        GrantChange(slot=2, capability=Capability.INPUT_KEYS, granted=True),
        ModeRequest(mode=Mode.ADMINISTRATOR),
        ModeRequest(mode=Mode.FULL),
        TakeOver(reason="x"),
    )
    for message in wishes:
        if not world.removed():
            say(world, visitor, message)  # type: ignore[arg-type]
    must(_done(world) == before, "the PC did what a guest typed")
    must(world.count(Ask) == opened, "a guest has put a question before the customer")


@attack("V10", "stale_input: what was seen 3 s ago is not clicked on", rules="I4", needs=Needs.HOST)
async def blind_click(ground: Ground) -> None:
    """A technician whose picture has stood still clicks on what is not there any more."""
    del ground
    world = new_world()
    viewer = world.live()
    world.frame()
    seen = 1
    for _ in range(8):
        world.now_ms += 600
        world.give(viewer.say(Heartbeat(t_ms=world.now_ms)))
        world.wait(1)
        world.frame()
    before = _done(world)
    world.give(viewer.say(PointerButton(monitor=0, x=0.5, y=0.5, button=0, down=True, seen=seen)))
    must(_done(world) == before, "a click on an outdated picture was done")
    refused = heard(viewer, InputRefused)
    must(bool(refused) and refused[-1].code is ErrorCode.STALE_INPUT, f"refused as {refused[-1:]}")


@attack("V11", "the customer is asked once in ten seconds", rules="R3", needs=Needs.HOST)
async def pestering(ground: Ground) -> None:
    """A technician asks for more, takes it back and asks again, until somebody clicks yes."""
    del ground
    world = new_world()
    viewer = world.live(mode="observer")
    asked = world.count(Ask)
    for _ in range(100):
        if world.removed():
            break
        world.give(viewer.say(ModeRequest(mode=Mode.FULL)))
        world.give(viewer.say(ModeRequest(mode=Mode.OBSERVER)))
    must(world.count(Ask) <= asked + 1, f"the customer was asked {world.count(Ask) - asked} times at once")


@attack("V12", "an invitation's guest cannot be somebody else", rules="C8 M5", needs=Needs.HOST)
async def disguises(ground: Ground) -> None:
    """Names that look like others: turned around, with line breaks, or another name than the relay said."""
    del ground
    if _asked_about("Ana", "Ana") != ["Ana"]:
        raise ValueError("under an honest name nobody is asked about either")
    for name in ("Ana\u202eaicnega", "Policía\nSu banco", "Ana\u0000", "A" * 5_000):
        must(not _asked_about(name, name), f"{name[:20]!r} is shown to the customer")
    for name in ("Luis", "Ana ", "ANA", ""):
        must(not _asked_about("Ana", name), f"the relay said Ana, {name!r} was taken")


def _asked_about(vouched: str, said: str) -> list[str]:
    """About whom the customer is asked when the relay says one name, and who has the right code another."""
    world = new_world()
    one = ViewerIdentity("id-Ana", said, "Org", "full")
    viewer = Viewer(ChannelContext(ORIGIN, SESSION_ID), 9, 1, one)
    world.viewers.append(viewer)
    with contextlib.suppress(ProtocolError):
        world.relay(replace(world.joining(viewer), display_name=vouched))
        world.give(viewer.with_code(world.secret))
    return [action.question.display_name for action in world.actions if isinstance(action, Ask)]
