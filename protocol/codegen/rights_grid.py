"""Writes ``protocol/vectors/rights/grid.json``: who may do what, and what removed the rest, as data.

    python protocol/codegen/rights_grid.py           write it
    python protocol/codegen/rights_grid.py --check   exit 1 if the committed file has drifted

Agent, relay and viewer must each come to the same answers; a changed right is a changed line of this file.
"""

import json
import sys
from pathlib import Path
from typing import Final

from relevo_protocol.modes import Capability, Mode, Role
from relevo_protocol.rights import Act, Circumstances, Right, effective_right, may_act, may_whisper

TARGET: Final = Path(__file__).parents[1] / "vectors" / "rights" / "grid.json"

_ALL: Final = frozenset(Capability)
CIRCUMSTANCES: Final = ("bare", "granted", "open")
"""``bare``: nothing granted, nothing consented to, no administrator tools. ``granted``: the lead has granted
everything, and the account has the tools. ``open``: the customer has consented to everything besides. In all
of them policy, floor and platform remove nothing, and the control token is held.
"""


def circumstances(name: str, mode: Mode, role: Role) -> Circumstances:
    """Return the circumstances of this name."""
    granted = name != "bare"
    return Circumstances(
        mode,
        role,
        granted=_ALL if granted else frozenset(),
        consented=_ALL if name == "open" else frozenset(),
        admin_tools=granted,
    )


def told(right: Right) -> str:
    """Return a right as one word, or two: what is permitted, and the first factor that removed something."""
    return (
        right.permit.value if right.removed_by is None else f"{right.permit.value} {right.removed_by.value}"
    )


def _cells() -> dict[str, dict[str, dict[str, list[str]]]]:
    return {
        mode.value: {
            role.value: {
                capability.value: [
                    told(effective_right(capability, circumstances(name, mode, role)))
                    for name in CIRCUMSTANCES
                ]
                for capability in Capability
            }
            for role in Role
        }
        for mode in Mode
    }


def _grid() -> str:
    head = {
        "circumstances": list(CIRCUMSTANCES),
        "acts": {act.value: [role.value for role in Role if may_act(act, role)] for act in Act},
        "whispers": [[one.value, other.value] for one in Role for other in Role if may_whisper(one, other)],
    }
    lines = ["{"]
    lines += [f"{json.dumps(key)}: {json.dumps(value)}," for key, value in head.items()]
    lines.append('"rights": {')
    modes = [f'"{mode}": {{\n' + ",\n".join(_rows(roles)) + "\n}" for mode, roles in _cells().items()]
    return "\n".join([*lines, ",\n".join(modes), "}}"]) + "\n"


def _rows(roles: dict[str, dict[str, list[str]]]) -> list[str]:
    """One line a capability, so that a changed right is a changed line."""
    return [
        f'  "{role}": {{\n'
        + ",\n".join(f"    {json.dumps(capability)}: {json.dumps(cell)}" for capability, cell in row.items())
        + "\n  }"
        for role, row in roles.items()
    ]


def main() -> int:
    """Write or check the file."""
    grid = _grid()
    if "--check" in sys.argv:
        if TARGET.exists() and TARGET.read_text() == grid:
            return 0
        sys.stderr.write(f"{TARGET} has drifted: run python protocol/codegen/rights_grid.py\n")
        return 1
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(grid)
    return 0


if __name__ == "__main__":
    sys.exit(main())
