"""Writes ``protocol/vectors/rights/cases.json``: rights under every factor, in circumstances drawn by lot.

    python protocol/codegen/rights_cases.py           write it
    python protocol/codegen/rights_cases.py --check   exit 1 if the committed file has drifted

The grid beside it has every cell of mode, role and capability; this has what else a right depends on.
"""

import json
import sys
from pathlib import Path
from random import Random
from typing import Final

from relevo_protocol.modes import Capability, Mode, Role
from relevo_protocol.rights import Circumstances, Policy, effective_right

TARGET: Final = Path(__file__).parents[1] / "vectors" / "rights" / "cases.json"
_COUNT: Final = 300
_CAPABILITIES: Final = tuple(Capability)


def _some(draw: Random) -> frozenset[Capability]:
    share = draw.choice((0.0, 0.2, 0.8, 1.0))
    return frozenset(one for one in _CAPABILITIES if draw.random() < share)


def _policies(draw: Random) -> dict[Capability, Policy]:
    share = draw.choice((0.0, 0.2))
    return {one: draw.choice(tuple(Policy)) for one in _CAPABILITIES if draw.random() < share}


def _circumstances(draw: Random) -> Circumstances:
    rare = draw.choice((frozenset[Capability](), frozenset(draw.sample(_CAPABILITIES, 6))))
    return Circumstances(
        mode=draw.choice(tuple(Mode)),
        role=draw.choice(tuple(Role)),
        policy=_policies(draw),
        granted=_some(draw),
        refused=rare if draw.random() < 0.5 else frozenset(),
        consented=_some(draw),
        floor=_policies(draw),
        unavailable=rare if draw.random() < 0.5 else frozenset(),
        admin_tools=draw.random() < 0.5,
        token=draw.random() < 0.7,
    )


def _case(draw: Random) -> dict[str, object]:
    """One capability, with what the circumstances say of it and nothing of the others."""
    given, capability = _circumstances(draw), draw.choice(_CAPABILITIES)
    right = effective_right(capability, given)
    return {
        "capability": capability.value,
        "mode": given.mode.value,
        "role": given.role.value,
        "policy": given.policy.get(capability, Policy.UNSET).value,
        "granted": capability in given.granted,
        "refused": capability in given.refused,
        "consented": capability in given.consented,
        "floor": given.floor.get(capability, Policy.UNSET).value,
        "unavailable": capability in given.unavailable,
        "admin_tools": given.admin_tools,
        "token": given.token,
        "permit": right.permit.value,
        "removed_by": None if right.removed_by is None else right.removed_by.value,
    }


def _text() -> str:
    draw = Random(9605)  # noqa: S311 - a lot that everybody can draw again
    cases = dict.fromkeys(json.dumps(_case(draw)) for _ in range(_COUNT))
    return "[\n" + ",\n".join(cases) + "\n]\n"


def main() -> int:
    """Write or check the file."""
    text = _text()
    if "--check" in sys.argv:
        if TARGET.exists() and TARGET.read_text(encoding="utf-8") == text:
            return 0
        print(f"{TARGET.name} has drifted: run python protocol/codegen/rights_cases.py", file=sys.stderr)
        return 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
