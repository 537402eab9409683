"""Every bound of the wire in one place (SPEC L1); generated into TypeScript.

Bytes are octets of the WebSocket message or of the named field, times carry their unit in the name.
"""

from typing import Final

HEADER_BYTES: Final = 24
AEAD_TAG_BYTES: Final = 16
SIGNATURE_BYTES: Final = 64

MAX_MESSAGE_BYTES: Final = 4 * 2**20
"""Largest WebSocket message anybody accepts."""
MAX_CONTROL_BYTES: Final = 64 * 2**10
"""Largest relay-control or handshake message, header included."""
MAX_PAIRWISE_BYTES: Final = 128 * 2**10
"""Largest pairwise message, header included."""
MAX_MEDIA_BYTES: Final = 2 * 2**20
"""Largest media message, header included."""

MAX_VIEWERS: Final = 5
MAX_INVITES: Final = 32
"""Invitations of one session that are open at once."""
MAX_CHAT_CHARS: Final = 2000
MAX_CHAT_LINES_KEPT: Final = 200
MAX_UNRECORDED: Final = 256
"""Acts that a host keeps until the relay has said that its record has them."""
MAX_TOLD_REASON_CHARS: Final = 200
MAX_STROKE_POINTS: Final = 256
"""Points in one piece of a line."""
MAX_MARK_POINTS: Final = 20_000
"""Points that one person has on the screen; the oldest go first."""
MAX_PROCESSES: Final = 500
MAX_SERVICES: Final = 400
MAX_TERMINALS: Final = 4
MAX_TERMINAL_BYTES: Final = 16 * 2**10
MAX_TERMINAL_SIDE: Final = 500
MAX_HOLD_HOURS: Final = 72
MAX_SCREEN_SIDE_PX: Final = 8192
MAX_SCREEN_PIXELS: Final = 2**25
"""A screen of 7680x4320 has nearly as many."""
MAX_MONITORS: Final = 16
MAX_UPDATES_PER_FRAME: Final = 4096
MAX_CURSOR_SIDE_PX: Final = 256
MAX_CODECS: Final = 32
"""Codecs that a viewer can name."""
ZSTD_WINDOW_LOG: Final = 24
"""Window of the zstd stream, log2 of bytes, at most: what a viewer keeps for it (SPEC F11)."""

MAX_TEXT_INPUT_CHARS: Final = 4096
MAX_NAME_CHARS: Final = 120
MAX_REASON_CHARS: Final = 500
MAX_KEY_NAME_CHARS: Final = 32
MAX_TOKEN_CHARS: Final = 128

OUTBOX_PAIRWISE_BYTES: Final = 256 * 2**10
"""Queue of sealed and control messages per receiver on the relay; overflow ends that receiver as ``slow``."""
OUTBOX_MEDIA_BYTES: Final = 2 * 2**20
"""Media slot per viewer on the relay; overflow drops deltas to the next keyframe."""
OUTBOX_MEDIA_AGE_MS: Final = 300
"""Deltas that have waited so long for a viewer are dropped, where a keyframe would be there sooner."""

CODE_DIGITS: Final = 6
CODE_LIFE_S: Final = 600
CODE_TRIES: Final = 3
TICKET_LIFE_S: Final = 30
HELLO_DEADLINE_S: Final = 10
HANDSHAKE_DEADLINE_S: Final = 20
CONSENT_DEADLINE_S: Final = 60
RESUME_LIFE_S: Final = 600
VETO_DEADLINE_S: Final = 8
"""How long the customer may turn away a further person of the same organisation."""
INVITE_LIFE_S: Final = 3600
INVITE_DEMO_LIFE_S: Final = 8 * 3600
JOIN_ASK_DEADLINE_S: Final = 20
MICRO_HANDOVER_S: Final = 60
LOCAL_QUIET_MS: Final = 1500
"""Shared desktop: after so long without real local input the technician has the token again."""
LOCAL_PAUSE_MS: Final = 1000
"""Full control: real local input pauses the technician for so long."""
LASER_LIFE_MS: Final = 2000
ADMINISTRATOR_LIFE_S: Final = 4 * 3600
"""How long a grant of administrator mode lasts."""
STEP_UP_LIFE_S: Final = 120
"""How long a fresh proof of who the technician is may wait for the mode to be asked for."""
RESTART_COUNTDOWN_S: Final = 30
RESTART_LIFE_S: Final = 1800
"""How long the secret that brings a session back after a restart is good."""
HOLD_HOURS: Final = 8
HEARTBEAT_INTERVAL_S: Final = 4
HEARTBEAT_HELD_INTERVAL_S: Final = 2
"""While the viewer holds a key or button down, or does not know yet whether a press has arrived."""
HEARTBEAT_DEADLINE_S: Final = 10
PING_INTERVAL_S: Final = 10
PING_DEADLINE_S: Final = 10
WRITE_DEADLINE_S: Final = 15
POINTER_STALE_MS: Final = 3000
"""Pointer input that names a frame sent longer ago than this is refused: nobody clicks blind."""
VIEWER_MESSAGES_AT_ONCE: Final = 4000
"""What a stalled line may deliver in one go; a viewer that sends more is removed (SPEC R10)."""
VIEWER_MESSAGES_PER_S: Final = 1000
RECONNECT_FIRST_MS: Final = 250
RECONNECT_CAP_MS: Final = 10_000
RECONNECT_GROWTH: Final = 1.3
"""Slower than doubling: an outage of nine seconds still heals within five; somebody sits at the screen."""
QUIET_EXACT_MS: Final = 500
"""What stands still this long is sent again bit-exact."""


def screen_fits(width_px: int, height_px: int) -> bool:
    """Tell whether a screen of this size is within the wire's bounds (SPEC L7)."""
    sides = 0 < width_px <= MAX_SCREEN_SIDE_PX and 0 < height_px <= MAX_SCREEN_SIDE_PX
    return sides and width_px * height_px <= MAX_SCREEN_PIXELS
