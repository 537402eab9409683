"""Who is sent away stays away: also where the line to the relay is cut, and by the link that they have."""

import pytest

from relevo_protocol.crypto.schedule import Credential
from relevo_protocol.errors import ErrorCode
from relevo_protocol.messages.relay import AgentWelcome, InviteClosed, InviteOpened, RemoveViewer
from relevo_protocol.modes import SessionKind, Standing
from tests.agent.fakes import Viewer
from tests.agent.session.company import come, relay_told, roles
from tests.agent.session.test_presentation import credential
from tests.agent.session.world import ORIGIN, SESSION_ID, TOKEN, World, new_world

GIVEN = (b"i" * 16, b"s" * 32)


def cut(world: World) -> None:
    world.carry(world.session.link_lost(world.now_ms))


def presentation(invite: tuple[bytes, bytes] | None) -> World:
    world = new_world(connected=False, kind=SessionKind.PRESENTATION, ticket="k" * 32, invite=invite)
    resume(world, resumed=False)
    return world


def resume(world: World, *, resumed: bool = True) -> None:
    world.said.clear()
    world.carry(world.session.link_opened(world.now_ms))
    world.relay(AgentWelcome(session_id=SESSION_ID, origin=ORIGIN, token=TOKEN, resumed=resumed))


def visitor(world: World, slot: int, name: str, by: Credential | None = None) -> Viewer:
    world.standings[name] = Standing.GUEST
    return come(world, slot, name, by or credential(world), "")


def test_G10_C11_a_removal_over_a_cut_is_said_when_the_relay_is_back(world: World) -> None:
    world.live()
    eva = world.live(2, "Eva")
    link = eva.link
    cut(world)
    world.carry(world.session.dismiss(2, world.now_ms))
    resume(world)
    assert relay_told(world, RemoveViewer) == [RemoveViewer(link=link, code=ErrorCode.REMOVED)]
    world.back(eva)
    assert relay_told(world, RemoveViewer)[-1] == RemoveViewer(link=eva.link, code=ErrorCode.REMOVED)
    assert set(roles(world)) == {"Ana"}


def test_G10_a_removal_and_a_return_cross_on_the_way(world: World) -> None:
    world.live()
    eva = world.live(2, "Eva")
    world.carry(world.session.dismiss(2, world.now_ms))
    world.back(eva)
    assert relay_told(world, RemoveViewer)[-1] == RemoveViewer(link=eva.link, code=ErrorCode.REMOVED)


def test_C11_who_was_only_cut_comes_back(world: World) -> None:
    world.live()
    eva = world.live(2, "Eva")
    world.wait(10_001)
    assert set(world.removed()) == {ErrorCode.DESYNC}
    cut(world)
    resume(world)
    world.back(eva)
    assert relay_told(world, RemoveViewer) == []
    assert set(roles(world)) == {"Ana", "Eva"}


def test_C11_a_slot_that_is_given_on_is_nobodys_removal(world: World) -> None:
    world.live()
    world.live(2, "Eva")
    world.carry(world.session.dismiss(2, world.now_ms))
    world.live(2, "Iu")
    cut(world)
    resume(world)
    assert relay_told(world, RemoveViewer) == []


@pytest.mark.parametrize("given", [None, GIVEN])
def test_G12_the_link_of_who_was_removed_leads_nowhere(given: tuple[bytes, bytes] | None) -> None:
    world = presentation(given)
    before = credential(world)
    visitor(world, 1, "Ana")
    visitor(world, 2, "Eva")
    world.carry(world.session.dismiss(2, world.now_ms))
    after = credential(world)
    assert after.ref != before.ref
    assert relay_told(world, InviteClosed) == [InviteClosed(invite=before.ref)]
    assert relay_told(world, InviteOpened)[-1].invite == after.ref
    visitor(world, 2, "Eva again", before)
    assert world.removed()[-1] is ErrorCode.CODE_WRONG
    visitor(world, 2, "Iu")
    assert set(roles(world)) == {"Ana", "Iu"}
    cut(world)
    resume(world)
    assert [opened.invite for opened in relay_told(world, InviteOpened)] == [after.ref]
