"""Who is sent away decrypts nothing newer (SPEC G10)."""

import itertools

import pytest

from relevo_agent.session.actions import CloseFeatures, Keep, Send
from relevo_agent.session.entries import EntryKind
from relevo_agent.session.seat import roster_member
from relevo_protocol.crypto.errors import CryptoError
from relevo_protocol.crypto.media import MediaReceiver
from relevo_protocol.crypto.roster import roster_hash
from relevo_protocol.errors import ErrorCode
from relevo_protocol.header import MessageType, parse_header
from relevo_protocol.limits import HEADER_BYTES
from relevo_protocol.messages.relay import RecordedAct, RemoveViewer
from relevo_protocol.messages.session import Epoch, HostGoodbye, InputRefused, ModeState
from relevo_protocol.messages.team import (
    RemoveMember,
)
from relevo_protocol.modes import Capability, Permit, Role
from relevo_protocol.rights import Factor
from tests.agent.fakes import Viewer
from tests.agent.session.company import heard, noted, roles, say, supervisor, told
from tests.agent.session.world import World

KEY, OTHER_KEY = b"k" * 32, b"o" * 32


def rights(viewer: Viewer) -> dict[Capability, Permit]:
    return {c: view.permit for c, view in heard(viewer, ModeState)[-1].rights.items()}


def removal(world: World, who: Viewer, how: str) -> None:
    match how:
        case "customer":
            world.carry(world.session.dismiss(who.slot, world.now_ms))
        case "lead":
            say(world, next(v for v in world.viewers if v.slot == 1), RemoveMember(slot=who.slot))
        case _:
            say(world, supervisor(world, 4, "Sara"), RemoveMember(slot=who.slot))


@pytest.mark.parametrize("how", ["customer", "lead", "supervisor"])
def test_G10_who_is_removed_decrypts_nothing_newer(world: World, how: str) -> None:
    lead = world.live()
    eva = world.live(2, "Eva")
    world.frame()
    before = len(world.actions)
    removal(world, eva, how)
    world.viewers.remove(eva)
    for number in range(5):
        world.frame(keyframe=number == 0)
    media = [bytes(a.message) for a in world.actions[before:] if isinstance(a, Send) and a.media][-5:]
    assert len(media) == 5
    keys, now = heard(eva, Epoch), heard(lead, Epoch)[-1]
    assert now.epoch > max(key.epoch for key in keys)
    assert now.secret not in {key.secret for key in keys}
    # Every message from now on, with every secret they had, as of every epoch and list that they know of.
    lists = [roster_hash([roster_member(m) for m in key.members]) for key in [*keys, now]]
    epochs = [key.epoch for key in [*keys, now]]
    for message, key, members, epoch in itertools.product(media, keys, lists, epochs):
        with pytest.raises(CryptoError):
            receiver(lead, key.secret, members, epoch).open(
                message[:HEADER_BYTES], parse_header(message).counter, message[HEADER_BYTES:]
            )
    assert len(lead.frames) >= 5, "the others see on"


def receiver(viewer: Viewer, secret: bytes, members: bytes, epoch: int) -> MediaReceiver:
    assert viewer.host is not None
    return MediaReceiver(secret, members, epoch, viewer.host.device_key, signature_required=False)


def test_G10_the_removed_ones_own_receiver_opens_nothing_newer(world: World) -> None:
    lead = world.live()
    eva = world.live(2, "Eva")
    seen = len(eva.frames)
    world.viewers.remove(eva)  # from now on they tap the line by themselves
    before = len(world.actions)
    say(world, lead, RemoveMember(slot=2))
    world.frame(keyframe=True)
    world.frame()
    tapped = [bytes(a.message) for a in world.actions[before:] if isinstance(a, Send)]
    media = [m for m in tapped if parse_header(m).type is MessageType.MEDIA]
    assert len(media) == 2
    for message in media:
        with pytest.raises(CryptoError):
            eva.take(message)
    for message in tapped:
        if parse_header(message).type is MessageType.PAIRWISE:
            eva.take(message)
    assert isinstance(eva.heard[-1], HostGoodbye)
    assert len(eva.frames) == seen


def test_G10_the_epoch_without_the_member_comes_before_the_seat_goes(world: World) -> None:
    lead = world.live()
    eva = world.live(2, "Eva")
    order: list[str] = []
    before = len(world.actions)
    epochs = len(heard(lead, Epoch))
    say(world, lead, RemoveMember(slot=2))
    for action in world.actions[before:]:
        if not isinstance(action, Send) or action.media:
            continue
        header = parse_header(bytes(action.message))
        match header.type:
            case MessageType.PAIRWISE if header.dst == 1 and "epoch" not in order:
                order.append("epoch")
            case MessageType.PAIRWISE if header.dst == 2:
                order.append("goodbye")
            case _:
                pass
    assert len(heard(lead, Epoch)) == epochs + 1
    assert order == ["epoch", "goodbye"]
    assert heard(eva, HostGoodbye)[-1].code is ErrorCode.REMOVED
    assert RemoveViewer(link=eva.link, code=ErrorCode.REMOVED) in world.said
    assert CloseFeatures(eva.link) in world.actions
    assert (RecordedAct.MEMBER_REMOVED, 1, "Eva") in noted(world)
    kinds = [keep.entry.kind for keep in told(world, Keep) if keep.entry.who == "Eva"]
    assert kinds[-1] is EntryKind.REMOVED
    assert EntryKind.LEFT not in kinds


def test_G8_a_supervisor_removes_no_lead_without_a_reason(world: World) -> None:
    world.live()
    sara = supervisor(world)
    say(world, sara, RemoveMember(slot=1))
    assert roles(world) == {"Ana": Role.LEAD, "Sara": Role.SUPERVISOR}
    assert heard(sara, InputRefused)[-1].removed_by is Factor.ROLE


def test_G10_somebody_away_can_be_removed(world: World) -> None:
    lead = world.live()
    eva = world.live(2, "Eva")
    world.cut(eva)
    say(world, lead, RemoveMember(slot=2))
    assert roles(world) == {"Ana": Role.LEAD}
    world.back(eva)
    assert roles(world) == {"Ana": Role.LEAD}
