"""Everybody comes, falls out, comes back and leaves: nothing is left of them (SPEC C17)."""

import asyncio
from pathlib import Path
from typing import cast

import pytest

from relevo_server.edge.desk import Desk
from tests.support.peers import FakeAgent, FakeViewer
from tests.support.relay import running_relay
from tests.support.soak import keep_busy, residue, until_nothing_is_left

pytestmark = pytest.mark.anyio
_DEADLINE_S = 60.0


def _open_files() -> int:
    """Without the database's own, of which the pool opens and closes some as it likes."""
    return sum(1 for one in Path("/proc/self/fd").iterdir() if "relevo.db" not in _target(one))


def _target(descriptor: Path) -> str:
    try:
        return str(descriptor.readlink())
    except FileNotFoundError:  # that of the listing itself
        return ""


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files by Linux' /proc")
async def test_C17_when_everybody_has_left_the_relay_is_as_it_was(tmp_path: Path) -> None:
    async with running_relay(tmp_path) as relay:
        assert relay.services is not None
        desk = cast("Desk", relay.services.switchboard.revoke.__self__)  # type: ignore[attr-defined]
        await keep_busy(relay, 0.0, rooms=1, viewers=1)  # what is made once, is made
        await until_nothing_is_left(lambda: residue(desk), _DEADLINE_S)
        tasks, files = len(asyncio.all_tasks()), _open_files()
        tally = await keep_busy(relay, 4.0, rooms=2)
        assert tally.seen > 0
        strays: list[FakeAgent | FakeViewer] = [FakeAgent(relay), FakeViewer(relay), FakeViewer(relay)]
        for stray in strays:
            await stray.dial()  # says nothing
            await stray.wire.cut()
            await stray.close()

        def left() -> dict[str, int]:
            more = {"tasks": len(asyncio.all_tasks()) - tasks, "files": _open_files() - files}
            return {**residue(desk), **{what: max(0, count) for what, count in more.items()}}

        assert await until_nothing_is_left(left, _DEADLINE_S) == {}
