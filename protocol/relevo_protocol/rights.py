"""The effective right of one participant: a pure function whose factors may only remove (SPEC R4)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from relevo_protocol.modes import MODE_TABLE, Capability, Mode, Permit, Role, SessionKind


class Factor(StrEnum):
    """What took a right away; the interface says it beside the grey button (SPEC R5)."""

    MODE = "mode"
    POLICY = "policy"
    ROLE = "role"
    GRANT = "grant"
    CONSENT = "consent"
    FLOOR = "floor"
    PLATFORM = "platform"
    TOKEN = "token"  # noqa: S105 - the control token, no secret
    REAUTH = "reauth"
    """The account has not proved afresh who is there (SPEC V10)."""


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


class Act(StrEnum):
    """What a role may do in a session beside its capabilities (SPEC G5)."""

    RAISE_MODE = "raise_mode"
    LOWER_MODE = "lower_mode"
    TAKE_CONTROL = "take_control"
    GIVE_CONTROL = "give_control"
    MICRO_HANDOVER = "micro_handover"
    TAKE_OVER = "take_over"
    HAND_OVER = "hand_over"
    BECOME_LEAD = "become_lead"
    CHANGE_GRANTS = "change_grants"
    INVITE = "invite"
    REMOVE = "remove"
    WHISPER = "whisper"
    CLEAR_ALL_MARKS = "clear_all_marks"
    CALL_RESTART_OFF = "call_restart_off"


_LEAD_ONLY = frozenset({Role.LEAD})
_INSIDE = frozenset({Role.LEAD, Role.COLLABORATOR, Role.SUPERVISOR, Role.EXPERT})

ROLE_ACTS: dict[Act, frozenset[Role]] = {
    Act.RAISE_MODE: _LEAD_ONLY,
    Act.LOWER_MODE: frozenset({Role.LEAD, Role.SUPERVISOR, Role.CUSTOMER}),
    Act.TAKE_CONTROL: frozenset({Role.LEAD, Role.COLLABORATOR, Role.EXPERT, Role.EXTERNAL, Role.CUSTOMER}),
    Act.GIVE_CONTROL: _LEAD_ONLY,
    Act.MICRO_HANDOVER: frozenset({Role.SUPERVISOR}),
    Act.TAKE_OVER: frozenset({Role.SUPERVISOR}),
    Act.HAND_OVER: _LEAD_ONLY,
    Act.BECOME_LEAD: _INSIDE,
    Act.CHANGE_GRANTS: _LEAD_ONLY,
    Act.INVITE: frozenset({Role.LEAD, Role.SUPERVISOR}),
    Act.REMOVE: frozenset({Role.LEAD, Role.SUPERVISOR, Role.CUSTOMER}),
    Act.WHISPER: _INSIDE | {Role.EXTERNAL},
    Act.CLEAR_ALL_MARKS: frozenset({Role.LEAD, Role.SUPERVISOR, Role.CUSTOMER}),
    Act.CALL_RESTART_OFF: frozenset({Role.LEAD, Role.SUPERVISOR, Role.CUSTOMER}),
}
"""Which roles may do what: total over :class:`Act`. An external whispers with the lead only (SPEC T4)."""


def may_act(act: Act, role: Role) -> bool:
    """Tell whether a role may do this at all."""
    return role in ROLE_ACTS[act]


def may_whisper(one: Role, other: Role) -> bool:
    """Tell whether two members of the team hear each other's whispers (SPEC T4)."""
    if not (may_act(Act.WHISPER, one) and may_act(Act.WHISPER, other)):
        return False
    return Role.EXTERNAL not in (one, other) or Role.LEAD in (one, other)


def may_show(kind: SessionKind, mode: Mode) -> bool:
    """Tell whether the host may send a picture: nobody captures a customer's PC in a demo (SPEC G13)."""
    capability = Capability.SCREEN_VIEW if kind is SessionKind.SUPPORT else Capability.SCREEN_PRESENT
    return MODE_TABLE[mode][capability] is not Permit.NEVER


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
    token: bool = True
    """Whether this participant holds the control token (SPEC G2)."""


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
        (Factor.TOKEN, capability in _INPUT and not given.token),
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
