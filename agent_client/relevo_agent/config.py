"""What an agent is started with, and what follows from it for a session on this PC."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from relevo_agent import __version__
from relevo_agent.capture import FindDisplay
from relevo_agent.features.base import INPUT_CAPABILITIES
from relevo_agent.features.worker import Halts
from relevo_agent.link.address import RelayAddress
from relevo_agent.platform import processes
from relevo_agent.platform.base import Injector
from relevo_agent.service.link import ServiceLink
from relevo_agent.session.desk import Settings
from relevo_protocol.crypto.flights import HostIdentity
from relevo_protocol.modes import Capability, Mode, SessionKind
from relevo_protocol.rights import Policy

_EVERYWHERE: Final = frozenset(
    {
        Capability.SCREEN_VIEW,
        Capability.SCREEN_PRESENT,
        Capability.SNAPSHOT,
        Capability.POINT_LASER,
        Capability.POINT_ANNOTATE,
        Capability.CHAT,
        Capability.SYSTEM_INFO,
        Capability.SYSTEM_PROCESSES_LIST,
        Capability.SYSTEM_PROCESSES_END,
    }
)
_BY_SERVICE: Final = frozenset(
    {
        Capability.SYSTEM_SERVICES,
        Capability.TERMINAL_ADMIN,
        Capability.POWER_REBOOT,
        Capability.SESSION_HOLD,
        Capability.SESSION_RECONNECT,
    }
)
_TERMINALS_HERE: Final = os.name == "posix"


@dataclass(frozen=True, slots=True)
class AgentConfig:
    """What an agent is started with.

    ``injector`` is ``None`` where the desktop takes no input; ``join`` is a number that a technician has
    reserved. ``follow`` finds the X display at each opening of the screen instead of ``display``: after a
    restart there may be none yet, or another one. ``restored`` is the state that a session left before its PC
    restarted (``Session.restored``); ``service`` this PC's service, where one answers and may be used.
    ``ticket`` and ``invite`` belong to a presentation.
    """

    address: RelayAddress
    device_key: Ed25519PrivateKey = field(repr=False)
    display: str | None
    injector: Injector | None
    halts: Halts
    join: str | None = None
    auto_consent: bool = False
    start_mode: Mode | None = None
    kind: SessionKind = SessionKind.SUPPORT
    ticket: str | None = field(default=None, repr=False)
    invite: tuple[bytes, bytes] | None = field(default=None, repr=False)
    floor: Mapping[Capability, Policy] = field(default_factory=dict[Capability, Policy])
    follow: FindDisplay | None = None
    restored: bytes | None = field(default=None, repr=False)
    service: ServiceLink | None = None


def modes_here(config: AgentConfig) -> tuple[Mode, ...]:
    """The modes that can be held on this PC (SPEC V1: administrator needs the service)."""
    if config.kind is SessionKind.PRESENTATION:
        return (Mode.DEMO,)
    if config.injector is None:
        return (Mode.OBSERVER, Mode.DEMO)
    administrator = (Mode.ADMINISTRATOR,) if config.service is not None else ()
    return (Mode.OBSERVER, Mode.SHARED, Mode.FULL, *administrator, Mode.DEMO)


def unavailable(config: AgentConfig) -> frozenset[Capability]:
    """What this version or this PC lacks (SPEC V8, factor platform)."""
    here = set(_EVERYWHERE)
    if config.injector is not None:
        here.update(INPUT_CAPABILITIES)
    if _TERMINALS_HERE:
        here.add(Capability.TERMINAL_USER)
    if config.service is not None:
        here.update(_BY_SERVICE)
    return frozenset(Capability) - here


def session_settings(config: AgentConfig) -> Settings:
    """Rights and identity of a session on this PC."""
    modes = modes_here(config)
    identity = HostIdentity(
        device_key=config.device_key.public_key().public_bytes_raw(),
        agent_version=__version__,
        modes=tuple(mode.value for mode in modes),
        recording="off",
    )
    return Settings(
        identity=identity,
        device_key=config.device_key,
        agent_version=__version__,
        unavailable=unavailable(config),
        modes=modes,
        entropy=secrets.token_bytes,
        draw=secrets.randbelow,
        join=config.join,
        start_mode=config.start_mode,
        kind=config.kind,
        ticket=config.ticket,
        invite=config.invite,
        floor=config.floor,
        service=config.service is not None,
        process_name=processes.name_of,
    )
