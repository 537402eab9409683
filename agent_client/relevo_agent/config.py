"""What an agent is started with, and what follows from it for a session on this PC."""

import secrets
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from relevo_agent import __version__
from relevo_agent.features.base import INPUT_CAPABILITIES
from relevo_agent.features.worker import Halts
from relevo_agent.link.address import RelayAddress
from relevo_agent.platform.base import Injector
from relevo_agent.session.desk import MODES_HERE, Settings
from relevo_protocol.crypto.flights import HostIdentity
from relevo_protocol.modes import Capability, Mode

_HERE: Final = frozenset({Capability.SCREEN_VIEW, Capability.SNAPSHOT, *INPUT_CAPABILITIES})


@dataclass(frozen=True, slots=True)
class AgentConfig:
    """What an agent is started with.

    ``injector`` is ``None`` where the desktop takes no input; ``join`` is a number that a technician has
    reserved.
    """

    address: RelayAddress
    device_key: Ed25519PrivateKey = field(repr=False)
    display: str | None
    injector: Injector | None
    halts: Halts
    join: str | None = None
    auto_consent: bool = False
    start_mode: Mode | None = None


def session_settings(config: AgentConfig) -> Settings:
    """Rights and identity of a session on this PC."""
    controllable = config.injector is not None
    modes = MODES_HERE if controllable else (Mode.OBSERVER,)
    missing = frozenset(Capability) - (_HERE if controllable else _HERE - frozenset(INPUT_CAPABILITIES))
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
        unavailable=missing,
        modes=modes,
        entropy=secrets.token_bytes,
        draw=secrets.randbelow,
        join=config.join,
        start_mode=config.start_mode,
    )
