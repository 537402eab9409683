"""Ticks are seldom where all is calm, and often again as soon as seconds matter."""

import asyncio

import pytest

from relevo_agent import pulse
from relevo_agent.pulse import Pulse
from relevo_agent.session.actions import Acked, ReleaseHeld


def test_what_stirs_ends_a_calm_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "CALM_TICK_S", 3600.0)
    monkeypatch.setattr(pulse, "TICK_S", 0.0)

    async def stirred() -> None:
        beating = Pulse()
        sleeping = asyncio.create_task(beating.pause())
        beating.heed([Acked(1, 1, 0.0)])
        await asyncio.sleep(0)
        assert not sleeping.done(), "it is calm"
        beating.heed([ReleaseHeld()])
        await asyncio.wait_for(sleeping, 10)
        await asyncio.wait_for(beating.pause(), 10)  # and it stays awake

    asyncio.run(stirred())


def test_local_input_stirs_though_nothing_follows_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "CALM_TICK_S", 3600.0)
    monkeypatch.setattr(pulse, "TICK_S", 0.0)

    async def stirred() -> None:
        beating = Pulse()
        sleeping = asyncio.create_task(beating.pause())
        await asyncio.sleep(0)
        assert beating.stirred_by([]) == []
        await asyncio.wait_for(sleeping, 10)

    asyncio.run(stirred())


def test_S4_ticks_stay_often_while_a_key_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "CALM_TICK_S", 3600.0)
    monkeypatch.setattr(pulse, "TICK_S", 0.0)
    asyncio.run(asyncio.wait_for(Pulse().pause(pressing=True), 10))


def test_a_calm_tick_rides_on_what_wakes_the_loop_anyway_but_not_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pulse, "CALM_TICK_S", 3600.0)
    monkeypatch.setattr(pulse, "RIDE_S", 3600.0)

    async def rides() -> None:
        beating = Pulse()
        sleeping = asyncio.create_task(beating.pause())
        await asyncio.sleep(0)
        beating.ride()
        await asyncio.sleep(0)
        assert not sleeping.done(), "the tick before was just now"
        monkeypatch.setattr(pulse, "RIDE_S", 0.0)
        beating.ride()
        await asyncio.sleep(0)
        assert sleeping.done(), "no everyday tick follows: nothing has happened"

    asyncio.run(rides())


def test_a_calm_sleep_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "CALM_TICK_S", 0.0)
    asyncio.run(asyncio.wait_for(Pulse().pause(), 10))
