"""What the customer is told at once: how loudly, and in which words."""

from enum import StrEnum
from typing import Final

from relevo_agent.session.actions import Notice
from relevo_agent.ui.texts import Texts


class Loudness(StrEnum):
    """How a notice is shown."""

    ALARM = "alarm"
    """In red, until the next session."""
    TROUBLE = "trouble"
    """In red, until it is over."""
    NEWS = "news"
    """Calmly, for a few seconds."""
    COMFORT = "comfort"
    """Calmly, in front of everything, until the next session."""


LOUDNESS: Final[dict[Notice, Loudness]] = {
    Notice.CODE_KILLED: Loudness.ALARM,
    Notice.IDENTITY_MISMATCH: Loudness.ALARM,
    Notice.TAMPERED: Loudness.ALARM,
    Notice.SESSION_LOST: Loudness.ALARM,
    Notice.VISITOR_LOST: Loudness.ALARM,
    Notice.NUMBER_GONE: Loudness.ALARM,
    Notice.RELAY_BUSY: Loudness.TROUBLE,
    Notice.RELAY_FULL: Loudness.TROUBLE,
    Notice.LEAD_CHANGED: Loudness.NEWS,
    Notice.TAKEN_OVER: Loudness.NEWS,
    Notice.JOINED: Loudness.NEWS,
    Notice.PAUSED_BY_YOU: Loudness.NEWS,
    Notice.CONTROL_BACK: Loudness.NEWS,
    Notice.MICRO_HANDOVER: Loudness.NEWS,
    Notice.RESTART_OFF: Loudness.NEWS,
    Notice.GRANT_ENDED: Loudness.NEWS,
    Notice.REPORTED: Loudness.COMFORT,
    Notice.REPORT_KEPT: Loudness.COMFORT,
    Notice.END_WAITS: Loudness.NEWS,
}
"""Total over :class:`Notice`."""

IN_THE_BANNER: Final = frozenset({Notice.PAUSED_BY_YOU, Notice.CONTROL_BACK})
"""Who drives is said all the time, and these come often: window and terminal keep still."""


def notice_text(texts: Texts, notice: Notice, who: str, why: str = "") -> str:
    """A notice in words; without a name it is about somebody."""
    return texts(f"notice.{notice.value}", who=who or texts("people.somebody"), why=why)
