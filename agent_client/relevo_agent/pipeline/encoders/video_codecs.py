"""The video encoders that are known, in the order of preference, and how each is set up.

PyAV brings FFmpeg's libraries with libvpx (BSD). Its wheels also carry x264, which is GPL and not for a
program under Relevo's licence: ``libx264`` is never asked for; H.264 comes from the platform's own encoder or
not at all. PyAV is optional: without it motion goes out as JPEG.

Measured, 854x480 at 30 pictures a second, one processor: VP8 4 ms a picture and 37 dB at 165 kB/s, VP9
11 ms and 38 dB; at 40 kB/s 35 and 36 dB. SVT-AV1 (preset 12, real-time mode) takes 7-10 ms for 38 and
36 dB and is not used: it takes a rate only when it is opened, and a new stream begins with a large key frame.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from relevo_protocol.frame import CodecId

CLOCK_HZ: Final = 90_000
"""Time stamps count ninetieths of a millisecond, as in RTP."""
LARGE_PX: Final = 640 * 1024
"""From this size on a picture takes several threads, where there are processors for them."""


class EncoderFailed(Exception):
    """An encoder cannot be had, or has stopped working; the text says which and why."""


@dataclass(frozen=True, slots=True)
class VideoCodec:
    """An encoder of FFmpeg: name, what it makes, and its ways.

    ``follows_time``: its rate control counts by time stamps, so that stretching them changes the rate without
    a new stream. ``even``: takes even sides only. ``platforms``: where it can be there, empty: everywhere.
    """

    name: str
    codec: CodecId
    options: Callable[[int, int], Mapping[str, str]]
    pixel_format: str = "yuv420p"
    follows_time: bool = False
    even: bool = True
    platforms: tuple[str, ...] = ()
    device: str = ""

    @property
    def in_driver(self) -> bool:
        """Whether it is the platform's own and works in a graphics driver, which may hang."""
        return bool(self.platforms)


def _constant_rate(bits_per_s: int) -> dict[str, str]:
    """Options that make libvpx keep to the rate within half a second (its CBR)."""
    return {"minrate": str(bits_per_s), "maxrate": str(bits_per_s), "bufsize": str(bits_per_s // 2)}


_AT_ONCE: Final = {
    "deadline": "realtime",
    "lag-in-frames": "0",
    "error-resilient": "0",
    "auto-alt-ref": "0",
    "max-intra-rate": "600",  # % of a picture's share: a cut must not stop the line
    "qmin": "6",
    "qmax": "60",
    "g": "9999",  # no picture begins anew by itself but at a cut
}


_VP8_SPEED: Final = "-13"
"""``cpu-used`` with the library's whole range, to -16: there motion is followed by whole pixels only."""
_VP8_GOOD_ENOUGH: Final = "3000"
"""Squared error, summed over 256 pixels (37 dB), below which a block stays as it is predicted. A third of the
time goes into such blocks else, which are grain for the most part; what stands still is soon made exact."""


def _vp8(bits_per_s: int, area_px: int) -> Mapping[str, str]:
    del area_px
    return {**_AT_ONCE, **_constant_rate(bits_per_s), "speed": _VP8_SPEED, "static-thresh": _VP8_GOOD_ENOUGH}


def _vp9(bits_per_s: int, area_px: int) -> Mapping[str, str]:
    tiles = "1" if area_px >= LARGE_PX else "0"
    return {
        **_AT_ONCE,
        **_constant_rate(bits_per_s),
        "speed": "9",
        "row-mt": "1",
        "aq-mode": "3",
        "tile-columns": tiles,
    }


def _media_foundation(bits_per_s: int, area_px: int) -> Mapping[str, str]:
    del bits_per_s, area_px
    return {"rate_control": "ld_vbr", "scenario": "display_remoting", "hw_encoding": "1", "bf": "0"}


def _video_toolbox(bits_per_s: int, area_px: int) -> Mapping[str, str]:
    del bits_per_s, area_px
    return {"realtime": "1", "prio_speed": "1", "allow_sw": "0", "profile": "baseline", "bf": "0"}


def _va_api(bits_per_s: int, area_px: int) -> Mapping[str, str]:
    del bits_per_s, area_px
    return {"async_depth": "1", "bf": "0", "rc_mode": "CBR"}


VIDEO_CODECS: Final = (
    VideoCodec("h264_mf", CodecId.H264, _media_foundation, "nv12", platforms=("win32",)),
    VideoCodec("h264_videotoolbox", CodecId.H264, _video_toolbox, "nv12", platforms=("darwin",)),
    VideoCodec(
        "h264_vaapi", CodecId.H264, _va_api, "nv12", platforms=("linux",), device="/dev/dri/renderD128"
    ),
    VideoCodec("libvpx", CodecId.VP8, _vp8, follows_time=True, even=False),
    VideoCodec("libvpx-vp9", CodecId.VP9, _vp9, follows_time=True, even=False),
)
"""All that are known, the platform's own first: they cost the customer's processor nothing."""
