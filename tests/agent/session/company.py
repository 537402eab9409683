"""A session with several people in it: how they come in, what they say, what they hear."""

from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from relevo_agent.session.actions import Ask, Question
from relevo_protocol.crypto.invitation import JoinPurpose, open_invitation
from relevo_protocol.crypto.schedule import ChannelContext, Credential
from relevo_protocol.messages import ViewerToHost
from relevo_protocol.messages.relay import JoinAnswered, JoinAsked, RecordedAct, RecordNotice
from relevo_protocol.messages.session import Heartbeat
from relevo_protocol.messages.team import InviteIssued, InviteRequest
from relevo_protocol.modes import Role, Standing
from tests.agent.fakes import Viewer
from tests.agent.session.world import ORIGIN, SESSION_ID, World

CONTEXT = ChannelContext(ORIGIN, SESSION_ID)
T = TypeVar("T")


def say(world: World, viewer: Viewer, message: ViewerToHost) -> None:
    world.give(viewer.say(message))


def beat(world: World, ms: float, viewers: list[Viewer]) -> None:
    """Let time pass while everybody's heart beats."""
    while ms > 0:
        step = min(ms, 2000.0)
        ms -= step
        for viewer in viewers:
            say(world, viewer, Heartbeat(t_ms=world.now_ms))
        world.wait(step)


def invite(world: World, inviter: Viewer, role: Role) -> InviteIssued:
    before = len(heard(inviter, InviteIssued))
    say(world, inviter, InviteRequest(role=role))
    issued = heard(inviter, InviteIssued)
    assert len(issued) == before + 1
    return issued[-1]


def come(world: World, slot: int, name: str, credential: Credential, organisation: str = "Org") -> Viewer:
    """Somebody arrives with a secret; nothing is answered for the customer."""
    viewer = world.arrive(slot, name, "observer", organisation)
    world.give(viewer.hello(credential))
    return viewer


def with_invite(issued: InviteIssued) -> Credential:
    return Credential("invite", issued.secret, issued.invite)


def guest(world: World, inviter: Viewer, slot: int = 2, name: str = "Gema", *, yes: bool = True) -> Viewer:
    """Somebody without an account, by a link; the customer says yes."""
    issued = invite(world, inviter, Role.EXTERNAL)
    world.standings[name] = Standing.GUEST
    viewer = come(world, slot, name, with_invite(issued), "")
    if yes:
        world.answer(True)
        world.frame(keyframe=True)
    return viewer


def ask_in(
    world: World, name: str, standing: Standing = Standing.TECHNICIAN, *, key: bytes | None = None
) -> Credential | JoinAnswered:
    """A colleague asks the relay to come in: the opened invitation, or the answer that has none."""
    private = X25519PrivateKey.generate()
    world.standings[name] = standing
    world.relay(
        JoinAsked(
            request=len(world.said) + 1,
            account_id=f"id-{name}",
            display_name=name,
            organisation="Org",
            standing=standing,
            admin_tools=name in world.admins,
            key=private.public_key().public_bytes_raw() if key is None else key,
        )
    )
    answer = next(m for m in reversed(world.said) if isinstance(m, JoinAnswered))
    if answer.invite is None:
        return answer
    secret = open_invitation(answer.sealed, private, JoinPurpose(CONTEXT, answer.invite, f"id-{name}"))
    return Credential("invite", secret, answer.invite)


def supervisor(world: World, slot: int = 3, name: str = "Sara") -> Viewer:
    """A supervisor who has asked to come in, and whom the customer has not turned away."""
    credential = ask_in(world, name, Standing.SUPERVISOR)
    assert isinstance(credential, Credential)
    viewer = come(world, slot, name, credential)
    beat(world, 8001, [v for v in world.viewers if v.channel is not None])
    world.frame(keyframe=True)
    return viewer


def question(world: World) -> Question:
    return next(a.question for a in reversed(world.actions) if isinstance(a, Ask))


def heard(viewer: Viewer, kind: type[T]) -> list[T]:
    return [message for message in viewer.heard if isinstance(message, kind)]


def relay_told(world: World, kind: type[T]) -> list[T]:
    return [message for message in world.said if isinstance(message, kind)]


def noted(world: World) -> list[tuple[RecordedAct, int, str]]:
    """What the relay's record was told."""
    return [(m.act, m.slot, m.detail) for m in world.said if isinstance(m, RecordNotice)]


def told(world: World, kind: type[T]) -> list[T]:
    return [action for action in world.actions if isinstance(action, kind)]


def roles(world: World) -> dict[str, Role]:
    return {person.display_name: person.role for person in world.session.snapshot.people}
