"""The Python side of `make fuzz`: reads blocks of cases for as long as it is asked, one JSON line each.

Asked ``{"target", "seed", "first", "count"}`` or ``{"target", "hex"}`` it answers ``{"signs", "slowest_ms",
"slowest", "rss_kib"}``, or ``{"crash", "hex"}`` for a failure that is none of the wire. The viewer's side is
`viewer/tests/fuzz/side.ts`.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any, Final

from tests.fuzz.mutate import Target
from tests.fuzz.readers import targets

_PAGE_KIB: Final = 4
_SLOW_S: Final = 0.25
_TRIES: Final = 3


def main() -> int:
    """Answer until nobody asks."""
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(json.loads(line))) + "\n")
        sys.stdout.flush()
    return 0


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    """What came of the cases that were asked for."""
    target = targets()[asked["target"]]
    if "hex" in asked:
        bodies = iter([bytes.fromhex(asked["hex"])])
    else:
        numbers = range(asked["first"], asked["first"] + asked["count"])
        bodies = (target.case(asked["seed"], number) for number in numbers)
    signs, slowest_s, slowest = "", 0.0, b""
    for body in bodies:
        try:
            began_s = time.perf_counter()
            signs += target.read(body)
            took_s = time.perf_counter() - began_s
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
            return {"crash": f"{type(error).__name__}: {error}", "hex": body.hex()}
        if took_s > slowest_s:
            slowest_s, slowest = _surely(target, body, took_s), body
    return {
        "signs": signs,
        "slowest_ms": slowest_s * 1000.0,
        "slowest": slowest.hex(),
        "rss_kib": _resident_kib(),
    }


def _surely(target: Target, body: bytes, took_s: float) -> float:
    """How long a case takes; a machine that was busy with something else does not count."""
    for _ in range(_TRIES if took_s > _SLOW_S else 0):
        began_s = time.perf_counter()
        target.read(body)
        took_s = min(took_s, time.perf_counter() - began_s)
    return took_s


def _resident_kib() -> int:
    fields = Path("/proc/self/statm")
    return int(fields.read_text(encoding="ascii").split()[1]) * _PAGE_KIB if fields.exists() else 0


if __name__ == "__main__":
    sys.exit(main())
