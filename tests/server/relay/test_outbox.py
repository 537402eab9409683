import pytest

from relevo_server.relay.outbox import Offer, Outbox


def _drain(outbox: Outbox) -> list[bytes]:
    taken: list[bytes] = []
    while (message := outbox.pop()) is not None:
        taken.append(message)
    return taken


def test_C13_control_leaves_before_media_and_in_order() -> None:
    outbox = Outbox()
    outbox.put_media(b"K1", keyframe=True)
    outbox.put_control(b"epoch")
    outbox.put_control(b"mode")
    outbox.put_media(b"d2", keyframe=False)
    assert _drain(outbox) == [b"epoch", b"mode", b"K1", b"d2"]


def test_the_first_frame_must_be_a_keyframe() -> None:
    outbox = Outbox()
    assert outbox.put_media(b"d1", keyframe=False) is Offer.DROPPED
    assert outbox.put_media(b"K2", keyframe=True) is Offer.TAKEN
    assert outbox.put_media(b"d3", keyframe=False) is Offer.TAKEN
    assert _drain(outbox) == [b"K2", b"d3"]
    assert not outbox.starving


def test_a_keyframe_makes_what_waits_before_it_needless() -> None:
    outbox = Outbox()
    for message, keyframe in ((b"K1", True), (b"d2", False), (b"K3", True), (b"d4", False)):
        outbox.put_media(message, keyframe=keyframe)
    assert _drain(outbox) == [b"K3", b"d4"]
    assert outbox.dropped_frames == 2


def test_C14_overflow_drops_everything_to_the_next_keyframe() -> None:
    outbox = Outbox(media_bytes=10)
    outbox.put_media(b"K" * 6, keyframe=True)
    assert outbox.put_media(b"d" * 4, keyframe=False) is Offer.TAKEN
    assert outbox.put_media(b"e", keyframe=False) is Offer.DROPPED
    assert outbox.put_media(b"f", keyframe=False) is Offer.DROPPED
    assert outbox.media_bytes == 0
    starving = [outbox.starving]
    assert outbox.dropped_frames == 4
    assert outbox.put_media(b"G" * 10, keyframe=True) is Offer.TAKEN
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
        outbox.put_media(frame, keyframe=True)
    assert first.pop() is frame
    assert second.pop() is frame


@pytest.mark.parametrize("drops", ["restart", "clear"])
def test_after_a_new_start_only_a_keyframe_is_taken(drops: str) -> None:
    outbox = Outbox()
    outbox.put_control(b"c")
    outbox.put_media(b"K1", keyframe=True)
    if drops == "restart":
        outbox.restart_media()
        assert outbox.put_media(b"d2", keyframe=False) is Offer.DROPPED
        assert _drain(outbox) == [b"c"]
    else:
        outbox.clear()
        assert _drain(outbox) == []
    assert (outbox.control_bytes, outbox.media_bytes) == (0, 0)


def test_sizes_are_kept() -> None:
    outbox = Outbox()
    outbox.put_control(b"abc")
    outbox.put_media(b"K1234", keyframe=True)
    assert (outbox.control_bytes, outbox.media_bytes, len(outbox)) == (3, 5, 2)
    _drain(outbox)
    assert (outbox.control_bytes, outbox.media_bytes, len(outbox)) == (0, 0, 0)
