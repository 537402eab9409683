"""The encoders, one small file each. Adding one is a file and a line in ``ENCODERS``."""

from typing import Final

from relevo_agent.pipeline.encoders.base import Encoder
from relevo_agent.pipeline.encoders.deflate import DeflateRgb
from relevo_agent.pipeline.encoders.jpeg import Jpeg
from relevo_agent.pipeline.types import Content

__all__ = ["ENCODERS", "Encoder", "encoder_for"]

ENCODERS: Final[tuple[Encoder, ...]] = (DeflateRgb(), Jpeg())
"""In the order of preference for their content."""


def encoder_for(content: Content, *, exact: bool) -> Encoder:
    """The first encoder for this content; with ``exact`` the first lossless one."""
    fitting = (e for e in ENCODERS if (e.lossless if exact else e.content is content))
    return next(fitting)
