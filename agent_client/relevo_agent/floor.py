"""This PC's own word on what may be done here, which no server and no consent lowers (SPEC N4).

Two files of the same form, the system's and then the user's; of two words on one capability the stricter
counts::

    [capabilities]
    "terminal.user" = "deny"
    "system.processes.end" = "ask"
"""

import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, cast

import platformdirs

from relevo_agent.complaint import Complaint
from relevo_protocol.modes import Capability
from relevo_protocol.rights import Policy

FILE: Final = "agent.toml"
SECTION: Final = "capabilities"
_STRICTNESS: Final = (Policy.UNSET, Policy.ALLOW, Policy.ASK, Policy.DENY)


class FloorBroken(Complaint):
    """A file is there and cannot be used: the agent does not start, as what it forbids is not known."""


def floor_files() -> tuple[Path, Path]:
    """The system's file and the user's."""
    # On Linux no variable of the user's environment may lead away from what the administrator wrote.
    linux = sys.platform.startswith("linux")
    system = Path("/etc/relevo" if linux else platformdirs.site_config_dir("relevo", appauthor=False))
    return system / FILE, Path(platformdirs.user_config_dir("relevo", appauthor=False)) / FILE


def read_floor(files: Sequence[Path]) -> Mapping[Capability, Policy]:
    """The strictest word of all files; one that is missing says nothing.

    Raises:
        FloorBroken: one cannot be read, is no TOML, or names what does not exist.
    """
    floor: dict[Capability, Policy] = {}
    for path in files:
        for capability, policy in _words(path).items():
            floor[capability] = stricter(floor.get(capability, Policy.UNSET), policy)
    return floor


def stricter(one: Policy, other: Policy) -> Policy:
    """The stricter of two words."""
    return max(one, other, key=_STRICTNESS.index)


def _words(path: Path) -> dict[Capability, Policy]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise FloorBroken("floor_unreadable", path=path, why=error) from error
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FloorBroken("floor_toml", path=path, why=error) from error
    for name in told:
        if name != SECTION:
            raise FloorBroken("floor_section", path=path, name=name, section=SECTION)
    rows = told.get(SECTION, {})
    if not isinstance(rows, dict):
        raise FloorBroken("floor_section", path=path, name=SECTION, section=SECTION)
    flat = _flat("", cast("dict[str, object]", rows))
    return dict(_row(path, name, word) for name, word in flat.items())


def _flat(prefix: str, rows: Mapping[str, object]) -> dict[str, object]:
    """``terminal.user = "deny"`` without quotes is a table in a table: it means the same."""
    flat: dict[str, object] = {}
    for name, value in rows.items():
        if isinstance(value, dict):
            flat.update(_flat(f"{prefix}{name}.", cast("dict[str, object]", value)))
        else:
            flat[prefix + name] = value
    return flat


def _row(path: Path, name: str, word: object) -> tuple[Capability, Policy]:
    try:
        capability = Capability(name)
    except ValueError as error:
        raise FloorBroken("floor_capability", path=path, name=name) from error
    try:
        return capability, Policy(str(word))
    except ValueError as error:
        words = ", ".join(policy.value for policy in Policy)
        raise FloorBroken("floor_policy", path=path, name=name, word=word, words=words) from error
