"""What viewers say they decode, whatever they say (SPEC D5)."""

from relevo_agent.session.actions import SetDecoders
from relevo_agent.session.screen import DECODERS_TAKEN
from relevo_protocol.frame import CodecId
from relevo_protocol.messages.screen import Decoders
from relevo_protocol.modes import Capability
from tests.agent.session.company import guest, say
from tests.agent.session.world import World, new_world

ALL = [CodecId.ZSTD_STREAM_BGRX, CodecId.VP8, CodecId.VP9]


def _choices(world: World) -> list[frozenset[CodecId]]:
    return [action.codecs for action in world.actions if isinstance(action, SetDecoders)]


def test_D5_who_changes_what_it_decodes_with_every_message_costs_few_keyframes() -> None:
    world = new_world(unavailable=frozenset[Capability]())
    lead = world.live()
    other = guest(world, lead)
    say(world, lead, Decoders(codecs=list(ALL)))
    world.actions.clear()
    for number in range(200):
        world.now_ms += 100
        say(world, other, Decoders(codecs=list(ALL) if number % 2 == 0 else [255, 77]))
    assert 1 <= len(_choices(world)) <= DECODERS_TAKEN + len(CodecId)


def test_D5_who_decodes_less_is_always_heard() -> None:
    world = new_world(unavailable=frozenset[Capability]())
    lead = world.live()
    for number in range(2 * DECODERS_TAKEN + 1):
        say(world, lead, Decoders(codecs=list(ALL) if number % 2 == 0 else []))
    say(world, lead, Decoders(codecs=[]))
    assert _choices(world)[-1] == frozenset()
