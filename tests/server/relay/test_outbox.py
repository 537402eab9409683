import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relevo_protocol.limits import OUTBOX_MEDIA_BYTES
from relevo_server.relay.outbox import Kind, Offer, Outbox

KEY = Kind(keyframe=True)
DELTA = Kind()
KEY_KEPT = Kind(keyframe=True, droppable=False)
PART = Kind(droppable=False)


def _drain(outbox: Outbox) -> list[bytes]:
    taken: list[bytes] = []
    while (message := outbox.pop()) is not None:
        taken.append(message)
    return taken


def test_C13_control_leaves_before_media_and_in_order() -> None:
    outbox = Outbox()
    outbox.put_media(b"K1", KEY)
    outbox.put_control(b"epoch")
    outbox.put_control(b"mode")
    outbox.put_media(b"d2", DELTA)
    assert _drain(outbox) == [b"epoch", b"mode", b"K1", b"d2"]


def test_the_first_frame_must_be_a_keyframe() -> None:
    outbox = Outbox()
    assert outbox.put_media(b"d1", DELTA) is Offer.DROPPED
    assert outbox.put_media(b"K2", KEY) is Offer.TAKEN
    assert outbox.put_media(b"d3", DELTA) is Offer.TAKEN
    assert _drain(outbox) == [b"K2", b"d3"]
    assert not outbox.starving


def test_a_keyframe_makes_what_waits_before_it_needless() -> None:
    outbox = Outbox()
    for message, keyframe in ((b"K1", True), (b"d2", False), (b"K3", True), (b"d4", False)):
        outbox.put_media(message, KEY if keyframe else DELTA)
    assert _drain(outbox) == [b"K3", b"d4"]
    assert outbox.dropped_frames == 2


def test_C14_overflow_drops_everything_to_the_next_keyframe() -> None:
    outbox = Outbox(media_bytes=10)
    outbox.put_media(b"K" * 6, KEY)
    assert outbox.put_media(b"d" * 4, DELTA) is Offer.TAKEN
    assert outbox.put_media(b"e", DELTA) is Offer.DROPPED
    assert outbox.put_media(b"f", DELTA) is Offer.DROPPED
    assert outbox.media_bytes == 0
    starving = [outbox.starving]
    assert outbox.dropped_frames == 4
    assert outbox.put_media(b"G" * 10, KEY) is Offer.TAKEN
    starving.append(outbox.starving)
    assert starving == [True, False]
    assert _drain(outbox) == [b"G" * 10]


def test_C13_control_is_never_dropped_and_overflow_is_told() -> None:
    outbox = Outbox(control_bytes=10)
    assert outbox.put_control(b"x" * 10) is Offer.TAKEN
    assert outbox.put_control(b"y") is Offer.OVERFLOW
    assert _drain(outbox) == [b"x" * 10]
    assert outbox.put_control(b"y") is Offer.TAKEN


def test_the_bytes_are_shared_not_copied() -> None:
    frame = bytes(1000)
    first, second = Outbox(), Outbox()
    for outbox in (first, second):
        outbox.put_media(frame, KEY)
    assert first.pop() is frame
    assert second.pop() is frame


@pytest.mark.parametrize("drops", ["restart", "clear"])
def test_after_a_new_start_only_a_keyframe_is_taken(drops: str) -> None:
    outbox = Outbox()
    outbox.put_control(b"c")
    outbox.put_media(b"K1", KEY)
    if drops == "restart":
        outbox.restart_media()
        assert outbox.put_media(b"d2", DELTA) is Offer.DROPPED
        assert _drain(outbox) == [b"c"]
    else:
        outbox.clear()
        assert _drain(outbox) == []
    assert (outbox.control_bytes, outbox.media_bytes) == (0, 0)


def test_sizes_are_kept() -> None:
    outbox = Outbox()
    outbox.put_control(b"abc")
    outbox.put_media(b"K1234", KEY)
    assert (outbox.control_bytes, outbox.media_bytes, len(outbox)) == (3, 5, 2)
    _drain(outbox)
    assert (outbox.control_bytes, outbox.media_bytes, len(outbox)) == (0, 0, 0)


class Scene:
    """An outbox of a receiver that takes so many bytes a second, on a clock of its own."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.outbox = Outbox(clock_s=lambda: self.now_s)

    def put(self, size: int, kind: Kind) -> Offer:
        return self.outbox.put_media(bytes(size), kind)

    def popped(self) -> list[int]:
        return [len(message) for message in _drain(self.outbox)]


def test_C14_a_keyframe_that_is_on_its_way_is_completed_before_the_next_begins() -> None:
    scene = Scene()
    scene.put(10, KEY_KEPT)
    scene.put(11, PART)
    scene.put(12, PART)
    scene.put(5, DELTA)
    taken = [scene.outbox.pop()]
    scene.put(20, KEY_KEPT)
    scene.put(21, PART)
    scene.put(6, DELTA)
    assert [len(message or b"") for message in taken] + scene.popped() == [10, 11, 12, 20, 21, 6]


def test_C14_a_keyframe_that_has_not_begun_to_leave_gives_way_to_a_newer_one() -> None:
    scene = Scene()
    for size in (10, 20):
        scene.put(size, KEY_KEPT)
        scene.put(size + 1, PART)
    assert scene.popped() == [20, 21]


def test_C14_of_two_that_wait_behind_one_on_its_way_the_newest_is_kept() -> None:
    scene = Scene()
    scene.put(10, KEY_KEPT)
    scene.put(11, PART)
    scene.outbox.pop()
    for size in (20, 30):
        scene.put(size, KEY_KEPT)
        scene.put(size + 1, PART)
    assert scene.popped() == [11, 30, 31]


def test_P3_nothing_of_an_older_epoch_is_kept_before_a_keyframe_of_a_newer_one() -> None:
    scene = Scene()
    scene.put(10, Kind(keyframe=True, droppable=False, epoch=1))
    scene.put(11, Kind(droppable=False, epoch=1))
    scene.outbox.pop()
    scene.put(20, Kind(keyframe=True, droppable=False, epoch=2))
    assert scene.popped() == [20]


def test_C14_old_deltas_go_when_a_keyframe_is_sooner_and_the_picture_is_not_torn() -> None:
    scene = Scene()
    scene.put(60_000, KEY_KEPT)
    scene.outbox.pop()
    offers: list[Offer] = []
    while Offer.DROPPED not in offers:
        offers.append(scene.put(10_000, DELTA))
        scene.now_s += 0.1
    assert len(offers) == 5  # more than half a keyframe's bytes, and the oldest waits for more than 300 ms
    assert scene.outbox.starving
    assert scene.put(10, DELTA) is Offer.DROPPED
    assert scene.put(70_000, KEY_KEPT) is Offer.TAKEN
    assert not scene.outbox.starving


def test_C14_a_few_bytes_are_kept_however_old_they_are() -> None:
    scene = Scene()
    scene.put(60_000, KEY_KEPT)
    scene.outbox.pop()
    for _ in range(100):
        assert scene.put(150, DELTA) is Offer.TAKEN
        scene.now_s += 0.125
    assert len(scene.popped()) == 100


def test_C14_what_is_typed_behind_a_slow_keyframe_is_kept_and_a_video_is_not() -> None:
    typed, film = Scene(), Scene()
    for scene, size in ((typed, 150), (film, 20_000)):
        scene.put(60_000, KEY_KEPT)
        scene.put(60_000, PART)
        scene.outbox.pop()
        for _ in range(30):
            scene.put(size, DELTA)
            scene.now_s += 0.1
    assert typed.popped() == [60_000, *[150] * 30]
    assert film.popped() == [60_000]
    assert film.outbox.starving


def test_C14_a_delta_waits_from_when_the_keyframe_before_it_has_left() -> None:
    scene = Scene()
    scene.put(100_000, KEY_KEPT)
    scene.put(1, PART)
    scene.outbox.pop()
    scene.put(60_000, DELTA)
    scene.now_s += 5.0
    scene.outbox.pop()
    assert scene.put(60_000, DELTA) is Offer.TAKEN
    scene.now_s += 0.31
    assert scene.put(1, DELTA) is Offer.DROPPED


def test_C13_bytes_are_bounded_whatever_may_not_be_dropped() -> None:
    scene = Scene()
    scene.put(1000, KEY_KEPT)
    for _ in range(4000):
        scene.put(1000, PART)
        assert scene.outbox.media_bytes <= OUTBOX_MEDIA_BYTES
    assert scene.outbox.starving


def test_C14_a_host_that_marks_nothing_is_bound_by_bytes_alone() -> None:
    scene = Scene()
    scene.put(100, KEY)
    for _ in range(20):
        assert scene.put(50_000, DELTA) is Offer.TAKEN
        scene.now_s += 1.0


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["key", "part", "delta", "pop", "wait", "restart"]),
            st.integers(1, 400_000),
            st.integers(1, 2),
        ),
        max_size=120,
    )
)
def test_C14_what_leaves_is_in_order_has_no_gap_but_before_keyframes_and_is_counted(
    events: list[tuple[str, int, int]],
) -> None:
    scene, number, last, needs_keyframe = Scene(), 0, 0, True
    kinds: dict[int, bool] = {}
    for what, size, epoch in events:
        if what == "wait":
            scene.now_s += size / 1e6
        elif what == "restart":
            scene.outbox.restart_media()
            needs_keyframe = True
        elif what == "pop":
            message = scene.outbox.pop()
            if message is None:
                continue
            left = int.from_bytes(message[:8], "big")
            assert left > last
            assert kinds[left] or (left == last + 1 and not needs_keyframe)
            last, needs_keyframe = left, False
        else:
            number += 1
            kinds[number] = what == "key"
            kind = Kind(keyframe=what == "key", droppable=what == "delta", epoch=epoch)
            scene.outbox.put_media(number.to_bytes(8, "big") + bytes(size), kind)
        assert 0 <= scene.outbox.media_bytes <= OUTBOX_MEDIA_BYTES
    if not (scene.outbox.starving or len(scene.outbox)):
        assert scene.outbox.media_bytes == 0
