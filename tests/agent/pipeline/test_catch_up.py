"""A keyframe for those that fell behind shows what somebody has not drawn yet, and nothing else."""

from dataclasses import dataclass, field

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from relevo_agent.pipeline.pacing import KEYFRAME_GAP_MS
from relevo_agent.pipeline.types import Outgoing
from relevo_protocol.frame import CodecId
from tests.support.decoder import Viewer
from tests.support.screens import PaintedScreen, Show

ZSTD = frozenset({CodecId.ZSTD_STREAM_BGRX})
EVENTS = ("paint", "photo", "scroll", "deaf", "hears", "wanted", "joins")


@dataclass
class Guest:
    """A further viewer; while it is ``deaf`` the relay drops for it, and then up to a keyframe."""

    link: int
    viewer: Viewer = field(default_factory=Viewer)
    deaf: bool = False
    lost: bool = True


class Party(Show):
    """A loop, a viewer that draws everything, and guests that miss something."""

    def __init__(self, screen: PaintedScreen) -> None:
        super().__init__(screen)
        self.guests: list[Guest] = []
        self.join(ZSTD)
        self.run(300)

    def come(self) -> Guest:
        guest = Guest(100 + len(self.guests))
        self.guests.append(guest)
        self.loop.viewer_joined(guest.link)
        return guest

    def step(self) -> Outgoing | None:
        outgoing = super().step()
        if outgoing is None:
            return None
        for guest in self.guests:
            guest.lost = guest.deaf or (guest.lost and not outgoing.keyframe)
            if not guest.lost:
                guest.viewer.apply(outgoing.frame_id, outgoing.data, keyframe=outgoing.keyframe)
                self.loop.acknowledged(guest.link, outgoing.frame_id, 1.0, self.now_ms)
        return outgoing

    def want(self) -> None:
        """The relay asks for a keyframe."""
        self.loop.request_keyframe()


def photo(height: int, width: int, seed: int) -> NDArray[np.uint8]:
    y, x = np.mgrid[:height, :width]
    waves = [128 + 90 * np.sin((x + 7 * seed) / 31 + k) * np.cos((y + 3 * seed) / 23 - k) for k in range(4)]
    grain = np.random.default_rng(seed).integers(0, 9, (height, width, 4))
    return (np.stack(waves, axis=2) + grain).clip(0, 255).astype(np.uint8)


def noisy(height: int, width: int) -> PaintedScreen:
    return PaintedScreen(np.random.default_rng(1).integers(0, 256, (height, width, 4), np.uint8))


def test_F9_whoever_fell_behind_gets_what_changed_meanwhile_and_not_the_whole_screen() -> None:
    screen = noisy(480, 640)
    party = Party(screen)
    guest = party.come()
    party.run(4000)
    guest.deaf = True
    screen.canvas[100:140, 200:260] = 77
    party.run(200)
    guest.deaf = False
    party.want()
    before = len(party.frames)
    party.run(KEYFRAME_GAP_MS)
    assert party.frames[before].keyframe
    assert sum(len(frame.data) for frame in party.frames[before:]) < 10_000
    assert np.array_equal(guest.viewer.picture, screen.rgb)
    assert np.array_equal(party.viewer.picture, screen.rgb)


def test_F9_what_is_exact_stays_exact_for_those_who_did_not_fall_behind() -> None:
    screen = noisy(160, 320)
    party = Party(screen)
    guest = party.come()
    party.run(4000)
    guest.deaf = True
    screen.canvas[:32, :32] = 7
    party.run(100)
    guest.deaf = False
    party.want()
    before = len(party.frames)
    while len(party.frames) == before:
        party.step()
        party.now_ms += 16
    assert np.array_equal(party.viewer.picture, screen.rgb), "exact with the keyframe itself"


def test_F9_a_keyframe_that_nobody_needs_is_a_frame_all_the_same() -> None:
    party = Party(noisy(480, 640))
    party.run(4000)
    party.want()
    before = len(party.frames)
    party.run(KEYFRAME_GAP_MS)
    assert [frame.keyframe for frame in party.frames[before:]] == [True]
    assert len(party.frames[before].data) < 2000


def test_F9_who_has_lost_what_they_drew_gets_all_of_it() -> None:
    screen = noisy(480, 640)
    party = Party(screen)
    party.run(4000)
    party.viewer.picture[:] = 0
    party.loop.request_keyframe(whole=True)
    party.run(3000)
    assert np.array_equal(party.viewer.picture, screen.rgb)


def test_F9_a_viewer_that_has_drawn_nothing_makes_every_keyframe_a_whole_one() -> None:
    screen = noisy(480, 640)
    party = Party(screen)
    guest = party.come()
    guest.deaf = True
    party.run(4000)
    guest.deaf = False
    party.want()
    party.run(3000)
    assert np.array_equal(guest.viewer.picture, screen.rgb)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(EVENTS), st.integers(0, 9), st.integers(0, 2), st.floats(0, 400)),
        max_size=16,
    )
)
def test_F9_whoever_misses_whatever_has_the_picture_in_the_end(
    events: list[tuple[str, int, int, float]],
) -> None:
    screen = PaintedScreen(photo(150, 210, 99))
    party = Party(screen)
    party.come()
    party.come()
    for what, seed, number, pause_ms in events:
        _happen(party, screen, what, (seed, number))
        party.run(pause_ms)
    for guest in party.guests:
        guest.deaf = False
    party.want()
    party.run(12_000)
    for guest in party.guests:
        assert np.array_equal(guest.viewer.picture, screen.rgb), guest.link
    assert np.array_equal(party.viewer.picture, screen.rgb)
    assert party.loop.is_exact


def _happen(party: Party, screen: PaintedScreen, what: str, chance: tuple[int, int]) -> None:
    seed, number = chance
    guest = party.guests[number % len(party.guests)]
    match what:
        case "paint":
            screen.canvas[10 * seed : 10 * seed + 20, 40 * number : 40 * number + 30] = 25 * seed + number
        case "photo":
            screen.canvas[40:120, 60:180] = photo(80, 120, seed)
        case "scroll":
            screen.canvas[:] = np.roll(screen.canvas, -(3 + seed), axis=0)
        case "deaf" | "hears":
            guest.deaf = what == "deaf"
        case "joins":
            if len(party.guests) < 4:
                party.come()
        case _:
            party.want()
