"""Carries attacks out, each against a server that it cannot spoil for the next, and tells how each ended."""

import asyncio
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.attacks import (
    abuse_http,
    flooder,
    freezer,
    guesser,
    lying_agent,
    lying_viewer,
    relay_in_the_middle,
    replayer,
)
from tests.attacks.client import Ground, own_ground
from tests.attacks.table import ATTACKS, Attack, Broken, Needs

MODULES = (
    abuse_http,
    flooder,
    freezer,
    guesser,
    lying_agent,
    lying_viewer,
    relay_in_the_middle,
    replayer,
)
"""Read for what they enter into the table."""
DEADLINE_S = 120.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attack ended: `held`, `broken`, `failed` (it could not be carried out) or `passed over`."""

    id: str
    name: str
    expects: str
    rules: str
    end: str
    why: str
    took_s: float

    def as_json(self) -> dict[str, object]:
        """The outcome as JSON takes it."""
        return asdict(self)


Told = Callable[[Outcome], None]


def chosen(only: Sequence[str] = ()) -> list[Attack]:
    """The attacks of the table, or those whose ids are or begin as these say."""
    found = [one for one in ATTACKS.values() if not only or any(one.id.startswith(want) for want in only)]
    return sorted(found, key=lambda one: (one.id[0], int(one.id[1:])))


async def carry_out(attacks: Sequence[Attack], tell: Told, far: Ground | None = None) -> list[Outcome]:
    """Try each; against `far` only those that need nothing but a server, else each against our own."""
    done: list[Outcome] = []
    for group in _groups(attacks):
        async with _ground_for(group[0], far) as ground:
            for one in group:
                done.append(await _try(one, ground, passed_over=far is not None and one.needs is Needs.OWN))
                tell(done[-1])
    return done


def _groups(attacks: Sequence[Attack]) -> list[list[Attack]]:
    """Attacks that may share a server: those of one letter, but for who needs one for itself."""
    shared: dict[str, list[Attack]] = {}
    for one in attacks:
        shared.setdefault(one.id if one.apart else one.id[0], []).append(one)
    return list(shared.values())


@asynccontextmanager
async def _ground_for(one: Attack, far: Ground | None) -> AsyncGenerator[Ground]:
    if far is not None:
        yield far
    elif one.needs is Needs.HOST:
        yield Ground(None)
    else:
        with tempfile.TemporaryDirectory(prefix="relevo-attack-") as folder:
            async with own_ground(Path(folder)) as ground:
                yield ground


async def _try(one: Attack, ground: Ground, *, passed_over: bool) -> Outcome:
    start_s, end, why = time.monotonic(), "held", ""
    try:
        if passed_over:
            end, why = "passed over", "it needs a server that the kit has started"
        else:
            async with asyncio.timeout(DEADLINE_S):
                await one.run(ground)
    except Broken as error:
        end, why = "broken", str(error)
    except Exception as error:  # noqa: BLE001 - whatever goes wrong in one attack, the others are still tried
        end, why = "failed", f"{type(error).__name__}: {error}"[:300]
    return Outcome(one.id, one.name, one.expects, one.rules, end, why, round(time.monotonic() - start_s, 2))
