"""The five modes, the capabilities, and the one table of who may do what (SPEC R1-R9).

The agent decides by it, the relay refuses by it what it can see, the viewer greys buttons by it.
Nothing else in the code asks about modes.
"""

from enum import StrEnum
from typing import Final


class Mode(StrEnum):
    """What a session lets the technician do at most."""

    OBSERVER = "observer"
    SHARED = "shared"
    FULL = "full"
    ADMINISTRATOR = "administrator"
    DEMO = "demo"


class Role(StrEnum):
    """What a participant is in a session."""

    LEAD = "lead"
    COLLABORATOR = "collaborator"
    SUPERVISOR = "supervisor"
    EXPERT = "expert"
    EXTERNAL = "external"
    DEMO_VIEWER = "demo_viewer"
    CUSTOMER = "customer"


class Capability(StrEnum):
    """One thing that a participant may or may not do."""

    SCREEN_VIEW = "screen.view"
    SCREEN_PRESENT = "screen.present"
    POINT_LASER = "point.laser"
    POINT_ANNOTATE = "point.annotate"
    INPUT_POINTER = "input.pointer"
    INPUT_TEXT = "input.text"
    INPUT_KEYS = "input.keys"
    INPUT_SPECIAL = "input.special"
    CLIPBOARD_TO_CUSTOMER = "clipboard.to_customer"
    CLIPBOARD_FROM_CUSTOMER = "clipboard.from_customer"
    FILE_SEND = "file.send"
    FILE_FETCH = "file.fetch"
    FILE_BROWSE = "file.browse"
    SYSTEM_INFO = "system.info"
    SYSTEM_PROCESSES_LIST = "system.processes.list"
    SYSTEM_PROCESSES_END = "system.processes.end"
    SYSTEM_SERVICES = "system.services"
    TERMINAL_USER = "terminal.user"
    TERMINAL_ADMIN = "terminal.admin"
    SCRIPT_RUN = "script.run"
    ELEVATE = "elevate"
    POWER_LOGOFF = "power.logoff"
    POWER_REBOOT = "power.reboot"
    POWER_SAFE_MODE = "power.safe_mode"
    SESSION_HOLD = "session.hold"
    SESSION_RECONNECT = "session.reconnect"
    INPUT_BLOCK_LOCAL = "input.block_local"
    SCREEN_BLANK = "screen.blank"
    AUDIO_LISTEN = "audio.listen"
    RECORD = "record"
    SNAPSHOT = "snapshot"
    CHAT = "chat"
    VOICE = "voice"


class SessionKind(StrEnum):
    """What a session is for: the source is the customer's PC, or the technician's (SPEC G12)."""

    SUPPORT = "support"
    PRESENTATION = "presentation"


class Standing(StrEnum):
    """What R vouches for: an account's place in the organisation, or a guest who came by a link."""

    TECHNICIAN = "technician"
    EXPERT = "expert"
    SUPERVISOR = "supervisor"
    GUEST = "guest"


class Permit(StrEnum):
    """What a mode says of a capability, from most to least."""

    ALLOW = "allow"
    """In the mode's own consent."""
    ASK = "ask"
    """Asks the customer at first use, remembered for this session."""
    ASK_EACH = "ask_each"
    """Asks the customer every time."""
    ELEVATED = "elevated"
    """As ``ASK``, and needs the elevated helper and the flag ``admin_tools``."""
    NEVER = "never"


_A, _C, _X, _E, _N = Permit.ALLOW, Permit.ASK, Permit.ASK_EACH, Permit.ELEVATED, Permit.NEVER
_MODE_ORDER: Final = (Mode.OBSERVER, Mode.SHARED, Mode.FULL, Mode.ADMINISTRATOR, Mode.DEMO)

# One row a capability; columns observer, shared, full, administrator, demo.
_ROWS: Final[dict[Capability, tuple[Permit, Permit, Permit, Permit, Permit]]] = {
    Capability.SCREEN_VIEW: (_A, _A, _A, _A, _N),
    Capability.SCREEN_PRESENT: (_N, _N, _N, _N, _A),
    Capability.POINT_LASER: (_A, _A, _A, _A, _A),
    Capability.POINT_ANNOTATE: (_A, _A, _A, _A, _A),
    Capability.INPUT_POINTER: (_N, _A, _A, _A, _N),
    Capability.INPUT_TEXT: (_N, _A, _A, _A, _N),
    Capability.INPUT_KEYS: (_N, _A, _A, _A, _N),
    Capability.INPUT_SPECIAL: (_N, _C, _A, _A, _N),
    Capability.CLIPBOARD_TO_CUSTOMER: (_N, _C, _A, _A, _N),
    Capability.CLIPBOARD_FROM_CUSTOMER: (_N, _C, _C, _C, _N),
    Capability.FILE_SEND: (_C, _C, _A, _A, _C),
    Capability.FILE_FETCH: (_X, _X, _X, _X, _N),
    Capability.FILE_BROWSE: (_N, _N, _C, _C, _N),
    Capability.SYSTEM_INFO: (_C, _A, _A, _A, _N),
    Capability.SYSTEM_PROCESSES_LIST: (_N, _N, _C, _A, _N),
    Capability.SYSTEM_PROCESSES_END: (_N, _N, _X, _C, _N),
    Capability.SYSTEM_SERVICES: (_N, _N, _N, _C, _N),
    Capability.TERMINAL_USER: (_N, _N, _C, _C, _N),
    Capability.TERMINAL_ADMIN: (_N, _N, _N, _E, _N),
    Capability.SCRIPT_RUN: (_N, _N, _N, _E, _N),
    Capability.ELEVATE: (_N, _N, _X, _A, _N),
    Capability.POWER_LOGOFF: (_N, _N, _X, _A, _N),
    Capability.POWER_REBOOT: (_N, _N, _X, _A, _N),
    Capability.POWER_SAFE_MODE: (_N, _N, _N, _E, _N),
    Capability.SESSION_HOLD: (_N, _N, _N, _A, _N),
    Capability.SESSION_RECONNECT: (_N, _N, _N, _A, _N),
    Capability.INPUT_BLOCK_LOCAL: (_N, _N, _N, _E, _N),
    Capability.SCREEN_BLANK: (_N, _N, _N, _E, _N),
    Capability.AUDIO_LISTEN: (_C, _C, _C, _C, _C),
    Capability.RECORD: (_C, _C, _C, _C, _C),
    Capability.SNAPSHOT: (_A, _A, _A, _A, _A),
    Capability.CHAT: (_A, _A, _A, _A, _A),
    Capability.VOICE: (_C, _C, _C, _C, _C),
}

MODE_TABLE: Final[dict[Mode, dict[Capability, Permit]]] = {
    mode: {capability: row[column] for capability, row in _ROWS.items()}
    for column, mode in enumerate(_MODE_ORDER)
}
"""Ceiling for the session's lead: total over (mode x capability)."""

LADDER: Final = (Mode.OBSERVER, Mode.SHARED, Mode.FULL, Mode.ADMINISTRATOR)
"""A step up asks the customer, a step down is instant for either side; demo stands beside it."""


def is_step_up(current: Mode, wanted: Mode) -> bool:
    """Tell whether going from ``current`` to ``wanted`` needs the customer's consent (SPEC R3)."""
    if current is wanted:
        return False
    if wanted is Mode.DEMO:
        return True
    floor = -1 if current is Mode.DEMO else LADDER.index(current)
    return LADDER.index(wanted) > max(floor, 0)
