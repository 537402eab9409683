"""Attacks by standing still: who does not read, does not answer, or shows an old picture."""

import asyncio

from tests.attacks.client import Ground, seen_more
from tests.attacks.table import Needs, attack, must
from tests.support.peers import agent_at, guest_at, viewer_at

_PICTURE = bytes(200_000)


@attack(
    "Z1", "others keep their pictures; the frozen one's wait is bounded", rules="C14 C15", needs=Needs.OWN
)
async def frozen_viewer(ground: Ground) -> None:
    """One of two viewers reads nothing any more, so that its queue grows and the other's picture stops."""
    async with agent_at(ground.relay) as agent, viewer_at(ground.relay, agent.code) as good:
        await good.live()
        link = agent.invite()
        async with guest_at(ground.relay, link) as frozen:
            await frozen.live()
            frozen.stop_reading()
            for _ in range(60):
                more = seen_more(good)
                agent.show(_PICTURE, keyframe=True)
                await good.inbox.until(more, "the other's picture")
            assert ground.relay.services is not None
            registry = ground.relay.services.metrics.registry
            queued = 0.0
            for _ in range(30):  # the gauge is set at the relay's rounds, every few seconds
                await asyncio.sleep(1.1)
                queued = registry.get_sample_value("relevo_outbox_bytes") or 0.0
                if queued:
                    break
            if not queued:
                raise ValueError("nobody counts what waits")
            must(queued < 40 * len(_PICTURE), f"{queued} bytes wait for who does not read")
            frozen.go_on_reading()
            frozen.wire.socket.transport.abort()
