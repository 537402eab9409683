"""Pacing and the relay's dropping over modelled lines: what a viewer sees, and how old it is."""

import pytest

from tests.support.line_model import Demand, Model, after, fastest

KILO_BYTES_MS = 125.0
"""1 Mbit/s in bytes a ms."""

TYPING = Demand(typing_ms=125)
REFINING = Demand(typing_ms=125, refine_bytes=4_000_000)
FILM = Demand(typing_ms=125, video=True)
PHOTOS = Demand(typing_ms=125, photo_bytes_ms=100_000.0)
SCROLLING = Demand(typing_ms=125, scroll_ms=100)


def alone(demand: Demand, mbit_s: float, round_trip_ms: float, for_ms: int = 12_000) -> Model:
    model = Model(demand)
    model.join(1, mbit_s * KILO_BYTES_MS, round_trip_ms)
    model.run(for_ms)
    return model


@pytest.mark.parametrize(
    ("mbit_s", "round_trip_ms"), [(0.4, 100), (1, 100), (10, 40), (100, 10)], ids=["0.4", "1", "10", "100"]
)
@pytest.mark.parametrize(
    "demand", [TYPING, REFINING, FILM, PHOTOS], ids=["typing", "refining", "film", "photos"]
)
def test_D2_nothing_queues_for_more_than_300_ms_from_the_first_second_on(
    demand: Demand, mbit_s: float, round_trip_ms: float
) -> None:
    seen = alone(demand, mbit_s, round_trip_ms).viewers[1].seen
    assert max(after(seen.queues, 0)) < 200
    typed = sorted(after(seen.event_ages, 1000))
    assert len(typed) > 80
    assert typed[-1] < round_trip_ms / 2 + 330
    assert typed[len(typed) // 2] < round_trip_ms / 2 + (220 if mbit_s < 1 else 90)


def test_D2_the_line_is_filled_all_the_same() -> None:
    for mbit_s, round_trip_ms in ((1, 100), (10, 40), (100, 10)):
        model = alone(PHOTOS, mbit_s, round_trip_ms)
        carried = model.viewers[1].seen.bytes / (mbit_s * KILO_BYTES_MS * 12_000)
        assert carried > 0.55, (mbit_s, carried)


@pytest.mark.parametrize(("mbit_s", "round_trip_ms"), [(10, 40), (100, 10)])
def test_D2_a_rate_that_falls_to_a_tenth_hurts_for_half_a_second_and_no_longer(
    mbit_s: float, round_trip_ms: float
) -> None:
    model = alone(FILM, mbit_s, round_trip_ms, 6000)
    model.viewers[1].down.change(mbit_s * KILO_BYTES_MS / 10, model.now_ms)
    model.run(14_000)
    assert max(after(model.viewers[1].seen.queues, 6500)) < 200
    model.viewers[1].down.change(mbit_s * KILO_BYTES_MS, model.now_ms)
    model.run(20_000)
    assert fastest(model.pacing).rate > 0.25 * mbit_s * KILO_BYTES_MS


@pytest.mark.parametrize(
    ("demand", "mbit_s", "round_trip_ms", "most_ms"),
    [
        (SCROLLING, 10, 40, 300),
        (FILM, 100, 10, 300),
        (PHOTOS, 100, 10, 300),
        (FILM, 10, 40, 360),
        (REFINING, 10, 40, 420),
        (PHOTOS, 10, 40, 620),
        (FILM, 2, 40, 750),
        (PHOTOS, 2, 40, 650),
    ],
    ids=["scroll 10", "film 100", "photos 100", "film 10", "refining 10", "photos 10", "film 2", "photos 2"],
)
def test_D2_a_tenth_of_the_rate_lets_little_more_queue_than_was_sent_before_that_could_be_known(
    demand: Demand, mbit_s: float, round_trip_ms: float, most_ms: float
) -> None:
    """What a full line carries in a round trip is sent blindly, and takes ten of them."""
    for moment_ms in (6000, 6007, 6019, 6029, 6041):
        model = alone(demand, mbit_s, round_trip_ms, moment_ms)
        model.viewers[1].down.change(mbit_s * KILO_BYTES_MS / 10, moment_ms)
        model.run(moment_ms + 5000)
        waits = model.viewers[1].seen.waits
        assert max(after(waits, moment_ms)) < most_ms
        assert max(after(waits, moment_ms + 1000)) < 300


def test_D2_acknowledgements_that_come_irregularly_do_not_thin_out_a_film() -> None:
    """Patience learns how much they vary; what is in time is not held up by what is late now and then."""
    steady, shaky = alone(FILM, 10, 40), Model(FILM)
    viewer = shaky.join(1, 10 * KILO_BYTES_MS, 40)
    while shaky.now_ms < 12_000:
        shaky.run(shaky.now_ms + 700)
        viewer.pause(shaky.now_ms + 60)
    assert viewer.seen.frames > 0.97 * steady.viewers[1].seen.frames
    assert fastest(shaky.pacing).rate > 0.8 * 10 * KILO_BYTES_MS


@pytest.mark.parametrize("still_ms", [120, 200, 300, 500, 1000])
def test_D2_a_line_that_stood_still_between_small_frames_is_filled_again(still_ms: int) -> None:
    """What is under way then makes the rate doubtful; small frames that come in time end the doubt."""
    model = alone(Demand(scroll_ms=33, scroll_bytes=3000), 8, 40, 6000)
    viewer = model.viewers[1]
    viewer.down.free_ms = max(viewer.down.free_ms, model.now_ms) + still_ms
    model.run(11_000)
    carried, model.demand = viewer.seen.bytes, PHOTOS
    model.run(14_000)
    assert viewer.seen.bytes - carried > 0.5 * 8 * KILO_BYTES_MS * 3000


@pytest.mark.parametrize(
    ("before", "afterwards", "round_trip_ms"), [(0.5, 10, 40), (1, 100, 40), (0.5, 2, 100), (0.5, 10, 200)]
)
def test_D2_a_line_that_becomes_wider_is_filled(
    before: float, afterwards: float, round_trip_ms: float
) -> None:
    """What little is dared on a thin line makes no train that could tell."""
    model = alone(PHOTOS, before, round_trip_ms, 10_000)
    assert fastest(model.pacing).rate < 1.2 * before * KILO_BYTES_MS
    model.viewers[1].down.change(afterwards * KILO_BYTES_MS, model.now_ms)
    model.run(16_000)
    assert fastest(model.pacing).rate > 0.8 * afterwards * KILO_BYTES_MS


def five(demand: Demand) -> Model:
    model = Model(demand)
    for number, mbit_s in enumerate((0.5, 2, 10, 50, 100), 1):
        model.join(number, mbit_s * KILO_BYTES_MS, 40)
    model.run(25_000)
    return model


def test_D3_five_viewers_see_typing_as_if_each_were_alone() -> None:
    for viewer in five(TYPING).viewers.values():
        assert max(after(viewer.seen.event_ages, 6000)) < 60
        assert max(after(viewer.seen.picture_ages, 6000)) < 200


def test_D3_refinement_goes_at_the_pace_of_the_slowest_who_keeps_up() -> None:
    model = five(REFINING)
    assert len(model.keyframes) <= 6
    for viewer in model.viewers.values():
        assert max(after(viewer.seen.event_ages, 8000)) < 250
        assert viewer.seen.bytes > 600_000


def test_D3_five_viewers_of_a_film_each_see_a_picture_and_the_fast_lose_nothing() -> None:
    lone = alone(FILM, 100, 40, 25_000).viewers[1].seen
    seen = {number: viewer.seen for number, viewer in five(FILM).viewers.items()}
    oldest_ms = {number: max(after(one.picture_ages, 6000)) for number, one in seen.items()}
    assert oldest_ms[1] < 8000
    assert oldest_ms[2] < 4000
    assert max(oldest_ms[3], oldest_ms[4], oldest_ms[5]) < 300
    for number in (3, 4, 5):
        assert seen[number].frames > 0.9 * lone.frames
        assert max(after(seen[number].event_ages, 6000)) < 200


def test_D3_what_fast_viewers_lose_to_keyframes_for_the_slow_is_less_than_a_tenth() -> None:
    lone = alone(PHOTOS, 100, 40, 25_000).viewers[1].seen
    model = five(PHOTOS)
    fastest = model.viewers[5].seen
    assert fastest.bytes > 0.95 * lone.bytes
    repeated = len(model.keyframes) * PHOTOS.keyframe_bytes
    assert repeated < 0.1 * fastest.bytes
    assert max(after(fastest.event_ages, 6000)) < 150
    assert max(after(model.viewers[1].seen.picture_ages, 6000)) < 12_000


def test_D3_a_slow_viewer_alone_is_paced_and_needs_no_second_keyframe() -> None:
    model = alone(FILM, 0.5, 40)
    assert len(model.keyframes) == 1
    assert model.viewers[1].outbox.dropped_frames == 0


def test_a_late_joiner_gets_a_keyframe_at_once() -> None:
    model = alone(FILM, 10, 40, 5000)
    model.join(2, 1250.0, 40)
    model.run(6000)
    assert model.keyframes[-1] - 5000 < 50
    assert max(after(model.viewers[1].seen.picture_ages, 5500)) < 300
    assert model.viewers[2].seen.frames > 10
