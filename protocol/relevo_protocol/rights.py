"""The effective right of one participant: a pure function whose factors may only remove (SPEC R4)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from relevo_protocol.modes import MODE_TABLE, Capability, Mode, Permit, Role


class Factor(StrEnum):
    """What took a right away; the interface says it beside the grey button (SPEC R5)."""

    MODE = "mode"
    POLICY = "policy"
    ROLE = "role"
    GRANT = "grant"
    CONSENT = "consent"
    FLOOR = "floor"
    PLATFORM = "platform"


class Policy(StrEnum):
    """An organisation's or a device's word on a capability; ``UNSET`` leaves it to the mode."""

    ALLOW = "allow"
    ASK = "ask"
    DENY = "deny"
    UNSET = "unset"


@dataclass(frozen=True, slots=True)
class Right:
    """The answer: what is permitted, and the first factor that removed something (``None`` if none did)."""

    permit: Permit
    removed_by: Factor | None = None


_INPUT = frozenset(
    {Capability.INPUT_POINTER, Capability.INPUT_TEXT, Capability.INPUT_KEYS, Capability.INPUT_SPECIAL}
)
_VIEW = frozenset(
    {
        Capability.SCREEN_VIEW,
        Capability.POINT_LASER,
        Capability.POINT_ANNOTATE,
        Capability.CHAT,
        Capability.SNAPSHOT,
    }
)
_TALK = frozenset({Capability.AUDIO_LISTEN, Capability.VOICE})
_ADMIN = frozenset(c for c in Capability if MODE_TABLE[Mode.ADMINISTRATOR][c] is Permit.ELEVATED) | {
    Capability.SESSION_HOLD,
    Capability.SESSION_RECONNECT,
    Capability.POWER_LOGOFF,
    Capability.POWER_REBOOT,
    Capability.ELEVATE,
}
_ALL = frozenset(Capability)

ROLE_CEILING: dict[Role, frozenset[Capability]] = {
    Role.LEAD: _ALL,
    Role.COLLABORATOR: _ALL - {Capability.RECORD},
    Role.SUPERVISOR: _VIEW | _TALK | _INPUT,
    Role.EXPERT: _ALL - {Capability.RECORD},
    Role.EXTERNAL: _VIEW | _TALK | (_INPUT - {Capability.INPUT_SPECIAL}) | {Capability.FILE_SEND},
    Role.DEMO_VIEWER: frozenset({Capability.POINT_LASER, Capability.POINT_ANNOTATE, Capability.CHAT}),
    Role.CUSTOMER: frozenset({Capability.CHAT, Capability.VOICE}),
}
"""What a role may have at most, before the lead's toggles."""

NEEDS_GRANT: dict[Role, frozenset[Capability]] = {
    Role.LEAD: frozenset(),
    Role.COLLABORATOR: _ALL - _VIEW - _TALK,
    Role.SUPERVISOR: _INPUT,
    Role.EXPERT: _ALL - _VIEW - _TALK,
    Role.EXTERNAL: ROLE_CEILING[Role.EXTERNAL] - {Capability.CHAT},
    Role.DEMO_VIEWER: frozenset({Capability.POINT_LASER, Capability.POINT_ANNOTATE}),
    Role.CUSTOMER: frozenset(),
}
"""What a role has only while the lead (in a demo the presenter) grants it."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Everything an effective right depends on; the defaults remove nothing."""

    mode: Mode
    role: Role = Role.LEAD
    policy: Mapping[Capability, Policy] = field(default_factory=dict[Capability, Policy])
    granted: frozenset[Capability] = frozenset()
    refused: frozenset[Capability] = frozenset()
    consented: frozenset[Capability] = frozenset()
    floor: Mapping[Capability, Policy] = field(default_factory=dict[Capability, Policy])
    unavailable: frozenset[Capability] = frozenset()
    admin_tools: bool = False


def effective_right(capability: Capability, given: Circumstances) -> Right:
    """What one participant may do now, and the first factor that removed it.

    ``ASK`` becomes ``ALLOW`` once the customer consented in this session; ``ASK_EACH`` never does.
    """
    permit = MODE_TABLE[given.mode][capability]
    if permit is Permit.NEVER:
        return Right(Permit.NEVER, Factor.MODE)
    for factor, removed in _removals(capability, given):
        if removed:
            return Right(Permit.NEVER, factor)
    if permit is Permit.ELEVATED and not given.admin_tools:
        return Right(Permit.NEVER, Factor.ROLE)
    return _asked(capability, permit, given)


def _removals(capability: Capability, given: Circumstances) -> tuple[tuple[Factor, bool], ...]:
    needs_grant = capability in NEEDS_GRANT[given.role] and capability not in given.granted
    admin_denied = given.role is Role.EXTERNAL and capability in _ADMIN
    return (
        (Factor.POLICY, given.policy.get(capability) is Policy.DENY),
        (Factor.ROLE, admin_denied or capability not in ROLE_CEILING[given.role]),
        (Factor.GRANT, needs_grant),
        (Factor.CONSENT, capability in given.refused),
        (Factor.FLOOR, given.floor.get(capability) is Policy.DENY),
        (Factor.PLATFORM, capability in given.unavailable),
    )


def _asked(capability: Capability, permit: Permit, given: Circumstances) -> Right:
    by_policy = Policy.ASK in (given.policy.get(capability), given.floor.get(capability))
    if permit is Permit.ALLOW and not by_policy:
        return Right(Permit.ALLOW)
    if permit is Permit.ASK_EACH:
        return Right(Permit.ASK_EACH, Factor.CONSENT)
    if capability in given.consented:
        return Right(Permit.ALLOW)
    return Right(permit if permit is Permit.ELEVATED else Permit.ASK, Factor.CONSENT)
